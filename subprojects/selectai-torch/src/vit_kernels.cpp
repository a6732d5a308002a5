/*
 * vit_kernels.cpp: layer norm, attention and rounding, once for each instruction set.
 *
 * Attention works on one head at a time: keys (transposed), values and queries are unpacked to floats that stay in the
 * second-level cache, then a few rows of scores at a time go through product, softmax and product in registers and
 * first-level cache.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "vit_kernels.h"

#include <cmath>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define SELECTAI_X86 1
#endif

#define ALWAYS_INLINE inline __attribute__((always_inline))
#pragma GCC diagnostic ignored "-Wpsabi" /* vectors are passed between functions that are inlined, all of them */

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

/* ---- Layer norm ------------------------------------------------------------------------------ */

template <int n, typename T>
ALWAYS_INLINE void norm_row(T *y, const float *x, const float *weight, const float *bias, int64_t width, float eps)
{
    typedef typename Lanes<n>::Float Float;
    const int64_t whole = width / n * n, rest = width - whole;
    Float sum = {}, squares = {};
    for (int64_t i = 0; i < whole; i += n)
        sum += load<n>(x + i);
    float total = sum_lanes<n>(sum);
    for (int64_t i = whole; i < width; i++)
        total += x[i];
    const float mean = total / static_cast<float>(width);
    for (int64_t i = 0; i < whole; i += n) {
        const Float d = load<n>(x + i) - mean;
        squares += d * d;
    }
    total = sum_lanes<n>(squares);
    for (int64_t i = whole; i < width; i++)
        total += (x[i] - mean) * (x[i] - mean);
    const float scale = 1.0f / __builtin_sqrtf(total / static_cast<float>(width) + eps);
    for (int64_t i = 0; i < whole; i += n)
        store<n>(y + i, (load<n>(x + i) - mean) * scale * load<n>(weight + i) + load<n>(bias + i));
    if (rest > 0)
        store_part<n>(y + whole,
                      (load_part<n>(x + whole, rest) - mean) * scale * load_part<n>(weight + whole, rest) +
                          load_part<n>(bias + whole, rest),
                      rest);
}

template <int n, typename T>
ALWAYS_INLINE void layer_norm(T *y, const float *x, const float *weight, const float *bias, int64_t rows, int64_t width,
                              float eps)
{
    for (int64_t i = 0; i < rows; i++)
        norm_row<n>(y + i * width, x + i * width, weight, bias, width, eps);
}

template <int n, typename T> ALWAYS_INLINE void convert(T *y, const float *x, int64_t count)
{
    const int64_t whole = count / n * n;
    for (int64_t i = 0; i < whole; i += n)
        store<n>(y + i, load<n>(x + i));
    if (whole < count)
        store_part<n>(y + whole, load_part<n>(x + whole, count - whole), count - whole);
}

/* ---- Attention ------------------------------------------------------------------------------- */

/* c[rows][vectors * n] = a[rows][k] b[k][...]: `rows` x `vectors` sums stay in registers. */
template <int n, int rows, int vectors>
ALWAYS_INLINE void multiply_tile(float *c, int64_t c_row, const float *a, int64_t a_row, const float *b, int64_t b_row,
                                 int64_t k)
{
    typename Lanes<n>::Float sum[rows][vectors] = {};
    for (int64_t p = 0; p < k; p++, b += b_row) {
        typename Lanes<n>::Float row[vectors];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            row[j] = load<n>(b + j * n);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++)
                sum[i][j] += a[i * a_row + p] * row[j];
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            store<n>(c + i * c_row + j * n, sum[i][j]);
    }
}

/* columns: a multiple of n */
template <int n, int rows, int vectors>
ALWAYS_INLINE void multiply_rows(float *c, int64_t c_row, const float *a, int64_t a_row, const float *b, int64_t b_row,
                                 int64_t k, int64_t columns)
{
    int64_t j = 0;
    for (; j + vectors * n <= columns; j += vectors * n)
        multiply_tile<n, rows, vectors>(c + j, c_row, a, a_row, b + j, b_row, k);
    for (; j < columns; j += n)
        multiply_tile<n, rows, 1>(c + j, c_row, a, a_row, b + j, b_row, k);
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

int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

constexpr int64_t most_lanes = 16;
constexpr int64_t most_rows = 8;

void reserve(AttentionScratch &s, int64_t queries, int64_t keys, int64_t d)
{
    const auto grow = [](std::vector<float> &v, int64_t n) {
        if (v.size() < static_cast<size_t>(n))
            v.resize(static_cast<size_t>(n));
    };
    grow(s.keys, d * round_up(keys, most_lanes));
    grow(s.values, keys * round_up(d, most_lanes));
    grow(s.queries, round_up(queries, most_rows) * d);
    grow(s.shares, most_rows * round_up(keys, most_lanes));
    grow(s.mixed, most_rows * round_up(d, most_lanes));
}

/* Head h's rows as floats: queries scaled, keys transposed. */
template <int n, typename T> ALWAYS_INLINE void unpack(const AttentionInput<T> &in, int64_t h, AttentionScratch &s)
{
    const int64_t d = in.d, keys_row = round_up(in.n_keys, n), values_row = round_up(d, n);
    const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(d));
    float row[most_lanes];
    for (int64_t i = 0; i < in.n_queries; i++) {
        const T *from = in.q + i * in.q_row + h * d;
        for (int64_t j = 0; j < d; j += n) {
            const int64_t count = d - j < n ? d - j : n;
            store<n>(row, (count == n ? load<n>(from + j) : load_part<n>(from + j, count)) * scale);
            std::memcpy(s.queries.data() + i * d + j, row, sizeof(float) * static_cast<size_t>(count));
        }
    }
    for (int64_t i = 0; i < in.n_keys; i++) {
        const T *key = in.k + i * in.kv_row + h * d, *value = in.v + i * in.kv_row + h * d;
        for (int64_t j = 0; j < d; j += n) {
            const int64_t count = d - j < n ? d - j : n;
            store<n>(row, count == n ? load<n>(key + j) : load_part<n>(key + j, count));
            for (int64_t c = 0; c < count; c++)
                s.keys[static_cast<size_t>((j + c) * keys_row + i)] = row[c];
            store<n>(s.values.data() + i * values_row + j,
                     count == n ? load<n>(value + j) : load_part<n>(value + j, count));
        }
    }
    for (int64_t j = 0; j < d && in.n_keys < keys_row; j++)
        std::memset(s.keys.data() + j * keys_row + in.n_keys, 0,
                    sizeof(float) * static_cast<size_t>(keys_row - in.n_keys));
}

template <int n, int rows, int vectors, typename T>
ALWAYS_INLINE void attend(T *out, int64_t out_row, const AttentionInput<T> &in, AttentionScratch &s)
{
    const int64_t d = in.d, keys_row = round_up(in.n_keys, n), values_row = round_up(d, n);
    reserve(s, in.n_queries, in.n_keys, d);
    float *shares = s.shares.data(), *mixed = s.mixed.data();
    for (int64_t h = 0; h < in.heads; h++) {
        unpack<n>(in, h, s);
        for (int64_t i = 0; i < in.n_queries; i += rows) {
            const int64_t count = in.n_queries - i < rows ? in.n_queries - i : rows;
            float over[most_rows];
            multiply_rows<n, rows, vectors>(shares, keys_row, s.queries.data() + i * d, d, s.keys.data(), keys_row, d,
                                            keys_row);
            for (int64_t r = 0; r < rows; r++)
                over[r] = soften<n>(shares + r * keys_row, in.n_keys);
            multiply_rows<n, rows, vectors>(mixed, values_row, shares, keys_row, s.values.data(), values_row, in.n_keys,
                                            values_row);
            for (int64_t r = 0; r < count; r++) {
                T *to = out + (i + r) * out_row + h * d;
                for (int64_t j = 0; j < d; j += n) {
                    const typename Lanes<n>::Float v = load<n>(mixed + r * values_row + j) * over[r];
                    if (d - j >= n)
                        store<n>(to + j, v);
                    else
                        store_part<n>(to + j, v, d - j);
                }
            }
        }
    }
}

/* ---- Instruction sets ------------------------------------------------------------------------ */

#define SELECTAI_VIT_KERNELS(name, target, n, rows, vectors)                                                           \
    template <typename T>                                                                                              \
    target void norm_##name(T *y, const float *x, const float *w, const float *b, int64_t m, int64_t width, float eps) \
    {                                                                                                                  \
        layer_norm<n>(y, x, w, b, m, width, eps);                                                                      \
    }                                                                                                                  \
    template <typename T>                                                                                              \
    target void attend_##name(T *out, int64_t out_row, const AttentionInput<T> &in, AttentionScratch &s)               \
    {                                                                                                                  \
        attend<n, rows, vectors>(out, out_row, in, s);                                                                 \
    }                                                                                                                  \
    template <typename T> target void convert_##name(T *y, const float *x, int64_t m)                                  \
    {                                                                                                                  \
        convert<n>(y, x, m);                                                                                           \
    }

SELECTAI_VIT_KERNELS(plain, , 4, 4, 2)
#ifdef SELECTAI_X86
SELECTAI_VIT_KERNELS(avx2, __attribute__((target("avx2,fma"))), 8, 4, 2)
SELECTAI_VIT_KERNELS(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), 16, 6, 4)
#endif

template <typename T> std::vector<VitKernels<T>> list_kernels()
{
    std::vector<VitKernels<T>> list;
#ifdef SELECTAI_X86
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        list.push_back({norm_avx512<T>, attend_avx512<T>, convert_avx512<T>});
    if (avx2)
        list.push_back({norm_avx2<T>, attend_avx2<T>, convert_avx2<T>});
#endif
    list.push_back({norm_plain<T>, attend_plain<T>, convert_plain<T>});
    return list;
}

} // namespace

template <typename T> const VitKernels<T> &vit_kernels(size_t variant)
{
    static const std::vector<VitKernels<T>> list = list_kernels<T>();
    return list[variant];
}

template const VitKernels<float> &vit_kernels<float>(size_t variant);
template const VitKernels<BFloat16> &vit_kernels<BFloat16>(size_t variant);

size_t vit_kernel_variants()
{
    static const size_t n = list_kernels<float>().size();
    return n;
}

} // namespace selectai
