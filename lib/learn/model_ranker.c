/*
 * learn/model_ranker.c: ensemble, prior, weights and keep network in rankers' files (docs/formats.md).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "learn/model_ranker.h"

#define PREFIX_SIZE 32
#define MAX_WEIGHT  1e6

#define KERNEL_SHARE "kernel_share" /* only of rankers with a kernel machine */
#define RECOGNISER   "recogniser"   /* its architecture; only of rankers that recognise stages */

static const char *const keys[] = {"networks",     "differences", "prior_weight", "image_weight",
                                   "keep_network", "keep_scale",  "keep_shift",   "prior_projects"};

bool sai_ranker_has_kernel(const struct sai_model *m)
{
    return m->kernel && m->blend.kernel_share > 0.0;
}

bool sai_ranker_owns(const char *key)
{
    if (strcmp(key, KERNEL_SHARE) == 0 || strcmp(key, RECOGNISER) == 0)
        return true;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

void sai_put_architecture(struct sai_text *text, const struct sai_mlp *mlp)
{
    for (uint32_t i = 0; i < mlp->n_widths; i++)
        sai_text_printf(text, "%s%u", i ? "-" : "", mlp->widths[i]);
}

static json_t *numbers_json(const double *values, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n && list; i++)
        if (json_array_append_new(list, json_real(values[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *names_json(const struct sai_prior *p)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < p->n_projects && list; i++)
        if (json_array_append_new(list, json_string(p->projects[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *rows_json(const double *values, size_t rows, size_t columns)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows && list; i++)
        if (json_array_append_new(list, numbers_json(values + i * columns, columns)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *prior_json(const struct sai_prior *p)
{
    if (p->n_stages == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "stages", numbers_json(p->stages, p->n_stages), "values",
                     numbers_json(p->values, p->n_stages), "transitions",
                     rows_json(p->transitions, p->n_stages, p->n_stages), "projects", names_json(p), "project_values",
                     rows_json(p->project_values, p->n_projects, p->n_stages));
}

/* "512-256-64-1,512-1" */
static char *architectures(const struct sai_model *m)
{
    struct sai_text text = {0};
    char *out = NULL;
    for (uint32_t i = 0; i < m->n_others; i++) {
        sai_text_puts(&text, i ? "," : "");
        sai_put_architecture(&text, m->others[i]);
    }
    return sai_text_finish(&text, &out) == SELECTAI_OK ? out : NULL;
}

static json_t *networks_json(const struct sai_model *m)
{
    char *others = architectures(m);
    json_t *text = others ? json_string(others) : NULL;
    sai_free(others);
    return text;
}

int sai_ranker_describe(json_t *o, const struct sai_model *m)
{
    const struct sai_blend *b = &m->blend;
    return json_object_set_new(o, "temperature", json_real(m->temperature)) ||
           json_object_set_new(o, "networks", json_integer(m->mlp ? (json_int_t)m->n_others + 1 : 0)) ||
           json_object_set_new(o, "differences", json_boolean(m->differences)) ||
           json_object_set_new(o, "stages", json_string(m->recogniser ? "recognised" : "told")) ||
           json_object_set_new(o, "prior_weight", json_real(b->prior_weight)) ||
           json_object_set_new(o, "image_weight", json_real(b->image_weight)) ||
           json_object_set_new(o, KERNEL_SHARE, json_real(sai_ranker_has_kernel(m) ? b->kernel_share : 0.0)) ||
           json_object_set_new(o, "kernel_images",
                               json_integer(sai_ranker_has_kernel(m) ? (json_int_t)m->kernel->n : 0)) ||
           json_object_set_new(o, "keep_network", json_boolean(m->keep != NULL)) ||
           json_object_set_new(o, "prior", prior_json(&m->prior));
}

static bool set_text(json_t *metadata, const char *key, const char *text)
{
    return text && json_object_set_new(metadata, key, json_string(text)) == 0;
}

static bool set_number(json_t *metadata, const char *key, double value)
{
    char text[SAI_NUMBER_SIZE];
    sai_number_format(text, value);
    return set_text(metadata, key, text);
}

static bool set_projects(json_t *metadata, const struct sai_prior *p)
{
    json_t *names = names_json(p);
    char *text = NULL;
    bool ok = names && sai_json_dump(&text, names) == SELECTAI_OK && set_text(metadata, "prior_projects", text);
    json_decref(names);
    sai_free(text);
    return ok;
}

static bool set_architecture(json_t *metadata, const char *key, const struct sai_mlp *mlp)
{
    char *text = NULL;
    bool ok = sai_model_architecture(&text, mlp) == SELECTAI_OK && set_text(metadata, key, text);
    sai_free(text);
    return ok;
}

bool sai_ranker_set_metadata(json_t *metadata, const struct sai_model *m)
{
    json_t *networks = networks_json(m);
    const struct sai_blend *b = &m->blend;
    return networks && json_object_set_new(metadata, "networks", networks) == 0 &&
           set_text(metadata, "differences", m->differences ? "1" : "0") &&
           set_number(metadata, "prior_weight", b->prior_weight) &&
           set_number(metadata, "image_weight", b->image_weight) &&
           set_architecture(metadata, "keep_network", m->keep) &&
           (!m->recogniser || set_architecture(metadata, RECOGNISER, m->recogniser)) &&
           (!sai_ranker_has_kernel(m) || set_number(metadata, KERNEL_SHARE, b->kernel_share)) &&
           set_number(metadata, "keep_scale", b->keep_scale) && set_number(metadata, "keep_shift", b->keep_shift) &&
           set_projects(metadata, &m->prior);
}

static int put_prior(struct sai_tensor_list *list, const struct sai_prior *p)
{
    int rc = sai_put_tensor(list, "prior.", "stages", "F64", 0, p->n_stages, p->stages);
    if (rc == SELECTAI_OK)
        rc = sai_put_tensor(list, "prior.", "values", "F64", 0, p->n_stages, p->values);
    if (rc == SELECTAI_OK)
        rc = sai_put_tensor(list, "prior.", "transitions", "F64", p->n_stages, p->n_stages, p->transitions);
    if (rc == SELECTAI_OK && p->n_projects > 0)
        rc = sai_put_tensor(list, "prior.", "project_values", "F64", p->n_projects, p->n_stages, p->project_values);
    return rc;
}

static int put_kernel(struct sai_tensor_list *list, const struct sai_kernel *k)
{
    int rc = sai_put_tensor(list, "kernel.", "centres", "U8", k->n, k->width, k->centres);
    return rc == SELECTAI_OK ? sai_put_tensor(list, "kernel.", "coefficients", "F32", 0, k->n, k->coefficients) : rc;
}

int sai_ranker_put(struct sai_tensor_list *list, const struct sai_model *m)
{
    char prefix[PREFIX_SIZE];
    int rc = SELECTAI_OK;
    for (uint32_t i = 0; i < m->n_others && rc == SELECTAI_OK; i++) {
        snprintf(prefix, sizeof prefix, "ensemble.%u.", i + 1);
        rc = sai_put_network(list, prefix, m->others[i]);
    }
    if (rc == SELECTAI_OK && sai_ranker_has_kernel(m))
        rc = put_kernel(list, m->kernel);
    if (rc == SELECTAI_OK && m->recogniser)
        rc = sai_put_network(list, "recogniser.", m->recogniser);
    if (rc == SELECTAI_OK && m->keep)
        rc = sai_put_network(list, "keep.", m->keep);
    if (rc == SELECTAI_OK && m->keep)
        rc = sai_put_standardiser(list, "keep.", &m->keep_standardiser);
    if (rc == SELECTAI_OK && m->prior.n_stages > 0)
        rc = put_prior(list, &m->prior);
    return rc;
}

static bool has_width(const struct sai_mlp *mlp, uint32_t inputs)
{
    return mlp->widths[0] == inputs && mlp->widths[mlp->n_widths - 1] == 1;
}

/* "A,B,...": one network each. */
static int get_others(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const char *text = sai_safetensors_text(file, "networks", "");
    char one[256], prefix[PREFIX_SIZE];
    int rc = SELECTAI_OK;
    m->others = sai_calloc(SELECTAI_MAX_ENSEMBLE, sizeof *m->others);
    if (!m->others)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (*text && !m->mlp)
        return sai_bad_model(path, "\"networks\" without a first one");
    while (*text && rc == SELECTAI_OK) {
        size_t n = strcspn(text, ",");
        if (n >= sizeof one || m->n_others + 1 >= SELECTAI_MAX_ENSEMBLE)
            return sai_bad_model(path, "\"networks\" is no list of architectures");
        memcpy(one, text, n);
        one[n] = '\0';
        snprintf(prefix, sizeof prefix, "ensemble.%u.", m->n_others + 1);
        rc = sai_get_network(&m->others[m->n_others], file, prefix, one, SAI_MLP_LINEAR, path);
        if (rc == SELECTAI_OK && !has_width(m->others[m->n_others++], m->dim))
            rc = sai_bad_model(path, "a network's inputs or outputs are not those of a ranker");
        text += n + (text[n] == ',');
    }
    return rc;
}

static bool has_version(const struct sai_safetensors *file, const char *version)
{
    return strcmp(sai_safetensors_text(file, "format_version", ""), version) == 0;
}

/* Format 3 always has a kernel machine, 4 may. */
static int get_kernel(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const struct sai_tensor *t = sai_safetensors_find(file, "kernel.centres");
    bool named = sai_safetensors_text(file, KERNEL_SHARE, NULL) != NULL;
    bool wanted = has_version(file, SAI_MODEL_FORMAT_KERNEL) || (has_version(file, SAI_MODEL_FORMAT_LOOKS) && named);
    if (wanted != (t != NULL) || wanted != named)
        return sai_bad_model(path, "a kernel machine goes with format " SAI_MODEL_FORMAT_KERNEL
                                   " or " SAI_MODEL_FORMAT_LOOKS ", with all it needs, and only with them");
    if (!wanted)
        return SELECTAI_OK;
    if (!m->mlp || strcmp(t->dtype, "U8") != 0 || t->rank != 2 || t->shape[0] < 1 || t->shape[0] > SAI_KERNEL_MAX ||
        t->shape[1] != sai_kernel_width(m->dim))
        return sai_bad_model(path, "its kernel machine has no centres, too many, others than bytes, of another length, "
                                   "or no network beside it");
    uint32_t n = (uint32_t)t->shape[0];
    float *coefficients = sai_malloc_array(n, sizeof *coefficients);
    int rc = coefficients ? sai_get_number(&m->blend.kernel_share, file, KERNEL_SHARE, 0.0, 1.0, path)
                          : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_get_floats(coefficients, file, "kernel.coefficients", 0, n, path);
    if (rc == SELECTAI_OK)
        rc = sai_kernel_create(&m->kernel, t->data, coefficients, n, m->dim);
    sai_free(coefficients);
    return rc;
}

/* After the prior, whose stages it tells apart. */
static int get_recogniser(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const char *architecture = sai_safetensors_text(file, RECOGNISER, NULL);
    if (has_version(file, SAI_MODEL_FORMAT_LOOKS) != (architecture != NULL))
        return sai_bad_model(path, "a recogniser goes with format " SAI_MODEL_FORMAT_LOOKS ", and only with it");
    if (!architecture)
        return SELECTAI_OK;
    int rc = sai_get_network(&m->recogniser, file, "recogniser.", architecture, SAI_MLP_LINEAR, path);
    if (rc != SELECTAI_OK)
        return rc;
    const struct sai_mlp *r = m->recogniser;
    bool fits = m->mlp && r->n_widths == 2 && r->widths[0] == m->dim && m->prior.n_stages >= 2 &&
                r->widths[r->n_widths - 1] == m->prior.n_stages;
    return fits ? SELECTAI_OK : sai_bad_model(path, "its recogniser does not fit its vectors, or its prior's stages");
}

static int get_keep(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const char *architecture = sai_safetensors_text(file, "keep_network", "none");
    if (strcmp(architecture, "none") == 0)
        return SELECTAI_OK;
    int rc = sai_get_network(&m->keep, file, "keep.", architecture, SAI_MLP_LINEAR, path);
    if (rc == SELECTAI_OK && !has_width(m->keep, m->dim))
        rc = sai_bad_model(path, "the keep network's inputs or outputs are not those of a ranker");
    if (rc == SELECTAI_OK)
        rc = sai_get_standardiser(&m->keep_standardiser, file, "keep.", m->dim, SAI_STANDARDISE_CLIP, path);
    return rc;
}

static int get_names(struct sai_prior *p, const json_t *names, const char *path)
{
    for (uint32_t i = 0; i < p->n_projects; i++) {
        const json_t *name = json_array_get(names, i);
        if (!json_is_string(name) || (i > 0 && strcmp(p->projects[i - 1], json_string_value(name)) >= 0))
            return sai_bad_model(path, "\"prior_projects\" is no ascending list of names");
        p->projects[i] = sai_strdup(json_string_value(name));
        if (!p->projects[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return SELECTAI_OK;
}

/* Log-odds of a table; greater ones would give scores that are no numbers. */
static int get_odds(double *out, const struct sai_safetensors *file, const char *name, uint32_t rows, uint32_t columns,
                    const char *path)
{
    int rc = sai_get_doubles(out, file, name, rows, columns, path);
    for (size_t i = 0; i < (size_t)(rows ? rows : 1) * columns && rc == SELECTAI_OK; i++)
        if (fabs(out[i]) > MAX_WEIGHT)
            rc = sai_bad_model(path, "its prior holds impossible log-odds");
    return rc;
}

static int get_tables(struct sai_prior *p, const struct sai_safetensors *file, const char *path)
{
    int rc = sai_get_doubles(p->stages, file, "prior.stages", 0, p->n_stages, path);
    if (rc == SELECTAI_OK)
        rc = get_odds(p->values, file, "prior.values", 0, p->n_stages, path);
    if (rc == SELECTAI_OK)
        rc = get_odds(p->transitions, file, "prior.transitions", p->n_stages, p->n_stages, path);
    if (rc == SELECTAI_OK && p->n_projects > 0)
        rc = get_odds(p->project_values, file, "prior.project_values", p->n_projects, p->n_stages, path);
    for (uint32_t i = 1; i < p->n_stages && rc == SELECTAI_OK; i++)
        if (!(p->stages[i - 1] < p->stages[i]))
            rc = sai_bad_model(path, "tensor prior.stages is not in order");
    return rc;
}

static int get_prior(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    const struct sai_tensor *stages = sai_safetensors_find(file, "prior.stages");
    const char *text = sai_safetensors_text(file, "prior_projects", "");
    json_t *names = NULL;
    if (!stages && sai_safetensors_find(file, "prior.values"))
        return sai_bad_model(path, "its prior has no stages");
    if (!stages)
        return SELECTAI_OK;
    int rc = sai_json_parse(&names, text, strlen(text), path, 0);
    if (rc != SELECTAI_OK)
        return rc;
    size_t n_projects = json_array_size(names);
    if (!json_is_array(names))
        rc = sai_bad_model(path, "\"prior_projects\" is no ascending list of names");
    else if (stages->n < 1 || stages->n > SAI_PRIOR_MAX_STAGES || n_projects > SAI_PRIOR_MAX_PROJECTS)
        rc = sai_bad_model(path, "its prior has an impossible number of stages or projects");
    if (rc == SELECTAI_OK)
        rc = sai_prior_allocate(&m->prior, (uint32_t)stages->n, (uint32_t)n_projects);
    if (rc == SELECTAI_OK)
        rc = get_names(&m->prior, names, path);
    if (rc == SELECTAI_OK)
        rc = get_tables(&m->prior, file, path);
    json_decref(names);
    return rc;
}

/* Rankers of format 1 have one network and nothing else: a later one whose version was changed says something else. */
int sai_ranker_check_first(const struct sai_safetensors *file, const char *path)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (sai_safetensors_text(file, keys[i], NULL))
            return sai_bad_model(path, "format " SAI_MODEL_FORMAT_FIRST " with parts of later ones");
    return SELECTAI_OK;
}

/* All keys are always written: a lost one would leave a ranker that says something else. */
static int check_keys(const struct sai_safetensors *file, const char *path)
{
    char what[64];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        snprintf(what, sizeof what, "\"%s\" is missing", keys[i]);
        if (!sai_safetensors_text(file, keys[i], NULL))
            return sai_bad_model(path, what);
    }
    const char *differences = sai_safetensors_text(file, "differences", "");
    return strcmp(differences, "0") == 0 || strcmp(differences, "1") == 0
               ? SELECTAI_OK
               : sai_bad_model(path, "\"differences\" is neither 0 nor 1");
}

int sai_ranker_get(struct sai_model *m, const struct sai_safetensors *file, const char *path)
{
    struct sai_blend *b = &m->blend;
    m->differences = strcmp(sai_safetensors_text(file, "differences", ""), "1") == 0;
    int rc = check_keys(file, path);
    if (rc == SELECTAI_OK)
        rc = sai_get_number(&b->prior_weight, file, "prior_weight", -MAX_WEIGHT, MAX_WEIGHT, path);
    if (rc == SELECTAI_OK)
        rc = sai_get_number(&b->image_weight, file, "image_weight", 0.0, MAX_WEIGHT, path);
    if (rc == SELECTAI_OK)
        rc = sai_get_number(&b->keep_scale, file, "keep_scale", -MAX_WEIGHT, MAX_WEIGHT, path);
    if (rc == SELECTAI_OK)
        rc = sai_get_number(&b->keep_shift, file, "keep_shift", -MAX_WEIGHT, MAX_WEIGHT, path);
    if (rc == SELECTAI_OK)
        rc = get_others(m, file, path);
    if (rc == SELECTAI_OK)
        rc = get_kernel(m, file, path);
    if (rc == SELECTAI_OK)
        rc = get_keep(m, file, path);
    if (rc == SELECTAI_OK)
        rc = get_prior(m, file, path);
    if (rc == SELECTAI_OK)
        rc = get_recogniser(m, file, path);
    return rc;
}
