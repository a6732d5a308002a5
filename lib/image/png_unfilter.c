/*
 * image/png_unfilter.c: undoes PNG's row filters (ISO/IEC 15948, clause 9), in plain C and with SSE2.
 *
 * Sub, Average and Paeth need the byte that was just decoded, so that a row is one long chain and its speed is the
 * chain's latency. With SSE2, which every x86-64 has, the channels of a pixel go side by side, two rows go through
 * their chains at the same time, and Paeth's choice is made in few dependent steps: with t = 3c - a - b the nearest to
 * a + b - c is the larger of a and b where t is not above the smaller, the smaller where t is not below the larger, and
 * c between. (a: left, b: above, c: above left; a test compares this with the standard's words for all values.)
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/png.h"

static void undo_sub(uint8_t *row, size_t n, unsigned bpp)
{
    for (size_t i = bpp; i < n; i++)
        row[i] = (uint8_t)(row[i] + row[i - bpp]);
}

static void undo_up(uint8_t *restrict row, const uint8_t *restrict prev, size_t n)
{
    for (size_t i = 0; i < n; i++)
        row[i] = (uint8_t)(row[i] + prev[i]);
}

static void undo_average(uint8_t *restrict row, const uint8_t *restrict prev, size_t n, unsigned bpp)
{
    for (size_t i = 0; i < n; i++) {
        unsigned left = i < bpp ? 0 : row[i - bpp];
        row[i] = (uint8_t)(row[i] + (left + prev[i]) / 2);
    }
}

/* Without branches: which way they go is as random as the picture. */
static inline int paeth(int a, int b, int c)
{
    int t = 3 * c - b - a, swap = (a ^ b) & -(a < b), low = b ^ swap, high = a ^ swap;
    int other = low ^ ((low ^ c) & -(t < high));
    return high ^ ((high ^ other) & -(t > low));
}

static void undo_paeth(uint8_t *restrict row, const uint8_t *restrict prev, size_t n, unsigned bpp)
{
    for (size_t i = 0; i < n; i++) {
        int left = i < bpp ? 0 : row[i - bpp], corner = i < bpp ? 0 : prev[i - bpp];
        row[i] = (uint8_t)(row[i] + paeth(left, prev[i], corner));
    }
}

void sai_png_unfilter_plain(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter)
{
    if (filter == PNG_SUB)
        undo_sub(row, n, bpp);
    else if (filter == PNG_UP)
        undo_up(row, prev, n);
    else if (filter == PNG_AVERAGE)
        undo_average(row, prev, n, bpp);
    else if (filter == PNG_PAETH)
        undo_paeth(row, prev, n, bpp);
}

#ifndef __SSE2__

void sai_png_unfilter(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter)
{
    sai_png_unfilter_plain(row, prev, n, bpp, filter);
}

static bool undo_two(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp)
{
    (void)row, (void)prev, (void)n, (void)bpp;
    return false;
}

#else

#include <emmintrin.h>

/* A pixel, and with one of 3 bytes also what follows it, unless it is the row's last. */
static inline __m128i load(const uint8_t *p, size_t bpp, bool last)
{
    int32_t v = 0;
    if (bpp == 3 && last)
        v = p[0] | p[1] << 8 | p[2] << 16;
    else
        memcpy(&v, p, bpp == 3 ? 4 : bpp);
    return _mm_cvtsi32_si128(v);
}

static inline void store(uint8_t *p, __m128i lanes, size_t bpp, bool last)
{
    int32_t v = _mm_cvtsi128_si32(_mm_packus_epi16(lanes, lanes));
    memcpy(p, &v, bpp == 3 && !last ? 4 : bpp);
}

/* Bytes to 16-bit lanes. */
static inline __m128i widen(__m128i bytes)
{
    return _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
}

static inline __m128i predict_paeth(__m128i a, __m128i b, __m128i c)
{
    __m128i t = _mm_sub_epi16(_mm_sub_epi16(_mm_add_epi16(c, _mm_add_epi16(c, c)), b), a);
    __m128i low = _mm_min_epi16(a, b), high = _mm_max_epi16(a, b);
    __m128i below = _mm_cmpgt_epi16(high, t), above = _mm_cmpgt_epi16(t, low);
    /* Where both hold, the corner; where neither does, low and high are one. */
    __m128i corner = _mm_and_si128(_mm_and_si128(below, above), c);
    return _mm_or_si128(corner, _mm_or_si128(_mm_andnot_si128(below, low), _mm_andnot_si128(above, high)));
}

/* A row on its way: lanes keep to 0..255, their high bytes are never added to. */
struct chain {
    __m128i left, corner, raw;
};

static inline __m128i step(struct chain *chain, __m128i above, unsigned filter)
{
    __m128i prediction = chain->left;
    if (filter == PNG_AVERAGE)
        prediction = _mm_srli_epi16(_mm_add_epi16(chain->left, above), 1);
    else if (filter == PNG_PAETH)
        prediction = predict_paeth(chain->left, above, chain->corner);
    chain->corner = above;
    return chain->left = _mm_add_epi8(prediction, widen(chain->raw));
}

/*
 * One row, or two that follow each other with a filter byte between; inlined for each pixel size and filters. A pixel
 * of 3 bytes is read and written as 4: the next one is read before that, and the row's last one is done apart.
 */
static inline __attribute__((always_inline)) void undo_chains(uint8_t *row, const uint8_t *prev, size_t n, size_t bpp,
                                                              unsigned filter, bool two, unsigned second_filter)
{
    const __m128i zero = _mm_setzero_si128();
    uint8_t *second = row + n + 1;
    size_t last = n - bpp;
    struct chain chain = {zero, zero, load(row, bpp, last == 0)}, next = {zero, zero, zero};
    if (two)
        next.raw = load(second, bpp, last == 0);
    for (size_t i = 0; i < last; i += bpp) {
        __m128i coming = load(row + i + bpp, bpp, i + bpp == last);
        __m128i done = step(&chain, widen(load(prev + i, bpp, false)), filter);
        store(row + i, done, bpp, false);
        chain.raw = coming;
        if (two) {
            coming = load(second + i + bpp, bpp, i + bpp == last);
            store(second + i, step(&next, done, second_filter), bpp, false);
            next.raw = coming;
        }
    }
    __m128i done = step(&chain, widen(load(prev + last, bpp, true)), filter);
    store(row + last, done, bpp, true);
    if (two)
        store(second + last, step(&next, done, second_filter), bpp, true);
}

#define DEFINE_CHAINS(bpp)                                                                                             \
    static void undo_one##bpp(uint8_t *row, const uint8_t *prev, size_t n, unsigned filter)                            \
    {                                                                                                                  \
        if (filter == PNG_SUB)                                                                                         \
            undo_chains(row, prev, n, bpp, PNG_SUB, false, 0);                                                         \
        else if (filter == PNG_AVERAGE)                                                                                \
            undo_chains(row, prev, n, bpp, PNG_AVERAGE, false, 0);                                                     \
        else                                                                                                           \
            undo_chains(row, prev, n, bpp, PNG_PAETH, false, 0);                                                       \
    }                                                                                                                  \
    static void undo_two##bpp(uint8_t *row, const uint8_t *prev, size_t n, unsigned first, unsigned second)            \
    {                                                                                                                  \
        if (first == PNG_PAETH && second == PNG_PAETH)                                                                 \
            undo_chains(row, prev, n, bpp, PNG_PAETH, true, PNG_PAETH);                                                \
        else if (first == PNG_PAETH)                                                                                   \
            undo_chains(row, prev, n, bpp, PNG_PAETH, true, PNG_AVERAGE);                                              \
        else if (second == PNG_PAETH)                                                                                  \
            undo_chains(row, prev, n, bpp, PNG_AVERAGE, true, PNG_PAETH);                                              \
        else                                                                                                           \
            undo_chains(row, prev, n, bpp, PNG_AVERAGE, true, PNG_AVERAGE);                                            \
    }

DEFINE_CHAINS(1)
DEFINE_CHAINS(2)
DEFINE_CHAINS(3)
DEFINE_CHAINS(4)

static void (*const undo_one[4])(uint8_t *, const uint8_t *, size_t, unsigned) = {undo_one1, undo_one2, undo_one3,
                                                                                  undo_one4};
static void (*const undo_pair[4])(uint8_t *, const uint8_t *, size_t, unsigned, unsigned) = {undo_two1, undo_two2,
                                                                                             undo_two3, undo_two4};

void sai_png_unfilter(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter)
{
    bool chained = filter == PNG_SUB || filter == PNG_AVERAGE || filter == PNG_PAETH;
    if (chained && bpp <= 4 && n >= bpp)
        undo_one[bpp - 1](row, prev, n, filter);
    else
        sai_png_unfilter_plain(row, prev, n, bpp, filter);
}

/* Two rows at a time, if both have one of the slow filters. */
static bool undo_two(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp)
{
    unsigned first = row[-1], second = row[n];
    if (bpp > 4 || n < bpp || (first != PNG_PAETH && first != PNG_AVERAGE) ||
        (second != PNG_PAETH && second != PNG_AVERAGE))
        return false;
    undo_pair[bpp - 1](row, prev, n, first, second);
    return true;
}

#endif

#define WAVE 8u /* rows for which a wave is worth while */

/* How many of the next rows have a filter that makes a chain of them. */
static unsigned n_chained(const uint8_t *row, size_t n, unsigned n_rows)
{
    unsigned count = 0;
    for (unsigned i = 0; i < n_rows; i++) {
        uint8_t filter = row[i * (n + 1) - 1];
        count += filter == PNG_SUB || filter == PNG_AVERAGE || filter == PNG_PAETH;
    }
    return count;
}

void sai_png_unfilter_rows(uint8_t *rows, const uint8_t *prev, size_t n_rows, size_t n, unsigned bpp)
{
    for (size_t i = 0; i < n_rows;) {
        uint8_t *row = rows + i * (n + 1) + 1;
        size_t left = n_rows - i, done = 0;
        if (left >= WAVE && n_chained(row, n, WAVE) > 2)
            done = sai_png_unfilter_wave(row, prev, left, n, bpp);
        if (done == 0 && left > 1 && undo_two(row, prev, n, bpp))
            done = 2;
        if (done == 0) {
            sai_png_unfilter(row, prev, n, bpp, row[-1]);
            done = 1;
        }
        i += done;
        prev = rows + (i - 1) * (n + 1) + 1;
    }
}
