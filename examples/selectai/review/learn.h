/*
 * review/learn.h: a ranker that learns from the decisions while they are made.
 *
 * After every N decisions a ranker is trained in the background, going on from the one in use. A quarter of the decided
 * groups, chosen by their ids, is never trained on. The new ranker takes over only if it names more winners of that
 * quarter first.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_LEARN_H
#define REVIEW_LEARN_H

#include "learn_train.h"
#include "session.h"

struct learner; /* Thread-safety: all functions may be called from any thread. */

struct learn_how {
    uint32_t every;     /* decisions */
    const char *base;   /* the ranker's file that was given; NULL: none */
    const char *ranker; /* that is in use: `base`, or what learned_ranker() found */
    const char *cache;  /* where the suggestions' thread keeps vectors */
    const struct text_list *history;
    const struct project_args *projects;
};

/* The ranker that an earlier run learned from the same base; NULL: none. The caller frees it. */
char *learned_ranker(const char *state, const char *base);

/* EXIT_DONE, or EXIT_FAILED with a message. The session and its suggestions must outlive it. */
int learner_start(struct learner **out, struct session *session, const struct learn_how *how);
void learner_stop(struct learner **learner);

/* {"state":"idle|training|off","decisions","next_at","message":null|"...","events":[...]}: a new reference. */
json_t *learner_json(struct learner *learner);
uint32_t learner_every(const struct learner *learner);

#endif
