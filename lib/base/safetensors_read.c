/*
 * base/safetensors_read.c: opening safetensors files that may be hostile.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/safetensors.h"

#define MAX_HEADER                                                                                                     \
    (16u << 20) /* 160 bytes for each of as many tensors as there may be; as JSON it takes ten times that */
#define MAX_TENSORS 100000u

static int bad(const char *path, const char *name, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a valid safetensors file: %s%s%s", path, name, *name ? ": " : "",
                    what);
}

static int read_shape(struct sai_tensor *tensor, const json_t *shape, const char *path)
{
    if (!json_is_array(shape) || json_array_size(shape) > SAI_TENSOR_MAX_RANK)
        return bad(path, tensor->name, "shape is no short array");
    tensor->rank = (uint32_t)json_array_size(shape);
    tensor->n = 1;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        const json_t *side = json_array_get(shape, i);
        if (!json_is_integer(side) || json_integer_value(side) < 0)
            return bad(path, tensor->name, "shape has a side that is no count");
        tensor->shape[i] = (uint64_t)json_integer_value(side);
        if (__builtin_mul_overflow(tensor->n, tensor->shape[i], &tensor->n))
            return bad(path, tensor->name, "shape is too large");
    }
    return SELECTAI_OK;
}

static int read_tensor(struct sai_tensor *tensor, const char *name, const json_t *entry, const uint8_t *data,
                       size_t n_data, const char *path)
{
    const json_t *range = json_object_get(entry, "data_offsets");
    const char *dtype = sai_json_string(entry, "dtype", "");
    size_t element = sai_dtype_size(dtype), bytes;
    tensor->name = name;
    if (element == 0)
        return bad(path, name, "unknown dtype");
    memcpy(tensor->dtype, dtype, strlen(dtype) + 1);
    int rc = read_shape(tensor, json_object_get(entry, "shape"), path);
    if (rc != SELECTAI_OK)
        return rc;
    if (!json_is_array(range) || json_array_size(range) != 2 || !json_is_integer(json_array_get(range, 0)) ||
        !json_is_integer(json_array_get(range, 1)))
        return bad(path, name, "data_offsets are no pair of numbers");
    json_int_t from = json_integer_value(json_array_get(range, 0)), to = json_integer_value(json_array_get(range, 1));
    if (from < 0 || to < from || (uint64_t)to > n_data)
        return bad(path, name, "data lies outside the file (truncated?)");
    if (tensor->n > SIZE_MAX || !sai_mul_size(&bytes, (size_t)tensor->n, element) || bytes != (uint64_t)(to - from))
        return bad(path, name, "shape and data size differ");
    tensor->n_bytes = bytes;
    tensor->data = data + from;
    return SELECTAI_OK;
}

static int by_position(const void *a, const void *b)
{
    const struct sai_tensor *x = *(const struct sai_tensor *const *)a, *y = *(const struct sai_tensor *const *)b;
    const char *p = x->data, *q = y->data;
    return p < q ? -1 : p > q ? 1 : (x->n_bytes > y->n_bytes) - (x->n_bytes < y->n_bytes);
}

/* The format demands that the data is covered without overlaps, holes or a tail. */
static int check_layout(const struct sai_safetensors *file, const uint8_t *data, size_t n_data, const char *path)
{
    const struct sai_tensor **order = sai_malloc_array(file->n_tensors, sizeof *order);
    if (!order)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < file->n_tensors; i++)
        order[i] = &file->tensors[i];
    if (file->n_tensors > 1)
        qsort(order, file->n_tensors, sizeof *order, by_position);
    int rc = SELECTAI_OK;
    const uint8_t *expected = data;
    for (size_t i = 0; i < file->n_tensors && rc == SELECTAI_OK; i++) {
        const uint8_t *at = order[i]->data;
        if (at != expected)
            rc = bad(path, order[i]->name, at < expected ? "data overlaps another tensor's" : "a hole lies before it");
        expected = at + order[i]->n_bytes;
    }
    if (rc == SELECTAI_OK && expected != data + n_data)
        rc = bad(path, "", "bytes follow the last tensor");
    sai_free(order);
    return rc;
}

static int read_header(struct sai_safetensors *file, const char *path)
{
    const uint8_t *p = file->mapping.data;
    uint64_t n = 0;
    if (file->mapping.size < 10)
        return bad(path, "", "too short");
    for (int i = 7; i >= 0; i--)
        n = n << 8 | p[i];
    if (n > MAX_HEADER || n > file->mapping.size - 8 || p[8] != '{')
        return bad(path, "", "no header (wrong kind of file, or truncated)");
    int rc = sai_json_parse(&file->header, (const char *)p + 8, (size_t)n, path, 0);
    if (rc != SELECTAI_OK)
        return rc;
    if (!json_is_object(file->header) || json_object_size(file->header) > MAX_TENSORS)
        return bad(path, "", "the header is no object of tensors");
    file->tensors = sai_calloc(json_object_size(file->header), sizeof *file->tensors);
    if (!file->tensors)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    const char *name;
    json_t *entry;
    json_object_foreach(file->header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        rc = read_tensor(&file->tensors[file->n_tensors], name, entry, p + 8 + n, file->mapping.size - 8 - (size_t)n,
                         path);
        if (rc != SELECTAI_OK)
            return rc;
        file->n_tensors++;
    }
    rc = check_layout(file, p + 8 + n, file->mapping.size - 8 - (size_t)n, path);
    return rc == SELECTAI_OK ? sai_tensor_index_make(&file->index, file->tensors, file->n_tensors) : rc;
}

int sai_safetensors_open(struct sai_safetensors *out, const char *path)
{
    struct sai_mapping mapping = {0};
    int rc = sai_file_map(&mapping, path);
    if (rc == SELECTAI_OK)
        return sai_safetensors_read(out, &mapping, path);
    *out = (struct sai_safetensors){0};
    return rc;
}

int sai_safetensors_read(struct sai_safetensors *out, struct sai_mapping *mapping, const char *path)
{
    *out = (struct sai_safetensors){.mapping = *mapping};
    *mapping = (struct sai_mapping){0};
    int rc = read_header(out, path);
    if (rc == SELECTAI_OK) {
        out->metadata = json_object_get(out->header, "__metadata__");
        if (!json_is_object(out->metadata)) {
            out->metadata = json_object();
            if (!out->metadata || json_object_set_new(out->header, "__metadata__", out->metadata) != 0)
                rc = SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory");
        }
    }
    if (rc != SELECTAI_OK)
        sai_safetensors_close(out);
    return rc;
}

void sai_safetensors_close(struct sai_safetensors *file)
{
    json_decref(file->header);
    sai_tensor_index_free(&file->index);
    sai_free(file->tensors);
    sai_file_unmap(&file->mapping);
    *file = (struct sai_safetensors){0};
}

const struct sai_tensor *sai_safetensors_find(const struct sai_safetensors *file, const char *name)
{
    return sai_tensor_index_find(&file->index, name);
}

const char *sai_safetensors_text(const struct sai_safetensors *file, const char *key, const char *otherwise)
{
    return sai_json_string(file->metadata, key, otherwise);
}

int sai_safetensors_floats(const struct sai_safetensors *file, const char *name, float *out, uint64_t n)
{
    const struct sai_tensor *tensor = sai_safetensors_find(file, name);
    if (!tensor)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "tensor %s is missing", name);
    if (tensor->n != n)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "tensor %s has %llu values, expected %llu", name,
                        (unsigned long long)tensor->n, (unsigned long long)n);
    if (sai_tensor_floats(out, tensor))
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "tensor %s has dtype %s, expected F32, F16, BF16 or F64", name,
                    tensor->dtype);
}
