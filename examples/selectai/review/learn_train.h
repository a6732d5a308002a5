/*
 * review/learn_train.h: one lesson: from the journal to a ranker, and whether it is better.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_LEARN_TRAIN_H
#define REVIEW_LEARN_TRAIN_H

#include "project_args.h"

/* Fewer decisions held out say nothing about which ranker is better. */
#define FEWEST_HELD_OUT 10u

struct lesson_how {
    const char *state, *root, *project;
    const char *cache;
    const char *ranker; /* that is in use; NULL: none, "highest stage wins" is what is to be beaten */
    const struct text_list *history;
    const struct project_args *projects;
    selectai_progress_fn progress; /* to be stopped by */
    void *user;
};

struct lesson {
    selectai_ranker *ranker; /* NULL: none was trained, the message says why */
    size_t n_trained, n_held_out;
    double before, after; /* share of held-out decisions whose winner is named first; NaN: not measured */
    double p;             /* McNemar's test; NaN: not known */
    int better;
    char message[256]; /* "" if all went well */
};

/* Is this group held out, always? */
int is_held_out(const char *set_id);

/* SELECTAI_OK, also where nothing came of it; else an error that will come again, or CANCELLED. */
int learn_once(struct lesson *out, const struct lesson_how *how);

#endif
