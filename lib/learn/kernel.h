/*
 * learn/kernel.h: scores by likeness to images that were learned from: a kernel machine.
 *
 * f(x) = sum over centres of coefficient x exp(-|x - centre|_1 / (SAI_KERNEL_REACH x dim)), the Laplacian kernel
 * (Schoelkopf and Smola, "Learning with Kernels", 2002). Absolute differences instead of squares: one odd number among
 * hundreds does not make two images strangers.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_KERNEL_H
#define SAI_LEARN_KERNEL_H

#include "learn/standardise.h"

/* Mean absolute difference of standardised inputs at which likeness falls to 1/e. */
#define SAI_KERNEL_REACH 3.0

#define SAI_KERNEL_MAX 2048u /* centres */

struct sai_kernel {
    uint32_t n, dim;
    float *centres; /* n x dim, standardised */
    float *coefficients;
};

/* Copies n x dim and n numbers. */
int sai_kernel_create(struct sai_kernel **out, const float *centres, const float *coefficients, uint32_t n,
                      uint32_t dim);
void sai_kernel_destroy(struct sai_kernel **kernel);

/* Of two rows, 0 to 1. Sums run in a fixed order: same bits, whatever the processor's vectors. */
double sai_kernel_likeness(const float *x, const float *y, uint32_t dim);

/* y: n scores from x: n x dim, which go through `standardiser` first. A row with a NaN or an infinity gives NaN. */
int sai_kernel_forward(const struct sai_kernel *kernel, const struct sai_standardiser *standardiser, float *y,
                       const float *x, size_t n);

#endif
