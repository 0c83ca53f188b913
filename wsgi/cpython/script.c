//go:build linux && cgo && !nopython

/* Scripts: loading them, and loading them again. */
#define _GNU_SOURCE
#include "engine.h"

static void lock_loading(void) {
    if (pthread_mutex_trylock(&engine.load_lock) == 0) return;
    PyThreadState *state = PyEval_SaveThread();
    pthread_mutex_lock(&engine.load_lock);
    PyEval_RestoreThread(state);
}

static binding *binding_of(hw_interp *in, hw_script *s) {
    if (s->id >= in->nbindings) {
        uint32_t n = s->id + 16;
        binding **p = realloc(in->bindings, n * sizeof *p);
        if (!p) return NULL;
        memset(p + in->nbindings, 0, (n - in->nbindings) * sizeof *p);
        in->bindings = p;
        in->nbindings = n;
    }
    binding *b = in->bindings[s->id];
    if (b) return b;
    PyObject *name = PyUnicode_DecodeFSDefault(s->callable);
    if (!name || !(b = calloc(1, sizeof *b))) return NULL;
    b->name = name;
    for (b->module = in->modules; b->module && strcmp(b->module->path, s->path) != 0;) b->module = b->module->next;
    if (!b->module && (b->module = calloc(1, sizeof *b->module))) {
        b->module->path = s->path;
        b->module->next = in->modules;
        in->modules = b->module;
    }
    if (!b->module) {
        free(b);
        return NULL;
    }
    return in->bindings[s->id] = b;
}

/* Whether the script has to be loaded again. */
static int outdated(hw_interp *in, const module *m, const hw_call *c, const char *path) {
    if (!(c->flags & HW_RELOAD)) return 0;
    PyObject *v = PyDict_GetItemWithError(m->dict, in->s.mtime);
    int64_t mtime = v ? PyLong_AsLongLong(v) : -1;
    if (PyErr_Occurred()) {
        PyErr_Clear();
        return 1;
    }
    if (mtime != c->mtime) return 1;
    PyObject *f = PyDict_GetItemWithError(m->dict, in->s.reload_required);
    if (!f) return 0;
    Py_IncRef(f);
    PyObject *p = PyUnicode_DecodeFSDefault(path), *r = p ? PyObject_CallFunctionObjArgs(in->f.reload_required, f, p, NULL) : NULL;
    int yes = r == True;
    PyErr_Clear();
    Py_DecRef(r);
    Py_DecRef(p);
    Py_DecRef(f);
    return yes;
}

void log_script_exception(hw_interp *in, hw_call *c, const char *path) {
    char *kind = exception_name(), *place = where(in);
    int ignored = PyErr_ExceptionMatches(SystemExit);
    char *text = ignored ? message("SystemExit exception raised by WSGI script '%s' for %s; ignored.", path, place ? place : "") :
                           message("%s exception raised processing WSGI script '%s' for %s.", kind ? kind : "", path, place ? place : "");
    log_exception(in, c, ignored ? "WSGI0175" : "WSGI0174", text ? text : "");
    free(text);
    free(place);
    free(kind);
}

/* Load the script into the interpreter. The load lock is held. */
static int load_script(hw_interp *in, hw_script *s, module *m, hw_call *c) {
    char *place = where(in);
    log_format(c, 6, "", "%s WSGI script '%s' into %s.", m->module ? "Reloading" : "Loading", s->path, place);
    PyObject *path = PyUnicode_DecodeFSDefault(s->path), *name = PyUnicode_InternFromString(s->module), *mtime = PyLong_FromLongLong(c->mtime);
    PyObject *code = path ? PyObject_CallFunctionObjArgs(in->f.compile_script, path, NULL) : NULL, *o = NULL, *dict = NULL;
    if (!code) log_format(c, 3, "WSGI0105", "Unable to read or compile Python script file '%s' for %s.", s->path, place);
    else {
        o = name && mtime ? PyObject_CallFunctionObjArgs(in->f.run_script, code, path, name, mtime, NULL) : NULL;
        dict = o ? PyObject_GetAttrString(o, "__dict__") : NULL;
        if (!dict) log_format(c, 3, "WSGI0109", "Unable to execute Python script file '%s' for %s.", s->path, place);
    }
    if (!dict) {
        log_script_exception(in, c, s->path);
        Py_DecRef(o);
    } else {
        Py_DecRef(m->dict);
        Py_DecRef(m->module);
        m->module = o;
        m->dict = dict;
        __atomic_store_n(&engine.loaded, 1, __ATOMIC_RELEASE);
    }
    Py_DecRef(code);
    Py_DecRef(mtime);
    Py_DecRef(name);
    Py_DecRef(path);
    free(place);
    return dict ? 0 : -1;
}

int hw_loaded(void) { return __atomic_load_n(&engine.loaded, __ATOMIC_ACQUIRE); }

/* The script's name, as a new reference; NULL with the outcome set. */
PyObject *script_object(hw_interp *in, hw_call *c) {
    hw_script *s = c->script;
    binding *b = binding_of(in, s);
    if (!b) {
        c->outcome = HW_LOAD_FAILED;
        return NULL;
    }
    module *m = b->module;
    if (!m->module || outdated(in, m, c, s->path)) {
        if (m->module && (c->flags & HW_RELOAD_PROCESS)) {
            c->outcome = HW_RESTART;
            return NULL;
        }
        self->loaded = 1;
        lock_loading();
        int bad = 0;
        /* Another thread may have done it while this one waited for the lock. */
        if (!m->module || outdated(in, m, c, s->path)) bad = load_script(in, s, m, c);
        pthread_mutex_unlock(&engine.load_lock);
        if (bad) {
            c->outcome = HW_LOAD_FAILED;
            return NULL;
        }
    }
    if (c->kind == HW_PRELOAD) return none();
    PyObject *o = PyDict_GetItemWithError(m->dict, b->name);
    if (!o) {
        PyErr_Clear();
        c->outcome = HW_NO_CALLABLE;
        if (c->kind == HW_REQUEST)
            log_format(c, 3, "WSGI0089", "Target WSGI script '%s' does not contain WSGI application '%s'.", s->path, s->callable);
        return NULL;
    }
    Py_IncRef(o);
    return o;
}
