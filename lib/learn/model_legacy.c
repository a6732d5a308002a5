/*
 * learn/model_legacy.c: models that others trained, from PyTorch's files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/path.h"
#include "base/sha256.h"
#include "learn/legacy_layers.h"
#include "learn/model_legacy.h"

#define CORNERS 4u

/* ---- What it is ------------------------------------------------------------------------------ */

static int tell_kind(const char **kind, const struct sai_legacy_layers *l, const char *path, const char *wanted)
{
    uint32_t outputs = l->widths[l->n];
    if (outputs != 1 && outputs != CORNERS)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "%s: no ranker or cropper of a known form: its last layer makes %u numbers; a ranker's makes "
                        "1, an old cropper's 4",
                        path, outputs);
    *kind = outputs == 1 ? SAI_KIND_RANKER : SAI_KIND_CROPPER;
    if (wanted && strcmp(wanted, *kind) != 0)
        return SAI_FAIL(SELECTAI_ERR_MISMATCH, "%s: is a %s, a %s is needed", path, *kind, wanted);
    if (outputs == CORNERS && l->widths[0] <= SAI_CROPPER_EXTRA)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "%s: no cropper of a known form: of its %u inputs the last two are a size, so no vector is "
                        "left",
                        path, l->widths[0]);
    return SELECTAI_OK;
}

static int tell_hidden(int32_t *hidden, const char **from, const struct sai_legacy_layers *l, const char *path,
                       const struct sai_legacy_facts *facts)
{
    if (facts->hidden > 0) {
        *hidden = facts->hidden - 1;
        *from = "given by hand";
        return SELECTAI_OK;
    }
    *from = sai_legacy_hidden(hidden, l);
    if (*from)
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                    "%s: nothing in it says whether a ReLU stands between its layers: say so when it is imported "
                    "(selectai import-model, --hidden relu or none)",
                    path);
}

/* ---- Its numbers ----------------------------------------------------------------------------- */

static int read_values(float *out, const struct sai_tensor *t, const char *path)
{
    if (!sai_tensor_floats(out, t))
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: tensor %s has dtype %s: F32, F16, BF16 or F64 is needed", path,
                        t->name, t->dtype);
    for (uint64_t i = 0; i < t->n; i++)
        if (!isfinite(out[i]))
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: damaged model: tensor %s holds values that are no numbers", path,
                            t->name);
    return SELECTAI_OK;
}

static int read_network(struct sai_model *m, const struct sai_legacy_layers *l, const char *path)
{
    size_t n;
    if (!sai_mlp_count(&n, l->widths, l->n + 1))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: its layers are too large", path);
    float *p = sai_malloc_array(n, sizeof *p), *at = p;
    int rc = p ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < l->n && rc == SELECTAI_OK; i++) {
        const struct sai_tensor *parts[2] = {l->items[i].weight, l->items[i].bias};
        for (int k = 0; k < 2 && rc == SELECTAI_OK; k++) {
            rc = read_values(at, parts[k], path);
            at += parts[k]->n;
        }
    }
    if (rc == SELECTAI_OK)
        rc = sai_mlp_create(&m->mlp, l->widths, l->n + 1,
                            strcmp(m->kind, SAI_KIND_CROPPER) == 0 ? SAI_MLP_SIGMOID : SAI_MLP_LINEAR, p);
    sai_free(p);
    return rc;
}

/* Mean 0, scale 1, no clip: inputs pass unchanged, to the bit. */
static int make_identity(struct sai_model *m)
{
    uint32_t n = m->mlp->widths[0];
    float *mean = sai_calloc(n, sizeof *mean), *scale = sai_malloc_array(n, sizeof *scale);
    int rc = mean && scale ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t j = 0; j < n && rc == SELECTAI_OK; j++)
        scale[j] = 1.0f;
    if (rc == SELECTAI_OK)
        rc = sai_standardiser_copy(&m->standardiser, n, mean, scale, INFINITY);
    sai_free(mean);
    sai_free(scale);
    return rc;
}

/* ---- Where it comes from --------------------------------------------------------------------- */

static const char *activation_of(const char *encoder_id)
{
    if (strncmp(encoder_id, "clip:", 5) != 0)
        return strncmp(encoder_id, "selectai-builtin", 16) == 0 ? "none" : "unknown";
    return strstr(encoder_id, ":quickgelu") ? "quickgelu" : strstr(encoder_id, ":gelu") ? "gelu" : "unknown";
}

static bool set(json_t *info, const char *key, const char *text)
{
    return json_object_set_new(info, key, json_string(text)) == 0;
}

/* File names may be no UTF-8, metadata must be. */
static bool set_name(json_t *info, const char *key, const char *name)
{
    char *copy = sai_strdup(name);
    if (!copy)
        return false;
    for (char *p = copy; *p && !sai_utf8_valid(name, strlen(name)); p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    bool ok = set(info, key, copy);
    sai_free(copy);
    return ok;
}

static int describe(struct sai_model *m, const struct sai_weights_file *file, const char *path, const char *hidden_from)
{
    char hex[SAI_SHA256_HEX];
    struct sai_sha256 sha;
    sai_sha256_init(&sha);
    sai_sha256_update(&sha, file->bytes, file->n_bytes);
    sai_sha256_hex(&sha, hex);
    bool ok = set_name(m->info, "source_file", sai_path_basename(path)) && set(m->info, "source_sha256", hex) &&
              set(m->info, "source_form", file->torch.form ? file->torch.form : "safetensors") &&
              set(m->info, "hidden_from", hidden_from) &&
              set(m->info, "encoder_activation", activation_of(m->encoder_id));
    if (ok && strcmp(m->kind, SAI_KIND_RANKER) == 0)
        ok = set(m->info, "temperature_fitted_on", "nothing: imported");
    return ok ? SELECTAI_OK : SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: out of memory for metadata", path);
}

static int fill(struct sai_model *m, const struct sai_legacy_layers *l, const struct sai_weights_file *file,
                const char *path, const struct sai_legacy_facts *facts)
{
    bool cropper = strcmp(m->kind, SAI_KIND_CROPPER) == 0;
    const char *from = "";
    int32_t hidden = SAI_MLP_RELU;
    int rc = tell_hidden(&hidden, &from, l, path, facts);
    if (rc == SELECTAI_OK)
        rc = read_network(m, l, path);
    if (rc == SELECTAI_OK)
        rc = make_identity(m);
    if (rc == SELECTAI_OK)
        rc = sai_model_set_seen(m, NULL, 0);
    if (rc != SELECTAI_OK)
        return rc;
    m->mlp->hidden = hidden;
    m->dim = l->widths[0] - (cropper ? SAI_CROPPER_EXTRA : 0);
    m->form.size = cropper ? SAI_SIZE_2048 : SAI_SIZE_LOG2;
    m->form.box = cropper ? SAI_BOX_CORNERS : SAI_BOX_SCALE;
    m->form.vectors = sai_legacy_is_laion(l) && !cropper ? SAI_VECTORS_UNIT : SAI_VECTORS_UNKNOWN;
    if (facts->vectors > 0)
        m->form.vectors = facts->vectors - 1;
    m->encoder_id = sai_strdup(facts->encoder_id ? facts->encoder_id : "");
    return m->encoder_id ? describe(m, file, path, from) : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_model_from_legacy(struct sai_model **out, const struct sai_weights_file *file, const char *path,
                          const struct sai_legacy_facts *facts)
{
    struct sai_legacy_layers layers;
    struct sai_model *m = NULL;
    const char *kind = NULL;
    int rc = sai_legacy_layers_find(&layers, file, path);
    if (rc == SELECTAI_OK)
        rc = tell_kind(&kind, &layers, path, facts->kind);
    if (rc == SELECTAI_OK)
        rc = sai_model_create(&m, kind);
    if (rc == SELECTAI_OK)
        rc = fill(m, &layers, file, path, facts);
    if (rc == SELECTAI_OK)
        *out = m;
    else
        sai_model_destroy(&m);
    return rc;
}
