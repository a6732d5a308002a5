/*
 * base/threads.h: running a loop on several threads.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_THREADS_H
#define SAI_BASE_THREADS_H

#include <stddef.h>

#include "base/progress.h"

/*
 * One item of the loop, on some worker: `thread` is 0..n_threads-1, for per-thread scratch memory. Returns SELECTAI_OK
 * or a code that stops the whole loop (single bad items are noted in ctx instead).
 */
typedef int (*sai_task_fn)(size_t index, unsigned thread, void *ctx);

/* 0 -> the number of cores this process may use; capped at 256. */
unsigned sai_thread_count(unsigned wanted);

/*
 * Calls task for every index 0..count-1, each exactly once, in no particular order, from n_threads workers (0: all
 * cores); progress runs on the calling thread meanwhile. The first error (lowest index among those seen) ends the loop,
 * and its detail becomes the calling thread's last error. After a cancellation no new item is started.
 */
int sai_parallel_for(unsigned n_threads, size_t count, sai_task_fn task, void *ctx, struct sai_progress *progress,
                     const char *stage);

#endif
