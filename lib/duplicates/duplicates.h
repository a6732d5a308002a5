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

/* Why a file could not be read; text is NULL if it could. */
struct sai_file_problem {
    char *text;
    int code;
};

/* One file that was given. */
struct sai_copy {
    const char *path, *project; /* in the arena */
    uint64_t index;             /* of the path given */
    uint64_t hash, size;
    uint32_t width, height, group, crc32;
    uint32_t first, of; /* items of the same list: the group's first, and the one this is a copy of */
    int32_t relation, can_go;
    double difference;
    bool hashed, lossy;
    bool more;                   /* the file may hold more than one picture of 8-bit RGB: alpha, frames, deep colours */
    char pixels[SAI_SHA256_HEX]; /* digest of width, height and every pixel; "" if not known */
    uint8_t *thumbnail;          /* see sai_sight_thumbnail() */
    struct sai_file_problem problem;
};

struct selectai_duplicates {
    struct sai_copy *items; /* those in groups, when all is done */
    size_t count, capacity, n_groups;
    uint32_t distance;
    struct sai_arena arena;
    selectai_issues *issues;
};

/* Keeps the thread's last error as a problem of the file, unless it is not about the file: that goes up. */
int sai_file_failed(struct sai_file_problem *problem, int code);

int sai_hash_file(uint64_t *out, const char *path);

/*
 * Finds out how the members of each group relate: items stand group by group. Members that cannot be read leave their
 * group; groups that fall to one member vanish.
 */
int sai_relate_copies(struct selectai_duplicates *duplicates, unsigned threads, struct sai_progress *progress);

/* ---- sight.c: do two pictures look the same? ------------------------------------------------- */

#define SAI_SIGHT_SIDE  64
#define SAI_SIGHT_BYTES (SAI_SIGHT_SIDE * SAI_SIGHT_SIDE)

/* The picture in grey, SAI_SIGHT_SIDE each way. */
int sai_sight_thumbnail(uint8_t out[SAI_SIGHT_BYTES], const selectai_image *image);

/* Root mean square of the difference in grey levels. */
double sai_sight_difference(const uint8_t *a, const uint8_t *b);

/* Whether thumbnails are so near that the files are worth looking at. */
bool sai_sight_near(const uint8_t *a, const uint8_t *b);

/* Looks at the pictures place by place, in brightness and in colour. */
int sai_sight_same(bool *same, const selectai_image *a, const selectai_image *b);

#endif
