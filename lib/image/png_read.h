/*
 * image/png_read.h: PNG to RGB.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_PNG_READ_H
#define SAI_IMAGE_PNG_READ_H

#include "image/image.h"

/* Decodes a file whose header has been parsed and whose dimensions have been found acceptable. */
int sai_png_read(selectai_image **out, const uint8_t *bytes, size_t n, const char *name);

/* Undoes a row's filter (0..4) in place. prev is the row above, zeros for the first; bpp: bytes per whole pixel. */
void sai_png_unfilter(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter);

#endif
