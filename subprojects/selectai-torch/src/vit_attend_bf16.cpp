/*
 * vit_attend_bf16.cpp: attention by products of pairs: one instruction adds a0 b0 + a1 b1 to each of 16 floats.
 *
 * Scores: a pair is two neighbouring numbers of a query and of a key. Keys are transposed in units of such pairs;
 * queries are read where they lie. Mixing: a pair is two neighbouring keys' shares and values.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "vit_attend_bf16.h"

#include "vit_vectors.h"

#ifdef SELECTAI_X86
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" /* of gcc 12's own headers (its bug 105593) */
#endif

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))

namespace selectai
{
namespace
{

constexpr int lanes = 16;
constexpr int most_rows = 6;    /* of queries at a time */
constexpr int most_vectors = 4; /* of keys, or of numbers of a head, at a time */

/* rows x vectors sums over pairs: c[i][j] = a[i][p] b[p][j]; a_row: pairs from one row of a to the next. */
template <int rows, int vectors>
TARGET ALWAYS_INLINE void multiply_tile(float *c, int64_t c_row, const uint32_t *a, int64_t a_row, const uint32_t *b,
                                        int64_t b_row, int64_t pairs)
{
    __m512 sum[rows][vectors];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            sum[i][j] = _mm512_setzero_ps();
    }
    for (int64_t p = 0; p < pairs; p++, b += b_row) {
        __m512bh row[vectors];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            row[j] = (__m512bh)_mm512_loadu_si512(b + j * lanes);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            uint32_t pair;
            std::memcpy(&pair, a + i * a_row + p, sizeof pair); /* at any address */
            const __m512bh all = (__m512bh)_mm512_set1_epi32(static_cast<int>(pair));
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++)
                sum[i][j] = _mm512_dpbf16_ps(sum[i][j], all, row[j]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            _mm512_storeu_ps(c + i * c_row + j * lanes, sum[i][j]);
    }
}

/* columns: a multiple of the lanes. c_row is a multiple of them as well. */
template <int rows>
TARGET ALWAYS_INLINE void multiply_rows(float *c, int64_t c_row, const uint32_t *a, int64_t a_row, const uint32_t *b,
                                        int64_t b_row, int64_t pairs, int64_t columns)
{
    int64_t j = 0;
    for (; j + most_vectors * lanes <= columns; j += most_vectors * lanes)
        multiply_tile<rows, most_vectors>(c + j, c_row, a, a_row, b + j, b_row, pairs);
    for (; j < columns; j += lanes)
        multiply_tile<rows, 1>(c + j, c_row, a, a_row, b + j, b_row, pairs);
}

/* Fewer rows at the end: none beyond the last query is read. */
TARGET void multiply(int64_t rows, float *c, int64_t c_row, const uint32_t *a, int64_t a_row, const uint32_t *b,
                     int64_t b_row, int64_t pairs, int64_t columns)
{
    if (rows == most_rows)
        multiply_rows<most_rows>(c, c_row, a, a_row, b, b_row, pairs, columns);
    else
        for (int64_t i = 0; i < rows; i++)
            multiply_rows<1>(c + i * c_row, c_row, a + i * a_row, a_row, b, b_row, pairs, columns);
}

/* 16 x 16 words, in place. */
TARGET ALWAYS_INLINE void transpose(__m512i r[lanes])
{
    __m512i t[lanes];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) { /* pairs of rows: words */
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) { /* pairs of those: double words */
        r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) { /* quarters of registers, twice */
        const __m512i a = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88), b = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xDD);
        const __m512i c = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88),
                      d = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xDD);
        t[i] = _mm512_shuffle_i32x4(a, c, 0x88);
        t[4 + i] = _mm512_shuffle_i32x4(b, d, 0x88);
        t[8 + i] = _mm512_shuffle_i32x4(a, c, 0xDD);
        t[12 + i] = _mm512_shuffle_i32x4(b, d, 0xDD);
    }
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++)
        r[i] = t[i];
}

TARGET ALWAYS_INLINE __mmask16 first_lanes(int64_t n)
{
    return n >= lanes ? static_cast<__mmask16>(0xFFFF) : static_cast<__mmask16>((1U << (n > 0 ? n : 0)) - 1);
}

/* key_pairs[p][k]: numbers 2p and 2p + 1 of key k; zeros beyond the last key. */
TARGET void unpack_keys(uint32_t *key_pairs, int64_t row, const BFloat16 *k, int64_t k_row, int64_t n_keys,
                        int64_t pairs)
{
    for (int64_t k0 = 0; k0 < n_keys; k0 += lanes) {
        for (int64_t p0 = 0; p0 < pairs; p0 += lanes) {
            __m512i block[lanes];
#pragma GCC unroll 16
            for (int i = 0; i < lanes; i++)
                block[i] = k0 + i < n_keys
                               ? _mm512_maskz_loadu_epi32(first_lanes(pairs - p0), k + (k0 + i) * k_row + 2 * p0)
                               : _mm512_setzero_si512();
            transpose(block);
            for (int64_t i = 0; i < lanes && p0 + i < pairs; i++)
                _mm512_storeu_si512(key_pairs + (p0 + i) * row + k0, block[i]);
        }
    }
}

/* value_pairs[p][j]: number j of the values 2p and 2p + 1; zeros beyond the last one. */
TARGET void unpack_values(uint32_t *value_pairs, int64_t row, const BFloat16 *v, int64_t v_row, int64_t n_keys,
                          int64_t d)
{
    for (int64_t k = 0; k < n_keys; k += 2) {
        for (int64_t j = 0; j < d; j += lanes) {
            const __mmask16 mask = first_lanes(d - j), both = k + 1 < n_keys ? mask : 0;
            const __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, v + k * v_row + j));
            const __m512i high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(both, v + (k + 1) * v_row + j));
            _mm512_storeu_si512(value_pairs + k / 2 * row + j, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
        }
    }
}

template <typename T> void grow(std::vector<T> &v, int64_t n)
{
    if (v.size() < static_cast<size_t>(n))
        v.resize(static_cast<size_t>(n));
}

/* Scores of `rows` queries become shares in bfloat16; over[i]: 1 / their sum. */
TARGET void share(uint32_t *share_pairs, int64_t pairs_row, float *over, float *scores, int64_t scores_row,
                  int64_t rows, int64_t n_keys, float scale)
{
    for (int64_t i = 0; i < rows; i++) {
        float *row = scores + i * scores_row;
        for (int64_t k = 0; k < scores_row; k += lanes)
            store<lanes>(row + k, load<lanes>(row + k) * scale);
        over[i] = soften<lanes>(row, n_keys);
        BFloat16 *to = reinterpret_cast<BFloat16 *>(share_pairs + i * pairs_row);
        for (int64_t k = 0; k < scores_row; k += lanes)
            store<lanes>(to + k, load<lanes>(row + k));
    }
}

TARGET void attend_head(BFloat16 *out, int64_t out_row, const AttentionInput<BFloat16> &in, int64_t h,
                        AttentionScratch &s)
{
    const int64_t d = in.d, pairs = d / 2, keys_row = round_up(in.n_keys, lanes), values_row = round_up(d, lanes);
    const float scale = 1.0f / std::sqrt(static_cast<float>(d));
    float over[most_rows];
    unpack_keys(s.key_pairs.data(), keys_row, in.k + h * d, in.kv_row, in.n_keys, pairs);
    unpack_values(s.value_pairs.data(), values_row, in.v + h * d, in.kv_row, in.n_keys, d);
    for (int64_t i = 0; i < in.n_queries; i += most_rows) {
        const int64_t rows = in.n_queries - i < most_rows ? in.n_queries - i : most_rows;
        const BFloat16 *q = in.q + i * in.q_row + h * d;
        multiply(rows, s.shares.data(), keys_row, reinterpret_cast<const uint32_t *>(q), in.q_row / 2,
                 s.key_pairs.data(), keys_row, pairs, keys_row);
        share(s.share_pairs.data(), keys_row / 2, over, s.shares.data(), keys_row, rows, in.n_keys, scale);
        multiply(rows, s.mixed.data(), values_row, s.share_pairs.data(), keys_row / 2, s.value_pairs.data(), values_row,
                 (in.n_keys + 1) / 2, values_row);
        for (int64_t r = 0; r < rows; r++) {
            BFloat16 *to = out + (i + r) * out_row + h * d;
            for (int64_t j = 0; j < d; j += lanes) {
                const Lanes<lanes>::Float v = load<lanes>(s.mixed.data() + r * values_row + j) * over[r];
                if (d - j >= lanes)
                    store<lanes>(to + j, v);
                else
                    store_part<lanes>(to + j, v, d - j);
            }
        }
    }
}

} // namespace

TARGET void attend_avx512_bf16(BFloat16 *out, int64_t out_row, const AttentionInput<BFloat16> &in, AttentionScratch &s)
{
    if (in.d % 2 != 0 || in.q_row % 2 != 0) { /* no pairs: rare enough for the way of the others */
        vit_kernels<BFloat16>(1).attend(out, out_row, in, s);
        return;
    }
    const int64_t keys_row = round_up(in.n_keys, lanes), values_row = round_up(in.d, lanes);
    grow(s.key_pairs, in.d / 2 * keys_row);
    grow(s.value_pairs, (in.n_keys + 1) / 2 * values_row);
    grow(s.share_pairs, most_rows * keys_row / 2);
    grow(s.shares, most_rows * keys_row);
    grow(s.mixed, most_rows * values_row);
    for (int64_t h = 0; h < in.heads; h++)
        attend_head(out, out_row, in, h, s);
}

} // namespace selectai

#endif
