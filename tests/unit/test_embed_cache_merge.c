/*
 * test_embed_cache_merge.c: caches of several machines become one.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_fixture.h"

static struct selectai_cache_counts merge(const char *output, const char *const *caches, size_t n, int32_t dtype,
                                          const char *problem)
{
    struct selectai_cache_options options;
    struct selectai_cache_counts counts = {.struct_size = sizeof counts};
    selectai_issues *issues = NULL;
    selectai_cache_options_init(&options, sizeof options);
    options.dtype = dtype;
    assert_int_equal(selectai_embedding_cache_merge(&counts, &issues, output, caches, n, &options), SELECTAI_OK);
    struct selectai_issue issue = {.struct_size = sizeof issue, .kind = ""};
    if (selectai_issues_count(issues) > 0)
        assert_int_equal(selectai_issues_get(issues, 0, &issue), SELECTAI_OK);
    assert_string_equal(issue.kind, problem);
    selectai_issues_destroy(&issues);
    return counts;
}

static void fill_two(const struct fixture *f)
{
    selectai_embedding_cache *a = create_at(at(f, "a"), SELECTAI_DTYPE_FLOAT16);
    selectai_embedding_cache *b = create_at(at(f, "b"), SELECTAI_DTYPE_FLOAT32);
    put(a, "p", "old then new.png", 1, 10);
    put(a, "p", "old then new.png", 2, 20); /* within a cache the last row counts */
    put(a, "p", "newer in b.png", 3, 10);
    put(a, "p", "newer in a.png", 4, 30);
    put(a, "p", "equal.png", 5, 10);
    put(a, "p", "tie.png", 6, 10);
    put(a, "q", "only a.png", 7, 10);
    put(b, "p", "newer in b.png", 13, 11);
    put(b, "p", "newer in a.png", 14, 11);
    put(b, "p", "equal.png", 5, 10);
    put(b, "p", "tie.png", 16, 10);
    put(b, "p", "only b.png", 17, 10);
    selectai_embedding_cache_close(&a);
    selectai_embedding_cache_close(&b);
}

static void expect_merged(const char *dir)
{
    selectai_embedding_cache *cache = open_at(dir);
    assert_int_equal(content_of(cache, "p", "old then new.png"), 2);
    assert_int_equal(content_of(cache, "p", "newer in b.png"), 13);
    assert_int_equal(content_of(cache, "p", "newer in a.png"), 4);
    assert_int_equal(content_of(cache, "p", "equal.png"), 5);
    assert_int_equal(content_of(cache, "p", "tie.png"), 16);
    assert_int_equal(content_of(cache, "q", "only a.png"), 7);
    assert_int_equal(content_of(cache, "p", "only b.png"), 17);
    selectai_embedding_cache_close(&cache);
    expect_sound(dir);
}

static void the_latest_row_of_each_path_wins(void **state)
{
    const struct fixture *f = *state;
    fill_two(f);
    const char *const inputs[] = {at(f, "a"), at(f, "b")};
    struct selectai_cache_counts counts = merge(at(f, "out"), inputs, 2, SELECTAI_DTYPE_AUTO, "");
    assert_int_equal(counts.read, 12);
    assert_int_equal(counts.written, 7);
    assert_int_equal(counts.superseded, 4);
    assert_int_equal(counts.repeated, 1);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.files, 1);
    expect_merged(at(f, "out"));
    selectai_embedding_cache *cache = open_at(at(f, "out"));
    assert_int_equal(selectai_embedding_cache_count(cache), 7);
    assert_false(cache->parts[0].half); /* one of the inputs was float32 */
    selectai_embedding_cache_close(&cache);
    /* again: nothing to do */
    counts = merge(at(f, "out"), inputs, 2, SELECTAI_DTYPE_AUTO, "");
    assert_int_equal(counts.written, 0);
    assert_int_equal(counts.present, 8); /* one of them in both inputs */
    expect_merged(at(f, "out"));
}

static void the_order_of_merging_does_not_matter_but_for_ties(void **state)
{
    const struct fixture *f = *state;
    fill_two(f);
    const char *const a[] = {at(f, "a")}, *const b[] = {at(f, "b")};
    merge(at(f, "ab"), a, 1, SELECTAI_DTYPE_AUTO, "");
    merge(at(f, "ab"), b, 1, SELECTAI_DTYPE_FLOAT16, "");
    expect_merged(at(f, "ab"));
    merge(at(f, "ba"), b, 1, SELECTAI_DTYPE_AUTO, "");
    selectai_embedding_cache *cache = create_at(at(f, "ba"), SELECTAI_DTYPE_AUTO); /* a writer is at work there */
    merge(at(f, "ba"), a, 1, SELECTAI_DTYPE_AUTO, "");
    put(cache, "p", "tie.png", 16, 10);
    selectai_embedding_cache_close(&cache);
    cache = open_at(at(f, "ba"));
    assert_int_equal(content_of(cache, "p", "newer in b.png"), 13);
    assert_int_equal(content_of(cache, "p", "newer in a.png"), 4);
    selectai_embedding_cache_close(&cache);
    expect_sound(at(f, "ba"));
}

static void other_encoders_are_refused(void **state)
{
    const struct fixture *f = *state;
    fill_two(f);
    selectai_embedding_cache *c = NULL;
    assert_int_equal(selectai_embedding_cache_create(&c, at(f, "c"), "other-2", DIM, SELECTAI_DTYPE_AUTO), SELECTAI_OK);
    selectai_embedding_cache_close(&c);
    assert_int_equal(selectai_embedding_cache_create(&c, at(f, "d"), ID, DIM + 1, SELECTAI_DTYPE_AUTO), SELECTAI_OK);
    selectai_embedding_cache_close(&c);
    for (int i = 0; i < 2; i++) {
        const char *const inputs[] = {at(f, "a"), at(f, i ? "d" : "c")};
        assert_int_equal(selectai_embedding_cache_merge(NULL, NULL, at(f, "out"), inputs, 2, NULL),
                         SELECTAI_ERR_MISMATCH);
        assert_non_null(strstr(selectai_last_error(), ID));
        assert_non_null(strstr(selectai_last_error(), i ? "(5" : "other-2"));
        assert_int_equal(access(at(f, "out"), F_OK), -1); /* before anything is written */
    }
    const char *const a[] = {at(f, "a")};
    assert_int_equal(selectai_embedding_cache_merge(NULL, NULL, at(f, "c"), a, 1, NULL), SELECTAI_ERR_MISMATCH);
    const char *const missing[] = {at(f, "missing")};
    assert_int_equal(selectai_embedding_cache_merge(NULL, NULL, at(f, "out"), missing, 1, NULL),
                     SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_embedding_cache_merge(NULL, NULL, at(f, "out"), a, 0, NULL),
                     SELECTAI_ERR_INVALID_ARGUMENT);
}

/* A vector that the disk has spoilt must not get a new CRC that calls it sound. */
static void damaged_vectors_stay_behind(void **state)
{
    const struct fixture *f = *state;
    fill_two(f);
    selectai_embedding_cache *cache = open_at(at(f, "b"));
    char path[600];
    snprintf(path, sizeof path, "%s", cache->parts[0].npy_path);
    selectai_embedding_cache_close(&cache);
    FILE *file = fopen(path, "r+b");
    assert_true(file && fseek(file, -1, SEEK_END) == 0 && fputc(0x3f, file) == 0x3f && fclose(file) == 0);
    const char *const inputs[] = {at(f, "a"), at(f, "b")};
    struct selectai_cache_counts counts = merge(at(f, "out"), inputs, 2, SELECTAI_DTYPE_AUTO, "wrong-vector");
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.written, 6);
    expect_sound(at(f, "out"));
    cache = open_at(at(f, "out"));
    assert_int_equal(content_of(cache, "p", "only b.png"), -1);
    selectai_embedding_cache_close(&cache);
}

static void failures_are_merged(void **state)
{
    const struct fixture *f = *state;
    selectai_issues *issues = NULL;
    for (unsigned i = 0; i < 2; i++) {
        selectai_embedding_cache *cache = create_at(at(f, i ? "b" : "a"), SELECTAI_DTYPE_AUTO);
        for (unsigned n = 0; n < 3; n++) {
            const struct sai_cache_failure failure = {.size = 10 + n + i,
                                                      .crc32 = 1,
                                                      .code = SELECTAI_ERR_FORMAT,
                                                      .project = "p",
                                                      .rel_path = "x",
                                                      .message = "m"};
            assert_int_equal(sai_cache_failure_add(cache, &failure), SELECTAI_OK);
        }
        selectai_embedding_cache_close(&cache);
    }
    const char *const inputs[] = {at(f, "a"), at(f, "b")};
    merge(at(f, "out"), inputs, 2, SELECTAI_DTYPE_AUTO, "");
    merge(at(f, "out"), inputs, 2, SELECTAI_DTYPE_AUTO, "");
    assert_int_equal(count_files(at(f, "out"), "failed-", ".jsonl"), 1);
    selectai_embedding_cache *cache = open_at(at(f, "out"));
    assert_int_equal(selectai_embedding_cache_failures(&issues, cache), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 4);
    selectai_issues_destroy(&issues);
    selectai_embedding_cache_close(&cache);
}

static int stop_at_the_end(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)total;
    assert_string_equal(stage, "merge");
    ++*(int *)user;
    return done >= 12;
}

static void a_cancelled_merge_keeps_what_it_has(void **state)
{
    const struct fixture *f = *state;
    int calls = 0;
    fill_two(f);
    struct selectai_cache_options options;
    selectai_cache_options_init(&options, sizeof options);
    options.progress = stop_at_the_end;
    options.user = &calls;
    const char *const inputs[] = {at(f, "a"), at(f, "b")};
    assert_int_equal(selectai_embedding_cache_merge(NULL, NULL, at(f, "out"), inputs, 2, &options),
                     SELECTAI_ERR_CANCELLED);
    assert_true(calls > 0);
    expect_sound(at(f, "out"));
    struct selectai_cache_counts counts = merge(at(f, "out"), inputs, 2, SELECTAI_DTYPE_AUTO, "");
    assert_int_equal(counts.present, 8);
    expect_merged(at(f, "out"));
}

/* The compaction of the output starts when the merge is half done, and puts an old row behind the merge's. */
static int compact_meanwhile(uint64_t done, uint64_t total, const char *stage, void *user)
{
    struct fixture *f = user;
    (void)total;
    (void)stage;
    if (done == 12 && access(at(f, "compacted"), F_OK) != 0) {
        assert_int_equal(selectai_embedding_cache_compact(NULL, NULL, at(f, "out"), NULL), SELECTAI_OK);
        write_text(at(f, "compacted"), "");
    }
    return 0;
}

static void a_compaction_of_the_output_meanwhile_changes_nothing(void **state)
{
    struct fixture *f = *state;
    fill_two(f);
    for (int64_t round = 0; round < 2; round++) {
        selectai_embedding_cache *cache = create_at(at(f, "out"), SELECTAI_DTYPE_AUTO);
        put(cache, "p", "newer in a.png", 40 + (unsigned)round, 1);
        put(cache, "q", "only a.png", 70, round);
        selectai_embedding_cache_close(&cache);
    }
    struct selectai_cache_options options;
    struct selectai_cache_counts counts = {.struct_size = sizeof counts};
    selectai_cache_options_init(&options, sizeof options);
    options.progress = compact_meanwhile;
    options.user = f;
    const char *const inputs[] = {at(f, "a"), at(f, "b")};
    assert_int_equal(selectai_embedding_cache_merge(&counts, NULL, at(f, "out"), inputs, 2, &options), SELECTAI_OK);
    assert_int_equal(access(at(f, "compacted"), F_OK), 0);
    assert_int_equal(counts.written, 7);
    assert_int_equal(counts.read, 12);
    expect_merged(at(f, "out"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_latest_row_of_each_path_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(the_order_of_merging_does_not_matter_but_for_ties, setup, teardown),
        cmocka_unit_test_setup_teardown(other_encoders_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_vectors_stay_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_are_merged, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_merge_keeps_what_it_has, setup, teardown),
        cmocka_unit_test_setup_teardown(a_compaction_of_the_output_meanwhile_changes_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
