/*
 * learn/unique_rows.c: which rows are the same.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "learn/unique_rows.h"

struct row {
    uint64_t hash;
    const float *x;
    uint32_t at, dim;
};

static int by_content(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    int order = memcmp(x->x, y->x, x->dim * sizeof *x->x);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static bool same(const struct row *a, const struct row *b)
{
    return a->hash == b->hash && memcmp(a->x, b->x, a->dim * sizeof *a->x) == 0;
}

static int by_place(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int sai_unique_rows_find(struct sai_unique_rows *out, const float *x, uint32_t dim, size_t n_rows)
{
    struct row *rows = sai_malloc_array(n_rows, sizeof *rows);
    out->n = 0;
    out->which = sai_malloc_array(n_rows, sizeof *out->which);
    out->first = sai_malloc_array(n_rows, sizeof *out->first);
    if (!rows || !out->which || !out->first) {
        sai_free(rows);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < n_rows; i++)
        rows[i] = (struct row){sai_hash_bytes(x + i * dim, dim * sizeof *x, 0), x + i * dim, (uint32_t)i, dim};
    qsort(rows, n_rows, sizeof *rows, by_content);
    uint32_t first = 0;
    for (size_t i = 0; i < n_rows; i++) {
        if (i == 0 || !same(&rows[i - 1], &rows[i])) {
            first = rows[i].at;
            out->first[out->n++] = first;
        }
        out->which[rows[i].at] = first;
    }
    sai_free(rows);
    qsort(out->first, out->n, sizeof *out->first, by_place);
    for (size_t i = 0; i < n_rows; i++) {
        const uint32_t *found = bsearch(&out->which[i], out->first, out->n, sizeof *out->first, by_place);
        out->which[i] = (uint32_t)(found - out->first);
    }
    return SELECTAI_OK;
}

void sai_unique_rows_free(struct sai_unique_rows *rows)
{
    sai_free(rows->which);
    sai_free(rows->first);
    *rows = (struct sai_unique_rows){0};
}
