/*
 * learn/ranker_train.c: training a ranker on pairs of one set each.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>
#include <string.h>

#include "learn/pairs.h"
#include "learn/temperature.h"

#define HIDDEN_1 256u
#define HIDDEN_2 64u

#define FEW              4096u /* training decisions; with fewer: see refit(), sai_pairs_make() and standardise() */
#define COPIES           4u    /* of each pair, then */
#define REFIT_MIN_EPOCHS 40u   /* fewer teach too little, however early the few validation groups were at their best */

static const struct selectai_ranker_options defaults = {.struct_size = sizeof defaults,
                                                        .epochs = 60,
                                                        .batch_size = 32,
                                                        .patience = 12,
                                                        .seed = 1,
                                                        .lr = 0.0003f,
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

static bool few(const struct sai_training *t)
{
    return t->n_sides[SAI_SIDE_TRAIN] < FEW;
}

/* Lists the rows of training decisions, decision by decision; returns how many decisions. */
static size_t list_groups(uint32_t *rows, size_t *starts, const struct sai_training *t)
{
    size_t n = 0;
    starts[0] = 0;
    for (size_t i = 0; i < t->decisions.count; i++)
        if (t->side[SAI_SIDE_TRAIN][i]) {
            const struct sai_decision *d = &t->decisions.items[i];
            for (uint32_t j = 0; j < d->n; j++)
                rows[starts[n] + j] = t->decisions.members[d->first + j].row;
            starts[n + 1] = starts[n] + d->n;
            n++;
        }
    return n;
}

/* Each row once, ascending. */
static size_t list_rows(uint32_t *out, bool *used, const uint32_t *rows, size_t n, size_t n_vectors)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        used[rows[i]] = true;
    for (size_t i = 0; i < n_vectors; i++)
        if (used[i])
            out[count++] = (uint32_t)i;
    return count;
}

/* By the rows of training decisions alone. */
static int standardise(struct sai_standardiser *s, const struct sai_training *t)
{
    const struct sai_vectors *v = &t->vectors;
    uint32_t *rows = sai_malloc_array(t->decisions.n_members, sizeof *rows);
    uint32_t *once = sai_malloc_array(v->n, sizeof *once);
    bool *used = sai_calloc(v->n, sizeof *used);
    size_t *starts = sai_malloc_array(t->decisions.count + 1, sizeof *starts);
    int rc = rows && once && used && starts ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        size_t n_groups = list_groups(rows, starts, t);
        rc = sai_standardiser_fit(s, v->x, v->dim, once, list_rows(once, used, rows, starts[n_groups], v->n));
        if (rc == SELECTAI_OK && few(t))
            rc = sai_standardiser_within(s, v->x, rows, starts, n_groups);
    }
    sai_free(rows);
    sai_free(once);
    sai_free(used);
    sai_free(starts);
    return rc;
}

static int fit(struct sai_model *model, struct sai_training *t, bool with_validation,
               const struct selectai_ranker_options *o)
{
    const uint32_t widths[] = {t->vectors.dim, HIDDEN_1, HIDDEN_2, 1};
    const uint32_t copies = few(t) ? COPIES : 1;
    struct sai_pairs pairs;
    int rc = sai_pairs_make(&pairs, t, &model->standardiser,
                            &(struct sai_pairs_options){.with_validation = with_validation,
                                                        .copies = copies,
                                                        .anomaly_weight = o->anomaly_weight});
    const struct sai_backend_pairs data = {.struct_size = sizeof data,
                                           .x = pairs.x,
                                           .n_rows = pairs.n_rows,
                                           .winner = pairs.winner,
                                           .loser = pairs.loser,
                                           .weight = pairs.weight,
                                           .n_train = pairs.n_train,
                                           .n_validation = pairs.count - pairs.n_train,
                                           .margin = o->margin};
    const struct sai_train_network network = {.widths = widths,
                                              .n_widths = 4,
                                              .output = SAI_MLP_LINEAR,
                                              .stage = with_validation ? "refit" : NULL,
                                              .passes = copies,
                                              .pairs = &data};
    sai_mlp_destroy(&model->mlp);
    if (rc == SELECTAI_OK)
        rc = sai_train_network(&model->mlp, t, &network);
    sai_pairs_free(&pairs);
    return rc;
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
 * were best.
 */
static int refit(struct sai_model *model, struct sai_training *t, const struct selectai_ranker_options *o)
{
    const struct sai_train_options *all = t->options;
    struct sai_train_options again = *all;
    uint32_t epochs_run = t->epochs_run, best_epoch = t->best_epoch;
    again.epochs = best_epoch > REFIT_MIN_EPOCHS ? best_epoch : REFIT_MIN_EPOCHS;
    again.epochs = again.epochs < all->epochs ? again.epochs : all->epochs;
    t->options = &again;
    int rc = fit(model, t, true, o);
    t->options = all;
    t->epochs_run = epochs_run;
    t->best_epoch = best_epoch;
    t->refit_epochs = again.epochs;
    return rc;
}

static int train_network(struct sai_model *model, struct sai_training *t, const struct selectai_ranker_options *o)
{
    int rc = standardise(&model->standardiser, t);
    if (rc == SELECTAI_OK)
        rc = fit(model, t, false, o);
    if (rc == SELECTAI_OK)
        rc = fit_temperature(model, t);
    if (rc == SELECTAI_OK && t->n_sides[SAI_SIDE_VALIDATION] > 0 && few(t))
        rc = refit(model, t, o);
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
