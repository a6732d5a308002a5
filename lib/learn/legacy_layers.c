/*
 * learn/legacy_layers.c: the chain of Linear layers in a weights file that is no model of ours.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "learn/legacy_layers.h"

#define NO_NUMBER  UINT32_MAX
#define MAX_DIGITS 6u

/* ---- Names ----------------------------------------------------------------------------------- */

/* "net.0.weight" -> "net.0"; "weight" -> "". false: it is called otherwise. */
static bool strip(size_t *length, const char *name, const char *what)
{
    size_t n = strlen(name), k = strlen(what);
    if (n < k || strcmp(name + n - k, what) != 0 || (n > k && name[n - k - 1] != '.'))
        return false;
    *length = n > k ? n - k - 1 : 0;
    return true;
}

static void read_number(struct sai_legacy_layer *layer)
{
    size_t first = layer->length;
    while (first > 0 && layer->name[first - 1] >= '0' && layer->name[first - 1] <= '9')
        first--;
    layer->prefix = layer->length;
    layer->number = NO_NUMBER;
    if (first == layer->length || layer->length - first > MAX_DIGITS)
        return;
    layer->prefix = first;
    layer->number = 0;
    for (size_t i = first; i < layer->length; i++)
        layer->number = layer->number * 10 + (uint32_t)(layer->name[i] - '0');
}

/* Numbered by its place in a torch.nn.Sequential ("net.3", "3"), not by hand ("fc1"). */
static bool is_place(const struct sai_legacy_layer *layer)
{
    return layer->number != NO_NUMBER && (layer->prefix == 0 || layer->name[layer->prefix - 1] == '.');
}

/* The module that holds the layers: "net" of "net.3" and of "module.net.3". */
static bool lies_in(const struct sai_legacy_layer *layer, const char *module)
{
    size_t k = strlen(module), n = layer->prefix;
    if (!is_place(layer) || n < k + 1 || memcmp(layer->name + n - 1 - k, module, k) != 0)
        return false;
    return n == k + 1 || layer->name[n - k - 2] == '.';
}

/* ---- Collecting ------------------------------------------------------------------------------ */

static struct sai_legacy_layer *layer_of(struct sai_legacy_layers *l, const char *name, size_t length)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (l->items[i].length == length && memcmp(l->items[i].name, name, length) == 0)
            return &l->items[i];
    if (l->n == SAI_LEGACY_MAX_LAYERS)
        return NULL;
    struct sai_legacy_layer *layer = &l->items[l->n++];
    *layer = (struct sai_legacy_layer){.name = name, .length = length};
    read_number(layer);
    return layer;
}

static int take(struct sai_legacy_layers *l, const struct sai_tensor *t, const char *path)
{
    size_t length = 0;
    bool weight = t->rank == 2 && strip(&length, t->name, "weight");
    bool bias = !weight && t->rank == 1 && strip(&length, t->name, "bias");
    struct sai_legacy_layer *layer = weight || bias ? layer_of(l, t->name, length) : NULL;
    if (!layer)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "%s: no ranker or cropper of a known form: tensor %s is neither the weight nor the bias of one "
                        "of up to %u Linear layers",
                        path, t->name, SAI_LEGACY_MAX_LAYERS);
    if (weight)
        layer->weight = t;
    else
        layer->bias = t;
    return SELECTAI_OK;
}

static int by_number(const void *a, const void *b)
{
    const struct sai_legacy_layer *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static int check_pair(const struct sai_legacy_layer *layer, const char *path)
{
    const struct sai_tensor *w = layer->weight, *b = layer->bias;
    if (!w || !b)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: the layer of tensor %s has no %s: the file is damaged or incomplete",
                        path, w ? w->name : b->name, w ? "bias" : "weight");
    for (uint32_t k = 0; k < 2; k++)
        if (w->shape[k] == 0 || w->shape[k] > SAI_MLP_MAX_WIDTH)
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s: a layer has 1 to %u inputs and outputs", path, w->name,
                            SAI_MLP_MAX_WIDTH);
    if (b->shape[0] != w->shape[0])
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: tensor %s has %llu numbers, but %s makes %llu", path, b->name,
                        (unsigned long long)b->shape[0], w->name, (unsigned long long)w->shape[0]);
    return SELECTAI_OK;
}

/* All of one module, each with a number of its own, the first among them. */
static int check_numbers(const struct sai_legacy_layers *l, const char *path)
{
    const struct sai_legacy_layer *first = &l->items[0];
    for (uint32_t i = 0; i < l->n && l->n > 1; i++) {
        const struct sai_legacy_layer *layer = &l->items[i];
        bool same = layer->number != NO_NUMBER && layer->prefix == first->prefix &&
                    memcmp(layer->name, first->name, first->prefix) == 0;
        if (!same || (i > 0 && layer->number == layer[-1].number))
            return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                            "%s: no ranker or cropper of a known form: the order of its layers is not known, because "
                            "%.*s and %.*s are not numbered alike",
                            path, (int)first->length, first->name, (int)layer->length, layer->name);
    }
    uint32_t lowest = is_place(first) ? 0 : 1;
    if (first->number != NO_NUMBER && first->number > lowest && (l->n > 1 || is_place(first)))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: its first layer is %.*s: one before it is missing", path,
                        (int)first->length, first->name);
    return SELECTAI_OK;
}

static int check_chain(struct sai_legacy_layers *l, const char *path)
{
    l->widths[0] = (uint32_t)l->items[0].weight->shape[1];
    for (uint32_t i = 0; i < l->n; i++) {
        const struct sai_tensor *w = l->items[i].weight;
        if (w->shape[1] != l->widths[i])
            return SAI_FAIL(SELECTAI_ERR_FORMAT,
                            "%s: tensor %s takes %llu numbers, but the layer before makes %u: a layer is missing, or "
                            "the shapes are wrong",
                            path, w->name, (unsigned long long)w->shape[1], l->widths[i]);
        l->widths[i + 1] = (uint32_t)w->shape[0];
    }
    return SELECTAI_OK;
}

int sai_legacy_layers_find(struct sai_legacy_layers *out, const struct sai_weights_file *file, const char *path)
{
    int rc = SELECTAI_OK;
    *out = (struct sai_legacy_layers){0};
    for (size_t i = 0; i < file->n_tensors && rc == SELECTAI_OK; i++)
        rc = take(out, &file->tensors[i], path);
    if (rc == SELECTAI_OK && out->n == 0)
        rc = SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: no tensors in it", path);
    for (uint32_t i = 0; i < out->n && rc == SELECTAI_OK; i++)
        rc = check_pair(&out->items[i], path);
    if (rc != SELECTAI_OK)
        return rc;
    qsort(out->items, out->n, sizeof *out->items, by_number);
    rc = check_numbers(out, path);
    return rc == SELECTAI_OK ? check_chain(out, path) : rc;
}

/* ---- What stands between them ---------------------------------------------------------------- */

/* Places that are free between two layers hold modules without weights: an activation, dropout. */
static void measure_gaps(uint32_t *smallest, uint32_t *largest, const struct sai_legacy_layers *l)
{
    *smallest = UINT32_MAX;
    *largest = 0;
    for (uint32_t i = 1; i < l->n; i++) {
        uint32_t gap = l->items[i].number - l->items[i - 1].number;
        *smallest = gap < *smallest ? gap : *smallest;
        *largest = gap > *largest ? gap : *largest;
    }
}

/* ViT vector -> 1024-128-64-16-1 in "layers", dropout but no activation between them. */
static bool is_improved_aesthetic(const struct sai_legacy_layers *l)
{
    static const uint32_t widths[] = {1024, 128, 64, 16, 1};
    uint32_t smallest, largest;
    measure_gaps(&smallest, &largest, l);
    return l->n == 5 && memcmp(l->widths + 1, widths, sizeof widths) == 0 && lies_in(&l->items[0], "layers") &&
           largest <= 2;
}

const char *sai_legacy_hidden(int32_t *hidden, const struct sai_legacy_layers *l)
{
    uint32_t smallest, largest;
    *hidden = SAI_MLP_NO_HIDDEN;
    if (l->n == 1)
        return "a single layer";
    if (is_improved_aesthetic(l))
        return "the names of improved-aesthetic-predictor";
    measure_gaps(&smallest, &largest, l);
    *hidden = SAI_MLP_RELU;
    if (!is_place(&l->items[0]) || smallest < 2)
        return NULL;
    if (lies_in(&l->items[0], "net"))
        return "the names of the first attempt";
    return largest >= 3 ? "two places between layers: an activation and dropout" : NULL;
}

bool sai_legacy_is_laion(const struct sai_legacy_layers *l)
{
    return (l->n == 1 && l->items[0].length == 0) || is_improved_aesthetic(l);
}
