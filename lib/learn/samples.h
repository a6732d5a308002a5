/*
 * learn/samples.h: the rows that a ranker's networks learn from, decision after decision.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_SAMPLES_H
#define SAI_LEARN_SAMPLES_H

#include "learn/train.h"

/* Item i is rows starts[i] .. starts[i + 1] - 1 of x. First the n_train to learn from, then those that say when to
 * stop. */
struct sai_samples {
    float *x; /* starts[n_items] x dim, standardised */
    uint32_t dim;
    uint32_t *starts, *rows; /* rows: 0, 1, 2, ...: as the module wants them */
    float *offset;           /* by row: the prior */
    float *weight;           /* by row: of losers */
    bool *kept;              /* by item: not a rejected group */
    uint64_t *identity;      /* by item: of its group */
    size_t *decision;        /* by item: which of the training's */
    size_t n_items, n_train, n_rows;
};

struct sai_samples_options {
    bool with_validation; /* the validation side is learned from too, and nothing says when to stop */
    bool with_rejected;   /* rejected groups are items as well */
    bool differences;     /* rows are embeddings minus the mean of their decision */
    uint32_t copies;      /* each decision to learn from comes so often, >= 1: once as it is, then transplanted */
    const float *offset;  /* by member of the decisions, instead of the prior; or NULL */
    float anomaly_weight; /* of losers whose stage is above the winner's; else 1 */
    uint64_t seed;        /* of the transplants */
};

/*
 * A transplanted decision keeps what tells its images apart and loses what they show: its rows are moved by the
 * difference between the middle of another decision of the same project that is learned from, drawn at random, and its
 * own. Few decisions show few subjects, and a network would learn by heart which subject went with which choice.
 *
 * standardiser: if it holds nothing (n == 0), it is fitted on the rows learned from; `within`: by their deviation
 * within decisions. side: of each decision. Call sai_samples_free() in any case.
 */
int sai_samples_make(struct sai_samples *out, struct sai_standardiser *standardiser, bool within,
                     const struct sai_training *training, const int8_t *side, const struct sai_prior *prior,
                     const struct sai_samples_options *options);
void sai_samples_free(struct sai_samples *samples);

/* By item: a part, 0 .. n_parts - 1 (at most 256), drawn for its group. The caller frees it. */
int sai_samples_parts(uint8_t **out, const struct sai_samples *samples, unsigned n_parts, uint64_t seed);

/* out: n x dim from x: n x dim of one group: minus the mean of the rows that are finite. out may be x. */
void sai_subtract_mean(float *out, const float *x, size_t n, uint32_t dim);

#endif
