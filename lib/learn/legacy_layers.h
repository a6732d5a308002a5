/*
 * learn/legacy_layers.h: the chain of Linear layers in a weights file that is no model of ours: state dicts of the
 * first attempt's rankers and croppers, of LAION's aesthetic heads, and others of that shape.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_LEGACY_LAYERS_H
#define SAI_LEARN_LEGACY_LAYERS_H

#include "base/weights_file.h"
#include "learn/mlp.h"

#define SAI_LEGACY_MAX_LAYERS (SAI_MLP_MAX_WIDTHS - 1)

struct sai_legacy_layer {
    const struct sai_tensor *weight, *bias;
    const char *name; /* of the layer: what stands before ".weight"; not NUL-terminated */
    size_t prefix;    /* bytes of the name before its number */
    size_t length;
    uint32_t number; /* UINT32_MAX: it ends in none */
};

/* In the order of their numbers; every shape fits the next one's. */
struct sai_legacy_layers {
    struct sai_legacy_layer items[SAI_LEGACY_MAX_LAYERS];
    uint32_t n;
    uint32_t widths[SAI_MLP_MAX_WIDTHS]; /* n + 1 */
};

/*
 * UNSUPPORTED: something else is in the file than such a chain. FORMAT: it is one, but a layer is missing, or shapes do
 * not fit. Either names the file and the tensor. Numbers are not looked at.
 */
int sai_legacy_layers_find(struct sai_legacy_layers *out, const struct sai_weights_file *file, const char *path);

/*
 * Does a ReLU stand between the layers? Files hold weights only, so this is known from names alone (docs/formats.md has
 * the rule): *hidden is SAI_MLP_*, the result says by what. NULL: they do not tell.
 */
const char *sai_legacy_hidden(int32_t *hidden, const struct sai_legacy_layers *layers);

/* LAION's heads, old and new, which take vectors of length 1. */
bool sai_legacy_is_laion(const struct sai_legacy_layers *layers);

#endif
