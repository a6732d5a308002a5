/*
 * learn/model_legacy.h: models that others trained, from PyTorch's files (or safetensors without our metadata).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_MODEL_LEGACY_H
#define SAI_LEARN_MODEL_LEGACY_H

#include "base/weights_file.h"
#include "learn/model.h"

/* What the file cannot say; zeroed: nothing is known. */
struct sai_legacy_facts {
    const char *kind;       /* SAI_KIND_* that is needed, or NULL: whatever it is */
    int32_t hidden;         /* 1 + SAI_MLP_RELU or NO_HIDDEN; 0: by the rule of legacy_layers.h */
    int32_t vectors;        /* 1 + enum sai_vector_length; 0: by the names */
    const char *encoder_id; /* NULL: unknown */
};

/*
 * The model, with an identity standardiser. MISMATCH: it is of another kind. UNSUPPORTED: it is none that is known, or
 * it cannot be told whether ReLUs stand in it. FORMAT: damaged; numbers that are none, too.
 */
int sai_model_from_legacy(struct sai_model **out, const struct sai_weights_file *file, const char *path,
                          const struct sai_legacy_facts *facts);

#endif
