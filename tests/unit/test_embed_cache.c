/*
 * test_embed_cache.c: the embedding cache: what is written is found again, by several writers, after kills, and damage
 * is noticed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/cache.h"
#include "test_util.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <selectai/embedding_cache.h>

#define DIM 4u
#define ID  "test-encoder-1"

struct fixture {
    char root[256];
    char dir[300]; /* the cache */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_temporary(f->root);
    snprintf(f->dir, sizeof f->dir, "%s/sub/cache", f->root);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    remove_temporary(f->root);
    free(f);
    return 0;
}

/* The vector of row `n`: exact in float16 too. */
static void vector_of(float out[DIM], unsigned n)
{
    for (unsigned k = 0; k < DIM; k++)
        out[k] = (float)(n % 512) + 0.25f * (float)k;
}

static selectai_embedding_cache *create(const struct fixture *f, int32_t dtype)
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, ID, DIM, dtype), SELECTAI_OK);
    return cache;
}

static selectai_embedding_cache *open_cache(const struct fixture *f)
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_open(&cache, f->dir), SELECTAI_OK);
    return cache;
}

static int add(selectai_embedding_cache *cache, const char *project, const char *rel_path, unsigned n)
{
    float v[DIM];
    struct selectai_cache_row row = {.struct_size = sizeof row,
                                     .crc32 = 1000 + n,
                                     .size = 5000000000u + n,
                                     .mtime_ns = -7 + (int64_t)n,
                                     .phash = 0xfedcba9876543210u + n,
                                     .xxh64 = 77 + n,
                                     .width = 640,
                                     .height = 480,
                                     .project = project,
                                     .rel_path = rel_path};
    vector_of(v, n);
    return selectai_embedding_cache_add(cache, &row, v);
}

static void add_many(selectai_embedding_cache *cache, const char *project, unsigned from, unsigned to)
{
    char name[64];
    for (unsigned n = from; n < to; n++) {
        snprintf(name, sizeof name, "folder %u/img_%u.png", n % 3, n);
        assert_int_equal(add(cache, project, name, n), SELECTAI_OK);
    }
}

static void expect_found(const selectai_embedding_cache *cache, const char *project, const char *name, unsigned n)
{
    float v[DIM], wanted[DIM];
    vector_of(wanted, n);
    assert_int_equal(selectai_embedding_cache_find(cache, project, name, v, NULL), SELECTAI_OK);
    assert_memory_equal(v, wanted, sizeof v);
}

static void expect_many(const selectai_embedding_cache *cache, const char *project, unsigned from, unsigned to)
{
    char name[64];
    for (unsigned n = from; n < to; n++) {
        snprintf(name, sizeof name, "elsewhere/img_%u.png", n);
        expect_found(cache, project, name, n);
    }
}

static size_t count_kind(const selectai_issues *issues, const char *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        n += strcmp(issue.kind, kind) == 0;
    }
    return n;
}

/* verify() finds `n` issues of this kind, and no others. */
static void expect_verify(const struct fixture *f, const char *kind, size_t n)
{
    selectai_issues *issues = NULL;
    assert_int_equal(selectai_embedding_cache_verify(&issues, f->dir), SELECTAI_OK);
    assert_int_equal(count_kind(issues, kind), n);
    assert_int_equal(selectai_issues_count(issues), n);
    selectai_issues_destroy(&issues);
}

/* Path of the i-th file of the cache with this extension, in no particular order. */
static void find_file(const struct fixture *f, const char *extension, char out[600])
{
    DIR *dir = opendir(f->dir);
    const struct dirent *entry;
    out[0] = '\0';
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        size_t n = strlen(entry->d_name), k = strlen(extension);
        if (n >= k && strcmp(entry->d_name + n - k, extension) == 0)
            snprintf(out, 600, "%s/%s", f->dir, entry->d_name);
    }
    closedir(dir);
    assert_true(out[0] != '\0');
}

static size_t count_files(const struct fixture *f, const char *part)
{
    DIR *dir = opendir(f->dir);
    const struct dirent *entry;
    size_t n = 0;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        n += strstr(entry->d_name, part) != NULL;
    closedir(dir);
    return n;
}

static void copy_file(const char *from, const char *to)
{
    struct stat st;
    assert_int_equal(stat(from, &st), 0);
    char *bytes = read_text(from);
    write_bytes(to, bytes, (size_t)st.st_size);
    free(bytes);
}

/* ---- What is added is found ------------------------------------------------------------------ */

static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_AUTO);
    size_t row = 99;
    add_many(cache, "p", 0, 10);
    expect_many(cache, "p", 0, 10); /* before the flush, too */
    assert_int_equal(selectai_embedding_cache_part_count(cache), 0);
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_part_count(cache), 1);
    expect_many(cache, "p", 0, 10);
    assert_int_equal(selectai_embedding_cache_find(cache, "p", "img_10.png", NULL, NULL), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_embedding_cache_find(cache, "q", "img_1.png", NULL, NULL), SELECTAI_ERR_NOT_FOUND);
    selectai_embedding_cache_close(&cache);
    assert_null(cache);

    cache = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(cache), 10);
    assert_int_equal(selectai_embedding_cache_dim(cache), DIM);
    assert_string_equal(selectai_embedding_cache_encoder_id(cache), ID);
    assert_int_equal(selectai_issues_count(selectai_embedding_cache_issues(cache)), 0);
    expect_many(cache, "p", 0, 10);
    assert_int_equal(selectai_embedding_cache_find_content(cache, "p", 5000000007u, 1007, NULL, &row), SELECTAI_OK);
    assert_int_equal(row, 7);
    assert_int_equal(selectai_embedding_cache_find_content(cache, "p", 5000000007u, 1008, NULL, &row),
                     SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_embedding_cache_find_content(cache, "q", 5000000007u, 1007, NULL, &row),
                     SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(add(cache, "p", "x.png", 1), SELECTAI_ERR_INVALID_ARGUMENT); /* opened for reading */
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0);
}

/* Contents of one size and CRC that are not one. */
static void test_checksums_do_not_tell_all(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    struct selectai_cache_row row = {
        .struct_size = sizeof row, .crc32 = 9, .size = 7, .project = "p", .rel_path = "unknown.png"};
    float v[DIM];
    size_t at;
    vector_of(v, 1);
    assert_int_equal(selectai_embedding_cache_add(cache, &row, v), SELECTAI_OK);
    row.rel_path = "one.png";
    row.xxh64 = 1;
    assert_int_equal(selectai_embedding_cache_add(cache, &row, v), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_find_content(cache, "p", 7, 9, NULL, &at), SELECTAI_OK);
    assert_int_equal(at, 1);
    assert_int_equal(sai_cache_table_find_content(&cache->table, "p", 7, 9, 0), SAI_CACHE_NONE);
    row.rel_path = "two.png";
    row.xxh64 = 0xfedcba9876543210u;
    assert_int_equal(selectai_embedding_cache_add(cache, &row, v), SELECTAI_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(selectai_embedding_cache_find_content(cache, "p", 7, 9, NULL, &at), SELECTAI_ERR_AMBIGUOUS);
        assert_int_equal(sai_cache_table_find_content(&cache->table, "p", 7, 9, 1), 1);
        assert_int_equal(sai_cache_table_find_content(&cache->table, "p", 7, 9, 2), SAI_CACHE_NONE);
        assert_int_equal(sai_cache_table_find_content(&cache->table, "p", 7, 9, row.xxh64), 2);
        selectai_embedding_cache_close(&cache);
        cache = open_cache(f);
    }
    struct selectai_cache_row it = {.struct_size = sizeof it};
    assert_int_equal(selectai_embedding_cache_get(cache, 2, &it, NULL), SELECTAI_OK);
    assert_true(it.xxh64 == row.xxh64);
    it = (struct selectai_cache_row){.struct_size = offsetof(struct selectai_cache_row, xxh64)}; /* an older program */
    assert_int_equal(selectai_embedding_cache_get(cache, 1, &it, NULL), SELECTAI_OK);
    assert_true(it.xxh64 == 0 && it.crc32 == 9);
    selectai_embedding_cache_close(&cache);
}

static void test_record(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    struct selectai_cache_row row = {.struct_size = sizeof row};
    float v[DIM];
    assert_int_equal(add(cache, "p", "a/b/c.png", 3), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    cache = open_cache(f);
    assert_int_equal(selectai_embedding_cache_get(cache, 0, &row, v), SELECTAI_OK);
    assert_string_equal(row.project, "p");
    assert_string_equal(row.rel_path, "a/b/c.png");
    assert_string_equal(row.filename, "c.png");
    assert_true(row.size == 5000000003u && row.crc32 == 1003 && row.mtime_ns == -4);
    assert_true(row.phash == 0xfedcba9876543213u && row.width == 640 && row.height == 480);
    assert_true(v[3] == 3.75f);
    assert_int_equal(selectai_embedding_cache_get(cache, 1, &row, v), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_embedding_cache_close(&cache);
}

/* Names are bytes: quotes, line ends, other scripts, and bytes that are no UTF-8. */
static void test_odd_names(void **state)
{
    static const char *const names[] = {
        "a\"b.png",     "line\nend.png", "back\\slash.png", "\xC3\xA4\xE6\x97\xA5.png", "not\xFF\xC3utf8.png",
        "tab\there.png"};
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(add(cache, "pr\"oj\xFE", names[i], i), SELECTAI_OK);
    for (unsigned i = 0; i < 6; i++)
        expect_found(cache, "pr\"oj\xFE", names[i], i);
    selectai_embedding_cache_close(&cache);
    cache = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(cache), 6);
    for (unsigned i = 0; i < 6; i++)
        expect_found(cache, "pr\"oj\xFE", names[i], i);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0);
}

static void test_last_row_wins(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    assert_int_equal(add(cache, "p", "a.png", 1), SELECTAI_OK);
    assert_int_equal(add(cache, "p", "a.png", 2), SELECTAI_OK);
    expect_found(cache, "p", "a.png", 2);
    selectai_embedding_cache_close(&cache);
    cache = create(f, SELECTAI_DTYPE_FLOAT32); /* a later writer's rows are later rows */
    assert_int_equal(add(cache, "p", "a.png", 3), SELECTAI_OK);
    expect_found(cache, "p", "a.png", 3);
    selectai_embedding_cache_close(&cache);
    cache = open_cache(f);
    expect_found(cache, "p", "a.png", 3);
    assert_int_equal(selectai_embedding_cache_count(cache), 3);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0); /* the file changed: three different contents */
}

/* Rule 3 of the domain: the same relative folder first, then identical content; still several: nothing is guessed. */
static void test_same_name_in_several_folders(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    float v[DIM];
    assert_int_equal(add(cache, "p", "x.png", 1), SELECTAI_OK);
    assert_int_equal(add(cache, "p", "a/x.png", 2), SELECTAI_OK);
    assert_int_equal(add(cache, "p", "b/x.png", 3), SELECTAI_OK);
    assert_int_equal(add(cache, "p", "b/ab/x.png", 4), SELECTAI_OK);
    assert_int_equal(add(cache, "p", "c/y.png", 5), SELECTAI_OK);
    assert_int_equal(add(cache, "p", "d/y.png", 5), SELECTAI_OK);
    assert_int_equal(add(cache, "p", "c/z.png", 6), SELECTAI_OK);
    assert_int_equal(add(cache, "p", "d/z.png", 7), SELECTAI_OK);
    expect_found(cache, "p", "x.png", 1);
    expect_found(cache, "p", "raw/x.png", 1);
    expect_found(cache, "p", "/home/raw/a/x.png", 2);
    expect_found(cache, "p", "b/x.png", 3);
    expect_found(cache, "p", "raw/ab/x.png", 4);
    expect_found(cache, "p", "y.png", 5); /* the same content: either will do */
    expect_found(cache, "p", "e/c/z.png", 6);
    assert_int_equal(selectai_embedding_cache_find(cache, "p", "z.png", v, NULL), SELECTAI_ERR_AMBIGUOUS);
    assert_non_null(strstr(selectai_last_error(), "z.png"));
    assert_int_equal(selectai_embedding_cache_find(cache, "q", "x.png", v, NULL), SELECTAI_ERR_NOT_FOUND);
    selectai_embedding_cache_close(&cache);
}

/* A file that is there is asked for what it holds. */
static void test_find_file_looks_at_the_file(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    char path[700];
    float v[DIM], wanted[DIM];
    struct stat st;
    snprintf(path, sizeof path, "%s/file.png", f->dir);
    write_text(path, "0123456789");
    assert_int_equal(stat(path, &st), 0);
    struct selectai_cache_row row = {.struct_size = sizeof row,
                                     .crc32 = 0xA684C7C6u, /* of "0123456789" */
                                     .xxh64 = 0x3f5fc178a81867e7u,
                                     .size = 10,
                                     .width = 1,
                                     .height = 1,
                                     .project = "p",
                                     .rel_path = "file.png"};
    vector_of(wanted, 1);
    assert_int_equal(selectai_embedding_cache_add(cache, &row, wanted), SELECTAI_OK);
    row.crc32 = 1; /* later, another file of that name was embedded */
    vector_of(v, 2);
    assert_int_equal(selectai_embedding_cache_add(cache, &row, v), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_find_file(cache, "p", path, v, NULL), SELECTAI_OK);
    assert_memory_equal(v, wanted, sizeof v);
    write_text(path, "changed since");
    assert_int_equal(selectai_embedding_cache_find_file(cache, "p", path, v, NULL), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(unlink(path), 0); /* moved away: the name has to do */
    assert_int_equal(selectai_embedding_cache_find_file(cache, "p", path, v, NULL), SELECTAI_OK);
    vector_of(wanted, 2);
    assert_memory_equal(v, wanted, sizeof v);
    selectai_embedding_cache_close(&cache);
}

static void test_half(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT16);
    struct selectai_cache_row row = {.struct_size = sizeof row, .project = "p", .rel_path = "fine.png"};
    const float fine[DIM] = {0.1f, -2.0f, 65504.0f, 1e-7f}, large[DIM] = {70000.0f};
    float v[DIM];
    char path[600];
    add_many(cache, "p", 0, 5);
    assert_int_equal(selectai_embedding_cache_add(cache, &row, fine), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_add(cache, &row, large), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_embedding_cache_find(cache, "p", "fine.png", v, NULL), SELECTAI_OK);
    assert_true(v[0] == 0.0999755859375f && v[1] == -2.0f && v[2] == 65504.0f);
    selectai_embedding_cache_close(&cache);
    find_file(f, ".npy", path);
    char *bytes = read_text(path);
    assert_non_null(strstr(bytes + 10, "'<f2'"));
    free(bytes);
    cache = open_cache(f);
    expect_many(cache, "p", 0, 5);
    float again[DIM];
    assert_int_equal(selectai_embedding_cache_find(cache, "p", "fine.png", again, NULL), SELECTAI_OK);
    assert_memory_equal(v, again, sizeof v);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0);
}

static void test_bad_arguments(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = NULL;
    float v[DIM] = {0};
    struct selectai_cache_row row = {.struct_size = sizeof row, .project = "p", .rel_path = "a.png"};
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, "", DIM, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, ID, 0, 0), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, ID, DIM, SELECTAI_DTYPE_BFLOAT16),
                     SELECTAI_ERR_INVALID_ARGUMENT);
    cache = create(f, SELECTAI_DTYPE_AUTO);
    v[2] = NAN;
    assert_int_equal(selectai_embedding_cache_add(cache, &row, v), SELECTAI_ERR_INVALID_ARGUMENT);
    v[2] = 0;
    row.rel_path = "folder/";
    assert_int_equal(selectai_embedding_cache_add(cache, &row, v), SELECTAI_ERR_INVALID_ARGUMENT);
    row.rel_path = "folder/a.png";
    row.filename = "b.png";
    assert_int_equal(selectai_embedding_cache_add(cache, &row, v), SELECTAI_ERR_INVALID_ARGUMENT);
    row.filename = "a.png";
    assert_int_equal(selectai_embedding_cache_add(cache, &row, v), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_count(cache), 1);
    selectai_embedding_cache_close(&cache);
}

/* ---- Parts, writers, merging ----------------------------------------------------------------- */

static void test_flush_by_itself(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32), *reader;
    size_t first = 9, n = 9;
    const char *path = NULL;
    add_many(cache, "p", 0, 1024);
    assert_int_equal(selectai_embedding_cache_part_count(cache), 1);
    add_many(cache, "p", 1024, 1030);
    reader = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(reader), 1024);
    assert_int_equal(selectai_embedding_cache_part(reader, 0, &path, &first, &n), SELECTAI_OK);
    assert_int_equal(first, 0);
    assert_int_equal(n, 1024);
    assert_int_equal(access(path, R_OK), 0);
    selectai_embedding_cache_close(&reader);
    expect_many(cache, "p", 500, 1030);
    selectai_embedding_cache_close(&cache);
    reader = open_cache(f); /* closing merged the two */
    assert_int_equal(selectai_embedding_cache_part_count(reader), 1);
    expect_many(reader, "p", 500, 1030);
    selectai_embedding_cache_close(&reader);
    expect_verify(f, "", 0);
}

static void test_merging_keeps_rows(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    for (unsigned i = 0; i < 40; i++) {
        add_many(cache, "p", 3 * i, 3 * i + 3);
        assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    }
    assert_int_equal(selectai_embedding_cache_part_count(cache), 2 + 8);
    assert_int_equal(count_files(f, ".npy"), 10);
    expect_many(cache, "p", 0, 120);
    expect_verify(f, "", 0);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(count_files(f, ".npy"), 1);
    assert_int_equal(count_files(f, ".jsonl"), 1);
    assert_int_equal(count_files(f, ".tmp"), 0);
    cache = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(cache), 120);
    expect_many(cache, "p", 0, 120);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0);
}

static void test_two_writers(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *a = create(f, SELECTAI_DTYPE_FLOAT32), *b = create(f, SELECTAI_DTYPE_FLOAT16);
    for (unsigned i = 0; i < 5; i++) {
        add_many(a, "a", 10 * i, 10 * i + 10);
        add_many(b, "b", 10 * i, 10 * i + 10);
        assert_int_equal(selectai_embedding_cache_flush(a), SELECTAI_OK);
        assert_int_equal(selectai_embedding_cache_flush(b), SELECTAI_OK);
    }
    selectai_embedding_cache_close(&a);
    selectai_embedding_cache_close(&b);
    a = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(a), 100);
    assert_int_equal(selectai_embedding_cache_part_count(a), 2);
    expect_many(a, "a", 0, 50);
    expect_many(a, "b", 0, 50);
    selectai_embedding_cache_close(&a);
    expect_verify(f, "", 0);
}

/* A merge that was killed after the joined part was published: the old parts are still there, and do not count. */
static void test_superseded(void **state)
{
    struct fixture *f = *state;
    char npy[600], jsonl[600], kept_npy[700], kept_jsonl[700];
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    add_many(cache, "p", 0, 3);
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    find_file(f, ".npy", npy);
    find_file(f, ".jsonl", jsonl);
    snprintf(kept_npy, sizeof kept_npy, "%s/kept.npy", f->root);
    snprintf(kept_jsonl, sizeof kept_jsonl, "%s/kept.jsonl", f->root);
    copy_file(npy, kept_npy);
    copy_file(jsonl, kept_jsonl);
    add_many(cache, "p", 3, 5);
    selectai_embedding_cache_close(&cache);
    copy_file(kept_npy, npy);
    copy_file(kept_jsonl, jsonl);
    assert_int_equal(count_files(f, ".npy"), 2);
    cache = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(cache), 5);
    assert_int_equal(selectai_issues_count(selectai_embedding_cache_issues(cache)), 0);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0);
    cache = create(f, SELECTAI_DTYPE_FLOAT32); /* a writer clears them away */
    assert_int_equal(selectai_embedding_cache_count(cache), 5);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(count_files(f, ".npy"), 1);
}

static void test_other_encoder(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, "other-2", DIM, 0), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), ID));
    assert_non_null(strstr(selectai_last_error(), "other-2"));
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, ID, DIM + 1, 0), SELECTAI_ERR_MISMATCH);
    assert_null(cache);
}

static void test_manifests(void **state)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        {"", SELECTAI_ERR_FORMAT},
        {"{", SELECTAI_ERR_FORMAT},
        {"[]", SELECTAI_ERR_FORMAT},
        {"{\"format\":\"other\",\"version\":1,\"encoder\":\"e\",\"dim\":4}", SELECTAI_ERR_FORMAT},
        {"{\"format\":\"selectai-embedding-cache\",\"encoder\":\"e\",\"dim\":4}", SELECTAI_ERR_FORMAT},
        {"{\"format\":\"selectai-embedding-cache\",\"version\":2,\"encoder\":\"e\",\"dim\":4}",
         SELECTAI_ERR_UNSUPPORTED},
        {"{\"format\":\"selectai-embedding-cache\",\"version\":1,\"encoder\":\"e\",\"dim\":0}", SELECTAI_ERR_FORMAT},
        {"{\"format\":\"selectai-embedding-cache\",\"version\":1,\"encoder\":\"e\",\"dim\":1e3}", SELECTAI_ERR_FORMAT},
        {"{\"format\":\"selectai-embedding-cache\",\"version\":1,\"encoder\":7,\"dim\":4}", SELECTAI_ERR_FORMAT},
        {"{\"later\":[1],\"format\":\"selectai-embedding-cache\",\"version\":1,\"encoder\":\"e\",\"dim\":4}",
         SELECTAI_OK},
    };
    struct fixture *f = *state;
    char path[400];
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_open(&cache, f->dir), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_embedding_cache_open(&cache, f->root), SELECTAI_ERR_NOT_FOUND);
    snprintf(path, sizeof path, "%s/manifest.json", f->root);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_text(path, cases[i].text);
        assert_int_equal(selectai_embedding_cache_open(&cache, f->root), cases[i].code);
        selectai_embedding_cache_close(&cache);
    }
    assert_int_equal(selectai_embedding_cache_open(&cache, path), SELECTAI_ERR_NOT_A_DIRECTORY);
}

static void test_lost_manifest(void **state)
{
    struct fixture *f = *state;
    char path[600];
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    add_many(cache, "p", 0, 3);
    selectai_embedding_cache_close(&cache);
    find_file(f, "manifest.json", path);
    assert_int_equal(unlink(path), 0);
    /* Whose vectors are these? Not to be guessed. */
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, ID, DIM, 0), SELECTAI_ERR_FORMAT);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* A sound part of 4 rows (a writer's only one), and one to be damaged, of rows 4..7. */
static void make_two_parts(struct fixture *f, char npy[600], char jsonl[600])
{
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    const char *path;
    add_many(cache, "p", 0, 4);
    selectai_embedding_cache_close(&cache);
    cache = create(f, SELECTAI_DTYPE_FLOAT32);
    add_many(cache, "p", 4, 8);
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_part(cache, 1, &path, NULL, NULL), SELECTAI_OK);
    snprintf(npy, 600, "%s", path);
    snprintf(jsonl, 600, "%.*s.jsonl", (int)(strlen(path) - 4), path);
    selectai_embedding_cache_close(&cache);
}

/* The damaged part is dropped with one issue, the other one stays. */
static void expect_dropped(const struct fixture *f, const char *kind)
{
    selectai_embedding_cache *cache = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(cache), 4);
    expect_many(cache, "p", 0, 4);
    assert_int_equal(selectai_embedding_cache_find(cache, "p", "img_5.png", NULL, NULL), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(count_kind(selectai_embedding_cache_issues(cache), kind), 1);
    assert_int_equal(selectai_issues_count(selectai_embedding_cache_issues(cache)), 1);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, kind, 1);
}

static void test_truncated_at_every_byte(void **state)
{
    struct fixture *f = *state;
    char npy[600], jsonl[600];
    struct stat st;
    make_two_parts(f, npy, jsonl);
    for (int which = 0; which < 2; which++) {
        const char *path = which ? jsonl : npy;
        assert_int_equal(stat(path, &st), 0);
        char *bytes = read_text(path);
        for (off_t n = 0; n < st.st_size; n += 1 + (n > 20) * 7) {
            write_bytes(path, bytes, (size_t)n);
            expect_dropped(f, "torn-part");
        }
        write_bytes(path, bytes, (size_t)st.st_size - 1);
        expect_dropped(f, "torn-part");
        char *longer = malloc((size_t)st.st_size + 1);
        assert_non_null(longer);
        memcpy(longer, bytes, (size_t)st.st_size);
        longer[st.st_size] = 'x';
        write_bytes(path, longer, (size_t)st.st_size + 1);
        expect_dropped(f, "torn-part");
        write_bytes(path, bytes, (size_t)st.st_size);
        free(longer);
        free(bytes);
    }
    expect_verify(f, "", 0);
}

/* Any byte may be wrong: never a crash, and verify finds every one that matters. */
static void test_flipped_bytes(void **state)
{
    struct fixture *f = *state;
    char npy[600], jsonl[600];
    struct stat st;
    make_two_parts(f, npy, jsonl);
    assert_int_equal(stat(npy, &st), 0);
    char *bytes = read_text(npy);
    for (off_t n = 0; n < st.st_size; n += 3) {
        selectai_issues *issues = NULL;
        bytes[n] = (char)(bytes[n] ^ 0x20);
        write_bytes(npy, bytes, (size_t)st.st_size);
        assert_int_equal(selectai_embedding_cache_verify(&issues, f->dir), SELECTAI_OK);
        /* A changed blank of the header's padding is no longer blank either. */
        assert_int_equal(selectai_issues_count(issues), 1);
        selectai_issues_destroy(&issues);
        bytes[n] = (char)(bytes[n] ^ 0x20);
    }
    write_bytes(npy, bytes, (size_t)st.st_size);
    free(bytes);
    assert_int_equal(stat(jsonl, &st), 0);
    bytes = read_text(jsonl);
    for (off_t n = 0; n < st.st_size; n += 2) {
        selectai_issues *issues = NULL;
        bytes[n] = (char)(bytes[n] ^ 0x80);
        write_bytes(jsonl, bytes, (size_t)st.st_size);
        assert_int_equal(selectai_embedding_cache_verify(&issues, f->dir), SELECTAI_OK);
        assert_int_equal(count_kind(issues, "torn-part"), 1);
        selectai_issues_destroy(&issues);
        bytes[n] = (char)(bytes[n] ^ 0x80);
    }
    free(bytes);
}

static void test_missing_files(void **state)
{
    struct fixture *f = *state;
    char npy[600], jsonl[600], kept[700];
    make_two_parts(f, npy, jsonl);
    snprintf(kept, sizeof kept, "%s/kept", f->root);
    assert_int_equal(rename(jsonl, kept), 0);
    expect_dropped(f, "uncommitted"); /* killed between the two files */
    char draft[700];
    snprintf(draft, sizeof draft, "%s.tmp-1-1", jsonl);
    write_text(draft, "{");
    selectai_issues *left = NULL;
    assert_int_equal(selectai_embedding_cache_leftovers(&left, f->dir), SELECTAI_OK);
    assert_int_equal(count_kind(left, "uncommitted"), 1);
    assert_int_equal(count_kind(left, "temporary"), 1);
    assert_int_equal(selectai_issues_count(left), 2);
    selectai_issues_destroy(&left);
    const struct timespec now_and_long_ago[2][2] = {{{.tv_sec = time(NULL) - 3500}, {.tv_sec = time(NULL) - 3500}},
                                                    {{.tv_sec = 1}, {.tv_sec = 1}}};
    for (int i = 0; i < 2; i++) { /* only what is older than an hour is nobody's */
        assert_int_equal(utimensat(AT_FDCWD, draft, now_and_long_ago[i], 0), 0);
        assert_int_equal(utimensat(AT_FDCWD, npy, now_and_long_ago[0], 0), 0);
        selectai_embedding_cache *writer = create(f, SELECTAI_DTYPE_FLOAT32);
        selectai_embedding_cache_close(&writer);
        assert_int_equal(access(draft, F_OK), i == 0 ? 0 : -1);
        assert_int_equal(access(npy, F_OK), 0);
    }
    assert_int_equal(rename(kept, jsonl), 0);
    assert_int_equal(rename(npy, kept), 0);
    expect_dropped(f, "torn-part");
    assert_int_equal(rename(kept, npy), 0);
    expect_verify(f, "", 0);
}

static void test_missing_part(void **state)
{
    struct fixture *f = *state;
    char npy[600], jsonl[600];
    const char *path;
    selectai_embedding_cache *writer = create(f, SELECTAI_DTYPE_FLOAT32), *reader;
    for (unsigned i = 0; i < 3; i++) {
        add_many(writer, "p", 4 * i, 4 * i + 4);
        assert_int_equal(selectai_embedding_cache_flush(writer), SELECTAI_OK);
    }
    assert_int_equal(selectai_embedding_cache_part(writer, 1, &path, NULL, NULL), SELECTAI_OK);
    snprintf(npy, sizeof npy, "%s", path);
    snprintf(jsonl, sizeof jsonl, "%.*s.jsonl", (int)(strlen(path) - 4), path);
    assert_int_equal(unlink(npy), 0);
    assert_int_equal(unlink(jsonl), 0);
    reader = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(reader), 8);
    expect_many(reader, "p", 0, 4);
    expect_many(reader, "p", 8, 12);
    assert_int_equal(count_kind(selectai_embedding_cache_issues(reader), "missing-part"), 1);
    selectai_embedding_cache_close(&reader);
    selectai_embedding_cache_close(&writer);
}

static void replace_in_file(const char *path, const char *from, const char *to)
{
    char *text = read_text(path), *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    write_text(path, text);
    free(text);
}

static void test_wrong_records(void **state)
{
    static const char *const changes[][2] = {
        {"\"row\":1", "\"row\":2"},
        {"\"filename\":\"img_5.png\"", "\"filename\":\"img_6.png\""},
        {"\"size\":5000000005", "\"size\":-500000000"},
        {"\"crc32\":1005", "\"crc32\":null"},
        {"\"width\":640", "\"width\":-64"},
        {"\"phash\":\"fedcba", "\"phash\":\"fedcbx"},
        {"\"project\":\"p\"", "\"projekt\":\"p\""},
    };
    struct fixture *f = *state;
    char npy[600], jsonl[600];
    make_two_parts(f, npy, jsonl);
    char *good = read_text(jsonl);
    replace_in_file(jsonl, "\"width\":640", "\"width\":641"); /* only the line's own checksum can tell */
    expect_dropped(f, "torn-part");
    write_text(jsonl, good);
    replace_in_file(jsonl, "}\n", " \n");
    expect_dropped(f, "torn-part");
    unseal(good); /* the rest is looked at, too */
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        write_text(jsonl, good);
        expect_verify(f, "", 0);
        replace_in_file(jsonl, changes[i][0], changes[i][1]);
        expect_dropped(f, "torn-part");
    }
    write_text(jsonl, good);
    free(good);
    expect_verify(f, "", 0);
}

/* What follows from the encoder's id is compared with it. */
static void test_changed_manifest(void **state)
{
    static const char *const changes[][2] = {{"\"weights_sha256\": \"fe", "\"weights_sha256\": \"ff"},
                                             {"\"activation\": \"quick", "\"activation\": \"quack"},
                                             {"clip: bicubic", "clip: nearest"},
                                             {"\"dtype\": \"float32\"", "\"dtype\": \"float64\""},
                                             {"\"normalised\": false", "\"normalised\": true "}};
    struct fixture *f = *state;
    char path[600];
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, "clip:fe00d3342ceaf991:quickgelu:convert=after", 4,
                                                     SELECTAI_DTYPE_FLOAT32),
                     SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    find_file(f, "manifest.json", path);
    char *good = read_text(path);
    expect_verify(f, "", 0);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        replace_in_file(path, changes[i][0], changes[i][1]);
        expect_verify(f, "wrong-manifest", 1);
        write_text(path, good);
    }
    replace_in_file(path, "\"dtype\": \"float32\"", "\"dtype\": \"float16\"");
    expect_verify(f, "", 0);
    free(good);
}

/* Records as other tools write them: blanks, other order, further members. */
static void test_foreign_records(void **state)
{
    struct fixture *f = *state;
    char npy[600], jsonl[600];
    make_two_parts(f, npy, jsonl);
    write_text(
        jsonl,
        "{\"size\": 11, \"crc32\": 12, \"row\": 0, \"project\": \"p\", \"rel_path\": \"x/\\u00e4.png\", \"note\": []}\n"
        "{\"row\": 1, \"project\": \"p\", \"rel_path\": \"1.png\", \"size\": 1, \"crc32\": 2}\n"
        "{\"row\": 2, \"project\": \"p\", \"rel_path\": \"2.png\", \"size\": 1, \"crc32\": 3}\n"
        "{\"row\": 3, \"project\": \"p\", \"rel_path\": \"3.png\", \"size\": 1, \"crc32\": 4}\n");
    selectai_embedding_cache *cache = open_cache(f);
    assert_int_equal(selectai_issues_count(selectai_embedding_cache_issues(cache)), 0);
    expect_found(cache, "p", "\xC3\xA4.png", 4);
    expect_found(cache, "p", "3.png", 7);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0);
}

static void test_verify_values(void **state)
{
    struct fixture *f = *state;
    char npy[600], jsonl[600];
    const float nan_value = NAN, other = 1.5f;
    make_two_parts(f, npy, jsonl);
    FILE *file = fopen(npy, "r+b");
    assert_non_null(file);
    fseek(file, 128 + 16 + 4, SEEK_SET); /* row 1 */
    assert_int_equal(fwrite(&nan_value, 4, 1, file), 1);
    fseek(file, 128 + 32, SEEK_SET); /* row 2 */
    assert_int_equal(fwrite(&other, 4, 1, file), 1);
    fclose(file);
    selectai_issues *issues = NULL;
    assert_int_equal(selectai_embedding_cache_verify(&issues, f->dir), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 2);
    assert_int_equal(count_kind(issues, "not-finite"), 1);
    assert_int_equal(count_kind(issues, "wrong-vector"), 1);
    selectai_issues_destroy(&issues);
}

static void test_verify_twice(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    add_many(cache, "p", 0, 4);
    selectai_embedding_cache_close(&cache);
    cache = create(f, SELECTAI_DTYPE_FLOAT32);
    add_many(cache, "p", 3, 5); /* 3 again, as when two runs embed a folder at the same time: no fault */
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "twice", 0);
    cache = create(f, SELECTAI_DTYPE_FLOAT32);
    add_many(cache, "p", 5, 7);
    add_many(cache, "p", 6, 8); /* one writer does not add a row twice */
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "twice", 1);
}

/* ---- Kills ----------------------------------------------------------------------------------- */

/* The child adds rows for ever, flushing every 7; the parent counts what it says to have flushed. */
static void write_until_killed(const struct fixture *f, int report, useconds_t pause)
{
    selectai_embedding_cache *cache = NULL;
    if (selectai_embedding_cache_create(&cache, f->dir, ID, DIM, 0) != SELECTAI_OK)
        _exit(1);
    for (unsigned n = 0;; n++) {
        char name[64];
        snprintf(name, sizeof name, "img_%u.png", n);
        if (add(cache, "p", name, n) != SELECTAI_OK)
            _exit(1);
        if (n % 7 != 6)
            continue;
        if (selectai_embedding_cache_flush(cache) != SELECTAI_OK || write(report, ".", 1) != 1)
            _exit(1);
        usleep(pause);
    }
}

static void test_sigkill(void **state)
{
    struct fixture *f = *state;
    srand(7);
    for (int round = 0; round < 10; round++) {
        int ends[2], status;
        size_t flushed = 0;
        ssize_t k;
        char buffer[64];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            write_until_killed(f, ends[1], 0);
        }
        close(ends[1]);
        const struct timespec wait = {.tv_nsec = 1000000 * (2 + rand() % 40)};
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        while ((k = read(ends[0], buffer, sizeof buffer)) > 0)
            flushed += (size_t)k;
        close(ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        selectai_embedding_cache *cache = NULL;
        if (flushed > 0 || access(f->dir, F_OK) == 0) {
            int rc = selectai_embedding_cache_open(&cache, f->dir);
            assert_true(rc == SELECTAI_OK || (rc == SELECTAI_ERR_NOT_FOUND && flushed == 0));
        }
        if (cache) {
            const selectai_issues *issues = selectai_embedding_cache_issues(cache);
            size_t n = selectai_embedding_cache_count(cache);
            assert_true(n == flushed * 7 || n == flushed * 7 + 7); /* killed between flush and report */
            expect_many(cache, "p", 0, (unsigned)n);
            assert_int_equal(count_kind(issues, "uncommitted"), selectai_issues_count(issues));
        }
        selectai_embedding_cache_close(&cache);
        remove_temporary(f->dir);
    }
}

/* A disk that takes no more: an error that says so, nothing half-written, and the rows are not lost. */
static void test_full_disk(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, small;
    selectai_embedding_cache *cache = create(f, SELECTAI_DTYPE_FLOAT32);
    add_many(cache, "p", 0, 3);
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (rlim_t limit = 50; limit < 400; limit += 300) { /* too small for the .npy; for the .jsonl only */
        small = (struct rlimit){.rlim_cur = limit, .rlim_max = before.rlim_max};
        if (limit == 50)
            add_many(cache, "p", 3, 10);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int rc = selectai_embedding_cache_flush(cache);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_true(rc < 0);
        assert_non_null(strstr(selectai_last_error(), f->dir));
        assert_int_equal(count_files(f, "part-"), 2);
        assert_int_equal(selectai_embedding_cache_part_count(cache), 1);
        expect_many(cache, "p", 0, 10);
        expect_verify(f, "", 0);
    }
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    cache = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(cache), 10);
    expect_many(cache, "p", 0, 10);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0);
}

/* A process that ends without closing loses what it had not flushed. */
static void test_exit_without_close(void **state)
{
    struct fixture *f = *state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        selectai_embedding_cache *cache = NULL;
        if (selectai_embedding_cache_create(&cache, f->dir, ID, DIM, 0) != SELECTAI_OK)
            _exit(1);
        for (unsigned n = 0; n < 9; n++) {
            char name[64];
            snprintf(name, sizeof name, "img_%u.png", n);
            if (add(cache, "p", name, n) != SELECTAI_OK ||
                (n == 5 && selectai_embedding_cache_flush(cache) != SELECTAI_OK))
                _exit(1);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    selectai_embedding_cache *cache = open_cache(f);
    assert_int_equal(selectai_embedding_cache_count(cache), 6);
    expect_many(cache, "p", 0, 6);
    selectai_embedding_cache_close(&cache);
    expect_verify(f, "", 0);
}

/* One process merges its parts all the time while this one opens the folder: never a row less than before. */
static void test_reader_beside_writer(void **state)
{
    struct fixture *f = *state;
    int ends[2], status;
    size_t before = 0;
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_until_killed(f, ends[1], 5000); /* a memory file system would let it flush thousands of times a second */
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    for (int i = 0; i < 50; i++) {
        usleep(3000);
        selectai_embedding_cache *cache = open_cache(f);
        const selectai_issues *issues = selectai_embedding_cache_issues(cache);
        size_t n = selectai_embedding_cache_count(cache);
        assert_true(n >= before && n % 7 == 0);
        assert_int_equal(count_kind(issues, "uncommitted"), selectai_issues_count(issues));
        expect_many(cache, "p", 0, (unsigned)n);
        before = n;
        selectai_embedding_cache_close(&cache);
    }
    kill(child, SIGKILL);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

/* ---- The format is for ever ------------------------------------------------------------------ */

static void test_golden(void **state)
{
    char path[1024];
    const char *tests = getenv("SELECTAI_TEST_DATA");
    float v[DIM];
    (void)state;
    if (!tests) {
        print_message("SELECTAI_TEST_DATA is not set\n");
        skip();
        return;
    }
    snprintf(path, sizeof path, "%s/golden/cache-v1", tests);
    selectai_embedding_cache *cache = NULL;
    struct selectai_cache_row row = {.struct_size = sizeof row};
    assert_int_equal(selectai_embedding_cache_open(&cache, path), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(selectai_embedding_cache_issues(cache)), 0);
    assert_int_equal(selectai_embedding_cache_count(cache), 3);
    assert_int_equal(selectai_embedding_cache_part_count(cache), 2);
    assert_string_equal(selectai_embedding_cache_encoder_id(cache), "clip:0123456789abcdef:quickgelu");
    assert_int_equal(selectai_embedding_cache_find(cache, "summer", "20240601_120000_stage2.png", v, NULL),
                     SELECTAI_OK);
    assert_true(v[0] == 1.0f && v[1] == -0.5f && v[2] == 0.25f && v[3] == 1024.0f);
    assert_int_equal(selectai_embedding_cache_get(cache, 1, &row, v), SELECTAI_OK);
    assert_string_equal(row.rel_path, "day 2/\xC3\xBC\"b.png");
    assert_true(row.size == 7000000000u && row.crc32 == 4294967295u && row.mtime_ns == 1717243200000000001);
    assert_true(row.phash == 0x8000000000000001u && row.width == 1024 && row.height == 768);
    assert_int_equal(selectai_embedding_cache_find_content(cache, "winter", 3, 9, v, NULL), SELECTAI_OK);
    assert_true(v[0] == 0.5f && v[1] == 2.0f && v[2] == -4.0f && v[3] == 0.0f); /* a part of float16 */
    selectai_embedding_cache_close(&cache);
    selectai_issues *issues = NULL;
    assert_int_equal(selectai_embedding_cache_verify(&issues, path), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 0);
    selectai_issues_destroy(&issues);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_checksums_do_not_tell_all),
        TEST(test_record),
        TEST(test_odd_names),
        TEST(test_last_row_wins),
        TEST(test_same_name_in_several_folders),
        TEST(test_find_file_looks_at_the_file),
        TEST(test_half),
        TEST(test_bad_arguments),
        TEST(test_flush_by_itself),
        TEST(test_merging_keeps_rows),
        TEST(test_two_writers),
        TEST(test_superseded),
        TEST(test_other_encoder),
        TEST(test_manifests),
        TEST(test_lost_manifest),
        TEST(test_truncated_at_every_byte),
        TEST(test_flipped_bytes),
        TEST(test_missing_files),
        TEST(test_missing_part),
        TEST(test_wrong_records),
        TEST(test_changed_manifest),
        TEST(test_foreign_records),
        TEST(test_verify_values),
        TEST(test_verify_twice),
        TEST(test_sigkill),
        TEST(test_full_disk),
        TEST(test_exit_without_close),
        TEST(test_reader_beside_writer),
        cmocka_unit_test(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
