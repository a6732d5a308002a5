/*
 * examples/selectai/sample/noise.c: seeded random numbers and value noise.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "noise.h"

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static uint64_t mix64(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void rng_init(struct rng *r, uint64_t seed, uint64_t item, uint64_t purpose)
{
    r->state = mix64(mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ mix64(item * 2 + 1) ^ mix64(~purpose));
}

uint64_t rng_next(struct rng *r)
{
    r->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix64(r->state);
}

float rng_float(struct rng *r)
{
    return (float)(rng_next(r) >> 40) * (1.0f / 16777216.0f);
}

float rng_range(struct rng *r, float low, float high)
{
    return low + (high - low) * rng_float(r);
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
    return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

int rng_chance(struct rng *r, float probability)
{
    return rng_float(r) < probability;
}

float rng_normal(struct rng *r)
{
    /* The sum of 12 uniform numbers: no logarithm, so the same bits with every libm. */
    float sum = -6.0f;
    for (int i = 0; i < 12; i++) {
        sum += rng_float(r);
    }
    return sum;
}

float noise_value(float x, float y, uint32_t seed)
{
    /* Rounding down by hand: floorf() is a call on plain x86-64, and this is the innermost loop. */
    int32_t ix = (int32_t)x, iy = (int32_t)y;
    ix -= x < (float)ix;
    iy -= y < (float)iy;
    float u = x - (float)ix, v = y - (float)iy;
    u = u * u * (3.0f - 2.0f * u);
    v = v * v * (3.0f - 2.0f * v);
    float top = mixf(noise_cell(ix, iy, seed), noise_cell(ix + 1, iy, seed), u);
    float bottom = mixf(noise_cell(ix, iy + 1, seed), noise_cell(ix + 1, iy + 1, seed), u);
    return 2.0f * mixf(top, bottom, v) - 1.0f;
}

float noise_fbm(float x, float y, int octaves, uint32_t seed)
{
    float sum = 0, weight = 0.5f;
    for (int i = 0; i < octaves; i++) {
        sum += weight * noise_value(x, y, seed + (uint32_t)i);
        /* Not quite 2 and a shift: lattice lines of the octaves must not coincide. */
        x = x * 2.03f + 17.3f;
        y = y * 2.03f + 9.1f;
        weight *= 0.5f;
    }
    return sum * 1.6f;
}
