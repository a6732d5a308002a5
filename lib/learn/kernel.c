/*
 * learn/kernel.c: running a kernel machine.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/kernel.h"

#define LANES 32u
#define BLOCK 8u /* rows */

typedef float vec4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float vec8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t mask4 __attribute__((vector_size(16)));
typedef int32_t mask8 __attribute__((vector_size(32)));

int sai_kernel_create(struct sai_kernel **out, const float *centres, const float *coefficients, uint32_t n,
                      uint32_t dim)
{
    size_t cells;
    SAI_REQUIRE(n > 0 && dim > 0);
    struct sai_kernel *k = sai_calloc(1, sizeof *k);
    if (!k)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    k->n = n;
    k->dim = dim;
    k->centres = sai_mul_size(&cells, n, dim) ? sai_malloc_array(cells, sizeof *k->centres) : NULL;
    k->coefficients = sai_malloc_array(n, sizeof *k->coefficients);
    if (!k->centres || !k->coefficients) {
        sai_kernel_destroy(&k);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    memcpy(k->centres, centres, cells * sizeof *centres);
    memcpy(k->coefficients, coefficients, n * sizeof *coefficients);
    *out = k;
    return SELECTAI_OK;
}

void sai_kernel_destroy(struct sai_kernel **kernel)
{
    if (!kernel || !*kernel)
        return;
    sai_free((*kernel)->centres);
    sai_free((*kernel)->coefficients);
    sai_free(*kernel);
    *kernel = NULL;
}

/* LANES sums side by side, however many the processor adds at once: same bits. */
#define DEFINE_DISTANCE(name, vec, mask, width)                                                                        \
    static inline __attribute__((always_inline)) double name(const float *x, const float *y, uint32_t dim)             \
    {                                                                                                                  \
        vec lane[LANES / width] = {{0}};                                                                               \
        double sum = 0.0;                                                                                              \
        uint32_t k = 0;                                                                                                \
        for (; k + LANES <= dim; k += LANES)                                                                           \
            for (uint32_t l = 0; l < LANES / width; l++) {                                                             \
                vec d = *(const vec *)(x + k + l * width) - *(const vec *)(y + k + l * width);                         \
                lane[l] += (vec)((mask)d & INT32_MAX);                                                                 \
            }                                                                                                          \
        for (; k < dim; k++)                                                                                           \
            sum += (double)fabsf(x[k] - y[k]);                                                                         \
        for (uint32_t l = 0; l < LANES; l++)                                                                           \
            sum += (double)lane[l / width][l % width];                                                                 \
        return sum;                                                                                                    \
    }
DEFINE_DISTANCE(distance_narrow, vec4, mask4, 4u)

static double distance_plain(const float *x, const float *y, uint32_t dim)
{
    return distance_narrow(x, y, dim);
}

#if defined(__x86_64__)
DEFINE_DISTANCE(distance_wide, vec8, mask8, 8u)

__attribute__((target("avx2"))) static double distance_avx2(const float *x, const float *y, uint32_t dim)
{
    return distance_wide(x, y, dim);
}

static bool have_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
#define distance_avx2 distance_plain
static bool have_avx2(void)
{
    return false;
}
#endif

double sai_kernel_likeness(const float *x, const float *y, uint32_t dim)
{
    double distance = have_avx2() ? distance_avx2(x, y, dim) : distance_plain(x, y, dim);
    return exp(-distance / (SAI_KERNEL_REACH * (double)dim));
}

/* Up to BLOCK rows, so that each centre is fetched once for all of them. */
static void score_block(float *y, const struct sai_kernel *k, const float *rows, const bool *valid, size_t n)
{
    double sum[BLOCK] = {0};
    for (uint32_t c = 0; c < k->n; c++)
        for (size_t r = 0; r < n; r++)
            sum[r] += (double)k->coefficients[c] *
                      sai_kernel_likeness(rows + r * k->dim, k->centres + (size_t)c * k->dim, k->dim);
    for (size_t r = 0; r < n; r++)
        y[r] = valid[r] ? (float)sum[r] : NAN;
}

int sai_kernel_forward(const struct sai_kernel *k, const struct sai_standardiser *standardiser, float *y,
                       const float *x, size_t n)
{
    bool valid[BLOCK];
    float *rows = sai_malloc_array((size_t)BLOCK * k->dim, sizeof *rows);
    if (!rows)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t count = n - i < BLOCK ? n - i : BLOCK;
        for (size_t r = 0; r < count; r++)
            valid[r] = sai_standardise(standardiser, rows + r * k->dim, x + (i + r) * k->dim);
        score_block(y + i, k, rows, valid, count);
    }
    sai_free(rows);
    return SELECTAI_OK;
}
