/*
 * base/progress.h: calling the user's progress function, not too often, and noticing that it wants to stop.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_PROGRESS_H
#define SAI_BASE_PROGRESS_H

#include <stdbool.h>

#include "base/error.h"

struct sai_progress {
    selectai_progress_fn fn; /* NULL: nobody wants to know */
    void *user;
    int64_t last_ns; /* when it was called last */
    bool cancelled;  /* it asked to stop: stays so */
};

/*
 * Tells fn, at most every 20 ms except when done == total or done == 0. SELECTAI_OK or SELECTAI_ERR_CANCELLED.
 * p may be NULL.
 */
int sai_progress_report(struct sai_progress *p, uint64_t done, uint64_t total, const char *stage);

#endif
