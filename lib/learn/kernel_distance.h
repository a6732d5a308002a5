/*
 * learn/kernel_distance.h: sums of absolute differences between rows of bytes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_KERNEL_DISTANCE_H
#define SAI_LEARN_KERNEL_DISTANCE_H

#include <stddef.h>
#include <stdint.h>

#define SAI_KERNEL_ALIGN    64u /* a row's width is a multiple of so many bytes */
#define SAI_KERNEL_VARIANTS 4u  /* plain C, SSE2, AVX2, AVX-512 */

/* out[i]: distance of y to row i of n. width: bytes of a row, at most 2^24. */
typedef void sai_kernel_distances_fn(uint32_t *out, const uint8_t *rows, size_t n, const uint8_t *y, uint32_t width);

/* Whole numbers: equal on every processor. By the widest instructions there are. */
sai_kernel_distances_fn sai_kernel_distances;

/* One of them, for tests; NULL: this processor has no such instructions. Variant 0 is there always. */
sai_kernel_distances_fn *sai_kernel_distances_variant(unsigned variant);

#endif
