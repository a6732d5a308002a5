/*
 * learn/crop_belief.h: from a cropper's outputs to what it believes about the person's box, and to the box proposed.
 *
 * The network gives one point (scale, place), and how likely the image is not cropped at all. How far persons' boxes
 * lie from such points is known from images that the networks had not trained on: a table of deviations with shares.
 * Point plus deviations are possible boxes; with the whole image they make a distribution. Proposed is the box with the
 * highest expected IoU under it, then edges that are likely to be touched are taken whole.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_BELIEF_H
#define SAI_LEARN_CROP_BELIEF_H

#include <selectai/cropper.h>

#include "learn/crop_head.h"
#include "learn/crop_loss.h"

/*
 * The proposal for one image from the network's outputs. constant: what is proposed if the head says one_box. snap: as
 * sai_box_from_numbers(). Expected IoU and interval are those of the distribution, not yet levelled and widened. NaN
 * in, NaN out.
 */
void sai_crop_decide(struct selectai_crop_proposal *out, const struct sai_crop_head *head,
                     const struct selectai_box *constant, double snap, const float output[SAI_CROP_OUTPUTS]);

/* Replaces the distribution's expected IoU and interval by what they were worth on images not trained on. */
void sai_crop_level(struct selectai_crop_proposal *proposal, const double level[2], double widen);

#endif
