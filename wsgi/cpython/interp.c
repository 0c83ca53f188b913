//go:build linux && cgo && !nopython

/* Interpreters: taking and giving them, and what a new one is furnished with. */
#define _GNU_SOURCE
#include "engine.h"

/* Take and give an interpreter. All that attach to one do it through these two. */
void take_interp(hw_interp *in, PyThreadState *state) {
    if (__atomic_fetch_add(&in->attached, 1, __ATOMIC_RELAXED) == 0 && __atomic_add_fetch(&engine.busy_interps, 1, __ATOMIC_RELAXED) > 1 && engine.unfair &&
        !__atomic_load_n(&engine.monitoring, __ATOMIC_RELAXED)) {
        pthread_mutex_lock(&engine.lock);
        pthread_cond_signal(&engine.monitor);
        pthread_mutex_unlock(&engine.lock);
    }
    PyEval_RestoreThread(state);
}

void give_interp(hw_interp *in) {
    PyEval_SaveThread();
    gave_interp(in);
}

void gave_interp(hw_interp *in) {
    if (__atomic_sub_fetch(&in->attached, 1, __ATOMIC_RELAXED) == 0) __atomic_sub_fetch(&engine.busy_interps, 1, __ATOMIC_RELAXED);
}

void detach(worker *w) {
    hw_interp *in = w->attached;
    w->attached = NULL;
    if (in) give_interp(in);
}

/* Take the interpreter, in the worker's own thread state for it. */
int attach(worker *w, hw_interp *in) {
    if (w->attached == in) return 0;
    detach(w);
    if (in->id >= w->nstates) {
        uint32_t n = in->id + 8;
        PyThreadState **p = realloc(w->states, n * sizeof *p);
        if (!p) return -1;
        memset(p + w->nstates, 0, (n - w->nstates) * sizeof *p);
        w->states = p;
        w->nstates = n;
    }
    /* The first thread state that an OS thread has is the one that PyGILState_Ensure finds: let it be the main interpreter's, where
     * extension modules that call it are at home. The boss has its own of each, from when it made them. */
    PyThreadState *state = w == &engine.boss ? in->boss : w->states[in->id];
    if (!state) {
        if (!w->states[0]) w->states[0] = PyThreadState_New(engine.interps->is);
        if (!w->states[in->id]) w->states[in->id] = PyThreadState_New(in->is);
        if (!(state = w->states[in->id])) return -1;
    }
    take_interp(in, state);
    w->attached = in;
    return 0;
}

/* Up to CPython 3.12 a thread that waits for the GIL asks for it only among the threads of its own interpreter: one that computes in another
 * keeps it for as long as it likes (bounded by nothing, measured in seconds). So while several interpreters are in use each has a thread
 * that does nothing but ask for the GIL on its behalf now and then: whoever has it then lets go, and anyone may get it. */
static void *sweeper_main(void *arg) {
    hw_interp *in = arg;
    PyThreadState *state = PyThreadState_New(in->is);
    while (state) {
        while (!__atomic_load_n(&in->sweep, __ATOMIC_ACQUIRE)) futex_wait(&in->sweep, 0);
        if (engine.stopping) break;
        __atomic_store_n(&in->sweep, 0, __ATOMIC_RELEASE);
        PyEval_RestoreThread(state);
        PyEval_SaveThread();
    }
    if (state) {
        PyEval_RestoreThread(state);
        PyThreadState_Clear(state);
        PyThreadState_DeleteCurrent();
    }
    pthread_mutex_lock(&engine.lock);
    engine.running_workers--;
    engine.sweepers--;
    pthread_cond_broadcast(&engine.changed);
    pthread_mutex_unlock(&engine.lock);
    return NULL;
}

/* The lock is held. */
void sweep(int all) {
    for (hw_interp *in = engine.interps; in; in = in->next) {
        if (!all && (!__atomic_load_n(&in->attached, __ATOMIC_RELAXED) || __atomic_load_n(&in->state, __ATOMIC_ACQUIRE) != 1)) continue;
        if (!in->sweeper) {
            pthread_t thread;
            if (all || pthread_create(&thread, NULL, sweeper_main, in) != 0) continue;
            pthread_detach(thread);
            in->sweeper = 1;
            engine.running_workers++;
            engine.sweepers++;
        }
        __atomic_store_n(&in->sweep, 1, __ATOMIC_RELEASE);
        futex_wake(&in->sweep);
    }
}

static PyObject *options_dict(const char *options) {
    PyObject *d = PyDict_New();
    for (const char *p = options; d && *p;) {
        const char *end = strchrnul(p, '\n'), *eq = memchr(p, '=', (size_t)(end - p));
        if (eq) {
            PyObject *k = PyUnicode_FromStringAndSize(p, eq - p), *v = PyUnicode_DecodeFSDefaultAndSize(eq + 1, end - eq - 1);
            if (!k || !v || PyDict_SetItem(d, k, v) < 0) {
                Py_DecRef(d);
                d = NULL;
            }
            Py_DecRef(k);
            Py_DecRef(v);
        }
        p = *end ? end + 1 : end;
    }
    return d;
}

/* Fill a new interpreter, to which the caller is attached, with what it needs to serve. */
int furnish(hw_interp *in) {
#define X(name, text) if (!(in->s.name = PyUnicode_InternFromString(text))) return -1;
    STRINGS
#undef X
    in->keys = calloc(engine.config.nkeys, sizeof *in->keys);
    in->cache = calloc(engine.config.nkeys, sizeof *in->cache);
    if (!in->keys || !in->cache) return -1;
    for (uint32_t i = 1; i < engine.config.nkeys; i++)
        if (!(in->keys[i] = PyUnicode_InternFromString(engine.config.keys[i].name))) return -1;

    PyObject *g = PyDict_New();
    if (!g || PyDict_SetItemString(g, "__builtins__", PyEval_GetBuiltins()) < 0 ||
        set_new_named(g, "__name__", PyUnicode_InternFromString("mod_wsgi")) < 0 ||
        set_new_named(g, "__file__", PyUnicode_InternFromString("<mod_wsgi>")) < 0 ||
        set_new_named(g, "config", options_dict(in->options)) < 0) return -1;
    for (PyMethodDef *f = functions; f->ml_name; f++)
        if (set_new_named(g, f->ml_name, PyCFunction_NewEx(f, NULL, NULL)) < 0) return -1;
    PyObject *code = Py_CompileString(engine.bootstrap, "<mod_wsgi>", Py_file_input);
    PyObject *r = code ? PyEval_EvalCode(code, g, g) : NULL;
    Py_DecRef(code);
    if (!r) return -1;
    Py_DecRef(r);
#define X(name) \
    if (!(in->f.name = PyDict_GetItemString(g, #name))) { \
        PyErr_SetString(RuntimeError, "bootstrap.py lacks " #name); \
        return -1; \
    } \
    Py_IncRef(in->f.name);
    NAMES
#undef X
    Py_DecRef(g); /* its functions keep it */
    return 0;
}
