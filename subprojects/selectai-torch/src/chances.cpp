/*
 * chances.cpp: random numbers for dropout.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "chances.h"

#include <cstring>

#include "random.h"
#include "vectors.h"

namespace selectai
{
namespace
{

typedef Chances::State State;

/* xoshiro256** as in random.h, in each lane. */
ALWAYS_INLINE void draw_in_lanes(State &state, uint16_t *out, int64_t n)
{
    constexpr int lanes = Chances::lanes, per_round = lanes * 4;
    uint64_t s0[lanes], s1[lanes], s2[lanes], s3[lanes], words[lanes];

    std::memcpy(s0, state.s[0], sizeof s0);
    std::memcpy(s1, state.s[1], sizeof s1);
    std::memcpy(s2, state.s[2], sizeof s2);
    std::memcpy(s3, state.s[3], sizeof s3);
    for (; n > 0; n -= per_round, out += per_round) {
        for (int i = 0; i < lanes; i++) {
            const uint64_t five = (s1[i] << 2) + s1[i];
            const uint64_t seven = (five << 7) | (five >> 57);
            const uint64_t t = s1[i] << 17;
            words[i] = (seven << 3) + seven;
            s2[i] ^= s0[i];
            s3[i] ^= s1[i];
            s1[i] ^= s2[i];
            s0[i] ^= s3[i];
            s2[i] ^= t;
            s3[i] = (s3[i] << 45) | (s3[i] >> 19);
        }
        std::memcpy(out, words, n < per_round ? static_cast<size_t>(n) * sizeof *out : sizeof words);
    }
    std::memcpy(state.s[0], s0, sizeof s0);
    std::memcpy(state.s[1], s1, sizeof s1);
    std::memcpy(state.s[2], s2, sizeof s2);
    std::memcpy(state.s[3], s3, sizeof s3);
}

void draw_plain(State &state, uint16_t *out, int64_t n)
{
    draw_in_lanes(state, out, n);
}

#ifdef SELECTAI_X86
__attribute__((target("avx2"))) void draw_avx2(State &state, uint16_t *out, int64_t n)
{
    draw_in_lanes(state, out, n);
}
#endif

} // namespace

Chances::Chances(uint64_t seed)
{
    Random random(seed, Stream::dropout);
    for (auto &word : state.s) {
        for (uint64_t &lane : word)
            lane = random.next();
    }
}

void Chances::draw(uint16_t *out, int64_t n)
{
#ifdef SELECTAI_X86
    if (__builtin_cpu_supports("avx2")) {
        draw_avx2(state, out, n);
        return;
    }
#endif
    draw_plain(state, out, n);
}

} // namespace selectai
