/*
 * learn/train.c: preparing data for training, and running the torch module.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "base/progress.h"
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
    return SELECTAI_OK;
}

static int count_sides(struct sai_training *t)
{
    for (int s = 0; s < 3; s++) {
        t->side[s] = sai_calloc(t->decisions.count, sizeof *t->side[s]);
        if (!t->side[s])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < t->decisions.count; i++) {
        const struct sai_decision *d = &t->decisions.items[i];
        t->side[d->side][i] = d->usable;
        t->n_sides[d->side] += d->usable;
    }
    return SELECTAI_OK;
}

/* Says what became of the decisions: the person must find out why so few are left. */
static int too_few(const struct sai_training *t, int what)
{
    size_t n = t->decisions.count - (what == SAI_JOIN_WINNER ? 0 : t->decisions.n_crops_alone);
    return SAI_FAIL(SELECTAI_ERR_NO_DATA,
                    "%zu decisions to train on, %u are the least: of %zu, %zu have images that are not in the cache%s, "
                    "%zu are held out for the figures and %zu to stop training: embed the missing images, or add data",
                    t->n_sides[SAI_SIDE_TRAIN], SAI_TRAIN_MIN, n, t->n_missing,
                    what == SAI_JOIN_WINNER ? ", others have no usable crop" : "", t->n_sides[SAI_SIDE_TEST],
                    t->n_sides[SAI_SIDE_VALIDATION]);
}

int sai_training_begin(struct sai_training *t, const selectai_trainset *set, const selectai_embedding_cache *cache,
                       const struct sai_train_options *options, int what)
{
    *t = (struct sai_training){.options = options};
    int rc = sai_backend_get(&t->backend, options->backend_dir);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&t->issues);
    if (rc == SELECTAI_OK)
        rc = sai_decisions_read(&t->decisions, t->issues, set);
    if (rc == SELECTAI_OK && what == SAI_JOIN_WINNER)
        rc = sai_require_crops(&t->decisions, t->issues, &t->n_without_crop);
    if (rc == SELECTAI_OK)
        rc = sai_join(&t->vectors, &t->decisions, t->issues, &t->n_missing, cache, what);
    if (rc == SELECTAI_OK)
        rc = sai_split_sides(&t->decisions, &options->split, &t->held_out);
    if (rc == SELECTAI_OK)
        rc = count_sides(t);
    if (rc == SELECTAI_OK && t->n_sides[SAI_SIDE_TRAIN] < SAI_TRAIN_MIN)
        rc = too_few(t, what);
    return rc;
}

void sai_training_free(struct sai_training *t)
{
    for (int s = 0; s < 3; s++)
        sai_free(t->side[s]);
    sai_decisions_free(&t->decisions);
    sai_vectors_free(&t->vectors);
    selectai_issues_destroy(&t->issues);
    *t = (struct sai_training){0};
}

/* What the module's callback needs. */
struct epochs {
    struct sai_training *training;
    uint32_t passes; /* see struct sai_train_network */
    const char *stage;
    struct sai_progress progress;
};

static int on_epoch(const struct sai_backend_epoch *epoch, void *user)
{
    struct epochs *e = user;
    struct sai_training *t = e->training;
    uint32_t last = t->options->epochs, n = epoch->epoch < last / e->passes ? epoch->epoch * e->passes : last;
    t->epochs_run = n;
    if (epoch->is_best)
        t->best_epoch = n;
    return sai_progress_report(&e->progress, n, last, e->stage);
}

/* a / b, rounded up: 0 stays 0. */
static uint32_t whole(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

static int run(const struct sai_backend_v1 *b, sai_backend_net *net, struct sai_training *t,
               const struct sai_train_network *network, char *err)
{
    const struct sai_train_options *o = t->options;
    const uint32_t passes = network->passes > 1 ? network->passes : 1;
    struct epochs epochs = {.training = t,
                            .passes = passes,
                            .stage = network->stage ? network->stage : "train",
                            .progress = {.fn = o->progress, .user = o->user}};
    const struct sai_backend_train_options options = {.struct_size = sizeof options,
                                                      .epochs = whole(o->epochs, passes),
                                                      .batch_size = o->batch_size,
                                                      .patience = whole(o->patience, passes),
                                                      .lr = o->lr,
                                                      .weight_decay = o->weight_decay,
                                                      .on_epoch = on_epoch,
                                                      .user = &epochs};
    int code = network->pairs ? b->net_train_pairs(net, network->pairs, &options, err, SAI_BACKEND_ERR_SIZE)
                              : b->net_train_rows(net, network->rows, &options, err, SAI_BACKEND_ERR_SIZE);
    if (code != SAI_BACKEND_OK || t->epochs_run == o->epochs)
        return code;
    /* Stopped early: the rest is done too. */
    return sai_progress_report(&epochs.progress, o->epochs, o->epochs, epochs.stage) == SELECTAI_OK
               ? SAI_BACKEND_OK
               : SAI_BACKEND_ECANCELLED;
}

int sai_train_network(struct sai_mlp **out, struct sai_training *t, const struct sai_train_network *network)
{
    const struct sai_backend_v1 *b = t->backend;
    const struct sai_backend_net_spec spec = {.struct_size = sizeof spec,
                                              .n_widths = network->n_widths,
                                              .widths = network->widths,
                                              .dropout = t->options->dropout,
                                              .output = network->output == SAI_MLP_SIGMOID ? SAI_BACKEND_OUTPUT_SIGMOID
                                                                                           : SAI_BACKEND_OUTPUT_LINEAR,
                                              .seed = t->options->split.seed};
    char err[SAI_BACKEND_ERR_SIZE] = "";
    sai_backend_net *net = NULL;
    size_t n = 0;
    SAI_REQUIRE(sai_mlp_count(&n, network->widths, network->n_widths));
    float *parameters = sai_malloc_array(n, sizeof *parameters);
    if (!parameters)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int code = b->set_threads(t->options->threads, err, sizeof err), rc = SELECTAI_OK;
    if (code == SAI_BACKEND_OK)
        code = b->net_create(&net, &spec, err, sizeof err);
    if (code == SAI_BACKEND_OK)
        code = run(b, net, t, network, err);
    if (code == SAI_BACKEND_OK)
        code = b->net_get_parameters(net, parameters, n, err, sizeof err);
    if (code != SAI_BACKEND_OK)
        rc = sai_backend_fail(code, "training", err);
    else
        rc = sai_mlp_create(out, network->widths, network->n_widths, network->output, parameters);
    b->net_destroy(net);
    sai_free(parameters);
    return rc;
}

struct sai_evaluation_head sai_training_head(const struct sai_training *t)
{
    return (struct sai_evaluation_head){.split = sai_split_name(t->options->split.kind),
                                        .seed = t->options->split.seed,
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
