/*
 * embed/cache_resolve.c: which row is meant by a file name. Mostly there is one; where several folders have a file of
 * that name, the folder decides, then equal content, and nothing is guessed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/time.h"
#include "base/xxh64.h"
#include "embed/cache.h"
#include "image/crc.h"
#include <selectai/image.h>

static bool begins_name(const char *path, size_t i)
{
    return i == 0 || path[i - 1] == '/';
}

/*
 * How well a row's path agrees with the one that is looked for: names in common, counted from the file upwards, and
 * among equals the one of whose path nothing is left over.
 */
static size_t agreement(const char *rel_path, const char *path)
{
    size_t i = strlen(rel_path), j = strlen(path), names = 0;
    while (i > 0 && j > 0 && rel_path[i - 1] == path[j - 1]) {
        i--;
        j--;
        names += rel_path[i] != '/' && begins_name(rel_path, i) && begins_name(path, j);
    }
    return 2 * names + (i == 0 && begins_name(path, j));
}

/* The candidate that agrees best with the path. */
struct choice {
    uint32_t best; /* SAI_CACHE_NONE: none yet */
    size_t agreement;
    bool tied; /* another content agrees as well */
};

static void consider(struct choice *choice, const struct sai_cache_table *table, uint32_t i, const char *path)
{
    const struct sai_cache_row *row = sai_cache_table_row(table, i);
    if (!row)
        return;
    size_t now = agreement(row->rel_path, path);
    if (choice->best == SAI_CACHE_NONE || now > choice->agreement) {
        *choice = (struct choice){.best = i, .agreement = now};
    } else if (now == choice->agreement) {
        const struct sai_cache_row *best = &table->rows[choice->best];
        if (!sai_cache_same_content(row, best))
            choice->tied = true;
        if (i > choice->best)
            choice->best = i; /* the one added last */
    }
}

int sai_cache_resolve(uint32_t *out, const selectai_embedding_cache *cache, const char *project, const char *path)
{
    const struct sai_cache_table *table = &cache->table;
    struct sai_cache_name_search search = {0};
    struct choice choice = {.best = SAI_CACHE_NONE};
    const char *name = sai_path_basename(path);
    uint32_t i, first = sai_cache_table_next_name(table, &search, project, name);
    if (first == SAI_CACHE_NONE)
        return SELECTAI_ERR_NOT_FOUND;
    i = sai_cache_table_next_name(table, &search, project, name);
    if (i == SAI_CACHE_NONE) { /* mostly; then its row need not even be read */
        *out = first;
        return SELECTAI_OK;
    }
    consider(&choice, table, first, path);
    for (; i != SAI_CACHE_NONE; i = sai_cache_table_next_name(table, &search, project, name))
        consider(&choice, table, i, path);
    *out = choice.best;
    if (choice.tied)
        return SAI_FAIL(SELECTAI_ERR_AMBIGUOUS,
                        "%s: several files of that name are in the cache of project %s, in folders that do not tell "
                        "which is meant: embed from a folder further up",
                        path, project);
    return choice.best == SAI_CACHE_NONE ? SELECTAI_ERR_NOT_FOUND : SELECTAI_OK;
}

static bool same_time(const struct sai_cache_row *row, const struct stat *st)
{
    return row->size == (uint64_t)st->st_size && row->mtime_ns == sai_time_ns(&st->st_mtim);
}

/* Read whole: no larger file has a row, because the encoders take none. */
int sai_cache_fingerprint(struct sai_cache_row *out, const char *path)
{
    struct selectai_image_options limits;
    void *bytes = NULL;
    size_t n = 0;
    selectai_image_options_init(&limits, sizeof limits);
    int rc = sai_file_read(&bytes, &n, path, limits.max_bytes);
    if (rc != SELECTAI_OK)
        return rc;
    out->size = n;
    out->crc32 = sai_crc32(bytes, n);
    out->xxh64 = sai_xxh64(bytes, n);
    sai_free(bytes);
    return SELECTAI_OK;
}

int sai_cache_resolve_file(uint32_t *out, const selectai_embedding_cache *cache, const char *project, const char *path)
{
    struct stat st;
    struct sai_cache_row now = {0};
    int rc = sai_cache_resolve(out, cache, project, path);
    if (rc != SELECTAI_OK && rc != SELECTAI_ERR_AMBIGUOUS)
        return rc;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return rc; /* it lies elsewhere today, as in many logs: the name has to do */
    const struct sai_cache_row *row = rc == SELECTAI_OK ? sai_cache_table_row(&cache->table, *out) : NULL;
    if (row && same_time(row, &st))
        return SELECTAI_OK;
    int read = sai_cache_fingerprint(&now, path);
    if (read != SELECTAI_OK && read != SELECTAI_ERR_LIMIT) /* too large for the encoders: it has no row */
        return read;
    uint32_t by_content = sai_cache_table_find_content(&cache->table, project, now.size, now.crc32, now.xxh64);
    if (by_content == SAI_CACHE_NONE)
        return SAI_FAIL(SELECTAI_ERR_NOT_FOUND, "%s: what it holds now was not embedded: embed it (again)", path);
    *out = by_content;
    return SELECTAI_OK;
}
