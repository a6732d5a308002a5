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

/* What a file seems to hold, by its first character that is not blank. */
enum sai_entry_format { SAI_ENTRIES_NONE, SAI_ENTRIES_JSONL, SAI_ENTRIES_CSV };
int sai_entry_format_of(enum sai_entry_format *out, const char *path);

/* Where an entry stands, to name it later. */
struct sai_origin {
    uint32_t file; /* index into loader->paths */
    uint64_t row;
};

/* A row that is left out. */
struct sai_bad_row {
    struct sai_origin origin;
    int code;
    const char *kind, *message; /* in the set's arena */
};

/* Entries are read with the project they name, or ""; projects are found when all files have been read. */
struct sai_loader {
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

int sai_load_jsonl(struct sai_loader *loader);
int sai_load_csv(struct sai_loader *loader);

/* Reports how far the stream has come. Cheap enough for every row. */
int sai_loader_progress(struct sai_loader *loader, uint64_t row, FILE *stream);

/* Checks an object of an entry's members and adds it to the set; what is wrong with it is the error's message. */
int sai_loader_add_row(struct sai_loader *loader, const json_t *object, uint64_t row);

/* Completes what the file names tell, checks the entry and adds it to the set. Its texts lie in the set's arena. */
int sai_loader_add_entry(struct sai_loader *loader, struct selectai_entry *entry, uint64_t row);

/* Room for n losers: stages NaN, paths to be filled in by the caller. LIMIT-like counts are FORMAT. */
int sai_entry_make_losers(const char ***paths, double **stages, struct selectai_entry *entry, struct sai_arena *arena,
                          size_t n);

/* After a check returned rc: a FORMAT message that says what is wrong gets "path:row: " put before it. */
int sai_loader_where(const struct sai_loader *loader, int rc, uint64_t row);

/* After a step for one row returned rc: OK, or the bad row noted, or an error that ends loading. */
int sai_loader_row_done(struct sai_loader *loader, int rc, const char *kind, struct sai_origin origin);

/* Gives every entry the project it belongs to, and takes out those with losers that belong to none. */
int sai_loader_find_projects(struct sai_loader *loader);

/* Takes out the entries whose images belong to several projects. */
int sai_loader_check_projects(struct sai_loader *loader);

/* "['a', \"b\"]", "[1.0, None]" or JSON, also with its quotes doubled once more: a new JSON array. */
int sai_list_parse(json_t **out, const char *text, const char *what);

#endif
