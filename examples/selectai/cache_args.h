/*
 * cache_args.h: what the actions of `selectai cache` share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_CACHE_ARGS_H
#define PROGRAM_CACHE_ARGS_H

#include "verbs.h"

struct cache_args {
    const char *output;
    struct text_list roots, rest;
    struct selectai_cache_options options;
    int32_t dtype; /* 0: as it is, 1: float32, 2: float16 */
    int normalise, drop_missing, json, quiet;
    struct progress progress;
    const char **projects, **folders; /* of the roots */
    char **texts;
};

/* Rows for an action's table of flags; a: struct cache_args *. */
/* clang-format off */
#define CACHE_COMMON_FLAGS(a)                                                                                          \
    {"json", ARG_FLAG, &(a)->json, NULL, "print JSON", 0},                                                             \
    {"quiet", ARG_FLAG, &(a)->quiet, NULL, "no progress, no counts", 0}
#define CACHE_DTYPE_FLAG(a)                                                                                            \
    {"dtype", ARG_CHOICE, &(a)->dtype, "auto|float32|float16",                                                         \
     "of what is written; auto: float16 if all that is read is", 0}
#define CACHE_ROOT_FLAG(a, help) {"root", ARG_REPEAT, &(a)->roots, "PROJECT=FOLDER", help, 0}
/* clang-format on */

void init_cache_args(struct cache_args *args);
/* After parsing: fills the options; -1 to go on, else the exit code. */
int finish_cache_args(const struct verb *verb, struct cache_args *args);
void free_cache_args(struct cache_args *args);

/* One count of a result: what it is called in JSON and for people. */
struct cache_count {
    const char *name, *label;
    uint64_t value;
};

/*
 * What all actions end with: failure, or counts (up to one without a name) and issues; frees the issues. Exit code 1 if
 * there were failed rows.
 */
int report_cache(const struct cache_args *args, const char *path, int rc, const struct cache_count *counts,
                 uint64_t failed, selectai_issues **issues);

extern const struct verb cache_verify, cache_merge, cache_compact, cache_export, cache_import;

#endif
