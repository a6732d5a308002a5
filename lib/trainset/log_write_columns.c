/*
 * trainset/log_write_columns.c: the columns of the forms in which logs are written.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/number.h"
#include "trainset/log_write.h"

static const char *const names[] = {
    [SAI_FIELD_SESSION_ID] = "session_id",
    [SAI_FIELD_SET_ID] = "set_id",
    [SAI_FIELD_PROJECT] = "project",
    [SAI_FIELD_PROJECT_ID] = "project_id",
    [SAI_FIELD_DIRECTORY] = "directory",
    [SAI_FIELD_IMAGE_COUNT] = "image_count",
    [SAI_FIELD_CHOSEN_INDEX] = "chosen_index",
    [SAI_FIELD_CHOSEN_STAGE] = "chosen_stage",
    [SAI_FIELD_MAX_REJECTED_STAGE] = "max_rejected_stage",
    [SAI_FIELD_CHOSEN_PATH] = "chosen_path",
    [SAI_FIELD_FILENAME] = "filename",
    [SAI_FIELD_NEG_PATHS] = "neg_paths",
    [SAI_FIELD_REJECTED_PATHS] = "rejected_paths",
    [SAI_FIELD_X1] = "crop_x1",
    [SAI_FIELD_Y1] = "crop_y1",
    [SAI_FIELD_X2] = "crop_x2",
    [SAI_FIELD_Y2] = "crop_y2",
    [SAI_FIELD_WIDTH] = "width",
    [SAI_FIELD_HEIGHT] = "height",
    [SAI_FIELD_TIMESTAMP] = "timestamp",
};

/* What an image's columns are called: before and behind its number. */
static const struct {
    enum sai_field field;
    const char *before, *behind;
} image_names[] = {
    {SAI_FIELD_IMAGE_PATH, "image_", "_path"},
    {SAI_FIELD_IMAGE_STAGE, "image_", "_stage"},
    {SAI_FIELD_IMAGE_WIDTH, "width_", ""},
    {SAI_FIELD_IMAGE_HEIGHT, "height_", ""},
};
#define N_IMAGE_NAMES (sizeof image_names / sizeof *image_names)

#define MAX_FORM_COLUMNS 12

/* The fields of each form in the order of a new file; SAI_FIELD_OTHER ends the list. */
static const struct {
    const char *name;
    bool images;
    enum sai_field fields[MAX_FORM_COLUMNS];
} forms[] = {
    [SELECTAI_LOG_SELECTION] = {"selection log",
                                false,
                                {SAI_FIELD_SESSION_ID, SAI_FIELD_SET_ID, SAI_FIELD_CHOSEN_PATH, SAI_FIELD_NEG_PATHS,
                                 SAI_FIELD_TIMESTAMP, SAI_FIELD_OTHER}},
    [SELECTAI_LOG_CROP] = {"minimal crop log",
                           false,
                           {SAI_FIELD_TIMESTAMP, SAI_FIELD_PROJECT_ID, SAI_FIELD_FILENAME, SAI_FIELD_X1, SAI_FIELD_Y1,
                            SAI_FIELD_X2, SAI_FIELD_Y2, SAI_FIELD_WIDTH, SAI_FIELD_HEIGHT, SAI_FIELD_OTHER}},
    [SELECTAI_LOG_CROP_FULL] = {"full crop log",
                                true,
                                {SAI_FIELD_SESSION_ID, SAI_FIELD_SET_ID, SAI_FIELD_DIRECTORY, SAI_FIELD_IMAGE_COUNT,
                                 SAI_FIELD_CHOSEN_INDEX, SAI_FIELD_CHOSEN_PATH, SAI_FIELD_X1, SAI_FIELD_Y1,
                                 SAI_FIELD_X2, SAI_FIELD_Y2, SAI_FIELD_TIMESTAMP, SAI_FIELD_OTHER}},
    [SELECTAI_LOG_ANOMALIES] = {"log of anomaly cases",
                                false,
                                {SAI_FIELD_SESSION_ID, SAI_FIELD_SET_ID, SAI_FIELD_PROJECT, SAI_FIELD_CHOSEN_STAGE,
                                 SAI_FIELD_MAX_REJECTED_STAGE, SAI_FIELD_CHOSEN_PATH, SAI_FIELD_REJECTED_PATHS,
                                 SAI_FIELD_TIMESTAMP, SAI_FIELD_OTHER}},
};

static int add(struct sai_log_columns *columns, enum sai_field field, uint32_t image)
{
    if (!SAI_GROW(columns->items, columns->capacity, columns->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    columns->items[columns->count++] = (struct sai_log_column_at){field, image};
    return SELECTAI_OK;
}

int sai_log_columns_new(struct sai_log_columns *out, int32_t form, uint32_t n_images)
{
    int rc = SELECTAI_OK;
    out->form = form;
    out->n_images = forms[form].images ? n_images : 0;
    for (const enum sai_field *field = forms[form].fields; rc == SELECTAI_OK && *field != SAI_FIELD_OTHER; field++)
        rc = add(out, *field, 0);
    for (uint32_t image = 0; image < out->n_images; image++)
        for (size_t i = 0; rc == SELECTAI_OK && i < N_IMAGE_NAMES; i++)
            rc = add(out, image_names[i].field, image);
    return rc;
}

/* ---- An old header --------------------------------------------------------------------------- */

static bool has(const struct sai_log_columns *columns, enum sai_field field, uint32_t image)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->items[i].field == field && columns->items[i].image == image)
            return true;
    return false;
}

/* "image_12_path" and so on. */
static bool is_image_column(struct sai_log_column_at *out, const char *name)
{
    for (size_t i = 0; i < N_IMAGE_NAMES; i++) {
        size_t before = strlen(image_names[i].before), n = strlen(name), behind = strlen(image_names[i].behind);
        char digits[8] = "";
        uint64_t number;
        if (n <= before + behind || n - before - behind >= sizeof digits ||
            memcmp(name, image_names[i].before, before) != 0 ||
            memcmp(name + n - behind, image_names[i].behind, behind) != 0)
            continue;
        memcpy(digits, name + before, n - before - behind);
        if (!sai_number_parse_u64(&number, digits) || (digits[0] == '0' && digits[1]) || number >= SAI_CSV_MAX_FIELDS)
            continue;
        *out = (struct sai_log_column_at){image_names[i].field, (uint32_t)number};
        return true;
    }
    return false;
}

/* A column that comes twice counts once. */
static struct sai_log_column_at recognise(const struct sai_log_columns *columns, const char *name)
{
    struct sai_log_column_at column = {SAI_FIELD_OTHER, 0};
    const enum sai_field *field = forms[columns->form].fields;
    while (*field != SAI_FIELD_OTHER && strcmp(names[*field], name) != 0)
        field++;
    column.field = *field;
    if (column.field == SAI_FIELD_OTHER && forms[columns->form].images && !is_image_column(&column, name))
        return column;
    if (has(columns, column.field, column.image))
        column.field = SAI_FIELD_OTHER;
    return column;
}

static int lacks(const struct sai_log_columns *columns, const char *path, const char *name)
{
    return SAI_FAIL(SELECTAI_ERR_MISMATCH, "%s: has no column %s, it is no %s; nothing is added: choose another output",
                    path, name, forms[columns->form].name);
}

/* Rows tell neither session nor time if there is no place for them; all else is needed. */
static int check(const struct sai_log_columns *columns, const char *path)
{
    for (const enum sai_field *field = forms[columns->form].fields; *field != SAI_FIELD_OTHER; field++)
        if (*field != SAI_FIELD_SESSION_ID && *field != SAI_FIELD_TIMESTAMP && !has(columns, *field, 0))
            return lacks(columns, path, names[*field]);
    if (forms[columns->form].images && columns->n_images == 0)
        return lacks(columns, path, "image_0_path, image_0_stage, width_0 or height_0");
    return SELECTAI_OK;
}

static uint32_t count_images(const struct sai_log_columns *columns)
{
    uint32_t n = 0;
    for (; n < SAI_CSV_MAX_FIELDS; n++)
        for (size_t i = 0; i < N_IMAGE_NAMES; i++)
            if (!has(columns, image_names[i].field, n))
                return n;
    return n;
}

int sai_log_columns_read(struct sai_log_columns *out, int32_t form, const struct sai_csv_reader *reader)
{
    int rc = SELECTAI_OK;
    out->form = form;
    for (size_t i = 0; rc == SELECTAI_OK && i < reader->n_fields; i++) {
        struct sai_log_column_at column = recognise(out, reader->fields[i]);
        rc = add(out, column.field, column.image);
    }
    out->n_images = forms[form].images ? count_images(out) : 0;
    return rc == SELECTAI_OK ? check(out, reader->path) : rc;
}

void sai_log_columns_write(struct sai_text *line, const struct sai_log_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct sai_log_column_at *column = &columns->items[i];
        if (column->field < SAI_FIELD_IMAGE_PATH) {
            sai_csv_field(line, names[column->field]);
            continue;
        }
        const char *before = image_names[column->field - SAI_FIELD_IMAGE_PATH].before;
        const char *behind = image_names[column->field - SAI_FIELD_IMAGE_PATH].behind;
        sai_text_printf(line, "%s%u%s,", before, (unsigned)column->image, behind);
    }
    sai_csv_end(line);
}

void sai_log_columns_free(struct sai_log_columns *columns)
{
    sai_free(columns->items);
    *columns = (struct sai_log_columns){0};
}
