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

#include <pthread.h>

#include "journal.h"

/* Where crops go that a run made and that were taken back: nothing is deleted. */
#define CROPS_FOLDER STAGING_FOLDER "/__crops"

#define FINALIZE_MESSAGE 600

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
    size_t group;    /* NO_INDEX in a run that was read back */
    uint64_t size;   /* of `from`, in bytes, when it was planned: another size is another file */
    int64_t mtime_ns;
    size_t lead;                   /* the step of the same picture that must be done before this one; itself: none */
    struct selectai_pixel_box box; /* WRITE_CROP */
};

struct finalize_plan {
    struct planned *moves;
    size_t n, capacity;
    size_t n_selected, n_cropped, n_later, n_staged, n_companions,
        n_renamed;                 /* pictures; renamed: because of a clash */
    size_t n_undecided, n_skipped; /* groups that stay where they are */
    uint64_t operation;            /* journal_operations() it was made from: a later one makes it stale */
    json_t *notes; /* [{"path","message"}]: a companion that two pictures share, a picture whose size has changed */
    char message[FINALIZE_MESSAGE]; /* why no plan could be made */
};

/*
 * Reads nothing but names and sizes (of pictures whose size in pixels is not known: their headers); nothing is changed.
 * Companions are looked for anew: files with a picture's stem, and those with its whole name before theirs (a.png.xmp).
 * SELECTAI_ERR_NOT_A_DIRECTORY, and the message by say(), where a file or a link stands where a target folder is to be.
 */
int plan_finalize(struct finalize_plan *plan, const struct review_groups *groups, const struct journal *journal);
void free_plan(struct finalize_plan *plan);
json_t *json_of_plan(const struct finalize_plan *plan, const struct review_groups *groups);

typedef int (*finalize_progress_fn)(size_t done, size_t total, void *user); /* non-zero: stop, to be resumed */

struct finalize_result {
    size_t done, total, failed;     /* steps; a step that fails (a file vanished) is reported and the others go on */
    json_t *problems;               /* [{"path","message"}]; the caller frees it */
    char message[FINALIZE_MESSAGE]; /* why the call did not return SELECTAI_OK; else "" */
    pthread_mutex_t *lock;          /* set by the caller: taken around each call of the journal; NULL: none */
};

/*
 * state: the state folder. SELECTAI_OK also where single steps failed. SELECTAI_ERR_CANCELLED: stopped by `progress`;
 * SELECTAI_ERR_MISMATCH: the plan is stale; SELECTAI_ERR_EXISTS: another run is not ended; SELECTAI_DONE: there is
 * nothing to move; what is refused is also among the problems. The journal gets a note "finalize" before the first
 * step, "undo-finalize" after the last one.
 */
int run_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                 struct journal *journal, const struct finalize_plan *plan, finalize_progress_fn progress, void *user);

/*
 * 1: a run, or taking it back, was begun and not ended; a run with steps that failed for want of space or the like is
 * not ended either. resume_finalize() goes on with it, and tries failed steps again. undo_finalize() takes back the
 * last run (ended or not), in reverse order: everything lies where it lay. A crop that WRITE_CROP made goes to
 * __delete_staging/__crops/. SELECTAI_DONE: there is nothing to resume or take back.
 */
int finalize_unfinished(const char *state);
int finalize_can_undo(const char *state);
int resume_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                    struct journal *journal, finalize_progress_fn progress, void *user);
int undo_finalize(struct finalize_result *result, const char *state, const struct review_groups *groups,
                  struct journal *journal, finalize_progress_fn progress, void *user);

#endif
