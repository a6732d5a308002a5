/*
 * learn/linear_fit.h: the best linear scores, by their likelihood.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_LINEAR_FIT_H
#define SAI_LEARN_LINEAR_FIT_H

#include "learn/samples.h"

/*
 * A network without hidden layers that minimises the mean loss over the samples' training items (their offsets added to
 * the scores) plus decay / 2 times the squared weights, by L-BFGS (Liu and Nocedal, "On the limited memory BFGS method
 * for large scale optimization", 1989). The problem is convex: no seed, no epochs, no module. loss: SELECTAI_LOSS_*;
 * MARGIN, whose corners L-BFGS does not like, is taken as BRADLEY_TERRY.
 *
 * The decay is the one of a few under which parts of the items are predicted best by the others. part: by training
 * item, 0 .. n_parts - 1; items that belong together have the same.
 */
int sai_linear_fit(struct sai_mlp **out, const struct sai_samples *samples, int32_t loss, const uint8_t *part,
                   unsigned n_parts);

/* The same for other inputs and decays: row j of an item is x[rows[j]]. decays: from the strongest, at most 8. */
struct sai_linear_options {
    int32_t loss;
    const uint8_t *part;
    unsigned n_parts;
    const double *decays;
    size_t n_decays;
};
int sai_linear_weights(double *w, const struct sai_samples *samples, const struct sai_linear_options *options);

/* Sum of w[i] x[i], in an order that does not depend on the processor. */
double sai_dot_floats(const float *w, const float *x, uint32_t n);

#endif
