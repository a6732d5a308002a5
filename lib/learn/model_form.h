/*
 * learn/model_form.h: in what old models differ from ours, beyond their numbers. Each difference is a choice with a
 * word in the file's metadata; where the key is missing, the first word of the choice is meant.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_MODEL_FORM_H
#define SAI_LEARN_MODEL_FORM_H

#include <selectai/common.h>

#include "base/json.h"

struct sai_model;

enum sai_size_input {
    SAI_SIZE_LOG2, /* log2 of the area and of width / height */
    SAI_SIZE_2048, /* width / 2048, height / 2048 */
};

enum sai_box_output {
    SAI_BOX_SCALE,   /* three numbers: scale and place */
    SAI_BOX_CORNERS, /* four: x1, y1, x2, y2 */
    SAI_BOX_CHANCES, /* eight: crop_loss.h */
};

enum sai_vector_length {
    SAI_VECTORS_ANY,     /* as the encoder gives them */
    SAI_VECTORS_UNIT,    /* of length 1 */
    SAI_VECTORS_UNKNOWN, /* the file does not say */
};

struct sai_model_form {
    int32_t size;    /* enum sai_size_input; croppers */
    int32_t box;     /* enum sai_box_output; croppers */
    int32_t vectors; /* enum sai_vector_length: what it was trained on */
    int32_t hidden;  /* stands in for that of the network where there is none */
};

/* Is this a key of the metadata that belongs here? */
bool sai_form_owns(const char *key);

/* Reads and writes model->form and model->mlp->hidden. FORMAT names the file, the key and the word. */
int sai_form_read(struct sai_model *model, const json_t *metadata, const char *path);
bool sai_form_write(json_t *metadata, const struct sai_model *model);

#endif
