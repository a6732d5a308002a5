/*
 * image/png_write.h: RGB to PNG.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_PNG_WRITE_H
#define SAI_IMAGE_PNG_WRITE_H

#include "image/stb.h"

/* level: zlib's, 1 (fast) to 9 (small). */
int sai_png_write(struct sai_byte_buffer *out, const selectai_image *image, int level);

#endif
