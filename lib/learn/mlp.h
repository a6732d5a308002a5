/*
 * learn/mlp.h: running a small network (Linear, ReLU or nothing, Linear, ...) in plain C.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_MLP_H
#define SAI_LEARN_MLP_H

#include "learn/standardise.h"

#define SAI_MLP_MAX_WIDTHS 16u
#define SAI_MLP_MAX_WIDTH  65536u

enum { SAI_MLP_LINEAR = 0, SAI_MLP_SIGMOID = 1 }; /* what follows the last layer; as SAI_BACKEND_OUTPUT_* */
enum { SAI_MLP_RELU = 0, SAI_MLP_NO_HIDDEN = 1 }; /* what follows every other layer: a ReLU, or nothing */

struct sai_mlp {
    uint32_t n_widths; /* layers + 1 */
    uint32_t widths[SAI_MLP_MAX_WIDTHS];
    int32_t output, hidden; /* hidden: RELU, until whoever made it sets something else */
    size_t n_parameters;
    float *parameters; /* layer after layer: weight [out, in] in C order, then bias [out]: the backend's order */
    float *packed;     /* the same for the inner loop: see mlp.c */
};

/* Checks the widths and counts parameters; false if they are impossible or too many. */
bool sai_mlp_count(size_t *n_parameters, const uint32_t *widths, uint32_t n_widths);

/* Copies sai_mlp_count() parameters. */
int sai_mlp_create(struct sai_mlp **out, const uint32_t *widths, uint32_t n_widths, int32_t output,
                   const float *parameters);
void sai_mlp_destroy(struct sai_mlp **mlp);

/*
 * y: n x outputs from x: n x inputs, which go through `standardiser` first if it is not NULL. A row with a NaN or an
 * infinity gives NaN. Every sum runs in float32 over the inputs in their order, whatever the processor: same bits.
 */
int sai_mlp_forward(const struct sai_mlp *mlp, const struct sai_standardiser *standardiser, float *y, const float *x,
                    size_t n);

#endif
