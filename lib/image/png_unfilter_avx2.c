/*
 * image/png_unfilter_avx2.c: 8 or 16 rows of 1 to 4 bytes a pixel at a time, as a wave: each row is one pixel behind
 * the row above it, so that what it needs from there was the result of the step before.
 *
 * A vector holds a pixel of each of four rows, four lanes of 16 bits a row. Two or four vectors, one behind the other,
 * are on their way together, because a step's latency is what it costs. Filters may differ from row to row: all are
 * Paeth's with some of its neighbours taken for 0 (Sub: only left, Up: only above, None: nothing), but for Average,
 * which is made beside it and chosen by a mask.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/png.h"

#ifdef __x86_64__

#include <immintrin.h>

#define MAX_WAVES 4
#define AVX2      __attribute__((target("avx2")))
#define INLINE    AVX2 static inline __attribute__((always_inline))

struct masks {
    __m256i left, above, corner, average;
};

/* Four rows on their way. `above` is the last step's, which is this one's corner. */
struct wave {
    struct masks masks;
    __m256i done, above, raw;
};

/* The rows, each set back by as many pixels as it is behind. */
struct position {
    uint8_t *rows[4 * MAX_WAVES];
    const uint8_t *prev;
    ptrdiff_t width;
};

INLINE __m256i mask_of(const unsigned filters[4], unsigned wanted)
{
    int64_t m[4];
    for (unsigned i = 0; i < 4; i++)
        m[i] = -(int64_t)(wanted >> filters[i] & 1);
    return _mm256_setr_epi64x(m[0], m[1], m[2], m[3]);
}

INLINE struct wave begin(const unsigned filters[4])
{
    const unsigned both = 1u << PNG_AVERAGE | 1u << PNG_PAETH;
    struct masks masks = {mask_of(filters, both | 1u << PNG_SUB), mask_of(filters, both | 1u << PNG_UP),
                          mask_of(filters, 1u << PNG_PAETH), mask_of(filters, 1u << PNG_AVERAGE)};
    return (struct wave){masks, _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
}

/*
 * The choice is that of predict_paeth() in png_unfilter.c. Average's rows, whose corner is 0, are never above, so that
 * what stands for the higher one is taken.
 */
INLINE void step(struct wave *wave, __m256i above)
{
    const struct masks *m = &wave->masks;
    __m256i a = _mm256_and_si256(wave->done, m->left), b = _mm256_and_si256(above, m->above);
    __m256i c = _mm256_and_si256(wave->above, m->corner);
    __m256i c3 = _mm256_add_epi16(c, _mm256_add_epi16(c, c));
    __m256i t = _mm256_sub_epi16(_mm256_sub_epi16(c3, a), b);
    __m256i low = _mm256_min_epi16(a, b), high = _mm256_max_epi16(a, b);
    __m256i average = _mm256_srli_epi16(_mm256_add_epi16(a, b), 1);
    __m256i is_below = _mm256_cmpgt_epi16(high, t), is_above = _mm256_cmpgt_epi16(t, low);
    __m256i other = _mm256_blendv_epi8(low, c, is_below);
    __m256i prediction = _mm256_blendv_epi8(_mm256_blendv_epi8(high, average, m->average), other, is_above);
    wave->above = above;
    wave->done = _mm256_add_epi8(prediction, wave->raw);
}

/* All waves one pixel on; `first_above` is the pixel above the first row's. The last ones take what is still old. */
INLINE void step_all(struct wave *waves, unsigned n_waves, int32_t first_above)
{
    __m256i first = _mm256_castsi128_si256(_mm_cvtepu8_epi16(_mm_cvtsi32_si128(first_above)));
    for (unsigned i = n_waves - 1; i > 0; i--) {
        __m256i between = _mm256_permute2x128_si256(waves[i - 1].done, waves[i].done, 0x21);
        step(&waves[i], _mm256_alignr_epi8(waves[i].done, between, 8));
    }
    step(&waves[0], _mm256_blend_epi32(_mm256_permute4x64_epi64(waves[0].done, 0x90), first, 0x03));
}

/* A pixel, and with one of 3 bytes what follows it: not the row's last. */
INLINE int32_t load_pixel(const uint8_t *p, size_t bpp)
{
    int32_t v = 0;
    memcpy(&v, p, bpp == 3 ? 4 : bpp);
    return v;
}

/* Two steps at once: moving pixels between rows and lanes costs more than what is done with them. */
struct two {
    __m256i now, next;
};

/* Where two pixels of two rows, 8 bytes each, go in four numbers: both rows' first, both rows' second pixel. */
INLINE __m128i spread_order(size_t bpp)
{
    return bpp == 1   ? _mm_setr_epi8(0, -1, -1, -1, 8, -1, -1, -1, 1, -1, -1, -1, 9, -1, -1, -1)
           : bpp == 2 ? _mm_setr_epi8(0, 1, -1, -1, 8, 9, -1, -1, 2, 3, -1, -1, 10, 11, -1, -1)
           : bpp == 3 ? _mm_setr_epi8(0, 1, 2, -1, 8, 9, 10, -1, 3, 4, 5, -1, 11, 12, 13, -1)
                      : _mm_setr_epi8(0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15);
}

/* And back. */
INLINE __m256i join_order(size_t bpp)
{
    __m128i half = bpp == 1   ? _mm_setr_epi8(0, 8, -1, -1, -1, -1, -1, -1, 4, 12, -1, -1, -1, -1, -1, -1)
                   : bpp == 2 ? _mm_setr_epi8(0, 1, 8, 9, -1, -1, -1, -1, 4, 5, 12, 13, -1, -1, -1, -1)
                   : bpp == 3 ? _mm_setr_epi8(0, 1, 2, 8, 9, 10, -1, -1, 4, 5, 6, 12, 13, 14, -1, -1)
                              : _mm_setr_epi8(0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15);
    return _mm256_broadcastsi128_si256(half);
}

/* Reads 8 bytes a row; they lie within the rows, of which a row's successors are so far behind. */
INLINE struct two load_two(uint8_t *const rows[4], ptrdiff_t at, __m128i pixels)
{
    __m128i v[2];
    for (unsigned i = 0; i < 2; i++) {
        __m128i first = _mm_loadl_epi64((const __m128i *)(rows[2 * i] + at));
        __m128i second = _mm_loadl_epi64((const __m128i *)(rows[2 * i + 1] + at));
        v[i] = _mm_shuffle_epi8(_mm_unpacklo_epi64(first, second), pixels);
    }
    return (struct two){_mm256_cvtepu8_epi16(_mm_unpacklo_epi64(v[0], v[1])),
                        _mm256_cvtepu8_epi16(_mm_unpackhi_epi64(v[0], v[1]))};
}

/* Writes 8 bytes a row where two pixels have 6. */
INLINE void store_two(uint8_t *const rows[4], ptrdiff_t at, __m256i now, __m256i next, size_t bpp)
{
    __m256i bytes = _mm256_shuffle_epi8(_mm256_packus_epi16(now, next), join_order(bpp));
    __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    int64_t v[4] = {_mm_cvtsi128_si64(low), _mm_extract_epi64(low, 1), _mm_cvtsi128_si64(high),
                    _mm_extract_epi64(high, 1)};
    for (unsigned i = 0; i < 4; i++)
        memcpy(rows[i] + at, &v[i], bpp == 3 ? 8 : 2 * bpp);
}

/* The same at the rows' ends: only pixels that exist, only their bytes; others are 0. */
INLINE __m256i load_ends(const struct position *p, unsigned first_row, ptrdiff_t s, size_t bpp)
{
    int32_t v[4] = {0};
    for (unsigned i = 0; i < 4; i++) {
        ptrdiff_t x = s - (ptrdiff_t)(first_row + i);
        if (x >= 0 && x < p->width)
            memcpy(&v[i], p->rows[first_row + i] + s * (ptrdiff_t)bpp, bpp);
    }
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)v));
}

INLINE void store_ends(const struct position *p, unsigned first_row, ptrdiff_t s, size_t bpp, __m256i done)
{
    uint8_t bytes[32];
    _mm256_storeu_si256((__m256i *)bytes, _mm256_packus_epi16(done, done));
    for (unsigned i = 0; i < 4; i++) {
        ptrdiff_t x = s - (ptrdiff_t)(first_row + i);
        if (x >= 0 && x < p->width)
            memcpy(p->rows[first_row + i] + s * (ptrdiff_t)bpp, bytes + (i < 2 ? 4 * i : 8 + 4 * i), bpp);
    }
}

/* Steps in which some row is not yet, or no longer, within its pixels. */
INLINE void run_ends(struct wave *waves, unsigned n_waves, const struct position *p, ptrdiff_t from, ptrdiff_t end,
                     size_t bpp)
{
    for (ptrdiff_t s = from; s < end; s++) {
        int32_t above = 0;
        __m256i next[MAX_WAVES];
        if (s < p->width)
            memcpy(&above, p->prev + s * (ptrdiff_t)bpp, bpp);
        for (unsigned i = 0; i < n_waves; i++)
            next[i] = load_ends(p, 4 * i, s + 1, bpp);
        step_all(waves, n_waves, above);
        for (unsigned i = 0; i < n_waves; i++) {
            store_ends(p, 4 * i, s, bpp, waves[i].done);
            waves[i].raw = next[i];
        }
    }
}

/* Two pixels at a time. What comes next is read before one of 3 bytes spoils it. Returns where it ended. */
INLINE ptrdiff_t run_middle(struct wave *waves, unsigned n_waves, const struct position *p, ptrdiff_t from,
                            ptrdiff_t end, size_t bpp)
{
    const __m128i pixels = spread_order(bpp);
    ptrdiff_t s = from, pixel = (ptrdiff_t)bpp;
    struct two raw[MAX_WAVES];
    __m256i first[MAX_WAVES];
    if (s + 1 >= end)
        return s;
    for (unsigned i = 0; i < n_waves; i++)
        raw[i] = load_two(p->rows + 4 * i, s * pixel, pixels);
    for (; s + 1 < end; s += 2) {
        ptrdiff_t at = s * pixel;
        for (unsigned i = 0; i < n_waves; i++)
            waves[i].raw = raw[i].now;
        step_all(waves, n_waves, load_pixel(p->prev + at, bpp));
        for (unsigned i = 0; i < n_waves; i++) {
            first[i] = waves[i].done;
            waves[i].raw = raw[i].next;
        }
        step_all(waves, n_waves, load_pixel(p->prev + at + pixel, bpp));
        for (unsigned i = 0; i < n_waves; i++) {
            raw[i] = load_two(p->rows + 4 * i, at + 2 * pixel, pixels);
            store_two(p->rows + 4 * i, at, first[i], waves[i].done, bpp);
        }
    }
    for (unsigned i = 0; i < n_waves; i++)
        waves[i].raw = raw[i].now;
    return s;
}

INLINE void undo(uint8_t *row, const uint8_t *prev, size_t n, size_t bpp, unsigned n_waves)
{
    struct position p = {.prev = prev, .width = (ptrdiff_t)(n / bpp)};
    ptrdiff_t behind = 4 * (ptrdiff_t)n_waves - 1;
    struct wave waves[MAX_WAVES];
    unsigned filters[4 * MAX_WAVES];
    for (unsigned i = 0; i < 4 * n_waves; i++) {
        filters[i] = row[i * (n + 1) - 1];
        p.rows[i] = row + i * (n + 1) - i * bpp;
    }
    for (unsigned i = 0; i < n_waves; i++) {
        waves[i] = begin(filters + 4 * i);
        waves[i].raw = load_ends(&p, 4 * i, 0, bpp);
    }
    run_ends(waves, n_waves, &p, 0, behind, bpp);
    ptrdiff_t done = run_middle(waves, n_waves, &p, behind, p.width - 1, bpp);
    run_ends(waves, n_waves, &p, done, p.width + behind, bpp);
}

#define DEFINE_UNDO(rows, bpp)                                                                                         \
    AVX2 static void undo_##rows##_rows_of_##bpp(uint8_t *row, const uint8_t *prev, size_t n)                          \
    {                                                                                                                  \
        undo(row, prev, n, bpp, rows / 4);                                                                             \
    }

DEFINE_UNDO(8, 1)
DEFINE_UNDO(8, 2)
DEFINE_UNDO(8, 3)
DEFINE_UNDO(8, 4)
DEFINE_UNDO(16, 1)
DEFINE_UNDO(16, 2)
DEFINE_UNDO(16, 3)
DEFINE_UNDO(16, 4)

size_t sai_png_unfilter_wave(uint8_t *row, const uint8_t *prev, size_t n_rows, size_t n, unsigned bpp)
{
    static void (*const of_8[4])(uint8_t *, const uint8_t *, size_t) = {undo_8_rows_of_1, undo_8_rows_of_2,
                                                                        undo_8_rows_of_3, undo_8_rows_of_4};
    static void (*const of_16[4])(uint8_t *, const uint8_t *, size_t) = {undo_16_rows_of_1, undo_16_rows_of_2,
                                                                         undo_16_rows_of_3, undo_16_rows_of_4};
    if (bpp < 1 || bpp > 4 || n_rows < 8 || n < (size_t)32 * bpp || !__builtin_cpu_supports("avx2"))
        return 0;
    (n_rows < 16 ? of_8 : of_16)[bpp - 1](row, prev, n);
    return n_rows < 16 ? 8 : 16;
}

#else

size_t sai_png_unfilter_wave(uint8_t *row, const uint8_t *prev, size_t n_rows, size_t n, unsigned bpp)
{
    (void)row, (void)prev, (void)n_rows, (void)n, (void)bpp;
    return 0;
}

#endif
