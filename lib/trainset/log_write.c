/*
 * trainset/log_write.c: decisions in the forms of old logs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/path.h"
#include "trainset/log_write.h"

#define FEWEST_IMAGES 2 /* as in the logs that there are */
#define MOST_IMAGES   1000u

struct log {
    const selectai_trainset *set;
    const char *path;
    struct sai_log_columns columns;
    struct sai_log_seen seen;
    struct sai_atomic_file file;
    uint64_t n_written;
};

/* The widest row decides how many images a new file has room for. */
static int new_columns(struct log *log, int32_t form)
{
    uint32_t n_images = FEWEST_IMAGES;
    for (size_t i = 0; i < log->set->count; i++)
        if (sai_log_holds(form, &log->set->items[i]) && log->set->items[i].n_negatives >= n_images)
            n_images = log->set->items[i].n_negatives + 1;
    if (form == SELECTAI_LOG_CROP_FULL && n_images > MOST_IMAGES)
        return SAI_FAIL(SELECTAI_ERR_LIMIT,
                        "%s: a decision has %u images, a full crop log has room for %u: write the minimal form",
                        log->path, (unsigned)n_images, MOST_IMAGES);
    return sai_log_columns_new(&log->columns, form, n_images);
}

/* Copies what is in the file already and ends its last line. */
static int copy_old(struct log *log)
{
    struct sai_mapping old = {0};
    int rc = sai_file_map(&old, log->path);
    if (rc != SELECTAI_OK)
        return rc;
    sai_atomic_write(&log->file, old.data, old.size);
    if (old.size > 0 && old.data[old.size - 1] != '\n' && log->columns.count > 0)
        sai_atomic_puts(&log->file, "\n");
    sai_file_unmap(&old);
    return SELECTAI_OK;
}

static int check_room(const struct log *log, const struct selectai_entry *entry)
{
    uint32_t room = log->columns.n_images;
    if (room == 0 || entry->n_negatives < room)
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                    "%s: has columns for %u images, a decision about %s has %u; nothing is added: write a new file",
                    log->path, (unsigned)room, entry->chosen_path, (unsigned)entry->n_negatives + 1);
}

static int write_row(struct log *log, struct sai_text *line, struct sai_log_writer *writer,
                     const struct selectai_entry *entry)
{
    bool is_new = false;
    int rc = sai_log_writer_set(writer, entry);
    if (rc == SELECTAI_OK)
        rc = sai_log_seen_add(&is_new, &log->seen, &writer->key);
    if (rc != SELECTAI_OK || !is_new)
        return rc;
    rc = check_room(log, entry);
    if (rc == SELECTAI_OK)
        rc = sai_log_row_write(line, writer);
    if (rc != SELECTAI_OK)
        return rc;
    sai_atomic_write(&log->file, line->data, line->length);
    sai_text_clear(line);
    log->n_written++;
    return SELECTAI_OK;
}

static int write_rows(struct log *log, bool header)
{
    struct sai_log_writer writer = {.columns = &log->columns};
    struct sai_text line = {0};
    int rc = SELECTAI_OK;
    if (header) {
        sai_log_columns_write(&line, &log->columns);
        sai_atomic_write(&log->file, line.data, line.length);
        rc = line.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
        sai_text_clear(&line);
    }
    for (size_t i = 0; rc == SELECTAI_OK && i < log->set->count; i++)
        if (sai_log_holds(log->columns.form, &log->set->items[i]))
            rc = write_row(log, &line, &writer, &log->set->items[i]);
    sai_text_free(&line);
    sai_log_writer_free(&writer);
    return rc;
}

/* Everything but putting the file in place. */
static int prepare(struct log *log, int32_t form, bool append)
{
    int rc = append ? sai_log_read_old(&log->columns, &log->seen, log->path, form) : SELECTAI_OK;
    if (rc == SELECTAI_OK)
        rc = sai_atomic_open(&log->file, log->path);
    if (rc == SELECTAI_OK && append)
        rc = copy_old(log);
    bool header = log->columns.count == 0;
    if (rc == SELECTAI_OK && header)
        rc = new_columns(log, form);
    return rc == SELECTAI_OK ? write_rows(log, header) : rc;
}

int selectai_trainset_write_log(uint64_t *n_written, const selectai_trainset *set, const char *path, int32_t form,
                                int32_t append)
{
    SAI_REQUIRE(set && path && *path);
    SAI_REQUIRE(form >= SELECTAI_LOG_SELECTION && form <= SELECTAI_LOG_ANOMALIES);
    struct log log = {.set = set, .path = path};
    int rc = prepare(&log, form, append && sai_path_exists(path));
    if (rc == SELECTAI_OK)
        rc = sai_atomic_commit(&log.file);
    if (rc != SELECTAI_OK)
        sai_atomic_discard(&log.file);
    else if (n_written)
        *n_written = log.n_written;
    sai_log_columns_free(&log.columns);
    sai_log_seen_free(&log.seen);
    return rc;
}
