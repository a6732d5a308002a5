/*
 * review/suggestions_work.h: the work of the thread that suggests: some groups at a time, from files to what is said.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_SUGGESTIONS_WORK_H
#define REVIEW_SUGGESTIONS_WORK_H

#include "suggestions.h"

/* What is known about one group. */
struct suggested {
    struct suggestion_brief brief;
    char *json; /* the suggestion as the protocol has it; NULL: none */
};

struct suggestions_tools {
    const struct review_groups *groups;
    const selectai_ranker *ranker;
    const selectai_cropper *cropper;
    selectai_encoder *encoder;
    selectai_embedding_cache *cache; /* NULL: none */
    const selectai_trainset *history;
    double min_confidence, min_keep;
    uint32_t threads;
    selectai_progress_fn progress; /* to be stopped by */
    void *user;
};

/* Fills out[k] for group chosen[k]; its vectors are in the cache afterwards. SELECTAI_OK or an error code, and then all
 * of `out` is empty. */
int suggest_groups(struct suggested *out, const struct suggestions_tools *tools, const size_t *chosen, size_t n);

/* Where nothing is suggested: the highest stage. */
void brief_without_suggestion(struct suggestion_brief *out, const struct review_groups *groups, size_t group,
                              enum suggestion_state state);

#endif
