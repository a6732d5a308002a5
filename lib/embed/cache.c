/*
 * embed/cache.c: opening a cache and looking things up in it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <time.h>

#include "base/path.h"
#include "base/text.h"
#include "embed/cache.h"

/* How often a folder is read again because a writer merged parts while it was read. */
#define MAX_ATTEMPTS 40
#define MAX_PAUSE_NS 16000000L

static void forget_parts(selectai_embedding_cache *cache)
{
    for (size_t i = 0; i < cache->n_parts; i++)
        sai_cache_part_close(&cache->parts[i]);
    cache->n_parts = 0;
    sai_cache_table_clear(&cache->table);
    selectai_issues_destroy(&cache->issues);
}

static void free_cache(selectai_embedding_cache *cache)
{
    if (!cache)
        return;
    forget_parts(cache);
    sai_cache_failures_free(&cache->failures);
    sai_free(cache->parts);
    sai_free(cache->pending);
    sai_free(cache->directory);
    sai_free(cache->encoder_id);
    sai_free(cache);
}

static void remove_superseded(const selectai_embedding_cache *cache, const char *id)
{
    char *npy = sai_cache_part_path(cache->directory, id, ".npy");
    char *jsonl = sai_cache_part_path(cache->directory, id, ".jsonl");
    if (npy && jsonl)
        sai_cache_part_remove(npy, jsonl);
    sai_free(npy);
    sai_free(jsonl);
}

/* The list's order puts a merged part before those it was made of: once it is loaded, they are passed over. */
static int load_parts(selectai_embedding_cache *cache, const struct sai_cache_list *list)
{
    uint32_t until = 0; /* flushes of the current writer that are loaded */
    for (size_t i = 0; i < list->n; i++) {
        const struct sai_cache_part_name *name = &list->names[i];
        bool loaded;
        if (cache->before && strcmp(*name->writer ? name->writer : name->id, cache->before) >= 0)
            continue;
        if (i == 0 || strcmp(list->names[i - 1].writer, name->writer) != 0 || !*name->writer)
            until = 0;
        if (*name->writer && name->last <= until) {
            if (cache->writable || cache->tidy)
                remove_superseded(cache, name->id);
            continue;
        }
        if (*name->writer && name->first <= until) {
            int rc = sai_issues_add(cache->issues, SELECTAI_ERR_FORMAT, "torn-part", name->id, 0,
                                    "part %s: ignored, because it overlaps another part", name->id);
            if (rc != SELECTAI_OK)
                return rc;
            continue;
        }
        int rc = sai_cache_part_load(cache, name->id, &loaded);
        if (rc != SELECTAI_OK)
            return rc;
        if (loaded)
            until = name->last;
    }
    return SELECTAI_OK;
}

static int report_gaps(selectai_embedding_cache *cache, const struct sai_cache_list *list)
{
    size_t i = 0;
    uint32_t missing;
    int rc = SELECTAI_OK;
    while (rc == SELECTAI_OK && (missing = sai_cache_list_gap(list, &i)) != 0) {
        rc = sai_issues_add(
            cache->issues, SELECTAI_ERR_NOT_FOUND, "missing-part", cache->directory, 0,
            "%s: flush %u of writer %s is missing, though later ones are there: restore it, or embed again",
            cache->directory, missing, list->names[i].writer);
        i++;
    }
    return rc;
}

static int load_once(selectai_embedding_cache *cache, const struct sai_cache_list *list)
{
    forget_parts(cache);
    int rc = sai_issues_create(&cache->issues);
    if (rc == SELECTAI_OK)
        rc = load_parts(cache, list);
    if (rc == SELECTAI_OK)
        rc = report_gaps(cache, list);
    if (rc == SELECTAI_OK && cache->writable)
        sai_cache_new_writer(cache->writer, list);
    return rc;
}

/*
 * A folder is not read in one moment: while parts are joined, a listing may hold neither the joined part nor those it
 * replaces. So what was loaded counts once nothing of that kind has happened meanwhile.
 */
static int load(selectai_embedding_cache *cache)
{
    struct sai_cache_list list = {0}, now = {0};
    bool again = true;
    int rc = sai_cache_list_read(&list, cache->directory);
    for (int i = 0; rc == SELECTAI_OK && again && i < MAX_ATTEMPTS; i++) {
        /* Parts are joined seldom: the longer we wait, the likelier it is between two times. */
        const struct timespec pause = {.tv_nsec = i < 5 ? 500000L << i : MAX_PAUSE_NS};
        if (i > 0)
            nanosleep(&pause, NULL);
        rc = load_once(cache, &list);
        if (rc == SELECTAI_OK)
            rc = sai_cache_list_read(&now, cache->directory);
        again = rc == SELECTAI_OK && !sai_cache_list_settled(&list, &now);
        sai_cache_list_free(&list);
        list = now;
        now = (struct sai_cache_list){0};
    }
    sai_cache_list_free(&list);
    if (rc == SELECTAI_OK)
        rc = sai_cache_table_index(&cache->table);
    cache->first_own_part = cache->n_parts;
    return rc;
}

static int open_cache(selectai_embedding_cache **out, const char *directory, bool writable)
{
    selectai_embedding_cache *cache = sai_calloc(1, sizeof *cache);
    if (!cache)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    cache->writable = writable;
    cache->directory = sai_strdup(directory);
    int rc = cache->directory ? sai_path_require_directory(directory) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_cache_manifest_read(cache);
    if (rc != SELECTAI_OK)
        free_cache(cache);
    else
        *out = cache;
    return rc;
}

int sai_cache_open_empty(selectai_embedding_cache **out, const char *directory)
{
    return open_cache(out, directory, false);
}

static int open_and_load(selectai_embedding_cache **out, const char *directory, unsigned mode, const char *before)
{
    selectai_embedding_cache *cache = NULL;
    int rc = open_cache(&cache, directory, false);
    if (rc != SELECTAI_OK)
        return rc;
    cache->lines_only = (mode & SAI_CACHE_LINES_ONLY) != 0;
    cache->tidy = (mode & SAI_CACHE_TIDY) != 0;
    cache->before = before;
    rc = load(cache);
    if (rc != SELECTAI_OK)
        free_cache(cache);
    else
        *out = cache;
    return rc;
}

int sai_cache_open(selectai_embedding_cache **out, const char *directory, unsigned mode)
{
    return open_and_load(out, directory, mode, NULL);
}

int sai_cache_open_before(selectai_embedding_cache **out, const char *directory, const char *before)
{
    return open_and_load(out, directory, SAI_CACHE_LINES_ONLY | SAI_CACHE_TIDY, before);
}

int selectai_embedding_cache_open(selectai_embedding_cache **out, const char *directory)
{
    SAI_REQUIRE(out && directory);
    return sai_cache_open(out, directory, 0);
}

int selectai_embedding_cache_create(selectai_embedding_cache **out, const char *directory, const char *encoder_id,
                                    uint32_t dim, int32_t dtype)
{
    selectai_embedding_cache *cache = NULL;
    SAI_REQUIRE(out && directory && encoder_id && *encoder_id && sai_utf8_valid(encoder_id, strlen(encoder_id)));
    SAI_REQUIRE(dim >= 1 && dim <= SAI_CACHE_MAX_DIM);
    SAI_REQUIRE(dtype == SELECTAI_DTYPE_AUTO || dtype == SELECTAI_DTYPE_FLOAT32 || dtype == SELECTAI_DTYPE_FLOAT16);
    bool half = dtype == SELECTAI_DTYPE_FLOAT16;
    int rc = sai_cache_manifest_make(directory, encoder_id, dim, half);
    if (rc == SELECTAI_OK)
        rc = open_cache(&cache, directory, true);
    if (rc != SELECTAI_OK)
        return rc;
    cache->half = half;
    if (strcmp(cache->encoder_id, encoder_id) != 0 || cache->dim != dim)
        rc = SAI_FAIL(SELECTAI_ERR_MISMATCH,
                      "%s: holds vectors of %s (%u numbers), not of %s (%u): use another folder for this encoder",
                      directory, cache->encoder_id, cache->dim, encoder_id, dim);
    if (rc == SELECTAI_OK)
        rc = load(cache);
    if (rc == SELECTAI_OK) {
        sai_cache_leftovers_remove(cache);
        rc = sai_cache_failures_read(&cache->failures, directory, NULL);
    }
    if (rc != SELECTAI_OK)
        free_cache(cache);
    else
        *out = cache;
    return rc;
}

void selectai_embedding_cache_close(selectai_embedding_cache **cache)
{
    struct sai_error_copy kept;
    if (!cache || !*cache)
        return;
    sai_error_save(&kept); /* closing says nothing: the message of what went wrong before stays */
    if ((*cache)->writable && selectai_embedding_cache_flush(*cache) == SELECTAI_OK)
        (void)sai_cache_merge(*cache, true);
    sai_error_restore(&kept);
    free_cache(*cache);
    *cache = NULL;
}

size_t selectai_embedding_cache_count(const selectai_embedding_cache *cache)
{
    return cache ? cache->table.n_rows : 0;
}

uint32_t selectai_embedding_cache_dim(const selectai_embedding_cache *cache)
{
    return cache ? cache->dim : 0;
}

const char *selectai_embedding_cache_encoder_id(const selectai_embedding_cache *cache)
{
    return cache ? cache->encoder_id : "";
}

const selectai_issues *selectai_embedding_cache_issues(const selectai_embedding_cache *cache)
{
    return cache ? cache->issues : NULL;
}

static int found(const selectai_embedding_cache *cache, uint32_t i, float *out, size_t *row)
{
    if (i == SAI_CACHE_NONE)
        return SELECTAI_ERR_NOT_FOUND;
    if (out)
        sai_cache_row_floats(out, cache, i);
    if (row)
        *row = i;
    return SELECTAI_OK;
}

typedef int (*resolver)(uint32_t *out, const selectai_embedding_cache *cache, const char *project, const char *path);

static int find_by(resolver resolve, const selectai_embedding_cache *cache, const char *project, const char *path,
                   float *out, size_t *row)
{
    const char *clean_project, *clean_path;
    char *copy = NULL, *path_copy = NULL;
    uint32_t i = SAI_CACHE_NONE;
    int rc = sai_cache_clean_text(&clean_project, &copy, project);
    if (rc == SELECTAI_OK)
        rc = sai_cache_clean_text(&clean_path, &path_copy, path);
    if (rc == SELECTAI_OK)
        rc = resolve(&i, cache, clean_project, clean_path);
    if (rc == SELECTAI_OK)
        rc = found(cache, i, out, row);
    sai_free(copy);
    sai_free(path_copy);
    return rc;
}

int selectai_embedding_cache_find(const selectai_embedding_cache *cache, const char *project, const char *filename,
                                  float *out, size_t *row)
{
    SAI_REQUIRE(cache && project && filename);
    return find_by(sai_cache_resolve, cache, project, filename, out, row);
}

int selectai_embedding_cache_find_file(const selectai_embedding_cache *cache, const char *project, const char *path,
                                       float *out, size_t *row)
{
    SAI_REQUIRE(cache && project && path);
    return find_by(sai_cache_resolve_file, cache, project, path, out, row);
}

int selectai_embedding_cache_find_content(const selectai_embedding_cache *cache, const char *project, uint64_t size,
                                          uint32_t crc32, float *out, size_t *row)
{
    const char *clean;
    char *copy;
    bool differ = false;
    uint32_t i = SAI_CACHE_NONE;
    SAI_REQUIRE(cache && project);
    int rc = sai_cache_clean_text(&clean, &copy, project);
    if (rc == SELECTAI_OK)
        i = sai_cache_table_find_checksum(&differ, &cache->table, clean, size, crc32);
    if (differ)
        rc = SAI_FAIL(SELECTAI_ERR_AMBIGUOUS,
                      "%s: several contents of %llu bytes with the CRC-32 %08x are in the cache of project %s: look "
                      "for them by name",
                      cache->directory, (unsigned long long)size, crc32, clean);
    else if (rc == SELECTAI_OK)
        rc = found(cache, i, out, row);
    sai_free(copy);
    return rc;
}

int selectai_embedding_cache_get(const selectai_embedding_cache *cache, size_t index, struct selectai_cache_row *row,
                                 float *out)
{
    SAI_REQUIRE(cache && index < cache->table.n_rows);
    const struct sai_cache_row *it = sai_cache_table_row(&cache->table, index);
    if (!it)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: row %zu is damaged in an index file: delete the folder's .idx files",
                        cache->directory, index);
    const struct selectai_cache_row full = {
        .crc32 = it->crc32,
        .size = it->size,
        .mtime_ns = it->mtime_ns,
        .phash = it->phash,
        .width = it->width,
        .height = it->height,
        .project = cache->table.projects[it->project],
        .rel_path = it->rel_path,
        .filename = sai_path_basename(it->rel_path),
        .xxh64 = it->xxh64,
    };
    int rc = row ? sai_struct_out(row, &full, sizeof full) : SELECTAI_OK;
    if (rc == SELECTAI_OK && out)
        sai_cache_row_floats(out, cache, index);
    return rc;
}

size_t selectai_embedding_cache_part_count(const selectai_embedding_cache *cache)
{
    return cache ? cache->n_parts : 0;
}

int selectai_embedding_cache_part(const selectai_embedding_cache *cache, size_t part, const char **path,
                                  size_t *first_row, size_t *n_rows)
{
    SAI_REQUIRE(cache && part < cache->n_parts);
    const struct sai_cache_part *it = &cache->parts[part];
    if (path)
        *path = it->npy_path;
    if (first_row)
        *first_row = it->first_row;
    if (n_rows)
        *n_rows = it->n_rows;
    return SELECTAI_OK;
}
