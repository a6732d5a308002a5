/*
 * panel_kernels.h: the two products of a training step on the CPU, on weights that stay packed from step to step.
 *
 * A layer's weights lie in panels of 16 outputs: for each input 16 numbers side by side, then the 16 biases; outputs
 * are filled up with zeros to a multiple of 16. Forward, gradient and Adam all read this layout in order, so nothing is
 * packed or copied in a step. Inputs are lists of rows, wherever those lie.
 *
 * As in kernels.h each element of a result is one chain of multiply-adds in a fixed order.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_PANEL_KERNELS_H
#define SELECTAI_TORCH_PANEL_KERNELS_H

#include <cstddef>
#include <cstdint>

#include "kernels.h"

namespace selectai
{

struct AdamStep {
    float beta1, beta2, eps;
    float step_size;       /* lr / (1 - beta1^t) */
    float root_correction; /* 1 / sqrt(1 - beta2^t) */
    float decay;           /* 1 - lr * weight_decay */
};

constexpr int64_t panel_width = 16;

inline int64_t pad_to_panels(int64_t width)
{
    return (width + panel_width - 1) / panel_width * panel_width;
}

/* What becomes of a finished sum z. */
enum class Finish {
    none,    /* z */
    drop,    /* scale * z where z > 0 and chance >= drop, else 0: ReLU and inverted dropout; NaN stays */
    gradient /* scale * z where seen > 0, else 0: z is the gradient after ReLU and dropout, seen their result */
};

/* y = x w + bias */
struct PanelProduct {
    float *y; /* rows x outputs */
    int64_t y_row;
    const float *const *x; /* for each row its inputs */
    const float *w;        /* panels */
    int64_t panel;         /* floats from one panel to the next */
    const float *bias;     /* outputs of the first panel, those of the others `panel` further on each; NULL: zeros */
    int64_t rows, inputs;
    int64_t outputs; /* a multiple of panel_width */
    Finish finish;
    float scale;
    uint32_t drop;          /* of 65536 */
    const uint16_t *chance; /* rows x outputs; NULL: nothing is dropped */
    const float *const *seen;
};

void multiply_panels(const PanelProduct &p, size_t variant = 0);

/* Gradient of the weights (transposed x times d) and of the biases (sum of d), each used at once for a step of Adam
 * (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019). */
struct PanelUpdate {
    float *w, *m, *v; /* panels, with biases */
    const float *const *x;
    const float *d; /* rows x outputs: gradient of y */
    int64_t d_row;
    int64_t rows, inputs;
    int64_t outputs;   /* a multiple of panel_width */
    float *unfinished; /* (inputs + 1) x 2 panel_width floats, where there are more than update_rows rows */
    AdamStep step;
};

constexpr int64_t update_rows = 256;

void update_panels(const PanelUpdate &u, size_t variant = 0);

/* Panels of 16 inputs for the product with transposed weights: to holds pad_to_panels(inputs) x outputs floats. */
void transpose_panels(float *to, const float *w, int64_t inputs, int64_t outputs);

} // namespace selectai

#endif
