/*
 * learn/evaluate_calibration.c: do probabilities mean what they say? Brier score, calibration error, kept or rejected.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/evaluate_details.h"
#include "learn/statistics.h"

#define BINS 10

/* Squared errors of all probabilities of one choice, whose winner comes first. */
static double brier(const float *p, uint32_t n)
{
    double sum = (1.0 - (double)p[0]) * (1.0 - (double)p[0]);
    for (uint32_t j = 1; j < n; j++)
        sum += (double)p[j] * (double)p[j];
    return sum;
}

/* The same of a rule that gives one image `share`, and the others the rest in equal parts. */
static double brier_of_rule(double right, double share, uint32_t n)
{
    double rest = (1.0 - share) / (n - 1);
    double hit = (1.0 - share) * (1.0 - share) + (n - 1) * rest * rest;
    double miss = (1.0 - rest) * (1.0 - rest) + share * share + (n - 2) * rest * rest;
    return right * hit + (1.0 - right) * miss;
}

static int add_brier(selectai_evaluation *e, const struct sai_outcomes *o)
{
    size_t size;
    double *room = sai_mul_size(&size, o->n_groups, 3) ? sai_calloc(size, sizeof *room) : NULL, right = 0.0;
    if (!room)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    struct sai_tally t = {.name = "brier",
                          .baseline_name = "highest stage wins, as sure as it is right",
                          .model = room,
                          .baseline = room + o->n_groups,
                          .count = room + 2 * o->n_groups,
                          .lower_is_better = true,
                          .n = o->n};
    for (size_t i = 0; i < o->n; i++)
        right += o->items[i].by_stage;
    for (size_t i = 0; i < o->n; i++) {
        const struct sai_outcome *it = &o->items[i];
        const struct sai_decision *d = &o->decisions->items[it->decision];
        t.model[it->group] += brier(o->scored->probability + d->first, d->n);
        t.baseline[it->group] += brier_of_rule(it->by_stage, right / (double)o->n, d->n);
        t.count[it->group] += 1.0;
    }
    int rc = sai_evaluation_add(e, &t, o->n_groups);
    sai_free(room);
    return rc;
}

static double calibration_error(const uint32_t *times, const void *ctx)
{
    const struct sai_outcomes *o = ctx;
    double count[BINS] = {0}, confidence[BINS] = {0}, right[BINS] = {0}, total = 0.0, sum = 0.0;
    for (size_t i = 0; i < o->n; i++) {
        const struct sai_outcome *it = &o->items[i];
        int bin = (int)(it->confidence * BINS);
        double weight = times ? (double)times[it->group] : 1.0;
        bin = bin < BINS ? bin : BINS - 1;
        count[bin] += weight;
        confidence[bin] += weight * it->confidence;
        right[bin] += weight * it->right;
        total += weight;
    }
    for (int b = 0; b < BINS; b++)
        sum += fabs(confidence[b] - right[b]);
    return total > 0.0 ? sum / total : (double)NAN;
}

static int add_statistic(selectai_evaluation *e, const struct selectai_metric *what, size_t n_groups,
                         double (*statistic)(const uint32_t *times, const void *ctx), const void *ctx)
{
    struct selectai_metric m = *what;
    struct sai_interval interval;
    m.struct_size = sizeof m;
    m.value = statistic(NULL, ctx);
    int rc = sai_statistic_interval(&interval, m.value, n_groups, statistic, ctx);
    if (rc != SELECTAI_OK)
        return rc;
    m.low = interval.low;
    m.high = interval.high;
    m.baseline_low = m.baseline_high = m.baseline;
    return sai_evaluation_add_metric(e, &m);
}

/* Groups with a keep probability: of choices, and rejected ones. */
struct kept {
    double keep;
    bool rejected;
    size_t group; /* of decisions, renumbered */
};
struct kept_list {
    struct kept *items; /* by probability */
    size_t n, n_groups, n_rejected;
};

static int by_keep(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return (x->keep > y->keep) - (x->keep < y->keep);
}

/* Rank sum (Mann and Whitney, 1947); ties count half. */
static double auc(const uint32_t *times, const void *ctx)
{
    const struct kept_list *l = ctx;
    double below = 0.0, kept = 0.0, sum = 0.0;
    for (size_t i = 0, end; i < l->n; i = end) {
        double here[2] = {0};
        for (end = i; end < l->n && l->items[end].keep == l->items[i].keep; end++)
            here[l->items[end].rejected] += times ? (double)times[l->items[end].group] : 1.0;
        sum += here[0] * (below + here[1] / 2.0);
        below += here[1];
        kept += here[0];
    }
    return below > 0.0 && kept > 0.0 ? sum / (below * kept) : (double)NAN;
}

/* Samples are drawn from the groups that are measured, not from those that trained. */
static int number_groups(struct kept_list *l, size_t n_all)
{
    size_t *number = sai_calloc(n_all, sizeof *number);
    if (!number)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < l->n; i++)
        number[l->items[i].group] = 1;
    for (size_t g = 0; g < n_all; g++)
        number[g] = number[g] ? l->n_groups++ : 0;
    for (size_t i = 0; i < l->n; i++)
        l->items[i].group = number[l->items[i].group];
    sai_free(number);
    return SELECTAI_OK;
}

static int list_kept(struct kept_list *l, const struct sai_outcomes *o, const bool *use)
{
    const struct sai_decisions *d = o->decisions;
    l->items = sai_malloc_array(d->count, sizeof *l->items);
    if (!l->items)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].usable && (!use || use[i]) && !isnan(o->scored->keep[i])) {
            l->items[l->n++] = (struct kept){(double)o->scored->keep[i], d->items[i].rejected,
                                             (size_t)d->items[i].group};
            l->n_rejected += d->items[i].rejected;
        }
    qsort(l->items, l->n, sizeof *l->items, by_keep);
    return number_groups(l, d->n_groups);
}

static int add_keep(selectai_evaluation *e, const struct sai_outcomes *o, const bool *use)
{
    struct kept_list l = {0};
    int rc = list_kept(&l, o, use);
    const struct selectai_metric what = {.name = "keep_auc", .baseline_name = "chance", .n = l.n, .baseline = 0.5};
    if (rc == SELECTAI_OK && l.n_rejected > 0 && l.n_rejected < l.n)
        rc = add_statistic(e, &what, l.n_groups, auc, &l);
    sai_free(l.items);
    return rc;
}

int sai_evaluate_calibration(selectai_evaluation *e, const struct sai_outcomes *o, const bool *use)
{
    const struct selectai_metric ece = {
        .name = "ece", .baseline_name = "none", .n = o->n, .lower_is_better = 1, .baseline = NAN};
    int rc = o->n > 0 ? add_brier(e, o) : SELECTAI_OK;
    if (rc == SELECTAI_OK && o->n > 0)
        rc = add_statistic(e, &ece, o->n_groups, calibration_error, o);
    return rc == SELECTAI_OK ? add_keep(e, o, use) : rc;
}
