/*
 * trainset/merge.h: the steps of merging decisions.
 *
 * Rows are the entries given; rows that say the same are one decision. Images are numbered: within a project by file
 * name, without a project by path.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_MERGE_H
#define SAI_TRAINSET_MERGE_H

#include "trainset/entry.h"

#define SAI_NO_DECISION UINT32_MAX

#define SAI_SAME_CROP 0.98 /* IoU from which two boxes are the same crop */

struct sai_decision {
    uint32_t first, last; /* rows */
    uint32_t winner;      /* image */
    uint32_t n_losers;
    const uint32_t *losers;      /* images, each once, ascending; 0 of them: a crop without losers */
    uint32_t next_of_winner;     /* the next decision of the same kind about this winner, or SAI_NO_DECISION */
    struct selectai_entry entry; /* of the first row, completed; texts are borrowed from the input */
    bool contradicted;           /* by some decision, whatever became of that one */
    bool left_out;
    bool completed;
    uint32_t rival; /* where left_out: the decision that it contradicts */
    uint32_t twin;  /* of a crop without losers: the selection that has it, or SAI_NO_DECISION */
};

/* The decisions that have an image as their winner, in order. */
struct sai_merge_image {
    uint32_t selections, last_selection, crops, last_crop; /* or SAI_NO_DECISION */
};

struct sai_merge {
    const selectai_trainset *set;
    int32_t on_conflict;
    uint32_t *decision_of; /* of each row */
    uint32_t *differs;     /* of each row: the row whose crop is another one, or SAI_NO_DECISION */
    struct sai_decision *decisions;
    size_t n_decisions, capacity;
    struct sai_merge_image *images;
    size_t n_images, images_capacity;
    struct sai_arena arena; /* keys, and stages of decisions that were completed */
};

/* Fills decision_of, decisions and images: who says the same as whom. */
int sai_merge_identify(struct sai_merge *merge);

/* Marks the decisions that contradict each other, and those of them that are left out. */
int sai_merge_judge(struct sai_merge *merge);

/* Lets the decisions that stay learn from their duplicates. */
int sai_merge_complete(struct sai_merge *merge);

/* Whether they have the same crop, or one of them has none. */
bool sai_crops_agree(const struct selectai_entry *a, const struct selectai_entry *b);

#endif
