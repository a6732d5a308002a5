/*
 * base/safetensors.h: the safetensors container: 8 bytes header length (little endian), a JSON header that names
 * tensors with dtype, shape and byte range, then the data. https://github.com/huggingface/safetensors#format
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_SAFETENSORS_H
#define SAI_BASE_SAFETENSORS_H

#include "base/file.h"
#include "base/json.h"
#include "base/tensor.h"

struct sai_safetensors {
    struct sai_mapping mapping;
    json_t *header;
    json_t *metadata; /* object of strings, borrowed from header; never NULL after opening (may be empty) */
    struct sai_tensor *tensors;
    size_t n_tensors;
    struct sai_tensor_index index;
};

/* Maps and checks everything: header size, JSON, dtypes, shapes, data without overlaps or holes. */
int sai_safetensors_open(struct sai_safetensors *out, const char *path);
/* The same of a file that is mapped already; the mapping is taken over, whatever comes of it. */
int sai_safetensors_read(struct sai_safetensors *out, struct sai_mapping *mapping, const char *path);
void sai_safetensors_close(struct sai_safetensors *file);

const struct sai_tensor *sai_safetensors_find(const struct sai_safetensors *file, const char *name);

/* The tensor as n floats (from F32, F16, BF16 or F64) into out; its element count must be n. */
int sai_safetensors_floats(const struct sai_safetensors *file, const char *name, float *out, uint64_t n);

/* Metadata text of a key, or `otherwise`. */
const char *sai_safetensors_text(const struct sai_safetensors *file, const char *key, const char *otherwise);

/* Writing: tensors in the given order, data aligned to 8 bytes, metadata keys as in the object (strings only). */
int sai_safetensors_write(const char *path, const struct sai_tensor *tensors, size_t n_tensors, const json_t *metadata);

#endif
