/*
 * image/register_exact.c: finds where one image was cut out of another, pixel for pixel.
 *
 * A two-dimensional rolling hash (R. Karp and M. Rabin, "Efficient randomized pattern-matching algorithms", IBM J.
 * Research 31(2), 1987; in two dimensions after R. Bird, "Two dimensional pattern matching", IPL 6(5), 1977) looks at
 * every position in time O(width x height of the original), whatever the images hold: flat areas and repeating
 * patterns cost no more than noise. A position counts only after every pixel was compared.
 *
 * Hash of w pixels v: sum of v[i] * X^(w-1-i); of h such rows r: sum of r[j] * Y^(h-1-j); modulo 2^64.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/register.h"

/* Odd, with well mixed bits: multiples of the golden ratio and of pi's fraction. */
#define X_FACTOR UINT64_C(0x9E3779B97F4A7C15)
#define Y_FACTOR UINT64_C(0x243F6A8885A308D3)

/* Positions whose hash fits but whose pixels differ before the search gives up: only contrived images have any. */
#define MAX_FALSE_MATCHES 64

struct search {
    const selectai_image *original, *cropped;
    uint32_t positions; /* along x */
    uint64_t x_power;   /* X^w */
    uint64_t y_power;   /* Y^h */
    uint64_t wanted;    /* hash of the crop */
    uint64_t *prefix;   /* of the row at work: prefix[i] = hash of its first i pixels */
    uint64_t *leaving;  /* prefix hashes of the row that leaves the window */
    uint64_t *window;   /* hash of the w x h window at each x */
    uint32_t found, false_matches;
    uint32_t x, y; /* of the first match */
};

static uint64_t power(uint64_t base, uint32_t exponent)
{
    uint64_t result = 1;
    for (; exponent > 0; exponent >>= 1, base *= base)
        if (exponent & 1)
            result *= base;
    return result;
}

/* Spreads the 24 bits of a pixel over 64, so that pixels that differ little do not have hashes that differ little. */
static inline uint64_t pixel_value(const uint8_t *p)
{
    uint64_t v = ((uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16) + 1;
    v *= X_FACTOR;
    return v ^ v >> 32;
}

static uint64_t hash_row(const uint8_t *row, uint32_t width)
{
    uint64_t hash = 0;
    for (uint32_t x = 0; x < width; x++)
        hash = hash * X_FACTOR + pixel_value(row + 3 * (size_t)x);
    return hash;
}

static void prefix_hashes(uint64_t *restrict prefix, const uint8_t *restrict row, uint32_t width)
{
    uint64_t hash = 0;
    prefix[0] = 0;
    for (uint32_t x = 0; x < width; x++) {
        hash = hash * X_FACTOR + pixel_value(row + 3 * (size_t)x);
        prefix[x + 1] = hash;
    }
}

static uint64_t hash_image(const selectai_image *image)
{
    uint64_t hash = 0;
    for (uint32_t y = 0; y < image->height; y++)
        hash = hash * Y_FACTOR + hash_row(image->pixels + y * sai_image_stride(image), image->width);
    return hash;
}

static bool pixels_equal(const selectai_image *original, const selectai_image *cropped, uint32_t x, uint32_t y)
{
    size_t stride = sai_image_stride(original), row = sai_image_stride(cropped);
    const uint8_t *from = original->pixels + y * stride + (size_t)x * SAI_CHANNELS;
    for (uint32_t i = 0; i < cropped->height; i++)
        if (memcmp(from + i * stride, cropped->pixels + i * row, row) != 0)
            return false;
    return true;
}

/* Takes row `y` of the original into the windows, and the row that now lies above them out. */
static void advance(struct search *s, uint32_t y)
{
    const selectai_image *original = s->original;
    size_t stride = sai_image_stride(original);
    uint32_t w = s->cropped->width, h = s->cropped->height;
    const uint64_t *restrict prefix = s->prefix, *restrict leaving = s->leaving;
    uint64_t *restrict window = s->window;
    prefix_hashes(s->prefix, original->pixels + y * stride, original->width);
    if (y < h) {
        for (uint32_t x = 0; x < s->positions; x++)
            window[x] = window[x] * Y_FACTOR + (prefix[x + w] - prefix[x] * s->x_power);
        return;
    }
    prefix_hashes(s->leaving, original->pixels + (y - h) * stride, original->width);
    for (uint32_t x = 0; x < s->positions; x++) {
        uint64_t in = prefix[x + w] - prefix[x] * s->x_power;
        uint64_t out = leaving[x + w] - leaving[x] * s->x_power;
        window[x] = window[x] * Y_FACTOR + in - out * s->y_power;
    }
}

/* Looks through the windows whose top row is `top`; false when nothing more needs to be looked at. */
static bool check_windows(struct search *s, uint32_t top)
{
    for (uint32_t x = 0; x < s->positions; x++) {
        if (s->window[x] != s->wanted)
            continue;
        if (!pixels_equal(s->original, s->cropped, x, top)) {
            if (++s->false_matches >= MAX_FALSE_MATCHES)
                return false;
            continue;
        }
        if (s->found++ > 0)
            return false;
        s->x = x;
        s->y = top;
    }
    return true;
}

/* The first two positions in reading order at which the crop fits. */
static int find(struct search *s)
{
    uint32_t w = s->cropped->width, h = s->cropped->height;
    s->positions = s->original->width - w + 1;
    s->x_power = power(X_FACTOR, w);
    s->y_power = power(Y_FACTOR, h);
    s->wanted = hash_image(s->cropped);
    s->prefix = sai_malloc_array((size_t)s->original->width + 1, sizeof *s->prefix);
    s->leaving = sai_malloc_array((size_t)s->original->width + 1, sizeof *s->leaving);
    s->window = sai_calloc(s->positions, sizeof *s->window);
    bool ready = s->prefix != NULL && s->leaving != NULL && s->window != NULL, go_on = ready;
    for (uint32_t y = 0; go_on && y < s->original->height; y++) {
        advance(s, y);
        if (y + 1 >= h)
            go_on = check_windows(s, y + 1 - h);
    }
    sai_free(s->prefix);
    sai_free(s->leaving);
    sai_free(s->window);
    return ready ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_register_exact(struct sai_exact_match *out, const selectai_image *original, const selectai_image *cropped)
{
    struct search search = {.original = original, .cropped = cropped};
    int rc = find(&search);
    if (rc != SELECTAI_OK)
        return rc;
    *out = (struct sai_exact_match){.found = search.found > 0, .x = search.x, .y = search.y, .unique = -1};
    if (search.found > 1)
        out->unique = 0;
    else if (search.false_matches < MAX_FALSE_MATCHES)
        out->unique = 1;
    return SELECTAI_OK;
}
