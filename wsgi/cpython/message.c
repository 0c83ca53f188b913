//go:build linux && cgo && !nopython

/* Messages to the goroutines that wait for calls, and log records. */
#define _GNU_SOURCE
#include "engine.h"

#include <stdarg.h>

static hw_call *ready; /* atomic: calls with messages that Go was not told of yet, linked by next */

/* ---- messages to Go ---- */

void post(hw_call *c, uint32_t bits) {
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
void settle(hw_call *c, int attached) {
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

void post_op(hw_call *c, int op) {
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
hw_call *log_call(void) { return self && self->call ? self->call : engine.server; }

void log_format(hw_call *c, int level, const char *code, const char *format, ...) {
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
void log_lines(hw_call *c, int level, const char *code, const char *p, size_t n) {
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
void log_stream(hw_call *c, hw_buf *begun, const char *p, size_t n) {
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

void log_flush(hw_call *c, hw_buf *begun) {
    if (begun->n) log_to(c, 3, "", begun->p, begun->n);
    begun->n = 0;
}

/* A writer that is far ahead of Go waits for it. */
void log_throttle(hw_call *c) {
    if (__atomic_load_n(&c->nlogs, __ATOMIC_ACQUIRE) < LOG_BACKLOG) return;
    PyThreadState *state = PyEval_SaveThread();
    for (int i = 0; i < 5000 && __atomic_load_n(&c->nlogs, __ATOMIC_ACQUIRE) >= LOG_BACKLOG / 2; i++) usleep(1000);
    PyEval_RestoreThread(state);
}

/* "main interpreter of daemon process 'd1'" and the like, for messages. */
char *where(const hw_interp *in) {
    const char *p = engine.process;
    char *mode = *p ? message("daemon process '%s'", p) : message("embedded mode");
    char *text = *in->name ? message("sub-interpreter '%s' %s %s", in->name, *p ? "of" : "in", mode ? mode : "") :
                             message("main interpreter %s %s", *p ? "of" : "in", mode ? mode : "");
    free(mode);
    return text;
}

/* Write the exception that is set to the log and clear it. head: the record before the traceback. */
void log_exception(hw_interp *in, hw_call *c, const char *code, const char *head) {
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
char *exception_name(void) {
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
