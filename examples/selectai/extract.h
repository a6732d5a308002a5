/*
 * extract.h: the parts of `selectai extract`.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_EXTRACT_H
#define PROGRAM_EXTRACT_H

#include "project_args.h"

struct extract_args {
    const char *raw, *final, *output, *report, *rejected, *images, *selection_log, *crop_log, *date;
    struct project_args projects; /* its `project` is the one to extract */
    int batch, json, quiet, append;
    int32_t group_mode, group_scope, crop_check, crop_log_form;
    uint32_t lookahead, threads;
    double max_gap;
};

struct extract_job {
    const struct extract_args *args;
    char *resume; /* where crops that were found out are kept until everything is written; NULL: nowhere */
    selectai_projects *projects;
    selectai_extraction *extraction;
    json_t *failed; /* [{"project","message"}]: those that the report would not know */
    json_t *report; /* made when everything is extracted */
    struct progress progress;
};

/* ---- extract_batch.c ------------------------------------------------------------------------- */

/* Extracts the one project that the flags name, or all of the config. An exit code; messages are printed. A project of
 * a batch that fails goes to `failed` and stops nothing. */
int extract_projects(struct extract_job *job);

/* ---- extract_outputs.c ----------------------------------------------------------------------- */

/* Endings, clashes with each other and with inputs: -1 to go on, else the exit code. */
int check_output_flags(const struct verb *verb, const struct extract_args *args);
/* Whether they can be written, before hours of work. 0 or EXIT_FAILED. */
int check_output_folders(const struct extract_args *args);
/* The file beside `output` that keeps crops; exits on out of memory, as a program may. The caller frees it. */
char *resume_path(const char *output);
/* Writes everything that was asked for, the report last, and removes what was kept for resuming. 0 or an exit code;
 * messages name the files. */
int write_extract_outputs(struct extract_job *job);

/* ---- extract_table.c ------------------------------------------------------------------------- */

void print_extract_table(const json_t *report, int with_total);

#endif
