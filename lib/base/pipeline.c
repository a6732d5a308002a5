/*
 * base/pipeline.c: ordered results from several threads.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/pipeline.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/memory.h"

#define REPORT_NS 50000000

struct sai_pipeline_state {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_uint_fast64_t steps;
    atomic_bool stop; /* start nothing more */
    bool alone;       /* the calling thread does all itself */
    bool taking;
    bool *finished; /* of the items in the window */
    size_t next, taken;
    unsigned running;
    int code; /* first error */
    size_t error_item;
    struct sai_error_copy error;
};

struct worker {
    struct sai_pipeline *pipeline;
    unsigned thread;
    pthread_t handle;
};

static void note_error(struct sai_pipeline_state *s, size_t item, int code)
{
    if (s->code == SELECTAI_OK || item < s->error_item) {
        s->code = code;
        s->error_item = item;
        sai_error_save(&s->error);
    }
    atomic_store(&s->stop, true);
}

/* With the lock held, which is given up while an item is taken. */
static void take_finished(struct sai_pipeline *p, unsigned thread)
{
    struct sai_pipeline_state *s = p->state;
    while (!s->taking && s->taken < s->next && s->finished[s->taken % p->window] &&
           (s->code == SELECTAI_OK || s->taken < s->error_item)) {
        size_t item = s->taken;
        s->taking = true;
        pthread_mutex_unlock(&s->lock);
        int rc = p->take(item, thread, p->ctx);
        pthread_mutex_lock(&s->lock);
        s->taking = false;
        s->finished[item % p->window] = false;
        s->taken++;
        if (rc != SELECTAI_OK)
            note_error(s, item, rc);
        pthread_cond_broadcast(&s->changed);
    }
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct sai_pipeline *p = worker->pipeline;
    struct sai_pipeline_state *s = p->state;
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stop) && s->next < p->count) {
        if (s->next - s->taken >= p->window) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        size_t item = s->next++;
        pthread_mutex_unlock(&s->lock);
        int rc = p->work(item, worker->thread, p->ctx);
        pthread_mutex_lock(&s->lock);
        if (rc != SELECTAI_OK)
            note_error(s, item, rc);
        s->finished[item % p->window] = true;
        take_finished(p, worker->thread);
    }
    s->running--;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* On the calling thread, until the workers are through. */
static int watch(struct sai_pipeline *p)
{
    struct sai_pipeline_state *s = p->state;
    int rc = SELECTAI_OK;
    pthread_mutex_lock(&s->lock);
    while (s->running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += REPORT_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&s->changed, &s->lock, &until);
        pthread_mutex_unlock(&s->lock);
        uint64_t steps = atomic_load(&s->steps);
        if (rc == SELECTAI_OK && steps < p->total)
            rc = sai_progress_report(p->progress, steps, p->total, p->stage);
        pthread_mutex_lock(&s->lock);
        if (rc != SELECTAI_OK) {
            atomic_store(&s->stop, true);
            pthread_cond_broadcast(&s->changed);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static int run_here(struct sai_pipeline *p)
{
    struct sai_pipeline_state *s = p->state;
    int rc = SELECTAI_OK;
    s->alone = true;
    for (size_t i = 0; i < p->count && rc == SELECTAI_OK && !atomic_load(&s->stop); i++) {
        rc = sai_progress_report(p->progress, atomic_load(&s->steps), p->total, p->stage);
        if (rc == SELECTAI_OK)
            rc = p->work(i, 0, p->ctx);
        if (rc == SELECTAI_OK)
            rc = p->take(i, 0, p->ctx);
    }
    return rc;
}

static int run_workers(struct sai_pipeline *p, struct worker *workers)
{
    struct sai_pipeline_state *s = p->state;
    unsigned started = 0;
    s->running = p->n_threads;
    for (; started < p->n_threads; started++) {
        workers[started] = (struct worker){.pipeline = p, .thread = started};
        if (pthread_create(&workers[started].handle, NULL, work, &workers[started]) != 0)
            break;
    }
    if (started < p->n_threads) { /* fewer threads are slower, not wrong; none at all is an error */
        pthread_mutex_lock(&s->lock);
        s->running -= p->n_threads - started;
        pthread_mutex_unlock(&s->lock);
    }
    if (started == 0)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "cannot start a thread: too many are running");
    int rc = watch(p);
    for (unsigned i = 0; i < started; i++)
        pthread_join(workers[i].handle, NULL);
    if (s->code != SELECTAI_OK) { /* tells more than that the job was cancelled */
        rc = s->code;
        sai_error_restore(&s->error);
    }
    return rc;
}

static int run(struct sai_pipeline *p)
{
    struct worker *workers = NULL;
    int rc = SELECTAI_OK;
    if (p->n_threads > p->count)
        p->n_threads = (unsigned)p->count;
    rc = sai_progress_report(p->progress, 0, p->total, p->stage);
    if (rc != SELECTAI_OK || p->count == 0)
        return rc;
    if (p->n_threads <= 1) {
        rc = run_here(p);
    } else {
        workers = sai_malloc_array(p->n_threads, sizeof *workers);
        rc = workers ? run_workers(p, workers) : SELECTAI_ERR_OUT_OF_MEMORY;
        sai_free(workers);
    }
    if (rc == SELECTAI_OK && p->progress && p->progress->cancelled)
        rc = SAI_FAIL(SELECTAI_ERR_CANCELLED, "%s: cancelled", p->stage);
    return rc == SELECTAI_OK ? sai_progress_report(p->progress, p->total, p->total, p->stage) : rc;
}

int sai_pipeline_run(struct sai_pipeline *pipeline)
{
    struct sai_pipeline_state s = {.finished = sai_calloc(pipeline->window, sizeof *s.finished)};
    if (!s.finished)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.changed, NULL);
    pipeline->state = &s;
    int rc = run(pipeline);
    pipeline->state = NULL;
    pthread_cond_destroy(&s.changed);
    pthread_mutex_destroy(&s.lock);
    sai_free(s.finished);
    return rc;
}

bool sai_pipeline_step(struct sai_pipeline *pipeline)
{
    struct sai_pipeline_state *s = pipeline->state;
    uint64_t steps = atomic_fetch_add(&s->steps, 1) + 1;
    if (s->alone && steps < pipeline->total &&
        sai_progress_report(pipeline->progress, steps, pipeline->total, pipeline->stage) != SELECTAI_OK)
        atomic_store(&s->stop, true);
    return !atomic_load(&s->stop);
}
