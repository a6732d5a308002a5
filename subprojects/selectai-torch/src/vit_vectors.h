/*
 * vit_vectors.h: vectors of n floats for vit_*.cpp. Everything is inlined into functions that carry a target attribute,
 * so that one text serves every instruction set.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_VIT_VECTORS_H
#define SELECTAI_TORCH_VIT_VECTORS_H

#include <cmath>
#include <cstring>

#include "vectors.h"
#include "vit_kernels.h"

namespace selectai
{
namespace
{

/* A vector of floats, and integers and halves of as many lanes. */
template <int n> struct Lanes {
    typedef float Float __attribute__((vector_size(4 * n)));
    typedef int32_t Int __attribute__((vector_size(4 * n)));
    typedef uint32_t Word __attribute__((vector_size(4 * n)));
    typedef uint16_t Half __attribute__((vector_size(2 * n)));
};

template <int n> ALWAYS_INLINE typename Lanes<n>::Float load(const float *p)
{
    typename Lanes<n>::Float v;
    std::memcpy(&v, p, sizeof v);
    return v;
}

template <int n> ALWAYS_INLINE typename Lanes<n>::Float load(const BFloat16 *p)
{
    typename Lanes<n>::Half half;
    std::memcpy(&half, p, sizeof half);
    const typename Lanes<n>::Word word = __builtin_convertvector(half, typename Lanes<n>::Word) << 16;
    typename Lanes<n>::Float v;
    std::memcpy(&v, &word, sizeof v);
    return v;
}

template <int n> ALWAYS_INLINE void store(float *p, typename Lanes<n>::Float v)
{
    std::memcpy(p, &v, sizeof v);
}

/* To the nearest, ties to even; NaN stays NaN. */
template <int n> ALWAYS_INLINE void store(BFloat16 *p, typename Lanes<n>::Float v)
{
    typename Lanes<n>::Word word;
    std::memcpy(&word, &v, sizeof word);
    const typename Lanes<n>::Word rounded = (word + 0x7FFF + (word >> 16 & 1)) >> 16;
    const typename Lanes<n>::Word out = v == v ? rounded : (word >> 16 | 0x40);
    const typename Lanes<n>::Half half = __builtin_convertvector(out, typename Lanes<n>::Half);
    std::memcpy(p, &half, sizeof half);
}

/* The first `count` of n lanes; the others are zeros. */
template <int n, typename T> ALWAYS_INLINE typename Lanes<n>::Float load_part(const T *p, int64_t count)
{
    T part[n] = {};
    std::memcpy(part, p, sizeof(T) * static_cast<size_t>(count));
    return load<n>(part);
}

template <int n, typename T> ALWAYS_INLINE void store_part(T *p, typename Lanes<n>::Float v, int64_t count)
{
    T part[n];
    store<n>(part, v);
    std::memcpy(p, part, sizeof(T) * static_cast<size_t>(count));
}

template <int n> ALWAYS_INLINE float sum_lanes(typename Lanes<n>::Float v)
{
    float sum = 0.0f;
    for (int i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

/* exp(x) for x <= 0: 2^k times a polynomial on [-ln 2 / 2, ln 2 / 2]; the relative error is below 2e-7. Below -87 the
 * result is that of -87, some 1e-38. */
template <int n> ALWAYS_INLINE typename Lanes<n>::Float exp_of(typename Lanes<n>::Float x)
{
    typedef typename Lanes<n>::Float Float;
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it leaves an integer in the low bits */
    const Float low = x - x - 87.0f;
    x = x > -87.0f ? x : low;
    const Float shifted = x * 1.44269504f + round;
    const Float k = shifted - round;
    const Float r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    Float p = r * 1.98412698e-4f + 1.38888889e-3f;
    p = p * r + 8.33333333e-3f;
    p = p * r + 4.16666667e-2f;
    p = p * r + 1.66666667e-1f;
    p = p * r + 0.5f;
    p = p * r * r + r + 1.0f;
    typename Lanes<n>::Int bits, power;
    std::memcpy(&power, &shifted, sizeof power);
    std::memcpy(&bits, &p, sizeof bits);
    bits += power << 23;
    std::memcpy(&p, &bits, sizeof p);
    return x != x ? x : p;
}

/* scores[count], room for a multiple of n: becomes exp(score - highest) and zeros; returns 1 / their sum. */
template <int n> ALWAYS_INLINE float soften(float *scores, int64_t count)
{
    typedef typename Lanes<n>::Float Float;
    const int64_t padded = (count + n - 1) / n * n;
    for (int64_t i = count; i < padded; i++)
        scores[i] = -INFINITY;
    Float most = load<n>(scores);
    for (int64_t i = n; i < padded; i += n) {
        const Float v = load<n>(scores + i);
        most = v > most ? v : most;
    }
    float highest = most[0];
    for (int i = 1; i < n; i++)
        highest = most[i] > highest ? most[i] : highest;
    Float sum = {};
    for (int64_t i = 0; i < padded; i += n) {
        const Float v = load<n>(scores + i);
        const Float e = exp_of<n>(v - highest);
        const Float kept = v == -INFINITY ? Float{} : e;
        sum += kept;
        store<n>(scores + i, kept);
    }
    return 1.0f / sum_lanes<n>(sum);
}

constexpr int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

} // namespace
} // namespace selectai

#endif
