/*
 * base/tensor.h: a named tensor in a weights file, whatever the file's format, and looking it up.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_TENSOR_H
#define SAI_BASE_TENSOR_H

#include "base/memory.h"

#define SAI_TENSOR_MAX_RANK 8

struct sai_tensor {
    const char *name;
    char dtype[8]; /* "F32", "F16", "BF16", "I64", "U64", ... */
    uint32_t rank;
    uint64_t shape[SAI_TENSOR_MAX_RANK];
    uint64_t n; /* elements */
    size_t n_bytes;
    const void *data; /* into the mapping, C order; not necessarily aligned: use memcpy */
};

/* Bytes of one element, 0 for an unknown dtype. */
size_t sai_dtype_size(const char *dtype);
float sai_float_from_half(uint16_t bits);
uint16_t sai_half_from_float(float value); /* to nearest even */

/* All n values of an F32, F16, BF16 or F64 tensor; false: it is of another dtype. */
bool sai_tensor_floats(float *out, const struct sai_tensor *tensor);

/* Tensors sorted by name, so that a file of 100,000 can be asked for each of them. */
struct sai_tensor_index {
    const struct sai_tensor **sorted;
    size_t n;
};
int sai_tensor_index_make(struct sai_tensor_index *out, const struct sai_tensor *tensors, size_t n);
const struct sai_tensor *sai_tensor_index_find(const struct sai_tensor_index *index, const char *name);
const char *sai_tensor_index_repeated(const struct sai_tensor_index *index); /* a name that occurs twice, or NULL */
void sai_tensor_index_free(struct sai_tensor_index *index);

#endif
