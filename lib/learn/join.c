/*
 * learn/join.c: bringing decisions and the cache's vectors together.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "learn/join.h"

static uint32_t needed(const struct sai_decision *decision, int what)
{
    return what == SAI_JOIN_WINNER ? 1 : decision->n;
}

/* Finds the cache rows of one decision; one that is missing makes it an issue. */
static int locate(struct sai_decisions *d, struct sai_decision *decision, struct selectai_issues *issues,
                  const selectai_embedding_cache *cache, int what)
{
    for (uint32_t i = 0; i < needed(decision, what); i++) {
        struct sai_member *m = &d->members[decision->first + i];
        int rc = selectai_embedding_cache_find_file(cache, decision->project, m->path, NULL, &m->cache_row);
        if (rc == SELECTAI_OK)
            continue;
        if (rc == SELECTAI_ERR_OUT_OF_MEMORY || rc == SELECTAI_ERR_INVALID_ARGUMENT)
            return rc;
        decision->usable = false;
        if (rc != SELECTAI_ERR_NOT_FOUND)
            return sai_issues_add_last(issues, rc == SELECTAI_ERR_AMBIGUOUS ? "ambiguous" : "unreadable", m->path, 0);
        return sai_issues_add(issues, SELECTAI_ERR_NOT_FOUND, "not-in-cache", m->path, 0,
                              "%s: project %s has no vector of this %s in the cache: embed it", m->path,
                              decision->project, i == 0 ? "winner" : "loser");
    }
    return SELECTAI_OK;
}

static int by_value(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* The distinct cache rows in use, ascending: reads run through the files in order. */
static int list_rows(size_t **out, size_t *n_out, const struct sai_decisions *d, int what)
{
    size_t *rows = sai_malloc_array(d->n_members, sizeof *rows), n = 0, kept = 0;
    if (!rows)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        for (uint32_t j = 0; d->items[i].usable && j < needed(&d->items[i], what); j++)
            rows[n++] = d->members[d->items[i].first + j].cache_row;
    qsort(rows, n, sizeof *rows, by_value);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || rows[kept - 1] != rows[i])
            rows[kept++] = rows[i];
    *out = rows;
    *n_out = kept;
    return SELECTAI_OK;
}

static int read_vectors(struct sai_vectors *v, const selectai_embedding_cache *cache, const size_t *rows, size_t n)
{
    size_t values;
    if (!sai_mul_size(&values, n, v->dim) || n > UINT32_MAX)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu vectors are too many", n);
    v->n = n;
    v->x = sai_aligned_array(values, sizeof *v->x);
    v->sizes = sai_calloc(n, 2 * sizeof *v->sizes);
    v->phash = sai_calloc(n, sizeof *v->phash);
    if (!v->x || !v->sizes || !v->phash)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct selectai_cache_row row = {.struct_size = sizeof row};
        int rc = selectai_embedding_cache_get(cache, rows[i], &row, v->x + i * v->dim);
        if (rc != SELECTAI_OK)
            return rc;
        v->sizes[2 * i] = row.width;
        v->sizes[2 * i + 1] = row.height;
        v->phash[i] = row.phash;
    }
    return SELECTAI_OK;
}

static bool is_finite(const struct sai_vectors *v, size_t row)
{
    const float *x = v->x + row * v->dim;
    float sum = 0.0f;
    for (uint32_t j = 0; j < v->dim; j++)
        sum += x[j] * 0.0f;
    return sum == 0.0f;
}

/* Translates cache rows into matrix rows and sorts out what cannot be computed with. */
static int bind(struct sai_decisions *d, struct sai_decision *decision, struct selectai_issues *issues,
                const struct sai_vectors *v, const size_t *rows, int what)
{
    for (uint32_t i = 0; i < needed(decision, what); i++) {
        struct sai_member *m = &d->members[decision->first + i];
        const size_t *at = bsearch(&m->cache_row, rows, v->n, sizeof *rows, by_value);
        if (!at)
            return SAI_FAIL(SELECTAI_ERR_INTERNAL, "%s: a vector was lost while joining", m->path);
        m->row = (uint32_t)(at - rows);
        bool finite = is_finite(v, m->row);
        bool sized = what != SAI_JOIN_WINNER || (v->sizes[2 * m->row] > 0 && v->sizes[2 * m->row + 1] > 0);
        if (finite && sized)
            continue;
        decision->usable = false;
        if (!finite)
            return sai_issues_add(issues, SELECTAI_ERR_FORMAT, "not-finite", m->path, 0,
                                  "%s: its vector holds values that are no numbers: verify the cache, embed it again",
                                  m->path);
        return sai_issues_add(issues, SELECTAI_ERR_NO_DATA, "no-size", m->path, 0,
                              "%s: the cache does not know its width and height: embed it again", m->path);
    }
    return SELECTAI_OK;
}

int sai_join(struct sai_vectors *out, struct sai_decisions *d, struct selectai_issues *issues, size_t *n_missing,
             const selectai_embedding_cache *cache, int what)
{
    size_t *rows = NULL, n_rows = 0, before = 0, after = 0;
    int rc = SELECTAI_OK;
    *out = (struct sai_vectors){.dim = selectai_embedding_cache_dim(cache)};
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        before += d->items[i].usable;
        if (d->items[i].usable)
            rc = locate(d, &d->items[i], issues, cache, what);
    }
    if (rc == SELECTAI_OK)
        rc = list_rows(&rows, &n_rows, d, what);
    if (rc == SELECTAI_OK)
        rc = read_vectors(out, cache, rows, n_rows);
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        if (d->items[i].usable)
            rc = bind(d, &d->items[i], issues, out, rows, what);
        after += d->items[i].usable;
    }
    if (n_missing)
        *n_missing = before - after;
    sai_free(rows);
    return rc;
}

void sai_vectors_free(struct sai_vectors *v)
{
    sai_free(v->x);
    sai_free(v->sizes);
    sai_free(v->phash);
    *v = (struct sai_vectors){0};
}
