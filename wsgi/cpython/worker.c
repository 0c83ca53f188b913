#include <signal.h>
//go:build linux && cgo && !nopython

/* The threads that run calls, and which of them runs what. */
#define _GNU_SOURCE
#include "engine.h"

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
    if (w->attached) hold(w); /* a thread of the application may be reading from the request still */
    else pthread_mutex_lock(&w->lock);
    log_flush(w->call, &w->line);
    log_flush(w->call, &w->std_line);
    w->handle = 0;
    w->call = NULL;
    leave(w);
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

void run_call(worker *w, hw_call *c) {
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

void wake(worker *w) {
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
void *monitor_main(void *unused) {
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

/* Python on a thread of Go's that faults ends the process by the signal, as it does on any other thread: Go's own handler would print
 * its stacks and exit with a status. Faults of Go code stay Go's. */
static __thread volatile int here;
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
static struct sigaction gos[sizeof faults / sizeof *faults];

static void fault(int sig, siginfo_t *info, void *context) {
    if (here || self) {
        signal(sig, SIG_DFL);
        if (info->si_code <= 0) raise(sig); /* sent, not met: it won't come again by itself */
        return;
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i] == sig) gos[i].sa_sigaction(sig, info, context);
}

void take_faults(void) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (sigaction(faults[i], NULL, &gos[i]) || !(gos[i].sa_flags & SA_SIGINFO)) continue;
        struct sigaction ours = gos[i];
        ours.sa_sigaction = fault;
        sigaction(faults[i], &ours, NULL);
    }
}

int hw_submit(hw_call *c) {
    hw_script *s = c->script;
    worker *w = NULL;
    uint32_t average = __atomic_load_n(&s->average, __ATOMIC_RELAXED);
    c->next = NULL;
    c->here = 0;
    if (average < SHORT && !__atomic_load_n(&s->talkative, __ATOMIC_RELAXED)) {
        here = 1;
        int done = submit_here(c, average);
        here = 0;
        if (done) return 1;
    }
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
