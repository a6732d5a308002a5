/*
 * panel_kernels.cpp: products and Adam on packed weights, once for each instruction set, chosen at run time.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "panel_kernels.h"

#include <algorithm>
#include <cstring>

#include "vectors.h"

namespace selectai
{
namespace
{

constexpr int64_t block_inputs = 256; /* two panels' share of them stays in the first-level cache */
constexpr int64_t block_rows = 128;   /* their share of the inputs stays in the second-level cache */

/* Floats from a panel's start to column j of the matrix. */
ALWAYS_INLINE int64_t column_at(int64_t j, int64_t panel)
{
    return j / panel_width * panel + j % panel_width;
}

template <typename V> ALWAYS_INLINE V load(const float *from)
{
    V v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

template <typename V> ALWAYS_INLINE void store(float *to, const V &v)
{
    std::memcpy(to, &v, sizeof v);
}

template <typename V> ALWAYS_INLINE V finished(const PanelProduct &p, const V &z, int64_t row, int64_t column)
{
    typedef typename VectorOf<V>::Int Int;
    typedef typename VectorOf<V>::Half Half;

    if (p.finish == Finish::none)
        return z;
    Int keep;
    if (p.finish == Finish::gradient) {
        keep = load<V>(p.seen[row] + column) > V{};
    } else {
        keep = ~(z <= V{});
        if (p.chance != nullptr) {
            Half chance;
            std::memcpy(&chance, p.chance + row * p.outputs + column, sizeof chance);
            keep &= __builtin_convertvector(chance, Int) >= Int{} + static_cast<int32_t>(p.drop);
        }
    }
    return reinterpret_cast<V>(reinterpret_cast<Int>(z * p.scale) & keep);
}

/* Rows i.. and columns j.. of the result, for inputs k.. */
template <typename V, int mr, int nv>
ALWAYS_INLINE void product_tile(const PanelProduct &p, int64_t i, int64_t j, int64_t k, int64_t n_k)
{
    constexpr int lanes = sizeof(V) / sizeof(float);
    const int64_t inside = std::min<int64_t>(mr, p.rows - i);
    const float *x[mr], *w[nv];
    V sum[mr][nv];

#pragma GCC unroll 16
    for (int r = 0; r < mr; r++) {
        const int64_t row = i + (r < inside ? r : 0); /* beyond the last: computed again, not stored */
        x[r] = p.x[row] + k;
#pragma GCC unroll 4
        for (int c = 0; c < nv; c++) {
            const int64_t column = j + c * lanes;
            if (k > 0) /* from the stored value: one chain of additions per element */
                sum[r][c] = load<V>(p.y + row * p.y_row + column);
            else
                sum[r][c] = p.bias != nullptr ? load<V>(p.bias + column_at(column, p.panel)) : V{};
        }
    }
#pragma GCC unroll 4
    for (int c = 0; c < nv; c++)
        w[c] = p.w + column_at(j + c * lanes, p.panel) + k * panel_width;

    for (int64_t q = 0; q < n_k; q++) {
        V column[nv];
#pragma GCC unroll 4
        for (int c = 0; c < nv; c++)
            column[c] = load<V>(w[c] + q * panel_width);
#pragma GCC unroll 16
        for (int r = 0; r < mr; r++) {
#pragma GCC unroll 4
            for (int c = 0; c < nv; c++)
                sum[r][c] += x[r][q] * column[c];
        }
    }

    const bool last = k + n_k == p.inputs;
#pragma GCC unroll 16
    for (int r = 0; r < mr; r++) {
        if (r >= inside)
            break;
#pragma GCC unroll 4
        for (int c = 0; c < nv; c++) {
            const int64_t column = j + c * lanes;
            store(p.y + (i + r) * p.y_row + column, last ? finished(p, sum[r][c], i + r, column) : sum[r][c]);
        }
    }
}

template <typename V, int mr> ALWAYS_INLINE void product(const PanelProduct &p)
{
    constexpr int64_t lanes = sizeof(V) / sizeof(float);

    for (int64_t i0 = 0; i0 < p.rows; i0 += block_rows) {
        const int64_t end = std::min(p.rows, i0 + block_rows);
        for (int64_t k = 0; k < p.inputs; k += block_inputs) {
            const int64_t n_k = std::min(block_inputs, p.inputs - k);
            int64_t j = 0;
            for (; j + 2 * lanes <= p.outputs; j += 2 * lanes) {
                for (int64_t i = i0; i < end; i += mr)
                    product_tile<V, mr, 2>(p, i, j, k, n_k);
            }
            for (int64_t i = i0; i < end && j < p.outputs; i += mr)
                product_tile<V, mr, 1>(p, i, j, k, n_k);
        }
    }
}

template <typename V> ALWAYS_INLINE void adam(const PanelUpdate &u, int64_t at, const V &g)
{
    const AdamStep &s = u.step;
    const V m = s.beta1 * load<V>(u.m + at) + (1.0f - s.beta1) * g;
    const V v = s.beta2 * load<V>(u.v + at) + (1.0f - s.beta2) * g * g;
    store(u.m + at, m);
    store(u.v + at, v);
    store(u.w + at, s.decay * load<V>(u.w + at) - s.step_size * m / (square_root(v) * s.root_correction + s.eps));
}

/* Inputs i.. and columns j.. of the gradient, from rows r..; the last rows finish it. */
template <typename V, int mr, int nv, bool is_bias>
ALWAYS_INLINE void update_tile(const PanelUpdate &u, int64_t i, int64_t j, int64_t r, int64_t n_r)
{
    constexpr int64_t lanes = sizeof(V) / sizeof(float);
    const int64_t panel = (u.inputs + 1) * panel_width;
    const int64_t kept = i * nv * lanes; /* in u.unfinished */
    V sum[mr][nv];

#pragma GCC unroll 16
    for (int q = 0; q < mr; q++) {
#pragma GCC unroll 4
        for (int c = 0; c < nv; c++)
            sum[q][c] = r > 0 ? load<V>(u.unfinished + kept + (q * nv + c) * lanes) : V{};
    }
    const float *d = u.d + r * u.d_row + j;
    for (int64_t row = r; row < r + n_r; row++, d += u.d_row) {
        V column[nv];
#pragma GCC unroll 4
        for (int c = 0; c < nv; c++)
            column[c] = load<V>(d + c * lanes);
        const float *x = is_bias ? nullptr : u.x[row] + i;
#pragma GCC unroll 16
        for (int q = 0; q < mr; q++) {
#pragma GCC unroll 4
            for (int c = 0; c < nv; c++)
                sum[q][c] += is_bias ? column[c] : x[q] * column[c];
        }
    }
    const bool last = r + n_r == u.rows;
#pragma GCC unroll 16
    for (int q = 0; q < mr; q++) {
#pragma GCC unroll 4
        for (int c = 0; c < nv; c++) {
            if (last)
                adam(u, column_at(j + c * lanes, panel) + (i + q) * panel_width, sum[q][c]);
            else
                store(u.unfinished + kept + (q * nv + c) * lanes, sum[q][c]);
        }
    }
}

template <typename V, int mr, int nv> ALWAYS_INLINE void update_columns(const PanelUpdate &u, int64_t j)
{
    for (int64_t r = 0; r == 0 || r < u.rows; r += update_rows) {
        const int64_t n_r = std::min(update_rows, u.rows - r);
        int64_t i = 0;
        for (; i + mr <= u.inputs; i += mr)
            update_tile<V, mr, nv, false>(u, i, j, r, n_r);
        for (; i < u.inputs; i++)
            update_tile<V, 1, nv, false>(u, i, j, r, n_r);
        update_tile<V, 1, nv, true>(u, i, j, r, n_r);
    }
}

template <typename V, int mr> ALWAYS_INLINE void update(const PanelUpdate &u)
{
    constexpr int64_t lanes = sizeof(V) / sizeof(float);
    int64_t j = 0;

    for (; j + 2 * lanes <= u.outputs; j += 2 * lanes)
        update_columns<V, mr, 2>(u, j);
    if (j < u.outputs)
        update_columns<V, mr, 1>(u, j);
}

void product_plain(const PanelProduct &p)
{
    product<Vector4, 4>(p);
}

void update_plain(const PanelUpdate &u)
{
    update<Vector4, 4>(u);
}

#ifdef SELECTAI_X86
__attribute__((target("avx2,fma"))) void product_avx2(const PanelProduct &p)
{
    product<Vector8, 6>(p);
}

__attribute__((target("avx2,fma"))) void update_avx2(const PanelUpdate &u)
{
    update<Vector8, 6>(u);
}

__attribute__((target("avx512f,avx2,fma"))) void product_avx512(const PanelProduct &p)
{
    product<Vector16, 8>(p);
}

__attribute__((target("avx512f,avx2,fma"))) void update_avx512(const PanelUpdate &u)
{
    update<Vector16, 8>(u);
}
#endif

struct Kernels {
    void (*product)(const PanelProduct &);
    void (*update)(const PanelUpdate &);
};

/* In the order of kernels.cpp. */
const Kernels kernels[] = {
#ifdef SELECTAI_X86
    {product_avx512, update_avx512},
    {product_avx2, update_avx2},
#endif
    {product_plain, update_plain},
};

const Kernels &chosen(size_t variant)
{
    return kernels[sizeof kernels / sizeof *kernels - kernel_variants() + variant];
}

} // namespace

void multiply_panels(const PanelProduct &p, size_t variant)
{
    chosen(variant).product(p);
}

void update_panels(const PanelUpdate &u, size_t variant)
{
    chosen(variant).update(u);
}

void transpose_panels(float *to, const float *w, int64_t inputs, int64_t outputs)
{
    const int64_t panel = (inputs + 1) * panel_width;

    for (int64_t i0 = 0; i0 < inputs; i0 += panel_width) {
        const int64_t n = std::min(panel_width, inputs - i0);
        for (int64_t j = 0; j < outputs; j++, to += panel_width) {
            const float *from = w + column_at(j, panel) + i0 * panel_width;
            for (int64_t i = 0; i < n; i++)
                to[i] = from[i * panel_width];
            for (int64_t i = n; i < panel_width; i++)
                to[i] = 0.0f;
        }
    }
}

} // namespace selectai
