/*
 * report/report.h: the page that the demo writes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_REPORT_H
#define PROGRAM_REPORT_H

#include <selectai/selectai.h>

struct report {
    const char *title;
    const char *project;
    const selectai_trainset *entries;        /* what the person chose */
    const selectai_suggestions *suggestions; /* all groups; those with seen images are not shown */
    const selectai_ranker *ranker;
    const selectai_cropper *cropper;
    const selectai_evaluation *ranking, *cropping; /* on the decisions that were set aside */
    const selectai_evaluation *cross_validated;    /* the ranker's on those that it learned from */
    const char *steps;                             /* plain text: what was done, and in which time */
};

/* Writes a self-contained HTML page whole or not at all. An exit code; messages are printed. */
int write_report(const char *path, const struct report *report);

#endif
