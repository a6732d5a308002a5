/*
 * tensor_stepper.cpp: training steps through libtorch, for other devices than the CPU.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <cstring>

#include <ATen/ops/zeros_like.h>

#include "stepper.h"

namespace selectai
{
namespace
{

class TensorStepper : public Stepper
{
  public:
    TensorStepper(Net &net, int64_t rows)
        : net(net), chances(net.random_seed()), activations(net.make_activations(rows)),
          of_parameters(at::zeros_like(net.parameters)), m(at::zeros_like(net.parameters)),
          v(at::zeros_like(net.parameters)), host_x(make_tensor({rows, net.inputs()}, c10::DeviceType::CPU)),
          host_gradient(make_tensor({rows, net.outputs()}, c10::DeviceType::CPU))
    {
    }

    const float *forward(const float *x, const uint32_t *rows, int64_t n) override
    {
        const int64_t inputs = net.inputs();
        float *to = host_x.data_ptr<float>();
        for (int64_t i = 0; i < n; i++)
            std::memcpy(to + i * inputs, x + static_cast<int64_t>(rows[i]) * inputs,
                        sizeof(float) * static_cast<size_t>(inputs));
        activations.y[0].narrow(0, 0, n).copy_(host_x.narrow(0, 0, n));
        net.forward(activations, n, &chances);
        output = activations.y.back().narrow(0, 0, n).cpu().contiguous();
        return output.data_ptr<float>();
    }

    float *gradient() override
    {
        return host_gradient.data_ptr<float>();
    }

    void step(int64_t n, const AdamStep &step) override
    {
        activations.d.back().narrow(0, 0, n).copy_(host_gradient.narrow(0, 0, n));
        net.backward(activations, n, of_parameters);
        m.mul_(step.beta1).add_(of_parameters, 1.0f - step.beta1);
        v.mul_(step.beta2).addcmul_(of_parameters, of_parameters, 1.0f - step.beta2);
        net.parameters.mul_(step.decay)
            .addcdiv_(m, v.sqrt().mul_(step.root_correction).add_(step.eps), -step.step_size);
    }

    void store() override
    {
    }

  private:
    Net &net;
    Chances chances;
    Activations activations;
    at::Tensor of_parameters, m, v, host_x, host_gradient, output;
};

} // namespace

std::unique_ptr<Stepper> make_tensor_stepper(Net &net, int64_t rows)
{
    return std::unique_ptr<Stepper>(new TensorStepper(net, rows));
}

} // namespace selectai
