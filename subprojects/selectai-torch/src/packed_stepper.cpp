/*
 * packed_stepper.cpp: training steps on the CPU. Weights and Adam's state stay in panels; the first layer reads the
 * rows where the caller has them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <algorithm>
#include <cmath>
#include <cstring>

#include "stepper.h"

namespace selectai
{
namespace
{

typedef std::vector<const float *> Pointers;

at::Tensor make_zeros(int64_t n)
{
    const at::Tensor zeros = make_tensor({n}, c10::Device(c10::DeviceType::CPU));
    if (n > 0)
        std::memset(zeros.data_ptr<float>(), 0, zeros.nbytes()); /* zero_() would start threads */
    return zeros;
}

/* A matrix whose rows do not all fall into the same sets of a cache. */
struct Rows {
    explicit Rows(int64_t rows, int64_t width)
        : stride(width + panel_width), memory(make_zeros(rows * stride)), data(memory.data_ptr<float>())
    {
        for (int64_t i = 0; i < rows; i++)
            pointers.push_back(data + i * stride);
    }

    int64_t stride;
    at::Tensor memory;
    float *data;
    Pointers pointers;
};

struct PackedLayer {
    PackedLayer(const Net::Layer &shape, int64_t rows, bool is_first)
        : in(shape.in), out(shape.out), padded(pad_to_panels(out)), panel((in + 1) * panel_width),
          w(make_zeros(padded / panel_width * panel)), m(make_zeros(w.numel())), v(make_zeros(w.numel())),
          turned(make_zeros(is_first ? 0 : pad_to_panels(in) * out)), y(rows, padded), d(rows, padded)
    {
    }

    /* Element o of input i, or of the biases (i = in), of a tensor like w. */
    float &at(const at::Tensor &flat, int64_t i, int64_t o) const
    {
        return flat.data_ptr<float>()[o / panel_width * panel + i * panel_width + o % panel_width];
    }

    int64_t in, out, padded, panel;
    at::Tensor w, m, v, turned; /* turned: w with inputs and outputs exchanged, where something lies before */
    Rows y, d;                  /* outputs after ReLU and dropout, their gradient */
    std::vector<uint16_t> chance;
};

class PackedStepper : public Stepper
{
  public:
    PackedStepper(Net &net, int64_t rows);
    const float *forward(const float *x, const uint32_t *rows, int64_t n) override;
    float *gradient() override
    {
        return last_gradient.data();
    }
    void step(int64_t n, const AdamStep &step) override;
    void store() override;

  private:
    int64_t list_busy_rows(int64_t n);
    void go_back(size_t layer, int64_t rows);

    Net &net;
    Chances chances;
    float scale;
    std::vector<PackedLayer> layers;
    Pointers x;                 /* of the rows in the batch */
    std::vector<Pointers> busy; /* inputs of each layer, of the rows that have a gradient */
    std::vector<float> output, last_gradient;
    at::Tensor unfinished;
};

PackedStepper::PackedStepper(Net &net, int64_t rows)
    : net(net), chances(net.random_seed()), scale(keep_scale(net.drop())), x(static_cast<size_t>(rows)),
      output(static_cast<size_t>(rows * net.outputs())), last_gradient(output.size())
{
    const float *from = net.parameters.data_ptr<float>();
    int64_t widest = 0;

    for (const Net::Layer &shape : net.shapes()) {
        layers.emplace_back(shape, rows, layers.empty());
        const PackedLayer &layer = layers.back();
        for (int64_t i = 0; i <= layer.in; i++) {
            for (int64_t o = 0; o < layer.out; o++)
                layer.at(layer.w, i, o) = *from++;
        }
        widest = std::max(widest, layer.in);
    }
    for (size_t i = 0; net.drop() > 0 && i + 1 < layers.size(); i++)
        layers[i].chance.resize(static_cast<size_t>(rows * layers[i].padded));
    busy.assign(layers.size(), Pointers(static_cast<size_t>(rows)));
    unfinished = make_zeros(rows > update_rows ? (widest + 1) * 2 * panel_width : 0);
}

void PackedStepper::store()
{
    float *to = net.parameters.data_ptr<float>();
    for (const PackedLayer &layer : layers) {
        for (int64_t i = 0; i <= layer.in; i++) {
            for (int64_t o = 0; o < layer.out; o++)
                *to++ = layer.at(layer.w, i, o);
        }
    }
}

const float *PackedStepper::forward(const float *from, const uint32_t *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[static_cast<size_t>(i)] = from + static_cast<int64_t>(rows[i]) * net.inputs();
    const Pointers *inputs = &x;
    for (PackedLayer &layer : layers) {
        const bool hidden = &layer != &layers.back();
        const uint16_t *chance = nullptr;
        if (hidden && net.drop() > 0) {
            chances.draw(layer.chance.data(), n * layer.padded);
            chance = layer.chance.data();
        }
        const float *w = layer.w.data_ptr<float>();
        multiply_panels({layer.y.data, layer.y.stride, inputs->data(), w, layer.panel, w + layer.in * panel_width, n,
                         layer.in, layer.padded, hidden ? Finish::drop : Finish::none, scale, net.drop(), chance,
                         nullptr});
        inputs = &layer.y.pointers;
    }
    const size_t width = static_cast<size_t>(net.outputs());
    for (size_t i = 0; i < static_cast<size_t>(n); i++) {
        for (size_t j = 0; j < width; j++) {
            const float z = layers.back().y.pointers[i][j];
            output[i * width + j] = net.is_linear() ? z : 1.0f / (1.0f + std::exp(-z));
        }
    }
    return output.data();
}

/* Rows whose gradient is zero, such as those of pairs beyond the margin, add nothing to the weights' gradient: lists
 * the others and returns their number. */
int64_t PackedStepper::list_busy_rows(int64_t n)
{
    const size_t width = static_cast<size_t>(net.outputs());
    size_t kept = 0;

    for (size_t i = 0; i < static_cast<size_t>(n); i++) {
        const float *from = &last_gradient[i * width];
        float *to = layers.back().d.data + static_cast<int64_t>(kept) * layers.back().d.stride;
        bool idle = true;
        for (size_t j = 0; j < width; j++) {
            const float y = output[i * width + j];
            to[j] = net.is_linear() ? from[j] : from[j] * y * (1.0f - y);
            idle = idle && to[j] == 0.0f; /* NaN counts as busy */
        }
        if (idle)
            continue;
        busy[0][kept] = x[i];
        for (size_t l = 1; l < layers.size(); l++)
            busy[l][kept] = layers[l - 1].y.pointers[i];
        kept++;
    }
    return static_cast<int64_t>(kept);
}

/* From the gradient of a layer's outputs to that of the outputs of the one before it. */
void PackedStepper::go_back(size_t l, int64_t rows)
{
    const PackedLayer &layer = layers[l];
    const PackedLayer &before = layers[l - 1];

    transpose_panels(layer.turned.data_ptr<float>(), layer.w.data_ptr<float>(), layer.in, layer.out);
    multiply_panels({before.d.data, before.d.stride, layer.d.pointers.data(), layer.turned.data_ptr<float>(),
                     layer.out * panel_width, nullptr, rows, layer.out, before.padded, Finish::gradient, scale, 0,
                     nullptr, busy[l].data()});
}

void PackedStepper::step(int64_t n, const AdamStep &step)
{
    const int64_t rows = list_busy_rows(n);

    for (size_t l = layers.size(); l-- > 0;) {
        const PackedLayer &layer = layers[l];
        if (l > 0)
            go_back(l, rows);
        update_panels({layer.w.data_ptr<float>(), layer.m.data_ptr<float>(), layer.v.data_ptr<float>(), busy[l].data(),
                       layer.d.data, layer.d.stride, rows, layer.in, layer.padded, unfinished.data_ptr<float>(), step});
    }
}

} // namespace

std::unique_ptr<Stepper> make_packed_stepper(Net &net, int64_t rows)
{
    return std::unique_ptr<Stepper>(new PackedStepper(net, rows));
}

std::unique_ptr<Stepper> make_stepper(Net &net, int64_t rows)
{
    return net.is_own() ? make_packed_stepper(net, rows) : make_tensor_stepper(net, rows);
}

} // namespace selectai
