/*
 * trainset/rejected_sift.h: which rejected groups count.
 *
 * First every decision is shown, then every group is judged, in order. Images are told apart as merging does it: by
 * file name within a project.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_REJECTED_SIFT_H
#define SAI_TRAINSET_REJECTED_SIFT_H

#include "trainset/entry.h"

struct sai_rejected_sift;
int sai_rejected_sift_create(struct sai_rejected_sift **out);
void sai_rejected_sift_destroy(struct sai_rejected_sift **sift);

/* Its texts must outlive the sift. */
int sai_rejected_see_winner(struct sai_rejected_sift *sift, const struct selectai_entry *entry);

/*
 * Raises EXISTS if the group was seen before, AMBIGUOUS if one of its images won somewhere; the message names both
 * places. Only a group that counts is remembered; its texts must outlive the sift.
 */
int sai_rejected_judge(struct sai_rejected_sift *sift, const struct selectai_rejected_group *group);

static inline bool sai_is_left_out(int rc)
{
    return rc == SELECTAI_ERR_EXISTS || rc == SELECTAI_ERR_AMBIGUOUS;
}

/* The kind of issue for what judging raised. */
static inline const char *sai_rejected_kind(int rc)
{
    return rc == SELECTAI_ERR_EXISTS ? "repeated" : "decided";
}

/* Copies the groups of `from` that count, beside the decisions of `from`, to `to`; the others become issues of `to`. */
int sai_rejected_copy(selectai_trainset *to, const selectai_trainset *from);

#endif
