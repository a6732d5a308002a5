/*
 * base/tensor.c: element types and looking tensors up by name.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/tensor.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I64", 8}, {"U64", 8}, {"I32", 4},
              {"U32", 4}, {"I16", 2}, {"U16", 2},  {"I8", 1},  {"U8", 1},  {"BOOL", 1}};

size_t sai_dtype_size(const char *dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (strcmp(dtypes[i].name, dtype) == 0)
            return dtypes[i].size;
    return 0;
}

float sai_float_from_half(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, mantissa = bits & 1023, word;
    float value;
    if (exponent == 31) {
        word = sign | 0x7F800000 | mantissa << 13;
    } else if (exponent > 0) {
        word = sign | (exponent + 112) << 23 | mantissa << 13;
    } else { /* subnormal: mantissa x 2^-24 */
        value = (float)mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    memcpy(&value, &word, sizeof value);
    return value;
}

uint16_t sai_half_from_float(float value)
{
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    uint16_t sign = (uint16_t)(word >> 16 & 0x8000);
    uint32_t magnitude = word & 0x7FFFFFFF;
    if (magnitude > 0x7F800000)
        return sign | 0x7E00; /* NaN */
    if (magnitude >= 0x477FF000)
        return sign | 0x7C00;     /* rounds to infinity */
    if (magnitude < 0x38800000) { /* subnormal half: the float addition rounds to even for us */
        float absolute, shifted;
        uint32_t bits;
        memcpy(&absolute, &magnitude, sizeof absolute);
        shifted = absolute + 0.5f;
        memcpy(&bits, &shifted, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3F000000));
    }
    return (uint16_t)(sign | ((magnitude - 0x38000000 + 0xFFF + (magnitude >> 13 & 1)) >> 13));
}

static float one_float(const uint8_t *at, const char *dtype)
{
    double full;
    float single;
    uint16_t half;
    if (strcmp(dtype, "F64") == 0) {
        memcpy(&full, at, sizeof full);
        return (float)full;
    }
    memcpy(&half, at, sizeof half);
    if (strcmp(dtype, "F16") == 0)
        return sai_float_from_half(half);
    uint32_t word = (uint32_t)half << 16; /* BF16 */
    memcpy(&single, &word, sizeof single);
    return single;
}

bool sai_tensor_floats(float *out, const struct sai_tensor *tensor)
{
    const char *dtype = tensor->dtype;
    if (strcmp(dtype, "F32") == 0) {
        memcpy(out, tensor->data, tensor->n_bytes);
        return true;
    }
    if (strcmp(dtype, "F16") != 0 && strcmp(dtype, "BF16") != 0 && strcmp(dtype, "F64") != 0)
        return false;
    size_t size = sai_dtype_size(dtype);
    for (uint64_t i = 0; i < tensor->n; i++)
        out[i] = one_float((const uint8_t *)tensor->data + i * size, dtype);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct sai_tensor *x = *(const struct sai_tensor *const *)a, *y = *(const struct sai_tensor *const *)b;
    return strcmp(x->name, y->name);
}

int sai_tensor_index_make(struct sai_tensor_index *out, const struct sai_tensor *tensors, size_t n)
{
    *out = (struct sai_tensor_index){0};
    out->sorted = sai_malloc_array(n, sizeof *out->sorted);
    if (!out->sorted)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++)
        out->sorted[i] = &tensors[i];
    out->n = n;
    if (n > 1)
        qsort(out->sorted, n, sizeof *out->sorted, by_name);
    return SELECTAI_OK;
}

const char *sai_tensor_index_repeated(const struct sai_tensor_index *index)
{
    for (size_t i = 1; i < index->n; i++)
        if (by_name(&index->sorted[i - 1], &index->sorted[i]) == 0)
            return index->sorted[i]->name;
    return NULL;
}

const struct sai_tensor *sai_tensor_index_find(const struct sai_tensor_index *index, const char *name)
{
    const struct sai_tensor wanted = {.name = name}, *key = &wanted;
    if (index->n == 0)
        return NULL;
    const struct sai_tensor **hit = bsearch(&key, index->sorted, index->n, sizeof *index->sorted, by_name);
    return hit ? *hit : NULL;
}

void sai_tensor_index_free(struct sai_tensor_index *index)
{
    sai_free(index->sorted);
    *index = (struct sai_tensor_index){0};
}
