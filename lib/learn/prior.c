/*
 * learn/prior.c: the stage prior: memory and look-up.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/prior.h"

int sai_prior_allocate(struct sai_prior *out, uint32_t n_stages, uint32_t n_projects)
{
    *out = (struct sai_prior){.n_stages = n_stages, .n_projects = n_projects};
    size_t cells = (size_t)n_projects * n_stages; /* both are small */
    out->stages = sai_calloc(n_stages, sizeof *out->stages);
    out->values = sai_calloc(n_stages, sizeof *out->values);
    out->transitions = sai_calloc((size_t)n_stages * n_stages, sizeof *out->transitions);
    out->projects = sai_calloc(n_projects, sizeof *out->projects);
    out->project_values = sai_calloc(cells, sizeof *out->project_values);
    bool ok = out->stages && out->values && out->transitions && out->projects && out->project_values;
    if (ok)
        return SELECTAI_OK;
    out->n_projects = out->projects ? n_projects : 0;
    sai_prior_free(out);
    return SELECTAI_ERR_OUT_OF_MEMORY;
}

void sai_prior_free(struct sai_prior *p)
{
    for (uint32_t i = 0; i < p->n_projects; i++)
        sai_free(p->projects[i]);
    sai_free(p->stages);
    sai_free(p->values);
    sai_free(p->transitions);
    sai_free(p->projects);
    sai_free(p->project_values);
    *p = (struct sai_prior){0};
}

/* Index of the first stage that is not below; n_stages if all are. */
static uint32_t lower(const struct sai_prior *p, double stage)
{
    uint32_t i = 0;
    while (i < p->n_stages && p->stages[i] < stage)
        i++;
    return i;
}

/* Between the known stages by distance, beyond them the last one's. */
static double at(const struct sai_prior *p, const double *values, double stage)
{
    if (isnan(stage) || p->n_stages == 0)
        return 0.0;
    uint32_t i = lower(p, stage);
    if (i == p->n_stages)
        return values[i - 1];
    if (i == 0 || p->stages[i] == stage)
        return values[i];
    double share = (stage - p->stages[i - 1]) / (p->stages[i] - p->stages[i - 1]);
    return values[i - 1] + share * (values[i] - values[i - 1]);
}

static double transition(const struct sai_prior *p, double from, double to)
{
    if (isnan(from) || isnan(to))
        return 0.0;
    uint32_t a = lower(p, from), b = lower(p, to);
    if (a == p->n_stages || b == p->n_stages || p->stages[a] != from || p->stages[b] != to)
        return 0.0;
    return p->transitions[(size_t)a * p->n_stages + b];
}

static const double *values_of_project(const struct sai_prior *p, const char *project)
{
    uint32_t low = 0, high = p->n_projects;
    while (project && low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(p->projects[middle], project);
        if (order == 0)
            return p->project_values + (size_t)middle * p->n_stages;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void sai_prior_group(float *out, const struct sai_prior *p, const char *project, const double *stages, size_t n)
{
    const double *own = values_of_project(p, project);
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < n && stages; j++)
            sum += transition(p, stages[i], stages[j]);
        double value = stages ? at(p, p->values, stages[i]) + sum / (double)n : 0.0;
        if (own && stages)
            value += at(p, own, stages[i]);
        out[i] = (float)value;
    }
}

/* others: the sum of the other images' probabilities. n: images of the group. */
static double expected(const struct sai_prior *p, const double *own, const float *likely, const double *others,
                       size_t n)
{
    double sum = 0.0;
    for (uint32_t a = 0; a < p->n_stages; a++) {
        double value = p->values[a] + (own ? own[a] : 0.0);
        for (uint32_t b = 0; b < p->n_stages; b++)
            value += p->transitions[(size_t)a * p->n_stages + b] * others[b] / (double)n;
        sum += (double)likely[a] * value;
    }
    return sum;
}

void sai_prior_expected(float *out, const struct sai_prior *p, const char *project, const float *likely, size_t n)
{
    const double *own = values_of_project(p, project);
    double all[SAI_PRIOR_MAX_STAGES] = {0}, others[SAI_PRIOR_MAX_STAGES];
    for (size_t i = 0; i < n; i++)
        for (uint32_t a = 0; a < p->n_stages && !isnan(likely[i * p->n_stages]); a++)
            all[a] += (double)likely[i * p->n_stages + a];
    for (size_t i = 0; i < n; i++) {
        const float *row = likely + i * p->n_stages;
        bool valid = !isnan(row[0]);
        for (uint32_t a = 0; a < p->n_stages && valid; a++)
            others[a] = all[a] - (double)row[a];
        out[i] = valid ? (float)expected(p, own, row, others, n) : 0.0f;
    }
}

void sai_prior_values(float *out, const struct sai_prior *p, const double *stages, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = stages ? (float)at(p, p->values, stages[i]) : 0.0f;
}
