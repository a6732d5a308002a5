/*
 * learn/measure.c: preparing the measurement of a finished model on other data.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "learn/box.h"
#include "learn/measure.h"

int sai_require_encoder(const selectai_embedding_cache *cache, const char *encoder_id, uint32_t dim)
{
    const char *id = selectai_embedding_cache_encoder_id(cache);
    uint32_t found = selectai_embedding_cache_dim(cache);
    if (*encoder_id && strcmp(id, encoder_id) != 0)
        return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                        "the cache holds vectors of encoder %s, the model was trained on those of %s: embed the images "
                        "with that encoder, or train again",
                        id, encoder_id);
    if (found != dim)
        return SAI_FAIL(SELECTAI_ERR_MISMATCH, "the cache's vectors have %u numbers, the model wants %u", found, dim);
    return SELECTAI_OK;
}

int sai_report_unknown_encoder(struct selectai_issues *issues, const char *what, const char *encoder_id)
{
    if (*encoder_id)
        return SELECTAI_OK;
    return sai_issues_add(issues, SELECTAI_ERR_NO_DATA, "encoder-unknown", NULL, 0,
                          "the %s does not say which encoder's vectors it was trained on, nor with which activation "
                          "(QuickGELU or exact GELU): only their length was compared. If you know it, bind it with "
                          "'selectai import-model'",
                          what);
}

static int require_layout(const selectai_embedding_cache *layout, const struct sai_crop_head *head)
{
    if (layout)
        return sai_require_encoder(layout, head->layout_id, head->layout_dim);
    return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                    "the cropper also needs vectors of encoder %s, which tell where things are: give a layout cache",
                    head->layout_id);
}

static size_t drop_seen(struct sai_decisions *d, const struct sai_model *model)
{
    size_t dropped = 0;
    for (size_t i = 0; i < d->count; i++) {
        struct sai_decision *it = &d->items[i];
        bool seen = false;
        for (uint32_t j = 0; j < it->n && !seen; j++)
            seen = sai_model_has_seen(model, d->members[it->first + j].key);
        dropped += sai_is_choice(it) && seen;
        it->usable = it->usable && !seen;
    }
    return dropped;
}

static size_t count_usable(const struct sai_decisions *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->count; i++)
        n += sai_is_choice(&d->items[i]);
    return n;
}

int sai_measure_begin(struct sai_measurement *m, const struct sai_model *model, const selectai_trainset *set,
                      const selectai_embedding_cache *cache, const selectai_embedding_cache *layout, int what)
{
    size_t without = 0;
    *m = (struct sai_measurement){.head = {.split = "unseen"}};
    int rc = model->dim > 0 ? sai_require_encoder(cache, model->encoder_id, model->dim) : SELECTAI_OK;
    if (rc == SELECTAI_OK && model->head.layout_id)
        rc = require_layout(layout, &model->head);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&m->issues);
    if (rc == SELECTAI_OK)
        rc = sai_report_unknown_encoder(m->issues, model->kind, model->encoder_id);
    if (rc == SELECTAI_OK)
        rc = sai_decisions_read(&m->decisions, m->issues, set);
    if (rc == SELECTAI_OK && what == SAI_JOIN_WINNER)
        rc = sai_require_crops(&m->decisions, m->issues, &without);
    if (rc != SELECTAI_OK)
        return rc;
    if (what == SAI_JOIN_ALL)
        sai_require_rejected(&m->decisions);
    const char *seed = sai_json_string(model->info, "seed", "0");
    m->head.seed = strtoull(seed, NULL, 10);
    m->head.excluded_seen = drop_seen(&m->decisions, model);
    size_t *missing = &m->head.excluded_missing;
    rc = model->dim > 0 ? sai_join(&m->vectors, &m->decisions, m->issues, missing, cache, what)
                        : sai_join_sizes(&m->vectors, &m->decisions, m->issues, missing, set);
    if (rc == SELECTAI_OK && model->head.layout_id)
        rc = sai_join_layout(&m->layout, &m->decisions, &m->vectors, m->issues, missing, layout);
    if (rc == SELECTAI_OK)
        sai_model_prepare_vectors(model, m->vectors.x, m->vectors.n);
    if (rc == SELECTAI_OK && count_usable(&m->decisions) == 0)
        rc = SAI_FAIL(
            SELECTAI_ERR_NO_DATA,
            "nothing left to measure on: of %zu decisions the model has seen %zu, %zu are not in the cache%s: "
            "give decisions that it was not trained on",
            m->decisions.count - m->decisions.n_rejected - (what == SAI_JOIN_WINNER ? 0 : m->decisions.n_crops_alone),
            m->head.excluded_seen, m->head.excluded_missing, without > 0 ? ", others have no crop" : "");
    return rc;
}

int sai_measure_end(selectai_evaluation **evaluation, const struct sai_measurement *m)
{
    int rc = sai_issues_append(sai_evaluation_issues(*evaluation), m->issues);
    if (rc != SELECTAI_OK)
        selectai_evaluation_destroy(evaluation);
    return rc;
}

void sai_measure_free(struct sai_measurement *m)
{
    sai_decisions_free(&m->decisions);
    sai_vectors_free(&m->vectors);
    sai_free(m->layout);
    selectai_issues_destroy(&m->issues);
}

/* Of several usable decisions with one winner the first counts: an image has one crop. */
struct winner {
    uint64_t key;
    size_t index;
};

static int by_key(const void *a, const void *b)
{
    const struct winner *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int mark_repeated(bool *repeated, const struct sai_decisions *d)
{
    struct winner *order = sai_malloc_array(d->count, sizeof *order);
    size_t n = 0;
    if (!order)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].usable && d->items[i].has_crop)
            order[n++] = (struct winner){d->members[d->items[i].first].key, i};
    qsort(order, n, sizeof *order, by_key);
    for (size_t i = 1; i < n; i++)
        repeated[order[i].index] = order[i].key == order[i - 1].key;
    sai_free(order);
    return SELECTAI_OK;
}

/* What speaks against a decision's crop, or NULL. */
static const char *objection(const struct sai_decision *it, bool repeated, const char **text, int *code)
{
    struct sai_box_numbers numbers;
    if (repeated) {
        *code = SELECTAI_ERR_EXISTS;
        *text = "this winner's crop stands in the data already";
        return "repeated";
    }
    *code = SELECTAI_ERR_UNSUPPORTED;
    if (!sai_box_is_valid(&it->crop)) {
        *code = SELECTAI_ERR_FORMAT;
        *text = "its crop is empty or leaves the image: check the log it comes from";
        return "bad-box";
    }
    *text = "its crop changes the aspect ratio; only crops that keep it can be learned";
    return sai_box_to_numbers(&numbers, &it->crop) ? NULL : "aspect-changed";
}

/* One issue for all of them. */
static int take_crops_alone(struct sai_decisions *d, struct selectai_issues *issues)
{
    size_t homeless = 0;
    for (size_t i = 0; i < d->count; i++) {
        struct sai_decision *it = &d->items[i];
        if (!it->crop_alone)
            continue;
        it->usable = it->project[0] != '\0';
        homeless += !it->usable;
    }
    if (homeless == 0)
        return SELECTAI_OK;
    return sai_issues_add(issues, SELECTAI_ERR_NOT_FOUND, "unknown-project", NULL, 0,
                          "%zu crops are of no known project and left out: name it when the logs are read, with "
                          "--config, --manifest or --project",
                          homeless);
}

int sai_require_crops(struct sai_decisions *d, struct selectai_issues *issues, size_t *n_without)
{
    bool *repeated = sai_calloc(d->count, sizeof *repeated);
    int rc = repeated ? take_crops_alone(d, issues) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = mark_repeated(repeated, d);
    *n_without = 0;
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        struct sai_decision *it = &d->items[i];
        const char *path = d->members[it->first].path, *text = "", *kind;
        int code = SELECTAI_OK;
        if (!it->usable)
            continue;
        if (!it->has_crop) {
            ++*n_without;
            it->usable = false;
            continue;
        }
        kind = objection(it, repeated[i], &text, &code);
        if (!kind)
            continue;
        it->usable = false;
        rc = sai_issues_add(issues, code, kind, path, 0, "%s: %s", path, text);
    }
    sai_free(repeated);
    return rc;
}
