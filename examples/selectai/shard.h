/*
 * shard.h: the part of a job that one of several processes does.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_SHARD_H
#define PROGRAM_SHARD_H

#include "verbs.h"

struct shard_args {
    const char *shard, *id, *count; /* as given */
};

/* Rows for a verb's table of flags; s: struct shard_args *. */
/* clang-format off */
#define SHARD_FLAGS(s)                                                                                                 \
    {"shard", ARG_TEXT, &(s)->shard, "I/N", "only part I of N, from 1/N to N/N, as one of N processes", 0},            \
    {"shard-id", ARG_TEXT, &(s)->id, "I", "the same as two flags, I from 0 to N - 1; needs --num-shards", 0},          \
    {"num-shards", ARG_TEXT, &(s)->count, "N", "see --shard-id", 0}
/* clang-format on */

struct shard {
    uint32_t index; /* from 0 */
    uint32_t count; /* 0: everything */
    size_t left;    /* files that were left to the other shards so far */
};

/* -1 to go on, else the exit code. */
int read_shard_args(struct shard *out, const struct verb *verb, const struct shard_args *args);

/* Takes files of other shards off the list. SELECTAI_OK or an error code. */
int keep_shard(struct file_list *files, struct shard *shard, const char *project);

/*
 * The same where files of a set stay together, see set_starts in selectai/project.h. `named` has the sets' files, all
 * of the project, by their paths, some perhaps several times; `files` holds each once, or fewer.
 */
int keep_shard_of_sets(struct file_list *files, struct shard *shard, const char *project, const struct file_list *named,
                       const uint32_t *set_starts, size_t n_sets);

#endif
