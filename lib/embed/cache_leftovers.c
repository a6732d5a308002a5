/*
 * embed/cache_leftovers.c: files that belong to no part: what kills left, and what writers at work have not finished.
 *
 * The two look the same, so nothing younger than an hour is touched. Vectors without lines may also be a part whose
 * .jsonl was lost. Those are told from what a killed run left and a later one made up for by looking at the vectors: if
 * the cache holds every one of them, nothing is missing.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/path.h"
#include "embed/cache.h"
#include "embed/cache_npy.h"

#define ABANDONED_SECONDS 3600

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n > k && strcmp(text + n - k, end) == 0;
}

static bool is_temporary(const char *name)
{
    bool ours = begins(name, "part-") || begins(name, SAI_CACHE_FAILED_PREFIX) || begins(name, SAI_CACHE_COMPACTED) ||
                begins(name, SAI_CACHE_MANIFEST);
    return (ours && strstr(name, ".tmp-")) || begins(name, SAI_CACHE_MANIFEST ".new-");
}

/* A .npy or .idx whose .jsonl is not there. */
static bool lacks_lines(const char *name, const char *path)
{
    if (!begins(name, "part-") || (!ends_with(path, ".npy") && !ends_with(path, ".idx")))
        return false;
    char *lines = sai_asprintf("%.*s.jsonl", (int)(strlen(path) - 4), path);
    bool lacks = lines && !sai_path_exists(lines);
    sai_free(lines);
    return lacks;
}

/* ---- Are vectors that have no lines in the cache, too? ------------------------------------- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Checksums of all vectors, ascending; NULL without memory. */
static uint32_t *list_checksums(const selectai_embedding_cache *cache, size_t *n)
{
    uint32_t *out = sai_malloc_array(cache->table.n_rows + 1, sizeof *out);
    *n = 0;
    for (size_t i = 0; out && i < cache->table.n_rows; i++) {
        const struct sai_cache_row *row = sai_cache_table_row(&cache->table, i);
        if (row && row->has_vector_crc32)
            out[(*n)++] = row->vector_crc32;
    }
    if (out)
        qsort(out, *n, sizeof *out, by_value);
    return out;
}

bool sai_cache_holds_all_of(const selectai_embedding_cache *cache, const char *npy_path)
{
    struct sai_mapping file;
    struct sai_npy npy;
    if (sai_file_map(&file, npy_path) != SELECTAI_OK)
        return false;
    bool all = sai_npy_parse(&npy, &file, npy_path) == SELECTAI_OK && npy.dim == cache->dim;
    size_t n = 0, row_bytes = sai_cache_row_bytes(cache, all && npy.half);
    uint32_t *known = all ? list_checksums(cache, &n) : NULL;
    all = all && known;
    for (uint64_t i = 0; all && i < npy.n_rows; i++) {
        uint32_t crc = (uint32_t)crc32_z(0, (const uint8_t *)file.data + npy.data_offset + i * row_bytes, row_bytes);
        all = bsearch(&crc, known, n, sizeof crc, by_value) != NULL;
    }
    sai_free(known);
    sai_file_unmap(&file);
    return all;
}

/* ---- All leftovers of a folder --------------------------------------------------------------- */

typedef int (*visitor)(const char *path, bool temporary, void *ctx);

static int visit(const char *directory, const char *name, visitor fn, void *ctx)
{
    char *path = sai_path_join(directory, name);
    int rc = path ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (path && is_temporary(name))
        rc = fn(path, true, ctx);
    else if (path && lacks_lines(name, path))
        rc = fn(path, false, ctx);
    sai_free(path);
    return rc;
}

static int each(const char *directory, visitor fn, void *ctx)
{
    const struct dirent *entry;
    DIR *dir = opendir(directory);
    int rc = dir ? SELECTAI_OK : SAI_FAIL_ERRNO("open the folder", directory);
    while (rc == SELECTAI_OK && (entry = readdir(dir)) != NULL)
        rc = visit(directory, entry->d_name, fn, ctx);
    if (dir)
        closedir(dir);
    return rc;
}

struct removal {
    const selectai_embedding_cache *cache;
    time_t now;
};

static int remove_abandoned(const char *path, bool temporary, void *ctx)
{
    const struct removal *removal = ctx;
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || removal->now - st.st_mtime <= ABANDONED_SECONDS)
        return SELECTAI_OK;
    if (temporary || ends_with(path, ".idx") || sai_cache_holds_all_of(removal->cache, path))
        (void)unlink(path);
    return SELECTAI_OK;
}

void sai_cache_leftovers_remove(const selectai_embedding_cache *cache)
{
    struct sai_error_copy kept;
    struct removal removal = {.cache = cache, .now = time(NULL)};
    sai_error_save(&kept);
    (void)each(cache->directory, remove_abandoned, &removal);
    sai_error_restore(&kept); /* they are in nobody's way */
}

static int list(const char *path, bool temporary, void *ctx)
{
    return sai_issues_add(ctx, SELECTAI_OK, temporary ? "temporary" : "uncommitted", path, 0,
                          temporary ? "%s: a file of a run that was killed, or is at work"
                                    : "%s: has no .jsonl: a run was killed, or is still writing it",
                          path);
}

int selectai_embedding_cache_leftovers(selectai_issues **issues, const char *directory)
{
    selectai_issues *found = NULL;
    SAI_REQUIRE(issues && directory);
    int rc = sai_path_require_directory(directory);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&found);
    if (rc == SELECTAI_OK)
        rc = each(directory, list, found);
    if (rc == SELECTAI_OK)
        *issues = found;
    else
        selectai_issues_destroy(&found);
    return rc;
}
