/*
 * test_base_core.c: errors, options of callers of another age, issues, memory, progress, threads.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/issues.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/xxh64.h"
#include "test_util.h"

static void errors_keep_code_and_text(void **state)
{
    (void)state;
    assert_int_equal(SAI_FAIL(SELECTAI_ERR_FORMAT, "%s:%d\nbad", "a.csv", 3), SELECTAI_ERR_FORMAT);
    assert_string_equal(selectai_last_error(), "a.csv:3?bad");
    assert_int_equal(selectai_last_error_detail()->code, SELECTAI_ERR_FORMAT);
    assert_string_equal(selectai_last_error_detail()->file, "test_base_core.c");
    assert_string_equal(selectai_error_name(SELECTAI_ERR_NO_SPACE), "no space left");
    assert_string_equal(selectai_error_name(-12345), "unknown error");
    SAI_FAIL(SELECTAI_ERR_IO, "%s again", selectai_last_error()); /* an argument may be the last message */
    assert_string_equal(selectai_last_error(), "a.csv:3?bad again");
}

static void long_messages_end_at_a_character(void **state)
{
    (void)state;
    char text[3000];
    for (size_t i = 0; i + 2 < sizeof text; i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 3);
    text[2997] = '\0';
    for (int shift = 0; shift < 3; shift++) {
        SAI_FAIL(SELECTAI_ERR_IO, "%.*s%s", shift, "ab", text);
        assert_true(sai_utf8_valid(selectai_last_error(), strlen(selectai_last_error())));
        assert_true(strlen(selectai_last_error()) > 1000);
    }
}

static void *fail_elsewhere(void *arg)
{
    SAI_FAIL(SELECTAI_ERR_IO, "another thread");
    return arg;
}

static void errors_belong_to_their_thread(void **state)
{
    (void)state;
    pthread_t thread;
    SAI_FAIL(SELECTAI_ERR_FORMAT, "mine");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
    pthread_join(thread, NULL);
    assert_string_equal(selectai_last_error(), "mine");
}

struct options_v1 {
    uint32_t struct_size, a;
};
struct options_v2 {
    uint32_t struct_size, a, b, c;
};

static void options_of_another_age_are_understood(void **state)
{
    (void)state;
    struct options_v2 mine = {.a = 1, .b = 2, .c = 3};
    struct options_v1 old = {.struct_size = sizeof old, .a = 10};
    assert_int_equal(sai_options_copy(&mine, sizeof mine, &old), SELECTAI_OK);
    assert_int_equal(mine.a, 10);
    assert_int_equal(mine.b, 2); /* the default stays */
    assert_int_equal(mine.struct_size, sizeof mine);

    struct options_v2 newer = {.struct_size = sizeof newer, .a = 5};
    struct options_v1 library = {.a = 1};
    assert_int_equal(sai_options_copy(&library, sizeof library, &newer), SELECTAI_OK);
    assert_int_equal(library.a, 5);
    newer.c = 1; /* asks for something unknown */
    assert_int_equal(sai_options_copy(&library, sizeof library, &newer), SELECTAI_ERR_UNSUPPORTED);
    newer.struct_size = 0;
    assert_int_equal(sai_options_copy(&library, sizeof library, &newer), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(sai_options_copy(&library, sizeof library, NULL), SELECTAI_OK);

    struct {
        struct options_v1 options;
        uint32_t guard;
    } caller = {.guard = 77};
    static const struct options_v2 defaults = {.a = 7, .b = 8, .c = 9};
    sai_options_init(&caller.options, sizeof caller.options, &defaults, sizeof defaults);
    assert_int_equal(caller.options.a, 7);
    assert_int_equal(caller.guard, 77);
}

static void issues_are_kept_in_order(void **state)
{
    (void)state;
    struct selectai_issues *issues = NULL;
    struct selectai_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(selectai_issues_count(NULL), 0);
    assert_int_equal(sai_issues_create(&issues), SELECTAI_OK);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(sai_issues_add(issues, SELECTAI_ERR_FORMAT, "kind", i % 2 ? "p" : NULL, (uint64_t)i, "m%d", i),
                         SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 1000);
    assert_int_equal(selectai_issues_get(issues, 998, &issue), SELECTAI_OK);
    assert_string_equal(issue.message, "m998");
    assert_string_equal(issue.path, "");
    assert_int_equal(issue.row, 998);
    assert_int_equal(selectai_issues_get(issues, 1000, &issue), SELECTAI_ERR_INVALID_ARGUMENT);
    issue.struct_size = 0;
    assert_int_equal(selectai_issues_get(issues, 0, &issue), SELECTAI_ERR_INVALID_ARGUMENT);
    selectai_issues_destroy(&issues);
    assert_null(issues);
    selectai_issues_destroy(&issues);
    selectai_issues_destroy(NULL);
}

static void long_issues_end_at_a_character(void **state)
{
    (void)state;
    char text[3000];
    struct selectai_issues *issues = NULL;
    struct selectai_issue issue = {.struct_size = sizeof issue};
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    text[2998] = '\0';
    assert_int_equal(sai_issues_create(&issues), SELECTAI_OK);
    for (int shift = 0; shift < 2; shift++) {
        assert_int_equal(sai_issues_add(issues, SELECTAI_ERR_FORMAT, "k", NULL, 0, "\n%.*s%s", shift, "a", text),
                         SELECTAI_OK);
        assert_int_equal(selectai_issues_get(issues, (size_t)shift, &issue), SELECTAI_OK);
        assert_true(sai_utf8_valid(issue.message, strlen(issue.message)));
        assert_true(issue.message[0] == '?' && strlen(issue.message) > 1000);
    }
    selectai_issues_destroy(&issues);
}

static void sizes_do_not_overflow(void **state)
{
    (void)state;
    size_t n;
    assert_null(sai_malloc_array(SIZE_MAX / 2, 3));
    assert_null(sai_aligned_array(SIZE_MAX, 1));
    assert_false(sai_mul_size(&n, SIZE_MAX, 2));
    assert_false(sai_add_size(&n, SIZE_MAX, 1));
    struct sai_arena arena = {0};
    assert_null(sai_arena_array(&arena, SIZE_MAX / 4, 8));
    assert_null(sai_arena_alloc(&arena, SIZE_MAX - 3));
    char *large = sai_arena_alloc(&arena, 1000000), *small = sai_arena_strdup(&arena, "text");
    assert_non_null(large);
    assert_string_equal(small, "text");
    large[999999] = 1;
    sai_arena_clear(&arena);
    assert_null(arena.head);
}

static int mark(size_t index, unsigned thread, void *ctx)
{
    atomic_int *marks = ctx;
    assert_true(thread < 4);
    atomic_fetch_add(&marks[index], 1);
    return SELECTAI_OK;
}

static void loops_visit_every_item_once(void **state)
{
    (void)state;
    static atomic_int marks[1000];
    for (unsigned threads = 1; threads <= 4; threads++) {
        memset(marks, 0, sizeof marks);
        assert_int_equal(sai_parallel_for(threads, 1000, mark, marks, NULL, "mark"), SELECTAI_OK);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(atomic_load(&marks[i]), 1);
    }
    assert_int_equal(sai_parallel_for(4, 0, mark, marks, NULL, "mark"), SELECTAI_OK);
    assert_true(sai_thread_count(0) >= 1);
    assert_int_equal(sai_thread_count(100000), 256);
}

static int fail_at_500(size_t index, unsigned thread, void *ctx)
{
    (void)thread;
    (void)ctx;
    return index == 500 ? SAI_FAIL(SELECTAI_ERR_FORMAT, "item %zu", index) : SELECTAI_OK;
}

static void a_worker_s_error_arrives(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        SAI_FAIL(SELECTAI_ERR_IO, "before");
        assert_int_equal(sai_parallel_for(threads, 1000, fail_at_500, NULL, NULL, "x"), SELECTAI_ERR_FORMAT);
        assert_string_equal(selectai_last_error(), "item 500");
    }
}

static int slow(size_t index, unsigned thread, void *ctx)
{
    (void)index;
    (void)thread;
    atomic_fetch_add((atomic_int *)ctx, 1);
    usleep(2000);
    return SELECTAI_OK;
}

static pthread_t calling_thread;

static int cancel_soon(uint64_t done, uint64_t total, const char *stage, void *user)
{
    assert_true(done <= total);
    assert_string_equal(stage, "slow");
    assert_true(pthread_equal(pthread_self(), calling_thread));
    return ++*(int *)user > 2;
}

static void cancelling_stops_a_loop(void **state)
{
    (void)state;
    calling_thread = pthread_self();
    for (unsigned threads = 1; threads <= 2; threads++) {
        atomic_int started = 0;
        int calls = 0;
        struct sai_progress progress = {.fn = cancel_soon, .user = &calls};
        assert_int_equal(sai_parallel_for(threads, 100000, slow, &started, &progress, "slow"), SELECTAI_ERR_CANCELLED);
        assert_in_range(atomic_load(&started), 1, 2000);
        assert_int_equal(calls, 3); /* it is not asked again */
    }
}

/* As its author's own program says; every length that takes another way through the code. */
static void xxh64_is_the_public_one(void **state)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } known[] = {
        {"", 0xef46db3751d8e999u},
        {"a", 0xd24ec4f1a98c6e5bu},
        {"abc", 0x44bc2cf5ad770999u},
        {"0123456789", 0x3f5fc178a81867e7u},
        {"the quick brown fox jumps over t", 0x62474d5fc1a1e95du},
        {"the quick brown fox jumps over the lazy dog; 0123456789 abcdefghijklmnopqrstuvwxyz!?", 0xfe6e08d44a5738dau},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(sai_xxh64(known[i].text, strlen(known[i].text)) == known[i].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_keep_code_and_text),     cmocka_unit_test(long_messages_end_at_a_character),
        cmocka_unit_test(errors_belong_to_their_thread), cmocka_unit_test(options_of_another_age_are_understood),
        cmocka_unit_test(issues_are_kept_in_order),      cmocka_unit_test(long_issues_end_at_a_character),
        cmocka_unit_test(sizes_do_not_overflow),         cmocka_unit_test(loops_visit_every_item_once),
        cmocka_unit_test(a_worker_s_error_arrives),      cmocka_unit_test(cancelling_stops_a_loop),
        cmocka_unit_test(xxh64_is_the_public_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
