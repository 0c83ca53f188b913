/* What the C files of this package share. shim.h is what Go sees of them. */
#ifndef HW_ENGINE_H
#define HW_ENGINE_H

#include "python.h"
#include "shim.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/futex.h>

#pragma GCC visibility push(hidden)

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

/* What C uses of bootstrap.py. */
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

struct engine {
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
    int loaded;           /* atomic: a script was loaded without an exception */
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
};
extern struct engine engine;
void take_faults(void); /* worker.c */
extern __thread worker *self; /* the worker that the current thread is, or NULL */

static inline int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline double epoch(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void relax(void) {
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

/* The process may have been given coarse timers (package mpm does that): applications shall sleep as precisely as elsewhere. Threads
 * that they start inherit it. */
static inline void usual_timers(void) { prctl(PR_SET_TIMERSLACK, 50000UL, 0, 0, 0); }

static inline void futex_wait(uint32_t *at, uint32_t value) { syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0); }
static inline int futex_wait_for(uint32_t *at, uint32_t value, const struct timespec *limit) { /* whether the time is up */
    return syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, value, limit, NULL, 0) < 0 && errno == ETIMEDOUT;
}
static inline void futex_wake(uint32_t *at) { syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

enum { FORM_HEAD = 40, FORM_MULTITHREAD = 1, FORM_MULTIPROCESS = 2, FORM_RUN_ONCE = 4, FORM_HTTPS = 8, FORM_BODY_END = 16 };

typedef struct form {
    const unsigned char *p, *end; /* what is left of the pairs */
    uint32_t flags, pairs;
    double start[3];
    const unsigned char *body;
    uint32_t body_n;
} form;

typedef struct command {
    struct command *next;
    enum { MAKE = 1, RUN, INTERRUPT, CONTROL, TEARDOWN } kind;
    hw_interp *interp;
    hw_call *call;
    int64_t handle;
    int destroy, done, refs;
    char *what, *text;
} command;

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

/* How handing over a part of the response went. */
enum { SENT = 0, RAISED = -1, GONE = 1 };

extern PyMethodDef start_response_def, functions[]; /* functions ends with an empty one */

/* engine.c */
int append(hw_buf *b, const void *p, size_t n);
int append_u32(hw_buf *b, uint32_t v);

/* message.c */
void post(hw_call *c, uint32_t bits);
void settle(hw_call *c, int attached);
void post_op(hw_call *c, int op);
hw_call *log_call(void);
void log_format(hw_call *c, int level, const char *code, const char *format, ...) __attribute__((format(printf, 4, 5)));
void log_lines(hw_call *c, int level, const char *code, const char *p, size_t n);
void log_stream(hw_call *c, hw_buf *begun, const char *p, size_t n);
void log_flush(hw_call *c, hw_buf *begun);
void log_throttle(hw_call *c);
char *where(const hw_interp *in);
void log_exception(hw_interp *in, hw_call *c, const char *code, const char *head);
char *exception_name(void);

/* form.c */
uint32_t u32(const unsigned char *p);
int form_open(form *f, const unsigned char *p, size_t n);
int set_new_named(PyObject *dict, const char *key, PyObject *value);
PyObject *environ_of(hw_interp *in, form *f, int whole, PyObject *handle, int *malformed);

/* stream.c */
worker *enter(PyObject *handle, const char *operation, const char *of);
void hold(worker *w);
void leave(worker *w);
int arguments(const char *name, Py_ssize_t n, Py_ssize_t least, Py_ssize_t most);
PyObject *bad_type(const char *format, PyObject *o);

/* response.c */
int put_header(hw_call *c, const char *name, size_t nn, const char *value, size_t vn);
int64_t content_length(const hw_call *c);
int output(worker *w, const char *p, size_t n, int wait);

/* interp.c */
void take_interp(hw_interp *in, PyThreadState *state);
void give_interp(hw_interp *in);
void gave_interp(hw_interp *in); /* the same, for a thread state that is no more */
void detach(worker *w);
int attach(worker *w, hw_interp *in);
void sweep(int all);
int furnish(hw_interp *in);

/* boss.c */
command *command_new(int kind, int waited_for);
void command_send(command *m);
int command_run(command *m, int timeout);
int have_interpreter(worker *w, hw_interp *in);
void *boss_main(void *unused);

/* script.c */
void log_script_exception(hw_interp *in, hw_call *c, const char *path);
PyObject *script_object(hw_interp *in, hw_call *c);

/* request.c */
void run_application(worker *w, hw_interp *in, hw_call *c, PyObject *application, PyObject *handle, form *f);
void run_function(worker *w, hw_interp *in, hw_call *c, PyObject *function, PyObject *handle, form *f);

/* worker.c */
void run_call(worker *w, hw_call *c);
void wake(worker *w);
void *monitor_main(void *unused);

#pragma GCC visibility pop

#endif
