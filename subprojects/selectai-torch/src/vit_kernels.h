/*
 * vit_kernels.h: what a vision transformer needs beside matrix products, for the CPU: layer norm, attention, rounding
 * to bfloat16. One pass over memory each, chosen at run time for the processor.
 *
 * An image's numbers never depend on the other images of a call, nor on threads.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_VIT_KERNELS_H
#define SELECTAI_TORCH_VIT_KERNELS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace selectai
{

/* The upper half of a float, rounded to even; arithmetic is done in float. */
struct BFloat16 {
    uint16_t bits;
};

/* Rows of queries, keys and values of one image: head h lies at column h * d of each. */
template <typename T> struct AttentionInput {
    const T *q, *k, *v;
    int64_t q_row, kv_row; /* elements from one row to the next */
    int64_t n_queries, n_keys;
    int64_t heads, d;
};

/* Buffers of one thread, kept from call to call. */
struct AttentionScratch {
    std::vector<float> keys, values, queries, shares, mixed;
    std::vector<uint32_t> key_pairs, value_pairs, share_pairs;
};

template <typename T> struct VitKernels {
    /* y = (x - mean) / sqrt(variance + eps) * weight + bias, for each of n rows of `width` floats; y may be x where T
     * is float. */
    void (*layer_norm)(T *y, const float *x, const float *weight, const float *bias, int64_t n, int64_t width,
                       float eps);
    /* out[i * out_row + h * d + j] = softmax(q k^T / sqrt(d)) v for every head of one image. */
    void (*attend)(T *out, int64_t out_row, const AttentionInput<T> &in, AttentionScratch &scratch);
    void (*convert)(T *y, const float *x, int64_t n);
};

/* variant: 0, the fastest that the processor can run; tests try the others up to vit_kernel_variants<T>() - 1. */
template <typename T> const VitKernels<T> &vit_kernels(size_t variant = 0);
template <typename T> size_t vit_kernel_variants();

} // namespace selectai

#endif
