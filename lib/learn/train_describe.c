/*
 * learn/train_describe.c: what a trained model tells about its making.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/sha256.h"
#include "learn/train.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* SHA-256 over the sorted texts, each followed by a line end: the same decisions, the same digits. */
static void hash_texts(char hex[SAI_SHA256_HEX], const char **texts, size_t n)
{
    struct sai_sha256 ctx;
    qsort(texts, n, sizeof *texts, by_text);
    sai_sha256_init(&ctx);
    for (size_t i = 0; i < n; i++) {
        sai_sha256_update(&ctx, texts[i], strlen(texts[i]));
        sai_sha256_update(&ctx, "\n", 1);
    }
    sai_sha256_hex(&ctx, hex);
}

static int store_seen(struct sai_model *model, const struct sai_training *t)
{
    const struct sai_decisions *d = &t->decisions;
    uint64_t *keys = sai_malloc_array(d->n_members, sizeof *keys);
    size_t n = 0;
    if (!keys)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        for (uint32_t j = 0; d->items[i].usable && d->items[i].fold != SAI_FOLD_HELD_OUT && j < d->items[i].n; j++)
            keys[n++] = d->members[d->items[i].first + j].key;
    int rc = sai_model_set_seen(model, keys, n);
    sai_free(keys);
    return rc;
}

static json_t *counts_json(const struct sai_training *t, const struct sai_training_outcome *outcome)
{
    const struct {
        const char *name;
        size_t value;
    } counts[] = {{"decisions", t->decisions.count - t->decisions.n_rejected},
                  {"training", t->n_usable - t->n_held_out},
                  {"test", t->n_held_out},
                  {"rejected_groups", t->n_rejected},
                  {"folds", t->folds.n},
                  {"projects", t->folds.n_projects},
                  {"near_duplicate_groups", t->n_near},
                  {"missing", t->n_missing},
                  {"without_crop", t->n_without_crop},
                  {"epochs_run", outcome->epochs_run},
                  {"best_epoch", outcome->best_epoch},
                  {"refit_epochs", outcome->refit_epochs}};
    json_t *o = json_object();
    int bad = !o;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0] && !bad; i++)
        bad = json_object_set_new(o, counts[i].name, json_integer((json_int_t)counts[i].value));
    return o;
}

json_t *sai_short_real(float value)
{
    char text[32];
    double number = (double)value;
    snprintf(text, sizeof text, "%.7g", number);
    for (char *p = text; *p; p++) /* a process's locale may want a comma */
        if (*p == ',')
            *p = '.';
    return sai_number_parse(&number, text) ? json_real(number) : json_real((double)value);
}

json_t *sai_training_options_json(const struct sai_train_options *o)
{
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "epochs", (json_int_t)o->epochs, "batch_size",
                     (json_int_t)o->batch_size, "patience", (json_int_t)o->patience, "lr", sai_short_real(o->lr),
                     "weight_decay", sai_short_real(o->weight_decay), "dropout", sai_short_real(o->dropout),
                     "validation_share", sai_short_real((float)o->validation_share));
}

int sai_training_describe(struct sai_model *model, const struct sai_training *t, const selectai_embedding_cache *cache,
                          const char **texts, size_t n_texts, const struct sai_training_outcome *outcome)
{
    char hex[SAI_SHA256_HEX], seed[32];
    model->dim = t->vectors.dim;
    model->encoder_id = sai_strdup(cache ? selectai_embedding_cache_encoder_id(cache) : SAI_NO_ENCODER);
    int rc = model->encoder_id ? store_seen(model, t) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK)
        return rc;
    hash_texts(hex, texts, n_texts);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)t->options->folds.seed);
    json_t *o = model->info;
    int bad = json_object_set_new(o, "split", json_string(sai_split_name(t->folds.kind))) ||
              json_object_set_new(o, "seed", json_string(seed)) ||
              json_object_set_new(o, "training_data_sha256", json_string(hex)) ||
              json_object_set_new(o, "library_version", json_string(selectai_version_string())) ||
              json_object_set_new(o, "backend", json_string(t->backend ? t->backend->name : "none")) ||
              json_object_set_new(o, "counts", counts_json(t, outcome));
    /* A project's name may be no UTF-8: then json_string() gives NULL, and the name is left out. */
    if (!bad && t->folds.held_out) {
        json_t *name = json_string(t->folds.held_out);
        bad = name && json_object_set_new(o, "hold_out", name);
    }
    return bad ? SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata") : SELECTAI_OK;
}

int sai_training_end(struct sai_training *t, struct sai_model *model, selectai_evaluation *evaluation)
{
    json_t *metrics = NULL;
    int rc = sai_evaluation_metrics(&metrics, evaluation);
    if (rc == SELECTAI_OK && json_object_set_new(model->info, "metrics", metrics) != 0)
        rc = SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata");
    if (rc == SELECTAI_OK)
        rc = sai_issues_append(sai_evaluation_issues(evaluation), t->issues);
    return rc;
}
