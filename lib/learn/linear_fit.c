/*
 * learn/linear_fit.c: L-BFGS on the likelihood of linear scores.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>
#include <string.h>

#include "learn/linear_fit.h"
#include "learn/rank_loss.h"

#define MEMORY    8
#define MAX_STEPS 200
#define TOLERANCE 1e-5 /* of the gradient's largest entry */
#define LANES     16   /* sums that run side by side, in the same order on every processor */

#define MAX_DECAYS 8

static const double decays[] = {1.0, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3}; /* of inputs with deviation 1 */

struct problem {
    const struct sai_samples *s;
    int32_t loss;
    double decay;
    const uint8_t *part;  /* by item */
    int without;          /* the part that is not learned from; -1: none */
    float *weight;        /* w as floats */
    float *score, *slope; /* of one item */
    uint32_t n;           /* weights: one an input. A bias would change nothing: scores compare within an item */
};

struct memory {
    double *step[MEMORY], *change[MEMORY], rho[MEMORY];
    int used, next;
};

static double dot(const double *a, const double *b, uint32_t n)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static const float *row_of(const struct problem *p, uint32_t j)
{
    return p->s->x + (size_t)p->s->rows[j] * p->n;
}

double sai_dot_floats(const float *w, const float *x, uint32_t n)
{
    float lane[LANES] = {0};
    uint32_t k = 0;
    double sum = 0.0;
    for (; k + LANES <= n; k += LANES)
        for (uint32_t l = 0; l < LANES; l++)
            lane[l] += w[k + l] * x[k + l];
    for (; k < n; k++)
        sum += (double)(w[k] * x[k]);
    for (uint32_t l = 0; l < LANES; l++)
        sum += (double)lane[l];
    return sum;
}

/* Loss of one item; slopes of its scores in p->slope. */
static double item_loss(const struct problem *p, size_t i)
{
    const struct sai_samples *s = p->s;
    uint32_t first = s->starts[i], n = s->starts[i + 1] - first;
    for (uint32_t j = 0; j < n; j++)
        p->score[j] = s->offset[first + j] + (float)sai_dot_floats(p->weight, row_of(p, first + j), p->n);
    return sai_rank_loss(p->loss, 0.0, p->slope, p->score, s->weight + first, n);
}

static void set_weight(const struct problem *p, const double *w)
{
    for (uint32_t k = 0; k < p->n; k++)
        p->weight[k] = (float)w[k];
}

/* Loss at w and its gradient. */
static double evaluate(double *gradient, const struct problem *p, const double *w)
{
    const struct sai_samples *s = p->s;
    double sum = 0.0, count = 0.0;
    set_weight(p, w);
    memset(gradient, 0, p->n * sizeof *gradient);
    for (size_t i = 0; i < s->n_train; i++) {
        if (p->part[i] == p->without)
            continue;
        sum += item_loss(p, i);
        count += 1.0;
        for (uint32_t j = s->starts[i]; j < s->starts[i + 1]; j++) {
            const float *x = row_of(p, j);
            double slope = (double)p->slope[j - s->starts[i]];
            for (uint32_t k = 0; k < p->n; k++)
                gradient[k] += slope * (double)x[k];
        }
    }
    for (uint32_t k = 0; k < p->n; k++)
        gradient[k] = gradient[k] / fmax(count, 1.0) + p->decay * w[k];
    return sum / fmax(count, 1.0) + p->decay / 2.0 * dot(w, w, p->n);
}

/* Sum of the losses of the part that was left out. */
static double loss_outside(const struct problem *p, const double *w)
{
    double sum = 0.0;
    set_weight(p, w);
    for (size_t i = 0; i < p->s->n_train; i++)
        if (p->part[i] == p->without)
            sum += item_loss(p, i);
    return sum;
}

/* direction = -H gradient by the two-loop recursion. */
static void direction(double *out, const struct memory *m, const double *gradient, uint32_t n)
{
    double alpha[MEMORY];
    for (uint32_t k = 0; k < n; k++)
        out[k] = -gradient[k];
    for (int i = 1; i <= m->used; i++) {
        int at = (m->next - i + MEMORY) % MEMORY;
        alpha[at] = m->rho[at] * dot(m->step[at], out, n);
        for (uint32_t k = 0; k < n; k++)
            out[k] -= alpha[at] * m->change[at][k];
    }
    if (m->used > 0) {
        int last = (m->next - 1 + MEMORY) % MEMORY;
        double scale = 1.0 / (m->rho[last] * dot(m->change[last], m->change[last], n));
        for (uint32_t k = 0; k < n; k++)
            out[k] *= scale;
    }
    for (int i = m->used; i >= 1; i--) {
        int at = (m->next - i + MEMORY) % MEMORY;
        double beta = m->rho[at] * dot(m->change[at], out, n);
        for (uint32_t k = 0; k < n; k++)
            out[k] += (alpha[at] - beta) * m->step[at][k];
    }
}

static void remember(struct memory *m, const double *from, const double *to, const double *before, const double *after,
                     uint32_t n)
{
    double *step = m->step[m->next], *change = m->change[m->next];
    for (uint32_t k = 0; k < n; k++) {
        step[k] = to[k] - from[k];
        change[k] = after[k] - before[k];
    }
    double curvature = dot(step, change, n);
    if (!(curvature > 1e-14)) /* the decay makes it positive, but for rounding */
        return;
    m->rho[m->next] = 1.0 / curvature;
    m->next = (m->next + 1) % MEMORY;
    m->used = m->used < MEMORY ? m->used + 1 : MEMORY;
}

static double largest(const double *x, uint32_t n)
{
    double most = 0.0;
    for (uint32_t k = 0; k < n; k++)
        most = fmax(most, fabs(x[k]));
    return most;
}

/* room: 4 x n numbers. w ends at the optimum. */
static void minimise(double *w, double *room, const struct problem *p, struct memory *m)
{
    uint32_t n = p->n;
    double *gradient = room, *trial = room + n, *after = room + 2 * (size_t)n, *way = room + 3 * (size_t)n;
    double loss = evaluate(gradient, p, w);
    for (int i = 0; i < MAX_STEPS && largest(gradient, n) > TOLERANCE; i++) {
        double length = 1.0, next = loss, slope;
        direction(way, m, gradient, n);
        slope = dot(way, gradient, n);
        for (int halving = 0; halving < 30; halving++, length /= 2.0) {
            for (uint32_t k = 0; k < n; k++)
                trial[k] = w[k] + length * way[k];
            next = evaluate(after, p, trial);
            if (next <= loss + 1e-4 * length * slope)
                break;
        }
        if (!(next < loss))
            return;
        remember(m, w, trial, gradient, after, n);
        memcpy(w, trial, n * sizeof *w);
        memcpy(gradient, after, n * sizeof *gradient);
        loss = next;
    }
}

static int make_network(struct sai_mlp **out, const double *w, uint32_t n)
{
    const uint32_t widths[] = {n, 1};
    float *parameters = sai_malloc_array((size_t)n + 1, sizeof *parameters);
    if (!parameters)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t k = 0; k < n; k++)
        parameters[k] = (float)w[k];
    parameters[n] = 0.0f;
    int rc = sai_mlp_create(out, widths, 2, SAI_MLP_LINEAR, parameters);
    sai_free(parameters);
    return rc;
}

/* What minimise() works in. */
struct room {
    double *all, *w;
    struct memory memory;
};

static void optimise(struct room *r, const struct problem *p)
{
    r->memory.used = r->memory.next = 0;
    minimise(r->w, r->all, p, &r->memory);
}

/* From the strongest decay to the weakest, each going on from the one before: w[] moves little from one to the next. */
static double choose_decay(struct room *r, struct problem *p, const struct sai_linear_options *o)
{
    double outside[MAX_DECAYS] = {0};
    size_t best = 0;
    for (unsigned part = 0; part < o->n_parts; part++) {
        memset(r->w, 0, p->n * sizeof *r->w);
        p->without = (int)part;
        for (size_t d = 0; d < o->n_decays; d++) {
            p->decay = o->decays[d];
            optimise(r, p);
            outside[d] += loss_outside(p, r->w);
        }
    }
    for (size_t d = 1; d < o->n_decays; d++)
        best = outside[d] < outside[best] ? d : best;
    return o->decays[best];
}

static int allocate(struct room *r, struct problem *p)
{
    uint32_t longest = 1;
    size_t cells;
    for (size_t i = 0; i < p->s->n_train; i++) {
        uint32_t n = p->s->starts[i + 1] - p->s->starts[i];
        longest = n > longest ? n : longest;
    }
    p->score = sai_malloc_array(longest, sizeof *p->score);
    p->slope = sai_malloc_array(longest, sizeof *p->slope);
    p->weight = sai_malloc_array(p->n, sizeof *p->weight);
    r->all = sai_mul_size(&cells, p->n, 5 + 2 * MEMORY) ? sai_calloc(cells, sizeof *r->all) : NULL;
    if (!p->score || !p->slope || !p->weight || !r->all)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    r->w = r->all + 4 * (size_t)p->n;
    for (size_t i = 0; i < MEMORY; i++) {
        r->memory.step[i] = r->all + (5 + 2 * i) * p->n;
        r->memory.change[i] = r->memory.step[i] + p->n;
    }
    return SELECTAI_OK;
}

int sai_linear_weights(double *w, const struct sai_samples *s, const struct sai_linear_options *o)
{
    SAI_REQUIRE(o->n_decays > 0 && o->n_decays <= MAX_DECAYS);
    struct problem p = {.s = s,
                        .loss = o->loss == SELECTAI_LOSS_MARGIN ? SELECTAI_LOSS_BRADLEY_TERRY : o->loss,
                        .part = o->part,
                        .n = s->dim};
    struct room room = {0};
    int rc = allocate(&room, &p);
    if (rc == SELECTAI_OK) {
        p.decay = choose_decay(&room, &p, o);
        p.without = -1;
        memset(room.w, 0, p.n * sizeof *room.w);
        optimise(&room, &p);
        memcpy(w, room.w, p.n * sizeof *w);
    }
    sai_free(p.score);
    sai_free(p.slope);
    sai_free(p.weight);
    sai_free(room.all);
    return rc;
}

int sai_linear_fit(struct sai_mlp **out, const struct sai_samples *s, int32_t loss, const uint8_t *part,
                   unsigned n_parts)
{
    const struct sai_linear_options o = {loss, part, n_parts, decays, sizeof decays / sizeof decays[0]};
    double *w = sai_malloc_array(s->dim, sizeof *w);
    int rc = w ? sai_linear_weights(w, s, &o) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = make_network(out, w, s->dim);
    sai_free(w);
    return rc;
}
