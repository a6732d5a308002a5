/*
 * duplicates/duplicates.h: the steps from paths to groups of copies.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_DUPLICATES_DUPLICATES_H
#define SAI_DUPLICATES_DUPLICATES_H

#include <stdbool.h>

#include <selectai/duplicates.h>

#include "base/issues.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/sha256.h"

/* One file that was given. */
struct sai_copy {
    const char *path, *project; /* in the arena */
    uint64_t index, of;         /* of the path given, and of the one it is a copy of */
    uint64_t hash, size;
    uint32_t width, height, group, crc32;
    int32_t relation, can_go;
    double difference;
    bool hashed, lossy;
    char pixels[SAI_SHA256_HEX]; /* digest of width, height and every pixel; "" if not known */
    char *problem;               /* why it could not be read; NULL: it could */
    int problem_code;
};

struct selectai_duplicates {
    struct sai_copy *items; /* those in groups, when all is done */
    size_t count, capacity, n_groups;
    struct sai_arena arena;
    selectai_issues *issues;
};

/* Keeps the thread's last error in the copy, unless it is not about the file: that goes up. */
int sai_copy_failed(struct sai_copy *copy, int code);

/*
 * Finds out how the members of each group relate: items stand group by group. Members that cannot be read leave their
 * group; groups that fall to one member vanish.
 */
int sai_relate_copies(struct selectai_duplicates *duplicates, unsigned threads, struct sai_progress *progress);

#endif
