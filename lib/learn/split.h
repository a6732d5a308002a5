/*
 * learn/split.h: which decisions train, which stop the training, which are only measured.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_SPLIT_H
#define SAI_LEARN_SPLIT_H

#include "learn/decisions.h"

struct sai_split {
    int32_t kind; /* SELECTAI_SPLIT_* */
    uint64_t seed;
    double test_share, validation_share; /* 0 <= share < 1 */
    const char *hold_out;                /* project, or NULL: the one with most usable decisions */
};

/* "group" or "project". */
const char *sai_split_name(int32_t kind);

/*
 * Sets every decision's side. A group's side follows from its identity and the seed alone: it stays when decisions
 * are added elsewhere or come in another order. *held_out (may be NULL): the project held out, or NULL.
 */
int sai_split_sides(struct sai_decisions *decisions, const struct sai_split *split, const char **held_out);

#endif
