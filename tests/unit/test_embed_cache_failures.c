/*
 * test_embed_cache_failures.c: images that could not be decoded are remembered by content, by all writers, until a
 * newer version of the library may manage.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <selectai/embedding_cache.h>

#include "embed/cache.h"

struct fixture {
    char root[256];
    char dir[300];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_temporary(f->root);
    snprintf(f->dir, sizeof f->dir, "%s/cache", f->root);
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

static selectai_embedding_cache *create(const struct fixture *f)
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, "e", 4, SELECTAI_DTYPE_AUTO), SELECTAI_OK);
    return cache;
}

static int note_failure(selectai_embedding_cache *cache, uint32_t n, int32_t code)
{
    char path[64], message[64];
    snprintf(path, sizeof path, "day \"%u\"/\xff.png", n);
    snprintf(message, sizeof message, "%u: not an image", n);
    const struct sai_cache_failure failure = {.size = 5000000000u + n,
                                              .crc32 = n,
                                              .xxh64 = n + 1,
                                              .code = code,
                                              .project = "p",
                                              .rel_path = path,
                                              .message = message};
    return sai_cache_failure_add(cache, &failure);
}

static bool known(const selectai_embedding_cache *cache, uint32_t n)
{
    const struct sai_cache_failure *it = sai_cache_failure_find(cache, 5000000000u + n, n, n + 1);
    return it && it->code == SELECTAI_ERR_FORMAT && atoi(it->message) == (int)n;
}

static size_t count_listed(const selectai_embedding_cache *cache)
{
    selectai_issues *issues = NULL;
    assert_int_equal(selectai_embedding_cache_failures(&issues, cache), SELECTAI_OK);
    size_t n = selectai_issues_count(issues);
    selectai_issues_destroy(&issues);
    return n;
}

static void write_failures(const struct fixture *f, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/failed-by-hand.jsonl", f->dir);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0 && fclose(file) == 0, 1);
}

static void failures_are_found_after_closing(void **state)
{
    const struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f), *other = create(f);
    for (uint32_t n = 0; n < 300; n++)
        assert_int_equal(note_failure(cache, n, SELECTAI_ERR_FORMAT), SELECTAI_OK);
    assert_int_equal(note_failure(cache, 7, SELECTAI_ERR_LIMIT), SELECTAI_OK); /* known: the first stays */
    assert_int_equal(selectai_embedding_cache_flush(cache), SELECTAI_OK);
    assert_int_equal(note_failure(cache, 300, SELECTAI_ERR_FORMAT), SELECTAI_OK); /* written by close */
    assert_int_equal(note_failure(other, 301, SELECTAI_ERR_FORMAT), SELECTAI_OK);
    assert_false(known(other, 3)); /* flushed after it was opened */
    assert_int_equal(count_listed(other), 301);
    selectai_embedding_cache_close(&cache);
    selectai_embedding_cache_close(&other);
    cache = create(f);
    for (uint32_t n = 0; n < 302; n++)
        assert_true(known(cache, n));
    assert_false(known(cache, 302));
    assert_null(sai_cache_failure_find(cache, 5000000001u, 2, 2)); /* all three must agree */
    assert_null(sai_cache_failure_find(cache, 5000000001u, 1, 3));
    assert_null(sai_cache_failure_find(cache, 5000000001u, 1, 0));
    assert_int_equal(count_listed(cache), 302);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(selectai_embedding_cache_open(&cache, f->dir), SELECTAI_OK);
    selectai_issues *issues = NULL;
    struct selectai_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(selectai_embedding_cache_failures(&issues, cache), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 302);
    assert_int_equal(selectai_issues_get(issues, 0, &issue), SELECTAI_OK);
    assert_int_equal(issue.code, SELECTAI_ERR_FORMAT);
    assert_string_equal(issue.kind, "undecodable");
    selectai_issues_destroy(&issues);
    selectai_embedding_cache_close(&cache);
}

static void only_what_is_true_of_the_content_is_kept(void **state)
{
    const struct fixture *f = *state;
    static const int32_t codes[] = {SELECTAI_ERR_PERMISSION,    SELECTAI_ERR_IO,          SELECTAI_ERR_NOT_FOUND,
                                    SELECTAI_ERR_OUT_OF_MEMORY, SELECTAI_ERR_UNSUPPORTED, SELECTAI_ERR_CANCELLED};
    selectai_embedding_cache *cache = create(f);
    for (uint32_t n = 0; n < sizeof codes / sizeof *codes; n++)
        assert_int_equal(note_failure(cache, n, codes[n]), SELECTAI_OK);
    assert_int_equal(count_listed(cache), 0);
    assert_int_equal(note_failure(cache, 50, SELECTAI_ERR_LIMIT), SELECTAI_OK);
    assert_int_equal(count_listed(cache), 1);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(selectai_embedding_cache_open(&cache, f->dir), SELECTAI_OK);
    assert_int_equal(note_failure(cache, 1, SELECTAI_ERR_FORMAT),
                     SELECTAI_ERR_INVALID_ARGUMENT); /* opened for reading */
    selectai_embedding_cache_close(&cache);
}

static void older_versions_and_damage_count_as_nothing(void **state)
{
    const struct fixture *f = *state;
    selectai_embedding_cache *cache = create(f);
    selectai_embedding_cache_close(&cache);
    write_failures(
        f, "{\"size\":5000000001,\"crc32\":1,\"project\":\"p\",\"rel_path\":\"a\",\"code\":-20,\"message\":\"1\","
           "\"version\":\"0.0.9\"}\n"
           "{\"size\":5000000002,\"crc32\":2,\"xxh64\":\"0000000000000003\",\"project\":\"p\",\"rel_path\":\"a\","
           "\"code\":-20,\"message\":\"2\","
           "\"version\":\"999.0.0\",\"more\":[]}\n"
           "{\"size\":-1,\"crc32\":3,\"project\":\"p\",\"rel_path\":\"a\",\"code\":-20,\"version\":\"999.0.0\"}\n"
           "{\"size\":1,\"crc32\":4294967296,\"project\":\"p\",\"rel_path\":\"a\",\"code\":-20}\n"
           "no JSON\n[]\n"
           "{\"size\":5000000004,\"crc32\":4,\"xxh64\":\"0000000000000005\",\"project\":\"p\",\"rel_path\":\"a\","
           "\"code\":-20,\"message\":\"4\","
           "\"version\":\"999.0.0\"}\n{\"size\":50000000");
    cache = create(f);
    assert_false(known(cache, 1));
    assert_true(known(cache, 2));
    assert_true(known(cache, 4));
    assert_int_equal(count_listed(cache), 2);
    struct sai_cache_failures read = {0};
    selectai_issues *issues = NULL;
    assert_int_equal(sai_issues_create(&issues), SELECTAI_OK);
    assert_int_equal(sai_cache_failures_read(&read, f->dir, issues), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 5);
    assert_int_equal(read.n, 2);
    sai_cache_failures_free(&read);
    selectai_issues_destroy(&issues);
    selectai_embedding_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(failures_are_found_after_closing, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_is_true_of_the_content_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(older_versions_and_damage_count_as_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
