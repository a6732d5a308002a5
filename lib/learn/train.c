/*
 * learn/train.c: preparing data for training.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include "backend/backend.h"
#include "learn/measure.h"
#include "learn/train.h"

static bool in_range(double value, double low, double high)
{
    return value >= low && value <= high; /* false for NaN */
}

int sai_train_check(const struct sai_train_options *o)
{
    SAI_REQUIRE(o->epochs >= 1 && o->epochs <= 1000000);
    SAI_REQUIRE(o->batch_size >= 1 && o->batch_size <= (1u << 24));
    SAI_REQUIRE(o->lr > 0.0f && in_range((double)o->lr, 0.0, 10.0));
    SAI_REQUIRE(in_range((double)o->weight_decay, 0.0, 10.0));
    SAI_REQUIRE(in_range((double)o->dropout, 0.0, 0.9));
    SAI_REQUIRE(in_range(o->validation_share, 0.0, 0.9));
    return SELECTAI_OK;
}

static void count(struct sai_training *t)
{
    for (size_t i = 0; i < t->decisions.count; i++) {
        const struct sai_decision *d = &t->decisions.items[i];
        t->n_usable += sai_is_choice(d);
        t->n_held_out += sai_is_choice(d) && d->fold == SAI_FOLD_HELD_OUT;
        t->n_rejected += d->usable && d->rejected;
    }
}

/* Says what became of the decisions: the person must find out why so few are left. */
static int too_few(const struct sai_training *t, int what)
{
    size_t n = t->decisions.count - t->decisions.n_rejected -
               (what == SAI_JOIN_WINNER ? 0 : t->decisions.n_crops_alone);
    if (n == 0)
        return SAI_FAIL(SELECTAI_ERR_NO_DATA, "no decisions to train on: the data hold none%s; add training entries",
                        t->decisions.n_rejected > 0 ? " but rejected groups, which say nothing about choices" : "");
    return SAI_FAIL(SELECTAI_ERR_NO_DATA,
                    "%zu decisions to train on, %u are the least: of %zu, %zu have images that are not in the cache%s, "
                    "and %zu are of the project that is held out: embed the missing images, or add data",
                    t->n_usable - t->n_held_out, SAI_TRAIN_MIN, n, t->n_missing,
                    what == SAI_JOIN_WINNER ? ", others have no usable crop or are of no known project (name it: --project)" : "", t->n_held_out);
}

/* The module's own threads are for towers; networks train on one thread each. */
static int get_backend(struct sai_training *t)
{
    char err[SAI_BACKEND_ERR_SIZE] = "";
    if (t->options->no_network)
        return SELECTAI_OK;
    int rc = sai_backend_get(&t->backend, t->options->backend_dir);
    if (rc != SELECTAI_OK)
        return rc;
    int code = t->backend->set_threads(t->options->threads, err, sizeof err);
    return code == SAI_BACKEND_OK ? SELECTAI_OK : sai_backend_fail(code, "training", err);
}

static int make_folds(struct sai_training *t)
{
    size_t usable = 0;
    for (size_t i = 0; i < t->decisions.count; i++)
        usable += t->decisions.items[i].usable;
    if (usable < SAI_TRAIN_MIN) /* too_few() knows more about it */
        return SELECTAI_OK;
    return sai_folds_make(&t->folds, &t->decisions, &t->options->folds);
}

int sai_training_begin(struct sai_training *t, const selectai_trainset *set, const selectai_embedding_cache *cache,
                       const struct sai_train_options *options, int what)
{
    *t = (struct sai_training){.options = options};
    int rc = get_backend(t);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&t->issues);
    if (rc == SELECTAI_OK)
        rc = sai_decisions_read(&t->decisions, t->issues, set);
    if (rc == SELECTAI_OK && what == SAI_JOIN_WINNER)
        rc = sai_require_crops(&t->decisions, t->issues, &t->n_without_crop);
    if (rc == SELECTAI_OK && what == SAI_JOIN_ALL)
        sai_require_rejected(&t->decisions);
    if (rc == SELECTAI_OK)
        rc = cache ? sai_join(&t->vectors, &t->decisions, t->issues, &t->n_missing, cache, what)
                   : sai_join_sizes(&t->vectors, &t->decisions, t->issues, &t->n_missing, set);
    if (rc == SELECTAI_OK && options->layout)
        rc = sai_join_layout(&t->layout, &t->decisions, &t->vectors, t->issues, &t->n_missing, options->layout);
    if (rc == SELECTAI_OK)
        rc = sai_decisions_join_near(&t->decisions, &t->n_near, t->vectors.phash, SAI_NEAR_DISTANCE,
                                     what == SAI_JOIN_WINNER);
    if (rc == SELECTAI_OK && options->folds.kind == SELECTAI_SPLIT_PAIR && what == SAI_JOIN_ALL)
        rc = sai_decisions_explode(&t->decisions);
    if (rc == SELECTAI_OK)
        rc = make_folds(t);
    if (rc == SELECTAI_OK)
        count(t);
    if (rc == SELECTAI_OK && t->n_usable - t->n_held_out < SAI_TRAIN_MIN)
        rc = too_few(t, what);
    return rc;
}

void sai_training_free(struct sai_training *t)
{
    sai_decisions_free(&t->decisions);
    sai_vectors_free(&t->vectors);
    sai_free(t->layout);
    selectai_issues_destroy(&t->issues);
    *t = (struct sai_training){0};
}

int8_t *sai_training_sides(const struct sai_training *t, int32_t fold)
{
    int8_t *side = sai_malloc_array(t->decisions.count, sizeof *side);
    if (side)
        sai_fold_sides(side, &t->decisions, fold, t->options->validation_share, t->options->folds.seed);
    return side;
}

struct sai_network sai_training_network(const struct sai_training *t, const uint32_t *widths, uint32_t n_widths,
                                        const struct sai_backend_task *task)
{
    const struct sai_train_options *o = t->options;
    return (struct sai_network){.backend = t->backend,
                                .widths = widths,
                                .n_widths = n_widths,
                                .output = SAI_MLP_LINEAR,
                                .epochs = o->epochs,
                                .batch_size = o->batch_size,
                                .patience = o->patience,
                                .lr = o->lr,
                                .weight_decay = o->weight_decay,
                                .dropout = o->dropout,
                                .seed = o->folds.seed,
                                .task = task};
}

struct sai_evaluation_head sai_training_head(const struct sai_training *t)
{
    return (struct sai_evaluation_head){
        .split = sai_split_name(t->folds.held_out ? SELECTAI_SPLIT_PROJECT : t->folds.kind),
        .seed = t->options->folds.seed,
        .folds = t->folds.held_out ? 1 : t->folds.n,
        .excluded_missing = t->n_missing};
}

void sai_training_hand_out(struct sai_training *t, selectai_evaluation **figures, selectai_evaluation **evaluation,
                           selectai_issues **issues)
{
    if (evaluation) {
        *evaluation = *figures;
        *figures = NULL;
    }
    if (issues) {
        *issues = t->issues;
        t->issues = NULL;
    }
}
