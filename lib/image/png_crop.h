/*
 * image/png_crop.h: part of a PNG file as a PNG file: same samples, depth, colour type, and what is said about them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_PNG_CROP_H
#define SAI_IMAGE_PNG_CROP_H

#include "image/png.h"
#include "image/png_write.h"

#define SAI_PNG_CROP_LEVEL 6 /* zlib's */

/* box: in stored pixels, inside the picture and not empty. Failures of the sink are the caller's to find. */
int sai_png_crop(const struct sai_png_sink *sink, const uint8_t *bytes, size_t n, const struct selectai_pixel_box *box,
                 uint64_t max_memory, const char *name);

/* Copies the chunks that stay true for a part, those before the picture data or those behind it. */
void sai_png_crop_chunks(const struct sai_png_sink *sink, const struct sai_png *png,
                         const struct selectai_pixel_box *box, bool behind_data);

#endif
