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
    float *mean, *scale; /* n each; scale is 0 for a dimension that never changes */
    float clip;          /* > 0 */
};

/* Measures the rows x[rows[i]], i < n_rows, of n dims each. Dimensions that are constant there get scale 0. */
int sai_standardiser_fit(struct sai_standardiser *out, const float *x, uint32_t n, const uint32_t *rows, size_t n_rows);

/*
 * Then measures by the deviation within groups instead of the whole one: pairs show nothing but differences within
 * groups, which so become about equally large in all dimensions, however much a dimension varies between groups. A
 * scale is divided by the share of the deviation that lies within groups; the mean square over dimensions stays.
 * Group g is the rows rows[starts[g]] to rows[starts[g + 1] - 1] of x; they went into sai_standardiser_fit(). A row may
 * be in several groups.
 */
int sai_standardiser_within(struct sai_standardiser *s, const float *x, const uint32_t *rows, const size_t *starts,
                            size_t n_groups);

/* Copies given values. */
int sai_standardiser_copy(struct sai_standardiser *out, uint32_t n, const float *mean, const float *scale, float clip);

/* One row. false, and zeros in y, if the row holds a NaN or an infinity. x and y may be the same. */
bool sai_standardise(const struct sai_standardiser *s, float *y, const float *x);

void sai_standardiser_free(struct sai_standardiser *s);

#endif
