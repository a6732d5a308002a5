/*
 * learn/model_tensors.h: the parts of model files that are tensors: networks, standardisers, tables of numbers.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_MODEL_TENSORS_H
#define SAI_LEARN_MODEL_TENSORS_H

#include "base/safetensors.h"
#include "learn/mlp.h"

/* The tensors of a file to be written; they point into the model. */
struct sai_tensor_list {
    struct sai_tensor *items;
    size_t n, capacity;
    struct sai_arena names;
};
void sai_tensor_list_free(struct sai_tensor_list *list);

/* rows 0: a vector of `columns`. dtype: "F32", "F64" or "I64". */
int sai_put_tensor(struct sai_tensor_list *list, const char *prefix, const char *name, const char *dtype, uint64_t rows,
                   uint64_t columns, const void *data);
/* PREFIXlayers.0.weight, PREFIXlayers.0.bias, ... */
int sai_put_network(struct sai_tensor_list *list, const char *prefix, const struct sai_mlp *mlp);
/* PREFIXstandardise.mean, PREFIXstandardise.scale */
int sai_put_standardiser(struct sai_tensor_list *list, const char *prefix, const struct sai_standardiser *standardiser);

/* FORMAT: "PATH: damaged model: WHAT; ..." */
int sai_bad_model(const char *path, const char *what);

/* A number among the metadata, from low to high. */
int sai_get_number(double *out, const struct sai_safetensors *file, const char *key, double low, double high,
                   const char *path);

/* "512-256-64-1" */
int sai_get_widths(uint32_t widths[SAI_MLP_MAX_WIDTHS], uint32_t *n_widths, const char *text, const char *path);

/* Memory is taken only after the file proved to hold the numbers. */
int sai_get_network(struct sai_mlp **out, const struct sai_safetensors *file, const char *prefix,
                    const char *architecture, int32_t output, const char *path);
int sai_get_standardiser(struct sai_standardiser *out, const struct sai_safetensors *file, const char *prefix,
                         uint32_t n, float clip, const char *path);

/* Finite numbers, F32 or F64, of exactly this shape into out: rows x columns, each at most 65536, or, if rows is 0, a
 * vector. */
int sai_get_floats(float *out, const struct sai_safetensors *file, const char *name, uint64_t rows, uint64_t columns,
                   const char *path);
int sai_get_doubles(double *out, const struct sai_safetensors *file, const char *name, uint64_t rows, uint64_t columns,
                    const char *path);

#endif
