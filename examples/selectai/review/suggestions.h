/*
 * review/suggestions.h: what the models suggest, worked out in the background while the page is already there.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_SUGGESTIONS_H
#define REVIEW_SUGGESTIONS_H

#include <jansson.h>

#include "groups.h"

enum suggestion_state {
    SUGGESTION_PENDING, /* not worked out yet */
    SUGGESTION_READY,
    SUGGESTION_NONE, /* no model was given (the highest stage is then the default), or no image could be read */
};

/* The little that lists and decisions need. */
struct suggestion_brief {
    enum suggestion_state state;
    uint32_t winner;   /* index in the group; the highest stage where there is no suggestion */
    double confidence; /* NaN: none */
    double anomaly;    /* chance that a lower stage than the highest is taken; NaN: none */
    int sure, keep_nothing;
    int has_crop;
    struct selectai_box crop; /* of the winner */
};

struct suggestions; /* Thread-safety: all functions may be called from any thread. */

struct suggestions_how {
    const char *ranker, *cropper, *cache; /* paths; NULL: none (cache: one in the state folder) */
    const char *state;
    const char *const *history; /* logs of past decisions */
    size_t n_history;
    double min_confidence, min_keep;
    const struct encoder_args *encoder;
    int quiet;
};

/* Loads the models (an error is said and returned) and starts the thread that suggests, group after group. */
int suggestions_start(struct suggestions **out, const struct review_groups *groups, const struct suggestions_how *how);
void suggestions_stop(struct suggestions **suggestions);

/* These groups next, before all others. */
void suggestions_want(struct suggestions *suggestions, const size_t *groups, size_t n);

void suggestions_brief(struct suggestions *suggestions, size_t group, struct suggestion_brief *out);
/* The whole suggestion as the protocol has it; a new reference, NULL while it is pending. */
json_t *suggestions_json(struct suggestions *suggestions, size_t group);
/* {"winner","probabilities","keep","crop"} for the journal; a new reference, NULL where there is none. */
json_t *suggestions_record(struct suggestions *suggestions, size_t group);

/* The ranker's id as the journal has it: file name and the hash of its bytes; "" without one. Valid until the ranker
 * is replaced: copy it under the session's lock. */
void suggestions_model(struct suggestions *suggestions, char *out, size_t n_out);

uint64_t suggestions_revision(struct suggestions *suggestions); /* rises with every group worked out */
uint64_t suggestions_group_revision(struct suggestions *suggestions, size_t group);
size_t suggestions_done(struct suggestions *suggestions);

#endif
