/*
 * unit/decode_fixture.h: small files of every format, for the tests of decoding.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef TEST_DECODE_FIXTURE_H
#define TEST_DECODE_FIXTURE_H

#include "png_builder.h"

struct golden_file {
    const char *name;
    const uint8_t *bytes;
    size_t n;
    uint32_t width, height, crc;
};

static inline int decode(selectai_image **out, const void *bytes, size_t n)
{
    return selectai_image_decode(out, bytes, n, "picture", NULL);
}

static inline struct bytes small_png(void)
{
    static const struct png_kind kind = {2, 8, 3, false};
    uint16_t samples[12 * 10 * 3];
    uint32_t seed = 77;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        samples[i] = (uint16_t)lcg(&seed);
    struct bytes raw = png_raw(&kind, samples, 12, 10, &seed);
    struct bytes file = png_file(&kind, 12, 10, &raw, NULL, 0, 100);
    free(raw.data);
    return file;
}

static inline struct bytes encode(int32_t format, uint32_t width, uint32_t height)
{
    selectai_image *image = make_shapes(width, height, 4);
    uint8_t *bytes = NULL;
    struct bytes out = {0};
    size_t n = 0;
    assert_int_equal(selectai_image_encode(&bytes, &n, image, format, 0), SELECTAI_OK);
    put(&out, bytes, n);
    selectai_free(bytes);
    selectai_image_destroy(&image);
    return out;
}

/* A GIF of 4 x 2 pixels: colours 0..7 of its table, each code preceded by a clear code, so that codes keep 4 bits. */
static inline struct bytes small_gif(int transparent)
{
    struct bytes out = {0}, codes = {0};
    unsigned bits = 0, used = 0;
    put(&out, "GIF89a\x04\0\x02\0\x82\0\0", 13); /* table of 8 colours */
    for (unsigned i = 0; i < 24; i++)
        put_byte(&out, 10 * i);
    if (transparent >= 0) {
        put(&out, "!\xF9\x04\x01\0\0", 6);
        put_byte(&out, (unsigned)transparent);
        put_byte(&out, 0);
    }
    put(&out, ",\0\0\0\0\x04\0\x02\0\0\x03", 11);
    for (unsigned i = 0; i < 17; i++) {
        unsigned code = i == 16 ? 9 : i % 2 == 0 ? 8 : i / 2;
        bits |= code << used;
        if ((used += 4) >= 8) {
            put_byte(&codes, bits & 0xFF);
            bits >>= 8;
            used -= 8;
        }
    }
    put_byte(&codes, bits);
    put_byte(&out, (unsigned)codes.n);
    put(&out, codes.data, codes.n);
    put(&out, "\0;", 2);
    free(codes.data);
    return out;
}

/* 3 x 2 pixels, 24 bits, rows from the bottom, padded to 12 bytes. */
static inline struct bytes small_bmp(void)
{
    struct bytes out = {0};
    put(&out, "BM\x4E\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x03\0\0\0\x02\0\0\0\x01\0\x18\0", 30);
    for (int i = 0; i < 24; i++)
        put_byte(&out, 0);
    for (unsigned y = 0; y < 2; y++)
        for (unsigned i = 0; i < 12; i++)
            put_byte(&out, i < 9 ? 100 * y + i : 0);
    return out;
}

static inline void refuse(struct bytes file, const char *reason)
{
    selectai_image *image = NULL;
    assert_int_equal(decode(&image, file.data, file.n), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), reason));
    assert_null(image);
    free(file.data);
}

static inline struct bytes without(const struct bytes *file, size_t at, size_t end)
{
    struct bytes out = {0};
    put(&out, file->data, at);
    put(&out, file->data + end, file->n - end);
    return out;
}

#endif
