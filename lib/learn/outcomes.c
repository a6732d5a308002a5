/*
 * learn/outcomes.c: what a ranker's probabilities say about each choice.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/evaluate_details.h"

double sai_first_place(const float *values, uint32_t n)
{
    uint32_t equal = 1;
    bool best = true;
    for (uint32_t i = 1; i < n; i++) {
        best = best && values[i] <= values[0];
        equal += values[i] == values[0];
    }
    return best ? 1.0 / equal : 0.0;
}

double sai_first_place_by_stage(const struct sai_member *m, uint32_t n)
{
    uint32_t equal = 1;
    bool best = true, known = true;
    for (uint32_t i = 0; i < n; i++)
        known = known && !isnan(m[i].stage);
    for (uint32_t i = 1; i < n; i++) {
        best = best && !(m[i].stage > m[0].stage);
        equal += m[i].stage == m[0].stage;
    }
    return !known ? 1.0 / n : best ? 1.0 / equal : 0.0;
}

static struct sai_outcome outcome_of(const struct sai_decisions *d, size_t i, size_t group, const struct sai_scored *s)
{
    const struct sai_decision *it = &d->items[i];
    const float *p = s->probability + it->first, *score = s->score + it->first;
    struct sai_outcome o = {.decision = i, .group = group, .winner = (double)p[0]};
    double second = -INFINITY;
    for (uint32_t j = 1; j < it->n; j++)
        o.best = p[j] > p[o.best] ? j : o.best;
    for (uint32_t j = 0; j < it->n; j++)
        if (j != o.best)
            second = fmax(second, (double)score[j]);
    o.confidence = (double)p[o.best];
    o.right = sai_first_place(score, it->n);
    o.by_stage = sai_first_place_by_stage(&d->members[it->first], it->n);
    o.margin = (double)score[o.best] - second;
    return o;
}

int sai_outcomes_make(struct sai_outcomes *out, const struct sai_decisions *d, const size_t *group, size_t n_groups,
                      const struct sai_scored *s)
{
    *out = (struct sai_outcomes){.n_groups = n_groups, .decisions = d, .scored = s};
    out->items = sai_malloc_array(d->count, sizeof *out->items);
    if (!out->items)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++)
        if (group[i] != SIZE_MAX && !isnan(s->probability[d->items[i].first]))
            out->items[out->n++] = outcome_of(d, i, group[i], s);
    return SELECTAI_OK;
}

void sai_outcomes_free(struct sai_outcomes *o)
{
    sai_free(o->items);
    *o = (struct sai_outcomes){0};
}
