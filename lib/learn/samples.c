/*
 * learn/samples.c: from decisions to the rows that networks learn from.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "learn/samples.h"

#define COLUMNS   512u                /* whose means are found at a time, on the stack */
#define DRAW_SALT 0x7472616e73706c61u /* the draw must not repeat what the seed decides elsewhere */

/* The decisions that become items, in order; and who may lend a place to whom. */
struct chosen {
    size_t *items;
    size_t n, n_train;
    uint32_t *lenders; /* of item i: lenders[first[i]] .. + n_lenders[i]: training items of its project */
    uint32_t *first, *n_lenders;
    float *middle; /* n_train x dim */
};

static void free_chosen(struct chosen *c)
{
    sai_free(c->items);
    sai_free(c->lenders);
    sai_free(c->first);
    sai_free(c->n_lenders);
    sai_free(c->middle);
}

static bool wanted(const struct sai_decision *d, const struct sai_samples_options *o)
{
    return d->usable && (!d->rejected || o->with_rejected);
}

static int choose(struct chosen *c, const struct sai_training *t, const int8_t *side,
                  const struct sai_samples_options *o)
{
    const struct sai_decisions *d = &t->decisions;
    c->items = sai_malloc_array(d->count, sizeof *c->items);
    if (!c->items)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        if (wanted(&d->items[i], o) &&
            (side[i] == SAI_SIDE_TRAIN || (o->with_validation && side[i] == SAI_SIDE_VALIDATION)))
            c->items[c->n++] = i;
    c->n_train = c->n;
    for (size_t i = 0; i < d->count && !o->with_validation; i++)
        if (wanted(&d->items[i], o) && side[i] == SAI_SIDE_VALIDATION)
            c->items[c->n++] = i;
    return SELECTAI_OK;
}

static int allocate(struct sai_samples *s, const struct sai_training *t, const struct chosen *c, uint32_t copies)
{
    size_t train = 0, rest = 0, rows, values, copied;
    for (size_t i = 0; i < c->n; i++)
        *(i < c->n_train ? &train : &rest) += t->decisions.items[c->items[i]].n;
    s->dim = t->vectors.dim;
    bool fits = sai_mul_size(&rows, train, copies) && sai_add_size(&rows, rows, rest) && rows < UINT32_MAX &&
                sai_mul_size(&values, rows, s->dim) && sai_mul_size(&copied, c->n_train, copies) &&
                sai_add_size(&copied, copied, c->n - c->n_train);
    if (!fits)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%zu decisions are too many", c->n);
    s->n_items = copied;
    s->n_train = c->n_train * copies;
    s->n_rows = rows;
    s->x = sai_aligned_array(values, sizeof *s->x);
    s->starts = sai_calloc(copied + 1, sizeof *s->starts);
    s->rows = sai_malloc_array(rows, sizeof *s->rows);
    s->offset = sai_malloc_array(rows, sizeof *s->offset);
    s->weight = sai_malloc_array(rows, sizeof *s->weight);
    s->kept = sai_malloc_array(copied, sizeof *s->kept);
    s->identity = sai_malloc_array(copied, sizeof *s->identity);
    s->decision = sai_malloc_array(copied, sizeof *s->decision);
    bool ok = s->x && s->starts && s->rows && s->offset && s->weight && s->kept && s->identity && s->decision;
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static bool is_finite(const float *x, uint32_t dim)
{
    float sum = 0.0f;
    for (uint32_t k = 0; k < dim; k++)
        sum += x[k] * 0.0f;
    return sum == 0.0f;
}

/* Columns first .. first + n_columns - 1. */
static void subtract_columns(float *out, const float *x, size_t n, uint32_t dim, uint32_t first, uint32_t n_columns)
{
    double sum[COLUMNS] = {0};
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_finite(x + i * dim, dim))
            continue;
        count++;
        for (uint32_t k = 0; k < n_columns; k++)
            sum[k] += (double)x[i * dim + first + k];
    }
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < n_columns; k++)
            out[i * dim + first + k] = x[i * dim + first + k] - (count > 0 ? (float)(sum[k] / (double)count) : 0.0f);
}

void sai_subtract_mean(float *out, const float *x, size_t n, uint32_t dim)
{
    for (uint32_t first = 0; first < dim; first += COLUMNS)
        subtract_columns(out, x, n, dim, first, dim - first < COLUMNS ? dim - first : COLUMNS);
}

/* Item `at` gets the rows, weights and prior of a decision, as they are in the cache. */
static void put(struct sai_samples *s, size_t at, const struct sai_training *t, size_t index,
                const struct sai_prior *prior, double *stages, const struct sai_samples_options *o)
{
    const struct sai_decision *d = &t->decisions.items[index];
    const struct sai_member *m = &t->decisions.members[d->first];
    uint32_t first = s->starts[at];
    for (uint32_t j = 0; j < d->n; j++) {
        memcpy(s->x + (size_t)(first + j) * s->dim, t->vectors.x + (size_t)m[j].row * s->dim, s->dim * sizeof *s->x);
        s->weight[first + j] = m[0].stage < m[j].stage ? o->anomaly_weight : 1.0f; /* false for NaN */
        stages[j] = m[j].stage;
    }
    if (o->offset)
        memcpy(s->offset + first, o->offset + d->first, d->n * sizeof *s->offset);
    else
        sai_prior_group(s->offset + first, prior, d->project, stages, d->n);
    if (o->differences)
        sai_subtract_mean(s->x + (size_t)first * s->dim, s->x + (size_t)first * s->dim, d->n, s->dim);
    s->kept[at] = !d->rejected;
    s->identity[at] = d->identity;
    s->decision[at] = index;
    s->starts[at + 1] = first + d->n;
}

static double *stage_room(const struct sai_training *t, const struct chosen *c)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < c->n; i++)
        longest = t->decisions.items[c->items[i]].n > longest ? t->decisions.items[c->items[i]].n : longest;
    return sai_malloc_array(longest, sizeof(double));
}

/* Training items as they are, room for their copies, then the validation items. */
static int fill(struct sai_samples *s, const struct sai_training *t, const struct chosen *c,
                const struct sai_prior *prior, const struct sai_samples_options *o)
{
    double *stages = stage_room(t, c);
    if (!stages)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < c->n_train; i++)
        put(s, i, t, c->items[i], prior, stages, o);
    for (size_t i = c->n_train; i < s->n_train; i++)
        s->starts[i + 1] = s->starts[i] + t->decisions.items[c->items[i % c->n_train]].n;
    for (size_t i = c->n_train; i < c->n; i++)
        put(s, s->n_train + i - c->n_train, t, c->items[i], prior, stages, o);
    for (size_t i = 0; i < s->n_rows; i++)
        s->rows[i] = (uint32_t)i;
    sai_free(stages);
    return SELECTAI_OK;
}

/* By the rows learned from alone. */
static int standardise(struct sai_samples *s, struct sai_standardiser *st, bool within, size_t n_items)
{
    size_t *starts = sai_malloc_array(n_items + 1, sizeof *starts);
    int rc = starts ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && st->n == 0) {
        for (size_t i = 0; i <= n_items; i++)
            starts[i] = s->starts[i];
        rc = sai_standardiser_fit(st, s->x, s->dim, s->rows, s->starts[n_items]);
        if (rc == SELECTAI_OK && within)
            rc = sai_standardiser_within(st, s->x, s->rows, starts, n_items);
    }
    sai_free(starts);
    return rc;
}

/* The copies' rows are not there yet. */
static void apply(struct sai_samples *s, const struct sai_standardiser *st, size_t n_items)
{
    for (size_t i = 0; i < s->starts[n_items]; i++)
        sai_standardise(st, s->x + i * s->dim, s->x + i * s->dim);
    for (size_t i = s->starts[s->n_train]; i < s->n_rows; i++)
        sai_standardise(st, s->x + i * s->dim, s->x + i * s->dim);
}

static int find_middles(struct chosen *c, const struct sai_samples *s)
{
    size_t cells;
    c->middle = sai_mul_size(&cells, c->n_train, s->dim) ? sai_calloc(cells, sizeof *c->middle) : NULL;
    if (!c->middle)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < c->n_train; i++) {
        float *to = c->middle + i * s->dim;
        for (uint32_t j = s->starts[i]; j < s->starts[i + 1]; j++)
            for (size_t k = 0; k < s->dim; k++)
                to[k] += s->x[(size_t)j * s->dim + k];
        for (size_t k = 0; k < s->dim; k++)
            to[k] /= (float)(s->starts[i + 1] - s->starts[i]);
    }
    return SELECTAI_OK;
}

/* Projects never mix: who may lend a place to whom. Projects are few, so each is collected by one pass. */
static int find_lenders(struct chosen *c, const struct sai_training *t)
{
    uint32_t filled = 0;
    c->lenders = sai_malloc_array(c->n_train, sizeof *c->lenders);
    c->first = sai_calloc(c->n_train, sizeof *c->first);
    c->n_lenders = sai_calloc(c->n_train, sizeof *c->n_lenders);
    if (!c->lenders || !c->first || !c->n_lenders)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < c->n_train; i++) {
        const char *project = t->decisions.items[c->items[i]].project;
        if (c->n_lenders[i] > 0)
            continue; /* collected with an earlier one */
        uint32_t first = filled;
        for (size_t j = i; j < c->n_train; j++)
            if (strcmp(t->decisions.items[c->items[j]].project, project) == 0)
                c->lenders[filled++] = (uint32_t)j;
        for (uint32_t k = first; k < filled; k++) {
            c->first[c->lenders[k]] = first;
            c->n_lenders[c->lenders[k]] = filled - first;
        }
    }
    return SELECTAI_OK;
}

static void transplant(struct sai_samples *s, const struct chosen *c, float clip, uint64_t seed)
{
    struct sai_rng rng;
    sai_rng_seed(&rng, seed ^ DRAW_SALT);
    for (size_t at = c->n_train; at < s->n_train; at++) {
        size_t i = at % c->n_train;
        size_t lender = c->lenders[c->first[i] + sai_rng_below(&rng, c->n_lenders[i])];
        const float *from = c->middle + i * s->dim, *to = c->middle + lender * s->dim;
        uint32_t original = s->starts[i], row = s->starts[at], n = s->starts[i + 1] - original;
        memcpy(s->offset + row, s->offset + original, n * sizeof *s->offset);
        memcpy(s->weight + row, s->weight + original, n * sizeof *s->weight);
        s->kept[at] = s->kept[i];
        s->identity[at] = s->identity[i];
        s->decision[at] = s->decision[i];
        for (uint32_t j = 0; j < n; j++)
            for (size_t k = 0; k < s->dim; k++) {
                float moved = s->x[(size_t)(original + j) * s->dim + k] + (to[k] - from[k]);
                s->x[(size_t)(row + j) * s->dim + k] = fmaxf(-clip, fminf(clip, moved));
            }
    }
}

int sai_samples_make(struct sai_samples *out, struct sai_standardiser *st, bool within, const struct sai_training *t,
                     const int8_t *side, const struct sai_prior *prior, const struct sai_samples_options *o)
{
    struct chosen c = {0};
    *out = (struct sai_samples){0};
    int rc = choose(&c, t, side, o);
    if (rc == SELECTAI_OK && c.n_train == 0)
        rc = SAI_FAIL(SELECTAI_ERR_NO_DATA, "a fold leaves no decisions to train on: add data, or ask for fewer folds");
    if (rc == SELECTAI_OK)
        rc = allocate(out, t, &c, o->copies);
    if (rc == SELECTAI_OK)
        rc = fill(out, t, &c, prior, o);
    if (rc == SELECTAI_OK)
        rc = standardise(out, st, within, c.n_train);
    if (rc == SELECTAI_OK)
        apply(out, st, c.n_train);
    if (rc == SELECTAI_OK && o->copies > 1)
        rc = find_middles(&c, out);
    if (rc == SELECTAI_OK && o->copies > 1)
        rc = find_lenders(&c, t);
    if (rc == SELECTAI_OK && o->copies > 1)
        transplant(out, &c, st->clip, o->seed);
    free_chosen(&c);
    return rc;
}

void sai_samples_free(struct sai_samples *s)
{
    sai_free(s->x);
    sai_free(s->starts);
    sai_free(s->rows);
    sai_free(s->offset);
    sai_free(s->weight);
    sai_free(s->kept);
    sai_free(s->identity);
    sai_free(s->decision);
    *s = (struct sai_samples){0};
}

int sai_samples_parts(uint8_t **out, const struct sai_samples *s, unsigned n_parts, uint64_t seed)
{
    *out = sai_malloc_array(s->n_items, sizeof **out);
    for (size_t i = 0; *out && i < s->n_items; i++)
        (*out)[i] = (uint8_t)(sai_hash_bytes(&s->identity[i], sizeof s->identity[i], seed) % n_parts);
    return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}
