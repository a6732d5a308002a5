/*
 * review/learn.h: a thread that trains the ranker again after every N decisions, and exchanges it where that is better.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_LEARN_H
#define REVIEW_LEARN_H

#include "project_args.h"
#include "session.h"

struct learner;

/* Borrowed, and needed until learner_stop(). */
struct learn_how {
    uint32_t every;     /* decisions from one training to the next, 1 or more */
    const char *ranker; /* that the person gave: every training goes on from it; NULL: none */
    const char *cache;  /* where the suggestions' thread keeps vectors; copied */
    const struct text_list *history;
    const struct project_args *projects; /* how the history's logs are read */
};

/*
 * Finds out which ranker is in use: the last one that was learned, if `ranker` is what it was learned from or NULL;
 * else `ranker`. SELECTAI_OK, or an error code with a message.
 */
int learner_open(struct learner **out, struct session *session, const struct learn_how *how);

/* The file of the ranker in use, for suggestions_start(); NULL: none. */
const char *learner_ranker(const struct learner *learner);

/* Begins, once session->suggestions are there. SELECTAI_OK, or an error code with a message. */
int learner_start(struct learner *learner);

/* Breaks off a training; before suggestions_stop(). */
void learner_stop(struct learner **learner);

/* What api/changes tells (docs/review-protocol.md); a new reference. From any thread, also under the session's lock. */
json_t *learner_json(struct learner *learner);
uint32_t learner_every(const struct learner *learner);

#endif
