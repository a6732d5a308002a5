/*
 * learn/kernel_distance.c: sums of absolute differences, by the instruction that video encoders have them for.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn/kernel_distance.h"

static void distances_plain(uint32_t *out, const uint8_t *rows, size_t n, const uint8_t *y, uint32_t width)
{
    for (size_t i = 0; i < n; i++, rows += width) {
        uint32_t sum = 0;
        for (uint32_t k = 0; k < width; k++)
            sum += rows[k] > y[k] ? (uint32_t)(rows[k] - y[k]) : (uint32_t)(y[k] - rows[k]);
        out[i] = sum;
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define BLOCK 4u /* rows, which share what is loaded of y */

/* Each instruction leaves a sum for every eight bytes. */
#define DEFINE_DISTANCES(name, isa, vec, load, store, sad, add, zero)                                                  \
    static inline __attribute__((target(isa), always_inline)) void name##_block(                                       \
        uint32_t *out, const uint8_t *rows, size_t count, const uint8_t *y, uint32_t width)                            \
    {                                                                                                                  \
        vec sum[BLOCK] = {zero(), zero(), zero(), zero()};                                                             \
        for (uint32_t k = 0; k < width; k += (uint32_t)sizeof(vec)) {                                                  \
            vec b = load((const void *)(y + k));                                                                       \
            for (size_t r = 0; r < count; r++)                                                                         \
                sum[r] = add(sum[r], sad(load((const void *)(rows + r * width + k)), b));                              \
        }                                                                                                              \
        for (size_t r = 0; r < count; r++) {                                                                           \
            uint64_t lane[sizeof(vec) / sizeof(uint64_t)], total = 0;                                                  \
            store((void *)lane, sum[r]);                                                                               \
            for (size_t l = 0; l < sizeof lane / sizeof lane[0]; l++)                                                  \
                total += lane[l];                                                                                      \
            out[r] = (uint32_t)total;                                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
    __attribute__((target(isa))) static void name(uint32_t *out, const uint8_t *rows, size_t n, const uint8_t *y,      \
                                                  uint32_t width)                                                      \
    {                                                                                                                  \
        size_t i = 0;                                                                                                  \
        for (; i + BLOCK <= n; i += BLOCK)                                                                             \
            name##_block(out + i, rows + i * width, BLOCK, y, width);                                                  \
        for (; i < n; i++)                                                                                             \
            name##_block(out + i, rows + i * width, 1, y, width);                                                      \
    }
DEFINE_DISTANCES(distances_sse2, "sse2", __m128i, _mm_loadu_si128, _mm_storeu_si128, _mm_sad_epu8, _mm_add_epi64,
                 _mm_setzero_si128)
DEFINE_DISTANCES(distances_avx2, "avx2", __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_sad_epu8,
                 _mm256_add_epi64, _mm256_setzero_si256)
DEFINE_DISTANCES(distances_avx512, "avx512f,avx512bw", __m512i, _mm512_loadu_si512, _mm512_storeu_si512,
                 _mm512_sad_epu8, _mm512_add_epi64, _mm512_setzero_si512)

sai_kernel_distances_fn *sai_kernel_distances_variant(unsigned variant)
{
    switch (variant) {
    case 0:
        return distances_plain;
    case 1:
        return distances_sse2;
    case 2:
        return __builtin_cpu_supports("avx2") ? distances_avx2 : NULL;
    case 3:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? distances_avx512 : NULL;
    default:
        return NULL;
    }
}
#else
sai_kernel_distances_fn *sai_kernel_distances_variant(unsigned variant)
{
    return variant == 0 ? distances_plain : NULL;
}
#endif

void sai_kernel_distances(uint32_t *out, const uint8_t *rows, size_t n, const uint8_t *y, uint32_t width)
{
    unsigned best = SAI_KERNEL_VARIANTS - 1;
    while (!sai_kernel_distances_variant(best))
        best--;
    sai_kernel_distances_variant(best)(out, rows, n, y, width);
}
