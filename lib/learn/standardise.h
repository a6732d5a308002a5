/*
 * learn/standardise.h: bringing every dimension of a vector to mean 0 and deviation 1.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_STANDARDISE_H
#define SAI_LEARN_STANDARDISE_H

#include "base/memory.h"

/* Values further from the mean than this many deviations are cut: one odd image must not dominate a sum. */
#define SAI_STANDARDISE_CLIP 5.0f

/* value -> clamp((value - mean) * scale, -clip, clip). A zeroed struct holds nothing. */
struct sai_standardiser {
    uint32_t n;
    float *mean, *scale; /* n each; scale is 1 / deviation, 0 for a dimension that never changes */
    float clip;          /* > 0 */
};

/* Measures the rows x[rows[i]], i < n_rows, of n dims each. Dimensions that are constant there get scale 0. */
int sai_standardiser_fit(struct sai_standardiser *out, const float *x, uint32_t n, const uint32_t *rows, size_t n_rows);

/* Copies given values. */
int sai_standardiser_copy(struct sai_standardiser *out, uint32_t n, const float *mean, const float *scale, float clip);

/* One row. false, and zeros in y, if the row holds a NaN or an infinity. x and y may be the same. */
bool sai_standardise(const struct sai_standardiser *s, float *y, const float *x);

void sai_standardiser_free(struct sai_standardiser *s);

#endif
