/*
 * unit/png_builder.h: writes PNG files of every kind, for tests of the decoder. Plain and slow: it shares no code with
 * the library.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef TEST_PNG_BUILDER_H
#define TEST_PNG_BUILDER_H

#include "image_fixture.h"

struct bytes {
    uint8_t *data;
    size_t n;
};

static inline void put(struct bytes *b, const void *data, size_t n)
{
    if (n > 1u << 28)
        abort(); /* a test gone wrong */
    b->data = realloc(b->data, b->n + n + 1);
    assert_non_null(b->data);
    if (n > 0)
        memcpy(b->data + b->n, data, n);
    b->n += n;
}

static inline void put_byte(struct bytes *b, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(b, &byte, 1);
}

static inline void put_u32(struct bytes *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        put_byte(b, v >> shift);
}

static inline void put_chunk(struct bytes *b, const char *type, const uint8_t *data, size_t n)
{
    put_u32(b, (uint32_t)n);
    size_t start = b->n;
    put(b, type, 4);
    put(b, data, n);
    put_u32(b, (uint32_t)crc32(0, b->data + start, (uInt)(n + 4)));
}

struct png_kind {
    unsigned colour, depth, samples;
    bool interlaced;
};

/* samples: width x height x kind->samples numbers below 2^depth. */
static inline void png_row(struct bytes *raw, const struct png_kind *kind, const uint16_t *samples, uint32_t width,
                           uint32_t y, uint32_t x0, uint32_t dx, struct bytes *above, uint32_t *seed)
{
    struct bytes row = {0};
    unsigned bits = 0, used = 0;
    for (uint32_t x = x0; x < width; x += dx)
        for (unsigned s = 0; s < kind->samples; s++) {
            uint16_t v = samples[((size_t)y * width + x) * kind->samples + s];
            if (kind->depth == 16)
                put_byte(&row, v >> 8);
            if (kind->depth >= 8) {
                put_byte(&row, v & 0xFF);
                continue;
            }
            bits = bits << kind->depth | v;
            if ((used += kind->depth) == 8) {
                put_byte(&row, bits);
                bits = used = 0;
            }
        }
    if (used > 0)
        put_byte(&row, bits << (8 - used));
    size_t bpp = (kind->samples * kind->depth + 7) / 8;
    unsigned filter = lcg_below(seed, 5);
    put_byte(raw, filter);
    for (size_t i = 0; i < row.n; i++) {
        int a = i >= bpp ? row.data[i - bpp] : 0, b = above->n > 0 ? above->data[i] : 0;
        int c = i >= bpp && above->n > 0 ? above->data[i - bpp] : 0;
        int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
        int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
        int predicted[5] = {0, a, b, (a + b) / 2, paeth};
        put_byte(raw, (unsigned)(row.data[i] - predicted[filter]));
    }
    free(above->data);
    *above = row;
}

static inline struct bytes png_raw(const struct png_kind *kind, const uint16_t *samples, uint32_t width,
                                   uint32_t height, uint32_t *seed)
{
    static const uint32_t adam7[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                         {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
    static const uint32_t whole[1][4] = {{0, 0, 1, 1}};
    struct bytes raw = {0};
    for (int i = 0; i < (kind->interlaced ? 7 : 1); i++) {
        const uint32_t *p = kind->interlaced ? adam7[i] : whole[i];
        struct bytes above = {0};
        if (p[0] < width)
            for (uint32_t y = p[1]; y < height; y += p[3])
                png_row(&raw, kind, samples, width, y, p[0], p[2], &above, seed);
        free(above.data);
    }
    return raw;
}

/* A file around raw rows: palette (may be NULL) of n_palette colours, the compressed rows in pieces of n_piece bytes.
 */
static inline struct bytes png_file(const struct png_kind *kind, uint32_t width, uint32_t height,
                                    const struct bytes *raw, const uint8_t *palette, size_t n_palette, size_t n_piece)
{
    struct bytes out = {0}, header = {0};
    uLongf n = compressBound((uLong)raw->n);
    uint8_t *packed = malloc(n);
    assert_non_null(packed);
    assert_int_equal(compress(packed, &n, raw->data, (uLong)raw->n), Z_OK);
    put_u32(&header, width);
    put_u32(&header, height);
    put_byte(&header, kind->depth);
    put_byte(&header, kind->colour);
    put_byte(&header, 0);
    put_byte(&header, 0);
    put_byte(&header, kind->interlaced);
    put(&out, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&out, "IHDR", header.data, header.n);
    if (palette != NULL)
        put_chunk(&out, "PLTE", palette, n_palette * 3);
    put_chunk(&out, "tRNS", (const uint8_t *)"\0\0\0\0\0\0", kind->colour == 3 ? 1 : kind->colour == 0 ? 2 : 6);
    for (size_t at = 0; at < n; at += n_piece)
        put_chunk(&out, "IDAT", packed + at, n - at < n_piece ? n - at : n_piece);
    put_chunk(&out, "IEND", NULL, 0);
    free(packed);
    free(header.data);
    return out;
}

#endif
