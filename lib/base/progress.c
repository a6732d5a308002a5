/*
 * base/progress.c: progress and cancellation.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <time.h>

#include "base/progress.h"

#define MIN_INTERVAL_NS 20000000

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int sai_progress_report(struct sai_progress *p, uint64_t done, uint64_t total, const char *stage)
{
    if (!p || !p->fn)
        return SELECTAI_OK;
    int64_t now = now_ns();
    if (!p->cancelled && (done == 0 || done == total || now - p->last_ns >= MIN_INTERVAL_NS)) {
        p->last_ns = now;
        p->cancelled = p->fn(done, total, stage, p->user) != 0;
    }
    return p->cancelled ? SAI_FAIL(SELECTAI_ERR_CANCELLED, "cancelled during %s", stage) : SELECTAI_OK;
}
