/*
 * trainset/write.c: sets as JSONL and CSV files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/csv.h"
#include "base/number.h"
#include "base/path.h"
#include "trainset/entry.h"
#include "trainset/load.h"

/* The seven columns of the first tool. */
const char *const sai_csv_columns[SAI_CSV_COLUMNS] = {"project",   "timestamp",  "chosen_path", "chosen_stage",
                                                      "neg_paths", "neg_stages", "was_cropped"};

static void csv_header(struct sai_text *line)
{
    for (size_t i = 0; i < SAI_CSV_COLUMNS; i++)
        sai_csv_field(line, sai_csv_columns[i]);
    sai_csv_end(line);
}

static void csv_row(struct sai_text *line, const struct selectai_entry *entry)
{
    char stage[SAI_NUMBER_SIZE] = "";
    struct sai_text list = {0};

    if (isfinite(entry->chosen_stage))
        sai_number_format(stage, entry->chosen_stage);
    sai_csv_field(line, entry->project);
    sai_csv_field(line, entry->timestamp);
    sai_csv_field(line, entry->chosen_path);
    sai_csv_field(line, stage);
    sai_json_texts(&list, entry->neg_paths, entry->n_negatives);
    sai_csv_field(line, list.failed ? "" : list.data);
    line->failed = line->failed || list.failed;
    sai_text_clear(&list);
    sai_json_numbers(&list, entry->neg_stages, entry->n_negatives);
    sai_csv_field(line, list.failed ? "" : list.data);
    line->failed = line->failed || list.failed;
    sai_text_free(&list);
    sai_csv_field(line, entry->was_cropped == 1 ? "true" : entry->was_cropped == 0 ? "false" : "");
    sai_csv_end(line);
}

/* A CSV that is added to must have our columns in our order: anything else would mix up the rows. */
static int check_old_header(const char *path)
{
    struct sai_csv_reader reader;
    int rc = sai_csv_open(&reader, path);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_csv_next(&reader);
    bool same = rc == SELECTAI_OK && reader.n_fields == SAI_CSV_COLUMNS;
    for (size_t i = 0; same && i < SAI_CSV_COLUMNS; i++)
        same = strcmp(reader.fields[i], sai_csv_columns[i]) == 0;
    sai_csv_close(&reader);
    if (rc == SELECTAI_OK && !same)
        return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                        "%s: has other columns than training entries, nothing is added: choose another output", path);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

/* Copies what is in the file already, ends its last line, and tells whether there was anything. */
static int copy_old(struct sai_atomic_file *file, bool *any, const char *path)
{
    struct sai_mapping old = {0};
    int rc = sai_file_map(&old, path);
    if (rc != SELECTAI_OK)
        return rc;
    sai_atomic_write(file, old.data, old.size);
    if (old.size > 0 && old.data[old.size - 1] != '\n')
        sai_atomic_puts(file, "\n");
    *any = old.size > 0;
    sai_file_unmap(&old);
    return SELECTAI_OK;
}

static int check_old(const char *path, bool csv)
{
    enum sai_entry_format format;
    int rc = sai_entry_format_of(&format, path);
    if (rc != SELECTAI_OK)
        return rc;
    if (format != SAI_ENTRIES_NONE && (format == SAI_ENTRIES_CSV) != csv)
        return SAI_FAIL(SELECTAI_ERR_MISMATCH, "%s: does not hold what its extension says, nothing is added", path);
    return csv && format == SAI_ENTRIES_CSV ? check_old_header(path) : SELECTAI_OK;
}

static int write_rows(struct sai_atomic_file *file, const selectai_trainset *set, bool csv, bool header)
{
    struct sai_text line = {0};
    if (csv && header)
        csv_header(&line);
    for (size_t i = 0; i < set->count; i++) {
        if (csv) {
            csv_row(&line, &set->items[i]);
        } else {
            sai_entry_json(&line, &set->items[i]);
            sai_text_puts(&line, "\n");
        }
        if (line.failed)
            break;
        sai_atomic_write(file, line.data, line.length);
        sai_text_clear(&line);
    }
    if (!line.failed)
        sai_atomic_write(file, line.data, line.length);
    bool failed = line.failed;
    sai_text_free(&line);
    return failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

static int write_rejected_rows(struct sai_atomic_file *file, const selectai_trainset *set)
{
    struct sai_text line = {0};
    for (size_t i = 0; i < set->n_rejected && !line.failed; i++) {
        sai_text_clear(&line);
        sai_rejected_json(&line, &set->rejected[i]);
        sai_text_puts(&line, "\n");
        if (!line.failed)
            sai_atomic_write(file, line.data, line.length);
    }
    bool failed = line.failed;
    sai_text_free(&line);
    return failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

/* What is written: all of a set's decisions, or its rejected groups. */
enum what { DECISIONS, REJECTED };

/* Behind what is in the file already, if `append`. */
static int write_file(const selectai_trainset *set, const char *path, enum what what, bool csv, bool append)
{
    struct sai_atomic_file file;
    bool any = false;
    append = append && sai_path_exists(path);
    int rc = append ? check_old(path, csv) : SELECTAI_OK;
    if (rc == SELECTAI_OK)
        rc = sai_atomic_open(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    if (append)
        rc = copy_old(&file, &any, path);
    if (rc == SELECTAI_OK)
        rc = what == REJECTED ? write_rejected_rows(&file, set) : write_rows(&file, set, csv, !any);
    if (rc == SELECTAI_OK)
        return sai_atomic_commit(&file);
    sai_atomic_discard(&file);
    return rc;
}

int sai_write_rejected(const selectai_trainset *set, const char *path, bool append)
{
    return write_file(set, path, REJECTED, false, append);
}

int selectai_trainset_write_rejected(const selectai_trainset *set, const char *path, int32_t append)
{
    SAI_REQUIRE(set && path && *path);
    if (strcasecmp(sai_path_extension(path), ".jsonl") != 0)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s: rejected groups are written to .jsonl files", path);
    return sai_write_rejected(set, path, append != 0);
}

int selectai_trainset_write(const selectai_trainset *set, const char *path, int32_t append)
{
    SAI_REQUIRE(set && path && *path);
    const char *extension = sai_path_extension(path);
    bool csv = strcasecmp(extension, ".csv") == 0;
    if (!csv && strcasecmp(extension, ".jsonl") != 0)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s: training entries are written to .jsonl or .csv files",
                        path);
    return write_file(set, path, DECISIONS, csv, append != 0);
}
