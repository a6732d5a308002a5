/*
 * learn/join_layout.c: a second vector for each winner, which tells where things are.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/join.h"

/* false, and an issue, if there is none that can be computed with. */
static int look_up(bool *found, float *out, const struct sai_decision *it, const struct sai_member *winner,
                   struct selectai_issues *issues, const selectai_embedding_cache *cache)
{
    size_t row = 0;
    *found = false;
    int rc = selectai_embedding_cache_find_file(cache, it->project, winner->path, NULL, &row);
    if (rc == SELECTAI_ERR_OUT_OF_MEMORY || rc == SELECTAI_ERR_INVALID_ARGUMENT)
        return rc;
    if (rc == SELECTAI_ERR_NOT_FOUND)
        return sai_issues_add(issues, SELECTAI_ERR_NOT_FOUND, "not-in-layout-cache", winner->path, 0,
                              "%s: project %s has no vector of this winner in the layout cache: embed it there, too",
                              winner->path, it->project);
    if (rc != SELECTAI_OK)
        return sai_issues_add_last(issues, rc == SELECTAI_ERR_AMBIGUOUS ? "ambiguous" : "unreadable", winner->path, 0);
    struct selectai_cache_row info = {.struct_size = sizeof info};
    rc = selectai_embedding_cache_get(cache, row, &info, out);
    float sum = 0.0f;
    for (uint32_t j = 0; rc == SELECTAI_OK && j < selectai_embedding_cache_dim(cache); j++)
        sum += out[j] * 0.0f;
    *found = rc == SELECTAI_OK && sum == 0.0f;
    if (rc == SELECTAI_OK && !*found)
        rc = sai_issues_add(issues, SELECTAI_ERR_FORMAT, "not-finite", winner->path, 0,
                            "%s: its vector in the layout cache holds values that are no numbers: embed it again",
                            winner->path);
    return rc;
}

int sai_join_layout(float **out, struct sai_decisions *d, const struct sai_vectors *v, struct selectai_issues *issues,
                    size_t *n_missing, const selectai_embedding_cache *cache)
{
    uint32_t dim = selectai_embedding_cache_dim(cache);
    size_t values;
    float *x = sai_mul_size(&values, v->n, dim) ? sai_calloc(values, sizeof *x) : NULL;
    int rc = x ? SELECTAI_OK : SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for %zu vectors", v->n);
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        struct sai_decision *it = &d->items[i];
        const struct sai_member *winner = &d->members[it->first];
        if (!it->usable)
            continue;
        rc = look_up(&it->usable, x + (size_t)winner->row * dim, it, winner, issues, cache);
        *n_missing += !it->usable;
    }
    if (rc == SELECTAI_OK)
        *out = x;
    else
        sai_free(x);
    return rc;
}
