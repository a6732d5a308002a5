/*
 * learn/crop_loss.h: what a cropper's network minimises for one image.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_LOSS_H
#define SAI_LEARN_CROP_LOSS_H

#include "learn/crop_targets.h"

/* The network's outputs, all linear; the sigmoid of each is a number in 0..1. */
enum {
    SAI_CROP_SCALE = 0, /* side, then where the box stands in the room that is left: sai_box_numbers */
    SAI_CROP_X = 1,
    SAI_CROP_Y = 2,
    SAI_CROP_EDGES = 3, /* left, top, right, bottom: chance that the crop touches this edge of the image */
    SAI_CROP_WHOLE = 7, /* chance that the image is not cropped at all */
    SAI_CROP_OUTPUTS = 8
};

/*
 * An image that was cropped: smooth L1 (beta 0.1, mean of three) of scale and place, plus 1 - IoU with the person's
 * box, plus a tenth of the cross entropy of each edge (mean of four). Every image: plus a tenth of the cross entropy of
 * "not cropped"; of one that was not, that is all, since nobody knows where its box would have been.
 * gradient: derivatives with respect to the outputs, or NULL.
 */
double sai_crop_loss(float gradient[SAI_CROP_OUTPUTS], const float output[SAI_CROP_OUTPUTS],
                     const struct sai_crop_target *target);

/* 1 / (1 + exp(-x)) */
double sai_sigmoid(double x);

#endif
