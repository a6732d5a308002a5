/*
 * kernels.h: the few dense kernels that the CPU path needs, without libtorch.
 *
 * Why not libtorch's own: a product through its BLAS depends on how that library splits the work over threads, and
 * Debian builds libtorch against the reference BLAS, which is some thirty times slower. Here every element of a result
 * is one chain of multiply-adds in a fixed order, so the bits depend neither on the number of threads nor on how a
 * matrix is cut into tiles. They may differ between processors with and without fused multiply-add.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_KERNELS_H
#define SELECTAI_TORCH_KERNELS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace selectai
{

/* A read-only matrix in memory: element (i, j) lies at data[i * row + j * column]. */
struct MatrixView {
    const float *data;
    int64_t row;
    int64_t column;
};

/* Buffers for packed tiles, kept by whoever multiplies often. Not to be shared between threads. */
struct Scratch {
    std::vector<float> a;
    std::vector<float> b;
};

/* c[i * c_row + j] = bias[j] (or 0) + sum over k of a(i, k) b(k, j), for m x n elements; sums run from k = 0 upwards.
 * variant: 0, the fastest that the processor can run; tests try the others up to kernel_variants() - 1. */
void gemm(float *c, int64_t c_row, MatrixView a, MatrixView b, int64_t m, int64_t n, int64_t k, const float *bias,
          Scratch &scratch, size_t variant = 0);

/* How many instruction sets the processor can run the kernels with; at least 1. */
size_t kernel_variants();

} // namespace selectai

#endif
