/*
 * learn/pairs.h: the pairs that a ranker learns from, and the standardised rows they point at.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_PAIRS_H
#define SAI_LEARN_PAIRS_H

#include "learn/train.h"

struct sai_pairs {
    float *x; /* n_rows x dim, standardised: the rows of the cache, then those made from them */
    size_t n_rows;
    uint32_t *winner, *loser; /* rows; the n_train pairs to learn from first, then those that say when to stop */
    float *weight;
    size_t count, n_train;
};

struct sai_pairs_options {
    bool with_validation; /* the validation side is learned from too, and nothing says when to stop */
    uint32_t copies;      /* each pair to learn from comes so often, >= 1: once as it is, then transplanted */
    float anomaly_weight;
};

/*
 * The winner of each decision against each loser of the same decision.
 *
 * A transplanted decision keeps what tells its images apart and loses what they show: its rows are moved by the
 * difference between the middle of another decision of the same project that is learned from, drawn at random, and its
 * own. Few decisions
 * show few subjects, and a network would learn by heart which subject went with which choice. Only decisions that are
 * learned from take part. The draw depends on the split's seed alone.
 *
 * Call sai_pairs_free() in any case.
 */
int sai_pairs_make(struct sai_pairs *out, const struct sai_training *training, const struct sai_standardiser *s,
                   const struct sai_pairs_options *options);
void sai_pairs_free(struct sai_pairs *pairs);

#endif
