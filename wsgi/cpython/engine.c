//go:build linux && cgo && !nopython

/* Starting and stopping, names, and buffers. */
#define _GNU_SOURCE
#include "engine.h"

struct engine engine = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .monitor = PTHREAD_COND_INITIALIZER,
            .load_lock = PTHREAD_MUTEX_INITIALIZER};
__thread worker *self;

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

int append(hw_buf *b, const void *p, size_t n) {
    if (hw_reserve(b, b->n + n) < 0) return -1;
    if (n) memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

int append_u32(hw_buf *b, uint32_t v) { return append(b, &v, sizeof v); }

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
    while (engine.head) { /* calls that wait are somebody else's to run */
        hw_call *c = engine.head;
        __atomic_store_n(&engine.head, c->next, __ATOMIC_RELAXED);
        c->outcome = HW_STOPPING;
        c->responded = 0;
        c->pushes = 0;
        post(c, HW_DONE);
    }
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
