/*
 * learn/kernel.c: running a kernel machine.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/kernel.h"

#define MIDDLE 128.0f
#define FINE   256u
#define BLOCK  64u /* rows whose distances to a centre are found at a time: centre and rows stay in the cache */

uint32_t sai_kernel_width(uint32_t dim)
{
    return (dim + SAI_KERNEL_ALIGN - 1) / SAI_KERNEL_ALIGN * SAI_KERNEL_ALIGN;
}

void sai_kernel_round(uint8_t *q, const float *x, uint32_t dim)
{
    const float per_step = (float)(1.0 / SAI_KERNEL_STEP);
    for (uint32_t k = 0; k < dim; k++)
        q[k] = (uint8_t)fmaxf(0.0f, fminf(255.0f, x[k] * per_step + MIDDLE + 0.5f));
    memset(q + dim, 0, sai_kernel_width(dim) - dim);
}

double sai_kernel_likeness(uint32_t distance, uint32_t dim)
{
    return exp(-(double)distance * SAI_KERNEL_STEP / (SAI_KERNEL_REACH * (double)dim));
}

static int allocate(struct sai_kernel *k)
{
    size_t cells;
    k->centres = sai_mul_size(&cells, k->n, k->width) ? sai_malloc_array(cells, sizeof *k->centres) : NULL;
    k->coefficients = sai_malloc_array(k->n, sizeof *k->coefficients);
    k->coarse = sai_malloc_array(k->dim, sizeof *k->coarse); /* distances are at most 255 x dim */
    k->fine = sai_malloc_array(FINE, sizeof *k->fine);
    return k->centres && k->coefficients && k->coarse && k->fine ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_kernel_create(struct sai_kernel **out, const uint8_t *centres, const float *coefficients, uint32_t n,
                      uint32_t dim)
{
    SAI_REQUIRE(n > 0 && dim > 0);
    struct sai_kernel *k = sai_calloc(1, sizeof *k);
    if (!k)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    k->n = n;
    k->dim = dim;
    k->width = sai_kernel_width(dim);
    int rc = allocate(k);
    if (rc != SELECTAI_OK) {
        sai_kernel_destroy(&k);
        return rc;
    }
    memcpy(k->centres, centres, (size_t)n * k->width);
    for (uint32_t i = 0; i < n; i++) /* a file may hold anything there, and likeness has no place for it */
        memset(k->centres + (size_t)i * k->width + dim, 0, k->width - dim);
    memcpy(k->coefficients, coefficients, n * sizeof *coefficients);
    for (uint32_t i = 0; i < dim; i++)
        k->coarse[i] = sai_kernel_likeness(i * FINE, dim);
    for (uint32_t i = 0; i < FINE; i++)
        k->fine[i] = sai_kernel_likeness(i, dim);
    *out = k;
    return SELECTAI_OK;
}

void sai_kernel_destroy(struct sai_kernel **kernel)
{
    if (!kernel || !*kernel)
        return;
    sai_free((*kernel)->centres);
    sai_free((*kernel)->coefficients);
    sai_free((*kernel)->coarse);
    sai_free((*kernel)->fine);
    sai_free(*kernel);
    *kernel = NULL;
}

static void score_block(float *y, const struct sai_kernel *k, const uint8_t *rows, const bool *valid, size_t n)
{
    double sum[BLOCK] = {0};
    uint32_t distance[BLOCK];
    for (uint32_t c = 0; c < k->n; c++) {
        const double coefficient = (double)k->coefficients[c];
        sai_kernel_distances(distance, rows, n, k->centres + (size_t)c * k->width, k->width);
        for (size_t r = 0; r < n; r++)
            sum[r] += coefficient * (k->coarse[distance[r] / FINE] * k->fine[distance[r] % FINE]);
    }
    for (size_t r = 0; r < n; r++)
        y[r] = valid[r] ? (float)sum[r] : NAN;
}

int sai_kernel_forward(const struct sai_kernel *k, const struct sai_standardiser *standardiser, float *y,
                       const float *x, size_t n)
{
    bool valid[BLOCK];
    uint8_t *rows = sai_malloc_array((size_t)BLOCK * k->width, sizeof *rows);
    float *row = sai_malloc_array(k->dim, sizeof *row);
    int rc = rows && row ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i += BLOCK) {
        size_t count = n - i < BLOCK ? n - i : BLOCK;
        for (size_t r = 0; r < count; r++) {
            valid[r] = sai_standardise(standardiser, row, x + (i + r) * k->dim);
            sai_kernel_round(rows + r * k->width, row, k->dim);
        }
        score_block(y + i, k, rows, valid, count);
    }
    sai_free(rows);
    sai_free(row);
    return rc;
}
