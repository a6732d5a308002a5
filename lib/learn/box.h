/*
 * learn/box.h: crops that keep the image's aspect ratio, as three numbers in 0..1.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_BOX_H
#define SAI_LEARN_BOX_H

#include <selectai/common.h>

#include <stdbool.h>

/* Boxes smaller than this share of the side are not proposed. */
#define SAI_BOX_MIN_SCALE 0.05

/* Where the sides' shares differ by no more than this, the aspect counts as kept. */
#define SAI_BOX_ASPECT_TOLERANCE 0.02

/* scale: side of the box as a share of the image's. x, y: where it stands in the free play: 0 left/top, 1 right/bottom.
 */
struct sai_box_numbers {
    double scale, x, y;
};

/* false if the box is empty, lies outside, or changes the aspect ratio. Without free play x and y are NaN. */
bool sai_box_to_numbers(struct sai_box_numbers *out, const struct selectai_box *box);

/* false if it is no box inside 0..1 at all. */
bool sai_box_is_valid(const struct selectai_box *box);

/*
 * The box, inside the image, moved onto edges nearer than `snap` (a share of the side). All its numbers are multiples
 * of 2^-24, so x2 - x1 == y2 - y1 holds exactly. NaN in, NaN out.
 */
struct selectai_box sai_box_from_numbers(const struct sai_box_numbers *numbers, double snap);

/* In whole pixels of a width x height image, half-open, not empty. */
struct selectai_pixel_box sai_box_pixels(const struct selectai_box *box, uint32_t width, uint32_t height);

#endif
