/*
 * learn/pairs.c: the pairs that a ranker learns from, and the standardised rows they point at.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "learn/pairs.h"

#define DRAW_SALT 0x7472616e73706c61u /* another stream than that of the weights and the order */

/* The decisions that are learned from. */
struct chosen {
    size_t *items, n; /* indices */
    size_t n_members;
    float *middle;        /* n x dim: mean of each decision's standardised rows; NULL without copies */
    uint32_t *by_project; /* 0..n-1, each project's one after the other; NULL without copies */
    struct peers {
        uint32_t first, n; /* the decisions of the same project: by_project[first] .. [first + n - 1] */
    } * peers;             /* n */
};

static void free_chosen(struct chosen *c)
{
    sai_free(c->items);
    sai_free(c->middle);
    sai_free(c->by_project);
    sai_free(c->peers);
}

/* The training side first, in the order of the data. */
static int choose(struct chosen *out, const struct sai_training *t, bool with_validation)
{
    static const int order[2] = {SAI_SIDE_TRAIN, SAI_SIDE_VALIDATION};
    out->items = sai_malloc_array(t->decisions.count, sizeof *out->items);
    if (!out->items)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (int k = 0; k < (with_validation ? 2 : 1); k++)
        for (size_t i = 0; i < t->decisions.count; i++)
            if (t->side[order[k]][i]) {
                out->items[out->n++] = i;
                out->n_members += t->decisions.items[i].n;
            }
    return SELECTAI_OK;
}

static int allocate(struct sai_pairs *p, const struct sai_training *t, const struct chosen *c, uint32_t copies)
{
    size_t room, cells;
    bool fits = sai_mul_size(&p->n_rows, c->n_members, copies - 1) &&
                sai_add_size(&room, p->n_rows, t->decisions.n_members) &&
                sai_add_size(&p->n_rows, p->n_rows, t->vectors.n) && sai_mul_size(&cells, p->n_rows, t->vectors.dim) &&
                p->n_rows <= UINT32_MAX;
    if (!fits)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "too many decisions to train on at once: train on fewer projects");
    p->x = sai_aligned_array(cells, sizeof *p->x);
    p->winner = sai_malloc_array(room, sizeof *p->winner);
    p->loser = sai_malloc_array(room, sizeof *p->loser);
    p->weight = sai_malloc_array(room, sizeof *p->weight);
    return p->x && p->winner && p->loser && p->weight ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* first_row: of a transplanted decision, whose rows lie one after another; UINT32_MAX: the rows of the cache. */
static void add_decision(struct sai_pairs *p, const struct sai_member *m, uint32_t n, uint32_t first_row,
                         float anomaly_weight)
{
    for (uint32_t i = 1; i < n; i++) {
        p->winner[p->count] = first_row == UINT32_MAX ? m[0].row : first_row;
        p->loser[p->count] = first_row == UINT32_MAX ? m[i].row : first_row + i;
        /* false where a stage is not known */
        p->weight[p->count++] = m[0].stage < m[i].stage ? anomaly_weight : 1.0f;
    }
}

static int find_middles(struct chosen *c, const struct sai_pairs *p, const struct sai_training *t)
{
    size_t dim = t->vectors.dim, cells;
    c->middle = sai_mul_size(&cells, c->n, dim) ? sai_calloc(cells, sizeof *c->middle) : NULL;
    if (!c->middle)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < c->n; i++) {
        const struct sai_decision *d = &t->decisions.items[c->items[i]];
        float *to = c->middle + i * dim;
        for (uint32_t j = 0; j < d->n; j++)
            for (size_t k = 0; k < dim; k++)
                to[k] += p->x[t->decisions.members[d->first + j].row * dim + k];
        for (size_t k = 0; k < dim; k++)
            to[k] /= (float)d->n;
    }
    return SELECTAI_OK;
}

/* Projects never mix: who may lend a place to whom. Projects are few, so each is collected by one pass. */
static int find_peers(struct chosen *c, const struct sai_training *t)
{
    uint32_t filled = 0;
    c->by_project = sai_malloc_array(c->n, sizeof *c->by_project);
    c->peers = sai_calloc(c->n, sizeof *c->peers);
    if (!c->by_project || !c->peers)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < c->n; i++) {
        const char *project = t->decisions.items[c->items[i]].project;
        if (c->peers[i].n > 0)
            continue; /* collected with an earlier one */
        uint32_t first = filled;
        for (size_t j = i; j < c->n; j++)
            if (strcmp(t->decisions.items[c->items[j]].project, project) == 0)
                c->by_project[filled++] = (uint32_t)j;
        for (uint32_t k = first; k < filled; k++)
            c->peers[c->by_project[k]] = (struct peers){.first = first, .n = filled - first};
    }
    return SELECTAI_OK;
}

/* One more copy of everything learned from; *row: the next free row. */
static void transplant(struct sai_pairs *p, size_t *row, const struct chosen *c, const struct sai_training *t,
                       struct sai_rng *rng, float clip, float anomaly_weight)
{
    size_t dim = t->vectors.dim;
    for (size_t i = 0; i < c->n; i++) {
        const struct sai_decision *d = &t->decisions.items[c->items[i]];
        const struct sai_member *m = &t->decisions.members[d->first];
        const struct peers *peers = &c->peers[i];
        size_t lender = c->by_project[peers->first + sai_rng_below(rng, peers->n)];
        const float *from = c->middle + i * dim, *to = c->middle + lender * dim;
        add_decision(p, m, d->n, (uint32_t)*row, anomaly_weight);
        for (uint32_t j = 0; j < d->n; j++, ++*row)
            for (size_t k = 0; k < dim; k++)
                p->x[*row * dim + k] = fmaxf(-clip, fminf(clip, p->x[m[j].row * dim + k] + (to[k] - from[k])));
    }
}

static void fill(struct sai_pairs *p, const struct chosen *c, const struct sai_training *t, float clip,
                 const struct sai_pairs_options *o)
{
    const struct sai_decisions *d = &t->decisions;
    struct sai_rng rng;
    size_t row = t->vectors.n;
    sai_rng_seed(&rng, t->options->split.seed ^ DRAW_SALT);
    for (size_t i = 0; i < c->n; i++)
        add_decision(p, &d->members[d->items[c->items[i]].first], d->items[c->items[i]].n, UINT32_MAX,
                     o->anomaly_weight);
    for (uint32_t k = 1; k < o->copies; k++)
        transplant(p, &row, c, t, &rng, clip, o->anomaly_weight);
    p->n_train = p->count;
    for (size_t i = 0; i < d->count && !o->with_validation; i++)
        if (t->side[SAI_SIDE_VALIDATION][i])
            add_decision(p, &d->members[d->items[i].first], d->items[i].n, UINT32_MAX, o->anomaly_weight);
}

int sai_pairs_make(struct sai_pairs *out, const struct sai_training *t, const struct sai_standardiser *s,
                   const struct sai_pairs_options *o)
{
    const struct sai_vectors *v = &t->vectors;
    struct chosen chosen = {0};
    *out = (struct sai_pairs){0};
    int rc = choose(&chosen, t, o->with_validation);
    if (rc == SELECTAI_OK)
        rc = allocate(out, t, &chosen, o->copies);
    for (size_t i = 0; i < v->n && rc == SELECTAI_OK; i++)
        sai_standardise(s, out->x + i * v->dim, v->x + i * v->dim);
    if (rc == SELECTAI_OK && o->copies > 1)
        rc = find_middles(&chosen, out, t);
    if (rc == SELECTAI_OK && o->copies > 1)
        rc = find_peers(&chosen, t);
    if (rc == SELECTAI_OK)
        fill(out, &chosen, t, s->clip, o);
    free_chosen(&chosen);
    return rc;
}

void sai_pairs_free(struct sai_pairs *p)
{
    sai_free(p->x);
    sai_free(p->winner);
    sai_free(p->loser);
    sai_free(p->weight);
    *p = (struct sai_pairs){0};
}
