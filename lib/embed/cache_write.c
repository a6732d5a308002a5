/*
 * embed/cache_write.c: adding rows, flushing them as immutable parts, merging the parts of this writer.
 *
 * A part is published .npy first, then .jsonl: the .jsonl is the mark that commits it. Both are written under another
 * name, synced and renamed, so a kill at any moment loses what was not flushed and nothing else. Merging publishes the
 * joined part before it removes those it replaces; a kill in between leaves parts whose names show that they are
 * superseded. The scheme is that of log-structured merge trees (O'Neil et al., 1996), with MERGE_FAN parts a level.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/path.h"
#include "base/safetensors.h"
#include "base/text.h"
#include "embed/cache.h"
#include "embed/cache_line.h"
#include "embed/cache_npy.h"

#define MERGE_FAN   16u
#define MERGE_LEVEL 2u /* parts of this level (262144 rows) are large enough to be left alone */

/* ---- Publishing a part ----------------------------------------------------------------------- */

static int name_part(struct sai_cache_part *part, const selectai_embedding_cache *cache)
{
    char *id = sai_asprintf("%s-%06u-%06u", cache->writer, part->first, part->last);
    if (id) {
        part->npy_path = sai_cache_part_path(cache->directory, id, ".npy");
        part->jsonl_path = sai_cache_part_path(cache->directory, id, ".jsonl");
    }
    sai_free(id);
    return part->npy_path && part->jsonl_path ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* The rows lie together in memory or in one part; [first_row, first_row + n_rows) may span several of them. */
static int write_array(const selectai_embedding_cache *cache, struct sai_cache_part *part)
{
    struct sai_atomic_file file;
    char header[SAI_NPY_HEADER];
    size_t row_bytes = sai_cache_row_bytes(cache, part->half);
    int rc = sai_atomic_open(&file, part->npy_path);
    if (rc != SELECTAI_OK)
        return rc;
    sai_npy_header(header, part->n_rows, cache->dim, part->half);
    sai_atomic_write(&file, header, sizeof header);
    for (size_t i = 0; i < part->n_rows; i++) {
        bool half;
        sai_atomic_write(&file, sai_cache_row_data(cache, part->first_row + i, &half), row_bytes);
    }
    part->data_offset = SAI_NPY_HEADER;
    return sai_atomic_commit(&file);
}

int sai_cache_lines_write(const char *path, const struct sai_cache_table *table, size_t first, size_t n)
{
    struct sai_atomic_file file;
    struct sai_text line = {0};
    int rc = sai_atomic_open(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    for (size_t i = 0; i < n && !line.failed; i++) {
        const struct sai_cache_row *row = &table->rows[first + i];
        sai_text_clear(&line);
        sai_cache_line_write(&line, i, table->projects[row->project], row);
        sai_cache_line_seal(&line, 0);
        if (!line.failed)
            sai_atomic_write(&file, line.data, line.length);
    }
    bool failed = line.failed;
    sai_text_free(&line);
    if (!failed)
        return sai_atomic_commit(&file);
    sai_atomic_discard(&file);
    return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory while writing %s", path);
}

/* part: first, last, first_row, n_rows and half are set. On failure nothing of it is left on disk. */
static int publish(const selectai_embedding_cache *cache, struct sai_cache_part *part)
{
    int rc = name_part(part, cache);
    if (rc == SELECTAI_OK)
        rc = write_array(cache, part);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_file_map(&part->npy, part->npy_path); /* first: after the commit nothing may fail any more */
    if (rc == SELECTAI_OK)
        rc = sai_cache_lines_write(part->jsonl_path, &cache->table, part->first_row, part->n_rows);
    if (rc != SELECTAI_OK)
        (void)unlink(part->npy_path);
    return rc;
}

/* The rows are safe already: a merge that does not succeed (a full disk) is tried again at the next flush. */
static void merge_quietly(selectai_embedding_cache *cache)
{
    struct sai_error_copy kept;
    sai_error_save(&kept);
    if (sai_cache_merge(cache, false) != SELECTAI_OK)
        sai_error_restore(&kept);
}

/* ---- Compactions meanwhile ------------------------------------------------------------------- */

/* A compaction that began after this handle was opened may have missed the part that was just published. */
static bool is_overtaken(const selectai_embedding_cache *cache)
{
    char compacted[SAI_CACHE_WRITER_DIGITS + 1];
    return sai_cache_compacted(compacted, cache->directory) && strcmp(compacted, cache->writer) > 0;
}

/*
 * Later rows win, and parts are ordered by writer: what was just published, and all that follows, gets a writer id that
 * sorts behind the compaction's. Without memory or space for that the part stays as it is: its rows are safe, at worst
 * an earlier row of a changed file is found by name.
 */
static void renew_writer(selectai_embedding_cache *cache)
{
    struct sai_cache_list list = {0};
    struct sai_error_copy kept;
    struct sai_cache_part *old = &cache->parts[cache->n_parts - 1];
    /* A part of two flushes by its name: readers see that it took another's place (sai_cache_list_settled()). */
    struct sai_cache_part part = {
        .first = 1, .last = 2, .first_row = old->first_row, .n_rows = old->n_rows, .half = cache->half};
    char before[sizeof cache->writer];
    sai_error_save(&kept);
    memcpy(before, cache->writer, sizeof before);
    int rc = sai_cache_list_read(&list, cache->directory);
    if (rc == SELECTAI_OK) {
        sai_cache_new_writer(cache->writer, &list);
        rc = publish(cache, &part);
    }
    sai_cache_list_free(&list);
    if (rc != SELECTAI_OK) {
        memcpy(cache->writer, before, sizeof before);
        sai_cache_part_close(&part);
        sai_error_restore(&kept);
        return;
    }
    sai_cache_part_remove(old->npy_path, old->jsonl_path);
    sai_cache_part_close(old);
    *old = part;
    cache->first_own_part = cache->n_parts - 1; /* what lies before is the compaction's affair */
    cache->flushes = 2;
}

static int flush_rows(selectai_embedding_cache *cache)
{
    if (cache->n_pending == 0)
        return SELECTAI_OK;
    if (!SAI_GROW(cache->parts, cache->parts_capacity, cache->n_parts + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    struct sai_cache_part part = {.first = cache->flushes + 1,
                                  .last = cache->flushes + 1,
                                  .first_row = cache->table.n_rows - cache->n_pending,
                                  .n_rows = cache->n_pending,
                                  .half = cache->half};
    int rc = publish(cache, &part);
    if (rc != SELECTAI_OK) {
        sai_cache_part_close(&part);
        return rc;
    }
    cache->parts[cache->n_parts++] = part;
    cache->n_pending = 0;
    cache->flushes++;
    if (is_overtaken(cache))
        renew_writer(cache);
    merge_quietly(cache);
    return SELECTAI_OK;
}

int selectai_embedding_cache_flush(selectai_embedding_cache *cache)
{
    SAI_REQUIRE(cache && cache->writable);
    int rc = flush_rows(cache);
    return rc == SELECTAI_OK ? sai_cache_failures_write(&cache->failures, cache->directory, cache->writer) : rc;
}

/* ---- Merging --------------------------------------------------------------------------------- */

/* Parts [from, n_parts) become one. */
static int join(selectai_embedding_cache *cache, size_t from)
{
    const struct sai_cache_part *first = &cache->parts[from], *last = &cache->parts[cache->n_parts - 1];
    struct sai_cache_part joined = {.first = first->first,
                                    .last = last->last,
                                    .first_row = first->first_row,
                                    .n_rows = last->first_row + last->n_rows - first->first_row,
                                    .half = cache->half,
                                    .level = first->level + 1};
    int rc = publish(cache, &joined);
    if (rc != SELECTAI_OK) {
        sai_cache_part_close(&joined);
        return rc;
    }
    sai_cache_part_index(cache, &joined);
    for (size_t i = from; i < cache->n_parts; i++) {
        sai_cache_part_remove(cache->parts[i].npy_path, cache->parts[i].jsonl_path);
        sai_cache_part_close(&cache->parts[i]);
    }
    cache->parts[from] = joined;
    cache->n_parts = from + 1;
    return SELECTAI_OK;
}

/* The first of the last parts whose levels are all `level` or lower. */
static size_t tail_from(const selectai_embedding_cache *cache, uint32_t level)
{
    size_t from = cache->n_parts;
    while (from > cache->first_own_part && cache->parts[from - 1].level <= level)
        from--;
    return from;
}

int sai_cache_merge(selectai_embedding_cache *cache, bool closing)
{
    int rc = SELECTAI_OK;
    if (cache->n_parts <= cache->first_own_part || is_overtaken(cache))
        return SELECTAI_OK;
    for (uint32_t level = 0; level < MERGE_LEVEL && rc == SELECTAI_OK && !closing; level++) {
        size_t from = tail_from(cache, level);
        if (cache->n_parts - from < MERGE_FAN)
            break;
        rc = join(cache, from);
    }
    if (closing) {
        size_t from = tail_from(cache, MERGE_LEVEL - 1);
        if (cache->n_parts - from > 1)
            rc = join(cache, from);
    }
    return rc;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

int sai_cache_pack(uint8_t *out, uint32_t *crc, const float *vector, uint32_t dim, bool half)
{
    for (uint32_t i = 0; i < dim; i++) {
        uint16_t bits = half ? sai_half_from_float(vector[i]) : 0;
        if (!isfinite(vector[i]) || (bits & 0x7C00) == 0x7C00)
            return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "number %u of a vector is %g, which %s cannot hold", i,
                            (double)vector[i], half ? "a cache of float16" : "a cache");
        if (half)
            memcpy(out + 2 * (size_t)i, &bits, sizeof bits);
        else
            memcpy(out + 4 * (size_t)i, &vector[i], sizeof vector[i]);
    }
    *crc = (uint32_t)crc32_z(0, out, (size_t)dim * (half ? 2 : 4));
    return SELECTAI_OK;
}

/* Puts the vector behind the pending ones, in the form it will have in the file. */
static int store_vector(selectai_embedding_cache *cache, const float *vector, uint32_t *crc)
{
    size_t row_bytes = sai_cache_row_bytes(cache, cache->half);
    if (!cache->pending && !(cache->pending = sai_malloc_array(SAI_CACHE_FLUSH_ROWS, row_bytes)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    return sai_cache_pack(cache->pending + cache->n_pending * row_bytes, crc, vector, cache->dim, cache->half);
}

/* Text of the record is clean UTF-8. */
static int add_record(selectai_embedding_cache *cache, struct sai_cache_record *record, const float *vector)
{
    int rc = store_vector(cache, vector, &record->row.vector_crc32);
    if (rc == SELECTAI_OK)
        rc = sai_cache_table_push(&cache->table, record);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_cache_table_index(&cache->table);
    if (rc != SELECTAI_OK) {
        sai_cache_table_truncate(&cache->table, cache->table.n_rows - 1);
        return rc;
    }
    cache->n_pending++;
    return cache->n_pending == SAI_CACHE_FLUSH_ROWS ? selectai_embedding_cache_flush(cache) : SELECTAI_OK;
}

int sai_cache_add(selectai_embedding_cache *cache, const struct selectai_cache_row *row, const float *vector)
{
    const char *project, *rel_path;
    char *project_copy = NULL, *path_copy = NULL;
    struct sai_cache_record record = {.row = {.size = row->size,
                                              .mtime_ns = row->mtime_ns,
                                              .phash = row->phash,
                                              .xxh64 = row->xxh64,
                                              .crc32 = row->crc32,
                                              .width = row->width,
                                              .height = row->height,
                                              .has_vector_crc32 = 1}};
    int rc = sai_cache_clean_text(&project, &project_copy, row->project);
    if (rc == SELECTAI_OK)
        rc = sai_cache_clean_text(&rel_path, &path_copy, row->rel_path);
    if (rc == SELECTAI_OK) {
        record.project = project;
        record.n_project = strlen(project);
        record.rel_path = rel_path;
        record.n_rel_path = strlen(rel_path);
        rc = add_record(cache, &record, vector);
    }
    sai_free(project_copy);
    sai_free(path_copy);
    return rc;
}

int selectai_embedding_cache_add(selectai_embedding_cache *cache, const struct selectai_cache_row *row,
                                 const float *vector)
{
    struct selectai_cache_row full = {0};
    SAI_REQUIRE(cache && cache->writable && row && vector);
    int rc = sai_options_copy(&full, sizeof full, row);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(full.project && full.rel_path && *sai_path_basename(full.rel_path));
    SAI_REQUIRE(!full.filename || !*full.filename || strcmp(full.filename, sai_path_basename(full.rel_path)) == 0);
    SAI_REQUIRE(full.size <= INT64_MAX);
    /* Only after a flush that failed is there no room: nothing is added until it succeeds. */
    if (cache->n_pending == SAI_CACHE_FLUSH_ROWS)
        rc = selectai_embedding_cache_flush(cache);
    return rc == SELECTAI_OK ? sai_cache_add(cache, &full, vector) : rc;
}
