/*
 * embed/clip_weights.h: the tensors of a CLIP image tower in a weights file, whatever they are called there.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CLIP_WEIGHTS_H
#define SAI_EMBED_CLIP_WEIGHTS_H

#include <selectai_backend.h>

#include "base/weights_file.h"

struct sai_clip_weights {
    uint32_t image_size, patch, width, layers, heads, mlp_width, output;
    bool unusual_heads; /* asked for, and not what the file alone would give */
    struct sai_backend_tensor *tensors; /* all that struct sai_backend_tower_spec names, under those names */
    size_t n_tensors, capacity;
    /* What they point into. */
    struct sai_weights_file file;
    struct sai_arena arena;
};

/*
 * Reads safetensors, state dicts of PyTorch and TorchScript archives; in them OpenAI's and open_clip's names, and
 * Hugging Face's (split q, k and v; a transposed projection), behind any prefix ("visual.", "module.visual.", "clip.").
 * Infers the geometry and checks every shape; float64 becomes float32. heads: 0 takes the file's metadata ("heads"),
 * else width / 64. Errors name the file and the tensor.
 */
int sai_clip_weights_open(struct sai_clip_weights *out, const char *path, uint32_t heads);
void sai_clip_weights_close(struct sai_clip_weights *weights);

#endif
