/*
 * base/threads.c: a parallel loop. Workers live as long as one call: items here cost milliseconds, starting a thread
 * microseconds, and a library that keeps no idle threads has nothing to clean up at fork or exit.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "base/memory.h"
#include "base/threads.h"

#define MAX_THREADS 256u

struct loop {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t next, done, count;
    unsigned running;
    sai_task_fn task;
    void *ctx;
    bool stop;
    int code;           /* first error */
    size_t error_index; /* of the item that raised it */
    struct sai_error_copy error;
};

struct worker {
    struct loop *loop;
    unsigned thread;
    pthread_t handle;
};

unsigned sai_thread_count(unsigned wanted)
{
    cpu_set_t set;
    if (wanted == 0 && sched_getaffinity(0, sizeof set, &set) == 0)
        wanted = (unsigned)CPU_COUNT(&set);
    return wanted == 0 ? 1 : wanted > MAX_THREADS ? MAX_THREADS : wanted;
}

static void note_result(struct loop *loop, size_t index, int rc)
{
    loop->done++;
    if (rc != SELECTAI_OK && (loop->code == SELECTAI_OK || index < loop->error_index)) {
        loop->code = rc;
        loop->error_index = index;
        sai_error_save(&loop->error);
        loop->stop = true;
    }
    pthread_cond_signal(&loop->changed);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct loop *loop = worker->loop;

    pthread_mutex_lock(&loop->lock);
    while (!loop->stop && loop->next < loop->count) {
        size_t index = loop->next++;
        pthread_mutex_unlock(&loop->lock);
        int rc = loop->task(index, worker->thread, loop->ctx);
        pthread_mutex_lock(&loop->lock);
        note_result(loop, index, rc);
    }
    loop->running--;
    pthread_cond_signal(&loop->changed);
    pthread_mutex_unlock(&loop->lock);
    return NULL;
}

/* Waits until the workers are through, reporting progress; runs on the calling thread. */
static int watch(struct loop *loop, struct sai_progress *progress, const char *stage)
{
    int rc = SELECTAI_OK;
    pthread_mutex_lock(&loop->lock);
    while (loop->running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&loop->changed, &loop->lock, &until);
        size_t done = loop->done;
        pthread_mutex_unlock(&loop->lock);
        if (rc == SELECTAI_OK && done < loop->count)
            rc = sai_progress_report(progress, done, loop->count, stage);
        pthread_mutex_lock(&loop->lock);
        if (rc != SELECTAI_OK)
            loop->stop = true;
    }
    pthread_mutex_unlock(&loop->lock);
    return rc;
}

/* One worker and nobody to tell: no thread is needed, and a debugger shows a plain call stack. */
static int run_here(size_t count, sai_task_fn task, void *ctx, struct sai_progress *progress, const char *stage)
{
    for (size_t i = 0; i < count; i++) {
        int rc = sai_progress_report(progress, i, count, stage);
        if (rc == SELECTAI_OK)
            rc = task(i, 0, ctx);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return sai_progress_report(progress, count, count, stage);
}

static int run_workers(struct loop *loop, struct worker *workers, unsigned n_threads, struct sai_progress *progress,
                       const char *stage)
{
    unsigned started = 0;
    loop->running = n_threads;
    for (; started < n_threads; started++) {
        workers[started] = (struct worker){.loop = loop, .thread = started};
        if (pthread_create(&workers[started].handle, NULL, work, &workers[started]) != 0)
            break;
    }
    if (started < n_threads) { /* fewer threads are slower, not wrong; none at all is an error */
        pthread_mutex_lock(&loop->lock);
        loop->running -= n_threads - started;
        pthread_mutex_unlock(&loop->lock);
    }
    if (started == 0)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "cannot start a thread: too many are running");
    int rc = watch(loop, progress, stage);
    for (unsigned i = 0; i < started; i++)
        pthread_join(workers[i].handle, NULL);
    if (rc == SELECTAI_OK && loop->code != SELECTAI_OK) {
        rc = loop->code;
        sai_error_restore(&loop->error);
    }
    return rc == SELECTAI_OK ? sai_progress_report(progress, loop->count, loop->count, stage) : rc;
}

int sai_parallel_for(unsigned n_threads, size_t count, sai_task_fn task, void *ctx, struct sai_progress *progress,
                     const char *stage)
{
    n_threads = sai_thread_count(n_threads);
    if (n_threads > count)
        n_threads = (unsigned)count;
    if (n_threads <= 1)
        return run_here(count, task, ctx, progress, stage);

    struct loop loop = {.count = count, .task = task, .ctx = ctx};
    struct worker *workers = sai_malloc_array(n_threads, sizeof *workers);
    if (!workers)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    pthread_mutex_init(&loop.lock, NULL);
    pthread_cond_init(&loop.changed, NULL);
    int rc = run_workers(&loop, workers, n_threads, progress, stage);
    pthread_cond_destroy(&loop.changed);
    pthread_mutex_destroy(&loop.lock);
    sai_free(workers);
    return rc;
}
