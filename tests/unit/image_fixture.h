/*
 * unit/image_fixture.h: generated pictures and a folder for files, for the tests of images.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef TEST_IMAGE_FIXTURE_H
#define TEST_IMAGE_FIXTURE_H

#include "test_util.h"

#include <zlib.h>

#include <selectai/image.h>

#include "image/image.h"

static inline uint32_t lcg(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 24;
}

/* 0 .. n-1, for n up to 65536. */
static inline uint32_t lcg_below(uint32_t *state, uint32_t n)
{
    uint32_t high = lcg(state);
    return (high << 8 | lcg(state)) % n;
}

/* The same picture as noise() in golden/make_image.py. */
static inline selectai_image *make_noise(uint32_t width, uint32_t height, uint32_t seed)
{
    selectai_image *image = NULL;
    assert_int_equal(sai_image_alloc(&image, width, height), SELECTAI_OK);
    for (size_t i = 0; i < sai_image_bytes(image); i++)
        image->pixels[i] = (uint8_t)lcg(&seed);
    return image;
}

/* The same picture as shapes() in golden/make_image.py. */
static inline selectai_image *make_shapes(uint32_t width, uint32_t height, uint32_t seed)
{
    selectai_image *image = NULL;
    assert_int_equal(sai_image_alloc(&image, width, height), SELECTAI_OK);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < 3; c++) {
                uint32_t ramp = (x * (seed % 7 + c + 1) * 255 / width + y * (seed % 5 + 2) * 255 / height) / (c + 2);
                uint32_t edge = (x * 5 / width + y * (3 + c) / height + seed) % 3 * 60;
                image->pixels[((size_t)y * width + x) * 3 + c] = (uint8_t)(ramp + edge);
            }
    return image;
}

static inline uint32_t image_crc(const selectai_image *image)
{
    return (uint32_t)crc32(crc32(0, NULL, 0), image->pixels, (uInt)sai_image_bytes(image));
}

static inline void assert_same_image(const selectai_image *a, const selectai_image *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_memory_equal(a->pixels, b->pixels, sai_image_bytes(a));
}

struct folder {
    char path[256];
    char file[512];
};

static inline void folder_make(struct folder *folder)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder->path, sizeof folder->path, "%s/selectai-image-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(folder->path));
}

/* "<folder>/<name>", valid until the next call. */
static inline const char *folder_file(struct folder *folder, const char *name)
{
    snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name);
    return folder->file;
}

#endif
