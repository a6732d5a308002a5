/*
 * learn/discriminant.h: which of a few classes does a row belong to? Linear discriminant analysis.
 *
 * Each class is taken for a normal distribution around its mean, all with one covariance (Fisher, "The use of multiple
 * measurements in taxonomic problems", 1936), which is drawn to a multiple of the identity, since rows are few
 * (Friedman, "Regularized discriminant analysis", 1989). How far, and how much the probabilities may be trusted
 * (temperature scaling), is what predicts parts of the rows best from the others. In closed form: no seed, no epochs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_DISCRIMINANT_H
#define SAI_LEARN_DISCRIMINANT_H

#include "learn/mlp.h"

#define SAI_DISCRIMINANT_MAX_DIM 4096u /* its covariances take 8 x dim x dim bytes for each part, and two more */

struct sai_classified {
    const float *x; /* n x dim, standardised */
    uint32_t dim;
    size_t n;
    const uint32_t *label; /* by row; n_classes or more: not known, nothing is learned from the row */
    uint32_t n_classes;
    const uint8_t *part; /* by row, 0 .. n_parts - 1; rows that belong together have the same */
    unsigned n_parts;
};

/*
 * out: a network dim-n_classes without hidden layers; the softmax of its outputs are the classes' probabilities.
 * unseen: n x n_classes: the probabilities of each row by what the other parts say.
 */
int sai_discriminant_fit(struct sai_mlp **out, float *unseen, const struct sai_classified *rows);

/* p: n x classes from x: n x dim, which go through the standardiser first. A row with a NaN or an infinity gives NaN.
 */
int sai_discriminant_run(float *p, const struct sai_mlp *discriminant, const struct sai_standardiser *standardiser,
                         const float *x, size_t n);

#endif
