/*
 * test_embed_cache_alloc_failure.c: looking after caches with the n-th allocation failing, for every n.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_fixture.h"

#include <sys/stat.h>

#include "alloc_fail.h"

static const struct fixture *fixture;

static const char *below(const char *name)
{
    return at(fixture, name);
}

/* Two caches with superseded rows, an index and a failure; an earlier one. */
static void fill(void)
{
    static const char npy[] = "\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }"
                              "            \n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    const struct sai_cache_failure failure = {
        .size = 1, .crc32 = 1, .code = SELECTAI_ERR_FORMAT, .project = "p", .rel_path = "x", .message = "m"};
    for (int i = 0; i < 2; i++) {
        const char *dir = below(i ? "b" : "a");
        remove_temporary(dir);
        for (int round = 0; round < 2; round++) {
            selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_AUTO);
            put(cache, "p", "1.png", 1, 5 + round);
            put(cache, "q", "d/2.png", 2 + (unsigned)round, 5);
            assert_int_equal(sai_cache_failure_add(cache, &failure), SELECTAI_OK);
            selectai_embedding_cache_close(&cache);
        }
        index_parts(dir, NULL);
    }
    remove_temporary(below("out"));
    mkdir(below("old"), 0777);
    write_bytes(below("old/1.npy"), npy, 80 + 16);
    write_text(below("old/list.jsonl"), "{\"image_path\":\"x/1.png\",\"embedding_file\":\"1.npy\"}\n"
                                        "{\"image_path\":\"x/2.png\",\"embedding_file\":\"2.npy\"}\n");
}

static int done(int rc, selectai_issues **issues)
{
    assert_int_equal(rc == SELECTAI_OK, *issues != NULL);
    selectai_issues_destroy(issues);
    return rc;
}

static int job_merge(void)
{
    const char *const inputs[] = {below("a"), below("b")};
    selectai_issues *issues = NULL;
    return done(selectai_embedding_cache_merge(NULL, &issues, below("out"), inputs, 2, NULL), &issues);
}

static int job_compact(void)
{
    selectai_issues *issues = NULL;
    return done(selectai_embedding_cache_compact(NULL, &issues, below("a"), NULL), &issues);
}

static int job_export(void)
{
    struct selectai_cache_options o;
    selectai_issues *issues = NULL;
    selectai_cache_options_init(&o, sizeof o);
    o.layout = SELECTAI_EXPORT_CLIP_RETRIEVAL;
    o.metadata = SELECTAI_METADATA_CSV;
    return done(selectai_embedding_cache_export(NULL, &issues, below("a"), below("out"), &o), &issues);
}

static int job_import(void)
{
    struct selectai_cache_options o;
    selectai_issues *issues = NULL;
    selectai_cache_options_init(&o, sizeof o);
    o.encoder_id = ID;
    o.project = "p";
    o.threads = 1;
    return done(selectai_embedding_cache_import_legacy(NULL, &issues, below("out"), below("old/list.jsonl"), &o),
                &issues);
}

static int job_look(void)
{
    selectai_embedding_cache *cache = NULL;
    selectai_issues *issues = NULL;
    int rc = selectai_embedding_cache_create(&cache, below("a"), ID, DIM, SELECTAI_DTYPE_AUTO);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_find(cache, "q", "x/2.png", NULL, NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_failures(&issues, cache);
    selectai_issues_destroy(&issues);
    selectai_embedding_cache_close(&cache);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_verify(&issues, below("a"));
    selectai_issues_destroy(&issues);
    return rc;
}

/* What was there is there after each failure, and nothing half. */
static void expect_whole(void)
{
    for (int i = 0; i < 2; i++) {
        const char *dir = below(i ? "b" : "a");
        selectai_embedding_cache *cache = open_at(dir);
        assert_int_equal(content_of(cache, "p", "1.png"), 1);
        assert_int_equal(content_of(cache, "q", "d/2.png"), 3);
        selectai_embedding_cache_close(&cache);
        assert_int_equal(count_files(dir, "part-", ".npy"), count_files(dir, "part-", ".jsonl"));
        assert_int_equal(count_files(dir, "", ".tmp"), 0);
    }
}

static void try_all(int (*job)(void))
{
    unsigned long n = 1, failed = 1;
    for (; failed && n < 5000; n++) {
        fill();
        arm_alloc_fail(n);
        int rc = job();
        failed = disarm_alloc_fail();
        if (rc != SELECTAI_OK && rc != SELECTAI_ERR_OUT_OF_MEMORY)
            print_message("%lu: %s\n", n, selectai_last_error());
        /* an index that could not be written, or the merging of parts at close, is no failure of the job */
        assert_true(rc == SELECTAI_OK || (failed && rc == SELECTAI_ERR_OUT_OF_MEMORY));
        expect_whole();
    }
    assert_true(n > 10 && n < 5000);
    print_message("%lu allocations\n", n);
}

static void merging(void **state)
{
    fixture = *state;
    try_all(job_merge);
}

static void compacting(void **state)
{
    fixture = *state;
    try_all(job_compact);
}

static void exporting(void **state)
{
    fixture = *state;
    try_all(job_export);
}

static void importing(void **state)
{
    fixture = *state;
    try_all(job_import);
}

static void looking(void **state)
{
    fixture = *state;
    try_all(job_look);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(merging, setup, teardown),
        cmocka_unit_test_setup_teardown(compacting, setup, teardown),
        cmocka_unit_test_setup_teardown(exporting, setup, teardown),
        cmocka_unit_test_setup_teardown(importing, setup, teardown),
        cmocka_unit_test_setup_teardown(looking, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
