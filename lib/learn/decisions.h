/*
 * learn/decisions.h: decisions as learning sees them: who won, against whom, and what belongs together.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_DECISIONS_H
#define SAI_LEARN_DECISIONS_H

#include <selectai/trainset.h>

#include "base/issues.h"

#define SAI_FOLD_NONE     (-1) /* not usable, or not in any fold */
#define SAI_FOLD_HELD_OUT (-2) /* of the project that is held out altogether */

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
    size_t first;        /* members[first] is the winner (unless rejected), */
    uint32_t n;          /* the n - 1 after it are the losers */
    uint32_t group;      /* decisions that share an image or a set id have the same: 0 .. n_groups - 1 */
    uint64_t identity;   /* of the group: smallest key of its images */
    const char *time;    /* "YYYYMMDD_HHMMSS" of the winner's name, else what the entry says, else "" */
    int32_t fold;        /* folds.h */
    bool usable;         /* false: became an issue, or a crop alone among pairs */
    bool rejected;       /* nothing was kept: all n members are losers; usable once sai_require_rejected() was called */
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
    size_t n_crops_alone, n_rejected;
    struct sai_arena arena;
};

/* Names an image for good: 64 bits of (project, last part of filename). */
uint64_t sai_image_key(const char *project, const char *filename);

/* Adds one entry; its texts must outlive the decisions. */
int sai_decisions_add(struct sai_decisions *decisions, const struct selectai_entry *entry);
int sai_decisions_add_rejected(struct sai_decisions *decisions, const struct selectai_rejected_group *group);

/* A choice among images that can be learned from and measured: not a rejected group. */
static inline bool sai_is_choice(const struct sai_decision *decision)
{
    return decision->usable && !decision->rejected;
}

/*
 * All entries and rejected groups of a set, grouped. Repeated decisions and those without a loser other than the winner
 * itself are not usable and become issues. Crops alone are no pairs: not usable until sai_require_crops() asks for
 * them; nor are rejected groups until sai_require_rejected(). `set` must outlive the decisions. Call
 * sai_decisions_free() in any case.
 */
int sai_decisions_read(struct sai_decisions *out, struct selectai_issues *issues, const selectai_trainset *set);

void sai_require_rejected(struct sai_decisions *decisions);

/*
 * Makes a decision of every pair: winner and one loser, nothing else. What a split by pairs divides; decisions of one
 * set keep their common group.
 */
int sai_decisions_explode(struct sai_decisions *decisions);

/* Fills group, identity and n_groups by union-find over images (project, file name) and set ids (by decision; 0: none;
 * NULL: none at all). */
int sai_decisions_group(struct sai_decisions *decisions, const uint64_t *set_keys);

/*
 * Joins groups that show nearly the same: an image's 64 bits differ in at most `distance` places from one of the other
 * group, in the same project. phash: by row of member (join.h); 0 is not known. winners: only winners have rows.
 * *n_joined: groups that are gone.
 */
int sai_decisions_join_near(struct sai_decisions *decisions, size_t *n_joined, const uint64_t *phash, uint32_t distance,
                            bool winners);

void sai_decisions_free(struct sai_decisions *decisions);

#endif
