/*
 * learn/model.c: models in memory.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/model_cropper.h"
#include "learn/model_ranker.h"

int sai_model_create(struct sai_model **out, const char *kind)
{
    struct sai_model *model = sai_calloc(1, sizeof *model);
    if (!model)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    model->kind = kind;
    model->temperature = 1.0;
    model->blend = SAI_BLEND_PLAIN;
    model->constant = (struct selectai_box){NAN, NAN, NAN, NAN};
    model->info = json_object();
    if (!model->info) {
        sai_model_destroy(&model);
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata");
    }
    *out = model;
    return SELECTAI_OK;
}

void sai_model_destroy(struct sai_model **model)
{
    if (!model || !*model)
        return;
    struct sai_model *m = *model;
    sai_mlp_destroy(&m->mlp);
    for (uint32_t i = 0; i < m->n_others; i++)
        sai_mlp_destroy(&m->others[i]);
    sai_free(m->others);
    sai_kernel_destroy(&m->kernel);
    sai_mlp_destroy(&m->recogniser);
    sai_mlp_destroy(&m->keep);
    sai_standardiser_free(&m->keep_standardiser);
    sai_prior_free(&m->prior);
    sai_standardiser_free(&m->standardiser);
    sai_crop_head_free(&m->head);
    sai_free(m->encoder_id);
    sai_free(m->seen);
    json_decref(m->info);
    sai_free(m);
    *model = NULL;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int sai_model_set_seen(struct sai_model *model, const uint64_t *keys, size_t n)
{
    uint64_t *copy = sai_malloc_array(n, sizeof *copy);
    size_t kept = 0;
    if (!copy)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (n > 0)
        memcpy(copy, keys, n * sizeof *copy);
    qsort(copy, n, sizeof *copy, by_value);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || copy[kept - 1] != copy[i])
            copy[kept++] = copy[i];
    sai_free(model->seen);
    model->seen = copy;
    model->n_seen = kept;
    return SELECTAI_OK;
}

bool sai_model_has_seen(const struct sai_model *model, uint64_t key)
{
    return model->n_seen > 0 && bsearch(&key, model->seen, model->n_seen, sizeof key, by_value) != NULL;
}

void sai_model_prepare_vectors(const struct sai_model *model, float *x, size_t n)
{
    if (model->form.vectors != SAI_VECTORS_UNIT)
        return;
    for (size_t i = 0; i < n; i++, x += model->dim) {
        double square = 0.0;
        for (uint32_t j = 0; j < model->dim; j++)
            square += (double)x[j] * (double)x[j];
        for (uint32_t j = 0; j < model->dim && square > 0.0; j++)
            x[j] = (float)((double)x[j] / sqrt(square));
    }
}

uint32_t sai_model_inputs(const struct sai_model *model)
{
    bool cropper = strcmp(model->kind, SAI_KIND_CROPPER) == 0;
    return model->dim + (cropper ? model->head.n_columns + SAI_CROPPER_EXTRA : 0);
}

int sai_model_architecture(char **out, const struct sai_mlp *mlp)
{
    struct sai_text text = {0};
    if (mlp)
        sai_put_architecture(&text, mlp);
    else
        sai_text_puts(&text, "none");
    return sai_text_finish(&text, out);
}

/* What the file's metadata says, typed, in the order in which a reader wants it. */
static json_t *describe(const struct sai_model *m, const char *architecture)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "format", "selectai-model", "kind", m->kind, "architecture",
                          architecture, "output", m->mlp && m->mlp->output == SAI_MLP_SIGMOID ? "sigmoid" : "linear",
                          "encoder_id", m->encoder_id, "dim", (json_int_t)m->dim);
    double clip = (double)m->standardiser.clip;
    int bad = !o || json_object_set_new(o, "clip", isfinite(clip) ? json_real(clip) : json_null());
    bad = bad || !sai_form_write(o, m);
    bool ranker = strcmp(m->kind, SAI_KIND_RANKER) == 0;
    bad = bad || (ranker ? sai_ranker_describe(o, m) : sai_cropper_describe(o, m));
    bad = bad || json_object_set_new(o, "seen_images", json_integer((json_int_t)m->n_seen));
    json_t *info = json_deep_copy(m->info);
    bad = bad || !info || json_object_update_missing(o, info);
    json_decref(info);
    if (!bad)
        return o;
    json_decref(o);
    return NULL;
}

int sai_model_metadata_json(char **out, const struct sai_model *model)
{
    char *architecture = NULL;
    int rc = sai_model_architecture(&architecture, model->mlp);
    if (rc != SELECTAI_OK)
        return rc;
    json_t *object = describe(model, architecture);
    rc = object ? sai_json_dump(out, object)
                : SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata");
    json_decref(object);
    sai_free(architecture);
    return rc;
}
