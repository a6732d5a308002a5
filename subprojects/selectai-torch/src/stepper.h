/*
 * stepper.h: one training step of a network: forward, then backward and Adam.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_STEPPER_H
#define SELECTAI_TORCH_STEPPER_H

#include <memory>

#include "net.h"

namespace selectai
{

/* Works on the parameters that the net had when it was made; the net sees them again after store(). */
class Stepper
{
  public:
    virtual ~Stepper() = default;

    /* The outputs of n rows of x, with dropout. They are the stepper's, until its next call. */
    virtual const float *forward(const float *x, const uint32_t *rows, int64_t n) = 0;
    /* n x outputs: where the caller puts the loss's derivatives before it calls step(). */
    virtual float *gradient() = 0;
    virtual void step(int64_t n, const AdamStep &step) = 0;
    virtual void store() = 0;
};

/* For steps of up to `rows` rows, each on the net's device: in panel_kernels.cpp on the CPU, else in libtorch. */
std::unique_ptr<Stepper> make_stepper(Net &net, int64_t rows);

std::unique_ptr<Stepper> make_packed_stepper(Net &net, int64_t rows);
std::unique_ptr<Stepper> make_tensor_stepper(Net &net, int64_t rows);

} // namespace selectai

#endif
