/*
 * embed/cache_verify.c: proof that a cache's folder is what it says it is.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

#include "base/path.h"
#include "embed/cache_options.h"
#include "embed/cache_part_index.h"

/* A damaged disk can spoil a million rows: a list of that length helps nobody. */
#define MAX_ISSUES_A_PART 100u
#define WRITING_SECONDS   60 /* a part that was published so long ago is not being written */

static int check_vector(selectai_issues *issues, const selectai_embedding_cache *cache,
                        const struct sai_cache_part *part, size_t i, float *vector)
{
    size_t number = part->first_row + i;
    bool half;
    const struct sai_cache_row *row = &cache->table.rows[number];
    const uint8_t *data = sai_cache_row_data(cache, number, &half);
    sai_cache_row_floats(vector, cache, number);
    for (uint32_t k = 0; k < cache->dim; k++)
        if (!isfinite(vector[k]))
            return sai_issues_add(issues, SELECTAI_ERR_FORMAT, "not-finite", part->npy_path, i + 1,
                                  "%s: row %zu (%s): number %u is not finite", part->npy_path, i, row->rel_path, k);
    if (row->has_vector_crc32 &&
        crc32(crc32(0, NULL, 0), data, (uInt)sai_cache_row_bytes(cache, half)) != row->vector_crc32)
        return sai_issues_add(issues, SELECTAI_ERR_FORMAT, "wrong-vector", part->npy_path, i + 1,
                              "%s: row %zu is not the vector that was written for %s", part->npy_path, i,
                              row->rel_path);
    return SELECTAI_OK;
}

static int check_part(struct sai_cache_job *job, const selectai_embedding_cache *cache,
                      const struct sai_cache_part *part, float *vector)
{
    selectai_issues *issues = job->issues;
    size_t before = selectai_issues_count(issues);
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < part->n_rows && rc == SELECTAI_OK; i++) {
        if (selectai_issues_count(issues) - before == MAX_ISSUES_A_PART)
            return sai_issues_add(issues, SELECTAI_ERR_FORMAT, "too-many", part->npy_path, i + 1,
                                  "%s: and perhaps more: the rest of this part was not looked at", part->npy_path);
        rc = check_vector(issues, cache, part, i, vector);
        if (rc == SELECTAI_OK)
            rc = sai_cache_job_progress(job, part->first_row + i + 1, cache->table.n_rows);
    }
    return rc;
}

/* ---- Rows that are there twice --------------------------------------------------------------- */

/* The same file, unchanged, embedded twice; a changed file has two rows by right, and so has one with a new time. */
static int compare_rows(const struct sai_cache_row *a, const struct sai_cache_row *b)
{
    int order = a->project < b->project ? -1 : a->project > b->project;
    if (order == 0)
        order = strcmp(a->rel_path, b->rel_path);
    if (order == 0)
        order = a->size < b->size ? -1 : a->size > b->size;
    if (order == 0)
        order = a->crc32 < b->crc32 ? -1 : a->crc32 > b->crc32;
    if (order == 0)
        order = a->xxh64 < b->xxh64 ? -1 : a->xxh64 > b->xxh64;
    if (order == 0)
        order = a->mtime_ns < b->mtime_ns ? -1 : a->mtime_ns > b->mtime_ns;
    return order;
}

static int by_row(const void *x, const void *y)
{
    const struct sai_cache_row *a = *(const struct sai_cache_row *const *)x,
                               *b = *(const struct sai_cache_row *const *)y;
    int order = compare_rows(a, b);
    return order ? order : a < b ? -1 : a > b;
}

static int report_twice(selectai_issues *issues, const selectai_embedding_cache *cache, size_t a, size_t b)
{
    const struct sai_cache_part *first = sai_cache_part_of(cache, a), *second = sai_cache_part_of(cache, b);
    return sai_issues_add(issues, SELECTAI_ERR_FORMAT, "twice", second->jsonl_path, b - second->first_row + 1,
                          "%s: row %zu (%s) is also row %zu of %s", second->jsonl_path, b - second->first_row,
                          cache->table.rows[b].rel_path, a - first->first_row, first->jsonl_path);
}

/* Two writers that were at work at the same time may both have embedded a file: wasted work, but no fault. */
static bool same_writer(const selectai_embedding_cache *cache, size_t a, size_t b)
{
    const char *first = sai_path_basename(sai_cache_part_of(cache, a)->jsonl_path);
    const char *second = sai_path_basename(sai_cache_part_of(cache, b)->jsonl_path);
    size_t n = strlen("part-") + SAI_CACHE_WRITER_DIGITS;
    return strncmp(first, second, n) == 0;
}

static int check_twice(selectai_issues *issues, const selectai_embedding_cache *cache)
{
    const struct sai_cache_table *table = &cache->table;
    const struct sai_cache_row **order = sai_malloc_array(table->n_rows, sizeof *order);
    int rc = order ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    unsigned found = 0;
    for (size_t i = 0; order && i < table->n_rows; i++)
        order[i] = &table->rows[i];
    if (order && table->n_rows > 1)
        qsort(order, table->n_rows, sizeof *order, by_row);
    for (size_t i = 1; rc == SELECTAI_OK && i < table->n_rows && found < MAX_ISSUES_A_PART; i++) {
        size_t a = (size_t)(order[i - 1] - table->rows), b = (size_t)(order[i] - table->rows);
        if (compare_rows(order[i - 1], order[i]) == 0 && same_writer(cache, a, b)) {
            rc = report_twice(issues, cache, a, b);
            found++;
        }
    }
    sai_free(order);
    return rc;
}

/* ---- Index files ----------------------------------------------------------------------------- */

static bool same_rows(const struct sai_part_index *index, const struct sai_cache_table *table, size_t first)
{
    const char **names = NULL, *project = index->projects;
    bool same = (names = sai_malloc_array(index->n_projects + 1, sizeof *names)) != NULL;
    for (size_t i = 0; same && i < index->n_projects; i++, project += strlen(project) + 1)
        names[i] = project;
    for (uint32_t i = 0; same && i < index->n_rows; i++) {
        const struct sai_cache_row *row = &table->rows[first + i];
        struct sai_cache_row it;
        same = sai_part_index_row(&it, index, i) && strcmp(it.rel_path, row->rel_path) == 0 &&
               strcmp(names[it.project], table->projects[row->project]) == 0 && it.size == row->size &&
               it.mtime_ns == row->mtime_ns && it.phash == row->phash && it.crc32 == row->crc32 &&
               it.xxh64 == row->xxh64 && it.width == row->width && it.height == row->height &&
               it.vector_crc32 == row->vector_crc32 && !it.has_vector_crc32 == !row->has_vector_crc32;
    }
    sai_free(names);
    return same;
}

/* The tables of equal rows are equal to the slot. */
static int same_tables(bool *same, const struct sai_part_index *index, const struct sai_cache_table *table,
                       size_t first)
{
    const struct sai_cache_index *const there[] = {&index->by_name, &index->by_path, &index->by_content};
    struct sai_cache_index wanted[3] = {0};
    int rc = sai_cache_table_range(wanted, table, first, index->n_rows);
    for (int t = 0; t < 3 && rc == SELECTAI_OK; t++) {
        *same = *same && wanted[t].n_slots == there[t]->n_slots;
        for (size_t i = 0; *same && i < wanted[t].n_slots; i++)
            *same = wanted[t].slots[i] == 0 ? there[t]->slots[i] == 0
                                            : wanted[t].slots[i] - first == there[t]->slots[i];
    }
    for (int t = 0; t < 3; t++)
        sai_cache_index_free(&wanted[t]);
    return rc;
}

static int check_index(selectai_issues *issues, const selectai_embedding_cache *cache,
                       const struct sai_cache_part *part)
{
    struct sai_part_index *index = NULL;
    char *path = sai_part_index_name(part->jsonl_path);
    if (!path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_part_index_open(&index, path, part->jsonl_path);
    if (rc == SELECTAI_OK) {
        bool same = index->n_rows == part->n_rows && sai_part_index_intact(index) &&
                    same_rows(index, &cache->table, part->first_row);
        if (same)
            rc = same_tables(&same, index, &cache->table, part->first_row);
        if (rc == SELECTAI_OK && !same)
            rc = sai_issues_add(issues, SELECTAI_ERR_FORMAT, "wrong-index", path, 0,
                                "%s: does not say what %s says: delete it, the next run that writes makes it anew",
                                path, sai_path_basename(part->jsonl_path));
    } else if (rc != SELECTAI_ERR_OUT_OF_MEMORY) {
        bool none = rc == SELECTAI_ERR_NOT_FOUND || rc == SELECTAI_ERR_UNSUPPORTED; /* an older one is passed over */
        rc = none ? SELECTAI_OK : sai_issues_add_last(issues, "wrong-index", path, 0);
    }
    sai_part_index_close(&index);
    sai_free(path);
    return rc;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int check_failures(selectai_issues *issues, const char *directory)
{
    struct sai_cache_failures failures = {0};
    int rc = sai_cache_failures_read(&failures, directory, issues);
    sai_cache_failures_free(&failures);
    return rc;
}

static int check_parts(struct sai_cache_job *job, const selectai_embedding_cache *cache)
{
    int rc = SELECTAI_OK;
    float *vector = sai_malloc_array(cache->dim, sizeof *vector);
    if (!vector)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < cache->n_parts; i++) {
        rc = check_part(job, cache, &cache->parts[i], vector);
        if (rc == SELECTAI_OK)
            rc = check_index(job->issues, cache, &cache->parts[i]);
    }
    sai_free(vector);
    return rc;
}

/* A writer publishes vectors and, moments later, their lines. waits: how often to look again, for all parts together.
 */
static bool will_be_complete(const char *npy_path, unsigned *waits)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    struct stat st;
    char *stem = sai_strndup(npy_path, strlen(npy_path) - strlen(".npy"));
    char *lines = stem ? sai_asprintf("%s.jsonl", stem) : NULL;
    bool there = lines && sai_path_exists(lines);
    if (lines && stat(npy_path, &st) == 0 && time(NULL) - st.st_mtime < WRITING_SECONDS)
        for (; !there && *waits > 0; --*waits) {
            (void)nanosleep(&pause, NULL);
            there = sai_path_exists(lines);
        }
    sai_free(stem);
    sai_free(lines);
    return there || !sai_path_exists(npy_path); /* gone: joined with other parts meanwhile */
}

/* Vectors without lines are a fault unless nothing is missing without them: see cache_leftovers.c. */
static bool is_fault(const struct selectai_issue *it, const selectai_embedding_cache *cache, unsigned *waits)
{
    const char *npy_path = it->path;
    if (strcmp(it->kind, "uncommitted") != 0 || !npy_path)
        return true;
    return !sai_cache_holds_all_of(cache, npy_path) && !will_be_complete(npy_path, waits);
}

static int take_issues(selectai_issues *to, const selectai_embedding_cache *cache)
{
    int rc = SELECTAI_OK;
    unsigned waits = 10;
    for (size_t i = 0; rc == SELECTAI_OK && i < selectai_issues_count(cache->issues); i++) {
        struct selectai_issue it = {.struct_size = sizeof it};
        rc = selectai_issues_get(cache->issues, i, &it);
        if (rc == SELECTAI_OK && is_fault(&it, cache, &waits))
            rc = sai_issues_add(to, it.code, it.kind, it.path, it.row, "%s", it.message);
    }
    return rc;
}

int selectai_embedding_cache_verify_with(struct selectai_cache_counts *counts, selectai_issues **issues,
                                         const char *directory, const struct selectai_cache_options *options)
{
    struct sai_cache_job job;
    selectai_embedding_cache *cache = NULL;
    SAI_REQUIRE(issues && directory);
    int rc = sai_cache_job_begin(&job, options, "verify");
    if (rc == SELECTAI_OK)
        rc = sai_cache_open(&cache, directory, SAI_CACHE_LINES_ONLY);
    if (rc == SELECTAI_OK)
        rc = take_issues(job.issues, cache);
    if (rc == SELECTAI_OK)
        rc = sai_cache_manifest_check(job.issues, cache);
    if (rc == SELECTAI_OK)
        rc = check_parts(&job, cache);
    if (rc == SELECTAI_OK)
        rc = check_twice(job.issues, cache);
    if (rc == SELECTAI_OK)
        rc = check_failures(job.issues, directory);
    if (rc == SELECTAI_OK) {
        job.counts.read = cache->table.n_rows;
        job.counts.files = cache->n_parts;
        job.counts.failed = selectai_issues_count(job.issues);
    }
    selectai_embedding_cache_close(&cache);
    return sai_cache_job_end(&job, rc, counts, issues);
}

int selectai_embedding_cache_verify(selectai_issues **issues, const char *directory)
{
    SAI_REQUIRE(issues && directory);
    return selectai_embedding_cache_verify_with(NULL, issues, directory, NULL);
}
