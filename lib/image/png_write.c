/*
 * image/png_write.c: PNG encoder on zlib (ISO/IEC 15948): a filter chosen for every row by the smallest sum of absolute
 * differences, and none for palettes and packed samples (the heuristic of the standard's clause 12.8).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "image/png.h"
#include "image/png_write.h"
#include "image/zlib_memory.h"

#define MOST_BPP   8u /* bytes of a pixel: 16-bit RGBA */
#define N_FILTERS  5
#define DATA_BYTES 65536 /* of compressed data in a chunk */

static void put_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static void put(const struct sai_png_sink *sink, const void *bytes, size_t n)
{
    sink->write(sink->to, bytes, n);
}

void sai_png_put_signature(const struct sai_png_sink *sink)
{
    put(sink, "\x89PNG\r\n\x1a\n", 8);
}

void sai_png_put_chunk(const struct sai_png_sink *sink, const char *type, const uint8_t *data, uint32_t length)
{
    uint8_t word[4];
    put_be32(word, length);
    put(sink, word, 4);
    put(sink, type, 4);
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);
    if (length > 0) {
        put(sink, data, length);
        sum = crc32(sum, data, length);
    }
    put_be32(word, (uint32_t)sum);
    put(sink, word, 4);
}

void sai_png_put_header(const struct sai_png_sink *sink, const struct sai_png_rows *rows)
{
    uint8_t header[13] = {[8] = (uint8_t)rows->depth, [9] = (uint8_t)rows->colour};
    put_be32(header, rows->width);
    put_be32(header + 4, rows->height);
    sai_png_put_chunk(sink, "IHDR", header, sizeof header);
}

/* Rows that are filtered have MOST_BPP zero bytes before them and are preceded by a row like that, so no edge is
 * special. */
static void filter_sub(uint8_t *restrict to, const uint8_t *row, size_t n, size_t bpp)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(row[i] - row[i - bpp]);
}

static void filter_up(uint8_t *restrict to, const uint8_t *restrict row, const uint8_t *restrict prev, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(row[i] - prev[i]);
}

static void filter_average(uint8_t *restrict to, const uint8_t *row, const uint8_t *prev, size_t n, size_t bpp)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(row[i] - (row[i - bpp] + prev[i]) / 2);
}

/* In 16-bit numbers throughout, so that the loop becomes vector code. */
static void filter_paeth(uint8_t *restrict to, const uint8_t *row, const uint8_t *prev, size_t n, size_t bpp)
{
    for (size_t i = 0; i < n; i++) {
        int16_t left = row[i - bpp], above = prev[i], corner = prev[i - bpp];
        int16_t by_left = (int16_t)(above - corner), by_above = (int16_t)(left - corner);
        int16_t by_corner = (int16_t)(by_left + by_above);
        by_left = (int16_t)(by_left < 0 ? -by_left : by_left);
        by_above = (int16_t)(by_above < 0 ? -by_above : by_above);
        by_corner = (int16_t)(by_corner < 0 ? -by_corner : by_corner);
        int16_t nearest = by_above < by_left ? above : left;
        int16_t distance = by_above < by_left ? by_above : by_left;
        nearest = by_corner < distance ? corner : nearest;
        to[i] = (uint8_t)(row[i] - nearest);
    }
}

static uint64_t sum_of_differences(const uint8_t *row, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += row[i] < 128 ? row[i] : 256u - row[i];
    return sum;
}

struct writer {
    const struct sai_png_sink *sink;
    size_t row_bytes, bpp;
    bool filters;                 /* worth trying */
    uint8_t *row, *previous;      /* MOST_BPP zero bytes before each */
    uint8_t *filtered[N_FILTERS]; /* filter byte first */
    uint8_t *data;
    uint8_t *memory;
    z_stream stream;
};

/* The row in the filter that promises to compress best, with its filter byte. */
static uint8_t *filter_row(struct writer *w)
{
    size_t n = w->row_bytes, bpp = w->bpp;
    uint8_t *best = NULL;
    uint64_t least = UINT64_MAX;
    memcpy(w->filtered[0] + 1, w->row, n);
    w->filtered[0][0] = 0;
    if (!w->filters)
        return w->filtered[0];
    filter_sub(w->filtered[1] + 1, w->row, n, bpp);
    filter_up(w->filtered[2] + 1, w->row, w->previous, n);
    filter_average(w->filtered[3] + 1, w->row, w->previous, n, bpp);
    filter_paeth(w->filtered[4] + 1, w->row, w->previous, n, bpp);
    for (uint8_t i = 0; i < N_FILTERS; i++) {
        uint64_t sum = sum_of_differences(w->filtered[i] + 1, n);
        w->filtered[i][0] = i;
        if (sum < least) {
            least = sum;
            best = w->filtered[i];
        }
    }
    return best;
}

/* Compresses what stands in the stream's input; full blocks become chunks, the last one with Z_FINISH. */
static int compress_input(struct writer *w, int flush)
{
    int z;
    do {
        z = deflate(&w->stream, flush);
        if (z == Z_STREAM_ERROR)
            return SAI_FAIL(SELECTAI_ERR_INTERNAL, "zlib refused to compress an image row");
        if (w->stream.avail_out == 0 || z == Z_STREAM_END) {
            sai_png_put_chunk(w->sink, "IDAT", w->data, DATA_BYTES - w->stream.avail_out);
            w->stream.next_out = w->data;
            w->stream.avail_out = DATA_BYTES;
        }
    } while (flush == Z_FINISH ? z != Z_STREAM_END : w->stream.avail_in > 0);
    return SELECTAI_OK;
}

static int write_rows(struct writer *w, const struct sai_png_rows *rows)
{
    for (uint32_t y = 0; y < rows->height; y++) {
        memcpy(w->row, rows->rows + y * rows->stride, w->row_bytes);
        w->stream.next_in = filter_row(w);
        w->stream.avail_in = (uInt)(w->row_bytes + 1);
        int rc = compress_input(w, y + 1 < rows->height ? Z_NO_FLUSH : Z_FINISH);
        if (rc != SELECTAI_OK)
            return rc;
        uint8_t *swap = w->row;
        w->row = w->previous;
        w->previous = swap;
    }
    return SELECTAI_OK;
}

/* One block of memory for all rows and for the compressed data. */
static int open_writer(struct writer *w, const struct sai_png_rows *rows, int level)
{
    size_t pitch = w->row_bytes + MOST_BPP + 1;
    w->memory = sai_calloc(1, pitch * (2 + N_FILTERS) + DATA_BYTES); /* rows have at most 8 MiB: SAI_MAX_SIDE */
    if (w->memory == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    w->row = w->memory + MOST_BPP;
    w->previous = w->memory + pitch + MOST_BPP;
    for (size_t i = 0; i < N_FILTERS; i++)
        w->filtered[i] = w->memory + (2 + i) * pitch;
    w->data = w->memory + (2 + N_FILTERS) * pitch;
    w->stream.zalloc = sai_zlib_alloc;
    w->stream.zfree = sai_zlib_free;
    if (deflateInit2(&w->stream, level, Z_DEFLATED, 15, 8, w->filters ? Z_FILTERED : Z_DEFAULT_STRATEGY) != Z_OK)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "not enough memory to compress an image of %u x %u pixels",
                        rows->width, rows->height);
    w->stream.next_out = w->data;
    w->stream.avail_out = DATA_BYTES;
    return SELECTAI_OK;
}

int sai_png_put_data(const struct sai_png_sink *sink, const struct sai_png_rows *rows, int level)
{
    unsigned bits = rows->depth * rows->samples;
    struct writer w = {.sink = sink,
                       .row_bytes = rows->row_bytes,
                       .bpp = (bits + 7) / 8,
                       .filters = rows->depth >= 8 && rows->colour != PNG_PALETTE};
    int rc = open_writer(&w, rows, level);
    if (rc == SELECTAI_OK) {
        rc = write_rows(&w, rows);
        deflateEnd(&w.stream);
    }
    sai_free(w.memory);
    return rc;
}

void sai_png_rows_of(struct sai_png_rows *out, const selectai_image *image, const struct selectai_pixel_box *box)
{
    uint32_t width = (uint32_t)(box->x2 - box->x1), height = (uint32_t)(box->y2 - box->y1);
    size_t stride = sai_image_stride(image);
    const uint8_t *first = image->pixels + (size_t)box->y1 * stride + (size_t)box->x1 * SAI_CHANNELS;
    *out = (struct sai_png_rows){width, height, 8, PNG_RGB, SAI_CHANNELS, first, (size_t)width * SAI_CHANNELS, stride};
}

static void append(void *to, const void *bytes, size_t n)
{
    sai_byte_buffer_append(to, bytes, n);
}

int sai_png_write(struct sai_byte_buffer *out, const selectai_image *image, int level)
{
    struct sai_png_sink sink = {append, out};
    struct sai_png_rows rows;
    struct selectai_pixel_box all = {0, 0, (int32_t)image->width, (int32_t)image->height};
    sai_png_rows_of(&rows, image, &all);
    sai_png_put_signature(&sink);
    sai_png_put_header(&sink, &rows);
    int rc = sai_png_put_data(&sink, &rows, level);
    sai_png_put_chunk(&sink, "IEND", NULL, 0);
    return rc == SELECTAI_OK && out->failed ? SELECTAI_ERR_OUT_OF_MEMORY : rc;
}
