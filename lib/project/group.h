/*
 * project/group.h: grouping parsed names. Pure: no files, no messages about them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_PROJECT_GROUP_H
#define SAI_PROJECT_GROUP_H

#include <stdbool.h>

#include <selectai/project.h>

/* What grouping needs to know of one file. */
struct sai_group_key {
    int64_t seconds; /* selectai_parsed_name.seconds */
    double stage;
    const char *name; /* last part of the path: settles ties */
    uint32_t folder;  /* rank of its folder among all folders, in byte order of their names */
    bool parsed;      /* false: in no group */
};

struct sai_group_counts {
    size_t too_small;   /* runs (or equal timestamps) shorter than min_size */
    size_t passed_over; /* nearest-up: files between two files of a run */
};

/* A folder's name: need not end in NUL. */
struct sai_folder {
    const char *name;
    size_t length;
};

/* ranks[i] = place of folder i among the different ones, in byte order; equal names have equal ranks. n < 2^32. */
int sai_rank_folders(uint32_t *ranks, const struct sai_folder *folders, size_t n);

/* Checks options (which may be NULL) and fills in defaults. */
int sai_group_options_read(struct selectai_group_options *out, const struct selectai_group_options *options);

/*
 * members, starts, n_groups: as selectai_group_names(). counts may be NULL. n < 2^32.
 * O(n log n + n * lookahead) time; two arrays of n numbers besides the caller's.
 */
int sai_group(uint32_t *members, uint32_t *starts, size_t *n_groups, struct sai_group_counts *counts,
              const struct sai_group_key *keys, size_t n, const struct selectai_group_options *options);

#endif
