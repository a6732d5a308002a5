/*
 * validation.h: showing what was found in a file, and refusing to learn from what cannot be used.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_VALIDATION_H
#define PROGRAM_VALIDATION_H

#include "project_args.h"

/* A line for the file, then each problem with its count, meaning, remedy and first places. */
void print_validated_file(FILE *stream, const selectai_validation *validation, size_t file);

/*
 * For verbs that learn or measure: looks into the logs first. -1 to go on; EXIT_FAILED, after naming file and rows, if
 * rows cannot be used and `skip` is 0. With `skip` it is said how many are left out.
 */
int check_decisions(const struct text_list *logs, const struct project_args *args, int skip, struct progress *progress);

/* The same for what check_decisions() could not look into, such as pipes, after loading; 1: refused. */
int refuse_left_out(const selectai_trainset *set, int skip);

/* A row for the flags of such verbs. */
#define SKIP_BAD_ROWS_FLAG(value)                                                                                      \
    {                                                                                                                  \
        "skip-bad-rows", ARG_FLAG, value, NULL, "go on without rows that cannot be used, instead of refusing", 0       \
    }

#endif
