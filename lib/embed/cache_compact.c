/*
 * embed/cache_compact.c: rewrites a cache without what is not needed any more.
 *
 * The order of the steps is what makes it safe while others are at work, and against kills:
 *   1. a file "compacted-<writer>" appears: whoever publishes a part after this sees it, and moves what it adds behind
 *      this writer's parts (cache_write.c), so that no row that was here before wins over a later one;
 *   2. the folder is read: every part that was published before the file is seen; those of later writers are let alone;
 *   3. the new parts are published, as any writer's;
 *   4. the parts that were read are removed. Readers that have mapped them keep them.
 * A kill before 4 leaves rows twice, with the same content; the next compaction tidies up.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "embed/cache_bulk.h"
#include "embed/cache_options.h"
#include "embed/cache_part_index.h"

struct compaction {
    struct sai_cache_job job;
    selectai_embedding_cache *cache;
    struct sai_cache_bulk bulk;
    char writer[SAI_CACHE_WRITER_DIGITS + 1];
    char *marker;
    uint8_t *keep; /* of each row */
    size_t n_keep;
    float *vector;
};

/* ---- Which rows stay ------------------------------------------------------------------------- */

static int check_roots(const struct compaction *c)
{
    const struct selectai_cache_options *o = &c->job.options;
    if (!o->drop_missing)
        return SELECTAI_OK;
    if (o->n_roots == 0)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "which files are gone can only be told below a project's folder: give one");
    for (uint64_t i = 0; i < o->n_roots; i++) {
        bool known = false;
        int rc = sai_path_require_directory(o->root_folders[i]);
        if (rc != SELECTAI_OK)
            return rc;
        for (size_t k = 0; k < c->cache->table.n_projects && !known; k++)
            known = strcmp(c->cache->table.projects[k], o->root_projects[i]) == 0;
        if (!known)
            return SAI_FAIL(SELECTAI_ERR_NO_DATA, "%s: has no rows of a project %s", c->cache->directory,
                            o->root_projects[i]);
    }
    return SELECTAI_OK;
}

/* Of one project's latest rows. */
struct tally {
    uint64_t files, gone;
};

static int is_gone(bool *gone, const struct compaction *c, const struct sai_cache_row *row)
{
    struct stat st;
    *gone = false;
    const char *root = c->job.options.drop_missing ? sai_cache_job_root(&c->job, c->cache->table.projects[row->project])
                                                   : NULL;
    if (!root)
        return SELECTAI_OK;
    char *path = sai_path_join(root, row->rel_path);
    if (!path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *gone = stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
    sai_free(path);
    return SELECTAI_OK;
}

static int judge_row(struct compaction *c, size_t i, struct tally *tallies)
{
    const struct sai_cache_table *table = &c->cache->table;
    const struct sai_cache_row *row = &table->rows[i];
    bool gone;
    uint32_t last = sai_cache_table_find_path(table, table->projects[row->project], row->rel_path);
    if (last != i) {
        bool equal = sai_cache_same_content(&table->rows[last], row);
        ++*(equal ? &c->job.counts.repeated : &c->job.counts.superseded);
        return SELECTAI_OK;
    }
    int rc = is_gone(&gone, c, row);
    if (rc == SELECTAI_OK && gone)
        c->job.counts.missing++;
    tallies[row->project].files++;
    tallies[row->project].gone += gone;
    c->keep[i] = rc == SELECTAI_OK && !gone;
    c->n_keep += c->keep[i];
    return rc;
}

/* A disk that is not mounted has not lost its files: its folder is there, and empty. */
static int check_tallies(const struct compaction *c, const struct tally *tallies)
{
    const struct sai_cache_table *table = &c->cache->table;
    for (size_t k = 0; k < table->n_projects; k++)
        if (tallies[k].gone > 0 && tallies[k].gone == tallies[k].files)
            return SAI_FAIL(SELECTAI_ERR_NOT_FOUND,
                            "%s: none of the %llu files of project %s is there: is it the right folder, and its disk "
                            "mounted? Nothing was dropped",
                            sai_cache_job_root(&c->job, table->projects[k]), (unsigned long long)tallies[k].files,
                            table->projects[k]);
    return SELECTAI_OK;
}

static int judge_rows(struct compaction *c)
{
    const size_t n = c->cache->table.n_rows;
    struct tally *tallies = NULL;
    int rc = check_roots(c);
    if (rc == SELECTAI_OK &&
        (!(c->keep = sai_calloc(n + 1, 1)) || !(tallies = sai_calloc(c->cache->table.n_projects + 1, sizeof *tallies))))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++)
        rc = judge_row(c, i, tallies);
    if (rc == SELECTAI_OK)
        rc = check_tallies(c, tallies);
    sai_free(tallies);
    c->job.counts.read = n;
    return rc;
}

/* A sound index, or none where none is needed. */
static bool has_index(const struct sai_cache_part *part)
{
    struct sai_part_index *index = NULL;
    struct sai_error_copy kept;
    char *path = sai_part_index_name(part->jsonl_path);
    if (path && !sai_path_exists(path)) {
        sai_free(path);
        return part->n_rows < SAI_CACHE_INDEX_ROWS;
    }
    sai_error_save(&kept);
    bool sound = path && sai_part_index_open(&index, path, part->jsonl_path) == SELECTAI_OK;
    sound = sound && index->n_rows == part->n_rows && sai_part_index_intact(index);
    sai_part_index_close(&index);
    sai_error_restore(&kept);
    sai_free(path);
    return sound;
}

/* All parts but the last are full, all rows stay, in the form that is wanted. */
static bool is_compact_already(const struct compaction *c)
{
    const selectai_embedding_cache *cache = c->cache;
    if (c->n_keep != cache->table.n_rows)
        return false;
    for (size_t i = 0; i < cache->n_parts; i++) {
        const struct sai_cache_part *part = &cache->parts[i];
        if (part->half != c->bulk.half || (i + 1 < cache->n_parts && part->n_rows < SAI_CACHE_BULK_ROWS) ||
            !has_index(part))
            return false;
    }
    return true;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int leave_out(struct compaction *c, const char *kind, size_t i)
{
    c->job.counts.failed++;
    return sai_issues_add_last(c->job.issues, kind, sai_cache_part_of(c->cache, i)->npy_path, 0);
}

static int copy_row(struct compaction *c, size_t i)
{
    struct sai_cache_record record;
    sai_cache_record_of(&record, c->cache, i);
    int rc = sai_cache_checked_floats(c->vector, c->cache, i);
    if (rc == SELECTAI_ERR_FORMAT)
        return leave_out(c, "wrong-vector", i);
    rc = sai_cache_bulk_add(&c->bulk, &record, c->vector);
    return rc == SELECTAI_ERR_INVALID_ARGUMENT ? leave_out(c, "not-finite", i) : rc;
}

static int copy_rows(struct compaction *c)
{
    const size_t n = c->cache->table.n_rows;
    int rc = SELECTAI_OK;
    if (!(c->vector = sai_malloc_array(c->cache->dim, sizeof *c->vector)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++) {
        if (c->keep[i])
            rc = copy_row(c, i);
        if (rc == SELECTAI_OK)
            rc = sai_cache_job_progress(&c->job, i + 1, n);
    }
    return rc == SELECTAI_OK ? sai_cache_bulk_finish(&c->bulk) : rc;
}

static void remove_read_parts(const selectai_embedding_cache *cache)
{
    for (size_t i = 0; i < cache->n_parts; i++)
        sai_cache_part_remove(cache->parts[i].npy_path, cache->parts[i].jsonl_path);
}

/* ---- Failures -------------------------------------------------------------------------------- */

struct file_names {
    char **items;
    size_t n, capacity;
};

static int note_name(const char *path, void *ctx)
{
    struct file_names *names = ctx;
    if (!SAI_GROW(names->items, names->capacity, names->n + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    names->items[names->n] = sai_strdup(path);
    return names->items[names->n] ? (names->n++, SELECTAI_OK) : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* One file instead of many, without contents that could be decoded after all. A writer at work writes its own again. */
static int compact_failures(struct compaction *c)
{
    struct sai_cache_failures all = {0}, kept = {0};
    struct file_names names = {0};
    const struct sai_cache_table *table = &c->cache->table;
    int rc = sai_cache_failures_each(c->cache->directory, note_name, &names);
    if (rc == SELECTAI_OK)
        rc = sai_cache_failures_read(&all, c->cache->directory, NULL);
    for (size_t i = 0; i < all.n && rc == SELECTAI_OK; i++)
        if (sai_cache_table_find_content(table, all.items[i].project, all.items[i].size, all.items[i].crc32,
                                         all.items[i].xxh64) == SAI_CACHE_NONE)
            rc = sai_cache_failures_add(&kept, &all.items[i]);
    if (rc == SELECTAI_OK)
        rc = sai_cache_failures_write(&kept, c->cache->directory, c->writer);
    for (size_t i = 0; i < names.n; i++) {
        if (rc == SELECTAI_OK)
            (void)unlink(names.items[i]);
        sai_free(names.items[i]);
    }
    sai_free(names.items);
    sai_cache_failures_free(&all);
    sai_cache_failures_free(&kept);
    return rc;
}

/* ---- Tidying up ------------------------------------------------------------------------------ */

/* The latest marker stays: it tells that flushes of earlier writers may be gone. */
static void sweep(const struct compaction *c)
{
    const struct dirent *entry;
    DIR *dir = opendir(c->cache->directory);
    while (dir && (entry = readdir(dir)) != NULL) {
        const char *compacted = sai_cache_compacted_writer(entry->d_name);
        char *path = compacted && strcmp(compacted, c->writer) < 0 ? sai_path_join(c->cache->directory, entry->d_name)
                                                                   : NULL;
        if (path)
            (void)unlink(path);
        sai_free(path);
    }
    if (dir)
        closedir(dir);
    sai_cache_leftovers_remove(c->cache);
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int announce(struct compaction *c, const char *directory)
{
    struct sai_cache_list list = {0};
    int rc = sai_cache_list_read(&list, directory);
    if (rc != SELECTAI_OK)
        return rc;
    sai_cache_new_writer(c->writer, &list);
    sai_cache_list_free(&list);
    char *name = sai_asprintf("%s%s", SAI_CACHE_COMPACTED, c->writer);
    c->marker = name ? sai_path_join(directory, name) : NULL;
    sai_free(name);
    return c->marker ? sai_file_write_atomic(c->marker, "", 0) : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int compact(struct compaction *c)
{
    const struct selectai_cache_options *o = &c->job.options;
    bool half = o->dtype == SELECTAI_DTYPE_AUTO ? sai_cache_all_half(c->cache) : o->dtype == SELECTAI_DTYPE_FLOAT16;
    sai_cache_bulk_begin(&c->bulk, c->cache->directory, c->writer, c->cache->dim, half);
    int rc = judge_rows(c);
    if (rc != SELECTAI_OK)
        return rc;
    if (is_compact_already(c)) {
        c->job.counts.present = c->n_keep;
        rc = sai_cache_job_progress(&c->job, c->n_keep, c->n_keep);
    } else {
        rc = copy_rows(c);
        if (rc == SELECTAI_OK)
            remove_read_parts(c->cache);
        else
            sai_cache_bulk_take_back(&c->bulk);
        c->job.counts.written = c->bulk.n_rows;
        c->job.counts.files = c->bulk.n_parts;
    }
    if (rc == SELECTAI_OK)
        rc = compact_failures(c);
    if (rc == SELECTAI_OK)
        sweep(c);
    return rc;
}

int selectai_embedding_cache_compact(struct selectai_cache_counts *counts, selectai_issues **issues,
                                     const char *directory, const struct selectai_cache_options *options)
{
    struct compaction c = {.keep = NULL};
    SAI_REQUIRE(directory);
    int rc = sai_cache_job_begin(&c.job, options, "compact");
    if (rc == SELECTAI_OK) /* before anything is written: is it a cache at all? */
        rc = sai_cache_open_empty(&c.cache, directory);
    selectai_embedding_cache_close(&c.cache);
    if (rc == SELECTAI_OK)
        rc = announce(&c, directory);
    if (rc == SELECTAI_OK)
        rc = sai_cache_open_before(&c.cache, directory, c.writer);
    if (rc == SELECTAI_OK)
        rc = sai_issues_append(c.job.issues, c.cache->issues);
    if (rc == SELECTAI_OK)
        rc = compact(&c);
    sai_cache_bulk_end(&c.bulk);
    selectai_embedding_cache_close(&c.cache);
    sai_free(c.marker);
    sai_free(c.keep);
    sai_free(c.vector);
    return sai_cache_job_end(&c.job, rc, counts, issues);
}
