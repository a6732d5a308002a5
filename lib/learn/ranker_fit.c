/*
 * learn/ranker_fit.c: one ranker from one side of the decisions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "learn/kernel_fit.h"
#include "learn/linear_fit.h"
#include "learn/rank_loss.h"
#include "learn/ranker_fit.h"
#include "learn/recognise.h"
#include "learn/samples.h"

#define HIDDEN_1    256u
#define HIDDEN_2    64u
#define KEEP_HIDDEN 64u
#define COPIES      4u /* of each decision, where there are few */
#define MIN_STEPS                                                                                                      \
    360u                /* then, of the last training: fewer teach too little, however early the few validation groups \
                           were at their best */
#define FEW_ENSEMBLE 2u /* one of them linear */
#define LINEAR_PARTS 4u /* for choosing its weight decay */
#define MEMBER_SALT  0x9e3779b97f4a7c15u /* seeds of the ensemble's networks lie so far apart */
#define KEEP_SALT    0x6b656570u

/* What the loss callbacks need. */
struct loss_context {
    const struct sai_samples *samples;
    const struct selectai_ranker_options *options;
    float *score; /* of one decision, with its prior */
};

static double rank_loss(float *gradient, const float *output, const uint32_t *items, uint32_t n_items, void *user)
{
    const struct loss_context *c = user;
    const struct sai_samples *s = c->samples;
    double sum = 0.0;
    for (uint32_t i = 0; i < n_items; i++) {
        uint32_t first = s->starts[items[i]], n = s->starts[items[i] + 1] - first;
        for (uint32_t j = 0; j < n; j++)
            c->score[j] = output[j] + s->offset[first + j];
        sum += sai_rank_loss(c->options->loss, (double)c->options->margin, gradient, c->score, s->weight + first, n);
        output += n;
        gradient = gradient ? gradient + n : NULL;
    }
    return sum;
}

static double keep_loss(float *gradient, const float *output, const uint32_t *items, uint32_t n_items, void *user)
{
    const struct loss_context *c = user;
    const struct sai_samples *s = c->samples;
    double sum = 0.0;
    for (uint32_t i = 0; i < n_items; i++) {
        uint32_t n = s->starts[items[i] + 1] - s->starts[items[i]];
        sum += sai_keep_loss(gradient, output, n, s->kept[items[i]]);
        output += n;
        gradient = gradient ? gradient + n : NULL;
    }
    return sum;
}

static uint32_t longest_item(const struct sai_samples *s)
{
    uint32_t n = 1;
    for (size_t i = 0; i < s->n_items; i++)
        n = s->starts[i + 1] - s->starts[i] > n ? s->starts[i + 1] - s->starts[i] : n;
    return n;
}

/* One network's training; `network` has everything but the task. */
static int train(struct sai_mlp **out, uint32_t *best, uint32_t *run, struct sai_network *network,
                 const struct sai_samples *s, const struct selectai_ranker_options *o, sai_backend_loss_fn loss)
{
    struct loss_context context = {s, o, NULL};
    const struct sai_backend_task task = {.struct_size = sizeof task,
                                          .x = s->x,
                                          .n_rows = s->n_rows,
                                          .starts = s->starts,
                                          .rows = s->rows,
                                          .n_train = s->n_train,
                                          .n_validation = s->n_items - s->n_train,
                                          .loss = loss,
                                          .user = &context};
    context.score = sai_malloc_array(longest_item(s), sizeof *context.score);
    if (!context.score)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    network->task = &task;
    int rc = sai_network_train(out, best, run, network);
    network->task = NULL;
    sai_free(context.score);
    return rc;
}

static bool few(const struct sai_training *t)
{
    return t->n_usable < SAI_FEW;
}

void sai_ranker_resolve(struct selectai_ranker_options *o, const struct sai_training *t)
{
    if (!o->use_image) /* nothing to balance the prior against: it would count for nothing */
        o->anomaly_weight = 1.0f;
    const struct sai_model *start = o->start ? o->start->model : NULL;
    if (o->ensemble == 0)
        o->ensemble = start && start->mlp ? start->n_others + 1 : few(t) ? FEW_ENSEMBLE : 1;
}

/* As differences, an image is another centre in each decision. */
static size_t n_centres(const struct sai_training *t, const struct selectai_ranker_options *o)
{
    return o->differences ? t->decisions.n_members : t->vectors.n;
}

bool sai_ranker_wants_kernel(const struct sai_training *t, const struct selectai_ranker_options *o)
{
    return o->use_image && few(t) && t->folds.n > 0 && n_centres(t, o) <= SAI_KERNEL_MAX;
}

/* Passes over copies are fewer, so that `epochs` counts passes over the decisions. */
static uint32_t passes(uint32_t epochs, uint32_t copies)
{
    return epochs / copies + (epochs % copies != 0);
}

static bool wants_keep(const struct sai_training *t, const struct selectai_ranker_options *o)
{
    return t->n_rejected >= SAI_TRAIN_MIN && o->use_image;
}

uint64_t sai_ranker_fit_epochs(const struct selectai_ranker_options *o, const struct sai_training *t)
{
    uint64_t once = few(t) && !o->differences ? passes(o->epochs, COPIES) : o->epochs;
    bool linear = few(t) && o->ensemble > 1;
    uint64_t n = o->use_image ? once * (o->ensemble + few(t) - linear) : 0;
    return n + (wants_keep(t, o) ? o->epochs : 0);
}

/* What one fit works on. */
struct fit {
    struct sai_model *model;
    const struct sai_training *training;
    const struct selectai_ranker_options *options;
    const int8_t *side;
    struct sai_epochs *report;
    float *expected; /* by member: the prior where stages are not told; NULL: they are */
    struct sai_training_outcome outcome;
};

static struct sai_network network_of(const struct fit *f, const uint32_t *widths, uint32_t n_widths, uint32_t copies,
                                     uint32_t member)
{
    struct sai_network n = sai_training_network(f->training, widths, n_widths, NULL);
    n.epochs = passes(n.epochs, copies);
    n.patience = n.patience > 0 ? passes(n.patience, copies) : 0;
    n.seed += member * MEMBER_SALT;
    n.report = f->report;
    return n;
}

static bool is_linear(const struct sai_mlp *mlp)
{
    return mlp->n_widths == 2;
}

/* Member k goes on from member k; further ones from the first that has hidden layers, or else the first. */
static const struct sai_mlp *start_of(const struct fit *f, uint32_t member)
{
    const struct sai_model *m = f->options->start ? f->options->start->model : NULL;
    if (!m || !m->mlp)
        return NULL;
    if (member <= m->n_others)
        return member == 0 ? m->mlp : m->others[member - 1];
    for (uint32_t i = 0; i < m->n_others && is_linear(m->mlp); i++)
        if (!is_linear(m->others[i]))
            return m->others[i];
    return m->mlp;
}

/* With few decisions one member of an ensemble is linear: the first, or those that were in the ranker to go on from. */
static bool is_convex(const struct fit *f, uint32_t member)
{
    const struct sai_mlp *start = start_of(f, member);
    return few(f->training) && f->options->ensemble > 1 && (start ? is_linear(start) : member == 0);
}

/* The first member that is trained by epochs. */
static uint32_t first_network(const struct fit *f)
{
    uint32_t k = 0;
    while (k + 1 < f->options->ensemble && is_convex(f, k))
        k++;
    return k;
}

static int add_member(struct sai_model *m, struct sai_mlp *mlp)
{
    if (!m->mlp) {
        m->mlp = mlp;
        return SELECTAI_OK;
    }
    m->others[m->n_others++] = mlp;
    return SELECTAI_OK;
}

static struct sai_samples_options samples_of(const struct fit *f, uint32_t copies, bool with_validation,
                                             uint32_t member)
{
    return (struct sai_samples_options){.with_validation = with_validation,
                                        .differences = f->options->differences != 0,
                                        .copies = copies,
                                        .offset = f->expected,
                                        .anomaly_weight = f->options->loss_anomaly_weight,
                                        .seed = f->options->seed + member * MEMBER_SALT};
}

/* One network of the ensemble. epochs: 0, or how many of all decisions, the validation side too. */
static int fit_member(struct sai_mlp **out, struct fit *f, uint32_t member, uint32_t copies, uint32_t epochs,
                      uint32_t *best)
{
    const uint32_t dim = f->training->vectors.dim, widths[] = {dim, HIDDEN_1, HIDDEN_2, 1};
    const struct sai_samples_options o = samples_of(f, copies, epochs > 0, member);
    struct sai_network network = network_of(f, widths, 4, copies, member);
    struct sai_samples samples;
    uint32_t run = 0;
    network.start = start_of(f, member);
    if (network.start) {
        network.widths = network.start->widths;
        network.n_widths = network.start->n_widths;
    }
    if (epochs > 0) {
        atomic_fetch_add(&f->report->done, network.epochs - epochs); /* counted, never run */
        network.epochs = epochs;
    }
    int rc = sai_samples_make(&samples, &f->model->standardiser, few(f->training), f->training, f->side,
                              &f->model->prior, &o);
    if (rc == SELECTAI_OK)
        rc = train(out, best, &run, &network, &samples, f->options, rank_loss);
    if (epochs == 0 && (few(f->training) || member == 0)) {
        f->outcome.epochs_run = run * copies;
        f->outcome.best_epoch = *best * copies;
    }
    sai_samples_free(&samples);
    return rc;
}

/* The parts of the validation side, by the one network there is, which did not train on it. */
static int calibrate_inside(struct fit *f)
{
    const struct sai_decisions *d = &f->training->decisions;
    struct sai_scored scored;
    bool *use = sai_calloc(d->count, sizeof *use);
    int rc = use ? sai_scored_allocate(&scored, d) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK) {
        sai_free(use);
        return rc;
    }
    for (size_t i = 0; i < d->count; i++)
        use[i] = f->side[i] == SAI_SIDE_VALIDATION;
    rc = sai_score_decisions(&scored, f->model, d, &f->training->vectors, use, false);
    if (rc == SELECTAI_OK && f->expected) /* the recogniser has seen the validation side */
        memcpy(scored.prior, f->expected, scored.n_members * sizeof *scored.prior);
    if (rc == SELECTAI_OK)
        sai_blend_fit_weighted(&f->model->blend, d, use, scored.prior, scored.image,
                               (double)f->options->anomaly_weight);
    sai_scored_free(&scored);
    sai_free(use);
    return rc;
}

/* With few decisions: the ensemble's first network, or the kernel machine. Transplants would not change what is linear,
 * and strangers to each image are what the kernel needs least. */
static int fit_convex(struct sai_mlp **linear, struct sai_kernel **kernel, struct fit *f)
{
    const struct sai_samples_options o = samples_of(f, 1, true, 0);
    struct sai_samples samples;
    int rc = sai_samples_make(&samples, &f->model->standardiser, few(f->training), f->training, f->side,
                              &f->model->prior, &o);
    uint8_t *part = NULL;
    if (rc == SELECTAI_OK)
        rc = sai_samples_parts(&part, &samples, LINEAR_PARTS, f->options->seed);
    if (rc == SELECTAI_OK && linear)
        rc = sai_linear_fit(linear, &samples, f->options->loss, part, LINEAR_PARTS);
    if (rc == SELECTAI_OK && kernel)
        rc = sai_kernel_fit(kernel, &samples, f->options->loss, part, LINEAR_PARTS);
    sai_free(part);
    sai_samples_free(&samples);
    return rc;
}

static uint32_t min_epochs(const struct fit *f)
{
    size_t n = 1;
    for (size_t i = 0; i < f->training->decisions.count; i++)
        n += sai_is_choice(&f->training->decisions.items[i]) &&
             (f->side[i] == SAI_SIDE_TRAIN || f->side[i] == SAI_SIDE_VALIDATION);
    return (uint32_t)((size_t)MIN_STEPS * f->training->options->batch_size / n) + 1;
}

/*
 * With few decisions those that only tell when to stop are missed: one network finds out for how many epochs to train,
 * then the ensemble trains on both sides for so many.
 */
static int fit_few(struct fit *f, bool calibrate)
{
    const uint32_t copies = f->options->differences ? 1 : COPIES;
    struct sai_model *m = f->model;
    struct sai_mlp *mlp = NULL;
    uint32_t best = 0, at_least = passes(min_epochs(f), copies), all = passes(f->options->epochs, copies);
    int rc = fit_member(&mlp, f, first_network(f), copies, 0, &best);
    if (rc == SELECTAI_OK && calibrate) {
        m->mlp = mlp;
        rc = calibrate_inside(f);
        m->mlp = NULL;
    }
    sai_mlp_destroy(&mlp);
    best = best > at_least ? best : at_least;
    best = best < all ? best : all;
    f->outcome.refit_epochs = best * copies;
    for (uint32_t k = 0; k < f->options->ensemble && rc == SELECTAI_OK; k++) {
        uint32_t ignored = 0;
        rc = is_convex(f, k) ? fit_convex(&mlp, NULL, f) : fit_member(&mlp, f, k, copies, best, &ignored);
        if (rc == SELECTAI_OK)
            rc = add_member(m, mlp);
        mlp = NULL;
    }
    if (rc == SELECTAI_OK && sai_ranker_wants_kernel(f->training, f->options))
        rc = fit_convex(NULL, &m->kernel, f);
    return rc;
}

static int fit_many(struct fit *f, bool calibrate)
{
    int rc = SELECTAI_OK;
    for (uint32_t k = 0; k < f->options->ensemble && rc == SELECTAI_OK; k++) {
        struct sai_mlp *mlp = NULL;
        uint32_t best = 0;
        rc = fit_member(&mlp, f, k, 1, 0, &best);
        if (rc == SELECTAI_OK)
            rc = add_member(f->model, mlp);
    }
    return rc == SELECTAI_OK && calibrate ? calibrate_inside(f) : rc;
}

/* Before the networks, which learn what the expected prior leaves open. */
static int fit_recogniser(struct fit *f)
{
    const struct sai_samples_options o = samples_of(f, 1, true, 0);
    struct sai_samples samples;
    uint8_t *part = NULL;
    int rc = sai_samples_make(&samples, &f->model->standardiser, few(f->training), f->training, f->side,
                              &f->model->prior, &o);
    if (rc == SELECTAI_OK)
        rc = sai_samples_parts(&part, &samples, LINEAR_PARTS, f->options->seed);
    float *expected = rc == SELECTAI_OK ? sai_malloc_array(f->training->decisions.n_members, sizeof *expected) : NULL;
    if (rc == SELECTAI_OK && !expected)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_recognise_fit(&f->model->recogniser, expected, f->training, &samples, &f->model->prior, part,
                               LINEAR_PARTS);
    f->expected = expected;
    sai_free(part);
    sai_samples_free(&samples);
    return rc;
}

static int fit_images(struct fit *f, bool calibrate)
{
    const struct selectai_ranker *start = f->options->start;
    struct sai_model *m = f->model;
    int rc = SELECTAI_OK;
    m->differences = f->options->differences != 0;
    m->others = sai_calloc(f->options->ensemble, sizeof *m->others);
    if (!m->others)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (start && start->model->mlp) {
        const struct sai_standardiser *s = &start->model->standardiser;
        rc = sai_standardiser_copy(&m->standardiser, s->n, s->mean, s->scale, s->clip);
    }
    if (rc == SELECTAI_OK && f->options->recognise_stages)
        rc = fit_recogniser(f);
    if (rc == SELECTAI_OK)
        rc = few(f->training) ? fit_few(f, calibrate) : fit_many(f, calibrate);
    sai_free(f->expected);
    f->expected = NULL;
    return rc;
}

static int fit_keep(struct fit *f)
{
    const uint32_t widths[] = {f->training->vectors.dim, KEEP_HIDDEN, 1};
    const struct sai_samples_options o = {
        .with_rejected = true, .copies = 1, .anomaly_weight = 1.0f, .seed = f->options->seed};
    struct sai_network network = network_of(f, widths, 3, 1, 0);
    struct sai_samples samples;
    network.seed ^= KEEP_SALT;
    int rc = sai_samples_make(&samples, &f->model->keep_standardiser, false, f->training, f->side, &f->model->prior,
                              &o);
    if (rc == SELECTAI_OK)
        rc = train(&f->model->keep, NULL, NULL, &network, &samples, f->options, keep_loss);
    sai_samples_free(&samples);
    return rc;
}

int sai_ranker_fit(struct sai_model **out, struct sai_training_outcome *outcome, const struct sai_training *t,
                   const struct selectai_ranker_options *o, int32_t fold, bool calibrate, struct sai_epochs *report)
{
    struct sai_model *m = NULL;
    int8_t *side = sai_training_sides(t, fold);
    int rc = side ? sai_model_create(&m, SAI_KIND_RANKER) : SELECTAI_ERR_OUT_OF_MEMORY;
    struct fit f = {.model = m, .training = t, .options = o, .side = side, .report = report};
    if (rc == SELECTAI_OK) {
        m->dim = t->vectors.dim;
        if (o->use_prior)
            rc = sai_prior_fit(&m->prior, &t->decisions, side);
    }
    if (rc == SELECTAI_OK && o->use_image)
        rc = fit_images(&f, calibrate);
    if (rc == SELECTAI_OK && wants_keep(t, o))
        rc = fit_keep(&f);
    sai_free(side);
    if (outcome)
        *outcome = f.outcome;
    if (rc == SELECTAI_OK)
        *out = m;
    else
        sai_model_destroy(&m);
    return rc;
}
