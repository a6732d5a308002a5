/*
 * suggest/history.c: a project's past decisions, as points that can be compared.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "suggest/history.h"

static bool is_finite(const float *x, uint32_t dim)
{
    float sum = 0.0f;
    for (uint32_t j = 0; j < dim; j++)
        sum += x[j] * 0.0f;
    return sum == 0.0f;
}

/* ---- Vectors of one decision ----------------------------------------------------------------- */

/* winner: as it is; difference: from the mean of the losers. one: room for a vector. */
static int read_decision(const struct sai_history *h, const struct sai_decision *decision, float *winner,
                         float *difference, float *one)
{
    memset(difference, 0, h->dim * sizeof *difference);
    for (uint32_t i = 0; i < decision->n; i++) {
        struct selectai_cache_row row = {.struct_size = sizeof row};
        float *to = i == 0 ? winner : one;
        int rc = selectai_embedding_cache_get(h->cache, h->decisions.members[decision->first + i].cache_row, &row, to);
        if (rc != SELECTAI_OK)
            return rc;
        for (uint32_t j = 0; i > 0 && j < h->dim; j++)
            difference[j] += to[j];
    }
    for (uint32_t j = 0; j < h->dim; j++)
        difference[j] = winner[j] - difference[j] / (float)(decision->n - 1);
    return SELECTAI_OK;
}

static void to_unit(float *x, uint32_t dim)
{
    double square = 0.0;
    for (uint32_t j = 0; j < dim; j++)
        square += (double)x[j] * (double)x[j];
    for (uint32_t j = 0; j < dim && square > 0.0; j++)
        x[j] = (float)((double)x[j] / sqrt(square));
}

static void to_points(const struct sai_history *h, float *winner, float *difference)
{
    sai_standardise(&h->winners, winner, winner);
    sai_standardise(&h->differences, difference, difference);
    to_unit(winner, h->dim);
    to_unit(difference, h->dim);
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* OK, and *there false, if an image has no vector. */
static int locate(const struct sai_history *h, const struct sai_decision *decision, bool *there)
{
    *there = true;
    for (uint32_t i = 0; i < decision->n && *there; i++) {
        struct sai_member *m = &h->decisions.members[decision->first + i];
        int rc = selectai_embedding_cache_find_file(h->cache, decision->project, m->path, NULL, &m->cache_row);
        if (rc == SELECTAI_ERR_OUT_OF_MEMORY || rc == SELECTAI_ERR_INVALID_ARGUMENT)
            return rc;
        *there = rc == SELECTAI_OK;
    }
    return SELECTAI_OK;
}

static int list_items(struct sai_history *h, const char *project)
{
    h->items = sai_malloc_array(h->decisions.count, sizeof *h->items);
    int rc = h->items ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < h->decisions.count && rc == SELECTAI_OK; i++) {
        const struct sai_decision *decision = &h->decisions.items[i];
        bool there;
        if (!sai_is_choice(decision) || strcmp(decision->project, project) != 0)
            continue;
        rc = locate(h, decision, &there);
        if (rc == SELECTAI_OK && there)
            h->items[h->n++] = (uint32_t)i;
        h->n_missing += !there;
    }
    return rc;
}

/* Sums and sums of squares of one kind of vectors. */
struct moments {
    double *sum, *square;
};

static void count_in(struct moments *m, const float *x, uint32_t dim)
{
    for (uint32_t j = 0; j < dim; j++) {
        m->sum[j] += (double)x[j];
        m->square[j] += (double)x[j] * (double)x[j];
    }
}

static int make_scale(struct sai_standardiser *out, const struct moments *m, uint32_t dim, size_t n)
{
    float *mean = sai_calloc(dim, sizeof *mean), *scale = sai_calloc(dim, sizeof *scale);
    int rc = mean && scale ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t j = 0; j < dim && rc == SELECTAI_OK; j++) {
        if (n < SAI_HISTORY_FEW) {
            scale[j] = 1.0f;
            continue;
        }
        double mu = m->sum[j] / (double)n, variance = m->square[j] / (double)n - mu * mu;
        mean[j] = (float)mu;
        /* Less than rounding leaves of a constant is none. */
        scale[j] = variance > 1e-10 * (mu * mu) ? (float)(1.0 / sqrt(variance)) : 0.0f;
        scale[j] = isfinite(scale[j]) ? scale[j] : 0.0f;
    }
    float clip = n < SAI_HISTORY_FEW ? (float)INFINITY : SAI_STANDARDISE_CLIP;
    if (rc == SELECTAI_OK)
        rc = sai_standardiser_copy(out, dim, mean, scale, clip);
    sai_free(mean);
    sai_free(scale);
    return rc;
}

/* Goes through all vectors once; decisions that hold something that is no number stop counting. */
static int measure(struct sai_history *h)
{
    size_t kept = 0;
    float *room = sai_malloc_array(h->dim, 3 * sizeof *room);
    double *sums = sai_calloc(h->dim, 4 * sizeof *sums);
    int rc = room && sums ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    struct moments winners = {sums, sums ? sums + h->dim : NULL};
    struct moments differences = {sums ? sums + (size_t)2 * h->dim : NULL, sums ? sums + (size_t)3 * h->dim : NULL};
    for (size_t i = 0; i < h->n && rc == SELECTAI_OK; i++) {
        float *winner = room, *difference = room + h->dim;
        rc = read_decision(h, sai_history_decision(h, i), winner, difference, difference + h->dim);
        if (rc != SELECTAI_OK || !is_finite(winner, h->dim) || !is_finite(difference, h->dim))
            continue;
        count_in(&winners, winner, h->dim);
        count_in(&differences, difference, h->dim);
        h->items[kept++] = h->items[i];
    }
    if (rc == SELECTAI_OK) {
        h->n_missing += h->n - kept;
        h->n = kept;
        rc = make_scale(&h->winners, &winners, h->dim, kept);
    }
    if (rc == SELECTAI_OK)
        rc = make_scale(&h->differences, &differences, h->dim, kept);
    sai_free(room);
    sai_free(sums);
    return rc;
}

int sai_history_open(struct sai_history *out, const selectai_trainset *set, const selectai_embedding_cache *cache,
                     const char *project)
{
    struct selectai_issues *unusable = NULL; /* training names them; here they would only be noise */
    *out = (struct sai_history){.cache = cache, .dim = selectai_embedding_cache_dim(cache)};
    int rc = sai_issues_create(&unusable);
    if (rc == SELECTAI_OK)
        rc = sai_decisions_read(&out->decisions, unusable, set);
    if (rc == SELECTAI_OK && out->decisions.count > UINT32_MAX)
        rc = SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu past decisions are too many", out->decisions.count);
    if (rc == SELECTAI_OK)
        rc = list_items(out, project);
    if (rc == SELECTAI_OK)
        rc = measure(out);
    selectai_issues_destroy(&unusable);
    return rc;
}

void sai_history_close(struct sai_history *h)
{
    sai_decisions_free(&h->decisions);
    sai_standardiser_free(&h->winners);
    sai_standardiser_free(&h->differences);
    sai_free(h->items);
    *h = (struct sai_history){0};
}

/* ---- Points ---------------------------------------------------------------------------------- */

int sai_history_points(const struct sai_history *h, float *winners, float *differences, size_t first, size_t n)
{
    float *one = sai_malloc_array(h->dim, sizeof *one);
    int rc = one ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        float *winner = winners + i * h->dim, *difference = differences + i * h->dim;
        rc = read_decision(h, sai_history_decision(h, first + i), winner, difference, one);
        if (rc == SELECTAI_OK)
            to_points(h, winner, difference);
    }
    sai_free(one);
    return rc;
}

bool sai_history_place(const struct sai_history *h, float *winner, float *difference, const float *x, size_t n,
                       size_t winner_row)
{
    size_t others = 0;
    memcpy(winner, x + winner_row * h->dim, h->dim * sizeof *winner);
    memset(difference, 0, h->dim * sizeof *difference);
    for (size_t i = 0; i < n; i++) {
        const float *row = x + i * h->dim;
        if (i == winner_row || !is_finite(row, h->dim))
            continue;
        for (uint32_t j = 0; j < h->dim; j++)
            difference[j] += row[j];
        others++;
    }
    for (uint32_t j = 0; j < h->dim && others > 0; j++)
        difference[j] = winner[j] - difference[j] / (float)others;
    to_points(h, winner, difference);
    if (others == 0)
        memset(difference, 0, h->dim * sizeof *difference);
    return others > 0;
}
