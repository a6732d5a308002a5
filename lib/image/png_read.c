/*
 * image/png_read.c: PNG decoder on zlib (ISO/IEC 15948), with the result of Pillow's convert("RGB").
 *
 * Every kind of file. Rows are inflated one at a time into two row buffers, so that memory is the image itself and
 * little more. png_whole.c is the quick way for the usual kinds.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/header.h"
#include "image/png.h"
#include "image/zlib_memory.h"

/* Bytes behind the last row that are inflated to get at the checksum: some hundredths of a second. */
#define MAX_SURPLUS ((size_t)16 << 20)

struct reader {
    const struct sai_png *png;
    size_t next_chunk; /* offset of the chunk that is inflated next */
    z_stream stream;
    bool stream_ready, stream_ended;
    uint8_t *row, *previous; /* filter byte apart */
    uint8_t *pixels;         /* the picture that is made */
    unsigned pixel_bytes;    /* of it: 3 RGB, 4 RGBA, 2 the samples of 16-bit grey */
    sai_png_row_fn take_row; /* not NULL: gets the rows instead */
    void *user;
};

static int corrupt(const struct reader *r, const char *what)
{
    return sai_png_corrupt(r->png, what);
}

/* Gives zlib the next piece of compressed data; false at the end. */
static bool feed(struct reader *r)
{
    struct sai_png_chunk chunk;
    while (r->stream.avail_in == 0) {
        if (!sai_png_next_data(&chunk, r->png, &r->next_chunk))
            return false;
        r->stream.next_in = (z_const Bytef *)(uintptr_t)chunk.data;
        r->stream.avail_in = chunk.length;
    }
    return true;
}

/* Inflates up to n bytes; *got is smaller where the stream ends. */
static int inflate_bytes(struct reader *r, uint8_t *out, size_t n, size_t *got)
{
    r->stream.next_out = out;
    r->stream.avail_out = (uInt)n;
    while (r->stream.avail_out > 0 && !r->stream_ended && feed(r)) {
        int z = inflate(&r->stream, Z_NO_FLUSH);
        if (z == Z_MEM_ERROR)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        if (z != Z_OK && z != Z_STREAM_END)
            return corrupt(r, "its compressed data is damaged");
        r->stream_ended = z == Z_STREAM_END;
    }
    *got = n - r->stream.avail_out;
    return SELECTAI_OK;
}

static int inflate_row(struct reader *r, uint8_t *filter, size_t row_bytes)
{
    size_t got;
    int rc = inflate_bytes(r, filter, 1, &got);
    if (rc == SELECTAI_OK && got == 1)
        rc = inflate_bytes(r, r->row, row_bytes, &got);
    if (rc != SELECTAI_OK)
        return rc;
    if (got != row_bytes)
        return corrupt(r, "its picture data ends early");
    return *filter > 4 ? corrupt(r, "an unknown row filter") : SELECTAI_OK;
}

/* zlib compares its checksum when it reaches the end of the stream. Surplus data is no harm, but a bomb is. */
static int finish_stream(struct reader *r)
{
    uint8_t surplus[4096];
    size_t got = sizeof surplus;
    for (size_t total = 0; !r->stream_ended && got == sizeof surplus; total += got) {
        if (total > MAX_SURPLUS)
            return corrupt(r, "its compressed data goes on far beyond the last row");
        int rc = inflate_bytes(r, surplus, sizeof surplus, &got);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return r->stream_ended ? SELECTAI_OK : corrupt(r, "its compressed data is truncated");
}

static inline unsigned packed_sample(const uint8_t *row, uint32_t x, unsigned depth)
{
    unsigned per_byte = 8 / depth;
    unsigned shift = 8 - depth * (x % per_byte + 1);
    return row[x / per_byte] >> shift & ((1u << depth) - 1);
}

static inline uint8_t grey16(const uint8_t *p)
{
    return p[0] != 0 ? 255 : p[1]; /* Pillow holds 16-bit grey as whole numbers and clips them when it converts */
}

static void put_grey(uint8_t *out, uint8_t value)
{
    out[0] = out[1] = out[2] = value;
}

/* The samples as they are, but for 16 bits of colour, which keep their high byte. */
static void keep_row(const struct reader *r, uint8_t *out, uint32_t width, size_t step)
{
    const struct sai_png *png = r->png;
    unsigned bytes = png->depth / 8, pixel = png->samples * bytes;
    for (uint32_t x = 0; x < width; x++, out += step) {
        const uint8_t *p = r->row + (size_t)x * pixel;
        if (r->pixel_bytes == 2) {
            uint16_t grey = (uint16_t)sai_be16(p);
            memcpy(out, &grey, 2);
            continue;
        }
        for (unsigned c = 0; c < 3; c++)
            out[c] = p[png->samples == 4 ? c * bytes : 0];
        out[3] = p[(png->samples - 1) * bytes];
    }
}

/* Writes the row's pixels, `step` bytes apart. */
static void convert_row(const struct reader *r, uint8_t *out, uint32_t width, size_t step)
{
    const struct sai_png *png = r->png;
    const uint8_t *row = r->row;
    unsigned bytes = png->depth / 8, pixel = png->samples * bytes;
    if (png->colour == PNG_RGB && png->depth == 8 && step == SAI_CHANNELS) {
        memcpy(out, row, (size_t)width * SAI_CHANNELS);
        return;
    }
    for (uint32_t x = 0; x < width; x++, out += step) {
        if (png->colour == PNG_PALETTE) {
            memcpy(out, png->palette[png->depth == 8 ? row[x] : packed_sample(row, x, png->depth)], SAI_CHANNELS);
        } else if (png->depth < 8) {
            put_grey(out, (uint8_t)(packed_sample(row, x, png->depth) * (255u / ((1u << png->depth) - 1))));
        } else if (png->colour == PNG_GREY || png->colour == PNG_GREY_ALPHA) {
            const uint8_t *p = row + (size_t)x * pixel;
            put_grey(out, png->colour == PNG_GREY && bytes == 2 ? grey16(p) : p[0]);
        } else {
            const uint8_t *p = row + (size_t)x * pixel;
            for (unsigned c = 0; c < SAI_CHANNELS; c++)
                out[c] = p[c * bytes];
        }
    }
}

static void pass_on(struct reader *r, const struct sai_png_pass *pass, uint32_t y, uint32_t width)
{
    if (r->take_row != NULL) {
        r->take_row(r->user, pass, y, width, r->row);
        return;
    }
    uint8_t *to = r->pixels + ((size_t)y * r->png->width + pass->x) * r->pixel_bytes;
    (r->pixel_bytes == SAI_CHANNELS ? convert_row : keep_row)(r, to, width, (size_t)pass->dx * r->pixel_bytes);
}

static int read_pass(struct reader *r, const struct sai_png_pass *pass)
{
    if (pass->x >= r->png->width || pass->y >= r->png->height)
        return SELECTAI_OK;
    uint32_t width = (r->png->width - pass->x + pass->dx - 1) / pass->dx;
    unsigned bits = r->png->samples * r->png->depth;
    size_t row_bytes = ((size_t)width * bits + 7) / 8;
    memset(r->previous, 0, row_bytes);
    for (uint32_t y = pass->y; y < r->png->height; y += pass->dy) {
        uint8_t filter;
        int rc = inflate_row(r, &filter, row_bytes);
        if (rc != SELECTAI_OK)
            return rc;
        sai_png_unfilter(r->row, r->previous, row_bytes, (bits + 7) / 8, filter);
        pass_on(r, pass, y, width);
        uint8_t *swap = r->row;
        r->row = r->previous;
        r->previous = swap;
    }
    return SELECTAI_OK;
}

static int read_pixels(struct reader *r)
{
    static const struct sai_png_pass whole[] = {{0, 0, 1, 1}};
    static const struct sai_png_pass adam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                                {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
    const struct sai_png_pass *passes = r->png->interlaced ? adam7 : whole;
    size_t n_passes = r->png->interlaced ? 7 : 1;
    for (size_t i = 0; i < n_passes; i++) {
        int rc = read_pass(r, &passes[i]);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return finish_stream(r);
}

static int open_stream(struct reader *r)
{
    size_t row_bytes = ((size_t)r->png->width * r->png->samples * r->png->depth + 7) / 8;
    r->row = sai_malloc(row_bytes);
    r->previous = sai_malloc(row_bytes);
    if (r->row == NULL || r->previous == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    r->stream.zalloc = sai_zlib_alloc;
    r->stream.zfree = sai_zlib_free;
    if (inflateInit(&r->stream) != Z_OK)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: not enough memory to inflate it", r->png->name);
    r->stream_ready = true;
    r->next_chunk = r->png->first_data;
    return SELECTAI_OK;
}

/* Fills r->pixels. */
static int read_rows(struct reader *r)
{
    int rc = open_stream(r);
    if (rc == SELECTAI_OK)
        rc = read_pixels(r);
    if (r->stream_ready)
        inflateEnd(&r->stream);
    sai_free(r->row);
    sai_free(r->previous);
    return rc;
}

static int read_image(selectai_image **out, const struct sai_png *png)
{
    selectai_image *image = NULL;
    int rc = sai_image_alloc(&image, png->width, png->height);
    if (rc != SELECTAI_OK)
        return rc;
    struct reader r = {.png = png, .pixels = image->pixels, .pixel_bytes = SAI_CHANNELS};
    rc = read_rows(&r);
    if (rc != SELECTAI_OK)
        selectai_image_destroy(&image);
    else
        *out = image;
    return rc;
}

int sai_png_read_rows(const struct sai_png *png, sai_png_row_fn take_row, void *user)
{
    struct reader r = {.png = png, .take_row = take_row, .user = user};
    return read_rows(&r);
}

int sai_png_read_samples(uint8_t **out, unsigned pixel_bytes, const uint8_t *bytes, size_t n, const char *name)
{
    struct sai_png png;
    int rc = sai_png_scan(&png, bytes, n, name);
    if (rc != SELECTAI_OK)
        return rc;
    struct reader r = {.png = &png, .pixel_bytes = pixel_bytes};
    r.pixels = sai_large_malloc((size_t)png.width * png.height * pixel_bytes); /* within max_memory */
    if (r.pixels == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    rc = read_rows(&r);
    if (rc != SELECTAI_OK)
        sai_free(r.pixels);
    else
        *out = r.pixels;
    return rc;
}

int sai_png_read(selectai_image **out, const uint8_t *bytes, size_t n, uint64_t max_memory, const char *name)
{
    struct sai_png png;
    selectai_image *image = NULL;
    int rc = sai_png_scan(&png, bytes, n, name);
#if SAI_HAVE_DEFLATE
    if (rc == SELECTAI_OK)
        rc = sai_png_read_whole(&image, &png, max_memory);
#else
    (void)max_memory;
#endif
    if (rc == SELECTAI_OK && image == NULL)
        rc = read_image(&image, &png);
    if (rc == SELECTAI_OK)
        *out = image;
    return rc;
}
