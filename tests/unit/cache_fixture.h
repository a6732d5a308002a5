/*
 * cache_fixture.h: small caches of known rows.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef CACHE_FIXTURE_H
#define CACHE_FIXTURE_H

#include "test_util.h"

#include <dirent.h>

#include "embed/cache.h"
#include "embed/cache_part_index.h"

#define DIM 4u
#define ID  "test-encoder-1"

struct fixture {
    char root[256];
};

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_temporary(f->root);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    remove_temporary(f->root);
    free(f);
    return 0;
}

/* root/name; of the last 64 calls. */
static inline const char *at(const struct fixture *f, const char *name)
{
    static char paths[64][600];
    static unsigned next;
    char *path = paths[next++ % 64];
    snprintf(path, sizeof paths[0], "%s/%s", f->root, name);
    return path;
}

static inline selectai_embedding_cache *create_at(const char *dir, int32_t dtype)
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_create(&cache, dir, ID, DIM, dtype), SELECTAI_OK);
    return cache;
}

static inline selectai_embedding_cache *open_at(const char *dir)
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_open(&cache, dir), SELECTAI_OK);
    return cache;
}

/* A row of content n: its vector, size and CRC; exact in float16. */
static inline void put(selectai_embedding_cache *cache, const char *project, const char *path, unsigned n,
                       int64_t mtime)
{
    const float vector[DIM] = {(float)(n % 512), 0.25f, (float)(n % 7), -1.0f};
    const struct selectai_cache_row row = {.struct_size = sizeof row,
                                           .crc32 = 1000 + n,
                                           .size = 5000000000u + n,
                                           .mtime_ns = mtime,
                                           .phash = 0xfedcba9876543210u + n,
                                           .xxh64 = 0x0123456789abcdefu + n,
                                           .width = 640,
                                           .height = 480,
                                           .project = project,
                                           .rel_path = path};
    assert_int_equal(selectai_embedding_cache_add(cache, &row, vector), SELECTAI_OK);
}

/* The content that a path has in the cache, or -1. */
static inline int content_of(const selectai_embedding_cache *cache, const char *project, const char *path)
{
    float vector[DIM];
    size_t i;
    struct selectai_cache_row row = {.struct_size = sizeof row};
    int rc = selectai_embedding_cache_find(cache, project, path, vector, &i);
    if (rc == SELECTAI_ERR_NOT_FOUND)
        return -1;
    assert_int_equal(rc, SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_get(cache, i, &row, NULL), SELECTAI_OK);
    unsigned n = row.crc32 - 1000;
    const float wanted[DIM] = {(float)(n % 512), 0.25f, (float)(n % 7), -1.0f};
    assert_memory_equal(vector, wanted, sizeof wanted);
    assert_int_equal(row.size, 5000000000u + n);
    return (int)n;
}

static inline void expect_sound(const char *dir)
{
    selectai_issues *issues = NULL;
    assert_int_equal(selectai_embedding_cache_verify(&issues, dir), SELECTAI_OK);
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        print_message("%s: %s\n", issue.kind, issue.message);
    }
    assert_int_equal(selectai_issues_count(issues), 0);
    selectai_issues_destroy(&issues);
}

/* The first issue's kind, or "" if verify finds nothing. */
static inline const char *first_problem(const char *dir)
{
    static char kind[64];
    selectai_issues *issues = NULL;
    struct selectai_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(selectai_embedding_cache_verify(&issues, dir), SELECTAI_OK);
    kind[0] = '\0';
    if (selectai_issues_count(issues) > 0) {
        assert_int_equal(selectai_issues_get(issues, 0, &issue), SELECTAI_OK);
        snprintf(kind, sizeof kind, "%s", issue.kind);
    }
    selectai_issues_destroy(&issues);
    return kind;
}

/* Files of the folder whose names begin and end so. */
static inline size_t count_files(const char *dir, const char *begin, const char *end)
{
    DIR *handle = opendir(dir);
    assert_non_null(handle);
    const struct dirent *entry;
    size_t n = 0;
    while ((entry = readdir(handle)) != NULL) {
        size_t length = strlen(entry->d_name), k = strlen(end);
        n += strncmp(entry->d_name, begin, strlen(begin)) == 0 && length >= k &&
             strcmp(entry->d_name + length - k, end) == 0;
    }
    closedir(handle);
    return n;
}

/* Writes an index for every part, however small; path of the last part's, without ".idx", in `last`. */
static inline void index_parts(const char *dir, char last[600])
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(sai_cache_open(&cache, dir, SAI_CACHE_LINES_ONLY), SELECTAI_OK);
    for (size_t i = 0; i < cache->n_parts; i++) {
        const struct sai_cache_part *part = &cache->parts[i];
        char *path = sai_part_index_name(part->jsonl_path);
        assert_int_equal(sai_part_index_write(path, part->jsonl_path, &cache->table, part->first_row, part->n_rows),
                         SELECTAI_OK);
        if (last)
            snprintf(last, 600, "%.*s", (int)strlen(path) - 4, path);
        sai_free(path);
    }
    selectai_embedding_cache_close(&cache);
}

#endif
