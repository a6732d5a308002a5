/*
 * learn/evaluate_ranker.c: shares of pairs and decisions that scores get right, beside "highest stage wins".
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/evaluate_details.h"

#define BASELINE "highest stage wins"

enum { NORMAL, ANOMALY, OVERALL, TOP1, N_TALLIES };

static const char *const names[N_TALLIES] = {"normal", "anomaly", "overall", "top1"};

/* 1 if the first is larger, 0 if smaller, 1/2 if they are equal or one is not known: what a guess would get. */
static double beats(double a, double b)
{
    return a > b ? 1.0 : a < b ? 0.0 : 0.5;
}

static void count(struct sai_tally *t, size_t group, double model, double baseline)
{
    t->model[group] += model;
    t->baseline[group] += baseline;
    t->count[group] += 1.0;
    t->n++;
}

/* The first place of a decision. Ties share it; with a stage unknown the rule can only guess. */
static void count_decision(struct sai_tally *t, size_t group, const struct sai_member *m, uint32_t n,
                           const float *scores)
{
    count(t, group, sai_first_place(scores, n), sai_first_place_by_stage(m, n));
}

static void count_pairs(struct sai_tally tallies[N_TALLIES], size_t group, const struct sai_member *m, uint32_t n,
                        const float *scores)
{
    for (uint32_t i = 1; i < n; i++) {
        double model = beats((double)scores[0], (double)scores[i]);
        double baseline = beats(m[0].stage, m[i].stage);
        count(&tallies[OVERALL], group, model, baseline);
        if (!isnan(m[0].stage) && !isnan(m[i].stage))
            count(&tallies[m[0].stage < m[i].stage ? ANOMALY : NORMAL], group, model, baseline);
    }
}

static bool any_stage(const struct sai_decisions *d, const size_t *group)
{
    for (size_t i = 0; i < d->count; i++)
        for (uint32_t j = 0; group[i] != SIZE_MAX && j < d->items[i].n; j++)
            if (!isnan(d->members[d->items[i].first + j].stage))
                return true;
    return false;
}

static void tally_all(struct sai_tally tallies[N_TALLIES], double *room, const struct sai_decisions *d,
                      const size_t *group, size_t n_groups, const float *scores)
{
    for (int k = 0; k < N_TALLIES; k++, room += 3 * n_groups)
        tallies[k] = (struct sai_tally){.name = names[k],
                                        .baseline_name = BASELINE,
                                        .model = room,
                                        .baseline = room + n_groups,
                                        .count = room + 2 * n_groups,
                                        .is_share = true};
    for (size_t i = 0; i < d->count; i++) {
        if (group[i] == SIZE_MAX)
            continue;
        const struct sai_member *m = &d->members[d->items[i].first];
        const float *s = scores + d->items[i].first;
        count_pairs(tallies, group[i], m, d->items[i].n, s);
        count_decision(&tallies[TOP1], group[i], m, d->items[i].n, s);
    }
    bool known = any_stage(d, group);
    for (int k = 0; k < N_TALLIES && !known; k++)
        tallies[k].baseline = NULL;
}

/* Where probabilities are known. */
static int add_details(selectai_evaluation *e, const struct sai_decisions *d, const bool *use, const size_t *group,
                       size_t n_groups, const struct sai_scored *scored)
{
    struct sai_outcomes outcomes;
    int rc = sai_outcomes_make(&outcomes, d, group, n_groups, scored);
    if (rc == SELECTAI_OK)
        rc = sai_evaluate_calibration(e, &outcomes, use);
    if (rc == SELECTAI_OK)
        rc = sai_write_segments(sai_evaluation_details(e), &outcomes);
    if (rc == SELECTAI_OK)
        rc = sai_write_curves(sai_evaluation_details(e), &outcomes, use);
    sai_outcomes_free(&outcomes);
    return rc;
}

int sai_evaluate_ranker(selectai_evaluation **out, const struct sai_decisions *d, const bool *use,
                        const struct sai_scored *scored, const struct sai_evaluation_head *head)
{
    struct sai_tally tallies[N_TALLIES];
    selectai_evaluation *e = NULL;
    size_t *group = NULL, n_groups = 0, size;
    int rc = sai_compact_groups(&group, &n_groups, d, use);
    if (rc != SELECTAI_OK)
        return rc;
    double *room = sai_mul_size(&size, n_groups, 3 * N_TALLIES) ? sai_calloc(size, sizeof *room) : NULL;
    if (!room)
        rc = SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for %zu groups", n_groups);
    if (rc == SELECTAI_OK)
        tally_all(tallies, room, d, group, n_groups, scored->score);
    if (rc == SELECTAI_OK)
        rc = sai_evaluation_create(&e, head, n_groups);
    for (int k = 0; k < N_TALLIES && rc == SELECTAI_OK; k++)
        rc = sai_evaluation_add(e, &tallies[k], n_groups);
    if (rc == SELECTAI_OK)
        rc = add_details(e, d, use, group, n_groups, scored);
    sai_free(room);
    sai_free(group);
    if (rc == SELECTAI_OK)
        *out = e;
    else
        selectai_evaluation_destroy(&e);
    return rc;
}
