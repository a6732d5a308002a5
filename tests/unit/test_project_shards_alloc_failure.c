/*
 * test_project_shards_alloc_failure.c: dealing files out when memory runs out, at every allocation.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include "alloc_fail.h"

static void every_failed_allocation_is_an_error(void **state)
{
    static const char *const names[] = {"20250708_060711_stage1.png", "20250708_060755_stage2.png", "holiday.png"};
    static const uint32_t starts[] = {0, 2, 3};
    struct selectai_shard_options options;
    (void)state;
    selectai_shard_options_init(&options, sizeof options);
    for (options.n_sets = 0; options.n_sets <= 2; options.n_sets += 2) {
        unsigned long nth = 1, failed;
        options.set_starts = options.n_sets ? starts : NULL;
        do {
            uint32_t got[3] = {77, 77, 77};
            arm_alloc_fail(nth++);
            int rc = selectai_shard_assign(got, "p", names, 3, 4, &options);
            failed = disarm_alloc_fail();
            assert_int_equal(rc, failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK);
            assert_true(failed ? got[0] == 77 : got[0] < 4 && got[0] == got[1]);
        } while (failed);
        assert_true(nth > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_failed_allocation_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
