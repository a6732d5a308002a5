/*
 * image/exif.h: how EXIF says that a picture is to be turned.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_EXIF_H
#define SAI_IMAGE_EXIF_H

#include "image/header.h"

#define SAI_UPRIGHT 1u

/* Tag 0x0112 of a whole file, 1..8; 1 (as stored) where there is none or none that can be read. */
unsigned sai_exif_orientation(enum sai_image_kind kind, const uint8_t *bytes, size_t n);

/* Whether turning so makes columns of rows. */
static inline bool sai_orientation_swaps(unsigned orientation)
{
    return orientation >= 5;
}

/*
 * Turns and mirrors width x height elements of `size` bytes, as Pillow's exif_transpose() does. `out` takes as many,
 * height x width if the orientation swaps sides; it must not overlap `in`.
 */
void sai_orient(uint8_t *out, const uint8_t *in, uint32_t width, uint32_t height, size_t size, unsigned orientation);

/* A box in the turned picture becomes the same one in the stored picture of width x height. */
void sai_orient_box(struct selectai_pixel_box *box, uint32_t width, uint32_t height, unsigned orientation);

#endif
