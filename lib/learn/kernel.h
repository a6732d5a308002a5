/*
 * learn/kernel.h: scores by likeness to images that were learned from: a kernel machine.
 *
 * f(x) = sum over centres of coefficient x exp(-|x - centre|_1 / (SAI_KERNEL_REACH x dim)), the Laplacian kernel
 * (Schoelkopf and Smola, "Learning with Kernels", 2002). Absolute differences instead of squares: one odd number among
 * hundreds does not make two images strangers.
 *
 * Standardised numbers are rounded to a byte each: distances are then sums of whole numbers, equal on every processor
 * and added dozens at a time, and over hundreds of numbers the rounding averages out (of 512: by a thousandth).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_KERNEL_H
#define SAI_LEARN_KERNEL_H

#include "learn/kernel_distance.h"
#include "learn/standardise.h"

/* Mean absolute difference of standardised inputs at which likeness falls to 1/e. */
#define SAI_KERNEL_REACH 3.0

/* byte = round(value / step) + 128: from -5.12 to 5.08, and standardised numbers are cut at 5. */
#define SAI_KERNEL_STEP 0.04

#define SAI_KERNEL_MAX 2048u /* centres */

struct sai_kernel {
    uint32_t n, dim, width; /* width: dim, filled up to SAI_KERNEL_ALIGN with zeros */
    uint8_t *centres;       /* n x width */
    float *coefficients;
    double *coarse, *fine; /* likeness at distance d: coarse[d / 256] x fine[d % 256] */
};

/* Bytes of a row. */
uint32_t sai_kernel_width(uint32_t dim);

/* q: sai_kernel_width(dim) bytes of dim standardised numbers. */
void sai_kernel_round(uint8_t *q, const float *x, uint32_t dim);

/* Of two rows at a distance as sai_kernel_distances() gives it: 0 to 1. */
double sai_kernel_likeness(uint32_t distance, uint32_t dim);

/* Copies n x sai_kernel_width(dim) bytes, of which those after dim become 0, and n numbers. */
int sai_kernel_create(struct sai_kernel **out, const uint8_t *centres, const float *coefficients, uint32_t n,
                      uint32_t dim);
void sai_kernel_destroy(struct sai_kernel **kernel);

/* y: n scores from x: n x dim, which go through `standardiser` first. A row with a NaN or an infinity gives NaN. */
int sai_kernel_forward(const struct sai_kernel *kernel, const struct sai_standardiser *standardiser, float *y,
                       const float *x, size_t n);

#endif
