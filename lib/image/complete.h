/*
 * image/complete.h: is a file all there, and safe to hand to a decoder that fills what is missing?
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_COMPLETE_H
#define SAI_IMAGE_COMPLETE_H

#include "image/image.h"

/*
 * *out (caller frees with sai_free): the bytes up to the end of the first picture, with its transparent colour, if it
 * has one, made an ordinary colour. FORMAT if the picture's data ends early.
 */
int sai_gif_first_picture(uint8_t **out, size_t *n_out, const uint8_t *bytes, size_t n, const char *name);

/* What decoding a JPEG will cost. */
struct sai_jpeg_cost {
    uint64_t samples; /* in the planes of all components, whole blocks */
    bool buffered;    /* all coefficients, 2 bytes each, must be kept: progressive, or several scans */
};

/* FORMAT if the end marker, a scan or a table that a scan needs is missing, or a Huffman table is impossible; LIMIT for
 * a file made to waste time. */
int sai_jpeg_check(struct sai_jpeg_cost *cost, const uint8_t *bytes, size_t n, const char *name);

/* FORMAT if pixels are missing, UNSUPPORTED for compressed ones. n bytes that begin with a header that was parsed. */
int sai_bmp_check(const uint8_t *bytes, size_t n, uint32_t width, uint32_t height, const char *name);

#endif
