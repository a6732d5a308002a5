/*
 * learn/crop_targets.h: from the person's crops to what a cropper's network learns, and to the rules without learning.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_TARGETS_H
#define SAI_LEARN_CROP_TARGETS_H

#include "learn/box.h"
#include "learn/crop_head.h"

#include <stddef.h>

/* Below this free play, a position is drawn towards the usual one: a few pixels decide it, and it hardly matters. */
#define SAI_CROP_FULL_PLAY 0.05
/* Boxes that leave less than this share of the side away are no crops. */
#define SAI_CROP_WHOLE_PLAY 0.01
/* Nearer than this share of the side, a crop touches the image's edge. */
#define SAI_CROP_TOUCH 0.005

struct sai_crop_target {
    double numbers[3]; /* scale, x, y: sai_box_numbers without NaN */
    double edges[4];   /* left, top, right, bottom: 1 where the box touches the edge, else 0 */
    double whole;      /* 1: not cropped */
    struct selectai_box box;
};

bool sai_crop_is_whole(const struct selectai_box *box);

/*
 * Targets of n boxes that keep the aspect ratio. Places of boxes with little free play are blended with the mean place
 * of the boxes that have enough and that `use` (NULL: all) selects.
 */
void sai_crop_targets(struct sai_crop_target *targets, const struct selectai_box *boxes, const bool *use, size_t n);

/*
 * The box that keeps the aspect ratio and has the highest mean IoU with the n boxes that `use` selects (NULL: all):
 * found on a coarse grid, then by steps along its three numbers. NaN without any box.
 */
void sai_crop_constant(struct selectai_box *out, const struct selectai_box *boxes, const bool *use, size_t n);

/*
 * Sizes of which there are SAI_CROP_SIZE_MIN boxes or more among those selected, by width and height; at most
 * SAI_CROP_MAX_SIZES, the commonest. sizes: n x 2. The caller frees *out.
 */
#define SAI_CROP_SIZE_MIN 5u
int sai_crop_sizes(struct sai_crop_size **out, uint32_t *n_out, const struct selectai_box *boxes, const uint32_t *sizes,
                   const bool *use, size_t n);

/* The box for images of that size; of a size that is not in the table, `otherwise`. */
struct selectai_box sai_crop_by_size(const struct sai_crop_size *table, uint32_t n, const uint32_t size[2],
                                     const struct selectai_box *otherwise);

#endif
