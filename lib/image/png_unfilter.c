/*
 * image/png_unfilter.c: undoes PNG's row filters (ISO/IEC 15948, clause 9), in plain C and with SSE2.
 *
 * Sub, Average and Paeth need the byte that was just decoded, so that a row is one long chain and its speed is the
 * chain's latency. With SSE2, which every x86-64 has, the channels of a pixel go side by side, and Paeth's choice is
 * made in few dependent steps: of a <= b, a is nearest to a + b - c where 3c - a - b >= b, b where it is <= a, and c
 * between. (a: left, b: above, c: above left; tests compare this with the standard's words for all values.)
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/png.h"

static void undo_sub(uint8_t *dst, const uint8_t *src, size_t n, unsigned bpp)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)(src[i] + (i < bpp ? 0 : dst[i - bpp]));
}

static void undo_up(uint8_t *dst, const uint8_t *src, const uint8_t *prev, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)(src[i] + prev[i]);
}

static void undo_average(uint8_t *dst, const uint8_t *src, const uint8_t *prev, size_t n, unsigned bpp)
{
    for (size_t i = 0; i < n; i++) {
        unsigned left = i < bpp ? 0 : dst[i - bpp];
        dst[i] = (uint8_t)(src[i] + (left + prev[i]) / 2);
    }
}

/* Of left, above and their corner, the one nearest to left + above - corner; ties go in this order. */
static inline int paeth(int left, int above, int corner)
{
    int by_left = above - corner, by_above = left - corner, by_corner = by_left + by_above;
    by_left = by_left < 0 ? -by_left : by_left;
    by_above = by_above < 0 ? -by_above : by_above;
    by_corner = by_corner < 0 ? -by_corner : by_corner;
    int nearest = by_above < by_left ? above : left;
    int distance = by_above < by_left ? by_above : by_left;
    return by_corner < distance ? corner : nearest;
}

static void undo_paeth(uint8_t *dst, const uint8_t *src, const uint8_t *prev, size_t n, unsigned bpp)
{
    for (size_t i = 0; i < n; i++) {
        int left = i < bpp ? 0 : dst[i - bpp], corner = i < bpp ? 0 : prev[i - bpp];
        dst[i] = (uint8_t)(src[i] + paeth(left, prev[i], corner));
    }
}

void sai_png_unfilter_plain(uint8_t *dst, const uint8_t *src, const uint8_t *prev, size_t n, unsigned bpp,
                            unsigned filter)
{
    if (filter == PNG_SUB)
        undo_sub(dst, src, n, bpp);
    else if (filter == PNG_UP)
        undo_up(dst, src, prev, n);
    else if (filter == PNG_AVERAGE)
        undo_average(dst, src, prev, n, bpp);
    else if (filter == PNG_PAETH)
        undo_paeth(dst, src, prev, n, bpp);
    else
        memmove(dst, src, n);
}

#ifndef __SSE2__

void sai_png_unfilter(uint8_t *dst, const uint8_t *src, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter)
{
    sai_png_unfilter_plain(dst, src, prev, n, bpp, filter);
}

#else

#include <emmintrin.h>

static inline __m128i load4(const uint8_t *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return _mm_cvtsi32_si128(v);
}

static inline __m128i load3(const uint8_t *p)
{
    return _mm_cvtsi32_si128(p[0] | p[1] << 8 | p[2] << 16);
}

static inline void store(uint8_t *p, __m128i bytes, size_t n)
{
    int32_t v = _mm_cvtsi128_si32(bytes);
    memcpy(p, &v, n);
}

/* Bytes to 16-bit lanes. */
static inline __m128i widen(__m128i bytes)
{
    return _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
}

static inline __m128i predict_paeth(__m128i a, __m128i b, __m128i c)
{
    __m128i threshold = _mm_sub_epi16(_mm_sub_epi16(_mm_add_epi16(c, _mm_add_epi16(c, c)), b), a);
    __m128i low = _mm_min_epi16(a, b), high = _mm_max_epi16(a, b);
    __m128i not_low = _mm_cmpgt_epi16(high, threshold), not_high = _mm_cmpgt_epi16(threshold, low);
    /* Where both hold, the corner; where neither does, low and high are one. */
    __m128i corner = _mm_and_si128(_mm_and_si128(not_low, not_high), c);
    __m128i other = _mm_or_si128(_mm_andnot_si128(not_low, low), _mm_andnot_si128(not_high, high));
    return _mm_or_si128(corner, other);
}

static inline __m128i predict(unsigned filter, __m128i a, __m128i b, __m128i c)
{
    if (filter == PNG_SUB)
        return a;
    if (filter == PNG_AVERAGE)
        return _mm_srli_epi16(_mm_add_epi16(a, b), 1);
    return predict_paeth(a, b, c);
}

/* One row; inlined for each filter and pixel size. Lanes keep to 0..255: their high bytes are never added to. */
static inline __attribute__((always_inline)) void undo_chain(uint8_t *dst, const uint8_t *src, const uint8_t *prev,
                                                             size_t n, size_t bpp, unsigned filter)
{
    __m128i left = _mm_setzero_si128(), corner = left, above;
    size_t i = 0;
    if (n >= bpp + 4) {
        __m128i raw = load4(src);
        for (; i + bpp + 4 <= n; i += bpp) {
            __m128i next = load4(src + i + bpp); /* before the store, which may reach into it */
            above = widen(load4(prev + i));
            left = _mm_add_epi8(predict(filter, left, above, corner), widen(raw));
            store(dst + i, _mm_packus_epi16(left, left), 4);
            corner = above;
            raw = next;
        }
        above = widen(load4(prev + i));
        left = _mm_add_epi8(predict(filter, left, above, corner), widen(raw));
        store(dst + i, _mm_packus_epi16(left, left), bpp);
        corner = above;
        i += bpp;
    }
    for (; i + bpp <= n; i += bpp) {
        above = widen(bpp == 3 ? load3(prev + i) : load4(prev + i));
        left = _mm_add_epi8(predict(filter, left, above, corner), widen(bpp == 3 ? load3(src + i) : load4(src + i)));
        store(dst + i, _mm_packus_epi16(left, left), bpp);
        corner = above;
    }
}

/* Forward, sixteen bytes read before sixteen are written: right for any dst at or before src. */
static void undo_up_sse2(uint8_t *dst, const uint8_t *src, const uint8_t *prev, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m128i sum = _mm_add_epi8(_mm_loadu_si128((const __m128i *)(const void *)(src + i)),
                                   _mm_loadu_si128((const __m128i *)(const void *)(prev + i)));
        _mm_storeu_si128((__m128i *)(void *)(dst + i), sum);
    }
    undo_up(dst + i, src + i, prev + i, n - i);
}

void sai_png_unfilter(uint8_t *dst, const uint8_t *src, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter)
{
    if (filter == PNG_UP)
        undo_up_sse2(dst, src, prev, n);
    else if (bpp == 3 && filter == PNG_SUB)
        undo_chain(dst, src, prev, n, 3, PNG_SUB);
    else if (bpp == 3 && filter == PNG_AVERAGE)
        undo_chain(dst, src, prev, n, 3, PNG_AVERAGE);
    else if (bpp == 3 && filter == PNG_PAETH)
        undo_chain(dst, src, prev, n, 3, PNG_PAETH);
    else if (bpp == 4 && filter == PNG_SUB)
        undo_chain(dst, src, prev, n, 4, PNG_SUB);
    else if (bpp == 4 && filter == PNG_AVERAGE)
        undo_chain(dst, src, prev, n, 4, PNG_AVERAGE);
    else if (bpp == 4 && filter == PNG_PAETH)
        undo_chain(dst, src, prev, n, 4, PNG_PAETH);
    else
        sai_png_unfilter_plain(dst, src, prev, n, bpp, filter);
}

#endif
