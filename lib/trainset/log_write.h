/*
 * trainset/log_write.h: the steps of writing the forms of old logs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_LOG_WRITE_H
#define SAI_TRAINSET_LOG_WRITE_H

#include "base/csv.h"
#include "project/name_index.h"
#include "trainset/entry.h"

/* What a column holds. The names stand in log_write_columns.c. */
enum sai_field {
    SAI_FIELD_SESSION_ID,
    SAI_FIELD_SET_ID,
    SAI_FIELD_PROJECT,
    SAI_FIELD_PROJECT_ID,
    SAI_FIELD_DIRECTORY,
    SAI_FIELD_IMAGE_COUNT,
    SAI_FIELD_CHOSEN_INDEX,
    SAI_FIELD_CHOSEN_STAGE,
    SAI_FIELD_MAX_REJECTED_STAGE,
    SAI_FIELD_CHOSEN_PATH,
    SAI_FIELD_FILENAME,
    SAI_FIELD_NEG_PATHS,
    SAI_FIELD_REJECTED_PATHS,
    SAI_FIELD_X1,
    SAI_FIELD_Y1,
    SAI_FIELD_X2,
    SAI_FIELD_Y2,
    SAI_FIELD_WIDTH,
    SAI_FIELD_HEIGHT,
    SAI_FIELD_TIMESTAMP,
    SAI_FIELD_IMAGE_PATH, /* these four of each image */
    SAI_FIELD_IMAGE_STAGE,
    SAI_FIELD_IMAGE_WIDTH,
    SAI_FIELD_IMAGE_HEIGHT,
    SAI_FIELD_OTHER /* stays empty */
};

struct sai_log_column_at {
    enum sai_field field;
    uint32_t image; /* which one, of those columns that come once an image */
};

/* A file's columns in their order. */
struct sai_log_columns {
    int32_t form; /* SELECTAI_LOG_* */
    struct sai_log_column_at *items;
    size_t count, capacity;
    uint32_t n_images; /* how many images there is room for; 0 where the form has no such columns */
};

/* ---- Columns (log_write_columns.c) ------------------------------------------------------------------ */

/* Those of a new file. */
int sai_log_columns_new(struct sai_log_columns *out, int32_t form, uint32_t n_images);

/* Those of the header that was read last. MISMATCH if it is that of another form. */
int sai_log_columns_read(struct sai_log_columns *out, int32_t form, const struct sai_csv_reader *reader);

/* Appends the header. */
void sai_log_columns_write(struct sai_text *line, const struct sai_log_columns *columns);

void sai_log_columns_free(struct sai_log_columns *columns);

/* ---- Rows that are there (log_append.c) --------------------------------------------------------- */

/* What a row says, in a form in which equal rows are equal. */
struct sai_log_key {
    const char *texts[2]; /* project, if the form has it, and path */
    double box[4];        /* in pixels, if has_box */
    bool has_box;
    const char **paths; /* of losers, or of all images: their order does not matter */
    size_t n_paths, capacity;
};

struct sai_log_seen {
    struct sai_name_index index;
    struct sai_arena arena;
    struct sai_text text; /* of one key */
};

/* Notes a row; *is_new: it was not there. Sorts key->paths. */
int sai_log_seen_add(bool *is_new, struct sai_log_seen *seen, struct sai_log_key *key);
void sai_log_seen_free(struct sai_log_seen *seen);

/* Reads the header and notes every row. The columns stay empty if there is none. MISMATCH, or FORMAT if the file is
 * damaged: what is added to it might be taken for a part of a broken row. */
int sai_log_read_old(struct sai_log_columns *columns, struct sai_log_seen *seen, const char *path, int32_t form);

/* ---- Rows (log_write_row.c) ---------------------------------------------------------------------- */

/* One decision on its way to a row. */
struct sai_log_writer {
    const struct sai_log_columns *columns;
    const struct selectai_entry *entry;
    uint32_t *order; /* its images by stage: 0 the winner, i + 1 the i-th loser */
    size_t order_capacity;
    uint32_t chosen_index;
    struct sai_log_key key;
    struct sai_text list;
};

/* Whether the form can hold it. */
bool sai_log_holds(int32_t form, const struct selectai_entry *entry);

/* Fills order, chosen_index and key of writer->entry. */
int sai_log_writer_set(struct sai_log_writer *writer, const struct selectai_entry *entry);

/* Appends the row of writer->entry. */
int sai_log_row_write(struct sai_text *line, struct sai_log_writer *writer);
void sai_log_writer_free(struct sai_log_writer *writer);

#endif
