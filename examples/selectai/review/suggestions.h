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
    selectai_ranker *ranker;   /* taken over; NULL: none yet */
    selectai_cropper *cropper; /* taken over; NULL: none */
    selectai_encoder *encoder; /* taken over */
    const char *cache;         /* the folder; made where it is missing. NULL: nothing can be written, none is used */
    const char *model;         /* name of the ranker's file; NULL without one */
    const selectai_trainset *history; /* past decisions to compare with; NULL: none. Borrowed */
    double min_confidence, min_keep;
    uint32_t threads;  /* 0: all cores */
    int embeds_anyway; /* 1: vectors go into the cache also while there is no ranker, for one that learns */
};

/* Starts the thread that suggests, group after group. SELECTAI_OK or an error code; models are freed in any case. */
int suggestions_start(struct suggestions **out, const struct review_groups *groups, const struct suggestions_how *how);
void suggestions_stop(struct suggestions **suggestions);

/* The groups were scanned anew: exchanges *groups (what suggestions_start() was given) with *fresh, and goes on,
 * keeping what is known of groups that are still there. Breaks off what is being worked out. SELECTAI_OK, or an error
 * code and nothing was exchanged. */
int suggestions_reload(struct suggestions *suggestions, struct review_groups *groups, struct review_groups *fresh);

/* Another ranker from now on (taken over), named `model`; every group is worked out anew, and shows what it had until
 * then. */
void suggestions_use(struct suggestions *suggestions, selectai_ranker *ranker, const char *model);

/* These groups next, before all others. */
void suggestions_want(struct suggestions *suggestions, const size_t *groups, size_t n);

void suggestions_brief(struct suggestions *suggestions, size_t group, struct suggestion_brief *out);
/* The whole suggestion as the protocol has it; a new reference, NULL while it is pending. */
json_t *suggestions_json(struct suggestions *suggestions, size_t group);
/* {"winner","probabilities","keep","crop"} for the journal; a new reference, NULL where there is none. */
json_t *suggestions_record(struct suggestions *suggestions, size_t group);

/* The ranker's id as the journal has it: its file's name, and a hash of what it learned from; "" without one. */
void suggestions_model(struct suggestions *suggestions, char *out, size_t n_out);

/* Why there are no suggestions: "" if nothing is wrong. */
void suggestions_problem(struct suggestions *suggestions, char *out, size_t n_out);

uint64_t suggestions_revision(struct suggestions *suggestions); /* rises with every group worked out */
uint64_t suggestions_group_revision(struct suggestions *suggestions, size_t group);
size_t suggestions_done(struct suggestions *suggestions);

#endif
