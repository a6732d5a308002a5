/*
 * base/rng.h: a small seeded generator, the same numbers on every machine.
 *
 * xoshiro256** seeded by SplitMix64 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_RNG_H
#define SAI_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct sai_rng {
    uint64_t state[4];
};

void sai_rng_seed(struct sai_rng *rng, uint64_t seed);
uint64_t sai_rng_next(struct sai_rng *rng);
uint64_t sai_rng_below(struct sai_rng *rng, uint64_t n); /* 0..n-1 without bias; n >= 1 */
double sai_rng_uniform(struct sai_rng *rng);             /* 0 <= u < 1, 53 bits */
void sai_rng_shuffle(struct sai_rng *rng, uint32_t *items, size_t n);

/* A good 64-bit hash of bytes for splits and tables (FNV-1a with a final mix); not for security. */
uint64_t sai_hash_bytes(const void *bytes, size_t n, uint64_t seed);

#endif
