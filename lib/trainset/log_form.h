/*
 * trainset/log_form.h: the forms of CSV logs, told apart by their header.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_TRAINSET_LOG_FORM_H
#define SAI_TRAINSET_LOG_FORM_H

#include "base/csv.h"
#include "trainset/entry.h"

enum sai_log_form {
    SAI_FORM_ANOMALIES,
    SAI_FORM_CROP_FULL,
    SAI_FORM_CROP_MINIMAL,
    SAI_FORM_CROP_SHORT, /* nine columns, no sizes */
    SAI_FORM_SELECTION,
    SAI_FORM_ENTRIES,
    SAI_N_FORMS
};

/* All columns of all forms; image_<n>_path and so on stand in struct sai_log_header. */
enum sai_log_column {
    SAI_COLUMN_PROJECT,
    SAI_COLUMN_PROJECT_ID,
    SAI_COLUMN_SESSION_ID,
    SAI_COLUMN_SET_ID,
    SAI_COLUMN_DIRECTORY,
    SAI_COLUMN_TIMESTAMP,
    SAI_COLUMN_IMAGE_COUNT,
    SAI_COLUMN_CHOSEN_INDEX,
    SAI_COLUMN_CHOSEN_PATH,
    SAI_COLUMN_CHOSEN_STAGE,
    SAI_COLUMN_FILENAME,
    SAI_COLUMN_NEG_PATHS,
    SAI_COLUMN_NEG_STAGES,
    SAI_COLUMN_REJECTED_PATHS,
    SAI_COLUMN_MAX_REJECTED_STAGE,
    SAI_COLUMN_WAS_CROPPED,
    SAI_COLUMN_X1,
    SAI_COLUMN_Y1,
    SAI_COLUMN_X2,
    SAI_COLUMN_Y2,
    SAI_COLUMN_WIDTH,
    SAI_COLUMN_HEIGHT,
    SAI_N_COLUMNS
};

#define SAI_NO_COLUMN SIZE_MAX

struct sai_log_image {
    size_t path, stage, width, height; /* places in a row, or SAI_NO_COLUMN */
};

/* Where each column stands in this file. */
struct sai_log_header {
    enum sai_log_form form;
    size_t at[SAI_N_COLUMNS];
    size_t n_fields;
    struct sai_log_image *images; /* image_0 .. */
    size_t n_images, images_capacity;
};

const char *sai_log_column_name(enum sai_log_column column);

/* Takes the record read last for a header. FORMAT, naming the forms there are and the header found, if it is none. */
int sai_log_header_read(struct sai_log_header *out, const struct sai_csv_reader *reader);
void sai_log_header_free(struct sai_log_header *header);

/* A cell as it was meant: without the apostrophe that keeps spreadsheets from taking a text for a formula (log_cell.c).
 */
const char *sai_log_without_apostrophe(const char *cell);

#endif
