/*
 * test_duplicates_alloc_failure.c: hashes, groups and copies when memory runs out, at every allocation.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image_fixture.h"

#include "alloc_fail.h"
#include "base/rng.h"

#include <selectai/duplicates.h>

static char folder[256], paths[5][300];
static const char *path_list[5];

static void copies_without_memory(void **state)
{
    (void)state;
    unsigned long nth = 1, failed;
    struct selectai_duplicates_options options;
    selectai_duplicates_options_init(&options, sizeof options);
    options.threads = 1;
    do {
        selectai_duplicates *d = NULL;
        arm_alloc_fail(nth++);
        int rc = selectai_duplicates_find(&d, path_list, NULL, 5, &options);
        failed = disarm_alloc_fail();
        assert_int_equal(rc, failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK);
        assert_int_equal(selectai_duplicates_count(d), failed ? 0 : 3);
        selectai_duplicates_destroy(&d);
    } while (failed);
    assert_true(nth > 50);
}

static void hashes_without_memory(void **state)
{
    (void)state;
    unsigned long nth = 1, failed;
    do {
        uint64_t hashes[5];
        uint8_t known[5];
        selectai_issues *issues = NULL;
        arm_alloc_fail(nth++);
        int rc = selectai_hash_files(hashes, known, &issues, path_list, 5, 1, NULL, NULL);
        failed = disarm_alloc_fail();
        assert_int_equal(rc, failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK);
        assert_int_equal(selectai_issues_count(issues), failed ? 0 : 1);
        selectai_issues_destroy(&issues);
    } while (failed);
    assert_true(nth > 10);
}

static void groups_without_memory(void **state)
{
    enum { N = 5000 };
    static uint64_t hashes[N];
    static uint32_t groups[N];
    struct sai_rng rng;
    (void)state;
    sai_rng_seed(&rng, 1);
    for (size_t i = 0; i < N; i++)
        hashes[i] = sai_rng_next(&rng);
    unsigned long nth = 1, failed;
    do {
        size_t n_groups = 0;
        arm_alloc_fail(nth++);
        int rc = selectai_hash_groups(groups, &n_groups, hashes, N, 8);
        failed = disarm_alloc_fail();
        assert_int_equal(rc, failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK);
        assert_true(failed ? n_groups == 0 : n_groups > 0);
    } while (failed);
    assert_true(nth > 8);
}

int main(void)
{
    static const char *const names[5] = {"a.png", "b.png", "c.jpg", "other.png", "broken.png"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_without_memory),
        cmocka_unit_test(hashes_without_memory),
        cmocka_unit_test(groups_without_memory),
    };
    make_temporary(folder);
    selectai_image *image = make_shapes(120, 90, 3), *other = make_shapes(120, 90, 11);
    for (int i = 0; i < 5; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
        path_list[i] = paths[i];
        if (i < 4)
            assert_int_equal(selectai_image_save(i < 3 ? image : other, paths[i], i == 2 ? 95 : 6), SELECTAI_OK);
        else
            write_text(paths[i], "no picture");
    }
    selectai_image_destroy(&image);
    selectai_image_destroy(&other);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_temporary(folder);
    return failed;
}
