/*
 * project_files.h: a file for each project, beside one for all.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_PROJECT_FILES_H
#define PROGRAM_PROJECT_FILES_H

#include "train.h"

struct project_file {
    char *project, *path;
};

struct project_files {
    struct project_file *items; /* projects with decisions among images, by name */
    size_t n;
};

/*
 * "m.safetensors" gives "m.PROJECT.safetensors". What a file's name should not hold becomes '_', long names are cut,
 * and names that are equal then, also but for the case of letters, are numbered: no two projects get one file, nor one
 * of them `output`. An exit code.
 */
int list_project_files(struct project_files *files, const selectai_trainset *set, const char *output);
void free_project_files(struct project_files *files);

/* 0, or EXIT_FAILED if the path cannot be written or is something that training reads. */
int check_project_file(const struct train_args *args, const char *path);

#endif
