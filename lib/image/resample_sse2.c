/*
 * image/resample_sse2.c: the resampling kernel for every x86-64.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <emmintrin.h>

#include "image/resample.h"
#include "image/resample_kernel.h"

#define TARGET
#define VECTOR               __m128i
#define WIDTH                4u
#define V_LOAD(p)            _mm_loadu_si128((const __m128i *)(p))
#define V_SET(x)             _mm_set1_epi32((int32_t)(x))
#define V_AND(a, b)          _mm_and_si128(a, b)
#define V_ADD(a, b)          _mm_add_epi32(a, b)
#define V_MADD(a, b)         _mm_madd_epi16(a, b)
#define V_SHIFT16(a, n)      _mm_srli_epi16(a, n)
#define V_SHIFT_UP(a, n)     _mm_slli_epi32(a, n)
#define V_SHIFT_SIGNED(a, n) _mm_srai_epi32(a, n)
#define V_PACK16(out, t)                                                                                               \
    _mm_storeu_si128((__m128i *)(out), _mm_packus_epi16(_mm_packs_epi32(t[0], t[1]), _mm_packs_epi32(t[2], t[3])))

#include "image/resample_madd.h"

static bool always(void)
{
    return true;
}

static void gather(const struct sai_block *block, const uint8_t *const rows[SAI_LANES], uint32_t width)
{
    sai_gather_from(block, rows, width, 0);
}

const struct sai_resample_kernel sai_resample_sse2 = {"SSE2", always, pack, gather, horizontal, vertical};
