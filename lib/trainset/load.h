/*
 * trainset/load.h: the steps of reading decisions from files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_LOAD_H
#define SAI_TRAINSET_LOAD_H

#include <stdio.h>

#include "base/json.h"
#include "base/progress.h"
#include "trainset/entry.h"

#define SAI_CSV_COLUMNS 7
extern const char *const sai_csv_columns[SAI_CSV_COLUMNS];

#define SAI_ROOT_MARK "PROJECT_ROOT" /* stands in old logs for a folder of the machine that wrote them */

/* What a file seems to hold, by its first character that is not blank. */
enum sai_entry_format { SAI_ENTRIES_NONE, SAI_ENTRIES_JSONL, SAI_ENTRIES_CSV };
int sai_entry_format_of(enum sai_entry_format *out, const char *path);

/* Where an entry stands, to name it later. */
struct sai_origin {
    uint32_t file; /* index into loader->paths */
    bool rejected; /* it is a rejected group, carried as an entry: row_rejected.c */
    uint64_t row;
};

/* A row that is left out. */
struct sai_bad_row {
    struct sai_origin origin;
    int code;
    const char *kind, *message; /* in the set's arena */
};

/* What a row that is in order has that is worth knowing. */
enum sai_row_note {
    SAI_NOTE_FRACTIONS = 1,   /* its box is in fractions, */
    SAI_NOTE_PIXELS = 2,      /* or in pixels */
    SAI_NOTE_PLACEHOLDER = 4, /* the box (0,0,1,1), which is none */
    SAI_NOTE_NO_SIZE = 8,     /* the form has columns for the winner's size, and they tell none; or a box in pixels
                                 that cannot be placed */
};

/* Entries are read with the project they name, or ""; projects are found when all files have been read. */
struct sai_loader {
    const char *kind; /* of what is wrong with the row being read: a stable word for machines */
    unsigned notes;   /* enum sai_row_note, of the row being read */
    bool rejected;    /* the row being read is a rejected group: row_rejected.c */
    const char *const *paths;
    struct selectai_load_options options;
    uint32_t file;    /* the one being read */
    const char *path; /* the same, in the set's arena */
    bool strict;
    selectai_trainset *set;
    struct sai_origin *origins; /* one per entry of the set */
    size_t n_origins, origins_capacity;
    struct sai_bad_row *bad;
    size_t n_bad, bad_capacity;
    const char *session_id; /* the last one: neighbours share it */
    struct sai_progress progress;
    uint64_t bytes_before, bytes_total; /* of the files read so far, of all */
};

/* Raises FORMAT for the row being read; `word` is one of lib/validate/problems.c. */
#define SAI_BAD_ROW(loader, word, ...) ((loader)->kind = (word), SAI_FAIL(SELECTAI_ERR_FORMAT, __VA_ARGS__))

int sai_load_jsonl(struct sai_loader *loader);
int sai_load_csv(struct sai_loader *loader);

/* Reports how far the stream has come. Cheap enough for every row. */
int sai_loader_progress(struct sai_loader *loader, uint64_t row, FILE *stream);

/*
 * One row, read and completed by what its file names tell, its texts in the set's arena. What is wrong with it is the
 * error's message, without "path:row: ", and loader->kind.
 */
struct sai_log_header;
struct sai_csv_reader;
int sai_load_object(struct selectai_entry *out, struct sai_loader *loader, const json_t *object, uint64_t row);
int sai_load_record(struct selectai_entry *out, struct sai_loader *loader, const struct sai_log_header *header,
                    const struct sai_csv_reader *reader);
/* sai_csv_next(); a record beyond its limits is one bad row, FORMAT, too. */
int sai_load_next_record(struct sai_csv_reader *reader);

/* A line of JSONL without a byte order mark; *n becomes 0 for a blank one. */
const char *sai_load_line_text(size_t *n, const struct sai_line_reader *reader);

/* ---- Members of a JSON row (row_lists.c) ----------------------------------------------------- */

/* A member that is there and not null. */
const json_t *sai_row_member(const json_t *object, const char *key);
/* *out stays as it is where the text is absent or empty. */
int sai_row_text(const char **out, struct sai_loader *loader, const json_t *object, const char *key, bool needed);

/* Paths and their stages, in the set's arena. */
struct sai_row_images {
    const char **paths;
    double *stages; /* NaN: not known */
    uint32_t n;
};
/* Room for n images: stages NaN, paths to be filled in by the caller. Too many are FORMAT. */
int sai_row_images_make(struct sai_row_images *out, struct sai_arena *arena, size_t n, const char *what);

/* Their members in a row, and what they are in messages. */
struct sai_row_keys {
    const char *paths, *stages, *what;
};
/* At least one path; stages may be absent. */
int sai_row_images(struct sai_row_images *out, struct sai_loader *loader, const json_t *object,
                   const struct sai_row_keys *keys);

/* ---- Rejected groups (row_rejected.c) -------------------------------------------------------- */

/* Whether the row is one, and not an entry. */
bool sai_is_rejected(const json_t *object);
/* For sai_load_object(): the group as an entry, complete. Sets loader->rejected. */
int sai_row_rejected(struct selectai_entry *out, struct sai_loader *loader, const json_t *object, uint64_t row);
/* What such an entry stands for; the lists lie in the arena, the texts where the entry's do. */
int sai_rejected_of_entry(struct selectai_rejected_group *out, const struct selectai_entry *e, struct sai_arena *arena);
/* Takes the groups that count from the set's entries to its rejected groups, when their projects are known. */
int sai_loader_part_rejected(struct sai_loader *loader);

/* ---- Rows of all forms ----------------------------------------------------------------------- */

/* Checks an object of an entry's members and adds it to the set; what is wrong with it is the error's message. */
int sai_loader_add_row(struct sai_loader *loader, const json_t *object, uint64_t row);

/* Completes what the file names tell and checks the entry, whose texts lie in the set's arena. */
int sai_loader_complete(struct sai_loader *loader, struct selectai_entry *entry, uint64_t row);

/* Adds a complete entry to the set. */
int sai_loader_add_entry(struct sai_loader *loader, const struct selectai_entry *entry);

/* FORMAT if a path is longer than any file's. */
int sai_entry_check_lengths(struct sai_loader *loader, const struct selectai_entry *entry);

/* Room for n losers: stages NaN, paths to be filled in by the caller. LIMIT-like counts are FORMAT. */
int sai_entry_make_losers(const char ***paths, double **stages, struct selectai_entry *entry, struct sai_arena *arena,
                          size_t n);

/* After a check returned rc: a FORMAT message that says what is wrong gets "path:row: " put before it. */
int sai_loader_where(const struct sai_loader *loader, int rc, uint64_t row);

/* Notes the last error, of that code, as the reason why a row is left out. */
int sai_loader_note(struct sai_loader *loader, int code, const char *kind, struct sai_origin origin);

/* After a step for one row returned rc: OK, or the bad row noted, or an error that ends loading. */
int sai_loader_row_done(struct sai_loader *loader, int rc, const char *kind, struct sai_origin origin);

/*
 * Whose rows are, row by row: first every row that names its project is told to sai_finder_name(), then every row goes
 * through sai_finder_find(). Names of projects lie in `lasting`, which outlives the finder.
 */
struct sai_finder;
int sai_finder_create(struct sai_finder **out, struct sai_loader *loader, struct sai_arena *lasting);
void sai_finder_destroy(struct sai_finder **finder);
int sai_finder_name(struct sai_finder *finder, struct selectai_entry *entry);
int sai_finder_find(struct sai_finder *finder, struct selectai_entry *entry);
/* Whether what a row names agrees with where its images lie; then puts the root in place. Last. */
int sai_finder_check(struct sai_finder *finder, struct selectai_entry *entry);

/* The rule of project_rule.c: it learns from all rows that have a project by then, then judges each. */
struct sai_project_rule;
/* projects: whose folders are known from a config; may be NULL; must outlive it. */
int sai_project_rule_create(struct sai_project_rule **out, const selectai_projects *projects);
void sai_project_rule_destroy(struct sai_project_rule **rule);
int sai_project_rule_learn(struct sai_project_rule *rule, const struct selectai_entry *entry);
int sai_project_rule_check(struct sai_project_rule *rule, const struct selectai_entry *entry);

/* "unknown-project" or "project-rule", after one of the two refused a row. */
const char *sai_project_kind(int code);

/* Gives every entry the project it belongs to, and takes out those with losers that belong to none. */
int sai_loader_find_projects(struct sai_loader *loader);

/* Takes out the entries whose images belong to several projects. */
int sai_loader_check_projects(struct sai_loader *loader);

/* Why four edges x1,y1,x2,y2 are no box: "box-inverted" or "box-empty". */
const char *sai_box_fault(const double edges[4]);

/* "['a', \"b\"]", "[1.0, None]" or JSON, also with its quotes doubled once more: a new JSON array. */
int sai_list_parse(json_t **out, const char *text, const char *what);

#endif
