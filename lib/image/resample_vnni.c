/*
 * image/resample_vnni.c: the resampling kernel for AVX-512 with VNNI, whose one step multiplies four bytes by four
 * signed bytes and adds them all to a lane, without saturation.
 *
 * A weight is split into three signed bytes, w = third * 65536 + second * 256 + first; weights of 24 bits have room.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <immintrin.h>

#include "image/resample.h"
#include "image/resample_kernel.h"

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

static bool available(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

/* The lowest byte as a signed number; the rest is taken out of what is left. */
static uint32_t take_byte(int32_t *weight)
{
    int32_t low = (int8_t)(*weight & 255);
    *weight = (*weight - low) / 256;
    return (uint32_t)low & 255;
}

static void pack(uint32_t words[SAI_GROUP_WORDS], const int32_t weights[SAI_GROUP])
{
    for (unsigned i = 0; i < SAI_GROUP_WORDS; i++)
        words[i] = 0;
    for (unsigned i = 0; i < SAI_GROUP; i++) {
        int32_t weight = weights[i];
        for (unsigned k = 0; k < 3; k++)
            words[k] |= take_byte(&weight) << 8 * i;
    }
}

struct sums {
    __m512i first, second, third;
};

VNNI static inline __attribute__((always_inline)) struct sums begin(void)
{
    return (struct sums){_mm512_set1_epi32(1 << (SAI_WEIGHT_BITS - 1)), _mm512_setzero_si512(), _mm512_setzero_si512()};
}

VNNI static inline __attribute__((always_inline)) void add_group(struct sums *sums, const uint32_t *groups,
                                                                 const uint32_t *words)
{
    __m512i group = _mm512_loadu_si512(groups);
    sums->first = _mm512_dpbusd_epi32(sums->first, group, _mm512_set1_epi32((int32_t)words[0]));
    sums->second = _mm512_dpbusd_epi32(sums->second, group, _mm512_set1_epi32((int32_t)words[1]));
    sums->third = _mm512_dpbusd_epi32(sums->third, group, _mm512_set1_epi32((int32_t)words[2]));
}

VNNI static inline __attribute__((always_inline)) __m128i finish(const struct sums *sums)
{
    __m512i upper = _mm512_add_epi32(_mm512_slli_epi32(sums->third, 8), sums->second);
    __m512i total = _mm512_srai_epi32(_mm512_add_epi32(_mm512_slli_epi32(upper, 8), sums->first), SAI_WEIGHT_BITS);
    return _mm512_cvtusepi32_epi8(_mm512_max_epi32(total, _mm512_setzero_si512()));
}

VNNI static void horizontal(uint32_t *out, size_t pitch, const struct sai_block *block, const struct sai_groups *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        for (uint32_t c = 0; c < block->channels; c++, out++) {
            const uint32_t *groups = block->groups + (c * block->n_groups + w->first[i]) * SAI_LANES;
            const uint32_t *words = w->weights + i * w->stride;
            struct sums sums = begin();
            uint32_t packed[SAI_LANES / SAI_GROUP];
            for (uint32_t g = 0; g < w->count[i]; g++)
                add_group(&sums, groups + (size_t)g * SAI_LANES, words + (size_t)g * SAI_GROUP_WORDS);
            _mm_storeu_si128((__m128i *)packed, finish(&sums));
            for (unsigned k = 0; k < SAI_LANES / SAI_GROUP; k++)
                out[k * pitch] = packed[k];
        }
}

VNNI static void vertical(uint8_t *out, size_t n, const uint32_t *const *groups, uint32_t n_groups,
                          const uint32_t *weights)
{
    for (size_t x = 0; x < n; x += SAI_LANES) {
        struct sums sums = begin();
        for (uint32_t g = 0; g < n_groups; g++)
            add_group(&sums, groups[g] + x, weights + (size_t)g * SAI_GROUP_WORDS);
        _mm_storeu_si128((__m128i *)(out + x), finish(&sums));
    }
}

const struct sai_resample_kernel sai_resample_vnni = {"AVX-512 VNNI",   available,  pack,
                                                      sai_gather_ssse3, horizontal, vertical};
