/*
 * learn/evaluate_details.h: what lies behind a ranker's figures: parts, segments, curves, worst cases.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_EVALUATE_DETAILS_H
#define SAI_LEARN_EVALUATE_DETAILS_H

#include "base/text.h"
#include "learn/evaluate.h"
#include "learn/scored.h"

/* One choice as its probabilities see it. */
struct sai_outcome {
    size_t decision;
    size_t group;      /* of sai_compact_groups() */
    uint32_t best;     /* image with the highest probability */
    double confidence; /* its probability */
    double winner;     /* probability of the image that was taken */
    double right;      /* share of the first place, ties divided: 0..1 */
    double by_stage;   /* the same of "highest stage wins" */
    double margin;     /* score of the best minus that of the second */
};

struct sai_outcomes {
    struct sai_outcome *items;
    size_t n, n_groups;
    const struct sai_decisions *decisions;
    const struct sai_scored *scored;
};

/* Of the choices with a group (not SIZE_MAX) whose probabilities are known. */
int sai_outcomes_make(struct sai_outcomes *out, const struct sai_decisions *decisions, const size_t *group,
                      size_t n_groups, const struct sai_scored *scored);
void sai_outcomes_free(struct sai_outcomes *outcomes);

/* The first place of a decision by any values of its n images, the winner's first; ties share it. */
double sai_first_place(const float *values, uint32_t n);
double sai_first_place_by_stage(const struct sai_member *members, uint32_t n);

/* "brier", "ece" and, with rejected groups, "keep_auc". */
int sai_evaluate_calibration(selectai_evaluation *evaluation, const struct sai_outcomes *outcomes, const bool *use);

/* Members of the evaluation's JSON: by_project, by_size, by_pattern, each with top1 and its interval. */
int sai_write_segments(struct sai_text *text, const struct sai_outcomes *outcomes);
/* parts, reliability, risk_coverage, by_margin, keep, worst */
int sai_write_curves(struct sai_text *text, const struct sai_outcomes *outcomes, const bool *use);

#endif
