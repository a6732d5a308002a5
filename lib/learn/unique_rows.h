/*
 * learn/unique_rows.h: which rows are the same.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_UNIQUE_ROWS_H
#define SAI_LEARN_UNIQUE_ROWS_H

#include "base/memory.h"

/* Rows that are the same to the last bit, which images of several decisions are, count once. */
struct sai_unique_rows {
    uint32_t *which; /* by row: which of the different ones it is */
    uint32_t *first; /* of the different ones: the first row that is it; ascending */
    uint32_t n;      /* different ones */
};

/* x: n_rows x dim. Call sai_unique_rows_free() in any case. */
int sai_unique_rows_find(struct sai_unique_rows *out, const float *x, uint32_t dim, size_t n_rows);
void sai_unique_rows_free(struct sai_unique_rows *rows);

#endif
