/*
 * image/grey.c: Pillow's "L", by AVX2 where the processor has it.
 *
 * 38470, green's weight, does not fit into 16 signed bits: green is paired with red and with blue, half of it each.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image/grey.h"

#define RED   19595u
#define GREEN 38470u
#define BLUE  7471u
#define HALF  0x8000u

void sai_image_grey_plain(uint8_t *grey, const uint8_t *rgb, size_t n_pixels)
{
    for (size_t i = 0; i < n_pixels; i++) {
        const uint8_t *p = rgb + 3 * i;
        grey[i] = (uint8_t)((p[0] * RED + p[1] * GREEN + p[2] * BLUE + HALF) >> 16);
    }
}

#ifdef __x86_64__

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* Eight pixels, four in each half, to eight numbers; reads 28 bytes. */
AVX2 static inline __attribute__((always_inline)) __m256i grey8(const uint8_t *p)
{
    const __m256i red_green = _mm256_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1, 0, -1, 1, -1, 3,
                                               -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1);
    const __m256i blue_green = _mm256_setr_epi8(2, -1, 1, -1, 5, -1, 4, -1, 8, -1, 7, -1, 11, -1, 10, -1, 2, -1, 1, -1,
                                                5, -1, 4, -1, 8, -1, 7, -1, 11, -1, 10, -1);
    __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)p)),
                                            _mm_loadu_si128((const __m128i *)(p + 12)), 1);
    __m256i first = _mm256_madd_epi16(_mm256_shuffle_epi8(bytes, red_green),
                                      _mm256_set1_epi32((int32_t)(GREEN / 2 << 16 | RED)));
    __m256i second = _mm256_madd_epi16(_mm256_shuffle_epi8(bytes, blue_green),
                                       _mm256_set1_epi32((int32_t)(GREEN / 2 << 16 | BLUE)));
    __m256i sum = _mm256_add_epi32(_mm256_add_epi32(first, second), _mm256_set1_epi32((int32_t)HALF));
    return _mm256_srli_epi32(sum, 16);
}

/* Returns how many pixels were done. Packing works within halves; the last step puts groups of four in order. */
AVX2 static size_t grey_avx2(uint8_t *grey, const uint8_t *rgb, size_t n)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    size_t i = 0;
    for (; i + 34 <= n; i += 32) { /* the last load of 16 bytes ends within the next two pixels */
        const uint8_t *p = rgb + 3 * i;
        __m256i low = _mm256_packus_epi32(grey8(p), grey8(p + 24));
        __m256i high = _mm256_packus_epi32(grey8(p + 48), grey8(p + 72));
        __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
        _mm256_storeu_si256((__m256i *)(grey + i), bytes);
    }
    return i;
}

void sai_image_grey(uint8_t *grey, const uint8_t *rgb, size_t n_pixels)
{
    size_t done = __builtin_cpu_supports("avx2") ? grey_avx2(grey, rgb, n_pixels) : 0;
    sai_image_grey_plain(grey + done, rgb + 3 * done, n_pixels - done);
}

#else

void sai_image_grey(uint8_t *grey, const uint8_t *rgb, size_t n_pixels)
{
    sai_image_grey_plain(grey, rgb, n_pixels);
}

#endif
