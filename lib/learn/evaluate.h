/*
 * learn/evaluate.h: counting what a model got right, with intervals and baselines.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_EVALUATE_H
#define SAI_LEARN_EVALUATE_H

#include <selectai/cropper.h>
#include <selectai/evaluation.h>

#include "base/json.h"
#include "learn/decisions.h"

/* Numbers of evaluations that are not figures. */
struct sai_evaluation_head {
    const char *split; /* "group", "project", "pair", "unseen": static text */
    uint64_t seed;
    uint32_t folds; /* of cross-validation; 1: a project held out; 0: measured as it is */
    size_t excluded_seen, excluded_missing;
};
int sai_evaluation_create(selectai_evaluation **out, const struct sai_evaluation_head *head, size_t n_groups);

/* What each group contributes to one figure: value = sum of model / sum of count, and so for the baseline. */
struct sai_tally {
    const char *name, *baseline_name; /* static text */
    double *model, *baseline, *count; /* one a group; baseline may be NULL: it cannot be applied */
    bool is_share;                    /* model / count is a share of things that are right or wrong */
    bool lower_is_better;
    uint64_t n; /* sum of count */
};

/* Adds the figure with the intervals of sai_ratio_interval(). */
int sai_evaluation_add(selectai_evaluation *evaluation, const struct sai_tally *tally, size_t n_groups);

/* A figure that is no ratio. */
int sai_evaluation_add_metric(selectai_evaluation *evaluation, const struct selectai_metric *metric);

/* More than figures, for pages and people: members of the evaluation's JSON object, each preceded by a comma. */
struct sai_text *sai_evaluation_details(selectai_evaluation *evaluation);

/* The list that collects what could not be used. */
struct selectai_issues *sai_evaluation_issues(selectai_evaluation *evaluation);

/* Only the figures, as a JSON array: what models store. */
int sai_evaluation_metrics(json_t **out, const selectai_evaluation *evaluation);

/* Renumbers the groups of the decisions that `use` (may be NULL: all) and their usable flag select: group[i] for
 * decision i, SIZE_MAX for the others. The caller frees *group. */
int sai_compact_groups(size_t **group, size_t *n_groups, const struct sai_decisions *decisions, const bool *use);

/*
 * "normal", "anomaly", "overall" (pairs) and "top1" (decisions). Ties count half in pairs and 1/k in a k-fold tie for
 * the first place. `use` selects decisions, as above. Where probabilities are known also "brier" and "ece", where
 * groups were rejected "keep_auc", and the details of evaluate_details.h.
 */
struct sai_scored;
int sai_evaluate_ranker(selectai_evaluation **out, const struct sai_decisions *decisions, const bool *use,
                        const struct sai_scored *scored, const struct sai_evaluation_head *head);

/* What was proposed for one decision's winner, and what the rules without learning would have proposed: one box for
 * all images, one for images of this size (NaN: not known). */
struct sai_crop_answer {
    struct selectai_crop_proposal proposal;
    struct selectai_box constant, by_size;
};

/*
 * answers[i] belongs to decision i. Each of these beside the constant box, and again (names with "_size", "_full")
 * beside the median box of the image's size and beside the whole image:
 *   "iou"         mean overlap
 *   "bde"         mean distance of an edge from the person's, as a share of the side; lower is better
 *   "within5"     share of boxes with all four edges within 5 % of the side
 *   "kept_whole"  share of images where "cropped" or "not cropped" is right
 * Then, of images that were really cropped, "iou_cropped"; and "iou_expected": what proposals promise on average,
 * beside what they reach; "iou_covered": how often the interval holds the IoU, beside the 80 % that it promises.
 */
int sai_evaluate_cropper(selectai_evaluation **out, const struct sai_decisions *decisions, const bool *use,
                         const struct sai_crop_answer *answers, const struct sai_evaluation_head *head);

/* A proposed box beside the person's: mean distance of the edges; 1 if none is 5 % off; 1 if both or neither are the
 * whole image. */
double sai_crop_bde(const struct selectai_box *proposed, const struct selectai_box *truth);
double sai_crop_within5(const struct selectai_box *proposed, const struct selectai_box *truth);
double sai_crop_kept_alike(const struct selectai_box *proposed, const struct selectai_box *truth);

#endif
