/*
 * learn/model_ranker.h: what only rankers have in their files: ensemble, prior, weights, keep network.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_MODEL_RANKER_H
#define SAI_LEARN_MODEL_RANKER_H

#include "learn/model.h"
#include "learn/model_tensors.h"

bool sai_ranker_has_kernel(const struct sai_model *model); /* one that counts */
bool sai_ranker_owns(const char *key);                     /* a key of the metadata that belongs here */
bool sai_ranker_set_metadata(json_t *metadata, const struct sai_model *model);
int sai_ranker_put(struct sai_tensor_list *list, const struct sai_model *model);

/* That a file of format 1 holds nothing of later formats. */
int sai_ranker_check_first(const struct sai_safetensors *file, const char *path);

/* Of a file of format 2 and later; dim and standardiser are read already. */
int sai_ranker_get(struct sai_model *model, const struct sai_safetensors *file, const char *path);

/* For people: the same as JSON values. */
int sai_ranker_describe(json_t *out, const struct sai_model *model);

/* "512-256-64-1" of a network, appended. */
void sai_put_architecture(struct sai_text *text, const struct sai_mlp *mlp);

#endif
