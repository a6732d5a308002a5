/*
 * random.h: the module's own random numbers, so that results do not depend on libtorch's version or device.
 * xoshiro256** (Blackman and Vigna 2021), seeded by splitmix64 (Steele, Lea and Flood 2014).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_RANDOM_H
#define SELECTAI_TORCH_RANDOM_H

#include <cstdint>

namespace selectai
{

/* What a generator is for: different streams of one seed are independent. */
enum class Stream : uint64_t { weights = 1, order = 2, dropout = 3 };

class Random
{
  public:
    Random(uint64_t seed, Stream stream)
    {
        uint64_t state = seed ^ (static_cast<uint64_t>(stream) * 0xD1342543DE82EF95ULL);
        for (uint64_t &word : s)
            word = splitmix(state);
    }

    uint64_t next()
    {
        const uint64_t result = rotate(s[1] * 5, 7) * 9;
        const uint64_t t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate(s[3], 45);
        return result;
    }

    /* 0 <= x < 1, 24 bits. */
    float uniform()
    {
        return static_cast<float>(next() >> 40) * 0x1p-24f;
    }

    /* 0 <= x < n, without bias (Lemire 2019); n >= 1. */
    uint32_t below(uint32_t n)
    {
        uint64_t product = (next() >> 32) * n;
        if (static_cast<uint32_t>(product) < n) {
            const uint32_t threshold = (0U - n) % n;
            while (static_cast<uint32_t>(product) < threshold)
                product = (next() >> 32) * n;
        }
        return static_cast<uint32_t>(product >> 32);
    }

  private:
    static uint64_t rotate(uint64_t x, int k)
    {
        return (x << k) | (x >> (64 - k));
    }

    static uint64_t splitmix(uint64_t &state)
    {
        uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }

    uint64_t s[4];
};

} // namespace selectai

#endif
