/*
 * learn/crop_deviations.h: learning from images that were not trained on: how far off the points are, how much the
 * chances are worth, how good proposals turn out to be.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_DEVIATIONS_H
#define SAI_LEARN_CROP_DEVIATIONS_H

#include "learn/crop_belief.h"

/*
 * A table of at most SAI_CROP_DEVIATIONS for n deviations (scale, x, y): the means of clusters (Lloyd, "Least squares
 * quantization in PCM", 1982, from evenly spaced starts along the sorted scales) with their shares. The same whatever
 * the order of the deviations that are equal. The caller frees *out; with n 0 it is empty.
 */
int sai_crop_cluster(struct sai_crop_deviation **out, uint32_t *n_out, const double (*deviations)[3], size_t n);

/*
 * Platt's scaling of n logits against 0 or 1 targets: sigmoid(scale * logit + shift) is what they are worth. A prior
 * worth one observation holds scale near 1 and shift near 0: with few targets little changes.
 */
void sai_crop_platt(double *scale, double *shift, const double *logits, const double *targets, size_t n);

/*
 * What expected IoUs and intervals of proposals (as sai_crop_decide() gives them) were worth where the true IoU is
 * known. level: a line by least squares, drawn towards "as it is" by the worth of 10 images. widen: conformalised
 * intervals (Romano, Patterson and Candes, "Conformalized quantile regression", 2019): the least that makes 80 % of the
 * intervals hold the truth, rounded up for n images more than the ones seen. Only those that `use` (NULL: all) selects.
 * Fewer than 10 leave level as it is and widen by 1, which promises nothing.
 */
int sai_crop_fit_level(double level[2], double *widen, const struct selectai_crop_proposal *proposals,
                       const double *iou, const bool *use, size_t n);

#endif
