/*
 * test_trainset_crops_alloc_failure.c: an extraction with a crop journal, with the n-th allocation failing, for every
 * n.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#define WIDTH 96
#include "crops_fixture.h"

#include "alloc_fail.h"

static char *journal;

static int run(void)
{
    struct selectai_extract_options o;
    selectai_extraction *x = NULL;
    selectai_extract_options_init(&o, sizeof o);
    o.date = "2026-01-02";
    o.threads = 1;
    o.crop_journal = journal;
    int rc = selectai_extraction_create(&x, &o);
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_add_project(x, at("raw"), at("final"), "p");
    if (rc == SELECTAI_OK)
        assert_int_equal(n_entries(x), 3);
    selectai_extraction_destroy(&x);
    return rc;
}

/* forget: the journal is removed before each run, which makes it anew; else the run reads it. */
static void fail_each(bool forget, unsigned long step)
{
    unsigned long n = 1, tried = 0, failed;
    assert_int_equal(run(), SELECTAI_OK);
    do {
        if (forget)
            (void)unlink(journal);
        arm_alloc_fail(n);
        int rc = run();
        failed = disarm_alloc_fail();
        if (failed > 0 && rc != SELECTAI_ERR_OUT_OF_MEMORY)
            fail_msg("allocation %lu: code %d, %s", n, rc, selectai_last_error());
        if (failed == 0)
            assert_int_equal(rc, SELECTAI_OK);
        n += n < 100 ? 1 : step;
        tried++;
    } while (failed > 0 && n < 100000);
    assert_true(tried > 100);
    print_message("%lu allocations failed, one at a time\n", tried - 1);
}

static void every_allocation(void **state)
{
    selectai_image *raw = scene(7);
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    journal = strdup(at("journal"));
    pair_up(0, "png", raw, cut(raw), 0, 3600);
    pair_up(1, "png", scene(7), toned(scene(7)), 0, 3600);
    raw = scene(8);
    pair_up(2, "png", raw, raw, 0, 3600);
    fail_each(true, 7); /* comparing pictures takes a thousand, all much alike */
    fail_each(false, 1);
    free(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(every_allocation, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
