/*
 * base/sha256.c: SHA-256 (FIPS 180-4).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/sha256.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define SAI_SHA_NI 1
#include <cpuid.h>
#include <immintrin.h>
#endif

/* Fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate_right(uint32_t x, int n)
{
    return (x >> n) | (x << (32 - n));
}

static void expand(uint32_t w[64], const uint8_t *block)
{
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = rotate_right(w[i - 15], 7) ^ rotate_right(w[i - 15], 18) ^ (w[i - 15] >> 3);
        uint32_t b = rotate_right(w[i - 2], 17) ^ rotate_right(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
}

/* Instead of moving the eight words on, each round uses them one place further back. */
static inline void round_at(uint32_t s[8], int i, uint32_t k_and_w)
{
    uint32_t *a = &s[-i & 7], *b = &s[(1 - i) & 7], *c = &s[(2 - i) & 7], *d = &s[(3 - i) & 7], *e = &s[(4 - i) & 7],
             *f = &s[(5 - i) & 7], *g = &s[(6 - i) & 7], *h = &s[(7 - i) & 7];
    uint32_t t1 = *h + (rotate_right(*e, 6) ^ rotate_right(*e, 11) ^ rotate_right(*e, 25)) + ((*e & *f) ^ (~*e & *g)) +
                  k_and_w;
    uint32_t t2 = (rotate_right(*a, 2) ^ rotate_right(*a, 13) ^ rotate_right(*a, 22)) +
                  ((*a & *b) ^ (*a & *c) ^ (*b & *c));
    *d += t1;
    *h = t1 + t2;
}

static void compress_plain(uint32_t state[8], const uint8_t *blocks, size_t n)
{
    for (; n > 0; n--, blocks += 64) {
        uint32_t w[64], s[8];
        expand(w, blocks);
        memcpy(s, state, sizeof s);
        for (int i = 0; i < 64; i += 8)
            for (int k = 0; k < 8; k++)
                round_at(s, k, K[i + k] + w[i + k]);
        for (int i = 0; i < 8; i++)
            state[i] += s[i];
    }
}

#ifdef SAI_SHA_NI
/* The processor's own instructions (Intel's "SHA Extensions", 2013): two words of four interleaved, two rounds at once.
 */
__attribute__((target("sha,sse4.1"))) static void compress_sha_ni(uint32_t state[8], const uint8_t *blocks, size_t n)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
    for (; n > 0; n--, blocks += 64) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
        for (int i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(blocks + 16 * i)), swap);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            const __m128i sum = _mm_add_epi32(w[i & 3], _mm_loadu_si128((const __m128i *)(const void *)(K + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
            if (i < 12) {
                __m128i next = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
                next = _mm_add_epi32(next, _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
                w[i & 3] = _mm_sha256msg2_epu32(next, w[(i + 3) & 3]);
            }
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#endif

bool sai_sha256_has_instructions(void)
{
#ifdef SAI_SHA_NI
    unsigned a, b, c, d; /* CPUID leaf 7, EBX bit 29: gcc 12's __builtin_cpu_supports() does not know it */
    return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
#else
    return false;
#endif
}

void sai_sha256_blocks(uint32_t state[8], const uint8_t *blocks, size_t n, bool instructions)
{
#ifdef SAI_SHA_NI
    if (instructions) {
        compress_sha_ni(state, blocks, n);
        return;
    }
#endif
    (void)instructions;
    compress_plain(state, blocks, n);
}

void sai_sha256_init(struct sai_sha256 *ctx)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    *ctx = (struct sai_sha256){0};
    memcpy(ctx->state, initial, sizeof initial);
    ctx->instructions = sai_sha256_has_instructions();
}

void sai_sha256_update(struct sai_sha256 *ctx, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    ctx->length += n;
    if (ctx->used > 0) {
        size_t k = 64 - ctx->used < n ? 64 - ctx->used : n;
        memcpy(ctx->block + ctx->used, p, k);
        ctx->used += k;
        p += k;
        n -= k;
        if (ctx->used < 64)
            return;
        sai_sha256_blocks(ctx->state, ctx->block, 1, ctx->instructions);
        ctx->used = 0;
    }
    sai_sha256_blocks(ctx->state, p, n / 64, ctx->instructions);
    ctx->used = n % 64;
    if (ctx->used > 0)
        memcpy(ctx->block, p + n / 64 * 64, ctx->used);
}

void sai_sha256_hex(struct sai_sha256 *ctx, char out[SAI_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t bits = ctx->length * 8;
    uint8_t tail[72] = {0x80};
    size_t pad = (ctx->used < 56 ? 56 : 120) - ctx->used;
    for (int i = 0; i < 8; i++)
        tail[pad + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
    sai_sha256_update(ctx, tail, pad + 8);
    for (int i = 0; i < 64; i++)
        out[i] = digits[ctx->state[i / 8] >> (28 - 4 * (i % 8)) & 15];
    out[64] = '\0';
}
