/*
 * image/image.h: inside of an image, for the code of the library that works on pixels.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_IMAGE_H
#define SAI_IMAGE_IMAGE_H

#include <selectai/image.h>

#include "base/memory.h"

#define SAI_CHANNELS 3u

/* Sides beyond this are refused whatever the caller's limits are: boxes count in int32_t, stb in int. */
#define SAI_MAX_SIDE (1u << 20)

/* Rows from the top, width x 3 bytes each, no padding; width and height are never 0. */
struct selectai_image {
    uint32_t width, height;
    uint8_t *pixels;
};

/* An image whose pixels are not set yet. Sizes of 0 or beyond SAI_MAX_SIDE are refused. */
int sai_image_alloc(selectai_image **out, uint32_t width, uint32_t height);

/* Takes over `pixels` (freed with sai_free, also on failure). */
int sai_image_adopt(selectai_image **out, uint32_t width, uint32_t height, uint8_t *pixels);

/* Bytes in a row and in the whole image; they fit because the image exists. */
static inline size_t sai_image_stride(const selectai_image *image)
{
    return (size_t)image->width * SAI_CHANNELS;
}

static inline size_t sai_image_bytes(const selectai_image *image)
{
    return sai_image_stride(image) * image->height;
}

/* Pillow's "L": ITU-R 601-2 luma with 16-bit weights, rounded. `grey` takes n_pixels bytes. */
void sai_image_grey(uint8_t *grey, const uint8_t *rgb, size_t n_pixels);

#endif
