//go:build linux && cgo && !nopython

/* See shim.h and docs/internals-python.md. */
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <linux/futex.h>

/* ---- libpython ---- */

typedef struct PyObject_ PyObject;
typedef struct PyThreadState_ PyThreadState;
typedef struct PyInterpreterState_ PyInterpreterState;
typedef struct PyInitConfig_ PyInitConfig;
typedef ssize_t Py_ssize_t;
typedef PyObject *(*PyCFunctionFast)(PyObject *, PyObject *const *, Py_ssize_t);
typedef struct { const char *ml_name; PyCFunctionFast ml_meth; int ml_flags; const char *ml_doc; } PyMethodDef;

enum { METH_FASTCALL = 0x80, Py_file_input = 257 };

/* Functions of the stable ABI (and a few that were never in it but are exported by every CPython from 3.9 on). */
#define FUNCTIONS \
    X(const char *, Py_GetVersion, (void)) \
    X(int, Py_IsInitialized, (void)) \
    X(int, Py_FinalizeEx, (void)) \
    X(PyThreadState *, Py_NewInterpreter, (void)) \
    X(void, Py_EndInterpreter, (PyThreadState *)) \
    X(PyThreadState *, PyThreadState_New, (PyInterpreterState *)) \
    X(PyThreadState *, PyThreadState_Get, (void)) \
    X(PyThreadState *, PyThreadState_Swap, (PyThreadState *)) \
    X(PyInterpreterState *, PyThreadState_GetInterpreter, (PyThreadState *)) \
    X(void, PyThreadState_Clear, (PyThreadState *)) \
    X(void, PyThreadState_Delete, (PyThreadState *)) \
    X(void, PyThreadState_DeleteCurrent, (void)) \
    X(int, PyThreadState_SetAsyncExc, (unsigned long, PyObject *)) \
    X(PyThreadState *, PyEval_SaveThread, (void)) \
    X(void, PyEval_RestoreThread, (PyThreadState *)) \
    X(PyObject *, PyEval_GetBuiltins, (void)) \
    X(PyObject *, PyEval_EvalCode, (PyObject *, PyObject *, PyObject *)) \
    X(PyObject *, Py_CompileString, (const char *, const char *, int)) \
    X(void, Py_IncRef, (PyObject *)) \
    X(void, Py_DecRef, (PyObject *)) \
    X(PyObject *, PyErr_Occurred, (void)) \
    X(void, PyErr_Clear, (void)) \
    X(void, PyErr_Fetch, (PyObject **, PyObject **, PyObject **)) \
    X(void, PyErr_Restore, (PyObject *, PyObject *, PyObject *)) \
    X(void, PyErr_NormalizeException, (PyObject **, PyObject **, PyObject **)) \
    X(int, PyErr_ExceptionMatches, (PyObject *)) \
    X(PyObject *, PyErr_Format, (PyObject *, const char *, ...)) \
    X(void, PyErr_SetString, (PyObject *, const char *)) \
    X(PyObject *, PyErr_NoMemory, (void)) \
    X(int, PyException_SetTraceback, (PyObject *, PyObject *)) \
    X(PyObject *, PyDict_New, (void)) \
    X(PyObject *, PyDict_Copy, (PyObject *)) \
    X(int, PyDict_SetItem, (PyObject *, PyObject *, PyObject *)) \
    X(int, PyDict_SetItemString, (PyObject *, const char *, PyObject *)) \
    X(PyObject *, PyDict_GetItemWithError, (PyObject *, PyObject *)) \
    X(PyObject *, PyDict_GetItemString, (PyObject *, const char *)) \
    X(PyObject *, PyModule_GetDict, (PyObject *)) \
    X(PyObject *, PyUnicode_DecodeLatin1, (const char *, Py_ssize_t, const char *)) \
    X(PyObject *, PyUnicode_DecodeFSDefaultAndSize, (const char *, Py_ssize_t)) \
    X(PyObject *, PyUnicode_DecodeFSDefault, (const char *)) \
    X(PyObject *, PyUnicode_FromStringAndSize, (const char *, Py_ssize_t)) \
    X(PyObject *, PyUnicode_InternFromString, (const char *)) \
    X(PyObject *, PyUnicode_AsLatin1String, (PyObject *)) \
    X(const char *, PyUnicode_AsUTF8AndSize, (PyObject *, Py_ssize_t *)) \
    X(PyObject *, PyBytes_FromStringAndSize, (const char *, Py_ssize_t)) \
    X(int, PyBytes_AsStringAndSize, (PyObject *, char **, Py_ssize_t *)) \
    X(PyObject *, PyLong_FromLongLong, (long long)) \
    X(long long, PyLong_AsLongLong, (PyObject *)) \
    X(PyObject *, PyFloat_FromDouble, (double)) \
    X(PyObject *, PyTuple_New, (Py_ssize_t)) \
    X(int, PyTuple_SetItem, (PyObject *, Py_ssize_t, PyObject *)) \
    X(Py_ssize_t, PyTuple_Size, (PyObject *)) \
    X(PyObject *, PyTuple_GetItem, (PyObject *, Py_ssize_t)) \
    X(Py_ssize_t, PyList_Size, (PyObject *)) \
    X(PyObject *, PyList_GetItem, (PyObject *, Py_ssize_t)) \
    X(PyObject *, PyObject_Type, (PyObject *)) \
    X(int, PyObject_IsInstance, (PyObject *, PyObject *)) \
    X(int, PyObject_IsTrue, (PyObject *)) \
    X(PyObject *, PyObject_Repr, (PyObject *)) \
    X(PyObject *, PyObject_GetAttr, (PyObject *, PyObject *)) \
    X(PyObject *, PyObject_GetAttrString, (PyObject *, const char *)) \
    X(int, PyObject_SetAttr, (PyObject *, PyObject *, PyObject *)) \
    X(PyObject *, PyObject_GetIter, (PyObject *)) \
    X(PyObject *, PyIter_Next, (PyObject *)) \
    X(PyObject *, PyObject_Call, (PyObject *, PyObject *, PyObject *)) \
    X(PyObject *, PyObject_CallObject, (PyObject *, PyObject *)) \
    X(PyObject *, PyObject_CallFunctionObjArgs, (PyObject *, ...)) \
    X(PyObject *, PyCFunction_NewEx, (PyMethodDef *, PyObject *, PyObject *)) \
    X(wchar_t *, Py_DecodeLocale, (const char *, size_t *))

/* Functions and variables that some versions lack. */
#define OPTIONAL_FUNCTIONS \
    X(void, Py_InitializeEx, (int)) \
    X(void, Py_SetProgramName, (const wchar_t *)) \
    X(void, Py_SetPythonHome, (const wchar_t *)) \
    X(void, PySys_AddWarnOption, (const wchar_t *)) \
    X(PyObject *, PyObject_Vectorcall, (PyObject *, PyObject *const *, size_t, PyObject *)) \
    X(PyThreadState *, PyInterpreterState_ThreadHead, (PyInterpreterState *)) \
    X(PyThreadState *, PyThreadState_Next, (PyThreadState *)) \
    X(void, PyOS_AfterFork_Child, (void)) \
    X(PyInitConfig *, PyInitConfig_Create, (void)) \
    X(void, PyInitConfig_Free, (PyInitConfig *)) \
    X(int, PyInitConfig_SetInt, (PyInitConfig *, const char *, int64_t)) \
    X(int, PyInitConfig_SetStr, (PyInitConfig *, const char *, const char *)) \
    X(int, PyInitConfig_SetStrList, (PyInitConfig *, const char *, size_t, char *const *)) \
    X(int, PyInitConfig_GetError, (PyInitConfig *, const char **)) \
    X(int, Py_InitializeFromInitConfig, (PyInitConfig *))

#define X(result, name, arguments) static result(*name) arguments;
FUNCTIONS
OPTIONAL_FUNCTIONS
#undef X

/* Objects */
static PyObject *None, *True, *False;                                       /* _Py_NoneStruct ... */
static PyObject *List_Type, *Tuple_Type, *Unicode_Type, *Bytes_Type;        /* PyList_Type ... */
static PyObject *TypeError, *ValueError, *RuntimeError, *OSError, *SystemExit; /* *PyExc_TypeError ... */
static void *lib;

static char *message(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *message(const char *format, ...) {
    char *text = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) text = NULL;
    va_end(list);
    return text;
}

char *hw_load(const char *library) {
    void *h = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
    if (!h) return message("%s", dlerror());
    const char *missing = NULL;
    /* dlsym returns void*, which ISO C does not convert to a function pointer: POSIX has it copied through its storage. */
#define LOOKUP(variable, name, needed) \
    do { void *p_ = dlsym(h, name); if (!p_ && (needed) && !missing) missing = name; memcpy(&variable, &p_, sizeof p_); } while (0)
#define X(result, name, arguments) LOOKUP(name, #name, 1);
    FUNCTIONS
#undef X
#define X(result, name, arguments) LOOKUP(name, #name, 0);
    OPTIONAL_FUNCTIONS
#undef X
    LOOKUP(None, "_Py_NoneStruct", 1);
    LOOKUP(True, "_Py_TrueStruct", 1);
    LOOKUP(False, "_Py_FalseStruct", 1);
    LOOKUP(List_Type, "PyList_Type", 1);
    LOOKUP(Tuple_Type, "PyTuple_Type", 1);
    LOOKUP(Unicode_Type, "PyUnicode_Type", 1);
    LOOKUP(Bytes_Type, "PyBytes_Type", 1);
#undef LOOKUP
    if (!Py_InitializeEx && !Py_InitializeFromInitConfig) missing = "Py_InitializeEx";
    if (missing) {
        char *m = message("%s lacks %s: not a libpython of CPython 3.9 or newer", library, missing);
        dlclose(h);
        return m;
    }
    lib = h;
    return NULL;
}

/* The exception types are variables that Python sets when it is initialised. */
static int find_exceptions(void) {
    struct { PyObject **at; const char *name; } list[] = {
        {&TypeError, "PyExc_TypeError"}, {&ValueError, "PyExc_ValueError"}, {&RuntimeError, "PyExc_RuntimeError"},
        {&OSError, "PyExc_OSError"}, {&SystemExit, "PyExc_SystemExit"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        PyObject **p = dlsym(lib, list[i].name);
        if (!p || !*p) return -1;
        *list[i].at = *p;
    }
    return 0;
}

const char *hw_version(void) { return Py_GetVersion(); }

/* The type of an object, borrowed: the object keeps it. */
static PyObject *type_of(PyObject *o) {
    PyObject *t = PyObject_Type(o);
    Py_DecRef(t);
    return t;
}

static PyObject *none(void) {
    Py_IncRef(None);
    return None;
}

/* ---- structures ---- */

enum {
    COPY = 64 << 10,     /* response chunks up to this size are copied, so that Python goes on while Go writes them */
    IN_BUFFER = 64 << 10,/* body bytes asked for at once */
    RECORD = 8 << 10,    /* longest log record, bytes */
    CACHED = 128,        /* longest environ value kept for the next request, bytes */
    LOG_BACKLOG = 1024,  /* records of one call not yet written by Go before the writer is made to wait */
    WORKER_BITS = 20,
    /* Nanoseconds, where nothing else is said. Measured reasons are in docs/internals-python.md. */
    SHORT = 1000000,     /* a script whose calls take less on average is run one call at a time: more threads would fight for the GIL */
    BRIEF = 5000,        /* ... and for one that takes less even than this, waiting by spinning is cheaper than sleeping */
    STALE = 1000000,     /* no call begun or ended for this long: whoever is running is not going to take the next one soon */
    TICK = 1000000,      /* how often the monitor looks for that */
    IDLE_SECONDS = 10,   /* seconds, after which a thread that has nothing to do makes room for one of Go's, if there is a call for that */
    SWEEP = 10000000,    /* how often a thread that keeps the GIL is made to let another interpreter have it */
    TALKATIVE = 64       /* calls for which a script that streams or logs is not run on the goroutine's own thread */
};

/* What shim.c uses of bootstrap.py. */
#define NAMES \
    X(Input) X(Errors) X(FileWrapper) X(RequestTimeout) X(file_region) X(describe) X(compile_script) X(run_script) X(reload_required) X(strings) X(forget) \
    X(event_callbacks) X(request_started) X(response_started) X(request_exception) X(request_finished) X(control) X(shut_down)
struct names {
#define X(name) PyObject *name;
    NAMES
#undef X
};

/* Interned strings. */
#define STRINGS \
    X(_handle, "_handle") X(close, "close") X(mtime, "__mtime__") X(reload_required, "reload_required") \
    X(url_scheme, "wsgi.url_scheme") X(input, "wsgi.input") X(errors, "wsgi.errors") X(thread_id, "mod_wsgi.thread_id") \
    X(request_start, "mod_wsgi.request_start") X(queue_start, "mod_wsgi.queue_start") X(daemon_start, "mod_wsgi.daemon_start") \
    X(application_start, "mod_wsgi.application_start") X(http, "http") X(https, "https")
struct strings {
#define X(name, text) PyObject *name;
    STRINGS
#undef X
};

typedef struct module {
    struct module *next;
    const char *path; /* of a hw_script */
    PyObject *module, *dict;
    int64_t mtime; /* of the last look at __mtime__ */
} module;

typedef struct { PyObject *name; module *module; } binding;
typedef struct { PyObject *value; uint32_t n; char bytes[CACHED]; } cached;

struct hw_interp {
    hw_interp *next;
    char *name, *options;
    uint32_t id;
    int state;            /* atomic: 0 to be made, 1 ready, -1 failed, 2 ended */
    PyInterpreterState *is;
    PyThreadState *boss;  /* the boss thread's */
    uint32_t attached;    /* atomic: threads of ours that have taken it */
    uint32_t sweep;       /* futex: 1 sweep */
    int sweeper;          /* it has a sweeper thread */
    /* the rest is touched only by who is attached to the interpreter */
    struct names f;
    struct strings s;
    PyObject **keys;
    cached **cache;
    PyObject *templates[8]; /* environs of what is the same in every request, by multithread, multiprocess, run_once */
    PyObject *version, *apache_version;
    module *modules;
    binding **bindings;   /* by script id */
    uint32_t nbindings;
};

struct hw_script {
    hw_script *next;
    uint32_t id;
    char *path, *callable, module[48];
    uint32_t average;   /* atomic: how long its calls take, nanoseconds */
    uint32_t talkative; /* atomic: calls to go until it is believed to be silent */
};

typedef struct response {
    int started, sent, complete;
    int64_t written, writes;
} response;

typedef struct worker {
    struct worker *next;     /* in the stack of idle workers */
    uint32_t number;         /* from 1; the boss is 0 */
    int adopted;             /* it is a thread of Go's that runs Python now and then */
    uint32_t busy;           /* atomic: taken; by the adopted thread while it runs a call, by any other for ever */
    int brief;               /* it runs a call of a short script */
    pthread_t thread;
    uint32_t wake;           /* futex: 0 asleep or about to be, 1 woken */
    uint64_t sequence;       /* of requests, part of their handles */
    hw_interp *attached;
    PyThreadState **states;  /* by interpreter id */
    uint32_t nstates;
    PyThreadState **old;     /* of the adopted thread that was this worker before, to be ended */
    uint32_t nold;
    hw_call *call;           /* being run */
    pthread_mutex_t lock;    /* one operation at a time of the running call, and its end */
    /* the request */
    int64_t handle;
    PyObject *environ;
    response response;
    const unsigned char *in; /* body bytes at hand */
    size_t in_n;
    int in_eof, in_failed, in_asked, used_data, interrupted;
    int64_t in_reads, in_length;
    int64_t begun;           /* when the application was about to be called */
    int loaded;              /* the script was loaded for this request, or waited for */
    hw_buf line;             /* wsgi.errors: the line begun */
    hw_buf std_line;         /* sys.stdout and sys.stderr: the line begun on this thread */
} worker;

static struct {
    hw_config config;
    char *bootstrap, *process;
    int ready_fd, forked;
    hw_call *server; /* records that belong to no request */

    pthread_mutex_t lock; /* guards what follows, and is held for a few instructions only */
    pthread_cond_t changed;
    hw_call *head, *tail; /* calls that wait for a worker */
    worker *idle;         /* last in, first out, so that few threads stay warm */
    worker **workers;     /* by number */
    worker *spare;        /* those of threads that ended */
    uint32_t nworkers, running_workers, sweepers, adopted, most_adopted;
    int wanted;           /* a thread of Go's was to be adopted, but there were as many threads as may be */
    uint32_t searching, running, brief; /* workers that look for a call; that run one; of these, a short one */
    uint32_t here;        /* atomic: a call runs on a thread of Go's */
    int64_t progress;     /* when a call was last begun or ended */
    int stopping, started, monitoring;
    pthread_cond_t monitor;
    int unfair;           /* this CPython lets a busy thread of one interpreter starve all others */
    uint32_t busy_interps;/* atomic: interpreters that are attached to */
    uint32_t held;        /* calls left to a worker that is at work already, since the monitor last looked */
    hw_interp *interps;
    hw_script *scripts;
    uint32_t ninterps, nscripts;
    struct command *commands, **commands_end;

    pthread_mutex_t load_lock; /* one script is looked at and loaded at a time */
    worker boss;
    char *error;
} engine = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .monitor = PTHREAD_COND_INITIALIZER,
            .load_lock = PTHREAD_MUTEX_INITIALIZER};

static hw_call *ready; /* atomic */
static __thread worker *self;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double epoch(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void relax(void) {
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

/* The process may have been given coarse timers (package mpm does that): applications shall sleep as precisely as elsewhere. Threads
 * that they start inherit it. */
static void usual_timers(void) { prctl(PR_SET_TIMERSLACK, 50000UL, 0, 0, 0); }

static void futex_wait(uint32_t *at, uint32_t value) { syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0); }
static int futex_wait_for(uint32_t *at, uint32_t value, const struct timespec *limit) { /* whether the time is up */
    return syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, value, limit, NULL, 0) < 0 && errno == ETIMEDOUT;
}
static void futex_wake(uint32_t *at) { syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

int hw_reserve(hw_buf *b, size_t n) {
    if (n <= b->cap) return 0;
    size_t cap = b->cap ? b->cap : 512;
    while (cap < n) cap *= 2;
    char *p = realloc(b->p, cap);
    if (!p) return -1;
    b->p = p;
    b->cap = cap;
    return 0;
}

static int append(hw_buf *b, const void *p, size_t n) {
    if (hw_reserve(b, b->n + n) < 0) return -1;
    if (n) memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

static int append_u32(hw_buf *b, uint32_t v) { return append(b, &v, sizeof v); }

/* ---- messages to Go ---- */

static void post(hw_call *c, uint32_t bits) {
    uint32_t old = __atomic_fetch_or(&c->state, bits | HW_QUEUED, __ATOMIC_ACQ_REL);
    if (old & HW_QUEUED) return; /* Go has not looked yet. With HW_DONE, c is Go's from here on */
    c->pushes++;
    hw_call *head = __atomic_load_n(&ready, __ATOMIC_RELAXED);
    do c->next = head;
    while (!__atomic_compare_exchange_n(&ready, &head, c, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (!head) { /* whoever makes the list non-empty wakes Go, which then takes all of it */
        uint64_t one = 1;
        ssize_t ignored = write(engine.ready_fd, &one, sizeof one);
        (void)ignored;
    }
}

hw_call *hw_take_ready(void) { return __atomic_exchange_n(&ready, NULL, __ATOMIC_ACQ_REL); }

/* Wait until Go has settled the operation under way. Gives the interpreter away meanwhile if attached. */
static void settle(hw_call *c, int attached) {
    if (__atomic_load_n(&c->ack, __ATOMIC_ACQUIRE) == 1) return;
    PyThreadState *state = attached ? PyEval_SaveThread() : NULL;
    uint32_t expected = 0;
    if (__atomic_compare_exchange_n(&c->ack, &expected, 2, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        while (__atomic_load_n(&c->ack, __ATOMIC_ACQUIRE) == 2) futex_wait(&c->ack, 2);
    if (attached) PyEval_RestoreThread(state);
}

void hw_ack(hw_call *c) {
    if (__atomic_exchange_n(&c->ack, 1, __ATOMIC_ACQ_REL) == 2) futex_wake(&c->ack);
}

static void post_op(hw_call *c, int op) {
    c->op = op;
    __atomic_store_n(&c->ack, 0, __ATOMIC_RELAXED);
    post(c, HW_OP);
}

/* ---- log records ---- */

static void log_to(hw_call *c, int level, const char *code, const char *text, size_t n) {
    if (__atomic_load_n(&engine.forked, __ATOMIC_RELAXED)) { /* no Go in a forked child */
        ssize_t ignored = write(2, text, n);
        ignored = write(2, "\n", 1);
        (void)ignored;
        return;
    }
    hw_log *r = malloc(sizeof *r + n + 1);
    if (!r) return;
    r->level = level;
    snprintf(r->code, sizeof r->code, "%s", code);
    memcpy(r->text, text, n);
    r->text[n] = 0;
    r->n = n;
    hw_log *head = __atomic_load_n(&c->logs, __ATOMIC_RELAXED);
    do r->next = head;
    while (!__atomic_compare_exchange_n(&c->logs, &head, r, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    __atomic_fetch_add(&c->nlogs, 1, __ATOMIC_ACQ_REL);
    c->talk = 1;
    post(c, HW_LOG);
}

void hw_logs_free(hw_log *r, hw_call *c) {
    uint32_t n = 0;
    while (r) {
        hw_log *next = r->next;
        free(r);
        r = next;
        n++;
    }
    __atomic_fetch_sub(&c->nlogs, n, __ATOMIC_ACQ_REL);
}

/* The call whose log the current thread writes to. */
static hw_call *log_call(void) { return self && self->call ? self->call : engine.server; }

static void log_format(hw_call *c, int level, const char *code, const char *format, ...) __attribute__((format(printf, 4, 5)));
static void log_format(hw_call *c, int level, const char *code, const char *format, ...) {
    char *text = NULL;
    va_list list;
    va_start(list, format);
    int n = vasprintf(&text, format, list);
    va_end(list);
    if (n < 0) return;
    log_to(c, level, code, text, (size_t)n);
    free(text);
}

/* Text of several lines: a record for each. */
static void log_lines(hw_call *c, int level, const char *code, const char *p, size_t n) {
    while (n) {
        const char *end = memchr(p, '\n', n);
        size_t line = end ? (size_t)(end - p) : n;
        size_t step = end ? line + 1 : n;
        if (line > RECORD) line = step = RECORD;
        log_to(c, level, code, p, line);
        p += step;
        n -= step;
    }
}

/* Bytes of a stream: whole lines become records, the rest stays in begun. */
static void log_stream(hw_call *c, hw_buf *begun, const char *p, size_t n) {
    while (n) {
        const char *end = memchr(p, '\n', n);
        size_t take = end ? (size_t)(end - p) : n;
        int full = 0;
        if (begun->n + take > RECORD) {
            take = RECORD - begun->n;
            end = NULL;
            full = 1;
        }
        if ((end || full) && !begun->n) log_to(c, 3, "", p, take);
        else {
            if (append(begun, p, take) < 0) return;
            if (end || full) {
                log_to(c, 3, "", begun->p, begun->n);
                begun->n = 0;
            }
        }
        if (end) take++;
        p += take;
        n -= take;
    }
}

static void log_flush(hw_call *c, hw_buf *begun) {
    if (begun->n) log_to(c, 3, "", begun->p, begun->n);
    begun->n = 0;
}

/* A writer that is far ahead of Go waits for it. */
static void log_throttle(hw_call *c) {
    if (__atomic_load_n(&c->nlogs, __ATOMIC_ACQUIRE) < LOG_BACKLOG) return;
    PyThreadState *state = PyEval_SaveThread();
    for (int i = 0; i < 5000 && __atomic_load_n(&c->nlogs, __ATOMIC_ACQUIRE) >= LOG_BACKLOG / 2; i++) usleep(1000);
    PyEval_RestoreThread(state);
}

/* "main interpreter of daemon process 'd1'" and the like, for messages. */
static char *where(const hw_interp *in) {
    const char *p = engine.process;
    char *mode = *p ? message("daemon process '%s'", p) : message("embedded mode");
    char *text = *in->name ? message("sub-interpreter '%s' %s %s", in->name, *p ? "of" : "in", mode ? mode : "") :
                             message("main interpreter %s %s", *p ? "of" : "in", mode ? mode : "");
    free(mode);
    return text;
}

/* Write the exception that is set to the log and clear it. head: the record before the traceback. */
static void log_exception(hw_interp *in, hw_call *c, const char *code, const char *head) {
    PyObject *kind = NULL, *value = NULL, *trace = NULL;
    PyErr_Fetch(&kind, &value, &trace);
    if (!kind) return;
    PyErr_NormalizeException(&kind, &value, &trace);
    if (trace && value) PyException_SetTraceback(value, trace);
    log_to(c, 3, code, head, strlen(head));
    PyObject *text = in->f.describe ? PyObject_CallFunctionObjArgs(in->f.describe, kind, value ? value : None, trace ? trace : None, NULL) : NULL;
    char *p;
    Py_ssize_t n;
    if (text && PyBytes_AsStringAndSize(text, &p, &n) == 0) log_lines(c, 3, "", p, (size_t)n);
    else {
        PyErr_Clear();
        PyObject *repr = value ? PyObject_Repr(value) : NULL;
        const char *r = repr ? PyUnicode_AsUTF8AndSize(repr, &n) : NULL;
        if (r) log_lines(c, 3, "", r, (size_t)n);
        PyErr_Clear();
        Py_DecRef(repr);
    }
    Py_DecRef(text);
    Py_DecRef(kind);
    Py_DecRef(value);
    Py_DecRef(trace);
}

/* The name of the class of the exception that is set; to be freed. */
static char *exception_name(void) {
    PyObject *kind = PyErr_Occurred();
    if (!kind) return message("Exception");
    PyObject *a, *b, *c;
    PyErr_Fetch(&a, &b, &c);
    PyObject *name = PyObject_GetAttrString(a, "__name__");
    Py_ssize_t n;
    const char *p = name ? PyUnicode_AsUTF8AndSize(name, &n) : NULL;
    char *text = message("%s", p ? p : "Exception");
    PyErr_Clear();
    Py_DecRef(name);
    PyErr_Restore(a, b, c);
    return text;
}

/* ---- the request form ---- */

enum { FORM_HEAD = 40, FORM_MULTITHREAD = 1, FORM_MULTIPROCESS = 2, FORM_RUN_ONCE = 4, FORM_HTTPS = 8, FORM_BODY_END = 16 };

typedef struct form {
    const unsigned char *p, *end; /* what is left of the pairs */
    uint32_t flags, pairs;
    double start[3];
    const unsigned char *body;
    uint32_t body_n;
} form;
typedef struct pair { uint32_t key; const char *name, *value; uint32_t name_n, value_n; } pair;

static uint32_t u32(const unsigned char *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static uint32_t u16(const unsigned char *p) { uint16_t v; memcpy(&v, p, 2); return v; }

static int form_open(form *f, const unsigned char *p, size_t n) {
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

static int set_new_named(PyObject *dict, const char *key, PyObject *value) {
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
static PyObject *environ_of(hw_interp *in, form *f, int whole, PyObject *handle, int *malformed) {
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

/* ---- handles: which request does an object belong to ---- */

/* The worker that runs the request, locked for one operation, or NULL with RuntimeError set. */
static worker *enter(PyObject *handle, const char *operation, const char *of) {
    long long h = PyLong_AsLongLong(handle);
    if (h == -1 && PyErr_Occurred()) return NULL;
    uint32_t number = (uint32_t)(h & ((1 << WORKER_BITS) - 1));
    worker *w = NULL;
    if (h > 0 && !engine.forked) {
        if (number == 0) w = &engine.boss;
        else if (number <= __atomic_load_n(&engine.nworkers, __ATOMIC_ACQUIRE)) w = engine.workers[number];
    }
    if (w && w->handle == h) {
        if (pthread_mutex_trylock(&w->lock) != 0) { /* another thread of the application is in an operation of this request */
            PyThreadState *state = PyEval_SaveThread();
            pthread_mutex_lock(&w->lock);
            PyEval_RestoreThread(state);
        }
        if (w->handle == h) return w;
        pthread_mutex_unlock(&w->lock);
    }
    PyErr_Format(RuntimeError, of ? "%s() called on %s after request completed" : "%s() called after request completed", operation, of);
    return NULL;
}

static void leave(worker *w) { pthread_mutex_unlock(&w->lock); }

static int arguments(const char *name, Py_ssize_t n, Py_ssize_t least, Py_ssize_t most) {
    if (n >= least && n <= most) return 0;
    if (least == most) PyErr_Format(TypeError, "%s() takes exactly %zd arguments (%zd given)", name, least, n);
    else PyErr_Format(TypeError, "%s() takes from %zd to %zd arguments (%zd given)", name, least, most, n);
    return -1;
}

static PyObject *bad_type(const char *format, PyObject *o) {
    PyObject *name = PyObject_GetAttrString(type_of(o), "__name__");
    if (name) PyErr_Format(TypeError, format, name);
    Py_DecRef(name);
    return NULL;
}

/* ---- wsgi.input ---- */

/* Ask Go for body bytes: more is in w->in, or w->in_eof. -1 with OSError set. n 0 only tells Go that the body is wanted. */
static int input_fill(worker *w, size_t n) {
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
        if (!w->in_asked && !w->in_eof && !w->in_failed && input_fill(w, 0) < 0) return NULL;
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
        if (input_fill(w, want) < 0) break;
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

/* ---- start_response and write ---- */

/* The latin-1 bytes of a str: those of its UTF-8 form if they are ASCII, else of a new bytes object in *owner. */
static const char *latin1(PyObject *s, Py_ssize_t *n, PyObject **owner) {
    *owner = NULL;
    if (type_of(s) != Unicode_Type && PyObject_IsInstance(s, Unicode_Type) != 1) {
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

static int put_header(hw_call *c, const char *name, size_t nn, const char *value, size_t vn) {
    if (append_u32(&c->head, (uint32_t)nn) < 0 || append_u32(&c->head, (uint32_t)vn) < 0 || append(&c->head, name, nn) < 0 ||
        append(&c->head, value, vn) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    c->nheaders++;
    return 0;
}

/* The application's Content-Length (the last wins), or -1 if there is none. -2 with ValueError set if it is no number. */
static int64_t content_length(const hw_call *c) {
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
        if (type_of(h) != Tuple_Type && PyObject_IsInstance(h, Tuple_Type) != 1) {
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

enum { SENT = 0, RAISED = -1, GONE = 1 };

/* Take an operation that Go has not looked at back, to add to it. */
static int take_back(hw_call *c) {
    if (!(__atomic_fetch_and(&c->state, ~(uint32_t)HW_OP, __ATOMIC_ACQ_REL) & HW_OP)) return 0;
    __atomic_store_n(&c->ack, 1, __ATOMIC_RELAXED);
    return 1;
}

/* Hand body bytes on. wait: until Go has written them; else they are copied, and written while Python goes on: nothing is held back for the
 * sake of what may come, but what has not been looked at when more comes is one with it. The worker is locked. */
static int output(worker *w, const char *p, size_t n, int wait) {
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
    if (type_of(args[0]) != Bytes_Type && PyObject_IsInstance(args[0], Bytes_Type) != 1) return bad_type("write() argument must be bytes, not %U", args[0]);
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
    if (info && (PyObject_IsInstance(info, Tuple_Type) != 1 || PyTuple_Size(info) != 3)) {
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
static PyMethodDef start_response_def = {"start_response", c_start_response, METH_FASTCALL, "Begin the response (PEP 3333)."};

static PyMethodDef functions[] = {
    {"c_read", c_read, METH_FASTCALL, NULL},
    {"c_readline", c_readline, METH_FASTCALL, NULL},
    {"c_check", c_check, METH_FASTCALL, NULL},
    {"c_errors_write", c_errors_write, METH_FASTCALL, NULL},
    {"c_errors_flush", c_errors_flush, METH_FASTCALL, NULL},
    {"c_std_write", c_std_write, METH_FASTCALL, NULL},
    {"c_log", c_log, METH_FASTCALL, NULL},
    {"c_request", c_request, METH_FASTCALL, NULL},
    {"c_active_requests", c_active_requests, METH_FASTCALL, NULL},
};

/* ---- interpreters ---- */

/* Take and give an interpreter. All that attach to one do it through these two. */
static void take_interp(hw_interp *in, PyThreadState *state) {
    if (__atomic_fetch_add(&in->attached, 1, __ATOMIC_RELAXED) == 0 && __atomic_add_fetch(&engine.busy_interps, 1, __ATOMIC_RELAXED) > 1 && engine.unfair &&
        !__atomic_load_n(&engine.monitoring, __ATOMIC_RELAXED)) {
        pthread_mutex_lock(&engine.lock);
        pthread_cond_signal(&engine.monitor);
        pthread_mutex_unlock(&engine.lock);
    }
    PyEval_RestoreThread(state);
}

static void give_interp(hw_interp *in) {
    PyEval_SaveThread();
    if (__atomic_sub_fetch(&in->attached, 1, __ATOMIC_RELAXED) == 0) __atomic_sub_fetch(&engine.busy_interps, 1, __ATOMIC_RELAXED);
}

static void detach(worker *w) {
    hw_interp *in = w->attached;
    w->attached = NULL;
    if (in) give_interp(in);
}

/* Take the interpreter, in the worker's own thread state for it. */
static int attach(worker *w, hw_interp *in) {
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
static void sweep(int all) {
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
static int furnish(hw_interp *in) {
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
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (set_new_named(g, functions[i].ml_name, PyCFunction_NewEx(&functions[i], NULL, NULL)) < 0) return -1;
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

/* ---- the boss: the thread that initialises Python, makes and ends interpreters, and finalises ---- */

typedef struct command {
    struct command *next;
    enum { MAKE = 1, RUN, INTERRUPT, CONTROL, TEARDOWN } kind;
    hw_interp *interp;
    hw_call *call;
    int64_t handle;
    int destroy, done, refs;
    char *what, *text;
} command;

static void command_free(command *m) { /* locked */
    if (--m->refs) return;
    free(m->what);
    free(m->text);
    free(m);
}

static command *command_new(int kind, int waited_for) {
    command *m = calloc(1, sizeof *m);
    if (m) {
        m->kind = kind;
        m->refs = 1 + waited_for;
    }
    return m;
}

static void command_send(command *m) {
    pthread_mutex_lock(&engine.lock);
    *engine.commands_end = m;
    engine.commands_end = &m->next;
    pthread_cond_broadcast(&engine.changed);
    pthread_mutex_unlock(&engine.lock);
}

/* Until what is true or timeout ms (negative: none) have gone. engine.lock is held. */
#define WAIT_UNTIL(what, timeout) \
    do { \
        struct timespec end_; \
        clock_gettime(CLOCK_REALTIME, &end_); \
        end_.tv_sec += (timeout) / 1000; \
        end_.tv_nsec += (timeout) % 1000 * 1000000L; \
        if (end_.tv_nsec >= 1000000000L) end_.tv_sec++, end_.tv_nsec -= 1000000000L; \
        while (!(what)) \
            if ((timeout) < 0) pthread_cond_wait(&engine.changed, &engine.lock); \
            else if (pthread_cond_timedwait(&engine.changed, &engine.lock, &end_) == ETIMEDOUT) break; \
    } while (0)

/* 0 done, 1 timed out. The caller is not attached. */
static int command_run(command *m, int timeout) {
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
static int have_interpreter(worker *w, hw_interp *in) {
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
    if (k->no_bytecode && (flag = dlsym(lib, "Py_DontWriteBytecodeFlag"))) *flag = 1;
    if (k->optimize && (flag = dlsym(lib, "Py_OptimizeFlag"))) *flag = k->optimize;
    if (k->utf8 && (flag = dlsym(lib, "Py_UTF8Mode"))) *flag = 1;
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

static void run_call(worker *, hw_call *);

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

static void *boss_main(void *unused) {
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
        if (furnish(main_) < 0) {
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

/* ---- scripts ---- */

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

static void log_script_exception(hw_interp *in, hw_call *c, const char *path) {
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
    }
    Py_DecRef(code);
    Py_DecRef(mtime);
    Py_DecRef(name);
    Py_DecRef(path);
    free(place);
    return dict ? 0 : -1;
}

/* The script's name, as a new reference; NULL with the outcome set. */
static PyObject *script_object(hw_interp *in, hw_call *c) {
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

/* -2: no regular file, to be iterated over. */
static int respond_file(worker *w, hw_interp *in, PyObject *result) {
    hw_call *c = w->call;
    response *r = &w->response;
    if (!r->started || r->sent) return -2;
    PyObject *region = PyObject_CallFunctionObjArgs(in->f.file_region, result, NULL);
    if (!region) return RAISED;
    if (region == None) {
        Py_DecRef(region);
        return -2;
    }
    settle(c, 1);
    c->fd = (int)PyLong_AsLongLong(PyTuple_GetItem(region, 0));
    c->offset = PyLong_AsLongLong(PyTuple_GetItem(region, 1));
    int64_t n = PyLong_AsLongLong(PyTuple_GetItem(region, 2));
    Py_DecRef(region);
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

static int respond_by_iteration(worker *w, PyObject *result) {
    PyObject *iterator = PyObject_GetIter(result), *item;
    if (!iterator) return RAISED;
    int r = SENT;
    while (r == SENT && (item = PyIter_Next(iterator))) {
        char *p;
        Py_ssize_t n;
        if (type_of(item) != Bytes_Type && PyObject_IsInstance(item, Bytes_Type) != 1) {
            bad_type("response iterable must yield bytes, not %U", item);
            r = RAISED;
        } else if (PyBytes_AsStringAndSize(item, &p, &n) < 0) r = RAISED;
        else if (n) {
            pthread_mutex_lock(&w->lock);
            r = output(w, p, (size_t)n, 0);
            pthread_mutex_unlock(&w->lock);
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

static void run_application(worker *w, hw_interp *in, hw_call *c, PyObject *application, PyObject *handle, form *f) {
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
        if (plain) r = respond_at_once(w, result, t == List_Type);
        else {
            int file = PyObject_IsInstance(result, in->f.FileWrapper);
            r = file > 0 ? respond_file(w, in, result) : -2;
            if (file < 0) PyErr_Clear();
        }
        if (r == -2) r = respond_by_iteration(w, result);
        if (r == SENT && !w->response.sent) { /* no body at all */
            c->chunk.n = 0;
            r = complete(w);
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

static void run_function(worker *w, hw_interp *in, hw_call *c, PyObject *function, PyObject *handle, form *f) {
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

/* ---- workers ---- */

static void begin(worker *w, hw_call *c) {
    memset(&w->response, 0, sizeof w->response);
    w->in_n = 0;
    w->in_eof = 1;
    w->in_failed = w->in_asked = w->used_data = w->interrupted = w->loaded = 0;
    w->in_reads = w->in_length = 0;
    c->ack = 1;
    c->outcome = HW_OK;
    c->responded = c->failed = c->last = 0;
    c->pushes = 0;
    c->talk = 0;
    c->sent = 0;
    c->content_length = -1;
    w->call = c;
    w->handle = (int64_t)(++w->sequence << WORKER_BITS | w->number);
    __atomic_store_n(&c->handle, w->handle, __ATOMIC_RELEASE);
}

/* From here on the objects of the request find it gone. */
static void end(worker *w, hw_interp *in) {
    if (w->used_data && in) {
        PyObject *h = PyLong_FromLongLong(w->handle), *r = h ? PyObject_CallFunctionObjArgs(in->f.forget, h, NULL) : NULL;
        if (!r) PyErr_Clear();
        Py_DecRef(r);
        Py_DecRef(h);
    }
    if (pthread_mutex_trylock(&w->lock) != 0) { /* a thread of the application reads from the request still */
        PyThreadState *state = w->attached ? PyEval_SaveThread() : NULL;
        pthread_mutex_lock(&w->lock);
        if (state) PyEval_RestoreThread(state);
    }
    log_flush(w->call, &w->line);
    log_flush(w->call, &w->std_line);
    w->handle = 0;
    w->call = NULL;
    pthread_mutex_unlock(&w->lock);
}

/* Remember how the script behaves. ns: for how long its application ran, the loading of it apart. */
static void measure(const hw_call *c, int64_t ns) {
    hw_script *s = c->script;
    if (c->kind == HW_PRELOAD) return;
    int64_t average = __atomic_load_n(&s->average, __ATOMIC_RELAXED);
    if (ns > INT32_MAX) ns = INT32_MAX;
    __atomic_store_n(&s->average, (uint32_t)(average + (ns - average) / 8), __ATOMIC_RELAXED);
    uint32_t talkative = __atomic_load_n(&s->talkative, __ATOMIC_RELAXED);
    if (c->talk) __atomic_store_n(&s->talkative, TALKATIVE, __ATOMIC_RELAXED);
    else if (talkative) __atomic_store_n(&s->talkative, talkative - 1, __ATOMIC_RELAXED);
}

static void run_call(worker *w, hw_call *c) {
    int64_t start = now();
    hw_interp *in = c->interp;
    c->queue_ns = start - c->submitted;
    begin(w, c);
    w->begun = start;
    if (c->queue_limit && c->queue_ns > c->queue_limit) c->outcome = HW_EXPIRED;
    else if (have_interpreter(w, in) < 0 || attach(w, in) < 0) {
        c->outcome = HW_LOAD_FAILED;
        log_format(c, 3, "WSGI0103", "Sub-interpreter '%s' could not be created.", in->name);
    }
    else {
        form f = {0};
        if (c->kind != HW_PRELOAD && (c->kind == HW_REQUEST || c->flags & HW_ENVIRON) && form_open(&f, (unsigned char *)c->form.p, c->form.n) < 0)
            c->outcome = HW_BAD_FORM;
        else {
            PyObject *o = script_object(in, c), *handle = o ? PyLong_FromLongLong(w->handle) : NULL;
            if (w->loaded) w->begun = now();
            if (handle && c->kind == HW_REQUEST) run_application(w, in, c, o, handle, &f);
            if (handle && c->kind == HW_FUNCTION) run_function(w, in, c, o, handle, &f);
            Py_DecRef(handle);
            Py_DecRef(o);
        }
    }
    if (engine.forked) _exit(1); /* a child that the application forked and let return: there is nobody to return to */
    uint32_t bits = HW_DONE | (w->response.complete ? HW_OP : 0);
    end(w, in);
    int64_t stop = now();
    c->run_ns = stop - start;
    measure(c, stop - w->begun);
    __atomic_store_n(&c->handle, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&engine.progress, stop, __ATOMIC_RELAXED);
    if (w->adopted) c->final = bits; /* its goroutine is on this very thread; state may still be looked at by the one that answers for it */
    else post(c, bits);
}

static void wake(worker *w) {
    __atomic_store_n(&w->wake, 1, __ATOMIC_RELEASE);
    futex_wake(&w->wake);
}

static void *worker_main(void *);

/* All threads that run Python. */
static uint32_t threads(void) { return engine.running_workers - engine.sweepers + engine.adopted; }

/* A worker without a thread yet. The lock is held. */
static worker *new_worker(void) {
    worker *w = engine.spare;
    if (w) {
        engine.spare = w->next;
        return w;
    }
    if (!(w = calloc(1, sizeof *w))) return NULL;
    pthread_mutex_init(&w->lock, NULL);
    w->number = engine.nworkers + 1;
    engine.workers[w->number] = w;
    __atomic_store_n(&engine.nworkers, w->number, __ATOMIC_RELEASE);
    return w;
}

/* The worker of a thread of Go's that is not running a call: a thread of ours will be it instead. The lock is held. */
static worker *retire(void) {
    for (uint32_t i = 1; i <= engine.nworkers; i++) {
        worker *w = engine.workers[i];
        uint32_t idle = 0;
        if (!w->adopted || !__atomic_compare_exchange_n(&w->busy, &idle, 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
        w->adopted = 0;
        __atomic_store_n(&engine.adopted, engine.adopted - 1, __ATOMIC_RELAXED);
        w->old = w->states;
        w->nold = w->nstates;
        w->states = NULL;
        w->nstates = 0;
        return w;
    }
    return NULL;
}

/* One more thread. The lock is held. */
static void start_worker(void) {
    pthread_attr_t attr;
    worker *w = threads() < (uint32_t)engine.config.threads ? new_worker() : retire();
    if (!w) return;
    w->busy = 1;
    w->sequence++;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (engine.config.stack) pthread_attr_setstacksize(&attr, engine.config.stack);
    if (pthread_create(&w->thread, &attr, worker_main, w) == 0) {
        engine.running_workers++;
        engine.searching++;
    } else { /* the calls wait for the workers that there are */
        w->next = engine.spare;
        engine.spare = w;
    }
    pthread_attr_destroy(&attr);
}

/* Set a sleeping worker to work, which the caller has to wake once it has let go of the lock, or start one (NULL; none is needed). */
static worker *rouse(void) {
    worker *w = engine.idle;
    if (w) {
        engine.idle = w->next;
        engine.searching++;
    } else start_worker();
    return w;
}

static int is_short(const hw_script *s) {
    return __atomic_load_n(&s->average, __ATOMIC_RELAXED) < SHORT;
}

/* End the thread states in list, of another thread, from this one. */
static void end_states(worker *w, PyThreadState **list, uint32_t n) {
    for (hw_interp *in = engine.interps; in; in = __atomic_load_n(&in->next, __ATOMIC_ACQUIRE)) {
        if (in->id >= n || !list[in->id] || attach(w, in) < 0) continue;
        PyThreadState_Clear(list[in->id]);
        PyThreadState_Delete(list[in->id]);
    }
    detach(w);
    free(list);
}

/* Nothing to do; the lock is held. Whether the worker is to end. */
static int worker_sleep(worker *w) {
    static const struct timespec limit = {IDLE_SECONDS, 0};
    engine.searching--;
    if (engine.stopping) return 1;
    __atomic_store_n(&w->wake, 0, __ATOMIC_RELAXED);
    w->next = engine.idle;
    engine.idle = w;
    pthread_mutex_unlock(&engine.lock);
    for (;;) {
        int late = 0;
        while (!__atomic_load_n(&w->wake, __ATOMIC_ACQUIRE) && !late) late = futex_wait_for(&w->wake, 0, &limit);
        pthread_mutex_lock(&engine.lock);
        worker **at = &engine.idle;
        while (*at && *at != w) at = &(*at)->next;
        if (!*at) { /* it was taken from the stack to be woken */
            pthread_mutex_unlock(&engine.lock);
            while (!__atomic_load_n(&w->wake, __ATOMIC_ACQUIRE)) futex_wait(&w->wake, 0);
            pthread_mutex_lock(&engine.lock);
            return 0;
        }
        if (engine.wanted && threads() >= (uint32_t)engine.config.threads) {
            *at = w->next;
            engine.wanted = 0;
            return 1;
        }
        pthread_mutex_unlock(&engine.lock);
    }
}

static void *worker_main(void *arg) {
    worker *w = self = arg;
    w->thread = pthread_self();
    usual_timers();
    if (w->old) end_states(w, w->old, w->nold);
    w->old = NULL;
    pthread_mutex_lock(&engine.lock);
    for (;;) { /* locked, searching */
        hw_call *c = engine.head;
        if (c) {
            worker *other = NULL;
            __atomic_store_n(&engine.head, c->next, __ATOMIC_RELAXED);
            engine.searching--;
            __atomic_fetch_add(&engine.running, 1, __ATOMIC_RELAXED);
            w->brief = is_short(c->script);
            if (w->brief) engine.brief++;
            else if (engine.head && !engine.searching) other = rouse(); /* this one stays with its call: let another see to the rest */
            __atomic_store_n(&engine.progress, now(), __ATOMIC_RELAXED);
            pthread_mutex_unlock(&engine.lock);
            if (other) wake(other);
            run_call(w, c);
            pthread_mutex_lock(&engine.lock);
            if (w->brief) engine.brief--;
            __atomic_fetch_sub(&engine.running, 1, __ATOMIC_RELAXED);
            engine.searching++;
        } else if (w->attached) { /* let go, then look again */
            pthread_mutex_unlock(&engine.lock);
            detach(w);
            pthread_mutex_lock(&engine.lock);
        } else if (worker_sleep(w)) break;
    }
    pthread_mutex_unlock(&engine.lock);
    for (uint32_t i = w->nstates; i-- > 0;) {
        if (!w->states[i]) continue;
        PyEval_RestoreThread(w->states[i]);
        PyThreadState_Clear(w->states[i]);
        PyThreadState_DeleteCurrent();
    }
    free(w->states);
    w->states = NULL;
    w->nstates = 0;
    pthread_mutex_lock(&engine.lock);
    engine.running_workers--;
    w->next = engine.spare;
    engine.spare = w;
    pthread_cond_broadcast(&engine.changed);
    pthread_mutex_unlock(&engine.lock);
    return NULL;
}

/* Looks every TICK, while calls are left to busy workers, whether these get round to them, and every SWEEP, while several interpreters are in
 * use, after their getting their turn. Otherwise it sleeps. */
static void *monitor_main(void *unused) {
    (void)unused;
    int64_t swept = 0;
    int quiet = 0;
    pthread_mutex_lock(&engine.lock);
    for (;;) {
        int shared = engine.unfair && __atomic_load_n(&engine.busy_interps, __ATOMIC_RELAXED) > 1;
        if (engine.held || engine.head) quiet = 0;
        if (quiet >= 50 && !shared) {
            __atomic_store_n(&engine.monitoring, 0, __ATOMIC_RELAXED);
            pthread_cond_wait(&engine.monitor, &engine.lock);
            __atomic_store_n(&engine.monitoring, 1, __ATOMIC_RELAXED);
            continue;
        }
        engine.held = 0;
        struct timespec tick = {0, quiet < 50 ? TICK : SWEEP};
        pthread_mutex_unlock(&engine.lock);
        nanosleep(&tick, NULL);
        pthread_mutex_lock(&engine.lock);
        int64_t t = now();
        worker *w = engine.head && t - __atomic_load_n(&engine.progress, __ATOMIC_RELAXED) > STALE ? rouse() : NULL;
        if (w) {
            pthread_mutex_unlock(&engine.lock);
            wake(w);
            pthread_mutex_lock(&engine.lock);
        }
        if (shared && t - swept > SWEEP && !engine.stopping) {
            sweep(0);
            swept = t;
        }
        if (quiet < 50) quiet++;
    }
    return NULL;
}

/* The worker that the current thread of Go's is, or becomes if it may, taken. */
static worker *adopt(void) {
    worker *w = self;
    uint32_t idle = 0;
    if (w && __atomic_compare_exchange_n(&w->busy, &idle, 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        if (w->adopted && pthread_equal(w->thread, pthread_self())) return w;
        __atomic_store_n(&w->busy, 0, __ATOMIC_RELEASE);
    }
    self = NULL; /* it was retired */
    if (__atomic_load_n(&engine.adopted, __ATOMIC_RELAXED) >= engine.most_adopted) return NULL;
    pthread_mutex_lock(&engine.lock);
    int full = threads() >= (uint32_t)engine.config.threads;
    if (full) engine.wanted = 1;
    if (!full && engine.adopted < engine.most_adopted && (w = new_worker())) {
        w->busy = w->adopted = 1;
        w->sequence++;
        w->thread = pthread_self();
        usual_timers();
        __atomic_store_n(&engine.adopted, engine.adopted + 1, __ATOMIC_RELAXED);
        self = w;
    }
    pthread_mutex_unlock(&engine.lock);
    return self;
}

/* Run the call on the goroutine's own thread. */
static void run_here(worker *w, hw_call *c) {
    __atomic_store_n(&engine.progress, c->submitted, __ATOMIC_RELAXED);
    __atomic_store_n(&c->here, 1, __ATOMIC_RELEASE);
    run_call(w, c);
    detach(w);
}

/* See to calls that were queued while this thread ran one. */
static void look_after(void) {
    pthread_mutex_lock(&engine.lock);
    worker *w = engine.head && !engine.searching ? rouse() : NULL;
    if (engine.stopping) pthread_cond_broadcast(&engine.changed);
    pthread_mutex_unlock(&engine.lock);
    if (w) wake(w);
}

/* Run the call on the goroutine's own thread, if nothing else is being run: 1. */
static int submit_here(hw_call *c, uint32_t average) {
    uint32_t free_ = 0;
    for (int i = average < BRIEF ? 100 : 1;; relax()) {
        if (!__atomic_load_n(&engine.running, __ATOMIC_RELAXED) && !__atomic_load_n(&engine.here, __ATOMIC_RELAXED)) break;
        if (!--i) return 0;
    }
    if (__atomic_load_n(&engine.head, __ATOMIC_RELAXED)) return 0;
    worker *w = adopt();
    if (!w) return 0;
    int run = __atomic_compare_exchange_n(&engine.here, &free_, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    if (run && __atomic_load_n(&engine.stopping, __ATOMIC_SEQ_CST)) {
        __atomic_store_n(&engine.here, 0, __ATOMIC_SEQ_CST);
        run = 0;
    }
    if (run) {
        c->submitted = now();
        run_here(w, c);
        /* Whoever queues a call looks at here after that; this looks at the queue after here: one of the two sees the other. */
        __atomic_store_n(&engine.here, 0, __ATOMIC_SEQ_CST);
    }
    __atomic_store_n(&w->busy, 0, __ATOMIC_RELEASE);
    if (run && (__atomic_load_n(&engine.head, __ATOMIC_SEQ_CST) || engine.stopping)) look_after();
    return run;
}

int hw_submit(hw_call *c) {
    hw_script *s = c->script;
    worker *w = NULL;
    uint32_t average = __atomic_load_n(&s->average, __ATOMIC_RELAXED);
    c->next = NULL;
    c->here = 0;
    if (average < SHORT && !__atomic_load_n(&s->talkative, __ATOMIC_RELAXED) && submit_here(c, average)) return 1;
    c->submitted = now();
    pthread_mutex_lock(&engine.lock);
    if (engine.stopping) {
        pthread_mutex_unlock(&engine.lock);
        c->outcome = HW_STOPPING;
        c->responded = 0;
        c->pushes = 0;
        c->final = HW_DONE;
        return 1;
    }
    if (engine.head) engine.tail->next = c;
    else __atomic_store_n(&engine.head, c, __ATOMIC_SEQ_CST);
    engine.tail = c;
    int brief = average < SHORT && (engine.brief || __atomic_load_n(&engine.here, __ATOMIC_SEQ_CST)) &&
                c->submitted - __atomic_load_n(&engine.progress, __ATOMIC_RELAXED) < STALE;
    if (engine.searching || brief) { /* who is at work will be through before another is awake */
        engine.held++;
        if (!__atomic_load_n(&engine.monitoring, __ATOMIC_RELAXED)) pthread_cond_signal(&engine.monitor);
    } else w = rouse();
    pthread_mutex_unlock(&engine.lock);
    if (w) wake(w);
    return 0;
}

void hw_submit_boss(hw_call *c) {
    command *m = command_new(RUN, 0);
    c->submitted = now();
    c->here = 0;
    if (!m) {
        c->outcome = HW_STOPPING;
        post(c, HW_DONE);
        return;
    }
    m->call = c;
    command_send(m);
}

void hw_interrupt(hw_call *c) {
    command *m = command_new(INTERRUPT, 0);
    if (!m) return;
    m->interp = c->interp;
    m->handle = __atomic_load_n(&c->handle, __ATOMIC_ACQUIRE);
    if (m->handle) command_send(m);
    else free(m);
}

/* ---- start, stop, names ---- */

char *hw_start(const hw_config *config, int fd, hw_call *server) {
    pthread_t thread;
    engine.config = *config;
    engine.bootstrap = strdup(config->bootstrap);
    engine.process = strdup(config->process);
    engine.ready_fd = fd;
    engine.server = server;
    engine.commands_end = &engine.commands;
    engine.workers = calloc((size_t)config->threads + 1, sizeof *engine.workers);
    engine.workers[0] = &engine.boss;
    engine.most_adopted = (uint32_t)(config->threads - 1 < config->adopt ? config->threads - 1 : config->adopt);
    pthread_mutex_init(&engine.boss.lock, NULL);
    if (pthread_create(&thread, NULL, boss_main, NULL) != 0) return message("no thread for Python: %s", strerror(errno));
    engine.boss.thread = thread;
    pthread_detach(thread);
    if (pthread_create(&thread, NULL, monitor_main, NULL) != 0) return message("no thread for Python: %s", strerror(errno));
    pthread_detach(thread);
    pthread_mutex_lock(&engine.lock);
    while (!engine.started) pthread_cond_wait(&engine.changed, &engine.lock);
    char *error = engine.error;
    pthread_mutex_unlock(&engine.lock);
    return error;
}

hw_interp *hw_group(const char *name, const char *options) {
    hw_interp *in = calloc(1, sizeof *in), **at;
    if (!in) return NULL;
    in->name = strdup(name);
    in->options = strdup(options);
    pthread_mutex_lock(&engine.lock);
    in->id = engine.ninterps++;
    for (at = &engine.interps; *at;) at = &(*at)->next;
    __atomic_store_n(at, in, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&engine.lock);
    return in;
}

hw_script *hw_script_of(const char *path, const char *callable, const char *module_name) {
    hw_script *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->path = strdup(path);
    s->callable = strdup(callable);
    snprintf(s->module, sizeof s->module, "%s", module_name);
    pthread_mutex_lock(&engine.lock);
    s->id = engine.nscripts++;
    s->next = engine.scripts;
    engine.scripts = s;
    pthread_mutex_unlock(&engine.lock);
    return s;
}

hw_call *hw_call_new(void) {
    hw_call *c = calloc(1, sizeof *c);
    if (c) c->ack = 1;
    return c;
}

void hw_call_free(hw_call *c) {
    free(c->form.p);
    free(c->args.p);
    free(c->head.p);
    free(c->chunk.p);
    free(c->in);
    free(c->result.p);
    free(c);
}

int hw_control(const char *what, const char *text, int timeout) {
    command *m = command_new(CONTROL, 1);
    if (!m) return 1;
    m->what = strdup(what);
    m->text = strdup(text);
    return command_run(m, timeout);
}

int hw_stop_workers(int timeout) {
    pthread_mutex_lock(&engine.lock);
    __atomic_store_n(&engine.stopping, 1, __ATOMIC_SEQ_CST);
    for (worker *w = engine.idle; w;) {
        worker *next = w->next;
        engine.searching++;
        wake(w);
        w = next;
    }
    engine.idle = NULL;
    sweep(1);
#define IDLE (!engine.running_workers && !__atomic_load_n(&engine.here, __ATOMIC_SEQ_CST) && !__atomic_load_n(&engine.running, __ATOMIC_SEQ_CST))
    WAIT_UNTIL(IDLE, timeout);
    int late = !IDLE;
#undef IDLE
    pthread_mutex_unlock(&engine.lock);
    return late;
}

int hw_stop_python(int destroy, int timeout) {
    command *m = command_new(TEARDOWN, 1);
    if (m) m->destroy = destroy;
    return command_run(m, timeout);
}
