/*
 * base/rng.c: seeded random numbers and hashes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void sai_rng_seed(struct sai_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        rng->state[i] = mix(seed += UINT64_C(0x9E3779B97F4A7C15));
}

static uint64_t rotate_left(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t sai_rng_next(struct sai_rng *rng)
{
    uint64_t *s = rng->state, result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t sai_rng_below(struct sai_rng *rng, uint64_t n)
{
    /* Rejects the incomplete last block, so that every value is equally likely. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, x;
    do {
        x = sai_rng_next(rng);
    } while (x >= limit);
    return x % n;
}

double sai_rng_uniform(struct sai_rng *rng)
{
    return (double)(sai_rng_next(rng) >> 11) * 0x1p-53;
}

void sai_rng_shuffle(struct sai_rng *rng, uint32_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)sai_rng_below(rng, i);
        uint32_t t = items[i - 1];
        items[i - 1] = items[j];
        items[j] = t;
    }
}

uint64_t sai_hash_bytes(const void *bytes, size_t n, uint64_t seed)
{
    const uint8_t *p = bytes;
    uint64_t h = UINT64_C(0xCBF29CE484222325) ^ mix(seed);
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001B3);
    return mix(h);
}
