//go:build linux && cgo && !nopython

/* The request form, decoded into an environ. */
#define _GNU_SOURCE
#include "engine.h"

typedef struct pair { uint32_t key; const char *name, *value; uint32_t name_n, value_n; } pair;

uint32_t u32(const unsigned char *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static uint32_t u16(const unsigned char *p) { uint16_t v; memcpy(&v, p, 2); return v; }

int form_open(form *f, const unsigned char *p, size_t n) {
    if (n < FORM_HEAD + 4 || u32(p) != 0x31475357 /* "WSG1" */ || u32(p + 4) != n) return -1;
    f->flags = u32(p + 8);
    f->pairs = u32(p + 12);
    memcpy(f->start, p + 16, sizeof f->start);
    f->p = p + FORM_HEAD;
    f->end = p + n;
    return 0;
}

static int form_pair(form *f, pair *x) {
    size_t left = (size_t)(f->end - f->p);
    if (left < 2) return -1;
    x->key = u16(f->p);
    f->p += 2, left -= 2;
    x->name = NULL, x->name_n = 0;
    if (!x->key) {
        if (left < 2) return -1;
        x->name_n = u16(f->p);
        f->p += 2, left -= 2;
        if (!x->name_n || left < x->name_n) return -1;
        x->name = (const char *)f->p;
        f->p += x->name_n, left -= x->name_n;
    } else if (x->key >= engine.config.nkeys) return -1;
    if (left < 4) return -1;
    x->value_n = u32(f->p);
    f->p += 4, left -= 4;
    if (left < x->value_n) return -1;
    x->value = (const char *)f->p;
    f->p += x->value_n;
    return 0;
}

/* After the last pair. */
static int form_body(form *f) {
    if (f->end - f->p < 4) return -1;
    f->body_n = u32(f->p);
    f->body = f->p + 4;
    return (size_t)(f->end - f->body) == f->body_n ? 0 : -1;
}

int hw_form_check(const unsigned char *p, size_t n) {
    form f;
    pair x;
    if (form_open(&f, p, n) < 0) return -1;
    for (uint32_t i = 0; i < f.pairs; i++)
        if (form_pair(&f, &x) < 0) return -1;
    return form_body(&f);
}

static PyObject *decode_value(const pair *x, int flags) {
    if (flags & HW_KEY_FS) {
        PyObject *v = PyUnicode_DecodeFSDefaultAndSize(x->value, x->value_n);
        if (v) return v;
        PyErr_Clear();
    }
    return PyUnicode_DecodeLatin1(x->value, x->value_n, NULL);
}

/* The value of a key, from the one of the request before if it is the same. */
static PyObject *pair_value(hw_interp *in, const pair *x) {
    int flags = engine.config.keys[x->key].flags;
    if (!(flags & HW_KEY_STABLE) || x->value_n > CACHED) return decode_value(x, flags);
    cached *c = in->cache[x->key];
    if (c && c->value && c->n == x->value_n && memcmp(c->bytes, x->value, x->value_n) == 0) {
        Py_IncRef(c->value);
        return c->value;
    }
    PyObject *v = decode_value(x, flags);
    if (!v) return NULL;
    if (!c && !(c = in->cache[x->key] = calloc(1, sizeof *c))) return v;
    Py_DecRef(c->value);
    Py_IncRef(v);
    c->value = v;
    c->n = x->value_n;
    memcpy(c->bytes, x->value, x->value_n);
    return v;
}

static int set_new(PyObject *dict, PyObject *key, PyObject *value) { /* takes value */
    if (!value) return -1;
    int r = PyDict_SetItem(dict, key, value);
    Py_DecRef(value);
    return r;
}

int set_new_named(PyObject *dict, const char *key, PyObject *value) {
    if (!value) return -1;
    int r = PyDict_SetItemString(dict, key, value);
    Py_DecRef(value);
    return r;
}

static PyObject *version_tuple(const int v[3]) {
    PyObject *t = PyTuple_New(3);
    for (int i = 0; t && i < 3; i++) PyTuple_SetItem(t, i, PyLong_FromLongLong(v[i]));
    return t;
}

static PyObject *environ_template(hw_interp *in, uint32_t flags) {
    PyObject **at = &in->templates[flags & 7];
    if (*at) return *at;
    PyObject *d = PyDict_New(), *v = PyTuple_New(2);
    if (!d || !v) return NULL;
    PyTuple_SetItem(v, 0, PyLong_FromLongLong(1));
    PyTuple_SetItem(v, 1, PyLong_FromLongLong(0));
    if (set_new_named(d, "wsgi.version", v) < 0 ||
        PyDict_SetItemString(d, "wsgi.multithread", flags & FORM_MULTITHREAD ? True : False) < 0 ||
        PyDict_SetItemString(d, "wsgi.multiprocess", flags & FORM_MULTIPROCESS ? True : False) < 0 ||
        PyDict_SetItemString(d, "wsgi.run_once", flags & FORM_RUN_ONCE ? True : False) < 0 ||
        PyDict_SetItemString(d, "wsgi.input_terminated", True) < 0 ||
        PyDict_SetItemString(d, "wsgi.file_wrapper", in->f.FileWrapper) < 0 ||
        set_new_named(d, "apache.version", version_tuple(engine.config.apache_version)) < 0 ||
        set_new_named(d, "mod_wsgi.version", version_tuple(engine.config.version)) < 0) {
        Py_DecRef(d);
        return NULL;
    }
    return *at = d;
}

/* An Input or Errors of the request. */
static PyObject *stream(hw_interp *in, PyObject *type, PyObject *handle) {
    PyObject *o = PyObject_CallObject(type, NULL);
    if (o && PyObject_SetAttr(o, in->s._handle, handle) < 0) {
        Py_DecRef(o);
        return NULL;
    }
    return o;
}

/* The environ of a form. whole: with what only an application gets. NULL: an exception is set, or *malformed. */
PyObject *environ_of(hw_interp *in, form *f, int whole, PyObject *handle, int *malformed) {
    pair x;
    PyObject *d = whole ? NULL : PyDict_New();
    if (whole) {
        PyObject *t = environ_template(in, f->flags);
        if (t) d = PyDict_Copy(t);
    }
    if (!d) return NULL;
    for (uint32_t i = 0; i < f->pairs; i++) {
        if (form_pair(f, &x) < 0) {
            *malformed = 1;
            goto fail;
        }
        int r;
        if (x.key) r = set_new(d, in->keys[x.key], pair_value(in, &x));
        else {
            if (x.name_n >= 5 && memcmp(x.name, "wsgi.", 5) == 0) continue; /* nobody but the server says these */
            PyObject *k = PyUnicode_DecodeLatin1(x.name, x.name_n, NULL);
            r = k ? set_new(d, k, decode_value(&x, 0)) : -1;
            Py_DecRef(k);
        }
        if (r < 0) goto fail;
    }
    if (form_body(f) < 0) {
        *malformed = 1;
        goto fail;
    }
    if (set_new(d, in->s.errors, stream(in, in->f.Errors, handle)) < 0) goto fail;
    if (!whole) {
        if (set_new_named(d, "apache.version", version_tuple(engine.config.apache_version)) < 0 ||
            set_new_named(d, "mod_wsgi.version", version_tuple(engine.config.version)) < 0) goto fail;
        return d;
    }
    if (PyDict_SetItem(d, in->s.url_scheme, f->flags & FORM_HTTPS ? in->s.https : in->s.http) < 0 ||
        set_new(d, in->s.input, stream(in, in->f.Input, handle)) < 0 ||
        set_new(d, in->s.thread_id, PyLong_FromLongLong(self->number)) < 0 ||
        set_new(d, in->s.request_start, PyFloat_FromDouble(f->start[0])) < 0 ||
        set_new(d, in->s.queue_start, PyFloat_FromDouble(f->start[1])) < 0 ||
        set_new(d, in->s.daemon_start, PyFloat_FromDouble(f->start[2])) < 0 ||
        set_new(d, in->s.application_start, PyFloat_FromDouble(epoch())) < 0) goto fail;
    return d;
fail:
    Py_DecRef(d);
    return NULL;
}
