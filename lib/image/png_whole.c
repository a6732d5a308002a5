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
    if (!png->data_in_one && (*copy = sai_malloc(png->data_bytes)) == NULL)
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
    rows->bytes = rc == SELECTAI_OK ? sai_malloc(rows->n) : NULL;
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

/* Row y + 1 begins one byte later than it will stand, row y + 2 two bytes later, and so on: going forward is safe. */
static void finish_rgb(struct rows *rows, const uint8_t *zeros)
{
    const uint8_t *prev = zeros;
    for (uint32_t y = 0; y < rows->png->height; y++) {
        uint8_t *to = rows->bytes + y * rows->row_bytes;
        const uint8_t *from = rows->bytes + y * (rows->row_bytes + 1);
        sai_png_unfilter(to, from + 1, prev, rows->row_bytes, 3, *from);
        prev = to;
    }
}

/* A row is narrowed when the one below it no longer needs it. */
static void finish_rgba(struct rows *rows, const uint8_t *zeros)
{
    const uint8_t *prev = zeros;
    uint8_t *to = rows->bytes;
    size_t width = rows->png->width;
    for (uint32_t y = 0; y < rows->png->height; y++) {
        uint8_t *row = rows->bytes + y * (rows->row_bytes + 1) + 1;
        sai_png_unfilter(row, row, prev, rows->row_bytes, 4, row[-1]);
        if (y > 0) {
            rgb_of_rgba(to, prev, width);
            to += width * SAI_CHANNELS;
        }
        prev = row;
    }
    rgb_of_rgba(to, prev, width);
}

/* The rows' own buffer becomes the image. */
static int finish_in_place(selectai_image **out, struct rows *rows, const uint8_t *zeros)
{
    const struct sai_png *png = rows->png;
    if (rows->bpp == 3)
        finish_rgb(rows, zeros);
    else
        finish_rgba(rows, zeros);
    uint8_t *pixels = sai_realloc(rows->bytes, (size_t)png->width * png->height * SAI_CHANNELS);
    if (pixels == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    rows->bytes = NULL;
    return sai_image_adopt(out, png->width, png->height, pixels);
}

static int finish_apart(selectai_image **out, struct rows *rows, const uint8_t *zeros)
{
    const struct sai_png *png = rows->png;
    const uint8_t *prev = zeros;
    int rc = sai_image_alloc(out, png->width, png->height);
    if (rc != SELECTAI_OK)
        return rc;
    for (uint32_t y = 0; y < png->height; y++) {
        uint8_t *row = rows->bytes + y * (rows->row_bytes + 1) + 1;
        uint8_t *to = (*out)->pixels + y * sai_image_stride(*out);
        sai_png_unfilter(row, row, prev, rows->row_bytes, rows->bpp, row[-1]);
        if (png->colour == PNG_PALETTE)
            rgb_of_palette(to, row, png->width, png->palette);
        else
            rgb_of_grey(to, row, png->width, rows->bpp);
        prev = row;
    }
    return SELECTAI_OK;
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
        rc = zeros == NULL ? SELECTAI_ERR_OUT_OF_MEMORY
             : rows.bpp < 3 ? finish_apart(out, &rows, zeros)
                            : finish_in_place(out, &rows, zeros);
    }
    sai_free(zeros);
    sai_free(rows.bytes);
    return rc;
}
