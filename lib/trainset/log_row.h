/*
 * trainset/log_row.h: one row of a CSV log: its cells, and how each form is read.
 *
 * What is wrong with a row is said without "path:row", which the caller puts before it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_LOG_ROW_H
#define SAI_TRAINSET_LOG_ROW_H

#include "trainset/load.h"
#include "trainset/log_form.h"

struct sai_log_row {
    struct sai_loader *loader;
    struct sai_arena *arena; /* the set's */
    const struct sai_log_header *header;
    char *const *fields; /* header->n_fields of them */
    struct selectai_entry entry;
};

/* ---- Cells (log_cell.c) ---------------------------------------------------------------------- */

/* The cell's text, "" if the column is not there; the apostrophe that keeps spreadsheets from taking a text for a
 * formula is taken off. */
const char *sai_log_cell(const struct sai_log_row *row, size_t at);
const char *sai_log_text(const struct sai_log_row *row, enum sai_log_column column);

/* A copy in the arena; FORMAT if the cell is not UTF-8, or empty though needed. An empty one leaves *out as it is. */
int sai_log_read_text(const char **out, struct sai_log_row *row, enum sai_log_column column, bool needed);

/* An empty cell leaves *out as it is. FORMAT, naming the column, if the text is none. */
int sai_log_read_number(double *out, const char *text, const char *name);

/* Fills the entry's losers from a list in a cell. */
int sai_log_read_losers(struct sai_log_row *row, enum sai_log_column column);

/* session_id, set_id, project. */
int sai_log_read_head(struct sai_log_row *row);

/* decided_at from the row's time, after chosen_path was read: an image's own timestamp is not the decision's. */
int sai_log_read_time(struct sai_log_row *row);

/* "stage1.5_face_swapped", "1.5" or "1": NaN for anything else. */
double sai_log_stage(const char *text);

/* ---- Forms ----------------------------------------------------------------------------------- */

int sai_log_read_entry(struct sai_log_row *row);     /* log_read_lists.c */
int sai_log_read_selection(struct sai_log_row *row); /* log_read_lists.c */
int sai_log_read_anomaly(struct sai_log_row *row);   /* log_read_lists.c */
int sai_log_read_crop_full(struct sai_log_row *row); /* log_read_crop.c */
int sai_log_read_crop_one(struct sai_log_row *row);  /* log_read_crop.c: nine columns and the minimal form */

#endif
