//go:build linux && cgo && !nopython

/* A call in an interpreter: an application and its response, or a function of a script. */
#define _GNU_SOURCE
#include "engine.h"

#include <sys/resource.h>

/* ---- a request ---- */

/* The response is complete with what c->chunk holds: leave it for the message that ends the call. */
static int complete(worker *w) {
    hw_call *c = w->call;
    if (!w->response.started) {
        PyErr_SetString(RuntimeError, "start_response() must be called before response content is produced");
        return RAISED;
    }
    settle(c, 1);
    c->content_length = content_length(c);
    if (c->content_length == -2) return RAISED;
    if (c->content_length >= 0 && c->chunk.n > (size_t)c->content_length) c->chunk.n = (size_t)c->content_length;
    c->body = c->chunk.p;
    c->body_len = c->chunk.n;
    c->last = 1;
    c->op = HW_RESPOND;
    c->responded = 1;
    w->response.written = (int64_t)c->chunk.n;
    w->response.writes = c->chunk.n > 0;
    w->response.sent = w->response.complete = 1;
    return SENT;
}

/* A list or tuple of bytes that is small: all of it at once. -2: it is something else. */
static int respond_at_once(worker *w, PyObject *result, int list) {
    if (!w->response.started || w->response.sent) return -2;
    hw_buf *b = &w->call->chunk;
    settle(w->call, 1);
    b->n = 0;
    Py_ssize_t n = list ? PyList_Size(result) : PyTuple_Size(result);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *o = list ? PyList_GetItem(result, i) : PyTuple_GetItem(result, i);
        char *p;
        Py_ssize_t len;
        if (type_of(o) != Bytes_Type || PyBytes_AsStringAndSize(o, &p, &len) < 0 || b->n + (size_t)len > COPY) return -2;
        if (append(b, p, (size_t)len) < 0) return -2;
    }
    return complete(w);
}

/* Part of a file as the whole response. The worker is locked. */
static int send_region(worker *w, int fd, int64_t offset, int64_t n) {
    hw_call *c = w->call;
    response *r = &w->response;
    settle(c, 1);
    int64_t length = content_length(c);
    if (length == -2) return RAISED;
    if (length < 0) {
        char text[24];
        int len = snprintf(text, sizeof text, "%lld", (long long)n);
        if (put_header(c, "Content-Length", 14, text, (size_t)len) < 0) return RAISED;
        length = n;
    } else if (n > length) n = length;
    c->content_length = length;
    c->chunk.n = 0;
    if (!n) return complete(w);
    c->fd = fd;
    c->offset = offset;
    c->body = NULL;
    c->body_len = (size_t)n;
    c->last = n == length;
    c->responded = r->sent = 1;
    r->written = n;
    r->writes = 1;
    c->talk = 1;
    post_op(c, HW_SENDFILE);
    settle(c, 1);
    return c->failed ? GONE : SENT;
}

/* A file wrapper. -2: no regular file, to be iterated over. */
static int respond_file(worker *w, hw_interp *in, PyObject *result) {
    PyObject *region = PyObject_CallFunctionObjArgs(in->f.file_region, result, NULL);
    if (!region) return RAISED;
    int r = -2;
    if (region != None) {
        int fd = (int)PyLong_AsLongLong(PyTuple_GetItem(region, 0));
        int64_t offset = PyLong_AsLongLong(PyTuple_GetItem(region, 1)), n = PyLong_AsLongLong(PyTuple_GetItem(region, 2));
        hold(w);
        if (w->response.started && !w->response.sent) r = send_region(w, fd, offset, n);
        leave(w);
    }
    Py_DecRef(region);
    return r;
}

static int respond_by_iteration(worker *w, PyObject *result) {
    PyObject *iterator = PyObject_GetIter(result), *item;
    if (!iterator) return RAISED;
    int r = SENT;
    while (r == SENT && (item = PyIter_Next(iterator))) {
        char *p;
        Py_ssize_t n;
        if (!is(item, Bytes_Type)) {
            bad_type("response iterable must yield bytes, not %U", item);
            r = RAISED;
        } else if (PyBytes_AsStringAndSize(item, &p, &n) < 0) r = RAISED;
        else if (n) {
            hold(w);
            r = output(w, p, (size_t)n, 0);
            leave(w);
        }
        Py_DecRef(item);
    }
    if (r == SENT && PyErr_Occurred()) r = RAISED;
    Py_DecRef(iterator);
    return r;
}

static void close_result(worker *w, hw_interp *in, PyObject *result, int *raised) {
    PyObject *close = PyObject_GetAttr(result, in->s.close);
    if (!close) {
        PyErr_Clear();
        return;
    }
    PyObject *r = PyObject_CallFunctionObjArgs(close, NULL);
    Py_DecRef(close);
    if (r) Py_DecRef(r);
    else {
        *raised = 1;
        log_script_exception(in, w->call, w->call->script->path);
    }
}

static void exception_event(worker *w, hw_interp *in, PyObject *handle) {
    PyObject *kind, *value, *trace;
    PyErr_Fetch(&kind, &value, &trace);
    PyErr_NormalizeException(&kind, &value, &trace);
    PyObject *r = PyObject_CallFunctionObjArgs(in->f.request_exception, handle, w->environ, kind, value ? value : None, trace ? trace : None, NULL);
    if (!r) PyErr_Clear();
    Py_DecRef(r);
    PyErr_Restore(kind, value, trace);
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void finished_event(worker *w, hw_interp *in, PyObject *handle, const struct rusage *before) {
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    hw_call *c = w->call;
    PyObject *a = PyTuple_New(10), *r = NULL;
    if (a) {
        Py_IncRef(handle);
        Py_IncRef(w->environ);
        PyTuple_SetItem(a, 0, handle);
        PyTuple_SetItem(a, 1, w->environ);
        PyTuple_SetItem(a, 2, PyFloat_FromDouble(epoch()));
        PyTuple_SetItem(a, 3, PyLong_FromLongLong(w->in_reads));
        PyTuple_SetItem(a, 4, PyLong_FromLongLong(w->in_length));
        PyTuple_SetItem(a, 5, PyLong_FromLongLong(w->response.writes));
        PyTuple_SetItem(a, 6, PyLong_FromLongLong(w->response.written));
        PyTuple_SetItem(a, 7, PyLong_FromLongLong(w->response.sent ? c->status : 500));
        PyTuple_SetItem(a, 8, PyFloat_FromDouble(seconds(u.ru_utime) - seconds(before->ru_utime)));
        PyTuple_SetItem(a, 9, PyFloat_FromDouble(seconds(u.ru_stime) - seconds(before->ru_stime)));
        r = PyObject_Call(in->f.request_finished, a, NULL);
    }
    if (!r) PyErr_Clear();
    Py_DecRef(r);
    Py_DecRef(a);
}

void run_application(worker *w, hw_interp *in, hw_call *c, PyObject *application, PyObject *handle, form *f) {
    int malformed = 0, events = PyList_Size(in->f.event_callbacks) > 0;
    struct rusage before;
    PyObject *environ = environ_of(in, f, 1, handle, &malformed), *result = NULL;
    if (!environ) {
        if (malformed) c->outcome = HW_BAD_FORM;
        else {
            c->outcome = HW_EXCEPTION;
            log_script_exception(in, c, c->script->path);
        }
        return;
    }
    w->environ = environ;
    w->in = f->body;
    w->in_n = f->body_n;
    w->in_eof = (f->flags & FORM_BODY_END) != 0;
    PyObject *start_response = PyCFunction_NewEx(&start_response_def, handle, NULL);
    Py_IncRef(application);
    if (events) {
        getrusage(RUSAGE_THREAD, &before);
        PyObject *o = PyObject_CallFunctionObjArgs(in->f.request_started, handle, environ, application, NULL);
        if (o) {
            Py_DecRef(application);
            application = o;
        } else PyErr_Clear();
    }
    int r = RAISED, raised = 0;
    if (start_response) {
        if (PyObject_Vectorcall) {
            PyObject *args[2] = {environ, start_response};
            result = PyObject_Vectorcall(application, args, 2, NULL);
        } else result = PyObject_CallFunctionObjArgs(application, environ, start_response, NULL);
    }
    int plain = 0;
    if (result) {
        PyObject *t = type_of(result);
        plain = t == List_Type || t == Tuple_Type;
        if (plain) {
            hold(w);
            r = respond_at_once(w, result, t == List_Type);
            leave(w);
        } else {
            int file = PyObject_IsInstance(result, in->f.FileWrapper);
            r = file > 0 ? respond_file(w, in, result) : -2;
            if (file < 0) PyErr_Clear();
        }
        if (r == -2) r = respond_by_iteration(w, result);
        if (r == SENT && !w->response.sent) { /* no body at all */
            hold(w);
            settle(c, 1);
            c->chunk.n = 0;
            r = complete(w);
            leave(w);
        }
    }
    if (w->interrupted) PyThreadState_SetAsyncExc((unsigned long)w->thread, NULL); /* it came too late, or has been raised */
    if (r == RAISED) {
        raised = 1;
        c->outcome = PyErr_ExceptionMatches(in->f.RequestTimeout) ? HW_TIMEOUT : HW_EXCEPTION;
        if (events) exception_event(w, in, handle);
        log_script_exception(in, c, c->script->path);
    } else if (r == GONE) c->outcome = HW_GONE;
    if (result && !plain) close_result(w, in, result, &raised);
    c->sent = w->response.written;
    if (events) finished_event(w, in, handle, &before);
    Py_DecRef(result);
    Py_DecRef(start_response);
    Py_DecRef(application);
    w->environ = NULL;
    Py_DecRef(environ);
}

/* ---- a function of a script ---- */

static int put_string(hw_buf *b, PyObject *o) {
    char *p;
    Py_ssize_t n;
    if (PyBytes_AsStringAndSize(o, &p, &n) < 0) return -1;
    return append_u32(b, (uint32_t)n) < 0 ? -1 : append(b, p, (size_t)n);
}

static int put_result(hw_interp *in, hw_call *c, PyObject *o) {
    c->result.n = 0;
    if (o == None || o == True || o == False) {
        c->value = o == None ? HW_NONE : o == True ? HW_TRUE : HW_FALSE;
        return 0;
    }
    c->value = HW_OTHER;
    PyObject *s = PyObject_CallFunctionObjArgs(in->f.strings, o, NULL);
    if (!s) return -1;
    int r = 0;
    if (s != None && type_of(s) == List_Type) {
        c->value = HW_LIST;
        for (Py_ssize_t i = 0; i < PyList_Size(s) && !r; i++) r = put_string(&c->result, PyList_GetItem(s, i));
    } else if (s != None) {
        c->value = HW_STRING;
        r = put_string(&c->result, s);
    }
    Py_DecRef(s);
    return r;
}

void run_function(worker *w, hw_interp *in, hw_call *c, PyObject *function, PyObject *handle, form *f) {
    (void)w;
    int malformed = 0, first = (c->flags & HW_ENVIRON) != 0, bad = 0;
    Py_ssize_t n = first;
    const unsigned char *p = (const unsigned char *)c->args.p, *end = p + c->args.n;
    for (const unsigned char *q = p; end - q >= 4; q += 4 + u32(q)) n++;
    PyObject *args = PyTuple_New(n), *result = NULL;
    if (args && first) {
        PyObject *environ = environ_of(in, f, 0, handle, &malformed);
        bad = !environ || PyTuple_SetItem(args, 0, environ) < 0;
    }
    for (Py_ssize_t i = first; args && !bad && i < n; i++, p += 4 + u32(p)) {
        PyObject *s = PyUnicode_DecodeLatin1((const char *)p + 4, u32(p), NULL);
        bad = !s || PyTuple_SetItem(args, i, s) < 0;
    }
    if (args && !bad) result = PyObject_CallObject(function, args);
    if (malformed) c->outcome = HW_BAD_FORM;
    else if (!result || put_result(in, c, result) < 0) {
        c->outcome = HW_EXCEPTION;
        log_script_exception(in, c, c->script->path);
    }
    Py_DecRef(result);
    Py_DecRef(args);
}
