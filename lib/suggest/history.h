/*
 * suggest/history.h: a project's past decisions, as points that can be compared.
 *
 * A decision is two vectors of length 1: what was taken (the winner's embedding), and what set it apart (the winner's
 * embedding minus the mean of the others'). Each is brought to mean 0 and deviation 1 over the decisions first, so that
 * what they all have in common does not count and no dimension drowns the others: a product of two is a correlation.
 * Only lists and means are kept; vectors are read from the cache piece by piece, however many decisions there are.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_SUGGEST_HISTORY_H
#define SAI_SUGGEST_HISTORY_H

#include <selectai/embedding_cache.h>

#include "learn/decisions.h"
#include "learn/standardise.h"

/* Fewer decisions have no mean and deviation worth the name: they are compared as they are. */
#define SAI_HISTORY_FEW 8u

struct sai_history {
    const selectai_embedding_cache *cache;
    uint32_t dim;
    struct sai_decisions decisions; /* texts belong to the trainset, which must live on */
    uint32_t *items;                /* n indices of those that count, ascending */
    size_t n, n_missing;            /* n_missing: of the project, but without all vectors */
    struct sai_standardiser winners, differences;
};

/* Decisions of the project all of whose images have finite vectors. Call sai_history_close() in any case. */
int sai_history_open(struct sai_history *out, const selectai_trainset *set, const selectai_embedding_cache *cache,
                     const char *project);
void sai_history_close(struct sai_history *history);

static inline const struct sai_decision *sai_history_decision(const struct sai_history *h, size_t i)
{
    return &h->decisions.items[h->items[i]];
}

/* winners, differences: n x dim, of the decisions from `first` on. */
int sai_history_points(const struct sai_history *history, float *winners, float *differences, size_t first, size_t n);

/*
 * The same of one group: x is its n x dim vectors, rows with NaN (never the winner's) do not count. false if there is
 * nothing but the winner: then `difference` is 0.
 */
bool sai_history_place(const struct sai_history *history, float *winner, float *difference, const float *x, size_t n,
                       size_t winner_row);

#endif
