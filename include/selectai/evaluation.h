/*
 * selectai/evaluation.h: measured figures, each beside its baseline.
 *
 * Tier 1: needs common.h only.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_EVALUATION_H
#define SELECTAI_EVALUATION_H

#include <selectai/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How a model did on decisions that it was not trained on.
 * Thread-safety: immutable; may be read from any number of threads.
 */
typedef struct selectai_evaluation selectai_evaluation;

/**
 * One figure. Ranker: "normal", "anomaly", "overall" (shares of pairs ranked right), "top1" (shares of decisions),
 * "brier" (mean over decisions of the squared errors of all its probabilities, 0..2; Brier, "Verification of forecasts
 * expressed in terms of probability", 1950), "ece" (expected calibration error of the winner's probability, 10 bins;
 * Guo et al., 2017), "keep_auc" (chance that a kept group gets a higher probability of being kept than a rejected one).
 * Cropper, beside one box for all images: "iou" (mean overlap), "bde" (mean distance of an edge, as a share of the
 * side), "within5" (share of boxes with all four edges within 5 % of the side), "kept_whole" (share of images where
 * "cropped" or "not cropped" is right); again beside the median box of the image's size ("iou_size", ...) and beside
 * the whole image
 * ("iou_full", ...). "iou_cropped": of images that were cropped. "iou_expected": what the cropper expects on average,
 * beside what is reached. "iou_covered": how often the interval around the expected IoU holds, beside 80 %.
 */
struct selectai_metric {
    uint32_t struct_size;      /**< set by the caller */
    int32_t lower_is_better;   /**< 1: of errors, such as "brier"; 0: of shares that are right */
    const char *name;          /**< borrowed */
    const char *baseline_name; /**< "highest stage wins", "constant box"; borrowed */
    uint64_t n;                /**< pairs, decisions or boxes it rests on; 0: value is NaN */
    double value;              /**< 0..1 */
    double low, high;          /**< 95 % interval, bootstrap over groups */
    double baseline;           /**< the trivial rule's value on the same data; NaN if it cannot be applied */
    double baseline_low, baseline_high;
};

SELECTAI_API size_t selectai_evaluation_count(const selectai_evaluation *evaluation);
SELECTAI_API int selectai_evaluation_get(const selectai_evaluation *evaluation, size_t index,
                                         struct selectai_metric *out);

/** By name; SELECTAI_ERR_NOT_FOUND if there is no such figure. */
SELECTAI_API int selectai_evaluation_find(const selectai_evaluation *evaluation, const char *name,
                                          struct selectai_metric *out);

/**
 * Everything as JSON:
 * {"split","seed","folds","leaky","groups","excluded_seen","excluded_missing","metrics":[{"name","n",
 * "value","low","high","lower_is_better","baseline_name","baseline",...}]}, and for rankers "parts" (the figures of the
 * prior and of the image alone), "by_project", "by_size", "by_pattern", "reliability", "risk_coverage", "by_margin",
 * "keep", "worst" (docs/learning.md). The caller frees it with selectai_free().
 */
SELECTAI_API int selectai_evaluation_json(char **out, const selectai_evaluation *evaluation);

/** Decisions that could not be used, with the reason (kinds "not-in-cache", "no-size", ...); borrowed. */
SELECTAI_API const selectai_issues *selectai_evaluation_issues(const selectai_evaluation *evaluation);

SELECTAI_API void selectai_evaluation_destroy(selectai_evaluation **evaluation);

#ifdef __cplusplus
}
#endif

#endif
