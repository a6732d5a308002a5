/*
 * trainset/log_form.c: the forms of CSV logs, told apart by their header.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "trainset/log_form.h"

static const char *const column_names[SAI_N_COLUMNS] = {
    [SAI_COLUMN_PROJECT] = "project",
    [SAI_COLUMN_PROJECT_ID] = "project_id",
    [SAI_COLUMN_SESSION_ID] = "session_id",
    [SAI_COLUMN_SET_ID] = "set_id",
    [SAI_COLUMN_DIRECTORY] = "directory",
    [SAI_COLUMN_TIMESTAMP] = "timestamp",
    [SAI_COLUMN_IMAGE_COUNT] = "image_count",
    [SAI_COLUMN_CHOSEN_INDEX] = "chosen_index",
    [SAI_COLUMN_CHOSEN_PATH] = "chosen_path",
    [SAI_COLUMN_CHOSEN_STAGE] = "chosen_stage",
    [SAI_COLUMN_FILENAME] = "filename",
    [SAI_COLUMN_NEG_PATHS] = "neg_paths",
    [SAI_COLUMN_NEG_STAGES] = "neg_stages",
    [SAI_COLUMN_REJECTED_PATHS] = "rejected_paths",
    [SAI_COLUMN_MAX_REJECTED_STAGE] = "max_rejected_stage",
    [SAI_COLUMN_WAS_CROPPED] = "was_cropped",
    [SAI_COLUMN_X1] = "crop_x1",
    [SAI_COLUMN_Y1] = "crop_y1",
    [SAI_COLUMN_X2] = "crop_x2",
    [SAI_COLUMN_Y2] = "crop_y2",
    [SAI_COLUMN_WIDTH] = "width",
    [SAI_COLUMN_HEIGHT] = "height",
};

#define BIT(column) (UINT32_C(1) << SAI_COLUMN_##column)
#define BOX         (BIT(X1) | BIT(Y1) | BIT(X2) | BIT(Y2))

/* The first form that has its needed columns is it; `lacks` keeps similar ones apart. */
static const struct form {
    uint32_t needs, lacks;
    bool images; /* needs image_0_path */
} forms[SAI_N_FORMS] = {
    [SAI_FORM_ANOMALIES] = {BIT(CHOSEN_PATH) | BIT(REJECTED_PATHS), 0, false},
    [SAI_FORM_CROP_FULL] = {BIT(IMAGE_COUNT) | BIT(CHOSEN_INDEX) | BIT(CHOSEN_PATH) | BOX, 0, true},
    [SAI_FORM_CROP_MINIMAL] = {BIT(PROJECT_ID) | BIT(FILENAME) | BIT(WIDTH) | BIT(HEIGHT) | BOX, 0, false},
    [SAI_FORM_CROP_SHORT] = {BIT(CHOSEN_PATH) | BOX, BIT(IMAGE_COUNT) | BIT(NEG_PATHS), false},
    [SAI_FORM_SELECTION] = {BIT(SESSION_ID) | BIT(CHOSEN_PATH) | BIT(NEG_PATHS), 0, false},
    [SAI_FORM_ENTRIES] = {BIT(PROJECT) | BIT(CHOSEN_PATH) | BIT(NEG_PATHS), 0, false},
};

/* The forms in words, for the message about a header that is none of them. */
static const char known_forms[] =
    "training entries (project, chosen_path, neg_paths), selection log (session_id, set_id, chosen_path, neg_paths, "
    "timestamp), anomaly cases (chosen_path, rejected_paths), crop log (image_count, chosen_index, chosen_path, "
    "crop_x1..crop_y2, image_0_path ...; or chosen_path, crop_x1..crop_y2; or project_id, filename, crop_x1..crop_y2, "
    "width, height)";

const char *sai_log_column_name(enum sai_log_column column)
{
    return column_names[column];
}

static size_t find(const struct sai_csv_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->n_fields; i++)
        if (strcmp(reader->fields[i], name) == 0)
            return i;
    return SAI_NO_COLUMN;
}

static size_t find_numbered(const struct sai_csv_reader *reader, const char *before, size_t n, const char *behind)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s%zu%s", before, n, behind);
    return find(reader, name);
}

static int find_images(struct sai_log_header *header, const struct sai_csv_reader *reader)
{
    for (size_t n = 0;; n++) {
        struct sai_log_image image = {.path = find_numbered(reader, "image_", n, "_path")};
        if (image.path == SAI_NO_COLUMN)
            return SELECTAI_OK;
        image.stage = find_numbered(reader, "image_", n, "_stage");
        image.width = find_numbered(reader, "width_", n, "");
        image.height = find_numbered(reader, "height_", n, "");
        if (!SAI_GROW(header->images, header->images_capacity, n + 1))
            return SELECTAI_ERR_OUT_OF_MEMORY;
        header->images[header->n_images++] = image;
    }
}

#define SHOWN_HEADER 300 /* bytes of an unknown header in the message */

static int unknown(const struct sai_csv_reader *reader)
{
    struct sai_text found = {0};
    for (size_t i = 0; i < reader->n_fields && found.length <= SHOWN_HEADER; i++)
        sai_text_printf(&found, "%s%s", i ? "," : "", reader->fields[i]);
    int rc = found.failed
                 ? SELECTAI_ERR_OUT_OF_MEMORY
                 : SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: none of the known forms: its header is \"%.*s%s\"; known are %s",
                            reader->path, SHOWN_HEADER, found.data ? found.data : "",
                            found.length > SHOWN_HEADER ? "..." : "", known_forms);
    sai_text_free(&found);
    return rc;
}

/* The first of two columns of one name would be taken, and the other silently lost. */
static int check_once(const struct sai_csv_reader *reader, size_t column)
{
    for (size_t i = column + 1; i < reader->n_fields; i++)
        if (strcmp(reader->fields[i], reader->fields[column]) == 0)
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: its header names the column %s twice: rename one of them",
                            reader->path, reader->fields[column]);
    return SELECTAI_OK;
}

int sai_log_header_read(struct sai_log_header *out, const struct sai_csv_reader *reader)
{
    uint32_t present = 0;
    *out = (struct sai_log_header){.n_fields = reader->n_fields};
    for (size_t c = 0; c < SAI_N_COLUMNS; c++) {
        out->at[c] = find(reader, column_names[c]);
        if (out->at[c] != SAI_NO_COLUMN)
            present |= UINT32_C(1) << c;
    }
    int rc = SELECTAI_OK;
    for (size_t c = 0; rc == SELECTAI_OK && c < SAI_N_COLUMNS; c++)
        if (out->at[c] != SAI_NO_COLUMN)
            rc = check_once(reader, out->at[c]);
    if (rc == SELECTAI_OK)
        rc = find_images(out, reader);
    if (rc != SELECTAI_OK)
        return rc;
    for (int f = 0; f < SAI_N_FORMS; f++) {
        const struct form *form = &forms[f];
        if ((present & form->needs) == form->needs && !(present & form->lacks) && (!form->images || out->n_images)) {
            out->form = (enum sai_log_form)f;
            return SELECTAI_OK;
        }
    }
    return unknown(reader);
}

void sai_log_header_free(struct sai_log_header *header)
{
    sai_free(header->images);
    *header = (struct sai_log_header){0};
}
