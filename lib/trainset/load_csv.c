/*
 * trainset/load_csv.c: training entries in the seven columns of the first tool, in any order.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/csv.h"
#include "base/number.h"
#include "trainset/load.h"

/* sai_csv_columns by number */
enum { PROJECT, TIMESTAMP, CHOSEN_PATH, CHOSEN_STAGE, NEG_PATHS, NEG_STAGES, WAS_CROPPED };

#define ABSENT SIZE_MAX

/* Where each of our columns stands in this file. */
struct columns {
    size_t at[SAI_CSV_COLUMNS];
    size_t n_fields;
};

static int read_header(struct columns *columns, const struct sai_csv_reader *reader)
{
    for (size_t c = 0; c < SAI_CSV_COLUMNS; c++) {
        columns->at[c] = ABSENT;
        for (size_t i = 0; i < reader->n_fields; i++)
            if (columns->at[c] == ABSENT && strcmp(reader->fields[i], sai_csv_columns[c]) == 0)
                columns->at[c] = i;
    }
    columns->n_fields = reader->n_fields;
    static const int needed[] = {PROJECT, CHOSEN_PATH, NEG_PATHS};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (columns->at[needed[i]] == ABSENT)
            return SAI_FAIL(SELECTAI_ERR_FORMAT,
                            "%s: has no column \"%s\": training entries need at least project, chosen_path and "
                            "neg_paths in the header",
                            reader->path, sai_csv_columns[needed[i]]);
    return SELECTAI_OK;
}

/* The cell's text; the apostrophe that keeps spreadsheets from taking a text for a formula is taken off. */
static const char *cell(const struct columns *columns, const struct sai_csv_reader *reader, int column)
{
    if (columns->at[column] == ABSENT)
        return "";
    const char *text = reader->fields[columns->at[column]];
    return text[0] == '\'' && text[1] && strchr("=+-@\t", text[1]) ? text + 1 : text;
}

static int set_member(json_t *object, int column, json_t *value)
{
    if (value && json_object_set_new(object, sai_csv_columns[column], value) == 0)
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is not UTF-8", sai_csv_columns[column]);
}

static int add_list(json_t *object, int column, const char *text)
{
    json_t *list = NULL;
    int rc = sai_list_parse(&list, text, sai_csv_columns[column]);
    return rc == SELECTAI_OK ? set_member(object, column, list) : rc;
}

static int add_stage(json_t *object, const char *text)
{
    double stage;
    if (!*text || strcmp(text, "None") == 0)
        return SELECTAI_OK;
    if (!sai_number_parse(&stage, text))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "chosen_stage is no number");
    return set_member(object, CHOSEN_STAGE, json_real(stage));
}

static int add_truth(json_t *object, const char *text)
{
    static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE", "0", "1"};
    if (!*text || strcmp(text, "None") == 0)
        return SELECTAI_OK;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return set_member(object, WAS_CROPPED, json_boolean(i % 2));
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "was_cropped is neither true nor false");
}

static int fill(json_t *object, const struct columns *columns, const struct sai_csv_reader *reader)
{
    static const int texts[] = {PROJECT, TIMESTAMP, CHOSEN_PATH};
    int rc = SELECTAI_OK;
    if (reader->n_fields != columns->n_fields)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%zu fields where the header has %zu", reader->n_fields,
                        columns->n_fields);
    for (size_t i = 0; rc == SELECTAI_OK && i < sizeof texts / sizeof *texts; i++)
        rc = set_member(object, texts[i], json_string(cell(columns, reader, texts[i])));
    if (rc == SELECTAI_OK)
        rc = add_list(object, NEG_PATHS, cell(columns, reader, NEG_PATHS));
    if (rc == SELECTAI_OK && *cell(columns, reader, NEG_STAGES))
        rc = add_list(object, NEG_STAGES, cell(columns, reader, NEG_STAGES));
    if (rc == SELECTAI_OK)
        rc = add_stage(object, cell(columns, reader, CHOSEN_STAGE));
    return rc == SELECTAI_OK ? add_truth(object, cell(columns, reader, WAS_CROPPED)) : rc;
}

static int load_record(struct sai_loader *loader, const struct columns *columns, const struct sai_csv_reader *reader)
{
    json_t *object = json_object();
    if (!object)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: out of memory while reading", reader->path);
    int rc = fill(object, columns, reader);
    if (rc == SELECTAI_ERR_FORMAT) { /* those messages say what, this says where */
        struct sai_error_copy what;
        sai_error_save(&what);
        rc = SAI_FAIL(rc, "%s:%llu: %s", reader->path, (unsigned long long)reader->line, what.detail.message);
    }
    if (rc == SELECTAI_OK)
        rc = sai_loader_add_row(loader, object, reader->line);
    json_decref(object);
    return rc;
}

int sai_load_csv(struct sai_loader *loader)
{
    struct sai_csv_reader reader;
    struct columns columns;
    int rc = sai_csv_open(&reader, loader->paths[loader->file]);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_csv_next(&reader);
    if (rc == SELECTAI_OK)
        rc = read_header(&columns, &reader);
    while (rc == SELECTAI_OK) {
        rc = sai_csv_next(&reader);
        if (rc == SELECTAI_DONE)
            break;
        if (rc == SELECTAI_OK)
            rc = load_record(loader, &columns, &reader);
        struct sai_origin origin = {.file = loader->file, .row = reader.line};
        rc = sai_loader_row_done(loader, rc, "bad-row", origin);
    }
    sai_csv_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}
