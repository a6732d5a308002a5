/*
 * learn/join_sizes.c: decisions without a cache: what the set knows about the images' sizes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn/join.h"

int sai_join_sizes(struct sai_vectors *v, struct sai_decisions *d, struct selectai_issues *issues, size_t *n_missing,
                   const selectai_trainset *set)
{
    size_t missing = 0;
    *v = (struct sai_vectors){0};
    if (d->count > UINT32_MAX)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu decisions are too many", d->count);
    v->sizes = sai_calloc(d->count, 2 * sizeof *v->sizes);
    v->phash = sai_calloc(d->count, sizeof *v->phash);
    int rc = v->sizes && v->phash ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        struct sai_decision *it = &d->items[i];
        struct sai_member *winner = &d->members[it->first];
        struct selectai_entry entry = {.struct_size = sizeof entry};
        if (!it->usable)
            continue;
        rc = selectai_trainset_get(set, it->entry, &entry);
        if (rc == SELECTAI_OK && (entry.image_width == 0 || entry.image_height == 0)) {
            it->usable = false;
            missing++;
            rc = sai_issues_add(issues, SELECTAI_ERR_NO_DATA, "no-size", winner->path, 0,
                                "%s: the data do not tell its width and height: embed it, and give the cache",
                                winner->path);
            continue;
        }
        winner->row = (uint32_t)v->n;
        v->sizes[2 * v->n] = entry.image_width;
        v->sizes[2 * v->n + 1] = entry.image_height;
        v->n++;
    }
    if (n_missing)
        *n_missing = missing;
    return rc;
}
