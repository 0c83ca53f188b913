//go:build linux && cgo && !nopython

/* The boss: the thread that initialises Python, makes and ends interpreters, and finalises. */
#define _GNU_SOURCE
#include "engine.h"

#include <signal.h>

static void command_free(command *m) { /* locked */
    if (--m->refs) return;
    free(m->what);
    free(m->text);
    free(m);
}

command *command_new(int kind, int waited_for) {
    command *m = calloc(1, sizeof *m);
    if (m) {
        m->kind = kind;
        m->refs = 1 + waited_for;
    }
    return m;
}

void command_send(command *m) {
    pthread_mutex_lock(&engine.lock);
    *engine.commands_end = m;
    engine.commands_end = &m->next;
    pthread_cond_broadcast(&engine.changed);
    pthread_mutex_unlock(&engine.lock);
}

/* 0 done, 1 timed out. The caller is not attached. */
int command_run(command *m, int timeout) {
    if (!m) return 1;
    command_send(m);
    pthread_mutex_lock(&engine.lock);
    WAIT_UNTIL(m->done, timeout);
    int late = !m->done;
    command_free(m);
    pthread_mutex_unlock(&engine.lock);
    return late;
}

/* On the boss. */
static void make_interpreter(hw_interp *in) {
    if (__atomic_load_n(&in->state, __ATOMIC_ACQUIRE)) return;
    int made = -1;
    log_format(engine.server, 6, "", "Creating sub-interpreter '%s' in %s%s%s.", in->name, *engine.process ? "daemon process '" : "embedded mode",
               engine.process, *engine.process ? "'" : "");
    take_interp(engine.interps, engine.interps->boss);
    PyThreadState *state = Py_NewInterpreter();
    if (!state) {
        PyThreadState_Swap(engine.interps->boss);
        char *text = message("Unable to create sub-interpreter '%s'.", in->name);
        if (PyErr_Occurred()) log_exception(engine.interps, engine.server, "WSGI0103", text);
        else log_format(engine.server, 3, "WSGI0103", "%s", text);
        free(text);
    } else {
        in->is = PyThreadState_GetInterpreter(state);
        in->boss = state;
        made = furnish(in) == 0 ? 1 : -1;
        if (made < 0) {
            char *text = message("Unable to prepare sub-interpreter '%s'.", in->name);
            log_exception(in, engine.server, "WSGI0104", text);
            free(text);
        }
    }
    give_interp(engine.interps);
    __atomic_store_n(&in->state, made, __ATOMIC_RELEASE);
}

/* 0 when the interpreter can be used. The caller is not attached to any. */
int have_interpreter(worker *w, hw_interp *in) {
    int state = __atomic_load_n(&in->state, __ATOMIC_ACQUIRE);
    if (!state) {
        if (w == &engine.boss) make_interpreter(in);
        else {
            detach(w);
            command *m = command_new(MAKE, 1);
            if (m) m->interp = in;
            command_run(m, -1);
        }
        state = __atomic_load_n(&in->state, __ATOMIC_ACQUIRE);
    }
    return state == 1 ? 0 : -1;
}

static char *initialize(void) {
    hw_config *k = &engine.config;
    if (PyInitConfig_Create && Py_InitializeFromInitConfig && PyInitConfig_SetInt && PyInitConfig_SetStr && PyInitConfig_SetStrList && PyInitConfig_Free) {
        PyInitConfig *i = PyInitConfig_Create(); /* starts as an isolated one: make it the ordinary one */
        if (!i) return message("out of memory");
        struct { const char *name; int64_t value; } ints[] = {
            {"isolated", 0}, {"use_environment", 1}, {"user_site_directory", 1}, {"safe_path", 0}, {"configure_locale", 1}, {"parse_argv", 0},
            {"install_signal_handlers", 0}, {"optimization_level", k->optimize}, {"write_bytecode", !k->no_bytecode},
            {"use_hash_seed", k->hash_seed >= 0}, {"hash_seed", k->hash_seed >= 0 ? k->hash_seed : 0},
        };
        int bad = 0;
        for (size_t n = 0; n < sizeof ints / sizeof *ints && !bad; n++)
            if (strstr(ints[n].name, "hash_seed") == NULL || k->hash_seed >= 0) bad = PyInitConfig_SetInt(i, ints[n].name, ints[n].value) < 0;
        if (!bad && k->utf8) bad = PyInitConfig_SetInt(i, "utf8_mode", 1) < 0;
        if (!bad && k->program) bad = PyInitConfig_SetStr(i, "program_name", k->program) < 0;
        if (!bad && k->home) bad = PyInitConfig_SetStr(i, "home", k->home) < 0;
        if (!bad && k->nwarnings) bad = PyInitConfig_SetStrList(i, "warnoptions", (size_t)k->nwarnings, (char *const *)k->warnings) < 0;
        if (!bad) bad = Py_InitializeFromInitConfig(i) < 0;
        const char *text = NULL;
        if (bad && PyInitConfig_GetError) PyInitConfig_GetError(i, &text);
        char *m = bad ? message("Python could not be initialized: %s", text ? text : "unknown error") : NULL;
        PyInitConfig_Free(i);
        return m;
    }
    int *flag;
    if (k->no_bytecode && (flag = find_variable("Py_DontWriteBytecodeFlag"))) *flag = 1;
    if (k->optimize && (flag = find_variable("Py_OptimizeFlag"))) *flag = k->optimize;
    if (k->utf8 && (flag = find_variable("Py_UTF8Mode"))) *flag = 1;
    if (k->program && Py_SetProgramName) Py_SetProgramName(Py_DecodeLocale(k->program, NULL));
    if (k->home) {
        if (Py_SetPythonHome) Py_SetPythonHome(Py_DecodeLocale(k->home, NULL));
        else setenv("PYTHONHOME", k->home, 1);
    }
    if (PySys_AddWarnOption)
        for (int i = 0; i < k->nwarnings; i++) PySys_AddWarnOption(Py_DecodeLocale(k->warnings[i], NULL));
    char seed[24], *before = getenv("PYTHONHASHSEED");
    before = before ? strdup(before) : NULL;
    if (k->hash_seed >= -1) {
        snprintf(seed, sizeof seed, "%lld", (long long)k->hash_seed);
        setenv("PYTHONHASHSEED", k->hash_seed < 0 ? "random" : seed, 1);
    }
    Py_InitializeEx(0);
    if (k->hash_seed >= -1) {
        if (before) setenv("PYTHONHASHSEED", before, 1);
        else unsetenv("PYTHONHASHSEED");
    }
    free(before);
    return Py_IsInitialized() ? NULL : message("Python could not be initialized");
}

/* In a child that Python forked there is no Go: nothing waits on the other side, and Go's signal handlers must not run. */
static void forked_child(void) {
    static const int handled[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGCHLD, SIGWINCH, SIGCONT, SIGALRM, SIGURG, SIGXCPU, SIGPROF};
    engine.forked = 1;
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) signal(handled[i], SIG_DFL);
}

/* Have bootstrap.py's control(what, text) do something in every interpreter. */
static void control_all(const char *what, const char *text) {
    for (hw_interp *in = engine.interps; in; in = __atomic_load_n(&in->next, __ATOMIC_ACQUIRE)) {
        if (__atomic_load_n(&in->state, __ATOMIC_ACQUIRE) != 1) continue;
        take_interp(in, in->boss);
        PyObject *w = PyUnicode_DecodeFSDefault(what), *t = PyUnicode_DecodeFSDefault(text), *r = NULL;
        if (w && t) r = PyObject_CallFunctionObjArgs(in->f.control, w, t, NULL);
        if (!r) log_exception(in, engine.server, "WSGI0112", "Exception raised by event callbacks.");
        Py_DecRef(r);
        Py_DecRef(t);
        Py_DecRef(w);
        give_interp(in);
    }
}

/* SystemExit into the thread of the boss, from another one: the boss itself is busy. */
static void *exit_main(void *arg) {
    hw_interp *in = arg;
    int64_t handle = engine.boss.handle;
    if (in == engine.interps) PyErr_SetInterrupt(); /* as if SIGINT had come: bootstrap.py has a handler for it */
    else {
        PyThreadState *state = PyThreadState_New(in->is);
        if (!state) return NULL;
        take_interp(in, state);
        PyThreadState_SetAsyncExc((unsigned long)engine.boss.thread, SystemExit);
        PyThreadState_Clear(state);
        PyThreadState_DeleteCurrent();
        gave_interp(in);
    }
    /* A signal that means nothing to Go there makes system calls return, so that Python looks. Once may be just before such a call. */
    for (int i = 0; i < 1000 && engine.boss.handle == handle; i++) {
        pthread_kill(engine.boss.thread, SIGURG);
        usleep(10000);
    }
    return NULL;
}

int hw_exit(void) {
    hw_interp *in = engine.boss.attached;
    pthread_t thread;
    if (!in || pthread_create(&thread, NULL, exit_main, in) != 0) return -1;
    pthread_detach(thread);
    return 0;
}

static int only_thread(hw_interp *in) {
    if (!PyInterpreterState_ThreadHead || !PyThreadState_Next) return 0;
    PyThreadState *first = PyInterpreterState_ThreadHead(in->is);
    return first == in->boss && !PyThreadState_Next(first);
}

static void run_shut_down(hw_interp *in) {
    PyObject *r = PyObject_CallFunctionObjArgs(in->f.shut_down, NULL);
    if (!r) log_exception(in, engine.server, "", "Exception raised when the interpreter was shut down.");
    Py_DecRef(r);
}

/* Go's threads live on, but not for Python. */
static void end_adopted(hw_interp *in) {
    for (uint32_t i = 1; i <= engine.nworkers; i++) {
        worker *w = engine.workers[i];
        if (!w->adopted || in->id >= w->nstates || !w->states[in->id]) continue;
        PyThreadState_Clear(w->states[in->id]);
        PyThreadState_Delete(w->states[in->id]);
        w->states[in->id] = NULL;
    }
}

static void teardown(int destroy) {
    hw_interp *main_ = engine.interps;
    int left = 0;
    if (!destroy) return;
    if (main_->next) log_format(engine.server, 6, "", "Destroying Python sub-interpreters.");
    for (hw_interp *in = main_->next; in; in = in->next) {
        if (__atomic_load_n(&in->state, __ATOMIC_ACQUIRE) != 1) {
            left += in->is != NULL;
            continue;
        }
        log_format(engine.server, 6, "", "Destroying sub-interpreter '%s'.", in->name);
        __atomic_store_n(&in->state, 2, __ATOMIC_RELEASE);
        PyEval_RestoreThread(in->boss);
        end_adopted(in);
        run_shut_down(in);
        if (only_thread(in)) { /* CPython aborts the process if there are others, daemon threads for instance */
            Py_EndInterpreter(in->boss);
            PyThreadState_Swap(main_->boss);
        } else left++;
        PyEval_SaveThread();
    }
    PyEval_RestoreThread(main_->boss);
    end_adopted(main_);
    log_format(engine.server, 6, "", "Terminating Python runtime.");
    __atomic_store_n(&main_->state, 2, __ATOMIC_RELEASE);
    if (left) {
        run_shut_down(main_);
        PyEval_SaveThread();
    } else Py_FinalizeEx();
    log_format(engine.server, 6, "", "Python runtime has shut down.");
}

static void interrupt(const command *m) {
    worker *w = NULL;
    take_interp(m->interp, m->interp->boss);
    for (uint32_t i = 0; i <= engine.nworkers && !w; i++)
        if (engine.workers[i]->handle == m->handle) w = engine.workers[i];
    if (w) {
        w->interrupted = 1;
        PyThreadState_SetAsyncExc((unsigned long)w->thread, m->interp->f.RequestTimeout);
    }
    give_interp(m->interp);
}

void *boss_main(void *unused) {
    (void)unused;
    usual_timers();
    self = &engine.boss;
    hw_interp *main_ = engine.interps;
    char *error = initialize();
    if (!error && find_exceptions() < 0) error = message("libpython lacks the exception types");
    if (!error) {
        main_->boss = PyThreadState_Get();
        int minor = 0;
        engine.unfair = sscanf(Py_GetVersion(), "3.%d", &minor) == 1 && minor < 13;
        main_->is = PyThreadState_GetInterpreter(main_->boss);
        pthread_atfork(NULL, NULL, forked_child);
        take_faults();
        /* bootstrap.py of a service sets a handler for SIGINT, for hw_exit to set off; the signal itself stays with Go. */
        struct sigaction go;
        sigaction(SIGINT, NULL, &go);
        int furnished = furnish(main_);
        if (engine.config.service) sigaction(SIGINT, &go, NULL);
        if (furnished < 0) {
            log_exception(main_, engine.server, "WSGI0104", "Unable to prepare the main interpreter.");
            error = message("the main interpreter could not be prepared; the error log has the exception");
        }
        PyEval_SaveThread();
        __atomic_store_n(&main_->state, error ? -1 : 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_lock(&engine.lock);
    engine.error = error;
    engine.started = 1;
    pthread_cond_broadcast(&engine.changed);
    for (int end = error != NULL; !end;) {
        command *m = engine.commands;
        if (!m) {
            pthread_cond_wait(&engine.changed, &engine.lock);
            continue;
        }
        engine.commands = m->next;
        if (!engine.commands) engine.commands_end = &engine.commands;
        pthread_mutex_unlock(&engine.lock);
        switch (m->kind) {
        case MAKE: make_interpreter(m->interp); break;
        case RUN:
            run_call(&engine.boss, m->call);
            detach(&engine.boss);
            break;
        case INTERRUPT: interrupt(m); break;
        case CONTROL: control_all(m->what, m->text); break;
        case TEARDOWN:
            teardown(m->destroy);
            end = 1;
            break;
        }
        pthread_mutex_lock(&engine.lock);
        m->done = 1;
        pthread_cond_broadcast(&engine.changed);
        command_free(m);
    }
    pthread_mutex_unlock(&engine.lock);
    return NULL;
}
