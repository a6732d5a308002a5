/*
 * examples/selectai/sample/noise.h: seeded random numbers and value noise.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_NOISE_H
#define SELECTAI_SAMPLE_NOISE_H

#include <stdint.h>

struct rng {
    uint64_t state;
};

/* A stream of its own for every (seed, item, purpose): what one item draws never shifts what another one gets. */
void rng_init(struct rng *r, uint64_t seed, uint64_t item, uint64_t purpose);
uint64_t rng_next(struct rng *r);
float rng_float(struct rng *r); /* 0 <= x < 1 */
float rng_range(struct rng *r, float low, float high);
uint32_t rng_below(struct rng *r, uint32_t n); /* 0..n-1, n > 0 */
int rng_chance(struct rng *r, float probability);
float rng_normal(struct rng *r); /* mean 0, deviation 1 */

/* Small shaping functions that every pixel needs several times, so they are inline. */
static inline float clamp01(float v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static inline float mixf(float a, float b, float t)
{
    return a + (b - a) * t;
}

static inline float smooth_step(float low, float high, float v)
{
    float t = clamp01((v - low) / (high - low));
    return t * t * (3.0f - 2.0f * t);
}

static inline uint32_t noise_hash(int32_t x, int32_t y, uint32_t seed)
{
    uint32_t h = (uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ seed * 0xcb1ab31fu;
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    return h ^ (h >> 15);
}

/* 0..1, one value a lattice cell */
static inline float noise_cell(int32_t x, int32_t y, uint32_t seed)
{
    return (float)(noise_hash(x, y, seed) >> 8) * (1.0f / 16777216.0f);
}

float noise_value(float x, float y, uint32_t seed);            /* -1..1, smooth */
float noise_fbm(float x, float y, int octaves, uint32_t seed); /* about -1..1, each octave half as strong */

#endif
