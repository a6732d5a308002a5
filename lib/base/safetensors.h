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

#define SAI_TENSOR_MAX_RANK 8

struct sai_tensor {
    const char *name;
    char dtype[8]; /* "F32", "F16", "BF16", "I64", "U64", ... */
    uint32_t rank;
    uint64_t shape[SAI_TENSOR_MAX_RANK];
    uint64_t n; /* elements */
    size_t n_bytes;
    const void *data; /* into the mapping; not necessarily aligned: use memcpy */
};

struct sai_safetensors {
    struct sai_mapping mapping;
    json_t *header;
    json_t *metadata; /* object of strings, borrowed from header; never NULL after opening (may be empty) */
    struct sai_tensor *tensors;
    size_t n_tensors;
};

/* Maps and checks everything: header size, JSON, dtypes, shapes, data without overlaps or holes. */
int sai_safetensors_open(struct sai_safetensors *out, const char *path);
void sai_safetensors_close(struct sai_safetensors *file);

const struct sai_tensor *sai_safetensors_find(const struct sai_safetensors *file, const char *name);

/* The tensor as n floats (from F32, F16 or BF16) into out; its element count must be n. */
int sai_safetensors_floats(const struct sai_safetensors *file, const char *name, float *out, uint64_t n);

/* Metadata text of a key, or `otherwise`. */
const char *sai_safetensors_text(const struct sai_safetensors *file, const char *key, const char *otherwise);

/* Writing: tensors in the given order, data aligned to 8 bytes, metadata keys as in the object (strings only). */
int sai_safetensors_write(const char *path, const struct sai_tensor *tensors, size_t n_tensors, const json_t *metadata);

/* Bytes of one element, 0 for an unknown dtype. */
size_t sai_dtype_size(const char *dtype);
float sai_float_from_half(uint16_t bits);
uint16_t sai_half_from_float(float value); /* to nearest even */

#endif
