/*
 * learn/ranker_train.c: training a ranker on pairs of one set each.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>
#include <string.h>

#include "learn/temperature.h"
#include "learn/train.h"

#define HIDDEN_1 256u
#define HIDDEN_2 64u

#define REFIT_BELOW      4096u /* training decisions: see refit() */
#define REFIT_MIN_EPOCHS 20u   /* fewer teach too little, however early the few validation groups were at their best */

static const struct selectai_ranker_options defaults = {.struct_size = sizeof defaults,
                                                        .epochs = 60,
                                                        .batch_size = 32,
                                                        .patience = 12,
                                                        .seed = 1,
                                                        .lr = 0.001f,
                                                        .weight_decay = 0.0001f,
                                                        .dropout = 0.3f,
                                                        .margin = 0.5f,
                                                        .anomaly_weight = 2.0f,
                                                        .test_share = 0.2f,
                                                        .validation_share = 0.1f,
                                                        .split = SELECTAI_SPLIT_GROUP};

void selectai_ranker_options_init(struct selectai_ranker_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static int read_options(struct selectai_ranker_options *all, struct sai_train_options *shared,
                        const struct selectai_ranker_options *options)
{
    *all = defaults;
    int rc = sai_options_copy(all, sizeof *all, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(all->margin > 0.0f && all->margin <= 1000.0f);
    SAI_REQUIRE(all->anomaly_weight >= 0.0f && all->anomaly_weight <= 1e6f);
    *shared = (struct sai_train_options){.epochs = all->epochs,
                                         .batch_size = all->batch_size,
                                         .patience = all->patience,
                                         .threads = all->threads,
                                         .lr = all->lr,
                                         .weight_decay = all->weight_decay,
                                         .dropout = all->dropout,
                                         .split = {.kind = all->split,
                                                   .seed = all->seed,
                                                   .test_share = (double)all->test_share,
                                                   .validation_share = (double)all->validation_share,
                                                   .hold_out = all->hold_out},
                                         .backend_dir = all->backend_dir,
                                         .progress = all->progress,
                                         .user = all->user};
    return sai_train_check(shared);
}

struct pairs {
    uint32_t *winner, *loser;
    float *weight;
    size_t count, n_train;
};

static void free_pairs(struct pairs *p)
{
    sai_free(p->winner);
    sai_free(p->loser);
    sai_free(p->weight);
}

static void add_pairs(struct pairs *p, const struct sai_member *m, uint32_t n, float anomaly_weight)
{
    for (uint32_t i = 1; i < n; i++) {
        p->winner[p->count] = m[0].row;
        p->loser[p->count] = m[i].row;
        /* false where a stage is not known */
        p->weight[p->count++] = m[0].stage < m[i].stage ? anomaly_weight : 1.0f;
    }
}

/* Training pairs first, then validation pairs; the winner against each loser of its own set. */
static int make_pairs(struct pairs *p, const struct sai_training *t, float anomaly_weight)
{
    static const int order[2] = {SAI_SIDE_TRAIN, SAI_SIDE_VALIDATION};
    size_t room = t->decisions.n_members;
    p->winner = sai_malloc_array(room, sizeof *p->winner);
    p->loser = sai_malloc_array(room, sizeof *p->loser);
    p->weight = sai_malloc_array(room, sizeof *p->weight);
    if (!p->winner || !p->loser || !p->weight)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < t->decisions.count; i++)
            if (t->side[order[k]][i])
                add_pairs(p, &t->decisions.members[t->decisions.items[i].first], t->decisions.items[i].n,
                          anomaly_weight);
        if (k == 0)
            p->n_train = p->count;
    }
    return SELECTAI_OK;
}

/* Standardises by the rows of training decisions alone; *x: all rows, standardised. */
static int standardise(struct sai_standardiser *s, float **x, const struct sai_training *t)
{
    const struct sai_vectors *v = &t->vectors;
    bool *used = sai_calloc(v->n, sizeof *used);
    uint32_t *rows = sai_malloc_array(v->n, sizeof *rows), n_rows = 0;
    int rc = used && rows ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < t->decisions.count && rc == SELECTAI_OK; i++)
        for (uint32_t j = 0; t->side[SAI_SIDE_TRAIN][i] && j < t->decisions.items[i].n; j++)
            used[t->decisions.members[t->decisions.items[i].first + j].row] = true;
    for (size_t i = 0; i < v->n && rc == SELECTAI_OK; i++)
        if (used[i])
            rows[n_rows++] = (uint32_t)i;
    if (rc == SELECTAI_OK)
        rc = sai_standardiser_fit(s, v->x, v->dim, rows, n_rows);
    if (rc == SELECTAI_OK) {
        *x = sai_aligned_array(v->n * v->dim, sizeof **x);
        rc = *x ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < v->n && rc == SELECTAI_OK; i++)
        sai_standardise(s, *x + i * v->dim, v->x + i * v->dim);
    sai_free(used);
    sai_free(rows);
    return rc;
}

static int fit(struct sai_model *model, struct sai_training *t, const float *x, const struct pairs *pairs,
               size_t n_validation, float margin)
{
    const uint32_t widths[] = {t->vectors.dim, HIDDEN_1, HIDDEN_2, 1};
    const struct sai_backend_pairs data = {.struct_size = sizeof data,
                                           .x = x,
                                           .n_rows = t->vectors.n,
                                           .winner = pairs->winner,
                                           .loser = pairs->loser,
                                           .weight = pairs->weight,
                                           .n_train = pairs->count - n_validation,
                                           .n_validation = n_validation,
                                           .margin = margin};
    const struct sai_train_network network = {
        .widths = widths, .n_widths = 4, .output = SAI_MLP_LINEAR, .pairs = &data};
    sai_mlp_destroy(&model->mlp);
    return sai_train_network(&model->mlp, t, &network);
}

/* On the validation side, by a network that did not train on it. */
static int fit_temperature(struct sai_model *model, const struct sai_training *t)
{
    float *scores = sai_malloc_array(t->vectors.n, sizeof *scores);
    if (!scores)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_mlp_forward(model->mlp, &model->standardiser, scores, t->vectors.x, t->vectors.n);
    if (rc == SELECTAI_OK)
        model->temperature = sai_temperature_fit(&t->decisions, t->side[SAI_SIDE_VALIDATION], scores);
    sai_free(scores);
    return rc;
}

/*
 * With few decisions those that only told when to stop are missed: trains anew on both sides, for as many epochs as
 * were best. Without progress: it takes no longer than what was reported before.
 */
static int refit(struct sai_model *model, struct sai_training *t, const float *x, const struct pairs *pairs,
                 float margin)
{
    const struct sai_train_options *all = t->options;
    struct sai_train_options again = *all;
    uint32_t epochs_run = t->epochs_run, best_epoch = t->best_epoch;
    again.epochs = best_epoch > REFIT_MIN_EPOCHS ? best_epoch : REFIT_MIN_EPOCHS;
    again.epochs = again.epochs < all->epochs ? again.epochs : all->epochs;
    again.progress = NULL;
    t->options = &again;
    int rc = fit(model, t, x, pairs, 0, margin);
    t->options = all;
    t->epochs_run = epochs_run;
    t->best_epoch = best_epoch;
    t->refit_epochs = again.epochs;
    return rc;
}

static int train_network(struct sai_model *model, struct sai_training *t, const struct selectai_ranker_options *o)
{
    struct pairs pairs = {0};
    float *x = NULL;
    int rc = standardise(&model->standardiser, &x, t);
    if (rc == SELECTAI_OK)
        rc = make_pairs(&pairs, t, o->anomaly_weight);
    size_t n_validation = pairs.count - pairs.n_train;
    if (rc == SELECTAI_OK)
        rc = fit(model, t, x, &pairs, n_validation, o->margin);
    if (rc == SELECTAI_OK)
        rc = fit_temperature(model, t);
    if (rc == SELECTAI_OK && n_validation > 0 && t->n_sides[SAI_SIDE_TRAIN] < REFIT_BELOW)
        rc = refit(model, t, x, &pairs, o->margin);
    free_pairs(&pairs);
    sai_free(x);
    return rc;
}

static int describe(struct sai_model *model, const struct sai_training *t, const selectai_embedding_cache *cache,
                    const struct selectai_ranker_options *o)
{
    const char **texts = sai_malloc_array(t->decisions.count, sizeof *texts);
    size_t n = 0;
    if (!texts)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < t->decisions.count; i++)
        if (t->side[SAI_SIDE_TRAIN][i] || (t->refit_epochs > 0 && t->side[SAI_SIDE_VALIDATION][i]))
            texts[n++] = t->decisions.items[i].text;
    int rc = sai_training_describe(model, t, cache, texts, n);
    sai_free(texts);
    if (rc != SELECTAI_OK)
        return rc;
    json_t *options = sai_training_options_json(t->options);
    const char *fitted_on = t->n_sides[SAI_SIDE_VALIDATION] > 0 ? "validation groups, which also stopped training"
                                                                : "nothing: no validation groups, 1 by default";
    int bad = json_object_set_new(model->info, "options", options) ||
              json_object_set_new(options, "margin", json_real((double)o->margin)) ||
              json_object_set_new(options, "anomaly_weight", json_real((double)o->anomaly_weight)) ||
              json_object_set_new(model->info, "temperature_fitted_on", json_string(fitted_on));
    return bad ? SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata") : SELECTAI_OK;
}

/* Figures on the test side. */
static int measure(selectai_evaluation **out, struct sai_model *model, struct sai_training *t)
{
    struct sai_evaluation_head head = sai_training_head(t);
    float *scores = sai_malloc_array(t->vectors.n, sizeof *scores);
    if (!scores)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_mlp_forward(model->mlp, &model->standardiser, scores, t->vectors.x, t->vectors.n);
    if (rc == SELECTAI_OK)
        rc = sai_evaluate_ranker(out, &t->decisions, t->side[SAI_SIDE_TEST], scores, &head);
    sai_free(scores);
    return rc;
}

int selectai_ranker_train(selectai_ranker **out, selectai_evaluation **evaluation, selectai_issues **issues,
                          const selectai_trainset *set, const selectai_embedding_cache *cache,
                          const struct selectai_ranker_options *options)
{
    struct selectai_ranker_options all;
    struct sai_train_options shared;
    struct sai_training training = {0};
    struct sai_model *model = NULL;
    selectai_evaluation *figures = NULL;
    SAI_REQUIRE(out && set && cache);
    int rc = read_options(&all, &shared, options);
    if (rc == SELECTAI_OK)
        rc = sai_training_begin(&training, set, cache, &shared, SAI_JOIN_ALL);
    if (rc == SELECTAI_OK)
        rc = sai_model_create(&model, SAI_KIND_RANKER);
    if (rc == SELECTAI_OK)
        rc = train_network(model, &training, &all);
    if (rc == SELECTAI_OK)
        rc = describe(model, &training, cache, &all);
    if (rc == SELECTAI_OK)
        rc = measure(&figures, model, &training);
    if (rc == SELECTAI_OK)
        rc = sai_training_end(&training, model, figures);
    if (rc == SELECTAI_OK)
        rc = sai_ranker_wrap(out, &model);
    if (rc == SELECTAI_OK)
        sai_training_hand_out(&training, &figures, evaluation, issues);
    sai_model_destroy(&model);
    selectai_evaluation_destroy(&figures);
    sai_training_free(&training);
    return rc;
}
