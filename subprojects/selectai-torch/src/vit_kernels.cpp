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

#include "vit_vectors.h"
#ifdef SELECTAI_X86
#include "vit_attend_bf16.h"
#endif

namespace selectai
{
namespace
{

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

#ifdef SELECTAI_X86
void add_bf16(std::vector<VitKernels<float>> &)
{
}

void add_bf16(std::vector<VitKernels<BFloat16>> &list)
{
    if (__builtin_cpu_supports("avx512bf16"))
        list.push_back({norm_avx512<BFloat16>, attend_avx512_bf16, convert_avx512<BFloat16>});
}
#endif

template <typename T> std::vector<VitKernels<T>> list_kernels()
{
    std::vector<VitKernels<T>> list;
#ifdef SELECTAI_X86
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        add_bf16(list);
        list.push_back({norm_avx512<T>, attend_avx512<T>, convert_avx512<T>});
    }
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

template <typename T> size_t vit_kernel_variants()
{
    static const size_t n = list_kernels<T>().size();
    return n;
}

template size_t vit_kernel_variants<float>();
template size_t vit_kernel_variants<BFloat16>();

} // namespace selectai
