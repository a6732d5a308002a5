/*
 * learn/model_write.c: saving models as safetensors files (docs/formats.md).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "learn/model_cropper.h"
#include "learn/model_ranker.h"

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

static bool set_structure(json_t *metadata, const struct sai_model *m, const char *architecture)
{
    bool ok = set_text(metadata, "format", SAI_MODEL_FORMAT) &&
              set_text(metadata, "format_version",
                       m->recogniser              ? SAI_MODEL_FORMAT_LOOKS
                       : sai_ranker_has_kernel(m) ? SAI_MODEL_FORMAT_KERNEL
                                                  : SAI_MODEL_FORMAT_VERSION) &&
              set_text(metadata, "kind", m->kind) && set_text(metadata, "architecture", architecture) &&
              set_text(metadata, "output", m->mlp && m->mlp->output == SAI_MLP_SIGMOID ? "sigmoid" : "linear") &&
              set_text(metadata, "encoder_id", m->encoder_id) && set_number(metadata, "dim", (double)m->dim) &&
              (isfinite(m->standardiser.clip) ? set_number(metadata, "clip", (double)m->standardiser.clip)
                                              : set_text(metadata, "clip", SAI_NO_CLIP)) &&
              sai_form_write(metadata, m);
    if (strcmp(m->kind, SAI_KIND_RANKER) == 0)
        return ok && set_number(metadata, "temperature", m->temperature) && sai_ranker_set_metadata(metadata, m);
    return ok && sai_cropper_set_metadata(metadata, m);
}

static bool set_info(json_t *metadata, const struct sai_model *m)
{
    const char *key;
    json_t *value;
    json_object_foreach(m->info, key, value)
    {
        char *text = NULL;
        if (json_is_string(value)) {
            if (!set_text(metadata, key, json_string_value(value)))
                return false;
            continue;
        }
        bool ok = sai_json_dump(&text, value) == SELECTAI_OK && set_text(metadata, key, text);
        sai_free(text);
        if (!ok)
            return false;
    }
    return true;
}

static int make_metadata(json_t **out, const struct sai_model *m)
{
    char *architecture = NULL;
    int rc = sai_model_architecture(&architecture, m->mlp);
    if (rc != SELECTAI_OK)
        return rc;
    json_t *metadata = json_object();
    bool ok = metadata && set_structure(metadata, m, architecture) && set_info(metadata, m);
    sai_free(architecture);
    if (ok) {
        *out = metadata;
        return SELECTAI_OK;
    }
    json_decref(metadata);
    return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata");
}

static int list_tensors(struct sai_tensor_list *list, const struct sai_model *m)
{
    int rc = m->mlp ? sai_put_network(list, "", m->mlp) : SELECTAI_OK;
    if (rc == SELECTAI_OK && m->mlp)
        rc = sai_put_standardiser(list, "", &m->standardiser);
    if (rc == SELECTAI_OK)
        rc = sai_put_tensor(list, "", "seen", "I64", 0, m->n_seen, m->seen);
    if (rc == SELECTAI_OK && strcmp(m->kind, SAI_KIND_RANKER) == 0)
        rc = sai_ranker_put(list, m);
    if (rc == SELECTAI_OK && m->form.box == SAI_BOX_CHANCES)
        rc = sai_cropper_put(list, m);
    return rc;
}

int sai_model_save(const struct sai_model *m, const char *path)
{
    struct sai_tensor_list list = {0};
    json_t *metadata = NULL;
    int rc = list_tensors(&list, m);
    if (rc == SELECTAI_OK)
        rc = make_metadata(&metadata, m);
    if (rc == SELECTAI_OK)
        rc = sai_safetensors_write(path, list.items, list.n, metadata);
    json_decref(metadata);
    sai_tensor_list_free(&list);
    return rc;
}
