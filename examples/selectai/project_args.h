/*
 * project_args.h: the flags that tell which projects there are, and reading decisions with their help.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_PROJECT_ARGS_H
#define PROGRAM_PROJECT_ARGS_H

#include "verbs.h"

struct project_args {
    const char *config, *project, *root;
    struct text_list manifests, aliases;
    int by_dates;
};

/* Rows for a verb's table of flags; p: struct project_args *. */
/* clang-format off */
#define MANIFEST_FLAGS(p)                                                                                              \
    {"manifest", ARG_REPEAT, &(p)->manifests, "FILE|DIR",                                                              \
     "<id>.project.json, or a folder of them; may be repeated", 0},                                                    \
    {"by-manifest-dates", ARG_FLAG, &(p)->by_dates, NULL,                                                              \
     "where folders do not tell the project, go by the manifests' dates", 0},                                          \
    {"project-alias", ARG_REPEAT, &(p)->aliases, "OLD=NEW",                                                            \
     "what is called OLD belongs to project NEW; may be repeated", 0}

/* For verbs that read logs. */
#define LOG_FLAGS(p)                                                                                                   \
    {"config", ARG_TEXT, &(p)->config, "FILE", "old logs: projects and their folders, as for 'extract --batch'", 0},   \
    MANIFEST_FLAGS(p),                                                                                                 \
    {"root", ARG_TEXT, &(p)->root, "DIR", "old logs: what PROJECT_ROOT in paths stands for", 0}

#define LOG_PROJECT_FLAG(p)                                                                                            \
    {"project", ARG_TEXT, &(p)->project, "NAME", "old logs: whose the rows are that do not tell their project", 0}
/* clang-format on */

/* What can be said before anything is read. -1 to go on, else the exit code. */
int check_project_args(const struct verb *verb, const struct project_args *args);

/* The flag's value that `output` would overwrite (config, manifest) or NULL. */
const char *project_input_at(const struct project_args *args, const char *output);

/* For verbs that read logs: --flag path (NULL: not given) would overwrite one of them, or config or manifest. -1 to go
 * on, else the exit code. */
int check_log_output(const struct verb *verb, const char *flag, const char *path, const struct text_list *logs,
                     const struct project_args *args);

/* The projects that the flags name: config, aliases, manifests. Their issues are the caller's to show. */
int open_projects(selectai_projects **out, const struct project_args *args);

void free_project_args(struct project_args *args);

/* ---- Decisions ------------------------------------------------------------------------------- */

/* Reads logs of all kinds and shows the first rows that were left out. SELECTAI_OK or an error code. */
int load_decisions(selectai_trainset **out, const struct text_list *logs, const struct project_args *args, int strict,
                   struct progress *progress);

struct decision_counts {
    size_t rows;       /* used and left out */
    size_t selections; /* with losers */
    size_t crops;      /* with a crop */
    size_t rejected;   /* groups */
    size_t settled;    /* groups that do not count: others repeat or decide them */
    size_t left_out;
};
struct decision_counts count_decisions(const selectai_trainset *set);
json_t *json_of_decision_counts(const struct decision_counts *counts);

/* Number of issues of a kind. */
size_t count_issues(const selectai_issues *issues, const char *kind);

#endif
