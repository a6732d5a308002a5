/*
 * figures.h: evaluations as people read them, and what stands beside them: parts, projects, what could not be used.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_FIGURES_H
#define PROGRAM_FIGURES_H

#include "verbs.h"

/* ---- Members of evaluations as JSON ---------------------------------------------------------- */

/* NaN where the member is null, missing or no number. */
double real_of(const json_t *object, const char *name);
uint64_t count_of(const json_t *object, const char *name);
/* Borrowed; "" where it is missing. */
const char *text_of(const json_t *object, const char *name);

/* The evaluation as JSON, NULL (said why) on failure. */
json_t *json_of_evaluation(const selectai_evaluation *evaluation);

/* A figure of the evaluation by its name, or NULL. Borrowed. */
json_t *metric_of(const json_t *evaluation, const char *name);

/* Figures of croppers stand there once for each rule: "iou_size" is "iou" beside another one. That one, or NULL. */
const json_t *same_figure(const json_t *metrics, const json_t *metric);

/* "high", "low", or "near" of what should be as its baseline. */
const char *better_text(const json_t *metric);

/* What the figures rest on, in words: "cross-validated by project, 3 folds". */
#define SPLIT_TEXT 128
char *split_text(char buf[SPLIT_TEXT], const json_t *evaluation);
int is_leaky(const json_t *evaluation);

/* What a figure counts, in a few words; "" for names that this program does not know. */
const char *explain_metric(const char *name);

/* ---- Text ------------------------------------------------------------------------------------ */

/* "0.873 (0.801-0.930)" or "-", filled up to `width`. */
void print_interval(double value, double low, double high, int width);

/* All figures beside their baselines; for rankers also those of the parts, and by project where there are several. */
void print_figures(const json_t *evaluation);

/* How many decisions could not be used, by reason with counts, and the first examples, on stderr. */
void print_unused(const selectai_issues *issues);

size_t count_unused(const selectai_issues *issues);

/* {"not-in-cache": 3, ...} */
json_t *json_of_reasons(const selectai_issues *issues);

/* Says how many rejected groups there are, and where they were no use, why. Nothing if there are none. */
void print_rejected(const selectai_trainset *set, const json_t *evaluation);

#endif
