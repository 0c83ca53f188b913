//go:build linux && cgo && !nopython

/* The functions behind wsgi.input, wsgi.errors, sys.stdout and sys.stderr. */
#define _GNU_SOURCE
#include "engine.h"

/* ---- handles: which request does an object belong to ---- */

/* Lock the worker for an operation of its request. */
void hold(worker *w) {
    if (pthread_mutex_trylock(&w->lock) == 0) return;
    PyThreadState *state = PyEval_SaveThread(); /* another thread of the application is in one, and needs the interpreter to leave it */
    pthread_mutex_lock(&w->lock);
    PyEval_RestoreThread(state);
}

/* The worker that runs the request, locked for one operation, or NULL with RuntimeError set. */
worker *enter(PyObject *handle, const char *operation, const char *of) {
    long long h = PyLong_AsLongLong(handle);
    if (h == -1 && PyErr_Occurred()) return NULL;
    uint32_t number = (uint32_t)(h & ((1 << WORKER_BITS) - 1));
    worker *w = NULL;
    if (h > 0 && !engine.forked) {
        if (number == 0) w = &engine.boss;
        else if (number <= __atomic_load_n(&engine.nworkers, __ATOMIC_ACQUIRE)) w = engine.workers[number];
    }
    if (w && w->handle == h) {
        hold(w);
        if (w->handle == h) return w;
        pthread_mutex_unlock(&w->lock);
    }
    PyErr_Format(RuntimeError, of ? "%s() called on %s after request completed" : "%s() called after request completed", operation, of);
    return NULL;
}

void leave(worker *w) { pthread_mutex_unlock(&w->lock); }

int arguments(const char *name, Py_ssize_t n, Py_ssize_t least, Py_ssize_t most) {
    if (n >= least && n <= most) return 0;
    if (least == most) PyErr_Format(TypeError, "%s() takes exactly %zd arguments (%zd given)", name, least, n);
    else PyErr_Format(TypeError, "%s() takes from %zd to %zd arguments (%zd given)", name, least, most, n);
    return -1;
}

PyObject *bad_type(const char *format, PyObject *o) {
    PyObject *name = PyObject_GetAttrString(type_of(o), "__name__");
    if (name) PyErr_Format(TypeError, format, name);
    Py_DecRef(name);
    return NULL;
}

/* ---- wsgi.input ---- */

/* Ask Go for body bytes: more is in w->in, or w->in_eof. -1 with OSError set. n 0 only tells Go that the body is wanted. */
static int input_fill(worker *w, size_t n, int whole) {
    hw_call *c = w->call;
    if (w->in_failed) {
        PyErr_SetString(OSError, "mod_wsgi request data read error: input is already in error state");
        return -1;
    }
    settle(c, 1);
    if (!c->in && !(c->in = malloc(IN_BUFFER))) {
        PyErr_NoMemory();
        return -1;
    }
    c->in_cap = n;
    c->in_whole = whole;
    w->in_asked = 1;
    c->talk = 1;
    post_op(c, HW_READ);
    settle(c, 1);
    if (c->reply < 0) {
        w->in_failed = 1;
        PyErr_Format(OSError, "mod_wsgi request data read error: %s", c->error);
        return -1;
    }
    w->in_reads++;
    w->in = (const unsigned char *)c->in;
    w->in_n = (size_t)c->reply;
    if (n && !w->in_n) w->in_eof = 1;
    return 0;
}

static PyObject *input_take(worker *w, hw_buf *b, size_t n) {
    w->in += n;
    w->in_n -= n;
    w->in_length += (int64_t)n;
    if (!b->n) return PyBytes_FromStringAndSize((const char *)w->in - n, (Py_ssize_t)n);
    PyObject *o = append(b, w->in - n, n) < 0 ? PyErr_NoMemory() : PyBytes_FromStringAndSize(b->p, (Py_ssize_t)b->n);
    return o;
}

/* Up to limit bytes (to the end if negative), or up to and with the first newline. */
static PyObject *input_bytes(worker *w, long long limit, int line) {
    hw_buf b = {0};
    PyObject *o = NULL;
    if (limit == 0) {
        if (!w->in_asked && !w->in_eof && !w->in_failed && input_fill(w, 0, 0) < 0) return NULL;
        return PyBytes_FromStringAndSize("", 0);
    }
    for (;;) {
        size_t n = w->in_n;
        int enough = 0;
        if (limit > 0 && n >= (size_t)limit - b.n) {
            n = (size_t)limit - b.n;
            enough = 1;
        }
        const unsigned char *end = line && n ? memchr(w->in, '\n', n) : NULL;
        if (end) {
            n = (size_t)(end - w->in) + 1;
            enough = 1;
        }
        if (enough || w->in_eof) {
            o = input_take(w, &b, n);
            break;
        }
        if (n && append(&b, w->in, n) < 0) {
            PyErr_NoMemory();
            break;
        }
        w->in_length += (int64_t)n;
        w->in_n = 0;
        size_t want = IN_BUFFER;
        if (!line && limit > 0 && (size_t)limit - b.n < want) want = (size_t)limit - b.n;
        if (input_fill(w, want, !line) < 0) break;
    }
    free(b.p);
    return o;
}

static PyObject *input_call(const char *name, PyObject *const *args, int line) {
    long long n = -1;
    if (args[1] != None) {
        n = PyLong_AsLongLong(args[1]);
        if (n == -1 && PyErr_Occurred()) return NULL;
    }
    worker *w = enter(args[0], name, "wsgi.input");
    if (!w) return NULL;
    PyObject *o = input_bytes(w, n, line);
    leave(w);
    return o;
}

static PyObject *c_read(PyObject *module_, PyObject *const *args, Py_ssize_t n) {
    (void)module_;
    return arguments("read", n, 2, 2) < 0 ? NULL : input_call("read", args, 0);
}

static PyObject *c_readline(PyObject *module_, PyObject *const *args, Py_ssize_t n) {
    (void)module_;
    if (arguments("readline", n, 3, 3) < 0) return NULL;
    const char *name = PyUnicode_AsUTF8AndSize(args[2], NULL);
    return name ? input_call(name, args, 1) : NULL;
}

static PyObject *c_check(PyObject *module_, PyObject *const *args, Py_ssize_t n) { /* handle, method, object */
    (void)module_;
    if (arguments("check", n, 3, 3) < 0) return NULL;
    const char *name = PyUnicode_AsUTF8AndSize(args[1], NULL), *of = PyUnicode_AsUTF8AndSize(args[2], NULL);
    worker *w = name && of ? enter(args[0], name, of) : NULL;
    if (!w) return NULL;
    leave(w);
    return none();
}

/* ---- wsgi.errors, sys.stdout, sys.stderr ---- */

static PyObject *c_errors_write(PyObject *module_, PyObject *const *args, Py_ssize_t n) { /* handle, bytes, method */
    (void)module_;
    char *p;
    Py_ssize_t len;
    if (arguments("write", n, 3, 3) < 0 || PyBytes_AsStringAndSize(args[1], &p, &len) < 0) return NULL;
    worker *w = enter(args[0], "write", "wsgi.errors");
    if (!w) return NULL;
    log_stream(w->call, &w->line, p, (size_t)len);
    log_throttle(w->call);
    leave(w);
    return none();
}

static PyObject *c_errors_flush(PyObject *module_, PyObject *const *args, Py_ssize_t n) {
    (void)module_;
    if (arguments("flush", n, 1, 1) < 0) return NULL;
    worker *w = enter(args[0], "flush", "wsgi.errors");
    if (!w) return NULL;
    log_flush(w->call, &w->line);
    leave(w);
    return none();
}

static __thread hw_buf thread_line; /* the line begun by a thread that is no worker */

static PyObject *c_std_write(PyObject *module_, PyObject *const *args, Py_ssize_t n) {
    (void)module_;
    char *p;
    Py_ssize_t len;
    if (arguments("write", n, 1, 1) < 0 || PyBytes_AsStringAndSize(args[0], &p, &len) < 0) return NULL;
    hw_call *c = log_call();
    hw_buf *begun = self ? &self->std_line : &thread_line;
    log_stream(c, begun, p, (size_t)len);
    if (!self && begun->n) { /* threads end without a word: nothing may be left with them */
        log_flush(c, begun);
        free(begun->p);
        memset(begun, 0, sizeof *begun);
    }
    log_throttle(c);
    return PyLong_FromLongLong(len);
}

static PyObject *c_log(PyObject *module_, PyObject *const *args, Py_ssize_t n) { /* level, code, bytes */
    (void)module_;
    char *p;
    Py_ssize_t len;
    if (arguments("log", n, 3, 3) < 0 || PyBytes_AsStringAndSize(args[2], &p, &len) < 0) return NULL;
    long long level = PyLong_AsLongLong(args[0]);
    const char *code = PyUnicode_AsUTF8AndSize(args[1], NULL);
    if (!code || PyErr_Occurred()) return NULL;
    log_lines(log_call(), (int)level, code, p, (size_t)len);
    log_throttle(log_call());
    return none();
}

static PyObject *c_request(PyObject *module_, PyObject *const *args, Py_ssize_t n) { /* whether data is kept for it */
    (void)module_;
    if (arguments("request", n, 1, 1) < 0) return NULL;
    if (!self || !self->handle) return PyLong_FromLongLong(0);
    if (args[0] == True) self->used_data = 1;
    return PyLong_FromLongLong(self->handle);
}

static PyObject *c_active_requests(PyObject *module_, PyObject *const *args, Py_ssize_t n) { /* function: handle to value */
    (void)module_;
    if (arguments("active_requests", n, 1, 1) < 0) return NULL;
    PyObject *d = PyDict_New();
    hw_interp *in = self ? self->attached : NULL;
    for (uint32_t i = 1; d && in && i <= __atomic_load_n(&engine.nworkers, __ATOMIC_ACQUIRE); i++) {
        worker *w = engine.workers[i];
        if (!w->handle || w->attached != in || !w->environ) continue;
        PyObject *id = PyDict_GetItemString(w->environ, "mod_wsgi.request_id"), *handle = PyLong_FromLongLong(w->handle);
        w->used_data = 1;
        Py_IncRef(id);
        PyObject *v = id && handle ? PyObject_CallFunctionObjArgs(args[0], handle, NULL) : NULL;
        if (v) PyDict_SetItem(d, id, v);
        Py_DecRef(v);
        Py_DecRef(id);
        Py_DecRef(handle);
        if (PyErr_Occurred()) {
            Py_DecRef(d);
            return NULL;
        }
    }
    return d;
}

/* What bootstrap.py finds in its namespace. */
PyMethodDef functions[] = {
    {"c_read", c_read, METH_FASTCALL, NULL},
    {"c_readline", c_readline, METH_FASTCALL, NULL},
    {"c_check", c_check, METH_FASTCALL, NULL},
    {"c_errors_write", c_errors_write, METH_FASTCALL, NULL},
    {"c_errors_flush", c_errors_flush, METH_FASTCALL, NULL},
    {"c_std_write", c_std_write, METH_FASTCALL, NULL},
    {"c_log", c_log, METH_FASTCALL, NULL},
    {"c_request", c_request, METH_FASTCALL, NULL},
    {"c_active_requests", c_active_requests, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
