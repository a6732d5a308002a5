/*
 * learn/model_read.c: loading models from safetensors files (docs/formats.md) that may be damaged or hostile.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/weights_file.h"
#include "learn/model_cropper.h"
#include "learn/model_ranker.h"
#include "learn/model_legacy.h"

#define NAME_SIZE 32

/* Metadata whose text is JSON; everything else that describes is plain text. */
static bool is_json(const char *key)
{
    static const char *const keys[] = {"counts", "metrics", "options"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* Metadata that has a place of its own in struct sai_model. */
static bool is_structural(const char *key)
{
    static const char *const keys[] = {"format",      "format_version", "kind",        "architecture",
                                       "output",      "encoder_id",     "dim",         "clip",
                                       "temperature", "snap",           "constant_box"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return sai_form_owns(key) || sai_ranker_owns(key) || sai_cropper_owns(key);
}

static const char *version(const struct sai_safetensors *file)
{
    return sai_safetensors_text(file, "format_version", "?");
}

/* Before ensembles, priors and keep networks. */
static bool is_first_version(const struct sai_safetensors *file)
{
    return strcmp(version(file), SAI_MODEL_FORMAT_FIRST) == 0;
}

bool sai_model_knows_version(const char *text)
{
    return strcmp(text, SAI_MODEL_FORMAT_FIRST) == 0 || strcmp(text, SAI_MODEL_FORMAT_VERSION) == 0 ||
           strcmp(text, SAI_MODEL_FORMAT_KERNEL) == 0 || strcmp(text, SAI_MODEL_FORMAT_LOOKS) == 0;
}

static int check_kind(const struct sai_safetensors *file, const char *kind, const char *path)
{
    const char *found = sai_safetensors_text(file, "kind", "");
    if (strcmp(sai_safetensors_text(file, "format", ""), SAI_MODEL_FORMAT) != 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT,
                        "%s: a safetensors file, but no model of selectai: give the file that "
                        "training wrote",
                        path);
    if (!sai_model_knows_version(version(file)))
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "%s: model format %.16s, this library reads 1 to %s: use a newer library", path, version(file),
                        SAI_MODEL_FORMAT_LOOKS);
    if (strcmp(found, kind) != 0)
        return SAI_FAIL(SELECTAI_ERR_MISMATCH, "%s: is a %.16s, a %s is needed", path, *found ? found : "model", kind);
    return SELECTAI_OK;
}

static int read_network(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const char *output = sai_safetensors_text(file, "output", "");
    const char *architecture = sai_safetensors_text(file, "architecture", "");
    if (strcmp(output, "linear") != 0 && strcmp(output, "sigmoid") != 0)
        return sai_bad_model(path, "\"output\" is neither linear nor sigmoid");
    if (strcmp(architecture, "none") == 0 && strcmp(m->kind, SAI_KIND_RANKER) == 0)
        return SELECTAI_OK; /* the prior alone */
    return sai_get_network(&m->mlp, file, "", architecture, strcmp(output, "sigmoid") == 0, path);
}

static int read_standardiser(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    double clip = INFINITY;
    bool clips = strcmp(sai_safetensors_text(file, "clip", ""), SAI_NO_CLIP) != 0;
    if (!m->mlp)
        return SELECTAI_OK;
    int rc = clips ? sai_get_number(&clip, file, "clip", 1e-3, 1e6, path) : SELECTAI_OK;
    return rc == SELECTAI_OK ? sai_get_standardiser(&m->standardiser, file, "", m->mlp->widths[0], (float)clip, path)
                             : rc;
}

static int read_seen(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const struct sai_tensor *t = sai_safetensors_find(file, "seen");
    if (!t || strcmp(t->dtype, "I64") != 0 || t->rank != 1)
        return sai_bad_model(path, "tensor seen is missing or not I64");
    m->n_seen = (size_t)t->n;
    m->seen = sai_malloc_array(m->n_seen, sizeof *m->seen);
    if (!m->seen)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memcpy(m->seen, t->data, t->n_bytes);
    for (size_t i = 1; i < m->n_seen; i++)
        if (m->seen[i - 1] >= m->seen[i])
            return sai_bad_model(path, "tensor seen is not in order");
    return SELECTAI_OK;
}

/* The rest: texts as they are, JSON as values. */
static int read_info(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const char *key;
    json_t *text;
    json_object_foreach(file->metadata, key, text)
    {
        json_t *value = NULL;
        if (is_structural(key))
            continue;
        if (!json_is_string(text))
            return sai_bad_model(path, "metadata holds something that is no text");
        if (is_json(key)) {
            int rc = sai_json_parse(&value, json_string_value(text), json_string_length(text), path, 0);
            if (rc != SELECTAI_OK)
                return rc;
        } else {
            value = json_string(json_string_value(text));
        }
        if (json_object_set_new(m->info, key, value) != 0)
            return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", path);
    }
    return SELECTAI_OK;
}

/* What must hold between the parts. */
static int check_model(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    double dim = 0.0;
    bool cropper = strcmp(m->kind, SAI_KIND_CROPPER) == 0;
    int rc = sai_get_number(&dim, file, "dim", cropper ? 0.0 : 1.0, (double)SAI_MLP_MAX_WIDTH, path);
    if (rc != SELECTAI_OK)
        return rc;
    m->dim = (uint32_t)dim;
    if ((double)m->dim != dim || (m->mlp && sai_model_inputs(m) != m->mlp->widths[0]))
        return sai_bad_model(path, "\"dim\" does not fit its architecture");
    if (!m->mlp)
        return SELECTAI_OK;
    uint32_t outputs = m->mlp->widths[m->mlp->n_widths - 1];
    bool sigmoid = cropper && m->form.box != SAI_BOX_CHANCES;
    if (outputs != (cropper ? sai_cropper_outputs(m) : 1u) ||
        m->mlp->output != (sigmoid ? SAI_MLP_SIGMOID : SAI_MLP_LINEAR))
        return sai_bad_model(path, "its output is not that of its kind");
    return SELECTAI_OK;
}

static int read_model(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const char *encoder_id = sai_safetensors_text(file, "encoder_id", NULL); /* "": not known */
    int rc = read_network(m, file, path);
    if (rc == SELECTAI_OK)
        rc = sai_form_read(m, file->metadata, path);
    if (rc == SELECTAI_OK && m->form.box == SAI_BOX_CHANCES)
        rc = sai_cropper_get(m, file, path);
    if (rc == SELECTAI_OK)
        rc = check_model(m, file, path);
    if (rc == SELECTAI_OK)
        rc = read_standardiser(m, file, path);
    if (rc == SELECTAI_OK)
        rc = read_seen(m, file, path);
    if (rc == SELECTAI_OK && strcmp(m->kind, SAI_KIND_RANKER) == 0)
        rc = sai_get_number(&m->temperature, file, "temperature", 1e-6, 1e6, path);
    if (rc == SELECTAI_OK && strcmp(m->kind, SAI_KIND_RANKER) == 0)
        rc = is_first_version(file) ? sai_ranker_check_first(file, path) : sai_ranker_get(m, file, path);
    if (rc == SELECTAI_OK && strcmp(m->kind, SAI_KIND_CROPPER) == 0)
        rc = sai_get_number(&m->snap, file, "snap", 0.0, 0.499, path);
    if (rc == SELECTAI_OK && strcmp(m->kind, SAI_KIND_CROPPER) == 0)
        rc = sai_cropper_get_constant(m, file, path);
    if (rc == SELECTAI_OK)
        rc = read_info(m, file, path);
    if (rc == SELECTAI_OK && (!encoder_id || strlen(encoder_id) > SAI_MAX_ENCODER_ID))
        rc = sai_bad_model(path, "\"encoder_id\" is missing or too long");
    if (rc == SELECTAI_OK) {
        m->encoder_id = sai_strdup(encoder_id);
        rc = m->encoder_id ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return rc;
}

static int load_ours(struct sai_model **out, const struct sai_safetensors *file, const char *path, const char *kind)
{
    struct sai_model *model = NULL;
    int rc = check_kind(file, kind, path);
    if (rc == SELECTAI_OK)
        rc = sai_model_create(&model, kind);
    if (rc == SELECTAI_OK)
        rc = read_model(model, file, path);
    if (rc == SELECTAI_OK)
        *out = model;
    else
        sai_model_destroy(&model);
    return rc;
}

int sai_model_load(struct sai_model **out, const char *path, const char *kind)
{
    struct sai_weights_file file;
    int rc = sai_weights_open(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    const struct sai_legacy_facts facts = {.kind = kind};
    rc = file.torch.form ? sai_model_from_legacy(out, &file, path, &facts)
                         : load_ours(out, &file.safetensors, path, kind);
    sai_weights_close(&file);
    return rc;
}
