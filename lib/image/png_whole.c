/*
 * image/png_whole.c: the quick way to a PNG's pixels: libdeflate inflates all rows at once.
 *
 * The size of the rows is known from the header, so that the buffer is exact: data that gives more or less is not taken
 * here. RGB and RGBA rows are unfiltered and moved to their place within that buffer, which becomes the image; grey and
 * palette rows are widened into one of its own.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <libdeflate.h>
#include <string.h>

#include "image/png.h"

/* Beyond this the rows would be in the way of other memory for little gain. */
#define MAX_ROWS_BYTES ((uint64_t)256 << 20)

/* Rows that are unfiltered before they are converted: as many as a small cache holds. */
#define BATCH 16u

struct rows {
    const struct sai_png *png;
    uint8_t *bytes; /* height x (filter byte and row_bytes) */
    size_t n;
    size_t row_bytes;
    unsigned bpp;
};

static bool set_size(struct rows *rows, const struct sai_png *png, uint64_t max_memory)
{
    size_t row, n_pixels = (size_t)png->width * png->height; /* sides below 2^21 */
    if (png->depth != 8 || png->interlaced)
        return false;
    rows->png = png;
    rows->bpp = png->samples;
    rows->row_bytes = (size_t)png->width * png->samples;
    row = rows->row_bytes + 1;
    if (!sai_mul_size(&rows->n, row, png->height) || rows->n > MAX_ROWS_BYTES)
        return false;
    size_t beside = png->data_in_one ? 0 : png->data_bytes;
    if (rows->bpp < 3 && n_pixels * SAI_CHANNELS > beside)
        beside = n_pixels * SAI_CHANNELS;
    return beside <= max_memory && rows->n <= max_memory - beside;
}

/* All picture data as one piece: *copy is NULL if it lies in the file like that. */
static int join_data(const uint8_t **data, uint8_t **copy, const struct sai_png *png)
{
    struct sai_png_chunk chunk;
    size_t offset = png->first_data, at = 0;
    if (!png->data_in_one && (*copy = sai_large_malloc(png->data_bytes)) == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *data = *copy;
    while (sai_png_next_data(&chunk, png, &offset)) {
        if (*copy == NULL && chunk.length > 0)
            *data = chunk.data;
        else if (*copy != NULL)
            memcpy(*copy + at, chunk.data, chunk.length);
        at += chunk.length;
    }
    return SELECTAI_OK;
}

/* *done: the stream is whole, its checksum right, and it held just the rows. */
static int inflate_rows(struct rows *rows, bool *done)
{
    const struct sai_png *png = rows->png;
    const uint8_t *data = NULL;
    uint8_t *copy = NULL;
    size_t used, got = 0;
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    if (inflater == NULL)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: not enough memory to inflate it", png->name);
    int rc = join_data(&data, &copy, png);
    rows->bytes = rc == SELECTAI_OK ? sai_large_malloc(rows->n) : NULL;
    if (rows->bytes == NULL)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && data != NULL)
        *done = libdeflate_zlib_decompress_ex(inflater, data, png->data_bytes, rows->bytes, rows->n, &used, &got) ==
                    LIBDEFLATE_SUCCESS &&
                got == rows->n;
    libdeflate_free_decompressor(inflater);
    sai_free(copy);
    return rc;
}

static bool filters_known(const struct rows *rows)
{
    for (uint32_t y = 0; y < rows->png->height; y++)
        if (rows->bytes[y * (rows->row_bytes + 1)] > PNG_PAETH)
            return false;
    return true;
}

static void put4(uint8_t *out, uint32_t little_endian)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    little_endian = __builtin_bswap32(little_endian);
#endif
    memcpy(out, &little_endian, 4);
}

/*
 * Writes four bytes where three are wanted; the next pixel overwrites the fourth, and the last one is done apart. Read
 * before written, so that out may lie before `in` and overlap it.
 */
static void rgb_of_rgba(uint8_t *out, const uint8_t *in, size_t width)
{
    for (size_t x = 0; x + 1 < width; x++) {
        uint32_t pixel;
        memcpy(&pixel, in + 4 * x, 4);
        memcpy(out + 3 * x, &pixel, 4);
    }
    memmove(out + 3 * (width - 1), in + 4 * (width - 1), 3);
}

static void rgb_of_grey(uint8_t *out, const uint8_t *in, size_t width, unsigned bpp)
{
    for (size_t x = 0; x + 1 < width; x++)
        put4(out + 3 * x, in[x * bpp] * 0x010101u);
    memset(out + 3 * (width - 1), in[(width - 1) * bpp], 3);
}

static void rgb_of_palette(uint8_t *out, const uint8_t *in, size_t width, const uint8_t (*palette)[4])
{
    for (size_t x = 0; x + 1 < width; x++)
        memcpy(out + 3 * x, palette[in[x]], 4);
    memcpy(out + 3 * (width - 1), palette[in[width - 1]], 3);
}

/* Pixels of one unfiltered row. `out` may lie before `in`, also where they overlap, if the rows have 3 or 4 channels.
 */
static void convert_row(uint8_t *out, const uint8_t *in, const struct sai_png *png)
{
    if (png->colour == PNG_RGB)
        memmove(out, in, (size_t)png->width * SAI_CHANNELS);
    else if (png->colour == PNG_RGB_ALPHA)
        rgb_of_rgba(out, in, png->width);
    else if (png->colour == PNG_PALETTE)
        rgb_of_palette(out, in, png->width, png->palette);
    else
        rgb_of_grey(out, in, png->width, png->samples);
}

/*
 * Unfilters some rows, then converts the ones that no later row needs. Within one buffer a converted row ends before
 * the row after it begins, because a row is longer with its filter byte than without.
 */
static void finish_rows(uint8_t *out, struct rows *rows, const uint8_t *zeros)
{
    const struct sai_png *png = rows->png;
    const uint8_t *prev = zeros;
    size_t step = rows->row_bytes + 1, out_step = (size_t)png->width * SAI_CHANNELS, converted = 0;
    for (size_t y = 0; y < png->height;) {
        size_t n_rows = png->height - y < BATCH ? png->height - y : BATCH;
        sai_png_unfilter_rows(rows->bytes + y * step, prev, n_rows, rows->row_bytes, rows->bpp);
        y += n_rows;
        prev = rows->bytes + (y - 1) * step + 1;
        for (; converted + 1 < y || (y == png->height && converted < y); converted++)
            convert_row(out + converted * out_step, rows->bytes + converted * step + 1, png);
    }
}

/* The rows' own buffer becomes the image. */
static int finish_in_place(selectai_image **out, struct rows *rows, const uint8_t *zeros)
{
    const struct sai_png *png = rows->png;
    finish_rows(rows->bytes, rows, zeros);
    uint8_t *pixels = sai_realloc(rows->bytes, (size_t)png->width * png->height * SAI_CHANNELS);
    if (pixels == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    rows->bytes = NULL;
    return sai_image_adopt(out, png->width, png->height, pixels);
}

static int finish_apart(selectai_image **out, struct rows *rows, const uint8_t *zeros)
{
    int rc = sai_image_alloc(out, rows->png->width, rows->png->height);
    if (rc == SELECTAI_OK)
        finish_rows((*out)->pixels, rows, zeros);
    return rc;
}

int sai_png_read_whole(selectai_image **out, const struct sai_png *png, uint64_t max_memory)
{
    struct rows rows = {0};
    bool done = false;
    uint8_t *zeros = NULL;
    if (!set_size(&rows, png, max_memory))
        return SELECTAI_OK;
    int rc = inflate_rows(&rows, &done);
    if (rc == SELECTAI_OK && done && !filters_known(&rows))
        rc = sai_png_corrupt(png, "an unknown row filter");
    if (rc == SELECTAI_OK && done) {
        zeros = sai_calloc(rows.row_bytes, 1);
        rc = zeros == NULL  ? SELECTAI_ERR_OUT_OF_MEMORY
             : rows.bpp < 3 ? finish_apart(out, &rows, zeros)
                            : finish_in_place(out, &rows, zeros);
    }
    sai_free(zeros);
    sai_free(rows.bytes);
    return rc;
}
