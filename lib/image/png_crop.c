/*
 * image/png_crop.c: cuts a part out of a PNG file's samples, of any depth, colour type and interlacing.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/png_crop.h"

struct cut {
    const struct selectai_pixel_box *box;
    unsigned bits; /* of a pixel */
    uint8_t *rows; /* zeros at first, so that packed pixels can be or-ed in */
    size_t row_bytes;
};

/* The first pixel of a pass's row that is not left of the box. */
static uint32_t first_inside(const struct sai_png_pass *pass, uint32_t left)
{
    return left <= pass->x ? 0 : (left - pass->x + pass->dx - 1) / pass->dx;
}

static void take_packed(const struct cut *cut, const struct sai_png_pass *pass, uint32_t width, const uint8_t *row,
                        uint8_t *to)
{
    unsigned bits = cut->bits, mask = (1u << bits) - 1;
    uint32_t left = (uint32_t)cut->box->x1, right = (uint32_t)cut->box->x2;
    for (uint32_t i = first_inside(pass, left); i < width && pass->x + i * pass->dx < right; i++) {
        size_t from_bit = (size_t)i * bits, to_bit = (size_t)(pass->x + i * pass->dx - left) * bits;
        unsigned value = row[from_bit / 8] >> (8 - bits - from_bit % 8) & mask;
        to[to_bit / 8] = (uint8_t)(to[to_bit / 8] | value << (8 - bits - to_bit % 8));
    }
}

static void take_bytes(const struct cut *cut, const struct sai_png_pass *pass, uint32_t width, const uint8_t *row,
                       uint8_t *to)
{
    size_t bytes = cut->bits / 8;
    uint32_t left = (uint32_t)cut->box->x1, right = (uint32_t)cut->box->x2;
    for (uint32_t i = first_inside(pass, left); i < width && pass->x + i * pass->dx < right; i++)
        memcpy(to + (size_t)(pass->x + i * pass->dx - left) * bytes, row + (size_t)i * bytes, bytes);
}

static void take_row(void *user, const struct sai_png_pass *pass, uint32_t y, uint32_t width, const uint8_t *row)
{
    const struct cut *cut = user;
    if (y < (uint32_t)cut->box->y1 || y >= (uint32_t)cut->box->y2)
        return;
    uint8_t *to = cut->rows + (y - (uint32_t)cut->box->y1) * cut->row_bytes;
    if (cut->bits < 8)
        take_packed(cut, pass, width, row, to);
    else if (pass->dx == 1)
        memcpy(to, row + (size_t)cut->box->x1 * (cut->bits / 8), cut->row_bytes);
    else
        take_bytes(cut, pass, width, row, to);
}

/* Room for the part's rows, in `name`'s memory limit: the rows, and the few that are read and written at a time. */
static int open_cut(struct cut *cut, const struct sai_png *png, uint32_t width, uint32_t height, uint64_t max_memory)
{
    size_t n;
    cut->row_bytes = ((size_t)width * cut->bits + 7) / 8; /* sides are at most SAI_MAX_SIDE */
    if (!sai_mul_size(&n, cut->row_bytes, height) || n > max_memory)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: a crop of %u x %u pixels takes more memory than the %llu MiB allowed",
                        png->name, width, height, (unsigned long long)(max_memory >> 20));
    cut->rows = sai_calloc(n, 1);
    return cut->rows == NULL ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

static int write_part(const struct sai_png_sink *sink, const struct sai_png *png, const struct cut *cut, uint32_t width,
                      uint32_t height)
{
    struct sai_png_rows rows = {width,        height,    png->depth,     png->colour,
                                png->samples, cut->rows, cut->row_bytes, cut->row_bytes};
    sai_png_put_signature(sink);
    sai_png_put_header(sink, &rows);
    sai_png_crop_chunks(sink, png, cut->box, false);
    int rc = sai_png_put_data(sink, &rows, SAI_PNG_CROP_LEVEL);
    sai_png_crop_chunks(sink, png, cut->box, true);
    sai_png_put_chunk(sink, "IEND", NULL, 0);
    return rc;
}

int sai_png_crop(const struct sai_png_sink *sink, const uint8_t *bytes, size_t n, const struct selectai_pixel_box *box,
                 uint64_t max_memory, const char *name)
{
    struct sai_png png;
    uint32_t width = (uint32_t)(box->x2 - box->x1), height = (uint32_t)(box->y2 - box->y1);
    int rc = sai_png_scan(&png, bytes, n, name);
    if (rc != SELECTAI_OK)
        return rc;
    struct cut cut = {.box = box, .bits = png.samples * png.depth};
    rc = open_cut(&cut, &png, width, height, max_memory);
    if (rc == SELECTAI_OK)
        rc = sai_png_read_rows(&png, take_row, &cut);
    if (rc == SELECTAI_OK)
        rc = write_part(sink, &png, &cut, width, height);
    sai_free(cut.rows);
    return rc;
}
