/*
 * embed/npy_vector.c: one vector in a NumPy file, of any float type: what earlier caches held.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/safetensors.h"
#include "embed/npy_vector.h"

#define PREAMBLE_1 10u
#define PREAMBLE_2 12u
#define MAX_HEADER 65535u

struct array {
    size_t value_size, data_offset;
    uint64_t count, last; /* values; the last axis */
};

static int bad(const char *path, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: %s", path, what);
}

/* "(3,)", "(1, 512)": every axis but the last must be 1. */
static bool read_shape(struct array *out, const char *text)
{
    const char *p = strstr(text, "'shape'");
    p = p ? strchr(p, '(') : NULL;
    if (!p)
        return false;
    out->count = 1;
    out->last = 1;
    for (p++; *p && *p != ')';) {
        char *end;
        if (*p == ' ' || *p == ',') {
            p++;
            continue;
        }
        if (*p < '0' || *p > '9' || out->last != 1)
            return false;
        unsigned long long side = strtoull(p, &end, 10);
        if (side > UINT32_MAX)
            return false;
        out->last = side;
        out->count = side;
        p = end;
    }
    return *p == ')';
}

static int read_header(struct array *out, const struct sai_mapping *file, const char *path)
{
    char text[MAX_HEADER + 1];
    if (file->size < PREAMBLE_2 || memcmp(file->data, "\x93NUMPY", 6) != 0)
        return bad(path, "no NumPy file, or cut off");
    bool first = file->data[6] == 1;
    size_t preamble = first ? PREAMBLE_1 : PREAMBLE_2;
    size_t n = file->data[8] | (size_t)file->data[9] << 8;
    if (!first)
        n |= (size_t)file->data[10] << 16 | (size_t)file->data[11] << 24;
    if (n > MAX_HEADER || n > file->size - preamble)
        return bad(path, "its header is cut off");
    memcpy(text, file->data + preamble, n);
    text[n] = '\0';
    out->data_offset = preamble + n;
    out->value_size = strstr(text, "'<f4'") ? 4 : strstr(text, "'<f2'") ? 2 : strstr(text, "'<f8'") ? 8 : 0;
    if (!out->value_size || !read_shape(out, text))
        return bad(path, "not one vector of '<f2', '<f4' or '<f8'");
    if (out->count == 0)
        return bad(path, "it holds no number");
    if (out->count > SIZE_MAX / 8 || out->count * out->value_size != file->size - out->data_offset)
        return bad(path, "its size is not what its header says");
    return SELECTAI_OK;
}

static double value_at(const uint8_t *at, size_t size)
{
    uint16_t half;
    float single;
    double full;
    switch (size) {
    case 2:
        memcpy(&half, at, sizeof half);
        return sai_float_from_half(half);
    case 4:
        memcpy(&single, at, sizeof single);
        return single;
    default:
        memcpy(&full, at, sizeof full);
        return full;
    }
}

/* values: room for them as floats, or NULL. A double that no float can hold counts as not finite then. */
static void look_at(struct sai_npy_facts *out, float *values, const struct array *array, const struct sai_mapping *file)
{
    *out = (struct sai_npy_facts){.count = array->count, .dim = array->last, .finite = true};
    for (uint64_t i = 0; out->finite && i < array->count; i++) {
        double value = value_at(file->data + array->data_offset + i * array->value_size, array->value_size);
        out->finite = isfinite(values ? (double)(float)value : value);
        if (values)
            values[i] = (float)value;
    }
}

int sai_npy_vector(struct sai_npy_facts *out, const char *path)
{
    struct sai_mapping file = {0};
    struct array array = {0};
    int rc = sai_file_map(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    rc = read_header(&array, &file, path);
    if (rc == SELECTAI_OK)
        look_at(out, NULL, &array, &file);
    sai_file_unmap(&file);
    return rc;
}

int sai_npy_vector_load(float **out, uint64_t *dim, const char *path)
{
    struct sai_mapping file = {0};
    struct array array = {0};
    struct sai_npy_facts facts = {0};
    float *values = NULL;
    int rc = sai_file_map(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    rc = read_header(&array, &file, path);
    if (rc == SELECTAI_OK && !(values = sai_malloc_array((size_t)array.count, sizeof *values)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        look_at(&facts, values, &array, &file);
    if (rc == SELECTAI_OK && !facts.finite)
        rc = bad(path, "it holds a value that is no finite number");
    sai_file_unmap(&file);
    if (rc != SELECTAI_OK) {
        sai_free(values);
        return rc;
    }
    *out = values;
    *dim = facts.dim;
    return rc;
}
