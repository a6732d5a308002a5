/*
 * math.h: the steps that networks are made of, on tensors. On the CPU they run in kernels.cpp, elsewhere in libtorch.
 *
 * All matrices are float, contiguous, rows first. Weights are kept transposed, [in, out], so that a product reads
 * memory in order. Training on the CPU has its own ways: packed_stepper.cpp.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_MATH_H
#define SELECTAI_TORCH_MATH_H

#include <functional>

#include <ATen/core/Tensor.h>

#include "kernels.h"

namespace selectai
{

/* NULL: "cpu". Refuses what is no device of the contract; whether the device is there shows when it is used. */
c10::Device parse_device(const char *name);

/* An uninitialised float tensor. */
at::Tensor make_tensor(at::IntArrayRef shape, const c10::Device &device);

/* Calls body(begin, end) for 0..n in threads; nested calls run in their thread. */
void for_ranges(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)> &body);

class Math
{
  public:
    /* own: run in kernels.cpp; needs CPU tensors. alone: never in other threads than the caller's. */
    explicit Math(bool own, bool alone = false) : own(own), alone(alone)
    {
    }

    bool is_own() const
    {
        return own;
    }

    /* y = x w + b; b may be undefined. In threads if x has many rows, unless alone. */
    void affine(const at::Tensor &y, const at::Tensor &x, const at::Tensor &w, const at::Tensor &b);
    void relu(const at::Tensor &y);
    void sigmoid(const at::Tensor &y);

  private:
    bool own, alone;
    Scratch scratch;
};

} // namespace selectai

#endif
