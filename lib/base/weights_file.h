/*
 * base/weights_file.h: named tensors from a file of either kind, told by its content: safetensors (safetensors.h) or
 * PyTorch's (torch_file.h).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_WEIGHTS_FILE_H
#define SAI_BASE_WEIGHTS_FILE_H

#include "base/safetensors.h"
#include "base/torch_file.h"

struct sai_weights_file {
    const uint8_t *bytes; /* the whole file */
    size_t n_bytes;
    const struct sai_tensor *tensors; /* in the file's order */
    size_t n_tensors;
    /* Zeroed: it is not this kind. */
    struct sai_safetensors safetensors;
    struct sai_torch_file torch;
};

/* Everything is checked: see the two headers. A file of PyTorch before 1.6 is refused with the way to convert it. */
int sai_weights_open(struct sai_weights_file *out, const char *path);
void sai_weights_close(struct sai_weights_file *file);

const struct sai_tensor *sai_weights_find(const struct sai_weights_file *file, const char *name);

/* Metadata text of a key, or `otherwise`. PyTorch's files have none. */
const char *sai_weights_text(const struct sai_weights_file *file, const char *key, const char *otherwise);

#endif
