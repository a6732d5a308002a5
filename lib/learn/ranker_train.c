/*
 * learn/ranker_train.c: the public side of training a ranker: options, metadata, figures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>
#include <string.h>

#include "learn/ranker_fit.h"

static const struct selectai_ranker_options defaults = {.struct_size = sizeof defaults,
                                                        .epochs = 60,
                                                        .batch_size = 32,
                                                        .patience = 12,
                                                        .seed = 1,
                                                        .lr = 0.0003f,
                                                        .weight_decay = 0.0001f,
                                                        .dropout = 0.3f,
                                                        .margin = 0.5f,
                                                        .anomaly_weight = 1.0f,
                                                        .loss_anomaly_weight = 1.0f,
                                                        .validation_share = 0.1f,
                                                        .split = SELECTAI_SPLIT_AUTO,
                                                        .loss = SELECTAI_LOSS_PLACKETT_LUCE,
                                                        .use_prior = 1,
                                                        .use_image = 1};

void selectai_ranker_options_init(struct selectai_ranker_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static int check(const struct selectai_ranker_options *o)
{
    SAI_REQUIRE(o->margin > 0.0f && o->margin <= 1000.0f);
    SAI_REQUIRE(o->anomaly_weight > 0.0f && o->anomaly_weight <= 1e6f);
    SAI_REQUIRE(o->loss_anomaly_weight >= 0.0f && o->loss_anomaly_weight <= 1e6f);
    SAI_REQUIRE(o->loss >= SELECTAI_LOSS_MARGIN && o->loss <= SELECTAI_LOSS_PLACKETT_LUCE);
    SAI_REQUIRE(o->ensemble <= SELECTAI_MAX_ENSEMBLE);
    SAI_REQUIRE(o->folds <= SELECTAI_MAX_FOLDS);
    SAI_REQUIRE(o->use_prior || o->use_image);
    if (o->recognise_stages && (!o->use_prior || !o->use_image))
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "recognised stages stand in for told ones: they need the stage prior and the image");
    if (o->split == SELECTAI_SPLIT_PAIR && o->hold_out)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "a split by pairs measures pairs of all projects: hold a project out with another split");
    return SELECTAI_OK;
}

static int read_options(struct selectai_ranker_options *all, struct sai_train_options *shared,
                        const struct selectai_ranker_options *options)
{
    *all = defaults;
    int rc = sai_options_copy(all, sizeof *all, options);
    if (rc == SELECTAI_OK)
        rc = check(all);
    if (rc != SELECTAI_OK)
        return rc;
    *shared = (struct sai_train_options){
        .epochs = all->epochs,
        .batch_size = all->batch_size,
        .patience = all->patience,
        .threads = all->threads,
        .lr = all->lr,
        .weight_decay = all->weight_decay,
        .dropout = all->dropout,
        .validation_share = (double)all->validation_share,
        .folds = {.kind = all->split, .n = sai_folds_wanted(all->folds), .seed = all->seed, .hold_out = all->hold_out},
        .no_network = !all->use_image,
        .backend_dir = all->backend_dir,
        .progress = all->progress,
        .user = all->user};
    return sai_train_check(shared);
}

/* A warm start must be of the same encoder and see the same inputs. */
static int check_start(const struct selectai_ranker_options *o, const selectai_embedding_cache *cache)
{
    const struct sai_model *m = o->start ? o->start->model : NULL;
    if (!m)
        return SELECTAI_OK;
    if (strcmp(m->encoder_id, selectai_embedding_cache_encoder_id(cache)) != 0 ||
        m->dim != selectai_embedding_cache_dim(cache))
        return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                        "the ranker to go on from was trained on vectors of encoder %s, the cache holds those of %s: "
                        "train from the start",
                        m->encoder_id, selectai_embedding_cache_encoder_id(cache));
    if (o->use_image && m->mlp && m->differences != (o->differences != 0))
        return SAI_FAIL(SELECTAI_ERR_MISMATCH, "the ranker to go on from was trained %s differences: ask for the same",
                        m->differences ? "on" : "without");
    if (o->use_image && m->mlp && (m->recogniser != NULL) != (o->recognise_stages != 0))
        return SAI_FAIL(SELECTAI_ERR_MISMATCH, "the ranker to go on from was trained to %s stages: ask for the same",
                        m->recogniser ? "recognise" : "be told");
    if (o->use_image && m->mlp && (m->mlp->hidden != SAI_MLP_RELU || m->form.vectors == SAI_VECTORS_UNIT))
        return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                        "the ranker to go on from has other layers, or wants vectors of length 1, "
                        "as old models do: train from the start");
    return SELECTAI_OK;
}

/* With fewer than two stages there is nothing to tell apart. */
static int check_stages(struct selectai_ranker_options *o, const struct sai_training *t)
{
    const struct sai_decisions *d = &t->decisions;
    double one = NAN;
    for (size_t i = 0; i < d->count && o->recognise_stages; i++)
        for (uint32_t k = 0; k < d->items[i].n && d->items[i].usable; k++) {
            double stage = d->members[d->items[i].first + k].stage;
            if (!isnan(one) && !isnan(stage) && stage != one)
                return SELECTAI_OK;
            one = isnan(stage) ? one : stage;
        }
    if (!o->recognise_stages)
        return SELECTAI_OK;
    o->recognise_stages = 0;
    return sai_issues_add(t->issues, SELECTAI_ERR_NO_DATA, "no-stages", NULL, 0,
                          "the data know fewer than two stages: there is nothing to recognise, images count alone");
}

static int begin(struct sai_training *t, struct selectai_ranker_options *all, struct sai_train_options *shared,
                 const selectai_trainset *set, const selectai_embedding_cache *cache,
                 const struct selectai_ranker_options *options)
{
    int rc = read_options(all, shared, options);
    if (rc == SELECTAI_OK)
        rc = check_start(all, cache);
    if (rc == SELECTAI_OK)
        rc = sai_training_begin(t, set, cache, shared, SAI_JOIN_ALL);
    if (rc == SELECTAI_OK)
        rc = check_stages(all, t);
    if (rc == SELECTAI_OK)
        sai_ranker_resolve(all, t);
    return rc;
}

static json_t *options_json(const struct selectai_ranker_options *o, const struct sai_train_options *shared)
{
    static const char *const losses[] = {"margin", "bradley-terry", "plackett-luce"};
    json_t *options = sai_training_options_json(shared);
    int bad = !options || json_object_set_new(options, "loss", json_string(losses[o->loss])) ||
              json_object_set_new(options, "margin", sai_short_real(o->margin)) ||
              json_object_set_new(options, "anomaly_weight", sai_short_real(o->anomaly_weight)) ||
              json_object_set_new(options, "loss_anomaly_weight", sai_short_real(o->loss_anomaly_weight)) ||
              json_object_set_new(options, "ensemble", json_integer((json_int_t)o->ensemble)) ||
              json_object_set_new(options, "recognise_stages", json_boolean(o->recognise_stages != 0)) ||
              json_object_set_new(options, "warm_start", json_boolean(o->start != NULL));
    if (!bad)
        return options;
    json_decref(options);
    return NULL;
}

static const char *fitted_on(const struct sai_training *t)
{
    if (t->folds.n > 0)
        return t->folds.kind == SELECTAI_SPLIT_PROJECT ? "projects, each by a ranker that had not seen it"
               : t->folds.kind == SELECTAI_SPLIT_PAIR  ? "pairs, each by a ranker that had not seen it: LEAKY"
                                                       : "blocks of time, each by a ranker that had not seen it";
    if (t->options->no_network)
        return "nothing: no folds, 1 by default";
    return t->options->validation_share > 0.0 ? "validation groups, which also stopped training"
                                              : "nothing: no validation groups, 1 by default";
}

/* Decisions held out for good took no part. */
static int describe(struct sai_model *model, const struct sai_training *t, const selectai_embedding_cache *cache,
                    const struct selectai_ranker_options *o, const struct sai_training_outcome *outcome)
{
    const char **texts = sai_malloc_array(t->decisions.count, sizeof *texts);
    size_t n = 0;
    if (!texts)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < t->decisions.count; i++)
        if (t->decisions.items[i].usable && t->decisions.items[i].fold != SAI_FOLD_HELD_OUT)
            texts[n++] = t->decisions.items[i].text;
    int rc = sai_training_describe(model, t, cache, texts, n, outcome);
    sai_free(texts);
    if (rc != SELECTAI_OK)
        return rc;
    int bad = json_object_set_new(model->info, "options", options_json(o, t->options)) ||
              json_object_set_new(model->info, "calibrated_on", json_string(fitted_on(t)));
    return bad ? SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata") : SELECTAI_OK;
}

/* Of the project held out, if one is; else of all folds. */
static int measure(selectai_evaluation **out, const struct sai_cross *cross, const struct sai_training *t)
{
    struct sai_evaluation_head head = sai_training_head(t);
    bool *use = sai_calloc(t->decisions.count, sizeof *use);
    if (!use)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < t->decisions.count; i++)
        use[i] = cross->measured[i] && (!t->folds.held_out || t->decisions.items[i].fold == SAI_FOLD_HELD_OUT);
    int rc = sai_evaluate_ranker(out, &t->decisions, use, &cross->scored, &head);
    sai_free(use);
    return rc;
}

int selectai_ranker_train(selectai_ranker **out, selectai_evaluation **evaluation, selectai_issues **issues,
                          const selectai_trainset *set, const selectai_embedding_cache *cache,
                          const struct selectai_ranker_options *options)
{
    struct selectai_ranker_options all;
    struct sai_train_options shared;
    struct sai_training training = {0};
    struct sai_cross cross = {0};
    selectai_evaluation *figures = NULL;
    SAI_REQUIRE(out && set && cache);
    int rc = begin(&training, &all, &shared, set, cache, options);
    if (rc == SELECTAI_OK)
        rc = sai_ranker_cross(&cross, &training, &all, true);
    if (rc == SELECTAI_OK)
        rc = describe(cross.final, &training, cache, &all, &cross.outcome);
    if (rc == SELECTAI_OK)
        rc = measure(&figures, &cross, &training);
    if (rc == SELECTAI_OK)
        rc = sai_training_end(&training, cross.final, figures);
    if (rc == SELECTAI_OK)
        rc = sai_ranker_wrap(out, &cross.final);
    if (rc == SELECTAI_OK)
        sai_training_hand_out(&training, &figures, evaluation, issues);
    sai_cross_free(&cross);
    selectai_evaluation_destroy(&figures);
    sai_training_free(&training);
    return rc;
}

/* The figures for each weight; those made before a failure are destroyed. */
static int measure_weights(selectai_evaluation **out, const float *weights, size_t n, struct sai_cross *cross,
                           const struct sai_training *t, struct selectai_ranker_options *o)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        o->anomaly_weight = weights[i];
        rc = sai_cross_weigh(cross, t, o);
        if (rc == SELECTAI_OK)
            rc = measure(&out[i], cross, t);
        if (rc == SELECTAI_OK)
            rc = sai_issues_append(sai_evaluation_issues(out[i]), t->issues);
    }
    for (size_t i = 0; i < n && rc != SELECTAI_OK; i++)
        selectai_evaluation_destroy(&out[i]);
    return rc;
}

int selectai_ranker_sweep_anomaly_weight(selectai_evaluation **evaluations, const float *weights, size_t n,
                                         const selectai_trainset *set, const selectai_embedding_cache *cache,
                                         const struct selectai_ranker_options *options)
{
    struct selectai_ranker_options all;
    struct sai_train_options shared;
    struct sai_training training = {0};
    struct sai_cross cross = {0};
    SAI_REQUIRE(evaluations && weights && n > 0 && set && cache);
    for (size_t i = 0; i < n; i++) {
        evaluations[i] = NULL;
        SAI_REQUIRE(weights[i] > 0.0f && weights[i] <= 1e6f);
    }
    int rc = begin(&training, &all, &shared, set, cache, options);
    if (rc == SELECTAI_OK && training.folds.n == 0 && !training.folds.held_out)
        rc = SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "cross-validation needs two folds or more");
    if (rc == SELECTAI_OK)
        rc = sai_ranker_cross(&cross, &training, &all, training.folds.held_out != NULL);
    if (rc == SELECTAI_OK)
        rc = measure_weights(evaluations, weights, n, &cross, &training, &all);
    sai_cross_free(&cross);
    sai_training_free(&training);
    return rc;
}

int selectai_ranker_cross_validate(selectai_evaluation **out, const selectai_trainset *set,
                                   const selectai_embedding_cache *cache, const struct selectai_ranker_options *options)
{
    struct selectai_ranker_options all = defaults;
    SAI_REQUIRE(out);
    int rc = sai_options_copy(&all, sizeof all, options);
    return rc == SELECTAI_OK ? selectai_ranker_sweep_anomaly_weight(out, &all.anomaly_weight, 1, set, cache, &all) : rc;
}
