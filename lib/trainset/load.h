/*
 * trainset/load.h: the steps of reading training entries.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_LOAD_H
#define SAI_TRAINSET_LOAD_H

#include "base/json.h"
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

struct sai_loader {
    const char *const *paths;
    uint32_t file; /* the one being read */
    bool strict;
    selectai_trainset *set;
    struct sai_origin *origins; /* one per entry of the set */
    size_t n_origins, origins_capacity;
    struct sai_bad_row *bad;
    size_t n_bad, bad_capacity;
};

int sai_load_jsonl(struct sai_loader *loader);
int sai_load_csv(struct sai_loader *loader);

/* Checks an object of an entry's members and adds it to the set; what is wrong with it is the error's message. */
int sai_loader_add_row(struct sai_loader *loader, const json_t *object, uint64_t row);

/* After a step for one row returned rc: OK, or the bad row noted (FORMAT, LIMIT, PROJECT_RULE), or an error that ends
 * loading. */
int sai_loader_row_done(struct sai_loader *loader, int rc, const char *kind, struct sai_origin origin);

/* Takes out the entries whose images belong to several projects. */
int sai_loader_check_projects(struct sai_loader *loader);

/* "['a', \"b\"]", "[1.0, None]" or JSON, also with its quotes doubled once more: a new JSON array. */
int sai_list_parse(json_t **out, const char *text, const char *what);

#endif
