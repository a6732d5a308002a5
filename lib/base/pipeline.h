/*
 * base/pipeline.h: work on several threads whose results are taken in order.
 *
 * Items are started in the order of their numbers; each is worked on by one thread, several at a time. As soon as all
 * before it are taken, a finished item is taken: one at a time, in order, on whichever thread is free. So no thread
 * waits for another unless it is `window` items ahead of what was taken.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_PIPELINE_H
#define SAI_BASE_PIPELINE_H

#include "base/threads.h"

struct sai_pipeline {
    size_t count;                  /* items */
    size_t window;                 /* at most so many are started and not taken: item i may use slot i % window */
    unsigned n_threads;            /* as resolved by sai_thread_count(), at least 1 */
    sai_task_fn work;              /* on any thread */
    sai_task_fn take;              /* in order; never two at a time; sees all that work() wrote */
    void *ctx;                     /* of both */
    struct sai_progress *progress; /* told on the calling thread; may be NULL */
    const char *stage;
    uint64_t total; /* steps of all items: what progress counts */

    struct sai_pipeline_state *state; /* private */
};

/*
 * Runs all items. A code from work() or take() ends it: the first error, by item, becomes the calling thread's last
 * error, and no item from that one on is taken. CANCELLED if progress asked to stop: no further item is started, and
 * all started ones are finished and taken.
 */
int sai_pipeline_run(struct sai_pipeline *pipeline);

/* Called by work() after each of its steps. False: stop; finish the item as far as it is done. */
bool sai_pipeline_step(struct sai_pipeline *pipeline);

#endif
