/*
 * learn/ranker_cross.c: training a ranker for each fold and one on everything, all at once; weighing their parts.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/ranker_fit.h"

/* With fewer decisions that a warm start had not seen, its weights are worth more than those they would give. */
#define MIN_MEASURED 100u

#define SHARES 4u /* of the kernel machine that are tried: quarters */

/* Job i < n_folds is fold i, the one after them the final ranker. */
struct jobs {
    struct sai_cross *cross;
    const struct sai_training *training;
    const struct selectai_ranker_options *options;
    struct sai_epochs epochs;
    uint32_t n_folds;
    bool want_final;
};

static bool *decisions_of(const struct sai_decisions *d, int32_t fold)
{
    bool *use = sai_calloc(d->count, sizeof *use);
    for (size_t i = 0; use && i < d->count; i++)
        use[i] = d->items[i].usable && d->items[i].fold == fold;
    return use;
}

/* Another project is new to a ranker of its fold; within a project its own values are there to be used. */
static bool projects_are_new(const struct sai_training *t)
{
    return t->folds.kind == SELECTAI_SPLIT_PROJECT;
}

static int run_fold(struct jobs *j, int32_t fold)
{
    const struct sai_training *t = j->training;
    struct sai_model *model = NULL;
    bool *use = decisions_of(&t->decisions, fold);
    int rc = use ? sai_ranker_fit(&model, NULL, t, j->options, fold, false, &j->epochs) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_score_decisions(&j->cross->scored, model, &t->decisions, &t->vectors, use, projects_are_new(t));
    sai_model_destroy(&model);
    sai_free(use);
    return rc;
}

static int run_final(struct jobs *j)
{
    const struct sai_training *t = j->training;
    bool *use = decisions_of(&t->decisions, SAI_FOLD_HELD_OUT);
    int rc = use ? sai_ranker_fit(&j->cross->final, &j->cross->outcome, t, j->options, SAI_FOLD_NONE, j->n_folds == 0,
                                  &j->epochs)
                 : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_score_decisions(&j->cross->scored, j->cross->final, &t->decisions, &t->vectors, use, true);
    sai_free(use);
    return rc;
}

/* Each job writes to decisions of its own. */
static int run_job(size_t index, unsigned thread, void *ctx)
{
    struct jobs *j = ctx;
    (void)thread;
    return index < j->n_folds ? run_fold(j, (int32_t)index) : run_final(j);
}

/* What the start ranker has seen cannot be measured any more. */
static int choose_measured(struct sai_cross *c, const struct sai_training *t, const struct selectai_ranker_options *o)
{
    const struct sai_decisions *d = &t->decisions;
    c->measured = sai_calloc(d->count, sizeof *c->measured);
    if (!c->measured)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++) {
        const struct sai_decision *it = &d->items[i];
        bool seen = false;
        for (uint32_t k = 0; k < it->n && o->start && !seen; k++)
            seen = sai_model_has_seen(o->start->model, d->members[it->first + k].key);
        c->measured[i] = it->usable && it->fold != SAI_FOLD_NONE && !seen && !isnan(c->scored.prior[it->first]);
    }
    return SELECTAI_OK;
}

static float mixed(const struct sai_scored *s, size_t member, double share)
{
    double networks = (double)s->networks[member], kernel = (double)s->kernel[member];
    return isnan(kernel) ? s->networks[member] : (float)(networks + share * (kernel - networks));
}

static void mix_all(struct sai_scored *s, double share)
{
    for (size_t i = 0; i < s->n_members; i++)
        s->image[i] = mixed(s, i, share);
}

/* The kernel machine's share under which the weighed parts predict these decisions best. Leaves image mixed by it. */
static double fit_share(struct sai_cross *c, const struct sai_decisions *d, const bool *use)
{
    double best = 0.0, least = INFINITY;
    for (unsigned k = 0; k <= SHARES; k++) {
        struct sai_blend blend = SAI_BLEND_PLAIN;
        double share = (double)k / SHARES;
        mix_all(&c->scored, share);
        sai_blend_fit_scores(&blend, d, use, c->scored.prior, c->scored.image);
        double loss = sai_blend_loss(&blend, d, use, c->scored.prior, c->scored.image);
        if (loss < least) {
            least = loss;
            best = share;
        }
    }
    mix_all(&c->scored, best);
    return best;
}

/* Weights from measured decisions of all folds but one (SAI_FOLD_NONE: of all). A warm start that saw nearly all of
 * them keeps those it had. */
static void fit_blend(struct sai_blend *blend, bool *use, struct sai_cross *c, const struct sai_training *t,
                      const struct selectai_ranker_options *o, int32_t without)
{
    const struct sai_decisions *d = &t->decisions;
    size_t n = 0;
    for (size_t i = 0; i < d->count; i++) {
        use[i] = c->measured[i] && d->items[i].fold >= 0 && d->items[i].fold != without;
        n += use[i];
    }
    if (o->start && n < MIN_MEASURED) {
        *blend = o->start->model->blend;
        return;
    }
    blend->kernel_share = sai_ranker_wants_kernel(t, o) ? fit_share(c, d, use) : 0.0;
    sai_blend_fit_weighted(blend, d, use, c->scored.prior, c->scored.image, (double)o->anomaly_weight);
    sai_blend_fit_keep(blend, d, use, c->scored.keep_logit);
}

int sai_cross_weigh(struct sai_cross *c, const struct sai_training *t, const struct selectai_ranker_options *o)
{
    const struct sai_decisions *d = &t->decisions;
    uint32_t n_folds = t->folds.n;
    struct sai_blend all = c->final ? c->final->blend : SAI_BLEND_PLAIN;
    struct sai_blend *blend = sai_malloc_array((size_t)n_folds + 1, sizeof *blend);
    bool *use = sai_calloc(d->count, sizeof *use);
    int rc = blend && use ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && n_folds > 0)
        fit_blend(&all, use, c, t, o, SAI_FOLD_NONE);
    for (uint32_t f = 0; f < n_folds && rc == SELECTAI_OK; f++)
        fit_blend(&blend[f], use, c, t, o, (int32_t)f);
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        const struct sai_decision *it = &d->items[i];
        const struct sai_blend *b = it->fold >= 0 ? &blend[it->fold] : &all;
        if (!it->usable || isnan(c->scored.prior[it->first]))
            continue;
        for (uint32_t k = it->first; k < it->first + it->n; k++)
            c->scored.image[k] = mixed(&c->scored, k, b->kernel_share);
        sai_weigh_decision(&c->scored, it, i, b, 1.0);
    }
    if (rc == SELECTAI_OK && c->final)
        c->final->blend = all;
    sai_free(blend);
    sai_free(use);
    return rc;
}

int sai_ranker_cross(struct sai_cross *out, const struct sai_training *t, const struct selectai_ranker_options *o,
                     bool want_final)
{
    struct jobs j = {.cross = out, .training = t, .options = o, .n_folds = t->folds.n, .want_final = want_final};
    size_t n_jobs = (size_t)j.n_folds + want_final;
    *out = (struct sai_cross){0};
    j.epochs.stage = "train";
    j.epochs.progress = (struct sai_progress){.fn = o->progress, .user = o->user};
    j.epochs.total = sai_ranker_fit_epochs(o, t) * n_jobs;
    int rc = sai_scored_allocate(&out->scored, &t->decisions);
    if (rc == SELECTAI_OK)
        rc = sai_epochs_run(&j.epochs, n_jobs, o->threads, run_job, &j);
    if (rc == SELECTAI_OK) /* no ranker has weighed its kernel machine yet */
        memcpy(out->scored.networks, out->scored.image, out->scored.n_members * sizeof *out->scored.networks);
    if (rc == SELECTAI_OK)
        rc = choose_measured(out, t, o);
    if (rc == SELECTAI_OK)
        rc = sai_cross_weigh(out, t, o);
    if (rc != SELECTAI_OK)
        sai_cross_free(out);
    return rc;
}

void sai_cross_free(struct sai_cross *c)
{
    sai_model_destroy(&c->final);
    sai_scored_free(&c->scored);
    sai_free(c->measured);
    *c = (struct sai_cross){0};
}
