/*
 * learn/model_cropper.c: what only croppers have in their files (docs/formats.md).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "learn/crop_loss.h"
#include "learn/model_cropper.h"

_Static_assert(sizeof(struct sai_crop_deviation) == 4 * sizeof(double), "deviations are stored as they lie");
_Static_assert(sizeof(struct sai_crop_size) == 6 * sizeof(double), "sizes are stored as they lie");

static const char *const keys[] = {"one_box", "iou_shift", "iou_scale", "iou_widen", "layout_encoder_id", "layout_dim"};

bool sai_cropper_owns(const char *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

uint32_t sai_cropper_outputs(const struct sai_model *m)
{
    return m->form.box == SAI_BOX_CHANCES ? SAI_CROP_OUTPUTS : m->form.box == SAI_BOX_CORNERS ? 4u : 3u;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static bool set_text(json_t *metadata, const char *key, const char *text)
{
    return json_object_set_new(metadata, key, json_string(text)) == 0;
}

static bool set_number(json_t *metadata, const char *key, double value)
{
    char text[SAI_NUMBER_SIZE];
    sai_number_format(text, value);
    return set_text(metadata, key, text);
}

static bool set_constant_box(json_t *metadata, const struct sai_model *m)
{
    const double edges[4] = {m->constant.x1, m->constant.y1, m->constant.x2, m->constant.y2};
    struct sai_text text = {0};
    for (int i = 0; i < 4; i++) {
        sai_text_puts(&text, i ? "," : "[");
        sai_text_json_number(&text, edges[i]);
    }
    sai_text_puts(&text, "]");
    bool ok = !text.failed && set_text(metadata, "constant_box", isnan(edges[0]) ? "null" : text.data);
    sai_text_free(&text);
    return ok;
}

bool sai_cropper_set_metadata(json_t *metadata, const struct sai_model *m)
{
    const struct sai_crop_head *h = &m->head;
    bool ok = set_number(metadata, "snap", m->snap) && set_constant_box(metadata, m);
    if (m->form.box != SAI_BOX_CHANCES)
        return ok;
    ok = ok && set_number(metadata, "one_box", h->one_box ? 1.0 : 0.0);
    ok = ok && set_number(metadata, "iou_shift", h->level[0]) && set_number(metadata, "iou_scale", h->level[1]) &&
         set_number(metadata, "iou_widen", h->widen);
    if (!h->layout_id)
        return ok;
    return ok && set_text(metadata, "layout_encoder_id", h->layout_id) &&
           set_number(metadata, "layout_dim", (double)h->layout_dim);
}

int sai_cropper_put(struct sai_tensor_list *list, const struct sai_model *m)
{
    const struct sai_crop_head *h = &m->head;
    int rc = SELECTAI_OK;
    if (h->n_deviations > 0)
        rc = sai_put_tensor(list, "", "deviations", "F64", h->n_deviations, 4, h->deviations);
    if (rc == SELECTAI_OK && h->n_sizes > 0)
        rc = sai_put_tensor(list, "", "sizes", "F64", h->n_sizes, 6, h->sizes);
    if (rc == SELECTAI_OK && h->n_columns > 0)
        rc = sai_put_tensor(list, "", "layout_columns", "I64", 0, h->n_columns, h->columns);
    return rc;
}

int sai_cropper_describe(json_t *o, const struct sai_model *m)
{
    const struct selectai_box *c = &m->constant;
    const struct sai_crop_head *h = &m->head;
    json_t *box = isnan(c->x1) ? json_null() : json_pack("[f,f,f,f]", c->x1, c->y1, c->x2, c->y2);
    int bad = json_object_set_new(o, "constant_box", box) || json_object_set_new(o, "snap", json_real(m->snap));
    if (bad || m->form.box != SAI_BOX_CHANCES)
        return bad;
    bad = json_object_set_new(o, "one_box", json_boolean(h->one_box)) ||
          json_object_set_new(o, "iou_shift", json_real(h->level[0])) ||
          json_object_set_new(o, "iou_scale", json_real(h->level[1])) ||
          json_object_set_new(o, "iou_widen", json_real(h->widen)) ||
          json_object_set_new(o, "deviations", json_integer((json_int_t)h->n_deviations)) ||
          json_object_set_new(o, "sizes", json_integer((json_int_t)h->n_sizes));
    if (bad || !h->layout_id)
        return bad;
    return json_object_set_new(o, "layout_encoder_id", json_string(h->layout_id)) ||
           json_object_set_new(o, "layout_dim", json_integer((json_int_t)h->layout_dim)) ||
           json_object_set_new(o, "layout_inputs", json_integer((json_int_t)h->n_columns));
}

/* ---- Reading --------------------------------------------------------------------------------- */

int sai_cropper_get_constant(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const char *text = sai_safetensors_text(file, "constant_box", "null");
    double *edges[4] = {&m->constant.x1, &m->constant.y1, &m->constant.x2, &m->constant.y2};
    json_t *box = NULL;
    int rc = sai_json_parse(&box, text, strlen(text), path, 0);
    if (rc == SELECTAI_OK && !json_is_null(box)) {
        if (!json_is_array(box) || json_array_size(box) != 4)
            rc = sai_bad_model(path, "\"constant_box\" is no list of four numbers");
        for (size_t i = 0; i < 4 && rc == SELECTAI_OK; i++) {
            const json_t *edge = json_array_get(box, i);
            *edges[i] = json_number_value(edge);
            if (!json_is_number(edge) || *edges[i] < 0.0 || *edges[i] > 1.0)
                rc = sai_bad_model(path, "\"constant_box\" leaves the image");
        }
    }
    json_decref(box);
    const struct selectai_box *c = &m->constant;
    if (rc == SELECTAI_OK && m->head.one_box && !(c->x2 > c->x1 && c->x2 - c->x1 == c->y2 - c->y1))
        rc = sai_bad_model(path,
                           "\"constant_box\", which is proposed for all images, does not keep their aspect ratio");
    return rc;
}

/* A table of F64 rows into *out, which the caller frees; one that is not there is empty. */
static int get_table(double **out, uint32_t *n, const struct sai_safetensors *file, const char *name, uint32_t columns,
                     uint32_t most, const char *path)
{
    const struct sai_tensor *t = sai_safetensors_find(file, name);
    if (!t)
        return SELECTAI_OK;
    if (t->rank != 2 || t->shape[0] < 1 || t->shape[0] > most)
        return sai_bad_model(path, "a table of the cropper has too many rows, or none");
    *n = (uint32_t)t->shape[0];
    *out = sai_calloc(*n, columns * sizeof **out);
    return *out ? sai_get_doubles(*out, file, name, *n, columns, path) : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int check_tables(const struct sai_crop_head *h, const char *path)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < h->n_deviations; i++) {
        for (int k = 0; k < 3; k++)
            if (fabs(h->deviations[i].by[k]) > 1.0)
                return sai_bad_model(path, "a deviation is larger than the image");
        if (h->deviations[i].weight < 0.0)
            return sai_bad_model(path, "a deviation's share is negative");
        sum += h->deviations[i].weight;
    }
    if (h->n_deviations > 0 && fabs(sum - 1.0) > 1e-6)
        return sai_bad_model(path, "the shares of the deviations do not add up to 1");
    for (uint32_t i = 0; i < h->n_sizes; i++) {
        const struct selectai_box *b = &h->sizes[i].box;
        if (b->x1 < 0.0 || b->y1 < 0.0 || b->x2 > 1.0 || b->y2 > 1.0)
            return sai_bad_model(path, "a size's box leaves the image");
    }
    return SELECTAI_OK;
}

static int get_layout(struct sai_crop_head *h, const struct sai_safetensors *file, const char *path)
{
    const char *id = sai_safetensors_text(file, "layout_encoder_id", NULL);
    const struct sai_tensor *t = sai_safetensors_find(file, "layout_columns");
    double dim = 0.0;
    if (!id && !t)
        return SELECTAI_OK;
    if (!id || !*id || strlen(id) > SAI_MAX_ENCODER_ID || !t || strcmp(t->dtype, "I64") != 0 || t->rank != 1)
        return sai_bad_model(path, "it does not tell which numbers of which second encoder it sees");
    int rc = sai_get_number(&dim, file, "layout_dim", 1.0, (double)SAI_MLP_MAX_WIDTH, path);
    if (rc != SELECTAI_OK)
        return rc;
    if (t->n < 1 || (double)t->n > dim || dim != floor(dim))
        return sai_bad_model(path, "tensor layout_columns is empty or too long");
    h->layout_dim = (uint32_t)dim;
    h->n_columns = (uint32_t)t->n;
    h->layout_id = sai_strdup(id);
    h->columns = sai_malloc_array(h->n_columns, sizeof *h->columns);
    if (!h->layout_id || !h->columns)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memcpy(h->columns, t->data, t->n_bytes);
    for (uint32_t i = 0; i < h->n_columns; i++)
        if (h->columns[i] < (i ? h->columns[i - 1] + 1 : 0) || h->columns[i] >= (int64_t)h->layout_dim)
            return sai_bad_model(path, "tensor layout_columns is not in order");
    return SELECTAI_OK;
}

int sai_cropper_get(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    struct sai_crop_head *h = &m->head;
    double *deviations = NULL, *sizes = NULL, one_box = 0.0;
    int rc = sai_get_number(&h->level[0], file, "iou_shift", -1.0, 1.0, path);
    if (rc == SELECTAI_OK)
        rc = sai_get_number(&one_box, file, "one_box", 0.0, 1.0, path);
    h->one_box = one_box == 1.0;
    if (rc == SELECTAI_OK)
        rc = sai_get_number(&h->level[1], file, "iou_scale", 0.0, 1.0, path);
    if (rc == SELECTAI_OK)
        rc = sai_get_number(&h->widen, file, "iou_widen", -1.0, 1.0, path);
    if (rc == SELECTAI_OK)
        rc = get_table(&deviations, &h->n_deviations, file, "deviations", 4, SAI_CROP_MAX_DEVIATIONS, path);
    if (rc == SELECTAI_OK)
        rc = get_table(&sizes, &h->n_sizes, file, "sizes", 6, SAI_CROP_MAX_SIZES, path);
    h->deviations = (void *)deviations;
    h->sizes = (void *)sizes;
    if (rc == SELECTAI_OK)
        rc = check_tables(h, path);
    return rc == SELECTAI_OK ? get_layout(h, file, path) : rc;
}
