/*
 * net.cpp: small networks: making, parameters, forward, backward, prediction.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "net.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>

#include "random.h"

namespace selectai
{
namespace
{

constexpr uint32_t max_width = 1U << 20;
constexpr int64_t max_parameters = int64_t{1} << 30;
constexpr int64_t predict_block = 256;

const sai_backend_net_spec &checked(const sai_backend_net_spec &spec)
{
    SELECTAI_NEED(spec.struct_size >= sizeof spec, "net spec: struct_size is %u, need %zu", spec.struct_size,
                  sizeof spec);
    SELECTAI_NEED(spec.n_widths >= 2 && spec.n_widths <= 16, "net spec: %u widths, need 2 to 16", spec.n_widths);
    SELECTAI_NEED(spec.widths != nullptr, "net spec: widths is NULL");
    SELECTAI_NEED(spec.dropout >= 0.0f && spec.dropout < 1.0f, "net spec: dropout is %g, need 0 <= p < 1",
                  static_cast<double>(spec.dropout));
    SELECTAI_NEED(spec.output == SAI_BACKEND_OUTPUT_LINEAR || spec.output == SAI_BACKEND_OUTPUT_SIGMOID,
                  "net spec: unknown output kind %d", static_cast<int>(spec.output));
    for (uint32_t i = 0; i < spec.n_widths; i++)
        SELECTAI_NEED(spec.widths[i] >= 1 && spec.widths[i] <= max_width, "net spec: width %u is %u, need 1 to %u", i,
                      spec.widths[i], max_width);
    return spec;
}

} // namespace

Net::Net(const sai_backend_net_spec &spec, bool own)
    : output(checked(spec).output), dropped(std::min(65535U, static_cast<uint32_t>(spec.dropout * 65536.0f + 0.5f))),
      seed(spec.seed), device(parse_device(spec.device)), math(own && device.is_cpu(), true)
{
    for (uint32_t i = 0; i + 1 < spec.n_widths; i++) {
        const Layer layer = {spec.widths[i], spec.widths[i + 1], n_parameters};
        n_parameters += layer.in * layer.out + layer.out; /* at most 2^40 + 2^20 each: no overflow */
        SELECTAI_NEED(n_parameters <= max_parameters, "net spec: more than %lld parameters",
                      static_cast<long long>(max_parameters));
        layers.push_back(layer);
    }
    parameters = make_tensor({n_parameters}, device);
    initialise();
}

/* Uniform in +-1/sqrt(in) for weights and biases: what torch.nn.Linear's Kaiming uniform with a = sqrt(5) comes to. */
void Net::initialise()
{
    Random random(seed, Stream::weights);
    std::vector<float> values(static_cast<size_t>(n_parameters));
    float *p = values.data();

    for (const Layer &layer : layers) {
        const float bound = 1.0f / std::sqrt(static_cast<float>(layer.in));
        const int64_t count = layer.in * layer.out + layer.out;
        for (int64_t i = 0; i < count; i++)
            *p++ = (2.0f * random.uniform() - 1.0f) * bound;
    }
    set_parameters(values.data());
}

at::Tensor Net::weight(const at::Tensor &flat, const Layer &layer) const
{
    return flat.narrow(0, layer.offset, layer.in * layer.out).view({layer.in, layer.out});
}

at::Tensor Net::bias(const at::Tensor &flat, const Layer &layer) const
{
    return flat.narrow(0, layer.offset + layer.in * layer.out, layer.out);
}

void Net::get_parameters(float *out) const
{
    const at::Tensor host = parameters.cpu();
    const float *in = host.data_ptr<float>();

    for (const Layer &layer : layers) {
        const float *w = in + layer.offset;
        for (int64_t o = 0; o < layer.out; o++) {
            for (int64_t i = 0; i < layer.in; i++)
                *out++ = w[i * layer.out + o];
        }
        std::memcpy(out, w + layer.in * layer.out, sizeof(float) * static_cast<size_t>(layer.out));
        out += layer.out;
    }
}

void Net::set_parameters(const float *in)
{
    const at::Tensor host = make_tensor({n_parameters}, c10::Device(c10::DeviceType::CPU));

    for (const Layer &layer : layers) {
        float *w = host.data_ptr<float>() + layer.offset;
        for (int64_t o = 0; o < layer.out; o++) {
            for (int64_t i = 0; i < layer.in; i++)
                w[i * layer.out + o] = *in++;
        }
        std::memcpy(w + layer.in * layer.out, in, sizeof(float) * static_cast<size_t>(layer.out));
        in += layer.out;
    }
    parameters.copy_(host);
}

Activations Net::make_activations(int64_t rows) const
{
    Activations a;

    a.y.push_back(make_tensor({rows, inputs()}, device));
    a.d.emplace_back();
    for (const Layer &layer : layers) {
        a.y.push_back(make_tensor({rows, layer.out}, device));
        a.d.push_back(make_tensor({rows, layer.out}, device));
    }
    return a;
}

void Net::forward(const Activations &a, int64_t n, Chances *dropout)
{
    forward(a, n, dropout, math);
}

void Net::forward(const Activations &a, int64_t n, Chances *dropout, Math &with) const
{
    for (size_t i = 0; i < layers.size(); i++) {
        const at::Tensor y = a.y[i + 1].narrow(0, 0, n);
        with.affine(y, a.y[i].narrow(0, 0, n), weight(parameters, layers[i]), bias(parameters, layers[i]));
        if (i + 1 < layers.size()) {
            with.relu(y);
            if (dropout != nullptr && dropped > 0)
                drop_out(y, *dropout);
        } else if (output == SAI_BACKEND_OUTPUT_SIGMOID) {
            with.sigmoid(y);
        }
    }
}

void Net::drop_out(const at::Tensor &y, Chances &dropout) const
{
    const int64_t width = pad_to_panels(y.size(1)); /* the order of packed_stepper.cpp */
    std::vector<uint16_t> chance(static_cast<size_t>(y.size(0) * width));
    const at::Tensor keep = make_tensor({y.size(0), width}, c10::Device(c10::DeviceType::CPU));
    float *to = keep.data_ptr<float>();

    dropout.draw(chance.data(), y.size(0) * width);
    for (const uint16_t value : chance)
        *to++ = value >= dropped ? keep_scale(dropped) : 0.0f;
    y.mul_(keep.narrow(1, 0, y.size(1)).to(y.device()));
}

void Net::backward(const Activations &a, int64_t n, const at::Tensor &gradient)
{
    const at::Tensor last = a.d.back().narrow(0, 0, n), y = a.y.back().narrow(0, 0, n);
    if (output == SAI_BACKEND_OUTPUT_SIGMOID)
        last.mul_(y).mul_(y.neg().add_(1));
    for (size_t i = layers.size(); i-- > 0;) {
        const at::Tensor x = a.y[i].narrow(0, 0, n);
        const at::Tensor dy = a.d[i + 1].narrow(0, 0, n);
        at::Tensor dw = weight(gradient, layers[i]), db = bias(gradient, layers[i]);
        at::mm_out(dw, x.t(), dy);
        at::sum_out(db, dy, at::IntArrayRef({0}));
        if (i > 0) {
            at::Tensor dx = a.d[i].narrow(0, 0, n);
            at::mm_out(dx, dy, weight(parameters, layers[i]).t());
            dx.mul_(x.gt(0)).mul_(keep_scale(dropped));
        }
    }
}

void Net::predict_in_threads(float *y, const float *x, int64_t n) const
{
    /* On the CPU each thread takes whole rows through all layers: one start of the threads, not one a layer. */
    if (math.is_own())
        for_ranges(n, predict_block, [&](int64_t begin, int64_t end) { predict_range(y, x, nullptr, begin, end); });
    else
        predict_range(y, x, nullptr, 0, n);
}

void Net::predict_range(float *y, const float *x, const uint32_t *rows, int64_t begin, int64_t end) const
{
    if (begin >= end)
        return;
    Math local(math.is_own(), true); /* its buffers must not be shared between threads */
    const Activations a = make_activations(std::min(end - begin, predict_block));
    const at::Tensor host = device.is_cpu() ? a.y[0] : make_tensor(a.y[0].sizes(), c10::Device(c10::DeviceType::CPU));
    const size_t row_size = sizeof(float) * static_cast<size_t>(inputs());

    for (int64_t first = begin; first < end; first += predict_block) {
        const int64_t count = std::min(predict_block, end - first);
        float *to = host.data_ptr<float>();
        if (rows == nullptr) {
            std::memcpy(to, x + first * inputs(), row_size * static_cast<size_t>(count));
        } else {
            for (int64_t i = 0; i < count; i++)
                std::memcpy(to + i * inputs(), x + static_cast<int64_t>(rows[first + i]) * inputs(), row_size);
        }
        if (!device.is_cpu())
            a.y[0].copy_(host);
        forward(a, count, nullptr, local);
        const at::Tensor out = a.y.back().narrow(0, 0, count).cpu().contiguous();
        std::memcpy(y + first * outputs(), out.data_ptr<float>(),
                    sizeof(float) * static_cast<size_t>(count * outputs()));
    }
}

} // namespace selectai
