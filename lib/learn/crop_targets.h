/*
 * learn/crop_targets.h: from the person's crops to what a cropper's network learns.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_TARGETS_H
#define SAI_LEARN_CROP_TARGETS_H

#include "learn/box.h"

#include <stddef.h>

/* Below this free play, a position is drawn towards the usual one: a few pixels decide it, and it hardly matters. */
#define SAI_CROP_FULL_PLAY 0.05

/*
 * y: n x 3 (scale, x, y) from n boxes that keep the aspect ratio, the first n_train of which train. Positions of boxes
 * with little free play are blended with the mean position of the training boxes that have enough.
 */
void sai_crop_targets(float *y, const struct selectai_box *boxes, size_t n, size_t n_train);

/* Median of each edge on its own: the best constant box for the sum of edge distances. n >= 1. */
int sai_crop_median(struct selectai_box *out, const struct selectai_box *boxes, size_t n);

#endif
