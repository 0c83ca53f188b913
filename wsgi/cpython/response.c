//go:build linux && cgo && !nopython

/* start_response, write, and body bytes on their way to Go. */
#define _GNU_SOURCE
#include "engine.h"

/* The latin-1 bytes of a str: those of its UTF-8 form if they are ASCII, else of a new bytes object in *owner. */
static const char *latin1(PyObject *s, Py_ssize_t *n, PyObject **owner) {
    *owner = NULL;
    if (!is(s, Unicode_Type)) {
        bad_type("must be str, not %U", s);
        return NULL;
    }
    const char *p = PyUnicode_AsUTF8AndSize(s, n);
    if (p) {
        unsigned char high = 0;
        for (Py_ssize_t i = 0; i < *n; i++) high |= (unsigned char)p[i];
        if (high < 0x80) return p;
    } else PyErr_Clear(); /* lone surrogates; the error that follows names latin-1 */
    *owner = PyUnicode_AsLatin1String(s);
    char *q;
    if (!*owner || PyBytes_AsStringAndSize(*owner, &q, n) < 0) return NULL;
    return q;
}

static int bad_value(const char *what, const char *p, Py_ssize_t n) {
    PyObject *b = PyBytes_FromStringAndSize(p, n);
    if (b) PyErr_Format(ValueError, "%s: %R", what, b);
    Py_DecRef(b);
    return -1;
}

static int control(unsigned char c) { return c < 0x20 || c == 0x7f; }

static int check_status(const char *p, Py_ssize_t n, int *status) {
    for (int i = 0; i < 3; i++)
        if (i >= n || p[i] < '0' || p[i] > '9') return bad_value("status code must be a 3 digit integer", p, n);
    if (n > 3 && p[3] >= '0' && p[3] <= '9') return bad_value("status code must be a 3 digit integer", p, n);
    if (n > 3 && p[3] != ' ') return bad_value("no space following status code", p, n);
    for (Py_ssize_t i = 4; i < n; i++)
        if (control((unsigned char)p[i])) return bad_value("control character in status reason phrase", p, n);
    *status = (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0';
    if (*status < 200) return bad_value("status code of an interim response is not the application's to send", p, n);
    return 0;
}

static int check_name(const char *p, Py_ssize_t n) {
    if (!n) {
        PyErr_SetString(ValueError, "header name is empty");
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        if (p[i] == ' ') return bad_value("space character in header name", p, n);
        if (control((unsigned char)p[i])) return bad_value("control character in header name", p, n);
        if (p[i] == ':') return bad_value("colon character in header name", p, n);
    }
    return 0;
}

static int check_value(const char *p, Py_ssize_t n) {
    for (Py_ssize_t i = 0; i < n; i++)
        if (p[i] == '\r' || p[i] == '\n' || !p[i])
            return bad_value(p[i] ? "carriage return/line feed character in header value" : "null character in header value", p, n);
    return 0;
}

int put_header(hw_call *c, const char *name, size_t nn, const char *value, size_t vn) {
    if (append_u32(&c->head, (uint32_t)nn) < 0 || append_u32(&c->head, (uint32_t)vn) < 0 || append(&c->head, name, nn) < 0 ||
        append(&c->head, value, vn) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    c->nheaders++;
    return 0;
}

/* The application's Content-Length (the last wins), or -1 if there is none. -2 with ValueError set if it is no number. */
int64_t content_length(const hw_call *c) {
    const char *p = c->head.p + 4 + u32((const unsigned char *)c->head.p);
    int64_t length = -1;
    for (uint32_t i = 0; i < c->nheaders; i++) {
        uint32_t nn = u32((const unsigned char *)p), vn = u32((const unsigned char *)p + 4);
        const char *v = p + 8 + nn;
        if (nn == 14 && strncasecmp(p + 8, "Content-Length", 14) == 0) {
            const char *b = v, *e = v + vn;
            while (b < e && (*b == ' ' || *b == '\t')) b++;
            while (e > b && (e[-1] == ' ' || e[-1] == '\t')) e--;
            length = e > b && e - b < 19 ? 0 : -2;
            for (; length >= 0 && b < e; b++) length = *b < '0' || *b > '9' ? -2 : length * 10 + (*b - '0');
            if (length < 0) {
                PyObject *s = PyUnicode_DecodeLatin1(v, vn, NULL);
                if (s) PyErr_Format(ValueError, "invalid Content-Length header value: %R", s);
                Py_DecRef(s);
                return -2;
            }
        }
        p = v + vn;
    }
    return length;
}

/* Status line and headers into the call. */
static int encode_head(hw_call *c, PyObject *status, PyObject *headers) {
    PyObject *owner;
    Py_ssize_t n;
    const char *p = latin1(status, &n, &owner);
    c->head.n = 0;
    c->nheaders = 0;
    int bad = !p || check_status(p, n, &c->status) < 0;
    if (!bad && (append_u32(&c->head, (uint32_t)n) < 0 || append(&c->head, p, (size_t)n) < 0)) {
        PyErr_NoMemory();
        bad = 1;
    }
    Py_DecRef(owner);
    if (bad) return -1;
    for (Py_ssize_t i = 0; i < PyList_Size(headers); i++) {
        PyObject *h = PyList_GetItem(headers, i), *vowner = NULL;
        if (!is(h, Tuple_Type)) {
            bad_type("each header must be a 2-tuple, not %U", h);
            return -1;
        }
        if (PyTuple_Size(h) != 2) {
            PyErr_Format(ValueError, "each header must be a 2-tuple, got length %zd", PyTuple_Size(h));
            return -1;
        }
        Py_ssize_t nn, vn;
        const char *v = NULL, *name = latin1(PyTuple_GetItem(h, 0), &nn, &owner);
        bad = !name || check_name(name, nn) < 0;
        if (!bad) {
            v = latin1(PyTuple_GetItem(h, 1), &vn, &vowner);
            bad = !v || check_value(v, vn) < 0 || put_header(c, name, (size_t)nn, v, (size_t)vn) < 0;
        }
        Py_DecRef(owner);
        Py_DecRef(vowner);
        if (bad) return -1;
    }
    return 0;
}

/* Take an operation that Go has not looked at back, to add to it. */
static int take_back(hw_call *c) {
    if (!(__atomic_fetch_and(&c->state, ~(uint32_t)HW_OP, __ATOMIC_ACQ_REL) & HW_OP)) return 0;
    __atomic_store_n(&c->ack, 1, __ATOMIC_RELAXED);
    return 1;
}

/* Hand body bytes on. wait: until Go has written them; else they are copied, and written while Python goes on: nothing is held back for the
 * sake of what may come, but what has not been looked at when more comes is one with it. The worker is locked. */
int output(worker *w, const char *p, size_t n, int wait) {
    hw_call *c = w->call;
    response *r = &w->response;
    if (!r->started) {
        PyErr_SetString(RuntimeError, "start_response() must be called before response content is produced");
        return RAISED;
    }
    int add = 0, op = r->sent ? HW_WRITE : HW_RESPOND;
    if (r->complete) return SENT; /* too much: see below */
    if (r->sent && !wait && (c->op == HW_RESPOND || c->op == HW_WRITE) && c->body == c->chunk.p && c->chunk.n + n <= COPY && (add = take_back(c))) op = c->op;
    settle(c, 1);
    if (c->failed) return GONE;
    if (!r->sent) {
        c->content_length = content_length(c);
        if (c->content_length == -2) return RAISED;
    }
    if (c->content_length >= 0) { /* what is too much is dropped */
        uint64_t left = (uint64_t)(c->content_length - r->written);
        if (n > left) n = left;
    }
    if (!n && r->sent && !add) return SENT;
    int copied = n <= COPY && !wait;
    if (copied) {
        if (!add) c->chunk.n = 0;
        if (append(&c->chunk, p, n) < 0) {
            PyErr_NoMemory();
            return RAISED;
        }
        p = c->chunk.p;
        c->body_len = c->chunk.n;
    } else c->body_len = n;
    c->body = p;
    r->written += (int64_t)n;
    r->writes++;
    c->last = c->content_length >= 0 && r->written == c->content_length;
    r->sent = 1;
    c->responded = 1;
    int whole = copied && c->last && op == HW_RESPOND;
    if (whole && w->adopted) { /* on the goroutine's own thread: it will send it when the call ends, sooner than another could be told */
        c->op = op;
        r->complete = 1;
        return SENT;
    }
    c->talk |= !whole;
    post_op(c, op);
    if (!copied) {
        settle(c, 1);
        if (c->failed) return GONE;
    }
    return SENT;
}

static void raise_gone(const hw_call *c) {
    if (c->failed == 1) PyErr_SetString(OSError, "mod_wsgi client connection closed");
    else PyErr_Format(OSError, "mod_wsgi failed to write response data: %s", c->error);
}

static PyObject *c_write(PyObject *handle, PyObject *const *args, Py_ssize_t n) {
    if (arguments("write", n, 1, 1) < 0) return NULL;
    char *p;
    Py_ssize_t len;
    if (!is(args[0], Bytes_Type)) return bad_type("write() argument must be bytes, not %U", args[0]);
    if (PyBytes_AsStringAndSize(args[0], &p, &len) < 0) return NULL;
    worker *w = enter(handle, "write", NULL);
    if (!w) return NULL;
    int r = SENT;
    if (len || !w->response.started) r = output(w, p, (size_t)len, 1);
    if (r == GONE) raise_gone(w->call);
    leave(w);
    return r == SENT ? none() : NULL;
}
static PyMethodDef write_def = {"write", c_write, METH_FASTCALL, "Send bytes of the response body."};

static int raise_exc_info(PyObject *info) {
    PyObject *kind = PyTuple_GetItem(info, 0), *value = PyTuple_GetItem(info, 1), *trace = PyTuple_GetItem(info, 2);
    Py_IncRef(kind);
    Py_IncRef(value);
    if (trace == None) trace = NULL;
    Py_IncRef(trace);
    PyErr_Restore(kind, value, trace);
    return -1;
}

static PyObject *c_start_response(PyObject *handle, PyObject *const *args, Py_ssize_t n) {
    if (arguments("start_response", n, 2, 3) < 0) return NULL;
    PyObject *info = n == 3 && args[2] != None ? args[2] : NULL;
    if (type_of(args[1]) != List_Type) return bad_type("start_response() argument 2 must be list, not %U", args[1]);
    if (info && (!is(info, Tuple_Type) || PyTuple_Size(info) != 3)) {
        PyErr_SetString(RuntimeError, "start_response() argument 'exc_info' must be a 3-tuple or None");
        return NULL;
    }
    if (self && self->handle && self->attached && PyList_Size(self->attached->f.event_callbacks) > 0 && self->environ) {
        PyObject *r = PyObject_CallFunctionObjArgs(self->attached->f.response_started, handle, self->environ, args[0], args[1], info ? info : None, NULL);
        if (!r) return NULL;
        Py_DecRef(r);
    }
    worker *w = enter(handle, "start_response", NULL);
    if (!w) return NULL;
    int bad;
    if (w->response.sent) {
        if (info) bad = raise_exc_info(info);
        else {
            PyErr_SetString(RuntimeError, "start_response() called more than once without exc_info");
            bad = -1;
        }
    } else {
        w->response.started = 0;
        bad = encode_head(w->call, args[0], args[1]);
        if (!bad) w->response.started = 1;
    }
    leave(w);
    return bad ? NULL : PyCFunction_NewEx(&write_def, handle, NULL);
}
PyMethodDef start_response_def = {"start_response", c_start_response, METH_FASTCALL, "Begin the response (PEP 3333)."};
