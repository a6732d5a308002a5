/*
 * learn/cropper_train.c: the public side of training a cropper: options, metadata, figures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/cropper.h>

#include <string.h>

#include "base/number.h"
#include "embed/builtin.h"
#include "learn/cropper_cross.h"
#include "learn/measure.h"

static const struct selectai_cropper_options defaults = {.struct_size = sizeof defaults,
                                                         .epochs = 150,
                                                         .batch_size = 32,
                                                         .patience = 25,
                                                         .seed = 1,
                                                         .lr = 0.001f,
                                                         .weight_decay = 0.001f,
                                                         .dropout = 0.3f,
                                                         .snap = 0.02f,
                                                         .split = SELECTAI_SPLIT_AUTO,
                                                         .ensemble = 3};

void selectai_cropper_options_init(struct selectai_cropper_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static uint32_t folds_of(const struct selectai_cropper_options *o)
{
    return o->folds == 0 ? SAI_FOLDS_DEFAULT : o->folds == 1 ? 0 : o->folds;
}

static int read_options(struct selectai_cropper_options *all, struct sai_train_options *shared,
                        const struct selectai_cropper_options *options)
{
    *all = defaults;
    int rc = sai_options_copy(all, sizeof *all, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(all->snap >= 0.0f && all->snap <= 0.4f);
    SAI_REQUIRE(all->ensemble >= 1 && all->ensemble <= SAI_CROP_MAX_MEMBERS);
    SAI_REQUIRE(all->split != SELECTAI_SPLIT_PAIR && all->folds <= SELECTAI_MAX_FOLDS);
    *shared = (struct sai_train_options){
        .epochs = all->epochs,
        .batch_size = all->batch_size,
        .patience = all->patience,
        .threads = all->threads,
        .lr = all->lr,
        .weight_decay = all->weight_decay,
        .dropout = all->dropout,
        .folds = {.kind = all->split, .n = folds_of(all), .seed = all->seed, .hold_out = all->hold_out},
        .layout = all->layout_cache,
        .backend_dir = all->backend_dir,
        .progress = all->progress,
        .user = all->user};
    return sai_train_check(shared);
}

/* Only the built-in encoder's numbers are known to tell where things are. */
static int check_layout(const selectai_embedding_cache *layout)
{
    return layout ? sai_require_encoder(layout, SAI_BUILTIN_ID, SAI_BUILTIN_DIM) : SELECTAI_OK;
}

/* "project/winner 0.1 0 0.9 0.8": what a training row consists of. */
static int list_texts(const char **texts, size_t *n, struct sai_training *t)
{
    for (size_t i = 0; i < t->decisions.count; i++) {
        if (!t->decisions.items[i].usable || t->decisions.items[i].fold == SAI_FOLD_HELD_OUT)
            continue;
        const struct sai_decision *d = &t->decisions.items[i];
        const double edges[4] = {d->crop.x1, d->crop.y1, d->crop.x2, d->crop.y2};
        char numbers[4][SAI_NUMBER_SIZE]; /* whatever the locale's decimal point */
        for (int k = 0; k < 4; k++)
            sai_number_format(numbers[k], edges[k]);
        texts[*n] = sai_arena_printf(&t->decisions.arena, "%s/%s %s %s %s %s", d->project,
                                     t->decisions.members[d->first].filename, numbers[0], numbers[1], numbers[2],
                                     numbers[3]);
        if (!texts[(*n)++])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return SELECTAI_OK;
}

static json_t *options_json(const struct selectai_cropper_options *o, const struct sai_train_options *shared)
{
    json_t *options = sai_training_options_json(shared);
    if (options && json_object_set_new(options, "ensemble", json_integer((json_int_t)o->ensemble)) == 0)
        return options;
    json_decref(options);
    return NULL;
}

static int describe(struct sai_model *model, struct sai_training *t, const selectai_embedding_cache *cache,
                    const struct selectai_cropper_options *o, const struct sai_training_outcome *outcome)
{
    const char **texts = sai_malloc_array(t->decisions.count, sizeof *texts);
    size_t n = 0;
    int rc = texts ? list_texts(texts, &n, t) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_training_describe(model, t, cache, texts, n, outcome);
    sai_free(texts);
    if (rc == SELECTAI_OK && o->layout_cache) {
        model->head.layout_id = sai_strdup(selectai_embedding_cache_encoder_id(o->layout_cache));
        model->head.layout_dim = selectai_embedding_cache_dim(o->layout_cache);
        rc = model->head.layout_id ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (rc == SELECTAI_OK && json_object_set_new(model->info, "options", options_json(o, t->options)) != 0)
        rc = SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata");
    return rc;
}

static int cross_validate(struct sai_crop_cross *cross, const struct sai_training *t,
                          const struct selectai_cropper_options *o)
{
    struct sai_crop_layout layout = {.x = t->layout, .dim = SAI_BUILTIN_DIM};
    int64_t *columns = NULL;
    int rc = t->layout ? sai_crop_layout_columns(&columns, &layout.n_columns) : SELECTAI_OK;
    layout.columns = columns;
    if (rc == SELECTAI_OK)
        rc = sai_crop_cross(cross, t, t->layout ? &layout : NULL, o->ensemble, (double)o->snap);
    sai_free(columns);
    return rc;
}

int selectai_cropper_train(selectai_cropper **out, selectai_evaluation **evaluation, selectai_issues **issues,
                           const selectai_trainset *set, const selectai_embedding_cache *cache,
                           const struct selectai_cropper_options *options)
{
    struct selectai_cropper_options all;
    struct sai_train_options shared;
    struct sai_training training = {0};
    struct sai_crop_cross cross = {0};
    selectai_evaluation *figures = NULL;
    SAI_REQUIRE(out && set);
    int rc = read_options(&all, &shared, options);
    if (rc == SELECTAI_OK)
        rc = check_layout(all.layout_cache);
    if (rc == SELECTAI_OK)
        rc = sai_training_begin(&training, set, cache, &shared, SAI_JOIN_WINNER);
    if (rc == SELECTAI_OK)
        rc = cross_validate(&cross, &training, &all);
    if (rc == SELECTAI_OK)
        rc = describe(cross.final, &training, cache, &all, &cross.outcome);
    if (rc == SELECTAI_OK) {
        struct sai_evaluation_head head = sai_training_head(&training);
        rc = sai_evaluate_cropper(&figures, &training.decisions, cross.measured, cross.answers, &head);
    }
    if (rc == SELECTAI_OK)
        rc = sai_training_end(&training, cross.final, figures);
    if (rc == SELECTAI_OK)
        rc = sai_cropper_wrap(out, &cross.final);
    if (rc == SELECTAI_OK)
        sai_training_hand_out(&training, &figures, evaluation, issues);
    sai_crop_cross_free(&cross);
    selectai_evaluation_destroy(&figures);
    sai_training_free(&training);
    return rc;
}
