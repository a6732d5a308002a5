/*
 * learn/model_cropper.h: what only croppers have in their files: deviations, sizes, calibration, second encoder.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_MODEL_CROPPER_H
#define SAI_LEARN_MODEL_CROPPER_H

#include "learn/model.h"
#include "learn/model_tensors.h"

/* Numbers that a cropper's network makes, by its form. */
uint32_t sai_cropper_outputs(const struct sai_model *model);

bool sai_cropper_owns(const char *key); /* a key of the metadata that belongs here */
bool sai_cropper_set_metadata(json_t *metadata, const struct sai_model *model);

/* The head, of models of the form SAI_BOX_CHANCES; before the network's inputs are checked. */
int sai_cropper_put(struct sai_tensor_list *list, const struct sai_model *model);
int sai_cropper_get(struct sai_model *model, const struct sai_safetensors *file, const char *path);

int sai_cropper_get_constant(struct sai_model *model, const struct sai_safetensors *file, const char *path);

/* For people: the same as JSON values. */
int sai_cropper_describe(json_t *out, const struct sai_model *model);

#endif
