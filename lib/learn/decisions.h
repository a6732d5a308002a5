/*
 * learn/decisions.h: decisions as learning sees them: who won, against whom, and what belongs together.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_DECISIONS_H
#define SAI_LEARN_DECISIONS_H

#include <selectai/trainset.h>

#include "base/issues.h"

enum { SAI_SIDE_TRAIN = 0, SAI_SIDE_VALIDATION = 1, SAI_SIDE_TEST = 2 };

/* One image of a decision. */
struct sai_member {
    const char *path;     /* as the entry has it; borrowed from the trainset */
    const char *filename; /* its last part */
    uint64_t key;         /* sai_image_key() */
    double stage;         /* the entry's, else what the file name says, else NaN */
    size_t cache_row;     /* join.h */
    uint32_t row;         /* join.h: in the matrix of vectors */
};

struct sai_decision {
    const char *project; /* borrowed from the trainset */
    const char *text;    /* "project/winner/loser/loser...", losers sorted: equal texts, equal decisions */
    size_t entry;        /* index in the trainset */
    size_t first;        /* members[first] is the winner, */
    uint32_t n;          /* the n - 1 after it are the losers */
    uint32_t group;      /* decisions that share an image or a set id have the same: 0 .. n_groups - 1 */
    uint64_t identity;   /* of the group: smallest key of its images */
    int32_t side;        /* SAI_SIDE_* */
    bool usable;         /* false: became an issue, or a crop alone among pairs */
    bool crop_alone;     /* from an old crop log: nothing was chosen from, n is 1 */
    bool has_crop;
    struct selectai_box crop;
};

struct sai_decisions {
    struct sai_decision *items;
    size_t count, capacity;
    struct sai_member *members;
    size_t n_members, members_capacity;
    size_t n_groups;
    size_t n_crops_alone;
    struct sai_arena arena;
};

/* Names an image for good: 64 bits of (project, last part of filename). */
uint64_t sai_image_key(const char *project, const char *filename);

/* Adds one entry; its texts must outlive the decisions. */
int sai_decisions_add(struct sai_decisions *decisions, const struct selectai_entry *entry);

/*
 * All entries of a set, grouped. Repeated decisions and those without a loser other than the winner itself are not
 * usable and become issues. Crops alone are no pairs: not usable until sai_require_crops() asks for them. `set` must
 * outlive the decisions. Call sai_decisions_free() in any case.
 */
int sai_decisions_read(struct sai_decisions *out, struct selectai_issues *issues, const selectai_trainset *set);

/* Fills group, identity and n_groups by union-find over images (project, file name) and set ids. */
int sai_decisions_group(struct sai_decisions *decisions, const uint64_t *set_keys);

void sai_decisions_free(struct sai_decisions *decisions);

#endif
