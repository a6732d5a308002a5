/*
 * trainset/log_append.c: which rows stand in a log already.
 *
 * Rows are compared by what says the decision: project, winner, losers, crop in whole pixels. Session, time and set do
 * not count, since every tool numbers sets in its own way, nor do columns that only repeat the others (directory,
 * stages, sizes of losers).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "trainset/load.h"
#include "trainset/log_form.h"
#include "trainset/log_write.h"

/* ---- Keys ------------------------------------------------------------------------------------ */

static int compare_texts(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;
    return strcmp(*a, *b);
}

/* The text as it is when it has been written and read again: the writer drops control characters, the reader folds line
 * ends. The end is marked by a byte that stays out of texts. */
static void add_text(struct sai_text *key, const char *text)
{
    for (const char *p = text ? text : ""; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '\r') {
            sai_text_add(key, "\n", 1);
            p += p[1] == '\n';
        } else if ((c >= 0x20 || c == '\t' || c == '\n') && c != 0x7F) {
            sai_text_add(key, p, 1);
        }
    }
    sai_text_add(key, "\x01", 1);
}

static void write_key(struct sai_text *text, struct sai_log_key *key)
{
    sai_text_clear(text);
    for (size_t i = 0; i < sizeof key->texts / sizeof *key->texts; i++)
        add_text(text, key->texts[i]);
    for (size_t i = 0; key->has_box && i < 4; i++)
        sai_text_printf(text, "%.0f,", key->box[i]);
    if (key->n_paths > 1)
        qsort(key->paths, key->n_paths, sizeof *key->paths, compare_texts);
    for (size_t i = 0; i < key->n_paths; i++)
        add_text(text, key->paths[i]);
}

int sai_log_seen_add(bool *is_new, struct sai_log_seen *seen, struct sai_log_key *key)
{
    write_key(&seen->text, key);
    if (seen->text.failed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *is_new = sai_name_index_find(&seen->index, seen->text.data, seen->text.length) == SAI_INDEX_END;
    if (!*is_new)
        return SELECTAI_OK;
    const char *copy = sai_arena_strndup(&seen->arena, seen->text.data, seen->text.length);
    return copy ? sai_name_index_add(&seen->index, copy, seen->text.length, 0) : SELECTAI_ERR_OUT_OF_MEMORY;
}

void sai_log_seen_free(struct sai_log_seen *seen)
{
    sai_name_index_free(&seen->index);
    sai_arena_clear(&seen->arena);
    sai_text_free(&seen->text);
}

/* ---- Rows of an old file --------------------------------------------------------------------- */

struct old_row {
    const struct sai_log_columns *columns;
    const struct sai_csv_reader *reader;
    struct sai_log_key key;
    json_t *list; /* keeps the paths of a list alive */
};

static const char *cell_at(const struct old_row *row, size_t at)
{
    return at < row->reader->n_fields ? sai_log_without_apostrophe(row->reader->fields[at]) : "";
}

static const char *cell(const struct old_row *row, enum sai_field field, uint32_t image)
{
    for (size_t i = 0; i < row->columns->count; i++)
        if (row->columns->items[i].field == field && row->columns->items[i].image == image)
            return cell_at(row, i);
    return "";
}

static double number(const struct old_row *row, enum sai_field field, uint32_t image)
{
    double value;
    return sai_number_parse(&value, cell(row, field, image)) ? value : (double)NAN;
}

static int add_path(struct sai_log_key *key, const char *path)
{
    if (!SAI_GROW(key->paths, key->capacity, key->n_paths + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    key->paths[key->n_paths++] = path;
    return SELECTAI_OK;
}

/* What is no list counts as the one path it looks like. */
static int read_list(struct old_row *row, enum sai_field field)
{
    const char *text = cell(row, field, 0);
    int rc = sai_list_parse(&row->list, text, "");
    if (rc == SELECTAI_ERR_FORMAT)
        return add_path(&row->key, text);
    for (size_t i = 0; rc == SELECTAI_OK && i < json_array_size(row->list); i++) {
        const char *path = json_string_value(json_array_get(row->list, i));
        rc = add_path(&row->key, path ? path : "");
    }
    return rc;
}

/* The images but the chosen one; *chosen is its number. */
static int read_images(uint32_t *chosen, struct old_row *row)
{
    const char *winner = cell(row, SAI_FIELD_CHOSEN_PATH, 0);
    double index = number(row, SAI_FIELD_CHOSEN_INDEX, 0);
    int rc = SELECTAI_OK;
    *chosen = index >= 0 && index < row->columns->n_images ? (uint32_t)index : 0;
    for (size_t i = 0; rc == SELECTAI_OK && i < row->columns->count; i++) {
        const char *path = cell_at(row, i);
        if (row->columns->items[i].field == SAI_FIELD_IMAGE_PATH && *path && strcmp(path, winner) != 0)
            rc = add_path(&row->key, path);
    }
    return rc;
}

/* Old logs have boxes in pixels and in fractions, row by row. */
static void read_box(struct old_row *row, double width, double height)
{
    double *box = row->key.box;
    bool fractions = true;
    for (int side = 0; side < 4; side++) {
        box[side] = number(row, (enum sai_field)(SAI_FIELD_X1 + side), 0);
        fractions = fractions && box[side] <= 1;
    }
    for (int side = 0; fractions && side < 4; side++)
        box[side] *= side % 2 ? height : width;
    row->key.has_box = true;
}

static int read_key(struct old_row *row)
{
    struct sai_log_key *key = &row->key;
    int32_t form = row->columns->form;
    uint32_t chosen;
    int rc = SELECTAI_OK;
    key->n_paths = 0;
    key->texts[1] = cell(row, form == SELECTAI_LOG_CROP ? SAI_FIELD_FILENAME : SAI_FIELD_CHOSEN_PATH, 0);
    switch (form) {
    case SELECTAI_LOG_SELECTION:
        rc = read_list(row, SAI_FIELD_NEG_PATHS);
        break;
    case SELECTAI_LOG_ANOMALIES:
        key->texts[0] = cell(row, SAI_FIELD_PROJECT, 0);
        rc = read_list(row, SAI_FIELD_REJECTED_PATHS);
        break;
    case SELECTAI_LOG_CROP:
        key->texts[0] = cell(row, SAI_FIELD_PROJECT_ID, 0);
        read_box(row, number(row, SAI_FIELD_WIDTH, 0), number(row, SAI_FIELD_HEIGHT, 0));
        break;
    default:
        rc = read_images(&chosen, row);
        read_box(row, number(row, SAI_FIELD_IMAGE_WIDTH, chosen), number(row, SAI_FIELD_IMAGE_HEIGHT, chosen));
    }
    return rc;
}

static int note_row(struct sai_log_seen *seen, struct old_row *row)
{
    bool is_new;
    int rc = read_key(row);
    if (rc == SELECTAI_OK)
        rc = sai_log_seen_add(&is_new, seen, &row->key);
    json_decref(row->list);
    row->list = NULL;
    return rc;
}

int sai_log_read_old(struct sai_log_columns *columns, struct sai_log_seen *seen, const char *path, int32_t form)
{
    struct sai_csv_reader reader;
    struct old_row row = {.columns = columns, .reader = &reader};
    int rc = sai_csv_open(&reader, path);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_csv_next(&reader);
    if (rc == SELECTAI_OK)
        rc = sai_log_columns_read(columns, form, &reader);
    while (rc == SELECTAI_OK) {
        rc = sai_csv_next(&reader);
        if (rc == SELECTAI_OK)
            rc = note_row(seen, &row);
    }
    sai_free(row.key.paths);
    sai_csv_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}
