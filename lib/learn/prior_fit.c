/*
 * learn/prior_fit.c: fitting the stage prior.
 *
 * Decisions with the same project, winner's stage and losers' stages are one pattern: data of tens of thousands of
 * decisions have a few hundred, and Newton's method on them takes milliseconds.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "learn/cholesky.h"
#include "learn/folds.h"
#include "learn/prior.h"

#define MAX_PARAMETERS       512u /* with more, projects have no values of their own */
#define UNKNOWN              UINT32_MAX
#define MAX_STEPS            50
#define MAX_IMAGES           64u  /* sets that are larger are no groups of stages */
#define VALUE_PRECISION      0.25 /* 1 / deviation^2 */
#define TRANSITION_PRECISION 2.0
#define PROJECT_PRECISION    2.0

/* stage[0]: the winner's; the losers' ascend. Indices of stages, or UNKNOWN. */
struct pattern {
    const char *project;
    uint32_t *stage, n, project_index;
    double count;
};

struct fit {
    struct sai_prior *prior;
    struct pattern *patterns;
    size_t n_patterns;
    uint32_t *stage_room;
    uint32_t n; /* parameters: values, transitions above the diagonal, projects' values */
    double *parameters, *gradient, *hessian, *step, *trial;
    uint32_t *index; /* of the features of one pattern: n rows of at most 2 + n */
    double *feature;
    uint32_t longest; /* images of a pattern */
};

static int by_stage(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool counts(const struct sai_decision *d, int8_t side)
{
    return sai_is_choice(d) && d->n <= MAX_IMAGES && (side == SAI_SIDE_TRAIN || side == SAI_SIDE_VALIDATION);
}

/* The stages that occur; of too many, the most frequent ones. */
struct stage_count {
    double stage;
    size_t count;
};

static int by_count(const void *a, const void *b)
{
    const struct stage_count *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return by_stage(&x->stage, &y->stage);
}

static int list_stages(double *out, uint32_t *n_out, const struct sai_decisions *d, const int8_t *side)
{
    double *all = sai_malloc_array(d->n_members, sizeof *all);
    struct stage_count *counted = sai_malloc_array(d->n_members, sizeof *counted);
    size_t n = 0, distinct = 0;
    for (size_t i = 0; all && counted && i < d->count; i++)
        for (uint32_t j = 0; counts(&d->items[i], side[i]) && j < d->items[i].n; j++)
            if (!isnan(d->members[d->items[i].first + j].stage))
                all[n++] = d->members[d->items[i].first + j].stage;
    int rc = all && counted ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        qsort(all, n, sizeof *all, by_stage);
        for (size_t i = 0; i < n; i++) {
            if (distinct == 0 || counted[distinct - 1].stage != all[i])
                counted[distinct++] = (struct stage_count){all[i], 0};
            counted[distinct - 1].count++;
        }
        qsort(counted, distinct, sizeof *counted, by_count);
        *n_out = (uint32_t)(distinct < SAI_PRIOR_MAX_STAGES ? distinct : SAI_PRIOR_MAX_STAGES);
        for (uint32_t i = 0; i < *n_out; i++)
            out[i] = counted[i].stage;
        qsort(out, *n_out, sizeof *out, by_stage);
    }
    sai_free(all);
    sai_free(counted);
    return rc;
}

static int list_projects(const char ***out, uint32_t *n_out, const struct sai_decisions *d, const int8_t *side)
{
    const char **names = sai_malloc_array(d->count, sizeof *names);
    size_t n = 0, kept = 0;
    if (!names)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count;
         i++) /* a name that is no UTF-8 could not be stored: it gets no values of its own */
        if (counts(&d->items[i], side[i]) && sai_utf8_valid(d->items[i].project, strlen(d->items[i].project)))
            names[n++] = d->items[i].project;
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    *out = names;
    *n_out = (uint32_t)(kept < SAI_PRIOR_MAX_PROJECTS ? kept : 0);
    return SELECTAI_OK;
}

/* One project's values say nothing that the common ones do not. */
static int make_prior(struct sai_prior *prior, const struct sai_decisions *d, const int8_t *side)
{
    double stages[SAI_PRIOR_MAX_STAGES];
    const char **projects = NULL;
    uint32_t n_stages = 0, n_projects = 0;
    int rc = list_stages(stages, &n_stages, d, side);
    if (rc == SELECTAI_OK)
        rc = list_projects(&projects, &n_projects, d, side);
    uint64_t n = n_stages + (uint64_t)n_stages * n_stages / 2 + (uint64_t)n_projects * n_stages;
    if (n_projects < 2 || n > MAX_PARAMETERS)
        n_projects = 0;
    if (rc == SELECTAI_OK)
        rc = sai_prior_allocate(prior, n_stages, n_projects);
    if (rc == SELECTAI_OK)
        memcpy(prior->stages, stages, n_stages * sizeof *stages);
    for (uint32_t i = 0; i < n_projects && rc == SELECTAI_OK; i++) {
        prior->projects[i] = sai_strdup(projects[i]);
        rc = prior->projects[i] ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    sai_free(projects);
    return rc;
}

static uint32_t stage_index(const struct sai_prior *p, double stage)
{
    for (uint32_t i = 0; i < p->n_stages; i++)
        if (p->stages[i] == stage) /* false for NaN */
            return i;
    return UNKNOWN;
}

static uint32_t project_index(const struct sai_prior *p, const char *project)
{
    char **at = p->n_projects ? bsearch(&project, p->projects, p->n_projects, sizeof *p->projects, by_name) : NULL;
    return at ? (uint32_t)(at - p->projects) : UNKNOWN;
}

static int by_pattern(const void *a, const void *b)
{
    const struct pattern *x = a, *y = b;
    if (x->project_index != y->project_index)
        return x->project_index < y->project_index ? -1 : 1;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    for (uint32_t i = 0; i < x->n; i++)
        if (x->stage[i] != y->stage[i])
            return x->stage[i] < y->stage[i] ? -1 : 1;
    return 0;
}

static int list_patterns(struct fit *f, const struct sai_decisions *d, const int8_t *side)
{
    size_t at = 0, kept = 0;
    f->patterns = sai_malloc_array(d->count, sizeof *f->patterns);
    f->stage_room = sai_malloc_array(d->n_members, sizeof *f->stage_room);
    if (!f->patterns || !f->stage_room)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < d->count; i++) {
        const struct sai_decision *it = &d->items[i];
        if (!counts(it, side[i]))
            continue;
        struct pattern *p = &f->patterns[f->n_patterns++];
        *p = (struct pattern){.stage = f->stage_room + at, .n = it->n, .count = 1.0};
        p->project_index = project_index(f->prior, it->project);
        for (uint32_t j = 0; j < it->n; j++)
            p->stage[j] = stage_index(f->prior, d->members[it->first + j].stage);
        qsort(p->stage + 1, p->n - 1, sizeof *p->stage, by_index);
        f->longest = p->n > f->longest ? p->n : f->longest;
        at += it->n;
    }
    qsort(f->patterns, f->n_patterns, sizeof *f->patterns, by_pattern);
    for (size_t i = 0; i < f->n_patterns; i++) {
        if (kept > 0 && by_pattern(&f->patterns[kept - 1], &f->patterns[i]) == 0)
            f->patterns[kept - 1].count += 1.0;
        else
            f->patterns[kept++] = f->patterns[i];
    }
    f->n_patterns = kept;
    return SELECTAI_OK;
}

static uint32_t transition_index(const struct sai_prior *p, uint32_t a, uint32_t b)
{
    uint32_t s = p->n_stages; /* a < b: row a of the triangle starts after those before it */
    return s + a * (2 * s - a - 1) / 2 + (b - a - 1);
}

/* What image i's log-odds are sums of. Returns how many; an index may occur twice. */
static uint32_t list_features(uint32_t *index, double *feature, const struct fit *f, const struct pattern *p,
                              uint32_t i)
{
    const struct sai_prior *prior = f->prior;
    uint32_t n = 0, stage = p->stage[i], transitions = prior->n_stages * (prior->n_stages - 1) / 2;
    if (stage == UNKNOWN)
        return 0;
    index[n] = stage;
    feature[n++] = 1.0;
    if (p->project_index != UNKNOWN) {
        index[n] = prior->n_stages + transitions + p->project_index * prior->n_stages + stage;
        feature[n++] = 1.0;
    }
    for (uint32_t j = 0; j < p->n; j++) {
        uint32_t other = p->stage[j];
        if (other == UNKNOWN || other == stage)
            continue;
        index[n] = stage < other ? transition_index(prior, stage, other) : transition_index(prior, other, stage);
        feature[n++] = (stage < other ? 1.0 : -1.0) / (double)p->n;
    }
    return n;
}

static double precision_of(const struct fit *f, uint32_t i)
{
    uint32_t s = f->prior->n_stages;
    return i < s ? VALUE_PRECISION : i < s + s * (s - 1) / 2 ? TRANSITION_PRECISION : PROJECT_PRECISION;
}

/* Adds a pattern's negative log-likelihood, and, if wanted, its derivatives. */
static double add_pattern(struct fit *f, const struct pattern *p, const double *parameters, double *score,
                          uint32_t *n_features, bool derivatives)
{
    uint32_t width = f->longest + 2;
    double largest = -INFINITY, sum = 0.0;
    for (uint32_t i = 0; i < p->n; i++) {
        n_features[i] = list_features(f->index + (size_t)i * width, f->feature + (size_t)i * width, f, p, i);
        score[i] = 0.0;
        for (uint32_t k = 0; k < n_features[i]; k++)
            score[i] += parameters[f->index[(size_t)i * width + k]] * f->feature[(size_t)i * width + k];
        largest = fmax(largest, score[i]);
    }
    for (uint32_t i = 0; i < p->n; i++)
        sum += exp(score[i] - largest);
    double loss = p->count * (largest + log(sum) - score[0]);
    if (!derivatives)
        return loss;
    memset(f->step, 0, f->n * sizeof *f->step); /* the mean feature */
    for (uint32_t i = 0; i < p->n; i++) {
        const uint32_t *index = f->index + (size_t)i * width;
        const double *feature = f->feature + (size_t)i * width;
        double share = exp(score[i] - largest) / sum;
        for (uint32_t k = 0; k < n_features[i]; k++) {
            f->gradient[index[k]] += p->count * (share - (i == 0 ? 1.0 : 0.0)) * feature[k];
            f->step[index[k]] += share * feature[k];
            for (uint32_t l = 0; l < n_features[i]; l++)
                f->hessian[(size_t)index[k] * f->n + index[l]] += p->count * share * feature[k] * feature[l];
        }
    }
    for (uint32_t a = 0; a < f->n; a++)
        for (uint32_t b = 0; b < f->n && f->step[a] != 0.0; b++)
            f->hessian[(size_t)a * f->n + b] -= p->count * f->step[a] * f->step[b];
    return loss;
}

static double objective(struct fit *f, const double *parameters, bool derivatives, double *score, uint32_t *n_features)
{
    double loss = 0.0;
    if (derivatives) {
        memset(f->gradient, 0, f->n * sizeof *f->gradient);
        memset(f->hessian, 0, (size_t)f->n * f->n * sizeof *f->hessian);
    }
    for (size_t i = 0; i < f->n_patterns; i++)
        loss += add_pattern(f, &f->patterns[i], parameters, score, n_features, derivatives);
    for (uint32_t i = 0; i < f->n; i++) {
        double precision = precision_of(f, i);
        loss += 0.5 * precision * parameters[i] * parameters[i];
        if (derivatives) {
            f->gradient[i] += precision * parameters[i];
            f->hessian[(size_t)i * f->n + i] += precision;
        }
    }
    return loss;
}

/* step = hessian^-1 gradient; the hessian is positive definite, since every precision is. */
static void solve(struct fit *f)
{
    sai_cholesky(f->hessian, f->n);
    memcpy(f->step, f->gradient, f->n * sizeof *f->step);
    sai_cholesky_solve(f->step, f->hessian, f->n);
}

static void minimise(struct fit *f, double *score, uint32_t *n_features)
{
    for (int step = 0; step < MAX_STEPS; step++) {
        double loss = objective(f, f->parameters, true, score, n_features), length = 1.0, change = 0.0;
        solve(f);
        for (uint32_t i = 0; i < f->n; i++)
            change = fmax(change, fabs(f->step[i]));
        /* Halves the step until it helps. The loss of a trial needs no derivatives, so f->step stays. */
        for (int halving = 0; halving < 30; halving++, length /= 2) {
            for (uint32_t i = 0; i < f->n; i++)
                f->trial[i] = f->parameters[i] - length * f->step[i];
            if (objective(f, f->trial, false, score, n_features) <= loss)
                break;
        }
        memcpy(f->parameters, f->trial, f->n * sizeof *f->trial);
        if (change * length < 1e-9)
            return;
    }
}

static void store(const struct fit *f)
{
    struct sai_prior *p = f->prior;
    uint32_t s = p->n_stages;
    double mean = 0.0, total = 0.0;
    for (size_t i = 0; i < f->n_patterns; i++)
        for (uint32_t j = 0; j < f->patterns[i].n; j++)
            if (f->patterns[i].stage[j] != UNKNOWN) {
                mean += f->patterns[i].count * f->parameters[f->patterns[i].stage[j]];
                total += f->patterns[i].count;
            }
    for (uint32_t a = 0; a < s; a++) {
        p->values[a] = f->parameters[a] - (total > 0.0 ? mean / total : 0.0);
        for (uint32_t b = a + 1; b < s; b++) {
            p->transitions[(size_t)a * s + b] = f->parameters[transition_index(p, a, b)];
            p->transitions[(size_t)b * s + a] = -p->transitions[(size_t)a * s + b];
        }
    }
    for (uint32_t i = 0; i < p->n_projects * s; i++)
        p->project_values[i] = f->parameters[s + s * (s - 1) / 2 + i];
}

static int allocate(struct fit *f)
{
    uint32_t s = f->prior->n_stages;
    size_t room;
    f->n = s + s * (s - 1) / 2 + f->prior->n_projects * s;
    f->parameters = sai_calloc(f->n, sizeof *f->parameters);
    f->gradient = sai_calloc(f->n, sizeof *f->gradient);
    f->step = sai_calloc(f->n, sizeof *f->step);
    f->trial = sai_calloc(f->n, sizeof *f->trial);
    f->hessian = sai_calloc((size_t)f->n * f->n, sizeof *f->hessian);
    if (!sai_mul_size(&room, f->longest, (size_t)f->longest + 2))
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "a decision has too many images: %u", f->longest);
    f->index = sai_malloc_array(room, sizeof *f->index);
    f->feature = sai_malloc_array(room, sizeof *f->feature);
    bool ok = f->parameters && f->gradient && f->step && f->trial && f->hessian && f->index && f->feature;
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static void free_fit(struct fit *f)
{
    sai_free(f->patterns);
    sai_free(f->stage_room);
    sai_free(f->parameters);
    sai_free(f->gradient);
    sai_free(f->hessian);
    sai_free(f->step);
    sai_free(f->trial);
    sai_free(f->index);
    sai_free(f->feature);
}

int sai_prior_fit(struct sai_prior *out, const struct sai_decisions *d, const int8_t *side)
{
    struct fit f = {.prior = out};
    *out = (struct sai_prior){0};
    int rc = make_prior(out, d, side);
    if (rc != SELECTAI_OK || out->n_stages == 0)
        return rc;
    rc = list_patterns(&f, d, side);
    if (rc == SELECTAI_OK)
        rc = allocate(&f);
    double *score = sai_malloc_array(f.longest, sizeof *score);
    uint32_t *n_features = sai_malloc_array(f.longest, sizeof *n_features);
    if (rc == SELECTAI_OK && (!score || !n_features))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        minimise(&f, score, n_features);
        store(&f);
    }
    sai_free(score);
    sai_free(n_features);
    free_fit(&f);
    return rc;
}
