/*
 * image/png_write.h: RGB to PNG.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_PNG_WRITE_H
#define SAI_IMAGE_PNG_WRITE_H

#include "image/stb.h"

/* Where bytes go: sai_byte_buffer_append() with a buffer, or sai_atomic_write() with a file. Both remember failures. */
struct sai_png_sink {
    void (*write)(void *to, const void *bytes, size_t n);
    void *to;
};

void sai_png_put_signature(const struct sai_png_sink *sink);
void sai_png_put_chunk(const struct sai_png_sink *sink, const char *type, const uint8_t *data, uint32_t length);

/* Rows as they stand in a file, without filter bytes. */
struct sai_png_rows {
    uint32_t width, height;
    unsigned depth, colour, samples; /* as in struct sai_png */
    const uint8_t *rows;
    size_t row_bytes, stride; /* bytes of a row, and from one to the next */
};
void sai_png_put_header(const struct sai_png_sink *sink, const struct sai_png_rows *rows);
/* The picture data. level: zlib's, 1 (fast) to 9 (small). */
int sai_png_put_data(const struct sai_png_sink *sink, const struct sai_png_rows *rows, int level);

/* All of a file. */
int sai_png_write(struct sai_byte_buffer *out, const selectai_image *image, int level);

/* Part of an image, 8-bit RGB; inside it and not empty. */
void sai_png_rows_of(struct sai_png_rows *out, const selectai_image *image, const struct selectai_pixel_box *box);

#endif
