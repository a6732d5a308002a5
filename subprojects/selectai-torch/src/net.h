/*
 * net.h: a small network: Linear (-> ReLU -> Dropout -> Linear)*, forward and backward by hand.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_NET_H
#define SELECTAI_TORCH_NET_H

#include <vector>

#include "chances.h"
#include "guard.h"
#include "math.h"
#include "panel_kernels.h"

namespace selectai
{

/* All activations and their gradients for a batch of up to `rows`. */
struct Activations {
    std::vector<at::Tensor> y; /* y[0]: input, y[i]: after layer i, its ReLU and dropout; the last: output */
    std::vector<at::Tensor> d; /* d[i]: gradient of y[i]; d[0] is not defined */
};

/* What dropout multiplies by what it keeps. */
inline float keep_scale(uint32_t drop)
{
    return 65536.0f / (65536.0f - static_cast<float>(drop));
}

class Net
{
  public:
    struct Layer {
        int64_t in, out, offset; /* of the weight in the flat tensor; the bias follows */
    };

    /* own: see Math. */
    Net(const sai_backend_net_spec &spec, bool own);

    int64_t inputs() const
    {
        return layers.front().in;
    }
    int64_t outputs() const
    {
        return layers.back().out;
    }
    bool is_linear() const
    {
        return output == SAI_BACKEND_OUTPUT_LINEAR;
    }
    int64_t parameter_count() const
    {
        return n_parameters;
    }
    const std::vector<Layer> &shapes() const
    {
        return layers;
    }
    /* How many of 65536 outputs of a hidden layer training drops. */
    uint32_t drop() const
    {
        return dropped;
    }
    uint64_t random_seed() const
    {
        return seed;
    }
    const c10::Device &where() const
    {
        return device;
    }
    bool is_own() const
    {
        return math.is_own();
    }

    /* In the contract's order: weight [out, in], bias [out], layer after layer. */
    void get_parameters(float *out) const;
    void set_parameters(const float *in);

    Activations make_activations(int64_t rows) const;
    /* Through libtorch: fills y[1..] for the first n rows of y[0], with dropout. */
    void forward(const Activations &a, int64_t n, Chances *dropout);
    /* Through libtorch, from the gradient of the output in d.back() for n rows that forward() saw: fills gradient, laid
     * out as parameters. */
    void backward(const Activations &a, int64_t n, const at::Tensor &gradient);

    /* y: n x outputs from rows of x; rows NULL: x's first n rows. In the calling thread alone. */
    void predict(float *y, const float *x, const uint32_t *rows, int64_t n) const
    {
        predict_range(y, x, rows, 0, n);
    }
    /* The same bits for x's first n rows, on the CPU in all threads. */
    void predict_in_threads(float *y, const float *x, int64_t n) const;

    at::Tensor parameters; /* flat, on the device: per layer weight [in, out], bias [out] */

  private:
    void initialise();
    void forward(const Activations &a, int64_t n, Chances *dropout, Math &with) const;
    void drop_out(const at::Tensor &y, Chances &dropout) const;
    void predict_range(float *y, const float *x, const uint32_t *rows, int64_t begin, int64_t end) const;
    at::Tensor weight(const at::Tensor &flat, const Layer &layer) const;
    at::Tensor bias(const at::Tensor &flat, const Layer &layer) const;

    std::vector<Layer> layers;
    int64_t n_parameters = 0;
    int32_t output;
    uint32_t dropped; /* of 65536 */
    uint64_t seed;
    c10::Device device;
    Math math;
};

} // namespace selectai

#endif
