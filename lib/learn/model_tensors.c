/*
 * learn/model_tensors.c: networks, standardisers and tables in model files, which may be damaged or hostile.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "learn/model_tensors.h"

#define NAME_SIZE 64

void sai_tensor_list_free(struct sai_tensor_list *list)
{
    sai_free(list->items);
    sai_arena_clear(&list->names);
    *list = (struct sai_tensor_list){0};
}

int sai_put_tensor(struct sai_tensor_list *list, const char *prefix, const char *name, const char *dtype, uint64_t rows,
                   uint64_t columns, const void *data)
{
    struct sai_tensor t = {.rank = rows ? 2 : 1, .data = data};
    t.name = sai_arena_printf(&list->names, "%s%s", prefix, name);
    if (!t.name || !SAI_GROW(list->items, list->capacity, list->n + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memcpy(t.dtype, dtype, strlen(dtype) + 1);
    t.shape[0] = rows ? rows : columns;
    t.shape[1] = rows ? columns : 0;
    t.n = (rows ? rows : 1) * columns;
    t.n_bytes = (size_t)t.n * sai_dtype_size(dtype);
    list->items[list->n++] = t;
    return SELECTAI_OK;
}

int sai_put_network(struct sai_tensor_list *list, const char *prefix, const struct sai_mlp *mlp)
{
    const float *p = mlp->parameters;
    char name[NAME_SIZE];
    int rc = SELECTAI_OK;
    for (uint32_t i = 1; i < mlp->n_widths && rc == SELECTAI_OK; i++) {
        uint32_t in = mlp->widths[i - 1], width = mlp->widths[i];
        snprintf(name, sizeof name, "layers.%u.weight", i - 1);
        rc = sai_put_tensor(list, prefix, name, "F32", width, in, p);
        p += (size_t)in * width;
        snprintf(name, sizeof name, "layers.%u.bias", i - 1);
        if (rc == SELECTAI_OK)
            rc = sai_put_tensor(list, prefix, name, "F32", 0, width, p);
        p += width;
    }
    return rc;
}

int sai_put_standardiser(struct sai_tensor_list *list, const char *prefix, const struct sai_standardiser *s)
{
    int rc = sai_put_tensor(list, prefix, "standardise.mean", "F32", 0, s->n, s->mean);
    return rc == SELECTAI_OK ? sai_put_tensor(list, prefix, "standardise.scale", "F32", 0, s->n, s->scale) : rc;
}

int sai_bad_model(const char *path, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: damaged model: %s; copy or train it again", path, what);
}

int sai_get_number(double *out, const struct sai_safetensors *file, const char *key, double low, double high,
                   const char *path)
{
    if (sai_number_parse(out, sai_safetensors_text(file, key, "")) && *out >= low && *out <= high)
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: damaged model: \"%s\" is no number from %g to %g; copy or train it again",
                    path, key, low, high);
}

int sai_get_widths(uint32_t widths[SAI_MLP_MAX_WIDTHS], uint32_t *n_widths, const char *text, const char *path)
{
    uint32_t n = 0, value = 0, digits = 0;
    for (const char *p = text;; p++) {
        if (*p >= '0' && *p <= '9' && digits < 6) {
            value = value * 10 + (uint32_t)(*p - '0');
            digits++;
            continue;
        }
        if ((*p != '-' && *p != '\0') || digits == 0 || n == SAI_MLP_MAX_WIDTHS)
            return sai_bad_model(path, "an architecture is no list of widths");
        widths[n++] = value;
        value = digits = 0;
        if (*p == '\0')
            break;
    }
    *n_widths = n;
    return SELECTAI_OK;
}

/* The tensor, if it is of exactly that shape: a matrix of rows x columns, or, if rows is 0, a vector. */
static const struct sai_tensor *find(const struct sai_safetensors *file, const char *name, const char *dtype,
                                     uint64_t rows, uint64_t columns)
{
    const struct sai_tensor *t = sai_safetensors_find(file, name);
    uint64_t n = rows ? rows * columns : columns; /* both at most 65536 */
    bool fits = t && strcmp(t->dtype, dtype) == 0 && t->rank == (rows ? 2u : 1u) &&
                t->shape[0] == (rows ? rows : columns) && t->n == n;
    return fits ? t : NULL;
}

static int missing(const char *path, const char *name, const char *dtype)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT,
                    "%s: damaged model: tensor %s is missing or not %s of the shape that its architecture says; "
                    "copy or train it again",
                    path, name, dtype);
}

static int not_finite(const char *path, const char *name)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT,
                    "%s: damaged model: tensor %s holds values that are no numbers; copy or train it again", path,
                    name);
}

int sai_get_floats(float *out, const struct sai_safetensors *file, const char *name, uint64_t rows, uint64_t columns,
                   const char *path)
{
    const struct sai_tensor *t = find(file, name, "F32", rows, columns);
    if (!t)
        return missing(path, name, "F32");
    memcpy(out, t->data, t->n_bytes);
    for (uint64_t i = 0; i < t->n; i++)
        if (!isfinite(out[i]))
            return not_finite(path, name);
    return SELECTAI_OK;
}

int sai_get_doubles(double *out, const struct sai_safetensors *file, const char *name, uint64_t rows, uint64_t columns,
                    const char *path)
{
    const struct sai_tensor *t = find(file, name, "F64", rows, columns);
    if (!t)
        return missing(path, name, "F64");
    memcpy(out, t->data, t->n_bytes);
    for (uint64_t i = 0; i < t->n; i++)
        if (!isfinite(out[i]))
            return not_finite(path, name);
    return SELECTAI_OK;
}

static int read_parameters(float *at, const struct sai_safetensors *file, const char *prefix, const uint32_t *widths,
                           uint32_t n_widths, const char *path)
{
    char name[NAME_SIZE];
    int rc = SELECTAI_OK;
    for (uint32_t i = 1; i < n_widths && rc == SELECTAI_OK; i++) {
        snprintf(name, sizeof name, "%slayers.%u.weight", prefix, i - 1);
        rc = sai_get_floats(at, file, name, widths[i], widths[i - 1], path);
        at += (size_t)widths[i] * widths[i - 1];
        if (rc == SELECTAI_OK) {
            snprintf(name, sizeof name, "%slayers.%u.bias", prefix, i - 1);
            rc = sai_get_floats(at, file, name, 0, widths[i], path);
            at += widths[i];
        }
    }
    return rc;
}

int sai_get_network(struct sai_mlp **out, const struct sai_safetensors *file, const char *prefix,
                    const char *architecture, int32_t output, const char *path)
{
    uint32_t widths[SAI_MLP_MAX_WIDTHS] = {0}, n_widths = 0;
    size_t n_parameters;
    char name[NAME_SIZE];
    int rc = sai_get_widths(widths, &n_widths, architecture, path);
    if (rc != SELECTAI_OK)
        return rc;
    if (!sai_mlp_count(&n_parameters, widths, n_widths))
        return sai_bad_model(path, "\"architecture\" is impossible");
    for (uint32_t i = 1; i < n_widths; i++) {
        snprintf(name, sizeof name, "%slayers.%u.weight", prefix, i - 1);
        const struct sai_tensor *t = sai_safetensors_find(file, name);
        if (!t || t->n != (uint64_t)widths[i - 1] * widths[i])
            return sai_bad_model(path, "a layer's weights are missing or of another size");
    }
    float *p = sai_malloc_array(n_parameters, sizeof *p);
    if (!p)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    rc = read_parameters(p, file, prefix, widths, n_widths, path);
    if (rc == SELECTAI_OK)
        rc = sai_mlp_create(out, widths, n_widths, output, p);
    sai_free(p);
    return rc;
}

int sai_get_standardiser(struct sai_standardiser *out, const struct sai_safetensors *file, const char *prefix,
                         uint32_t n, float clip, const char *path)
{
    char name[NAME_SIZE];
    float *mean = sai_malloc_array(n, sizeof *mean), *scale = sai_malloc_array(n, sizeof *scale);
    int rc = mean && scale ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    snprintf(name, sizeof name, "%sstandardise.mean", prefix);
    if (rc == SELECTAI_OK)
        rc = sai_get_floats(mean, file, name, 0, n, path);
    snprintf(name, sizeof name, "%sstandardise.scale", prefix);
    if (rc == SELECTAI_OK)
        rc = sai_get_floats(scale, file, name, 0, n, path);
    if (rc == SELECTAI_OK)
        rc = sai_standardiser_copy(out, n, mean, scale, clip);
    sai_free(mean);
    sai_free(scale);
    return rc;
}
