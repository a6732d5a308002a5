/*
 * image/png_write.c: PNG encoder on zlib (ISO/IEC 15948): 8-bit RGB, a filter chosen for every row by the smallest sum
 * of absolute differences (the heuristic of the standard's clause 12.8).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "image/png_write.h"
#include "image/zlib_memory.h"

#define BPP        SAI_CHANNELS
#define N_FILTERS  5
#define DATA_BYTES 65536 /* of compressed data in a chunk */

static void put_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static void append_chunk(struct sai_byte_buffer *out, const char *type, const uint8_t *data, uint32_t length)
{
    uint8_t word[4];
    put_be32(word, length);
    sai_byte_buffer_append(out, word, 4);
    sai_byte_buffer_append(out, type, 4);
    sai_byte_buffer_append(out, data, length);
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);
    if (length > 0)
        sum = crc32(sum, data, length);
    put_be32(word, (uint32_t)sum);
    sai_byte_buffer_append(out, word, 4);
}

/* Rows that are filtered have BPP zero bytes before them and are preceded by a row like that, so no edge is special. */
static void filter_sub(uint8_t *restrict to, const uint8_t *row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(row[i] - row[i - BPP]);
}

static void filter_up(uint8_t *restrict to, const uint8_t *restrict row, const uint8_t *restrict prev, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(row[i] - prev[i]);
}

static void filter_average(uint8_t *restrict to, const uint8_t *row, const uint8_t *prev, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(row[i] - (row[i - BPP] + prev[i]) / 2);
}

/* In 16-bit numbers throughout, so that the loop becomes vector code. */
static void filter_paeth(uint8_t *restrict to, const uint8_t *row, const uint8_t *prev, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int16_t left = row[i - BPP], above = prev[i], corner = prev[i - BPP];
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
    struct sai_byte_buffer *out;
    size_t row_bytes;
    uint8_t *row, *previous;      /* BPP zero bytes before each */
    uint8_t *filtered[N_FILTERS]; /* filter byte first */
    uint8_t *data;
    uint8_t *memory;
    z_stream stream;
};

/* The row in the filter that promises to compress best, with its filter byte. */
static uint8_t *filter_row(struct writer *w)
{
    size_t n = w->row_bytes;
    uint8_t *best = NULL;
    uint64_t least = UINT64_MAX;
    memcpy(w->filtered[0] + 1, w->row, n);
    filter_sub(w->filtered[1] + 1, w->row, n);
    filter_up(w->filtered[2] + 1, w->row, w->previous, n);
    filter_average(w->filtered[3] + 1, w->row, w->previous, n);
    filter_paeth(w->filtered[4] + 1, w->row, w->previous, n);
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
            append_chunk(w->out, "IDAT", w->data, DATA_BYTES - w->stream.avail_out);
            w->stream.next_out = w->data;
            w->stream.avail_out = DATA_BYTES;
        }
    } while (flush == Z_FINISH ? z != Z_STREAM_END : w->stream.avail_in > 0);
    return SELECTAI_OK;
}

static int write_rows(struct writer *w, const selectai_image *image)
{
    for (uint32_t y = 0; y < image->height; y++) {
        memcpy(w->row, image->pixels + y * w->row_bytes, w->row_bytes);
        w->stream.next_in = filter_row(w);
        w->stream.avail_in = (uInt)(w->row_bytes + 1);
        int rc = compress_input(w, y + 1 < image->height ? Z_NO_FLUSH : Z_FINISH);
        if (rc != SELECTAI_OK)
            return rc;
        uint8_t *swap = w->row;
        w->row = w->previous;
        w->previous = swap;
    }
    return SELECTAI_OK;
}

/* One block of memory for all rows and for the compressed data. */
static int open_writer(struct writer *w, const selectai_image *image, int level)
{
    size_t pitch = w->row_bytes + BPP + 1;
    w->memory = sai_calloc(1, pitch * (2 + N_FILTERS) + DATA_BYTES);
    if (w->memory == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    w->row = w->memory + BPP;
    w->previous = w->memory + pitch + BPP;
    for (size_t i = 0; i < N_FILTERS; i++)
        w->filtered[i] = w->memory + (2 + i) * pitch;
    w->data = w->memory + (2 + N_FILTERS) * pitch;
    w->stream.zalloc = sai_zlib_alloc;
    w->stream.zfree = sai_zlib_free;
    if (deflateInit2(&w->stream, level, Z_DEFLATED, 15, 8, Z_FILTERED) != Z_OK)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "not enough memory to compress an image of %u x %u pixels",
                        image->width, image->height);
    w->stream.next_out = w->data;
    w->stream.avail_out = DATA_BYTES;
    return SELECTAI_OK;
}

int sai_png_write(struct sai_byte_buffer *out, const selectai_image *image, int level)
{
    uint8_t header[13] = {[8] = 8, [9] = 2}; /* 8 bits a sample, RGB */
    struct writer w = {.out = out, .row_bytes = sai_image_stride(image)};
    int rc = open_writer(&w, image, level);
    if (rc == SELECTAI_OK) {
        put_be32(header, image->width);
        put_be32(header + 4, image->height);
        sai_byte_buffer_append(out, "\x89PNG\r\n\x1a\n", 8);
        append_chunk(out, "IHDR", header, sizeof header);
        rc = write_rows(&w, image);
        append_chunk(out, "IEND", NULL, 0);
        deflateEnd(&w.stream);
    }
    sai_free(w.memory);
    return rc == SELECTAI_OK && out->failed ? SELECTAI_ERR_OUT_OF_MEMORY : rc;
}
