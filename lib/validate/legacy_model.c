/*
 * validate/legacy_model.c: PyTorch's files: old models, or weights of something else.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/path.h"
#include "base/zip.h"
#include "learn/legacy_layers.h"
#include "learn/model_legacy.h"
#include "validate/model.h"

struct old_check {
    struct sai_validator *v;
    const struct sai_target *target;
    struct sai_weights_file file;
};

#define REPORT(c, code, ...)                                                                                           \
    sai_result_add((c)->v->result, (c)->target->result, code, &(const struct sai_place){.severity = -1}, __VA_ARGS__)

int sai_zip_holds(bool *out, const char *path, const char *name)
{
    struct sai_mapping file = {0};
    struct sai_zip zip = {0};
    *out = false;
    int rc = sai_file_map(&file, path);
    if (rc == SELECTAI_OK)
        rc = sai_zip_open(&zip, file.data, file.size, path);
    for (size_t i = 0; rc == SELECTAI_OK && i < zip.n_entries; i++)
        *out = *out || strcmp(sai_path_basename(zip.entries[i].name), name) == 0;
    sai_zip_close(&zip);
    sai_file_unmap(&file);
    return rc;
}

static int check_numbers(struct old_check *c, bool *finite)
{
    int rc = SELECTAI_OK;
    *finite = true;
    for (size_t i = 0; rc == SELECTAI_OK && i < c->file.n_tensors; i++)
        if (!sai_tensor_is_finite(&c->file.tensors[i])) {
            *finite = false;
            rc = REPORT(c, "not-finite", "tensor %s holds values that are no numbers", c->file.tensors[i].name);
        }
    return rc;
}

static int report_model(struct old_check *c, const struct sai_model *m)
{
    char *architecture = NULL;
    int rc = sai_model_architecture(&architecture, m->mlp);
    if (rc != SELECTAI_OK)
        return rc;
    rc = REPORT(c, "old-model",
                "a %s, %s, %s between its layers (by %s), %zu parameters, all finite; %s; which encoder's vectors it "
                "takes is not known",
                m->kind, architecture, m->mlp->hidden == SAI_MLP_RELU ? "ReLU" : "nothing",
                sai_json_string(m->info, "hidden_from", ""), m->mlp->n_parameters,
                sai_json_string(m->info, "source_form", ""));
    sai_free(architecture);
    return rc;
}

/* The reason why it is no model begins with the path, which the report has already. */
static const char *last_reason(const char *path)
{
    const char *reason = selectai_last_error();
    size_t n = strlen(path);
    return strncmp(reason, path, n) == 0 && strncmp(reason + n, ": ", 2) == 0 ? reason + n + 2 : reason;
}

static int report_weights(struct old_check *c, const char *code)
{
    unsigned long long n = 0;
    for (size_t i = 0; i < c->file.n_tensors; i++)
        n += c->file.tensors[i].n;
    char *reason = sai_strdup(last_reason(c->target->path));
    if (!reason)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = REPORT(c, code, "%s, %zu tensors, %llu numbers: %s", c->file.torch.form, c->file.n_tensors, n, reason);
    sai_free(reason);
    return rc;
}

static int report_others(struct old_check *c)
{
    c->v->result->files[c->target->result].kind = "weights";
    return report_weights(c, "other-weights");
}

/* What loads it in earnest says what it is. */
static int tell(struct old_check *c, bool finite)
{
    struct sai_legacy_layers layers;
    struct sai_model *model = NULL;
    const struct sai_legacy_facts facts = {0};
    const char *path = c->target->path;
    int rc = sai_legacy_layers_find(&layers, &c->file, path);
    if (rc == SELECTAI_ERR_UNSUPPORTED)
        return report_others(c);
    if (rc == SELECTAI_ERR_FORMAT)
        return sai_check_failed(c->v, c->target, "wrong-shape", rc);
    if (rc == SELECTAI_OK && !finite)
        return SELECTAI_OK; /* said already */
    if (rc == SELECTAI_OK)
        rc = sai_model_from_legacy(&model, &c->file, path, &facts);
    if (rc == SELECTAI_ERR_UNSUPPORTED) /* a chain of layers, but what for, or with what between them? */
        rc = layers.widths[layers.n] == 1 || layers.widths[layers.n] == 4 ? report_weights(c, "old-model")
                                                                          : report_others(c);
    else if (rc != SELECTAI_OK)
        rc = sai_check_failed(c->v, c->target, "damaged", rc);
    else
        rc = report_model(c, model);
    sai_model_destroy(&model);
    return rc;
}

int sai_check_legacy_model(struct sai_validator *v, const struct sai_target *target)
{
    struct old_check c = {.v = v, .target = target};
    bool finite = true;
    v->result->files[target->result].rows = 1;
    int rc = sai_weights_open(&c.file, target->path);
    if (rc != SELECTAI_OK)
        return sai_check_failed(v, target, "damaged", rc);
    rc = check_numbers(&c, &finite);
    if (rc == SELECTAI_OK)
        rc = tell(&c, finite);
    sai_weights_close(&c.file);
    struct sai_file_result *result = &v->result->files[target->result];
    result->usable = sai_result_severity(result) != SELECTAI_SEVERITY_ERROR;
    return rc;
}
