/*
 * test_validate_alloc_failure.c: looking into files of every kind with the n-th allocation failing, for every n.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "validate_fixture.h"

#include <jansson.h>

#include "alloc_fail.h"

#define MOST 200000ul

static void put_files(void)
{
    selectai_embedding_cache *cache = NULL;
    const float vector[2] = {1, 2};
    const struct selectai_cache_row row = {.struct_size = sizeof row, .project = "p", .rel_path = "a.png", .size = 1};
    mkdir(at("in"), 0777);
    put("in/a.csv", "session_id,set_id,chosen_path,neg_paths,timestamp\n"
                    "s,g,p/20250101_000000_stage2.png,\"['p/20250101_000000_stage1.png']\",2025-01-02T00:00:00Z\n"
                    "s,g,p/20250101_000000_stage1.png,\"['p/20250101_000000_stage2.png']\",\nx,y\n");
    put("in/b.jsonl", "{\"project\":\"p\",\"chosen_path\":\"r/a\",\"neg_paths\":[\"r/b\"],\"metadata\":{\"raw_dir\":"
                      "\"r\",\"final_dir\":\"f\"}}\n{\n");
    put("in/c.json", "{\"projects\":[{\"name\":\"a\",\"raw_dir\":\"r\",\"final_dir\":\"f\"}]}");
    put("in/d.project.json", "{\"projectId\":\"a\",\"paths\":{\"root\":\"x\"}}");
    put("in/e.jsonl", "{\"image_path\":\"a\",\"project\":\"p\"}\n");
    put("in/processed_images.jsonl", "{\"image_path\":\"a\",\"embedding_file\":\"b.npy\"}\n");
    put("in/20250101_000000_stage1.png", "none");
    assert_int_equal(selectai_embedding_cache_create(&cache, at("in/cache"), "e", 2, SELECTAI_DTYPE_AUTO), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_add(cache, &row, vector), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
}

static int job(const char *out)
{
    const struct selectai_validate_options options = options_at(NOW);
    selectai_validation *v = NULL;
    char in[512], *json = NULL;
    snprintf(in, sizeof in, "%s", at("in"));
    const char *path = in;
    int rc = out ? selectai_validate_fix(&v, NULL, &path, 1, out, &options) : selectai_validate(&v, &path, 1, &options);
    assert_int_equal(rc == SELECTAI_OK, v != NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_validation_json(&json, v);
    selectai_free(json);
    selectai_validation_destroy(&v);
    return rc;
}

static void every_allocation(void **state)
{
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    put_files();
    unsigned long n = 1, failed = 1;
    for (; failed && n < MOST; n += n < 400 ? 1 : 7) {
        arm_alloc_fail(n);
        int rc = job(NULL);
        failed = disarm_alloc_fail();
        if (failed)
            assert_int_equal(rc, SELECTAI_ERR_OUT_OF_MEMORY);
        else
            assert_int_equal(rc, SELECTAI_OK);
    }
    assert_true(n > 50 && n < MOST);
}

static void every_allocation_of_copies(void **state)
{
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    put_files();
    unsigned long n = 1, failed = 1;
    for (; failed && n < MOST; n += 11) {
        char out[64];
        snprintf(out, sizeof out, "out-%lu", n);
        char *where = strdup(at(out));
        arm_alloc_fail(n);
        int rc = job(where);
        failed = disarm_alloc_fail();
        if (failed)
            assert_int_equal(rc, SELECTAI_ERR_OUT_OF_MEMORY);
        else
            assert_int_equal(rc, SELECTAI_OK);
        free(where);
    }
    assert_true(n > 50 && n < MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_of_copies, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
