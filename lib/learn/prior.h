/*
 * learn/prior.h: what the stages of a group alone say about which image is taken.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_PRIOR_H
#define SAI_LEARN_PRIOR_H

#include "learn/decisions.h"

#define SAI_PRIOR_MAX_STAGES   30u
#define SAI_PRIOR_MAX_PROJECTS 4096u

/*
 * Log-odds of an image in its group: value[its stage], plus the mean over the group (itself counting 0) of
 * transition[its stage][the other's stage], plus value[its stage] of its project. A zeroed struct says nothing: all 0.
 */
struct sai_prior {
    uint32_t n_stages, n_projects;
    double *stages;         /* n_stages, ascending */
    double *values;         /* n_stages; their mean, by how often a stage occurs, is 0 */
    double *transitions;    /* n_stages x n_stages, [a][b] == -[b][a] */
    char **projects;        /* n_projects names, ascending */
    double *project_values; /* n_projects x n_stages */
};

/*
 * Fits the choices with side[i] TRAIN or VALIDATION by the likelihood of a softmax over each group (Plackett-Luce; of
 * two images: Bradley-Terry), with normal priors that shrink what few decisions say: deviation 2 of values, 0.7 of
 * transitions and of projects' values. Newton's method; the objective is convex. Call sai_prior_free() in any case.
 */
int sai_prior_fit(struct sai_prior *out, const struct sai_decisions *decisions, const int8_t *side);

/* out: n log-odds of a group with these stages (NaN: unknown, 0). project: NULL or any name. A stage that the prior
 * does not know takes the value between its neighbours'. */
void sai_prior_group(float *out, const struct sai_prior *prior, const char *project, const double *stages, size_t n);

/* The same where stages are not told, but how likely each is: p is n x n_stages. The expected log-odds, as if one
 * image's stage said nothing about another's. Rows with NaN get 0. */
void sai_prior_expected(float *out, const struct sai_prior *prior, const char *project, const float *p, size_t n);

/* Images of unlike groups: the values alone. */
void sai_prior_values(float *out, const struct sai_prior *prior, const double *stages, size_t n);

/* Room for so many; all zero. */
int sai_prior_allocate(struct sai_prior *out, uint32_t n_stages, uint32_t n_projects);
void sai_prior_free(struct sai_prior *prior);

#endif
