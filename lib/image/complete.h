/*
 * image/complete.h: is a file all there? For the formats whose decoder would fill what is missing with zeros.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_COMPLETE_H
#define SAI_IMAGE_COMPLETE_H

#include "image/image.h"

/* n bytes that begin with a header that was parsed. FORMAT if the first picture's data ends early. */
int sai_gif_check(const uint8_t *bytes, size_t n, const char *name);
int sai_bmp_check(const uint8_t *bytes, size_t n, uint32_t width, uint32_t height, const char *name);

#endif
