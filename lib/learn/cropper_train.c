/*
 * learn/cropper_train.c: training a cropper on the boxes that a person chose.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/cropper.h>

#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "base/number.h"
#include "learn/crop_targets.h"
#include "learn/measure.h"
#include "learn/train.h"

#define HIDDEN_1 128u
#define HIDDEN_2 32u
#define BETA     0.1f /* of smooth L1: errors below a tenth of the side count by their square */

static const struct selectai_cropper_options defaults = {.struct_size = sizeof defaults,
                                                         .epochs = 150,
                                                         .batch_size = 32,
                                                         .patience = 25,
                                                         .seed = 1,
                                                         .lr = 0.001f,
                                                         .weight_decay = 0.001f,
                                                         .dropout = 0.3f,
                                                         .snap = 0.02f,
                                                         .test_share = 0.2f,
                                                         .validation_share = 0.1f,
                                                         .split = SELECTAI_SPLIT_GROUP};

void selectai_cropper_options_init(struct selectai_cropper_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static int read_options(struct selectai_cropper_options *all, struct sai_train_options *shared,
                        const struct selectai_cropper_options *options)
{
    *all = defaults;
    int rc = sai_options_copy(all, sizeof *all, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(all->snap >= 0.0f && all->snap <= 0.4f);
    *shared = (struct sai_train_options){.epochs = all->epochs,
                                         .batch_size = all->batch_size,
                                         .patience = all->patience,
                                         .threads = all->threads,
                                         .lr = all->lr,
                                         .weight_decay = all->weight_decay,
                                         .dropout = all->dropout,
                                         .validation_share = (double)all->validation_share,
                                         .folds = {.kind = all->split,
                                                   .n = 5,
                                                   .seed = all->seed,
                                                   .hold_out = all->hold_out},
                                         .backend_dir = all->backend_dir,
                                         .progress = all->progress,
                                         .user = all->user};
    return sai_train_check(shared);
}

/* One row a box: training first, then validation. */
struct rows {
    float *x, *y;
    struct selectai_box *boxes;
    size_t count, n_train;
    uint32_t width;
};

static void free_rows(struct rows *r)
{
    sai_free(r->x);
    sai_free(r->y);
    sai_free(r->boxes);
}

static int make_rows(struct rows *r, const struct sai_training *t, const int8_t *side)
{
    static const int order[2] = {SAI_SIDE_TRAIN, SAI_SIDE_VALIDATION};
    const struct sai_vectors *v = &t->vectors;
    size_t n = t->n_usable, values;
    r->width = v->dim + SAI_CROPPER_EXTRA;
    for (size_t i = 0; i < t->decisions.count; i++)
        r->n_train += side[i] == SAI_SIDE_TRAIN;
    if (!sai_mul_size(&values, n, r->width))
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu crops are too many", n);
    r->x = sai_aligned_array(values, sizeof *r->x);
    r->y = sai_malloc_array(n, 3 * sizeof *r->y);
    r->boxes = sai_malloc_array(n, sizeof *r->boxes);
    if (!r->x || !r->y || !r->boxes)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < t->decisions.count; i++) {
            if (side[i] != order[k])
                continue;
            const struct sai_decision *d = &t->decisions.items[i];
            size_t row = t->decisions.members[d->first].row;
            sai_cropper_input(r->x + r->count * r->width, v->x + row * v->dim, v->dim, v->sizes[2 * row],
                              v->sizes[2 * row + 1]);
            r->boxes[r->count++] = d->crop;
        }
    sai_crop_targets(r->y, r->boxes, r->count, r->n_train);
    return SELECTAI_OK;
}

/* By the training rows alone. */
static int standardise(struct sai_standardiser *s, struct rows *r)
{
    uint32_t *rows = sai_malloc_array(r->n_train, sizeof *rows);
    if (!rows)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < r->n_train; i++)
        rows[i] = (uint32_t)i;
    int rc = sai_standardiser_fit(s, r->x, r->width, rows, r->n_train);
    for (size_t i = 0; i < r->count && rc == SELECTAI_OK; i++)
        sai_standardise(s, r->x + i * r->width, r->x + i * r->width);
    sai_free(rows);
    return rc;
}

static int run_rows(struct sai_model *model, const struct sai_training *t, const uint32_t *widths,
                    const struct sai_backend_rows *data)
{
    const struct sai_train_options *o = t->options;
    const struct sai_backend_v1 *b = t->backend;
    const struct sai_backend_net_spec spec = {.struct_size = sizeof spec, .n_widths = 4, .widths = widths,
        .dropout = o->dropout, .output = SAI_BACKEND_OUTPUT_SIGMOID, .seed = o->folds.seed};
    const struct sai_backend_train_options options = {.struct_size = sizeof options, .epochs = o->epochs,
        .batch_size = o->batch_size, .patience = o->patience, .lr = o->lr, .weight_decay = o->weight_decay};
    char err[SAI_BACKEND_ERR_SIZE] = "";
    sai_backend_net *net = NULL;
    size_t n;
    SAI_REQUIRE(sai_mlp_count(&n, widths, 4));
    float *p = sai_malloc_array(n, sizeof *p);
    int code = b->net_create(&net, &spec, err, sizeof err);
    if (code == 0) code = b->net_train_rows(net, data, &options, err, sizeof err);
    if (code == 0) code = b->net_get_parameters(net, p, n, err, sizeof err);
    b->net_destroy(net);
    int rc = code ? sai_backend_fail(code, "training", err) : sai_mlp_create(&model->mlp, widths, 4, SAI_MLP_SIGMOID, p);
    sai_free(p);
    return rc;
}

static int train_network(struct sai_model *model, struct sai_training *t, const int8_t *side)
{
    struct rows rows = {0};
    int rc = make_rows(&rows, t, side);
    if (rc == SELECTAI_OK)
        rc = standardise(&model->standardiser, &rows);
    if (rc == SELECTAI_OK)
        rc = sai_crop_median(&model->constant, rows.boxes, rows.n_train);
    if (rc == SELECTAI_OK) {
        const uint32_t widths[] = {rows.width, HIDDEN_1, HIDDEN_2, 3};
        const struct sai_backend_rows data = {.struct_size = sizeof data,
                                              .loss = SAI_BACKEND_LOSS_SMOOTH_L1,
                                              .x = rows.x,
                                              .y = rows.y,
                                              .n_train = rows.n_train,
                                              .n_validation = rows.count - rows.n_train,
                                              .beta = BETA};
        rc = run_rows(model, t, widths, &data);
    }
    free_rows(&rows);
    return rc;
}

/* "project/winner 0.1 0 0.9 0.8": what a training row consists of. */
static int list_texts(const char **texts, size_t *n, struct sai_training *t)
{
    for (size_t i = 0; i < t->decisions.count; i++) {
        if (!t->decisions.items[i].usable || t->decisions.items[i].fold <= 0)
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

static int describe(struct sai_model *model, struct sai_training *t, const selectai_embedding_cache *cache)
{
    const char **texts = sai_malloc_array(t->decisions.count, sizeof *texts);
    size_t n = 0;
    int rc = texts ? list_texts(texts, &n, t) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_training_describe(model, t, cache, texts, n, &(struct sai_training_outcome){0});
    sai_free(texts);
    if (rc == SELECTAI_OK && json_object_set_new(model->info, "options", sai_training_options_json(t->options)) != 0)
        rc = SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for a model's metadata");
    return rc;
}

static int measure(selectai_evaluation **out, const struct selectai_cropper *cropper, const struct sai_training *t)
{
    struct sai_evaluation_head head = sai_training_head(t);
    struct selectai_box *boxes = NULL;
    int32_t test = t->folds.held_out ? SAI_FOLD_HELD_OUT : 0;
    bool *use = sai_calloc(t->decisions.count, sizeof *use);
    for (size_t i = 0; i < t->decisions.count; i++)
        use[i] = t->decisions.items[i].usable && t->decisions.items[i].fold == test;
    int rc = sai_propose_for_winners(&boxes, cropper, &t->decisions, &t->vectors);
    if (rc == SELECTAI_OK)
        rc = sai_evaluate_cropper(out, &t->decisions, use, boxes, &cropper->model->constant, &head);
    sai_free(boxes);
    sai_free(use);
    return rc;
}

int selectai_cropper_train(selectai_cropper **out, selectai_evaluation **evaluation, selectai_issues **issues,
                           const selectai_trainset *set, const selectai_embedding_cache *cache,
                           const struct selectai_cropper_options *options)
{
    struct selectai_cropper_options all;
    struct sai_train_options shared;
    struct sai_training training = {0};
    struct sai_model *model = NULL;
    selectai_cropper *cropper = NULL;
    selectai_evaluation *figures = NULL;
    SAI_REQUIRE(out && set && cache);
    int rc = read_options(&all, &shared, options);
    if (rc == SELECTAI_OK)
        rc = sai_training_begin(&training, set, cache, &shared, SAI_JOIN_WINNER);
    if (rc == SELECTAI_OK)
        rc = sai_model_create(&model, SAI_KIND_CROPPER);
    if (rc == SELECTAI_OK) {
        model->snap = (double)all.snap;
        int8_t *side = sai_training_sides(&training, training.folds.held_out ? SAI_FOLD_NONE : 0);
        rc = train_network(model, &training, side);
        sai_free(side);
    }
    if (rc == SELECTAI_OK)
        rc = describe(model, &training, cache);
    if (rc == SELECTAI_OK)
        rc = sai_cropper_wrap(&cropper, &model);
    if (rc == SELECTAI_OK)
        rc = measure(&figures, cropper, &training);
    if (rc == SELECTAI_OK)
        rc = sai_training_end(&training, cropper->model, figures);
    if (rc == SELECTAI_OK) {
        sai_training_hand_out(&training, &figures, evaluation, issues);
        *out = cropper;
        cropper = NULL;
    }
    selectai_cropper_destroy(&cropper);
    sai_model_destroy(&model);
    selectai_evaluation_destroy(&figures);
    sai_training_free(&training);
    return rc;
}
