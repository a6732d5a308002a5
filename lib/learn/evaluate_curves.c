/*
 * learn/evaluate_curves.c: reliability, risk and coverage, margins, parts, worst cases: what an evaluation's page
 * draws.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/evaluate_details.h"

#define BINS   10
#define POINTS 20u /* of risk and coverage */
#define WORST  24u

static void number(struct sai_text *text, const char *before, double value)
{
    sai_text_puts(text, before);
    sai_text_json_number(text, value);
}

/* ---- Parts: what the prior and the image alone would get -------------------------------------- */

struct share {
    double right, n;
};

static void write_share(struct sai_text *text, const char *name, const struct share *s)
{
    sai_text_printf(text, "%s", name);
    sai_text_json_number(text, s->n > 0.0 ? s->right / s->n : (double)NAN);
}

static void write_part(struct sai_text *text, const char *name, const struct sai_outcomes *o, const float *values)
{
    struct share normal = {0}, anomaly = {0}, overall = {0}, top1 = {0};
    for (size_t i = 0; i < o->n; i++) {
        const struct sai_decision *d = &o->decisions->items[o->items[i].decision];
        const struct sai_member *m = &o->decisions->members[d->first];
        const float *v = values + d->first;
        top1.right += sai_first_place(v, d->n);
        top1.n += 1.0;
        for (uint32_t j = 1; j < d->n; j++) {
            double right = v[0] > v[j] ? 1.0 : v[0] < v[j] ? 0.0 : 0.5;
            struct share *s = m[0].stage < m[j].stage ? &anomaly : &normal;
            overall.right += right;
            overall.n += 1.0;
            if (!isnan(m[0].stage) && !isnan(m[j].stage)) {
                s->right += right;
                s->n += 1.0;
            }
        }
    }
    sai_text_printf(text, "\"%s\":{", name);
    write_share(text, "\"normal\":", &normal);
    write_share(text, ",\"anomaly\":", &anomaly);
    write_share(text, ",\"overall\":", &overall);
    write_share(text, ",\"top1\":", &top1);
    sai_text_puts(text, "}");
}

/* ---- Curves ------------------------------------------------------------------------------------ */

static void write_bins(struct sai_text *text, const double *count, const double *said, const double *right)
{
    bool first = true;
    for (int b = 0; b < BINS; b++) {
        if (count[b] == 0.0)
            continue;
        sai_text_printf(text, "%s{\"low\":%.1f,\"high\":%.1f,\"n\":%.0f", first ? "" : ",", b / 10.0, (b + 1) / 10.0,
                        count[b]);
        number(text, ",\"said\":", said[b] / count[b]);
        number(text, ",\"right\":", right[b] / count[b]);
        sai_text_puts(text, "}");
        first = false;
    }
}

static int bin_of(double probability)
{
    int bin = (int)(probability * BINS);
    return bin < BINS ? bin : BINS - 1;
}

static void write_reliability(struct sai_text *text, const struct sai_outcomes *o)
{
    double count[BINS] = {0}, said[BINS] = {0}, right[BINS] = {0};
    for (size_t i = 0; i < o->n; i++) {
        int bin = bin_of(o->items[i].confidence);
        count[bin] += 1.0;
        said[bin] += o->items[i].confidence;
        right[bin] += o->items[i].right;
    }
    sai_text_puts(text, ",\"reliability\":[");
    write_bins(text, count, said, right);
    sai_text_puts(text, "]");
}

/* Kept (right) or rejected, by the probability of being kept. */
static void write_keep(struct sai_text *text, const struct sai_outcomes *o, const bool *use)
{
    const struct sai_decisions *d = o->decisions;
    double count[BINS] = {0}, said[BINS] = {0}, right[BINS] = {0};
    size_t n[2] = {0};
    for (size_t i = 0; i < d->count; i++) {
        double keep = (double)o->scored->keep[i];
        if (!d->items[i].usable || (use && !use[i]) || isnan(keep))
            continue;
        count[bin_of(keep)] += 1.0;
        said[bin_of(keep)] += keep;
        right[bin_of(keep)] += d->items[i].rejected ? 0.0 : 1.0;
        n[d->items[i].rejected]++;
    }
    if (n[0] + n[1] == 0) {
        sai_text_puts(text, ",\"keep\":null");
        return;
    }
    sai_text_printf(text, ",\"keep\":{\"kept\":%zu,\"rejected\":%zu,\"reliability\":[", n[0], n[1]);
    write_bins(text, count, said, right);
    sai_text_puts(text, "]}");
}

static int surest_first(const void *a, const void *b)
{
    const struct sai_outcome *x = *(const struct sai_outcome *const *)a, *y = *(const struct sai_outcome *const *)b;
    if (x->confidence != y->confidence)
        return x->confidence > y->confidence ? -1 : 1;
    return (x->decision > y->decision) - (x->decision < y->decision);
}

/* If only the surest were done without a look: how many would be wrong? */
static void write_risk(struct sai_text *text, const struct sai_outcome **sorted, size_t n)
{
    double right = 0.0;
    size_t at = 0;
    bool first = true;
    sai_text_puts(text, ",\"risk_coverage\":[");
    for (unsigned k = 1; k <= POINTS; k++) {
        size_t end = n * k / POINTS;
        for (; at < end; at++)
            right += sorted[at]->right;
        if (at == 0)
            continue;
        number(text, first ? "{\"coverage\":" : ",{\"coverage\":", (double)at / (double)n);
        first = false;
        number(text, ",\"risk\":", 1.0 - right / (double)at);
        number(text, ",\"confidence\":", sorted[at - 1]->confidence);
        sai_text_puts(text, "}");
    }
    sai_text_puts(text, "]");
}

static int by_margin(const void *a, const void *b)
{
    const struct sai_outcome *x = *(const struct sai_outcome *const *)a, *y = *(const struct sai_outcome *const *)b;
    if (x->margin != y->margin)
        return x->margin < y->margin ? -1 : 1;
    return (x->decision > y->decision) - (x->decision < y->decision);
}

/* Tenths of the decisions by the lead of the first image over the second. */
static void write_margins(struct sai_text *text, const struct sai_outcome **sorted, size_t n)
{
    sai_text_puts(text, ",\"by_margin\":[");
    bool first = true;
    for (size_t b = 0; b < BINS; b++) {
        size_t begin = n * b / BINS, end = n * (b + 1) / BINS;
        double right = 0.0, by_stage = 0.0;
        for (size_t i = begin; i < end; i++) {
            right += sorted[i]->right;
            by_stage += sorted[i]->by_stage;
        }
        if (begin == end)
            continue;
        number(text, first ? "{\"low\":" : ",{\"low\":", sorted[begin]->margin);
        number(text, ",\"high\":", sorted[end - 1]->margin);
        sai_text_printf(text, ",\"n\":%zu", end - begin);
        number(text, ",\"top1\":", right / (double)(end - begin));
        number(text, ",\"baseline\":", by_stage / (double)(end - begin));
        sai_text_puts(text, "}");
        first = false;
    }
    sai_text_puts(text, "]");
}

static int worst_first(const void *a, const void *b)
{
    const struct sai_outcome *x = *(const struct sai_outcome *const *)a, *y = *(const struct sai_outcome *const *)b;
    if (x->winner != y->winner)
        return x->winner < y->winner ? -1 : 1;
    return (x->decision > y->decision) - (x->decision < y->decision);
}

static void write_case(struct sai_text *text, const struct sai_outcomes *o, const struct sai_outcome *it)
{
    const struct sai_decision *d = &o->decisions->items[it->decision];
    sai_text_puts(text, "{\"project\":");
    sai_text_json_string(text, d->project);
    sai_text_printf(text, ",\"suggested\":%u", it->best);
    number(text, ",\"confidence\":", it->confidence);
    sai_text_puts(text, ",\"images\":["); /* the one that was taken first */
    for (uint32_t j = 0; j < d->n; j++) {
        const struct sai_member *m = &o->decisions->members[d->first + j];
        size_t at = d->first + j;
        sai_text_puts(text, j ? ",{\"path\":" : "{\"path\":");
        sai_text_json_string(text, m->path);
        number(text, ",\"stage\":", m->stage);
        number(text, ",\"probability\":", (double)o->scored->probability[at]);
        number(text, ",\"prior\":", (double)o->scored->prior[at]);
        number(text, ",\"image\":", (double)o->scored->image[at]);
        sai_text_puts(text, "}");
    }
    sai_text_puts(text, "]}");
}

/* Where the model was surest of something else than what the person took. */
static void write_worst(struct sai_text *text, const struct sai_outcomes *o, const struct sai_outcome **sorted)
{
    sai_text_puts(text, ",\"worst\":[");
    for (size_t i = 0; i < o->n && i < WORST && sorted[i]->right < 1.0; i++) {
        sai_text_puts(text, i ? "," : "");
        write_case(text, o, sorted[i]);
    }
    sai_text_puts(text, "]");
}

int sai_write_curves(struct sai_text *text, const struct sai_outcomes *o, const bool *use)
{
    const struct sai_outcome **sorted = sai_malloc_array(o->n, sizeof *sorted);
    if (!sorted)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < o->n; i++)
        sorted[i] = &o->items[i];
    sai_text_puts(text, ",\"parts\":{");
    write_part(text, "prior", o, o->scored->prior);
    sai_text_puts(text, ",");
    write_part(text, "image", o, o->scored->image);
    sai_text_puts(text, "}");
    write_reliability(text, o);
    qsort(sorted, o->n, sizeof *sorted, surest_first);
    write_risk(text, sorted, o->n);
    qsort(sorted, o->n, sizeof *sorted, by_margin);
    write_margins(text, sorted, o->n);
    write_keep(text, o, use);
    qsort(sorted, o->n, sizeof *sorted, worst_first);
    write_worst(text, o, sorted);
    sai_free(sorted);
    return text->failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}
