/*
 * learn/evaluate.c: figures with bootstrap intervals, and the public evaluation handle.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/evaluate.h"
#include "learn/statistics.h"

#define MAX_METRICS 24u

struct selectai_evaluation {
    struct sai_evaluation_head head;
    size_t n_groups;
    struct selectai_metric metrics[MAX_METRICS];
    size_t n_metrics;
    struct selectai_issues *issues;
    struct sai_text details; /* members of the JSON object, each after a comma */
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

struct sai_text *sai_evaluation_details(selectai_evaluation *evaluation)
{
    return &evaluation->details;
}

struct selectai_issues *sai_evaluation_issues(selectai_evaluation *evaluation)
{
    return evaluation->issues;
}

int sai_evaluation_add(selectai_evaluation *e, const struct sai_tally *t, size_t n_groups)
{
    if (e->n_metrics == MAX_METRICS)
        return SAI_FAIL(SELECTAI_ERR_INTERNAL, "too many figures");
    struct selectai_metric *m = &e->metrics[e->n_metrics];
    *m = (struct selectai_metric){
        .struct_size = sizeof *m, .name = t->name, .baseline_name = t->baseline_name, .n = t->n};
    m->lower_is_better = t->lower_is_better;
    m->value = sai_ratio(t->model, t->count, n_groups);
    m->baseline = t->baseline ? sai_ratio(t->baseline, t->count, n_groups) : (double)NAN;
    struct sai_interval of_model, of_baseline = {NAN, NAN};
    int rc = sai_ratio_interval(&of_model, t->model, t->count, n_groups,
                                t->is_share ? SAI_RATIO_SHARE : SAI_RATIO_UNIT);
    if (rc == SELECTAI_OK && t->baseline)
        rc = sai_ratio_interval(&of_baseline, t->baseline, t->count, n_groups, SAI_RATIO_PLAIN);
    if (rc != SELECTAI_OK)
        return rc;
    m->low = of_model.low;
    m->high = of_model.high;
    m->baseline_low = of_baseline.low;
    m->baseline_high = of_baseline.high;
    e->n_metrics++;
    return SELECTAI_OK;
}

int sai_evaluation_add_metric(selectai_evaluation *e, const struct selectai_metric *metric)
{
    if (e->n_metrics == MAX_METRICS)
        return SAI_FAIL(SELECTAI_ERR_INTERNAL, "too many figures");
    e->metrics[e->n_metrics++] = *metric;
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
        sai_text_printf(text, ",\"lower_is_better\":%s,\"baseline_name\":\"%s\"", m->lower_is_better ? "true" : "false",
                        m->baseline_name);
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
                    "{\"split\":\"%s\",\"seed\":%llu,\"folds\":%u,\"leaky\":%s,\"groups\":%zu,\"excluded_seen\":%zu,"
                    "\"excluded_missing\":%zu,"
                    "\"metrics\":",
                    e->head.split, (unsigned long long)e->head.seed, e->head.folds,
                    strcmp(e->head.split, "pair") == 0 ? "true" : "false", e->n_groups, e->head.excluded_seen,
                    e->head.excluded_missing);
    write_metrics(&text, e);
    sai_text_puts(&text, e->details.data ? e->details.data : "");
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
    sai_text_free(&(*evaluation)->details);
    sai_free(*evaluation);
    *evaluation = NULL;
}
