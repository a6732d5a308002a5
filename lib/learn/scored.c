/*
 * learn/scored.c: scoring decisions group by group.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/ranker_score.h"
#include "learn/scored.h"
#include "learn/softmax.h"

static float *nans(size_t n)
{
    float *x = sai_malloc_array(n, sizeof *x);
    for (size_t i = 0; x && i < n; i++)
        x[i] = NAN;
    return x;
}

int sai_scored_allocate(struct sai_scored *out, const struct sai_decisions *d)
{
    size_t n = d->n_members;
    *out = (struct sai_scored){.n_members = n, .n_decisions = d->count};
    out->prior = nans(n);
    out->image = nans(n);
    out->spread = nans(n);
    out->score = nans(n);
    out->probability = nans(n);
    out->networks = nans(n);
    out->kernel = nans(n);
    out->keep_logit = nans(d->count);
    out->keep = nans(d->count);
    if (out->prior && out->image && out->spread && out->score && out->probability && out->networks && out->kernel &&
        out->keep_logit && out->keep)
        return SELECTAI_OK;
    sai_scored_free(out);
    return SELECTAI_ERR_OUT_OF_MEMORY;
}

void sai_scored_free(struct sai_scored *s)
{
    sai_free(s->prior);
    sai_free(s->image);
    sai_free(s->spread);
    sai_free(s->score);
    sai_free(s->probability);
    sai_free(s->networks);
    sai_free(s->kernel);
    sai_free(s->keep_logit);
    sai_free(s->keep);
    *s = (struct sai_scored){0};
}

static bool used(const struct sai_decision *d, const bool *use, size_t i)
{
    return d->usable && (!use || use[i]);
}

static uint32_t longest(const struct sai_decisions *d, const bool *use)
{
    uint32_t n = 1;
    for (size_t i = 0; i < d->count; i++)
        n = used(&d->items[i], use, i) && d->items[i].n > n ? d->items[i].n : n;
    return n;
}

int sai_score_decisions(struct sai_scored *out, const struct sai_model *model, const struct sai_decisions *d,
                        const struct sai_vectors *v, const bool *use, bool as_new_project)
{
    uint32_t n = longest(d, use);
    size_t cells;
    float *x = sai_mul_size(&cells, n, v->dim) ? sai_malloc_array(cells, sizeof *x) : NULL;
    double *stages = sai_malloc_array(n, sizeof *stages);
    int rc = x && stages ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count && rc == SELECTAI_OK; i++) {
        const struct sai_decision *it = &d->items[i];
        const struct sai_member *m = &d->members[it->first];
        if (!used(it, use, i))
            continue;
        for (uint32_t j = 0; j < it->n; j++) {
            memcpy(x + (size_t)j * v->dim, v->x + (size_t)m[j].row * v->dim, v->dim * sizeof *x);
            stages[j] = m[j].stage;
        }
        struct sai_group_parts parts = {out->prior + it->first, out->image + it->first, out->spread + it->first, NAN,
                                        out->kernel + it->first};
        rc = sai_ranker_parts(&parts, model, as_new_project ? NULL : it->project, x, stages, it->n);
        out->keep_logit[i] = (float)parts.keep;
    }
    sai_free(x);
    sai_free(stages);
    return rc;
}

void sai_weigh_decision(struct sai_scored *s, const struct sai_decision *d, size_t index, const struct sai_blend *blend,
                        double temperature)
{
    for (uint32_t j = d->first; j < d->first + d->n; j++)
        s->score[j] = (float)(blend->prior_weight * (double)s->prior[j] + blend->image_weight * (double)s->image[j]);
    sai_softmax(s->probability + d->first, s->score + d->first, d->n, temperature);
    double z = blend->keep_scale * (double)s->keep_logit[index] + blend->keep_shift;
    s->keep[index] = (float)(1.0 / (1.0 + exp(-z))); /* NaN stays NaN */
}
