/*
 * learn/blend.c: fitting the weights of a score's parts, and the keep probability.
 *
 * Both are convex in two numbers: Newton's method with halved steps.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/blend.h"

#define MAX_STEPS    100
#define MAX_WEIGHT   1e6
#define LEAST_FACTOR 0.05

/* Loss, gradient and hessian in two numbers; a free one may move. */
struct derivatives {
    double loss, gradient[2], hessian[3]; /* aa, ab, bb */
};

struct problem {
    const struct sai_decisions *decisions;
    const bool *use;
    const float *a, *b; /* parts by member; or a: logits by decision */
    double miss;        /* how far targets stay from 0 and 1 */
    double miss_rejected;
    bool nonnegative[2];
    double anomaly_weight;
    void (*add)(struct derivatives *to, const struct problem *p, size_t decision, const double at[2]);
};

static bool used(const struct problem *p, size_t i)
{
    return p->decisions->items[i].usable && (!p->use || p->use[i]);
}

static struct derivatives evaluate(const struct problem *p, const double at[2])
{
    struct derivatives d = {0};
    for (size_t i = 0; i < p->decisions->count; i++)
        if (used(p, i))
            p->add(&d, p, i, at);
    return d;
}

/* Newton's direction among the numbers that may move. A bound holds a number that would leave it. */
static void direction(double step[2], const struct derivatives *d, const double at[2], const struct problem *p)
{
    double ridge = 1e-9 * (d->hessian[0] + d->hessian[2]) + 1e-12;
    double aa = d->hessian[0] + ridge, bb = d->hessian[2] + ridge, ab = d->hessian[1];
    bool fixed[2];
    for (int k = 0; k < 2; k++)
        fixed[k] = p->nonnegative[k] && at[k] <= 0.0 && d->gradient[k] >= 0.0;
    if (fixed[0] || fixed[1]) {
        step[0] = fixed[0] ? 0.0 : -d->gradient[0] / aa;
        step[1] = fixed[1] ? 0.0 : -d->gradient[1] / bb;
        return;
    }
    double det = aa * bb - ab * ab;
    step[0] = -(bb * d->gradient[0] - ab * d->gradient[1]) / det;
    step[1] = -(aa * d->gradient[1] - ab * d->gradient[0]) / det;
}

static double clamp(double x, bool nonnegative)
{
    return fmin(MAX_WEIGHT, fmax(nonnegative ? 0.0 : -MAX_WEIGHT, x));
}

static void minimise(double at[2], const struct problem *p)
{
    struct derivatives now = evaluate(p, at);
    for (int i = 0; i < MAX_STEPS; i++) {
        double step[2], length = 1.0, trial[2];
        struct derivatives next = now;
        direction(step, &now, at, p);
        for (int halving = 0; halving < 40; halving++, length /= 2) {
            for (int k = 0; k < 2; k++)
                trial[k] = clamp(at[k] + length * step[k], p->nonnegative[k]);
            next = evaluate(p, trial);
            if (next.loss <= now.loss)
                break;
        }
        double change = fmax(fabs(trial[0] - at[0]), fabs(trial[1] - at[1]));
        if (!(next.loss <= now.loss))
            return;
        at[0] = trial[0];
        at[1] = trial[1];
        now = next;
        if (change < 1e-10)
            return;
    }
}

static bool is_anomaly(const struct sai_decisions *all, const struct sai_decision *d)
{
    const struct sai_member *m = &all->members[d->first];
    for (uint32_t j = 1; j < d->n; j++)
        if (m[0].stage < m[j].stage) /* false for NaN */
            return true;
    return false;
}

/* Cross entropy of one choice against the smoothed target. */
static void add_choice(struct derivatives *to, const struct problem *p, size_t i, const double at[2])
{
    const struct sai_decision *d = &p->decisions->items[i];
    const float *a = p->a + d->first, *b = p->b + d->first;
    const double weight = is_anomaly(p->decisions, d) ? p->anomaly_weight : 1.0;
    double largest = -INFINITY, sum = 0.0, mean[2] = {0}, target[2] = {0}, square[3] = {0};
    for (uint32_t j = 0; j < d->n; j++)
        largest = fmax(largest, at[0] * (double)a[j] + at[1] * (double)b[j]);
    for (uint32_t j = 0; j < d->n; j++)
        sum += exp(at[0] * (double)a[j] + at[1] * (double)b[j] - largest);
    for (uint32_t j = 0; j < d->n; j++) {
        double x[2] = {(double)a[j], (double)b[j]}, score = at[0] * x[0] + at[1] * x[1];
        double share = exp(score - largest) / sum;
        double wanted = j == 0 ? 1.0 - p->miss : p->miss / (double)(d->n - 1);
        to->loss -= weight * wanted * (score - largest - log(sum));
        for (int k = 0; k < 2; k++) {
            mean[k] += share * x[k];
            target[k] += wanted * x[k];
        }
        square[0] += share * x[0] * x[0];
        square[1] += share * x[0] * x[1];
        square[2] += share * x[1] * x[1];
    }
    to->gradient[0] += weight * (mean[0] - target[0]);
    to->gradient[1] += weight * (mean[1] - target[1]);
    to->hessian[0] += weight * (square[0] - mean[0] * mean[0]);
    to->hessian[1] += weight * (square[1] - mean[0] * mean[1]);
    to->hessian[2] += weight * (square[2] - mean[1] * mean[1]);
}

static bool scored(const struct problem *p, size_t i)
{
    const struct sai_decision *d = &p->decisions->items[i];
    bool known = !d->rejected && d->n >= 2;
    for (uint32_t j = 0; j < d->n && known; j++)
        known = !isnan(p->a[d->first + j]) && !isnan(p->b[d->first + j]);
    return known;
}

static void add_if_scored(struct derivatives *to, const struct problem *p, size_t i, const double at[2])
{
    if (scored(p, i))
        add_choice(to, p, i, at);
}

void sai_blend_fit_scores(struct sai_blend *blend, const struct sai_decisions *decisions, const bool *use,
                          const float *prior, const float *image)
{
    sai_blend_fit_weighted(blend, decisions, use, prior, image, 1.0);
}

/* Multiplies both numbers by what is best: Newton's method along one direction. Returns the factor. */
static double rescale(double at[2], const struct problem *p)
{
    double best = 1.0;
    for (int i = 0; i < MAX_STEPS; i++) {
        double here[2] = {best * at[0], best * at[1]};
        struct derivatives d = evaluate(p, here);
        double slope = d.gradient[0] * at[0] + d.gradient[1] * at[1];
        double bend = d.hessian[0] * at[0] * at[0] + 2.0 * d.hessian[1] * at[0] * at[1] + d.hessian[2] * at[1] * at[1];
        double step = fmax(-best / 2.0, fmin(best, -slope / (bend + 1e-12)));
        best = fmin(MAX_WEIGHT, best + step);
        if (fabs(step) < 1e-10 * best)
            break;
    }
    at[0] = clamp(best * at[0], false);
    at[1] = clamp(best * at[1], true);
    return best;
}

/* A balance that contradicts the data would be multiplied by nothing, and the ranker say nothing: then it is not
 * wanted. */
static void balance(double at[2], const struct problem *p)
{
    if (rescale(at, p) > LEAST_FACTOR)
        return;
    at[0] = at[1] = 1.0;
    minimise(at, p);
}

static size_t count_scored(const struct problem *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->decisions->count; i++)
        n += used(p, i) && scored(p, i);
    return n;
}

double sai_blend_loss(const struct sai_blend *blend, const struct sai_decisions *decisions, const bool *use,
                      const float *prior, const float *image)
{
    struct problem p = {
        .decisions = decisions, .use = use, .a = prior, .b = image, .anomaly_weight = 1.0, .add = add_if_scored};
    const double at[2] = {blend->prior_weight, blend->image_weight};
    p.miss = 1.0 / ((double)count_scored(&p) + 2.0);
    return evaluate(&p, at).loss;
}

void sai_blend_fit_weighted(struct sai_blend *blend, const struct sai_decisions *decisions, const bool *use,
                            const float *prior, const float *image, double anomaly_weight)
{
    struct problem p = {.decisions = decisions,
                        .use = use,
                        .a = prior,
                        .b = image,
                        .nonnegative = {anomaly_weight <= 1.0, true},
                        .anomaly_weight = anomaly_weight,
                        .add = add_if_scored};
    double at[2] = {1.0, 1.0};
    size_t n = count_scored(&p);
    if (n > 0) {
        p.miss = 1.0 / ((double)n + 2.0);
        minimise(at, &p);
        p.anomaly_weight = 1.0;
        if (anomaly_weight != 1.0)
            balance(at, &p);
    }
    blend->prior_weight = at[0];
    blend->image_weight = at[1];
}

static void add_keep(struct derivatives *to, const struct problem *p, size_t i, const double at[2])
{
    double x = (double)p->a[i];
    if (isnan(x))
        return;
    double z = at[0] * x + at[1], target = p->decisions->items[i].rejected ? p->miss_rejected : 1.0 - p->miss;
    double share = z >= 0.0 ? 1.0 / (1.0 + exp(-z)) : exp(z) / (1.0 + exp(z));
    to->loss += fmax(z, 0.0) + log1p(exp(-fabs(z))) - target * z;
    to->gradient[0] += (share - target) * x;
    to->gradient[1] += share - target;
    to->hessian[0] += share * (1.0 - share) * x * x;
    to->hessian[1] += share * (1.0 - share) * x;
    to->hessian[2] += share * (1.0 - share);
}

void sai_blend_fit_keep(struct sai_blend *blend, const struct sai_decisions *decisions, const bool *use,
                        const float *logit)
{
    struct problem p = {.decisions = decisions, .use = use, .a = logit, .add = add_keep};
    double at[2] = {1.0, 0.0};
    size_t n[2] = {0};
    for (size_t i = 0; i < decisions->count; i++)
        if (used(&p, i) && !isnan(logit[i]))
            n[decisions->items[i].rejected]++;
    if (n[0] > 0 && n[1] > 0) {
        p.miss = 1.0 / ((double)n[0] + 2.0);
        p.miss_rejected = 1.0 / ((double)n[1] + 2.0);
        minimise(at, &p);
    }
    blend->keep_scale = at[0];
    blend->keep_shift = at[1];
}
