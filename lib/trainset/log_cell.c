/*
 * trainset/log_cell.c: cells of CSV logs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/iso_time.h"
#include "base/number.h"
#include "project/name.h"
#include "trainset/log_row.h"

const char *sai_log_cell(const struct sai_log_row *row, size_t at)
{
    return at == SAI_NO_COLUMN ? "" : sai_log_without_apostrophe(row->fields[at]);
}

const char *sai_log_without_apostrophe(const char *text)
{
    return text[0] == '\'' && text[1] && strchr("=+-@\t", text[1]) ? text + 1 : text;
}

const char *sai_log_text(const struct sai_log_row *row, enum sai_log_column column)
{
    return sai_log_cell(row, row->header->at[column]);
}

int sai_log_read_text(const char **out, struct sai_log_row *row, enum sai_log_column column, bool needed)
{
    const char *text = sai_log_text(row, column);
    size_t n = strlen(text);
    if (n == 0)
        return needed ? SAI_BAD_ROW(row->loader, "missing-field", "%s is missing or empty", sai_log_column_name(column))
                      : SELECTAI_OK;
    if (!sai_utf8_valid(text, n))
        return SAI_BAD_ROW(row->loader, "not-utf8", "%s is not UTF-8", sai_log_column_name(column));
    const char *copy = sai_arena_strndup(row->arena, text, n);
    if (!copy)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *out = copy;
    return SELECTAI_OK;
}

int sai_log_read_number(double *out, const char *text, const char *name)
{
    if (*text && !sai_number_parse(out, text))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is no number", name);
    return SELECTAI_OK;
}

static int copy_paths(struct sai_log_row *row, const json_t *list, const char *name)
{
    const char **paths;
    double *stages;
    size_t n = json_array_size(list);
    row->loader->kind = "bad-list";
    if (n == 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is missing or no list of at least one path", name);
    int rc = sai_entry_make_losers(&paths, &stages, &row->entry, row->arena, n);
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++) {
        const char *path = json_string_value(json_array_get(list, i));
        if (!path || !*path)
            return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s has an element that is no path", name);
        paths[i] = sai_arena_strdup(row->arena, path);
        rc = paths[i] ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return rc;
}

int sai_log_read_losers(struct sai_log_row *row, enum sai_log_column column)
{
    json_t *list = NULL;
    const char *name = sai_log_column_name(column);
    int rc = sai_list_parse(&list, sai_log_text(row, column), name);
    if (rc == SELECTAI_OK)
        rc = copy_paths(row, list, name);
    else
        row->loader->kind = *sai_log_text(row, column) ? "bad-list" : "missing-field";
    if (rc == SELECTAI_OK)
        row->loader->kind = "bad-value";
    json_decref(list);
    return rc;
}

int sai_log_read_head(struct sai_log_row *row)
{
    struct selectai_entry *e = &row->entry;
    const char **last = &row->loader->session_id;
    int rc = SELECTAI_OK;
    if (*last && strcmp(*last, sai_log_text(row, SAI_COLUMN_SESSION_ID)) == 0)
        e->session_id = *last;
    else
        rc = sai_log_read_text(&e->session_id, row, SAI_COLUMN_SESSION_ID, false);
    *last = e->session_id;
    if (rc == SELECTAI_OK)
        rc = sai_log_read_text(&e->set_id, row, SAI_COLUMN_SET_ID, false);
    return rc == SELECTAI_OK ? sai_log_read_text(&e->project, row, SAI_COLUMN_PROJECT, false) : rc;
}

/* Whether some image of the row has this timestamp in its name. */
static bool is_an_images(const struct selectai_entry *e, const char *text)
{
    struct selectai_parsed_name name;
    for (size_t i = 0; i <= e->n_negatives; i++)
        if (!sai_parse_name(&name, i ? e->neg_paths[i - 1] : e->chosen_path) && strcmp(name.timestamp, text) == 0)
            return true;
    return false;
}

int sai_log_read_time(struct sai_log_row *row)
{
    struct selectai_entry *e = &row->entry;
    struct selectai_parsed_name name;
    char iso[SAI_ISO_TIME_BYTES];
    int64_t seconds;
    const char *text = sai_log_text(row, SAI_COLUMN_TIMESTAMP);
    size_t n = strlen(text);
    if (n == 0)
        return SELECTAI_OK;
    bool plain = n == 15 && text[8] == '_';
    if (plain && sai_parse_name(&name, e->chosen_path)) /* the only time there is of that image */
        return sai_log_read_text(&e->timestamp, row, SAI_COLUMN_TIMESTAMP, false);
    if (plain && is_an_images(e, text))
        return SELECTAI_OK;
    if (!sai_time_parse(&seconds, text))
        return SAI_BAD_ROW(row->loader, "bad-time", "timestamp is no time, such as 2025-10-05T03:25:40Z");
    if (text[n - 1] == 'Z' && text[10] == 'T') /* as it stands, with its fractions */
        return sai_log_read_text(&e->decided_at, row, SAI_COLUMN_TIMESTAMP, false);
    if (!sai_time_format_iso(iso, seconds))
        return SELECTAI_OK; /* a zone took it out of the years there are */
    e->decided_at = sai_arena_strdup(row->arena, iso);
    return e->decided_at ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

double sai_log_stage(const char *text)
{
    char number[SAI_NUMBER_SIZE];
    double stage;
    if (strncmp(text, "stage", 5) == 0)
        text += 5;
    size_t n = strspn(text, "0123456789.");
    if (n == 0 || n >= sizeof number || (text[n] && text[n] != '_'))
        return NAN;
    memcpy(number, text, n);
    number[n] = '\0';
    return sai_number_parse(&stage, number) ? stage : (double)NAN;
}
