/*
 * validate/model.c: models of ours, other safetensors files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/safetensors.h"
#include "learn/model.h"
#include "validate/model.h"

struct model_check {
    struct sai_validator *v;
    const struct sai_target *target;
    struct sai_safetensors file;
};

#define REPORT(c, code, ...)                                                                                           \
    sai_result_add((c)->v->result, (c)->target->result, code, &(const struct sai_place){.severity = -1}, __VA_ARGS__)

/* ---- Numbers --------------------------------------------------------------------------------- */

/* All bits of the exponent set: an infinity or no number. */
static bool is_finite(const uint8_t *at, const char *dtype)
{
    uint16_t half;
    uint32_t single;
    uint64_t full;
    if (strcmp(dtype, "F64") == 0) {
        memcpy(&full, at, sizeof full);
        return (full >> 52 & 0x7FF) != 0x7FF;
    }
    if (strcmp(dtype, "F32") == 0) {
        memcpy(&single, at, sizeof single);
        return (single >> 23 & 0xFF) != 0xFF;
    }
    memcpy(&half, at, sizeof half);
    return strcmp(dtype, "BF16") == 0 ? (half >> 7 & 0xFF) != 0xFF : (half >> 10 & 0x1F) != 0x1F;
}

bool sai_tensor_is_finite(const struct sai_tensor *t)
{
    size_t size = sai_dtype_size(t->dtype);
    const uint8_t *at = t->data;
    bool floats = strcmp(t->dtype, "F64") == 0 || strcmp(t->dtype, "F32") == 0 || strcmp(t->dtype, "F16") == 0 ||
                  strcmp(t->dtype, "BF16") == 0;
    for (uint64_t i = 0; floats && i < t->n; i++)
        if (!is_finite(at + i * size, t->dtype))
            return false;
    return true;
}

static int check_numbers(struct model_check *c)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < c->file.n_tensors; i++)
        if (!sai_tensor_is_finite(&c->file.tensors[i]))
            rc = REPORT(c, "not-finite", "tensor %s holds values that are no numbers", c->file.tensors[i].name);
    return rc;
}

/* ---- Models of ours -------------------------------------------------------------------------- */

/* An encoder that is not known is "". */
static bool is_missing(const struct sai_safetensors *file, const char *key)
{
    const char *text = sai_safetensors_text(file, key, NULL);
    return !text || (!*text && strcmp(key, "encoder_id") != 0);
}

static int check_metadata(struct model_check *c)
{
    static const char *const needed[] = {"format", "format_version", "kind", "architecture", "encoder_id",
                                         "dim",    "output"};
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < sizeof needed / sizeof *needed; i++)
        if (is_missing(&c->file, needed[i]))
            rc = REPORT(c, "model-without-metadata", "its metadata has no \"%s\"", needed[i]);
    return rc;
}

static bool is_kind(const char *kind)
{
    return strcmp(kind, SAI_KIND_RANKER) == 0 || strcmp(kind, SAI_KIND_CROPPER) == 0;
}

/* "512-256-1": the width behind *p, which moves on; 0: none. */
static uint64_t next_width(const char **p)
{
    uint64_t width = 0;
    size_t digits = strspn(*p, "0123456789");
    for (size_t i = 0; i < digits && i < 8; i++)
        width = width * 10 + (uint64_t)((*p)[i] - '0');
    *p += digits;
    return digits > 0 && digits < 8 ? width : 0;
}

static int check_layer(struct model_check *c, unsigned layer, uint64_t inputs, uint64_t outputs)
{
    char weight[48], bias[48];
    snprintf(weight, sizeof weight, "layers.%u.weight", layer);
    snprintf(bias, sizeof bias, "layers.%u.bias", layer);
    const struct sai_tensor *w = sai_safetensors_find(&c->file, weight), *b = sai_safetensors_find(&c->file, bias);
    int rc = SELECTAI_OK;
    if (!w || w->rank != 2 || w->shape[0] != outputs || w->shape[1] != inputs)
        rc = REPORT(c, "wrong-shape", "%s is %s", weight,
                    w ? "of another shape than the architecture says" : "missing");
    if (rc == SELECTAI_OK && (!b || b->rank != 1 || b->shape[0] != outputs))
        rc = REPORT(c, "wrong-shape", "%s is %s", bias, b ? "of another shape than the architecture says" : "missing");
    return rc;
}

static int check_architecture(struct model_check *c)
{
    const char *text = sai_safetensors_text(&c->file, "architecture", ""), *p = text;
    const char *kind = sai_safetensors_text(&c->file, "kind", "");
    const char *version = sai_safetensors_text(&c->file, "format_version", "");
    if (*version && !sai_model_knows_version(version))
        return REPORT(c, "unknown-architecture", "format version %.16s; this library knows 1 to %s", version,
                      SAI_MODEL_FORMAT_KERNEL);
    if (*kind && !is_kind(kind))
        return REPORT(c, "unknown-architecture", "it is a \"%.32s\", neither a ranker nor a cropper", kind);
    if (!*text || strcmp(text, "none") == 0)
        return SELECTAI_OK; /* said already; a ranker of its prior alone */
    uint64_t before = next_width(&p);
    int rc = SELECTAI_OK;
    for (unsigned layer = 0; rc == SELECTAI_OK && *p == '-' && before && layer < SAI_MLP_MAX_WIDTHS; layer++) {
        p++;
        uint64_t after = next_width(&p);
        if (!after)
            break;
        rc = check_layer(c, layer, before, after);
        before = after;
    }
    if (rc == SELECTAI_OK && (*p || !before))
        rc = REPORT(c, "unknown-architecture", "\"%.64s\" is no list of widths", text);
    return rc;
}

/* What loads it in earnest has the last word. */
static int try_loading(struct model_check *c)
{
    struct sai_model *model = NULL;
    const char *kind = sai_safetensors_text(&c->file, "kind", "");
    if (!is_kind(kind))
        return SELECTAI_OK;
    int rc = sai_model_load(&model, c->target->path, kind);
    sai_model_destroy(&model);
    if (rc == SELECTAI_OK || rc == SELECTAI_ERR_OUT_OF_MEMORY ||
        sai_result_severity(&c->v->result->files[c->target->result]) == SELECTAI_SEVERITY_ERROR)
        return rc == SELECTAI_ERR_OUT_OF_MEMORY ? rc : SELECTAI_OK;
    return sai_check_failed(c->v, c->target, "damaged", rc);
}

/* Tensors as our models, or those of the system before, have them, whatever the metadata says. */
static bool looks_like_ours(const struct sai_safetensors *file)
{
    return strcmp(sai_safetensors_text(file, "format", ""), SAI_MODEL_FORMAT) == 0 ||
           sai_safetensors_find(file, "layers.0.weight") || sai_safetensors_find(file, "net.0.weight");
}

static int check_model(struct model_check *c)
{
    struct sai_file_result *result = &c->v->result->files[c->target->result];
    const char *encoder = sai_arena_strdup(&c->v->result->arena, sai_safetensors_text(&c->file, "encoder_id", ""));
    if (!encoder)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    result->kind = "model";
    result->encoder_id = strcmp(encoder, SAI_NO_ENCODER) == 0 ? "" : encoder; /* goes with any */
    int rc = check_metadata(c);
    if (rc == SELECTAI_OK)
        rc = check_architecture(c);
    if (rc == SELECTAI_OK)
        rc = check_numbers(c);
    return rc == SELECTAI_OK ? try_loading(c) : rc;
}

int sai_check_safetensors(struct sai_validator *v, const struct sai_target *target)
{
    struct model_check c = {.v = v, .target = target};
    struct sai_file_result *result = &v->result->files[target->result];
    result->rows = 1;
    int rc = sai_safetensors_open(&c.file, target->path);
    if (rc != SELECTAI_OK)
        return sai_check_failed(v, target, "damaged", rc);
    if (c.file.n_tensors == 0)
        rc = REPORT(&c, "damaged", "it holds no tensor");
    else
        rc = looks_like_ours(&c.file) ? check_model(&c) : check_numbers(&c);
    sai_safetensors_close(&c.file);
    result->usable = sai_result_severity(result) != SELECTAI_SEVERITY_ERROR;
    return rc;
}
