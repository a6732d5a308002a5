/*
 * kernels.cpp: matrix product for the CPU, once for each instruction set, chosen at run time.
 *
 * The product follows Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): blocks of both
 * operands are packed so that a tile of the result, held in registers, reads memory in order.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "kernels.h"

#include <algorithm>
#include <cstring>

#include "vectors.h"

namespace selectai
{
namespace
{

constexpr int64_t block_k = 256; /* of both operands; fixed, because it decides the order of the sum */
constexpr int64_t block_m = 96;  /* a packed block of a stays in the second-level cache */
constexpr int64_t block_n = 512;

/* What one tile needs: packed operands and where the result goes. */
struct Tile {
    const float *a; /* k x mr */
    const float *b; /* k x nr */
    int64_t k;
    float *c;
    int64_t c_row;
    int64_t m, n;      /* how much of the tile lies inside the matrix */
    const float *bias; /* of the tile's columns; NULL: zeros */
    bool first;        /* the first block of k starts from the bias, the others add */
};

template <typename V, int mr, int nv> ALWAYS_INLINE void multiply_tile(const Tile &t)
{
    constexpr int lanes = sizeof(V) / sizeof(float);
    constexpr int nr = nv * lanes;
    alignas(64) float edge[mr * nr];
    V sum[mr][nv];
    const bool whole = t.m == mr && t.n == nr;

    /* Starting from the stored value keeps one chain of additions per element across blocks of k. */
    if (!whole)
        std::memset(edge, 0, sizeof edge);
    for (int i = 0; i < mr; i++) {
        const float *from = t.first ? t.bias : t.c + i * t.c_row;
        if (!whole && i < t.m && from != nullptr)
            std::memcpy(edge + i * nr, from, sizeof(float) * static_cast<size_t>(t.n));
    }
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
        const float *from = !whole ? edge + i * nr : t.first ? t.bias : t.c + i * t.c_row;
#pragma GCC unroll 4
        for (int j = 0; j < nv; j++) {
            sum[i][j] = V{};
            if (from != nullptr)
                std::memcpy(&sum[i][j], from + j * lanes, sizeof(V));
        }
    }

    const float *a = t.a;
    const float *b = t.b;
    for (int64_t k = 0; k < t.k; k++, a += mr, b += nr) {
        V bk[nv];
        std::memcpy(bk, b, sizeof bk);
#pragma GCC unroll 16
        for (int i = 0; i < mr; i++) {
#pragma GCC unroll 4
            for (int j = 0; j < nv; j++)
                sum[i][j] += a[i] * bk[j];
        }
    }

#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
        float *to = whole ? t.c + i * t.c_row : edge + i * nr;
#pragma GCC unroll 4
        for (int j = 0; j < nv; j++)
            std::memcpy(to + j * lanes, &sum[i][j], sizeof(V));
    }
    if (!whole) {
        for (int64_t i = 0; i < t.m; i++)
            std::memcpy(t.c + i * t.c_row, edge + i * nr, sizeof(float) * static_cast<size_t>(t.n));
    }
}

/* out: ceil(m / width) panels of k x width, zeros beyond m. Element (i, p) of the source lies at i * si + p * sp. */
template <int width> ALWAYS_INLINE void pack(float *out, const float *in, int64_t si, int64_t sp, int64_t m, int64_t k)
{
    for (int64_t i0 = 0; i0 < m; i0 += width, out += width * k) {
        const int64_t count = std::min<int64_t>(width, m - i0);
        const float *from = in + i0 * si;
        if (count < width && k > 0)
            std::memset(out, 0, sizeof(float) * static_cast<size_t>(width * k));
        if (si == 1 && count == width) {
            for (int64_t p = 0; p < k; p++)
                std::memcpy(out + p * width, from + p * sp, sizeof(float) * width);
        } else if (si == 1) {
            for (int64_t p = 0; p < k; p++)
                std::memcpy(out + p * width, from + p * sp, sizeof(float) * static_cast<size_t>(count));
        } else if (count == width) {
            for (int64_t p = 0; p < k; p++) {
                for (int i = 0; i < width; i++)
                    out[p * width + i] = from[i * si + p * sp];
            }
        } else {
            for (int64_t p = 0; p < k; p++) {
                for (int64_t i = 0; i < count; i++)
                    out[p * width + i] = from[i * si + p * sp];
            }
        }
    }
}

struct Product {
    float *c;
    int64_t c_row;
    MatrixView a, b;
    int64_t m, n, k;
    const float *bias;
};

template <typename V, int mr, int nv> ALWAYS_INLINE void multiply(const Product &p, Scratch &scratch)
{
    constexpr int nr = nv * static_cast<int>(sizeof(V) / sizeof(float));

    for (int64_t j0 = 0; j0 < p.n; j0 += block_n) {
        const int64_t n = std::min(block_n, p.n - j0);
        for (int64_t k0 = 0; k0 == 0 || k0 < p.k; k0 += block_k) {
            const int64_t k = std::min(block_k, p.k - k0);
            pack<nr>(scratch.b.data(), p.b.data + k0 * p.b.row + j0 * p.b.column, p.b.column, p.b.row, n, k);
            for (int64_t i0 = 0; i0 < p.m; i0 += block_m) {
                const int64_t m = std::min(block_m, p.m - i0);
                pack<mr>(scratch.a.data(), p.a.data + i0 * p.a.row + k0 * p.a.column, p.a.row, p.a.column, m, k);
                for (int64_t j = 0; j < n; j += nr) {
                    for (int64_t i = 0; i < m; i += mr) {
                        const Tile tile = {scratch.a.data() + i * k,
                                           scratch.b.data() + j * k,
                                           k,
                                           p.c + (i0 + i) * p.c_row + j0 + j,
                                           p.c_row,
                                           std::min<int64_t>(mr, m - i),
                                           std::min<int64_t>(nr, n - j),
                                           p.bias != nullptr ? p.bias + j0 + j : nullptr,
                                           k0 == 0};
                        multiply_tile<V, mr, nv>(tile);
                    }
                }
            }
        }
    }
}

void multiply_plain(const Product &p, Scratch &s)
{
    multiply<Vector4, 4, 2>(p, s);
}

#ifdef SELECTAI_X86
__attribute__((target("avx2,fma"))) void multiply_avx2(const Product &p, Scratch &s)
{
    multiply<Vector8, 6, 2>(p, s);
}

__attribute__((target("avx512f,avx2,fma"))) void multiply_avx512(const Product &p, Scratch &s)
{
    multiply<Vector16, 8, 2>(p, s);
}
#endif

typedef void (*Multiply)(const Product &, Scratch &);

/* Those that this processor can run, the fastest first. */
std::vector<Multiply> list_kernels()
{
    std::vector<Multiply> list;
#ifdef SELECTAI_X86
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f"))
        list.push_back(multiply_avx512);
    if (avx2)
        list.push_back(multiply_avx2);
#endif
    list.push_back(multiply_plain);
    return list;
}

const std::vector<Multiply> &kernels()
{
    static const std::vector<Multiply> list = list_kernels();
    return list;
}

int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

} // namespace

void gemm(float *c, int64_t c_row, MatrixView a, MatrixView b, int64_t m, int64_t n, int64_t k, const float *bias,
          Scratch &scratch, size_t variant)
{
    /* 48 is a common multiple of the tile heights, 32 the widest tile. */
    const size_t depth = static_cast<size_t>(std::min(block_k, k));
    const size_t need_a = static_cast<size_t>(round_up(std::min(block_m, m), 48)) * depth;
    const size_t need_b = static_cast<size_t>(round_up(std::min(block_n, n), 32)) * depth;
    if (scratch.a.size() < need_a)
        scratch.a.resize(need_a);
    if (scratch.b.size() < need_b)
        scratch.b.resize(need_b);
    kernels()[variant]({c, c_row, a, b, m, n, k, bias}, scratch);
}

size_t kernel_variants()
{
    return kernels().size();
}

} // namespace selectai
