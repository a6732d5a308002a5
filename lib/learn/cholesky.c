/*
 * learn/cholesky.c: solving with symmetric positive definite matrices.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/cholesky.h"

#define LANES     8u
#define MIN_PIVOT 1e-12

/* LANES sums side by side, in an order that does not depend on the processor. */
static double dot(const double *a, const double *b, uint32_t n)
{
    double lane[LANES] = {0}, sum = 0.0;
    uint32_t k = 0;
    for (; k + LANES <= n; k += LANES)
        for (uint32_t l = 0; l < LANES; l++)
            lane[l] += a[k + l] * b[k + l];
    for (; k < n; k++)
        sum += a[k] * b[k];
    for (uint32_t l = 0; l < LANES; l++)
        sum += lane[l];
    return sum;
}

void sai_cholesky(double *a, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double *row = a + (size_t)i * n;
        for (uint32_t j = 0; j < i; j++) {
            const double *other = a + (size_t)j * n;
            row[j] = (row[j] - dot(row, other, j)) / other[j];
        }
        row[i] = sqrt(fmax(MIN_PIVOT, row[i] - dot(row, row, i)));
    }
}

void sai_cholesky_solve(double *x, const double *l, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] = (x[i] - dot(l + (size_t)i * n, x, i)) / l[(size_t)i * n + i];
    for (uint32_t i = n; i-- > 0;) {
        const double *row = l + (size_t)i * n;
        x[i] /= row[i];
        for (uint32_t k = 0; k < i; k++)
            x[k] -= row[k] * x[i];
    }
}
