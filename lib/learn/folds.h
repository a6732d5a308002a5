/*
 * learn/folds.h: dividing decisions so that a model can be measured on what it was not trained on.
 *
 * In cross-validation every fold is the test once, and the other folds train. Nothing that belongs together (a group of
 * sai_decisions_group() and sai_decisions_join_near()) is parted, except by SELECTAI_SPLIT_PAIR, which shows how
 * much that would flatter.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_FOLDS_H
#define SAI_LEARN_FOLDS_H

#include "learn/decisions.h"

enum { SAI_SIDE_NONE = -1, SAI_SIDE_TRAIN = 0, SAI_SIDE_VALIDATION = 1, SAI_SIDE_TEST = 2 };

/* Images whose 64 bits differ in so many places at most are near-duplicates: they stay on one side. */
#define SAI_NEAR_DISTANCE 4u

#define SAI_FOLDS_DEFAULT UINT32_MAX /* at most 10 of projects, 5 of groups and pairs */

struct sai_folds_options {
    int32_t kind; /* SELECTAI_SPLIT_* */
    uint32_t n;   /* folds; PROJECT: at most so many, each of whole projects. 0: none, nothing is measured */
    uint64_t seed;
    const char *hold_out; /* project that no model sees, or NULL */
};

struct sai_folds {
    int32_t kind;         /* SELECTAI_SPLIT_GROUP, PROJECT or PAIR: what AUTO became */
    uint32_t n;           /* folds that hold usable decisions; 0: nothing can be measured */
    const char *held_out; /* the project, borrowed from the decisions, or NULL */
    size_t n_projects;    /* with usable choices, without the one held out */
};

/* "group", "project", "pair". */
const char *sai_split_name(int32_t kind);

/* `folds` of the public options: 0 the default, 1 none. */
uint32_t sai_folds_wanted(uint32_t folds);

/*
 * Sets every usable decision's fold: 0 .. n - 1, or SAI_FOLD_HELD_OUT. PROJECT: whole projects, one a fold while there
 * are folds enough. GROUP: of each project's groups in the order of their times, fold k is the k-th part: blocks, since
 * pictures made one after another are alike. PAIR: at random, by names and seed; the decisions must have been
 * exploded. Neither the order of the data nor other projects' data matter. Fewer than two folds: the error
 * says why, unless 0 or a project held out was asked for.
 */
int sai_folds_make(struct sai_folds *out, struct sai_decisions *decisions, const struct sai_folds_options *options);

/*
 * side[i] of decision i when `fold` is the test: SAI_SIDE_TEST; of the rest, `validation_share` of the groups say when
 * to stop (drawn by identity and seed), the others train. fold SAI_FOLD_NONE: all but what is held out trains.
 */
void sai_fold_sides(int8_t *side, const struct sai_decisions *decisions, int32_t fold, double validation_share,
                    uint64_t seed);

#endif
