/*
 * review/finalize_private.h: what the files of Finalize share.
 *
 * All paths are relative to the root and walked folder by folder without following links, so that nothing that happens
 * meanwhile leads out of the project.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_FINALIZE_PRIVATE_H
#define REVIEW_FINALIZE_PRIVATE_H

#include <sys/stat.h>

#include "finalize.h"

/* ---- finalize_names.c: sets of names, names that are free ------------------------------------ */

/* Open addressing, at most half full. */
struct name_set {
    char **items;
    size_t n, size;
    int fold; /* "A.png" is "a.png": so they are on many file systems (ASCII only) */
};
int name_set_has(const struct name_set *set, const char *name);
/* 1: added; 0: it was there; -1: out of memory. */
int name_set_add(struct name_set *set, const char *name);
void name_set_free(struct name_set *set);

/* Bytes of the name before its last dot; all of it if there is none, or only one at its beginning. */
size_t stem_bytes(const char *name);
const char *last_part(const char *path); /* after the last '/' */
/* The folder, without '/' at its end, "" for none; the caller frees it. */
char *folder_in_path(const char *path);
/* "top/folder/stem~3rest"; number 1: no "~". `top`, `folder` may be "". The caller frees it. */
char *target_path(const char *top, const char *folder, const char *stem, size_t n_stem, unsigned number,
                  const char *rest);

/* ---- finalize_folders.c: folders without links ----------------------------------------------- */

int is_safe_path(const char *path); /* relative, no empty part, no "." or ".." */
/* A descriptor of a folder below `root`, "" for itself; -1 and errno (ELOOP, ENOTDIR: no folder, or a link). */
int open_folder_below(int root, const char *path, int make);
/* What lies there, links not followed; -1 and errno. */
int stat_below(int root, const char *path, struct stat *st);
void sync_folder_below(int root, const char *path);
/* Removes files in a folder whose names begin so: parts that a killed run left. */
void remove_parts(int root, const char *folder, const char *prefix);

/* ---- finalize_move.c: one file --------------------------------------------------------------- */

/*
 * To a place where nothing lies, making its folders. By rename; to another file system by copying to `part` (a name of
 * ours in the target's folder), sync, comparing, rename, and only then unlinking the source. 0 or an errno; EEXIST:
 * something lies there.
 */
int move_below(int root, const char *from, const char *to, const char *part);
/* 1: both are there and are one file, or copies on two file systems, as a move that was cut short leaves them. */
int is_half_moved(int root, const char *from, const char *to);
/* Ends such a move. 0 or an errno. */
int finish_move(int root, const char *from, const char *to);
/* 1: the same bytes; 0: not; -1: errno. */
int same_bytes_below(int root, const char *a, const char *b);

/* ---- finalize_file.c: the file of a plan ----------------------------------------------------- */

enum step_state {
    STEP_OPEN,
    STEP_DONE,
    STEP_FAILED, /* or held back */
    STEP_UNDONE,
    STEP_STAYS, /* could not be taken back */
};

struct run {
    uint64_t number, operation;
    struct planned *steps;
    unsigned char *states; /* enum step_state */
    size_t n;
    char **folders; /* that were not there before, parents first */
    size_t n_folders;
    json_t *counts;
    int ended, undo_begun, undone;
    json_int_t note_after, undo_note_after; /* the journal's operation before our note; -1: none was begun */
    int root, file;                         /* descriptors */
    const char *root_path;                  /* borrowed */
    int resumed;                            /* what lies where may be of an earlier try */
    size_t unsynced;                        /* lines */
    struct name_set dirty;                  /* folders to be synced before them */
};

json_t *counts_of_plan(const struct finalize_plan *plan);
const char *move_kind_name(enum move_kind kind);
/* The highest number of a finalize-<n>.jsonl below `limit`; 0: none. */
uint64_t last_run_number(const char *state, uint64_t limit);
/* Writes finalize-<number>.jsonl, whole and synced. A SELECTAI_ code; the message by say(). */
int write_run(const char *state, const struct review_groups *groups, const struct finalize_plan *plan, uint64_t number);
char *run_file(const char *state, uint64_t number); /* the caller frees it */

/* Appends {"<key>":<number>} or {"<key>":<number>,"message":"..."}. 0 or an errno; then the line is not there. */
int append_line(struct run *run, const char *key, size_t number, const char *message);
/* Folders first, then the file. 0 or an errno. */
int sync_run(struct run *run);

/* ---- finalize_read.c ------------------------------------------------------------------------- */

/* What its last lines say, without reading the steps: quick also for 100,000 of them. 0, or -1 where it cannot be read.
 */
struct run_look {
    size_t n;
    int ended, failed, undo_begun, undone; /* failed: ended, but not all steps are done */
};
int look_at_run(struct run_look *look, const char *state, uint64_t number);
/* Reads it and opens it to be appended to. */
int read_run(struct run *run, const char *state, uint64_t number, const struct review_groups *groups);
void close_run(struct run *run);

/* ---- finalize_step.c: one step of a run ------------------------------------------------------ */

#define STEP_MESSAGE FINALIZE_MESSAGE
enum step_outcome {
    OUTCOME_DONE,
    OUTCOME_NOTHING, /* of taking back: it never was done */
    OUTCOME_FAILED,
    OUTCOME_RETRY, /* for want of space and the like: the run does not end with it */
};
enum step_outcome do_step(struct run *run, size_t i, char message[STEP_MESSAGE]);
enum step_outcome undo_step(struct run *run, size_t i, char message[STEP_MESSAGE]);

/* ---- finalize_beside.c: what lies beside a picture ------------------------------------------- */

/* The files of one folder, in byte order. */
struct beside {
    char *folder;
    char **names;
    size_t n;
    int known;
};
/* Reads the folder unless it is the one that was read last. A SELECTAI_ code; a folder that is gone has no files. */
int read_beside(struct beside *beside, int root, const char *folder);
void free_beside(struct beside *beside);
/* Takes every file that belongs to the picture `name`: no image, of its stem (whole_name 0) or named after all of its
 * name (1). A non-zero return ends it and is returned. */
typedef int (*companion_fn)(void *user, const char *name, int whole_name);
int each_companion(const struct beside *beside, const char *name, companion_fn take, void *user);
/* Another image of the same stem; NULL: none. */
const char *twin_of(const struct beside *beside, const char *name);

/* ---- finalize_picture.c ----------------------------------------------------------------------- */

struct planner {
    struct finalize_plan *plan;
    const struct review_groups *groups;
    int root;
    size_t lead;             /* the first step of the group's last winner: the losers wait for it; NO_INDEX: none */
    struct name_set taken;   /* targets */
    struct name_set claimed; /* companions that have found their picture */
    struct beside beside;
};
/* Says why there can be no plan, and keeps it in plan->message; returns `code`. */
int no_plan(struct finalize_plan *plan, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int no_memory_for(struct finalize_plan *plan);
/* Something that the person should know before the plan is carried out. */
int plan_note(struct finalize_plan *plan, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* kind WRITE_CROP: the crop, then its original; others: one move. Companions follow. */
int place_picture(struct planner *planner, const struct review_image *image, enum move_kind kind,
                  const struct selectai_pixel_box *box);

/* ---- finalize_run.c -------------------------------------------------------------------------- */

/* A run on its way. */
struct job {
    struct finalize_result *result;
    struct run run;
    struct journal *journal;
    finalize_progress_fn progress;
    void *user;
    int begun;      /* noted in the journal; nothing has moved before */
    int retry;      /* a step failed that may succeed later */
    size_t nothing; /* steps to take back that never were done */
};

/* Says why, and notes it as a problem; returns `code`. */
int refuse(struct finalize_result *result, int code, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Removes what killed runs may have left half written, in all folders that the run writes to. */
int sweep(struct run *run);
int go_forward(struct job *job);
int go_back(struct job *job);

#endif
