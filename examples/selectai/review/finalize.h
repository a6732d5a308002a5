/*
 * review/finalize.h: moving files as decided: planned, shown, journaled, resumable, and back again.
 *
 * Nothing is ever deleted or overwritten. A plan is a file in the state folder (finalize-<n>.jsonl): first what will be
 * done, synced, then a line for each step that was done. A run that was killed goes on where it stopped.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_FINALIZE_H
#define REVIEW_FINALIZE_H

#include "journal.h"

enum move_kind {
    MOVE_SELECTED,   /* a winner, or its companion, to __selected/ */
    MOVE_ORIGINAL,   /* the uncropped original of a winner that was cropped, to __originals/ */
    MOVE_CROP_LATER, /* to __crop/ */
    MOVE_STAGING,    /* the rest, to __delete_staging/ */
    WRITE_CROP,      /* makes the cropped picture in __selected/ from the original; PNG: the same pixels, depth, text */
};

struct planned {
    enum move_kind kind;
    char *from, *to; /* relative to the root */
    size_t group;
    struct selectai_pixel_box box; /* WRITE_CROP */
};

struct finalize_plan {
    struct planned *moves;
    size_t n, capacity;
    size_t n_selected, n_cropped, n_later, n_staged, n_companions,
        n_renamed;                 /* pictures; renamed: because of a clash */
    size_t n_undecided, n_skipped; /* groups that stay where they are */
    uint64_t operation;            /* journal_operations() it was made from: a later one makes it stale */
};

/* Reads nothing but names and sizes; nothing is changed. */
int plan_finalize(struct finalize_plan *plan, const struct review_groups *groups, const struct journal *journal);
void free_plan(struct finalize_plan *plan);
json_t *json_of_plan(const struct finalize_plan *plan, const struct review_groups *groups);

typedef int (*finalize_progress_fn)(size_t done, size_t total, void *user); /* non-zero: stop, to be resumed */

struct finalize_result {
    size_t done, total, failed; /* steps; a step that fails (a file vanished) is reported and the others go on */
    json_t *problems;           /* [{"path","message"}]; the caller frees it */
};

/* state: the state folder. SELECTAI_OK also where single steps failed. */
int run_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                 struct journal *journal, const struct finalize_plan *plan, finalize_progress_fn progress, void *user);

/* 1: a run was begun and not ended. resume_finalize() goes on with it, undo_finalize() takes back the last one (ended
 * or not), in reverse order: everything lies where it lay. A crop that WRITE_CROP made goes to
 * __delete_staging/__crops/. */
int finalize_unfinished(const char *state);
int finalize_can_undo(const char *state);
int resume_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                    struct journal *journal, finalize_progress_fn progress, void *user);
int undo_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                  struct journal *journal, finalize_progress_fn progress, void *user);

#endif
