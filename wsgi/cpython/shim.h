/* What Go sees of the C half of package cpython: libpython behind opaque pointers, the threads that run it, and the messages they exchange
 * with Go. Read docs/internals-python.md first: it explains threads, states and who owns which byte.
 *
 * No Python.h: every CPython function used is looked up at run time in the libpython that was loaded, so that one binary serves
 * CPython 3.9 to 3.15, and nothing here knows the layout of any Python object. */
#ifndef HW_SHIM_H
#define HW_SHIM_H

#include <stddef.h>
#include <stdint.h>

typedef struct hw_interp hw_interp; /* an interpreter: the main one or the sub interpreter of an application group */
typedef struct hw_script hw_script; /* a script file and the name wanted from it; for the life of the process */

/* What a call asks for. */
enum { HW_REQUEST = 1, HW_PRELOAD = 2, HW_FUNCTION = 3 };

/* hw_call.flags */
enum {
    HW_RELOAD = 1,         /* compare the script's modification time with hw_call.mtime, load again if it differs */
    HW_RELOAD_PROCESS = 2, /* ... and then do not load it but end the call with HW_RESTART */
    HW_ENVIRON = 4         /* HW_FUNCTION: pass an environ made from the form as first argument */
};

/* hw_call.state, by the worker for Go. HW_QUEUED: the call stands in the ready list. */
enum { HW_OP = 1, HW_LOG = 2, HW_DONE = 4, HW_QUEUED = 8 };

/* hw_call.op: what the worker asks of the goroutine that waits for the call */
enum { HW_RESPOND = 1, HW_WRITE = 2, HW_READ = 3, HW_SENDFILE = 4 };

/* hw_call.outcome. Kept in step with the Go constants of outcome.go by a test. */
enum {
    HW_OK = 0,           /* the application ended and its response was handed over whole */
    HW_EXCEPTION,        /* an exception left the application; see hw_call.responded */
    HW_TIMEOUT,          /* mod_wsgi.RequestTimeout left the application; see hw_call.responded */
    HW_GONE,             /* the client went away while the response was sent */
    HW_NO_SCRIPT,        /* the script file is missing */
    HW_LOAD_FAILED,      /* the script raised when it was loaded, or its interpreter cannot be had */
    HW_NO_CALLABLE,      /* the script has no such name */
    HW_RESTART,          /* the script changed and HW_RELOAD_PROCESS was asked for */
    HW_EXPIRED,          /* it waited in the queue for longer than hw_call.queue_limit */
    HW_STOPPING,         /* the engine is stopping: nothing was run */
    HW_BAD_FORM          /* the form is malformed: nothing was run */
};

/* hw_call.value: what a HW_FUNCTION call returned */
enum { HW_NONE = 0, HW_FALSE, HW_TRUE, HW_STRING, HW_LIST, HW_OTHER };

typedef struct hw_buf { char *p; size_t n, cap; } hw_buf;

typedef struct hw_log {
    struct hw_log *next;
    int level;    /* Apache's: 2 crit, 3 error, 4 warning, 6 info, 7 debug */
    char code[12]; /* "WSGI0174" or empty */
    size_t n;
    char text[];
} hw_log;

/* One call into Python. Allocated by hw_call_new and kept by Go, which recycles it. Between hw_submit and HW_DONE the worker owns
 * every field but those marked; after HW_DONE was taken from state, Go does. */
typedef struct hw_call {
    /* asked for by Go */
    uint32_t index, kind, flags;
    hw_interp *interp;
    hw_script *script;
    int64_t mtime;       /* of the script file, microseconds since 1970 */
    int64_t submitted;   /* CLOCK_MONOTONIC nanoseconds, set by hw_submit */
    int64_t queue_limit; /* nanoseconds, 0 none */
    hw_buf form;         /* the request form */
    hw_buf args;         /* HW_FUNCTION: u32 length + latin-1 bytes, for each argument */

    /* messages */
    uint32_t state;       /* atomic */
    uint32_t ack;         /* atomic: 0 the operation is with Go, 1 settled, 2 with Go and the worker sleeps on it */
    struct hw_call *next; /* in the ready list or in the queue of calls */
    hw_log *logs;         /* atomic, newest first */
    uint32_t nlogs;       /* atomic: records not yet written by Go */
    uint32_t here;        /* atomic: it is run on the goroutine's own thread, another goroutine has to answer its messages */
    uint32_t final;       /* hw_submit returned 1: the last state */
    int talk;             /* it had to ask or tell something before it ended */
    uint32_t pushes;      /* how often it was put into the ready list since it was submitted */

    /* an operation; valid until acknowledged */
    int op;
    int last;             /* the body is complete with this */
    hw_buf head;          /* u32 length, status line; then u32 length name, u32 length value for each header */
    uint32_t nheaders;
    int status;           /* its three digits */
    int64_t content_length; /* the application's, or -1 */
    const char *body;     /* bytes of the response, borrowed until acknowledged */
    size_t body_len;
    hw_buf chunk;         /* backs body when the worker goes on meanwhile */
    char *in;             /* HW_READ: room for body bytes */
    size_t in_cap;
    int in_whole;         /* all of it is wanted, as far as the body goes; else what there is */
    int fd;               /* HW_SENDFILE: body_len bytes from offset */
    int64_t offset;

    /* answered by Go before it acknowledges */
    int64_t reply;        /* HW_READ: bytes read, 0 at the end of the body, -1 failed, see error */
    int failed;           /* the others: 1 the client is gone, 2 failed, see error; once set it stays */
    char error[200];

    /* results */
    int64_t handle;       /* atomic: while it runs, for hw_interrupt */
    int outcome, responded;
    int64_t sent;         /* body bytes handed to Go */
    int64_t queue_ns, run_ns;
    int value;
    hw_buf result;        /* HW_FUNCTION: u32 length + bytes for each string */
} hw_call;

typedef struct hw_key { const char *name; int flags; } hw_key; /* flags: 1 filesystem encoding, 2 seldom changes, cache its last value */
enum { HW_KEY_FS = 1, HW_KEY_STABLE = 2 };

typedef struct hw_config {
    const char *library, *program, *home; /* home NULL: none */
    const char *bootstrap;                /* source of bootstrap.py */
    const char *process;                  /* daemon process group, or "" in embedded mode */
    const hw_key *keys;                   /* environ keys by number; [0] is unused; kept */
    uint32_t nkeys;
    int threads, adopt;                   /* most threads that run Python at a time; of them, most that are Go's */
    size_t stack;                         /* bytes, 0 the system's */
    int optimize, no_bytecode, utf8;
    int service;                          /* hw_exit will be called */
    int64_t hash_seed;                    /* -2 CPython's way, -1 random, else the seed */
    const char *const *warnings;
    int nwarnings;
    int apache_version[3], version[3];
} hw_config;

/* hw_load opens the library and looks all functions up. NULL, or what is wrong (to be freed). */
char *hw_load(const char *library);
/* hw_start initialises Python on a thread of its own and returns once that is done. fd: an eventfd that becomes readable when the
 * ready list is no longer empty. NULL, or what is wrong (to be freed). Once in the life of a process. */
char *hw_start(const hw_config *config, int fd, hw_call *server);
const char *hw_version(void);
int hw_loaded(void); /* whether a script was ever loaded without an exception */

hw_interp *hw_group(const char *name, const char *options); /* options: name=value lines for bootstrap.py */
hw_script *hw_script_of(const char *path, const char *callable, const char *module);

hw_call *hw_call_new(void);
void hw_call_free(hw_call *);
int hw_reserve(hw_buf *, size_t); /* room for n bytes; 0 or -1 */
/* hw_submit runs the call on the current thread if that is the quickest way (1: it is over, and final is to be taken for the state that
 * says so), or leaves it to a worker (0). Never calls back into Go. */
int hw_submit(hw_call *);
void hw_submit_boss(hw_call *);   /* to the thread that started Python: preloading */
hw_call *hw_take_ready(void);     /* the ready list, linked by next */
void hw_ack(hw_call *);           /* the operation is settled, reply is set */
void hw_logs_free(hw_log *, hw_call *);

/* Raise SystemExit in what the boss runs, a service script; hw_config.service must have been set. In the main interpreter even time.sleep is
 * left for it. */
int hw_exit(void);

/* Inject mod_wsgi.RequestTimeout into the thread that runs this call, if it still does. */
void hw_interrupt(hw_call *);

/* Have the boss take every interpreter in turn and do what bootstrap.py's control knows. Milliseconds; 0 done, 1 timed out. */
int hw_control(const char *what, const char *text, int timeout);

/* The parts of stopping, in this order. Milliseconds; 0 done, 1 timed out. */
int hw_stop_workers(int timeout);
int hw_stop_python(int destroy, int timeout);

/* 0 if the bytes are a well-formed request form; used by tests and by the decoder itself. */
int hw_form_check(const unsigned char *, size_t);

#endif
