/*
 * validate/validate.h: the steps of looking into files.
 *
 *   validate.c    the public calls; which paths there are, in which order they are looked into
 *   kind.c        what a file is, by its content
 *   walk.c        what a folder holds
 *   problems.c    every code, what it means and what to do
 *   result.c      collecting what was found; result_json.c, result_get.c
 *   decisions.c   logs, row by row; decision_checks.c, decision_seen.c
 *   records.c     the image database
 *   documents.c   config, manifest, report
 *   cache.c, legacy_cache.c, model.c, images.c, present.c
 *   fix.c         the cleaned copies
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_VALIDATE_VALIDATE_H
#define SAI_VALIDATE_VALIDATE_H

#include <selectai/validate.h>

#include "base/json.h"
#include "base/progress.h"
#include "project/name_index.h"
#include "trainset/load.h"

/* ---- Codes (problems.c) ---------------------------------------------------------------------- */

struct sai_problem_kind {
    const char *code;
    int32_t severity; /* unless the place says otherwise */
    const char *meaning, *remedy;
};

/* Never NULL: words that are not in the table mean "a value is not what it should be". */
const struct sai_problem_kind *sai_problem_kind(const char *code);

/* ---- Results (result.c) ---------------------------------------------------------------------- */

#define SAI_MAX_EXAMPLES 10u

struct sai_example {
    uint64_t row;
    const char *path, *message; /* in the arena */
};

struct sai_problem {
    const struct sai_problem_kind *kind;
    int32_t severity;
    uint64_t count, unusable;
    struct sai_example examples[SAI_MAX_EXAMPLES];
    size_t n_examples;
};

struct sai_file_result {
    const char *path, *kind, *encoder_id; /* kind: static; others in the arena */
    uint64_t rows, usable;
    bool named; /* by the caller, not found in a folder */
    struct sai_problem *problems;
    size_t n_problems, capacity;
};

struct selectai_validation {
    struct sai_file_result *files;
    size_t n_files, capacity;
    struct sai_arena arena;
};

int sai_result_add_file(size_t *index, selectai_validation *v, const char *path, const char *kind, bool named);

/* One place of a problem. path NULL or "": the file itself. The message may end in a line of an error: one line. */
struct sai_place {
    const char *path;
    uint64_t row;
    int32_t severity; /* -1: the code's */
};
int sai_result_add(selectai_validation *v, size_t file, const char *code, const struct sai_place *place,
                   const char *fmt, ...) SAI_PRINTF(5, 6);

/* The thread's last error as a problem of the whole file or of a row; its "path:row: " is taken off. */
int sai_result_add_last(selectai_validation *v, size_t file, const char *code, const struct sai_place *place);

/* A note that stands for `count` rows. */
int sai_result_note(selectai_validation *v, size_t file, const char *code, uint64_t count, const char *fmt, ...)
    SAI_PRINTF(5, 6);

int32_t sai_result_severity(const struct sai_file_result *file);

/* Takes a problem back. */
void sai_result_remove(selectai_validation *v, size_t file, const char *code);

/* Errors first. After everything was found. */
void sai_result_sort(selectai_validation *v);

/* ---- What there is to look into -------------------------------------------------------------- */

enum sai_kind {
    SAI_KIND_UNKNOWN,
    SAI_KIND_DECISIONS_JSONL,
    SAI_KIND_DECISIONS_CSV,
    SAI_KIND_IMAGES,
    SAI_KIND_REPORT,
    SAI_KIND_CONFIG,
    SAI_KIND_MANIFEST,
    SAI_KIND_CACHE,
    SAI_KIND_LEGACY_CACHE,
    SAI_KIND_SAFETENSORS,
    SAI_KIND_LEGACY_MODEL,
    SAI_KIND_IMAGE_FILE,
    SAI_KIND_IMAGE_FOLDER
};

#define SAI_REASON_SIZE 512

/* What a file is; `name` is what it is called in results; reason: why it is unknown. Errors: the file cannot be read.
 */
int sai_kind_of_file(enum sai_kind *kind, const char **name, char reason[SAI_REASON_SIZE], const char *path);

/* One thing to look into. */
struct sai_target {
    char *path;
    enum sai_kind kind;
    const char *name;
    char *reason; /* of an unknown one, or NULL */
    int code;     /* of a file that cannot be read: the error, whose message is `reason` */
    bool named;
    size_t result; /* its place in the validation */
};

struct sai_targets {
    struct sai_target *items;
    size_t count, capacity;
};
int sai_targets_add(struct sai_targets *targets, const char *path, bool named);
void sai_targets_free(struct sai_targets *targets);

/* Files of a folder and below, by name. Hidden ones and links are left out, and counted where they are images. */
struct sai_walk {
    char **images;
    size_t n_images, images_capacity;
    uint64_t hidden_images, linked_images;
    struct sai_issue_texts {
        char **items;
        size_t count, capacity;
    } unreadable; /* messages */
};
/* Known kinds of files go to targets; the images to walk. */
int sai_walk_folder(struct sai_walk *walk, struct sai_targets *targets, const char *folder);
void sai_walk_free(struct sai_walk *walk);

/* ---- The work -------------------------------------------------------------------------------- */

struct sai_fix;

struct sai_validator {
    selectai_validation *result;
    struct selectai_validate_options options;
    struct sai_progress progress;
    int64_t now;
    uint64_t bytes_done, bytes_total; /* of logs, all passes */
    struct sai_present *present;      /* where images are looked for */
    struct sai_fix *fix;              /* NULL: no copies are written */
    struct sai_targets *targets;
    struct sai_name_index manifests; /* id of a project -> its target */
};

/* Adds a problem to the target's result, and, if it makes a row unusable, to what the copy leaves out. */
int sai_check_decisions(struct sai_validator *v); /* all targets that are logs */
int sai_check_images(struct sai_validator *v, const struct sai_target *target);
int sai_check_report(struct sai_validator *v, const struct sai_target *target);
int sai_check_config(struct sai_validator *v, const struct sai_target *target);
int sai_check_manifest(struct sai_validator *v, const struct sai_target *target);
int sai_check_cache(struct sai_validator *v, const struct sai_target *target);
int sai_check_legacy_cache(struct sai_validator *v, const struct sai_target *target);
int sai_check_safetensors(struct sai_validator *v, const struct sai_target *target);
int sai_check_legacy_model(struct sai_validator *v, const struct sai_target *target);
int sai_check_image_files(struct sai_validator *v, size_t result, char *const *paths, size_t n);

/* OK after errors that concern the file alone, which become a problem `code` of it; others come back. */
int sai_check_failed(struct sai_validator *v, const struct sai_target *target, const char *code, int rc);

/* Reports bytes of logs. */
int sai_validator_progress(struct sai_validator *v, uint64_t at);

/* Seconds since 1970 that lie in the future, with a day for clocks and zones. */
bool sai_in_future(const struct sai_validator *v, int64_t seconds);

/* ---- Images on this machine (present.c) ------------------------------------------------------ */

/* What became of the images that one file names. */
struct sai_presence {
    uint64_t looked_for, found;
};
int sai_present_create(struct sai_present **out, const char *images_root, const char *root);
void sai_present_destroy(struct sai_present **present);
/* Whether a log in `folder` (of the log; "" = the working directory) that names `path` means a file that is there. */
bool sai_present_find(struct sai_present *present, const char *folder, const char *path);

/* ---- Rows seen before (decision_seen.c) ------------------------------------------------------ */

struct sai_seen;
int sai_seen_create(struct sai_seen **out);
void sai_seen_destroy(struct sai_seen **seen);

enum sai_sighting { SAI_SEEN_NEW, SAI_SEEN_SAME, SAI_SEEN_CONTRADICTION };

/* Compares a decision with those before it, and notes it; *row: of the one that it repeats or contradicts. */
int sai_seen_decision(enum sai_sighting *out, uint64_t *row, struct sai_seen *seen, const struct selectai_entry *entry);
/* The same for a rejected group, as row_rejected.c carries it: CONTRADICTION if one of its images was chosen. */
int sai_seen_rejected(enum sai_sighting *out, uint64_t *row, struct sai_seen *seen, const struct selectai_entry *group);
/* The row of a rejected group that has the decision's winner; 0: none has. */
uint64_t sai_seen_group_of_winner(const struct sai_seen *seen, const struct selectai_entry *entry);
/* The same for a text that should be there once. */
int sai_seen_text(enum sai_sighting *out, uint64_t *row, struct sai_seen *seen, const char *text, uint64_t at);

/* ---- Checks of rows that are usable (decision_checks.c) --------------------------------------- */

struct sai_row_view {
    const struct selectai_entry *entry;
    const struct sai_log_header *header; /* NULL for JSONL */
    char *const *fields;
    unsigned notes; /* enum sai_row_note */
    bool rejected;  /* a group, as row_rejected.c carries it */
};

/* What is kept of one log while its rows go by. */
struct sai_log_state {
    struct sai_seen *seen;
    struct sai_presence presence;
    const char *folder; /* of the log */
    uint64_t pixels, fractions, full_frame;
};
int sai_check_row(struct sai_validator *v, size_t result, struct sai_log_state *state, const struct sai_row_view *row);
/* Notes that concern the file as a whole. */
int sai_check_log_end(struct sai_validator *v, size_t result, struct sai_log_state *state);

/* Looks for the images of a row, and reports those that are not there. */
int sai_check_presence(struct sai_validator *v, size_t result, struct sai_presence *presence, const char *folder,
                       const char *path, uint64_t row);
/* At the end of a file: if no image is there at all, that is one note. */
int sai_check_presence_end(struct sai_validator *v, size_t result, const struct sai_presence *presence);

/* ---- Copies (fix.c) -------------------------------------------------------------------------- */

int sai_fix_create(struct sai_fix **out, const char *out_dir, const char *const *paths, size_t n_paths);
void sai_fix_destroy(struct sai_fix **fix); /* without a commit nothing is left, not even whole copies */
/* Begins the copy of a file. fix may be NULL: nothing happens, here and below. */
int sai_fix_begin(struct sai_fix *fix, const char *path);
/* The bytes up to `end` that were not copied yet are copied, */
int sai_fix_keep(struct sai_fix *fix, uint64_t end);
/* or left out; the reason is the last error, or `message`. */
int sai_fix_drop(struct sai_fix *fix, uint64_t end, uint64_t row, const char *code, const char *message);
/* whole: what follows the last row belongs to the copy; else, read in part, it gets none. */
int sai_fix_end(struct sai_fix *fix, bool whole);
/* Puts everything in place. */
int sai_fix_commit(struct sai_fix *fix, uint64_t *n_dropped);

#endif
