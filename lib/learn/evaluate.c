/*
 * learn/evaluate.c: figures with bootstrap intervals, and the public evaluation handle.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "learn/evaluate.h"

#define RESAMPLES      1000u
#define BOOTSTRAP_SEED 20260101u /* fixed: the same data give the same interval */
#define MAX_METRICS    8u

struct selectai_evaluation {
    struct sai_evaluation_head head;
    size_t n_groups;
    struct selectai_metric metrics[MAX_METRICS];
    size_t n_metrics;
    struct selectai_issues *issues;
};

int sai_evaluation_create(selectai_evaluation **out, const struct sai_evaluation_head *head, size_t n_groups)
{
    selectai_evaluation *e = sai_calloc(1, sizeof *e);
    if (!e)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    e->head = *head;
    e->n_groups = n_groups;
    int rc = sai_issues_create(&e->issues);
    if (rc != SELECTAI_OK)
        selectai_evaluation_destroy(&e);
    else
        *out = e;
    return rc;
}

struct selectai_issues *sai_evaluation_issues(selectai_evaluation *evaluation)
{
    return evaluation->issues;
}

static double ratio(const double *right, const double *count, size_t n)
{
    double a = 0.0, b = 0.0;
    for (size_t i = 0; i < n; i++) {
        a += right[i];
        b += count[i];
    }
    return b > 0.0 ? a / b : (double)NAN;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear interpolation between order statistics, as NumPy's percentile(). */
static double percentile(const double *sorted, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

static void interval(double *low, double *high, double value, double *samples, size_t n)
{
    if (n == 0 || isnan(value)) {
        *low = *high = NAN;
        return;
    }
    qsort(samples, n, sizeof *samples, ascending);
    double a = percentile(samples, n, 0.025), b = percentile(samples, n, 0.975);
    *low = a < value ? a : value;
    *high = b > value ? b : value;
}

/* Fills both intervals from the same resamples. Samples in which the figure does not exist are left out. */
static int bootstrap(struct selectai_metric *m, const struct sai_tally *t, size_t n_groups)
{
    double *model = sai_malloc_array(RESAMPLES, sizeof *model), *base = sai_malloc_array(RESAMPLES, sizeof *base);
    size_t n = 0;
    struct sai_rng rng;
    sai_rng_seed(&rng, BOOTSTRAP_SEED);
    for (unsigned r = 0; model && base && n_groups > 0 && r < RESAMPLES; r++) {
        double right = 0.0, base_right = 0.0, count = 0.0;
        for (size_t i = 0; i < n_groups; i++) {
            size_t g = (size_t)sai_rng_below(&rng, n_groups);
            right += t->model[g];
            base_right += t->baseline ? t->baseline[g] : 0.0;
            count += t->count[g];
        }
        if (count > 0.0) {
            model[n] = right / count;
            base[n++] = base_right / count;
        }
    }
    bool ok = model && base;
    if (ok) {
        interval(&m->low, &m->high, m->value, model, n);
        interval(&m->baseline_low, &m->baseline_high, m->baseline, base, n);
    }
    sai_free(model);
    sai_free(base);
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* n of n right: the smallest share that would give that in 2.5 % of cases is 0.025^(1/n). One group alone says nothing
 * about how groups differ. */
static void widen_certainty(struct selectai_metric *m, const struct sai_tally *t, size_t n_groups)
{
    double groups = 0.0;
    for (size_t i = 0; i < n_groups; i++)
        groups += t->count[i] > 0.0;
    if (groups == 1.0) {
        m->low = 0.0;
        m->high = 1.0;
    }
    if (!t->is_share || groups < 2.0 || m->low != m->high)
        return;
    double bound = pow(0.025, 1.0 / groups);
    if (m->value == 1.0)
        m->low = bound;
    else if (m->value == 0.0)
        m->high = 1.0 - bound;
}

int sai_evaluation_add(selectai_evaluation *e, const struct sai_tally *t, size_t n_groups)
{
    if (e->n_metrics == MAX_METRICS)
        return SAI_FAIL(SELECTAI_ERR_INTERNAL, "too many figures");
    struct selectai_metric *m = &e->metrics[e->n_metrics];
    *m = (struct selectai_metric){
        .struct_size = sizeof *m, .name = t->name, .baseline_name = t->baseline_name, .n = t->n};
    m->value = ratio(t->model, t->count, n_groups);
    m->baseline = t->baseline ? ratio(t->baseline, t->count, n_groups) : (double)NAN;
    int rc = bootstrap(m, t, n_groups);
    if (rc != SELECTAI_OK)
        return rc;
    widen_certainty(m, t, n_groups);
    e->n_metrics++;
    return SELECTAI_OK;
}

int sai_compact_groups(size_t **group, size_t *n_groups, const struct sai_decisions *d, const bool *use)
{
    size_t *number = sai_malloc_array(d->n_groups, sizeof *number), *out = sai_malloc_array(d->count, sizeof *out);
    size_t n = 0;
    if (!number || !out) {
        sai_free(number);
        sai_free(out);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < d->n_groups; i++)
        number[i] = SIZE_MAX;
    for (size_t i = 0; i < d->count; i++) /* mark */
        if (sai_is_choice(&d->items[i]) && (!use || use[i]))
            number[d->items[i].group] = 0;
    for (size_t i = 0; i < d->n_groups; i++) /* number by group: the order of decisions does not matter */
        if (number[i] == 0)
            number[i] = n++;
    for (size_t i = 0; i < d->count; i++)
        out[i] = sai_is_choice(&d->items[i]) && (!use || use[i]) ? number[d->items[i].group] : SIZE_MAX;
    sai_free(number);
    *group = out;
    *n_groups = n;
    return SELECTAI_OK;
}

size_t selectai_evaluation_count(const selectai_evaluation *e)
{
    return e ? e->n_metrics : 0;
}

int selectai_evaluation_get(const selectai_evaluation *e, size_t index, struct selectai_metric *out)
{
    SAI_REQUIRE(e && out && index < e->n_metrics);
    return sai_struct_out(out, &e->metrics[index], sizeof e->metrics[index]);
}

int selectai_evaluation_find(const selectai_evaluation *e, const char *name, struct selectai_metric *out)
{
    SAI_REQUIRE(e && name && out);
    for (size_t i = 0; i < e->n_metrics; i++)
        if (strcmp(e->metrics[i].name, name) == 0)
            return sai_struct_out(out, &e->metrics[i], sizeof e->metrics[i]);
    return SAI_FAIL(SELECTAI_ERR_NOT_FOUND, "there is no figure called %s", name);
}

static void number_member(struct sai_text *text, const char *name, double value)
{
    sai_text_printf(text, ",\"%s\":", name);
    sai_text_json_number(text, value);
}

static void write_metrics(struct sai_text *text, const selectai_evaluation *e)
{
    sai_text_puts(text, "[");
    for (size_t i = 0; i < e->n_metrics; i++) {
        const struct selectai_metric *m = &e->metrics[i];
        sai_text_printf(text, "%s{\"name\":\"%s\",\"n\":%llu", i ? "," : "", m->name, (unsigned long long)m->n);
        number_member(text, "value", m->value);
        number_member(text, "low", m->low);
        number_member(text, "high", m->high);
        sai_text_printf(text, ",\"baseline_name\":\"%s\"", m->baseline_name);
        number_member(text, "baseline", m->baseline);
        number_member(text, "baseline_low", m->baseline_low);
        number_member(text, "baseline_high", m->baseline_high);
        sai_text_puts(text, "}");
    }
    sai_text_puts(text, "]");
}

int sai_evaluation_metrics(json_t **out, const selectai_evaluation *e)
{
    struct sai_text text = {0};
    write_metrics(&text, e);
    int rc = text.failed ? SELECTAI_ERR_OUT_OF_MEMORY : sai_json_parse(out, text.data, text.length, "metrics", 0);
    sai_text_free(&text);
    return rc;
}

int selectai_evaluation_json(char **out, const selectai_evaluation *e)
{
    SAI_REQUIRE(out && e);
    struct sai_text text = {0};
    sai_text_printf(&text,
                    "{\"split\":\"%s\",\"seed\":%llu,\"groups\":%zu,\"excluded_seen\":%zu,\"excluded_missing\":%zu,"
                    "\"metrics\":",
                    e->head.split, (unsigned long long)e->head.seed, e->n_groups, e->head.excluded_seen,
                    e->head.excluded_missing);
    write_metrics(&text, e);
    sai_text_puts(&text, "}");
    return sai_text_finish(&text, out);
}

const selectai_issues *selectai_evaluation_issues(const selectai_evaluation *e)
{
    return e ? e->issues : NULL;
}

void selectai_evaluation_destroy(selectai_evaluation **evaluation)
{
    if (!evaluation || !*evaluation)
        return;
    selectai_issues_destroy(&(*evaluation)->issues);
    sai_free(*evaluation);
    *evaluation = NULL;
}
