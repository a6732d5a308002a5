/*
 * image/resample_avx2.c: the resampling kernel for AVX2, and how rows become groups with SSSE3.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <immintrin.h>

#include "image/resample.h"
#include "image/resample_kernel.h"

#define TARGET               __attribute__((target("avx2")))
#define VECTOR               __m256i
#define WIDTH                8u
#define V_LOAD(p)            _mm256_loadu_si256((const __m256i *)(p))
#define V_SET(x)             _mm256_set1_epi32((int32_t)(x))
#define V_AND(a, b)          _mm256_and_si256(a, b)
#define V_ADD(a, b)          _mm256_add_epi32(a, b)
#define V_MADD(a, b)         _mm256_madd_epi16(a, b)
#define V_SHIFT16(a, n)      _mm256_srli_epi16(a, n)
#define V_SHIFT_UP(a, n)     _mm256_slli_epi32(a, n)
#define V_SHIFT_SIGNED(a, n) _mm256_srai_epi32(a, n)
#define V_PACK16(out, t)     store16(out, t[0], t[1])

/* Packing works within halves: lanes 0-3, 8-11, 4-7, 12-15 must be put in order. */
TARGET static inline __attribute__((always_inline)) void store16(uint8_t *out, __m256i first, __m256i second)
{
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xD8);
    __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)out, bytes);
}

#include "image/resample_madd.h"

#define SSSE3 __attribute__((target("ssse3")))

/* Four rows' numbers a, b, ... to four vectors, each with one number of every row. */
SSSE3 static inline __attribute__((always_inline)) void transpose4(__m128i v[4])
{
    __m128i low01 = _mm_unpacklo_epi32(v[0], v[1]), low23 = _mm_unpacklo_epi32(v[2], v[3]);
    __m128i high01 = _mm_unpackhi_epi32(v[0], v[1]), high23 = _mm_unpackhi_epi32(v[2], v[3]);
    v[0] = _mm_unpacklo_epi64(low01, low23);
    v[1] = _mm_unpackhi_epi64(low01, low23);
    v[2] = _mm_unpacklo_epi64(high01, high23);
    v[3] = _mm_unpackhi_epi64(high01, high23);
}

/* Sixteen bytes at a time of each of four rows become up to four vectors, `step` numbers apart. */
SSSE3 static inline __attribute__((always_inline)) void
gather_at(uint32_t *out, size_t step, unsigned n_out, const uint8_t *const rows[SAI_LANES], size_t at, __m128i order)
{
    for (unsigned quarter = 0; quarter < 4; quarter++) {
        __m128i v[4];
        for (unsigned i = 0; i < 4; i++)
            v[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(rows[4 * quarter + i] + at)), order);
        transpose4(v);
        for (unsigned i = 0; i < n_out; i++)
            _mm_storeu_si128((__m128i *)(out + i * step + (size_t)4 * quarter), v[i]);
    }
}

/* Grey: four groups of one channel at a time. RGB and RGBA: one group of all channels. */
SSSE3 void sai_gather_ssse3(const struct sai_block *block, const uint8_t *const rows[SAI_LANES], uint32_t width)
{
    const __m128i straight = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i by3 = _mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1);
    const __m128i by4 = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    size_t bytes = (size_t)width * block->channels, step = block->n_groups * SAI_LANES, g = 0;
    if (block->channels == 1)
        for (; SAI_GROUP * g + 16 <= bytes; g += 4)
            gather_at(block->groups + g * SAI_LANES, SAI_LANES, 4, rows, SAI_GROUP * g, straight);
    else if (block->channels == 3)
        for (; 12 * g + 16 <= bytes; g++)
            gather_at(block->groups + g * SAI_LANES, step, 3, rows, 12 * g, by3);
    else if (block->channels == 4)
        for (; 16 * g + 16 <= bytes; g++)
            gather_at(block->groups + g * SAI_LANES, step, 4, rows, 16 * g, by4);
    sai_gather_from(block, rows, width, g);
}

static bool available(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

const struct sai_resample_kernel sai_resample_avx2 = {"AVX2", available, pack, sai_gather_ssse3, horizontal, vertical};
