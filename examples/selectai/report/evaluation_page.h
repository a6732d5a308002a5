/*
 * report/evaluation_page.h: an evaluation as a page: figures, curves, tables, and the worst cases with pictures.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_EVALUATION_PAGE_H
#define PROGRAM_EVALUATION_PAGE_H

#include "../verbs.h"
#include "page.h"

/* All but model and evaluation may be NULL. Borrowed. */
struct evaluation_page {
    const char *model;         /* its path, or what it is */
    const json_t *evaluation;  /* as selectai_evaluation_json() has it */
    json_t *reasons;           /* why decisions could not be used: {kind: count} */
    const json_t *sweep;       /* of anomaly weights */
    const json_t *leakage;     /* splits side by side */
    const json_t *per_project; /* rankers of their own beside the one for all */
    const json_t *comparison;  /* with another model */
    const char *note;          /* one more sentence on what is shown, plain text */
    struct progress *progress;
};

/* Writes the page whole or not at all, pictures as they come: memory stays small. An exit code; messages are said. */
int write_evaluation_page(const char *path, const struct evaluation_page *page);

/* ---- Its parts: evaluation_figures.c, evaluation_bars.c, evaluation_curves.c, evaluation_tables.c,
 * evaluation_training.c ---- */

void add_figures(struct page *page, const json_t *evaluation);
void add_parts(struct page *page, const json_t *evaluation);
void add_curves(struct page *page, const json_t *evaluation);
void add_segments(struct page *page, const json_t *evaluation);
void add_reasons(struct page *page, json_t *reasons);
void add_sweep(struct page *page, const json_t *rows);
void add_leakage(struct page *page, const json_t *rows);
void add_per_project(struct page *page, const json_t *rows);
void add_comparison(struct page *page, const json_t *comparison);

/* <td> with "81.3 % 77.0-85.1", and <td> with an interval drawn between 0 and 1 and the baseline as a mark. */
void add_interval_cell(struct page *page, double value, double low, double high, int is_share);
void add_range_cell(struct page *page, double value, double low, double high, double baseline);

/* Whether a figure is a share, shown in per cent, or an overlap or error, which people know as 0.813. */
int is_share_metric(const char *name);
int is_error_metric(const json_t *metric);

/* Figures (or errors) as bars; nothing if there are none. */
void add_bar_chart(struct page *page, const json_t *metrics, int errors);

/* ---- evaluation_cases.c: cases with pictures, each written to the stream before the next one ---- */

struct case_writer {
    struct page *page;
    FILE *stream;
    struct progress *progress;
    uint64_t done, total;
    int cancelled;
};
/* Where the model was surest of something else than what the person took. */
void add_worst(struct case_writer *writer, const json_t *evaluation);
/* Where of two models one is right and the other is not. */
void add_flips(struct case_writer *writer, const json_t *comparison);
uint64_t count_cases(const json_t *evaluation, const json_t *comparison);

#endif
