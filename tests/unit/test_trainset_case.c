/*
 * test_trainset_case.c: finals whose names differ in the case of letters, and several candidates for one final.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset_fixture.h"

static void expect_winner(const selectai_extraction *x, size_t i, const char *raw, int evidence)
{
    if (i >= n_entries(x))
        fail_msg("there are %zu entries only", n_entries(x));
    if (!ends_in(entry_of(x, i).chosen_path, raw))
        fail_msg("%s is not %s", entry_of(x, i).chosen_path, raw);
    assert_int_equal(entry_of(x, i).evidence, evidence);
}

static void names_of_other_case(void **state)
{
    (void)state;
    put("raw/" T "01_stage1_Generated.PNG", "", 0);
    put("raw/" T "02_stage2_Upscaled.PNG", "", 0);
    put("final/" T "02_STAGE2_upscaled.png", "", 0); /* does not parse, but the name is there */
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    expect_winner(x, 0, "/raw/" T "02_stage2_Upscaled.PNG", SELECTAI_EVIDENCE_NAME);
    assert_int_equal(reported(x, "case_differs"), 1);
    assert_int_equal(reported(x, "orphan_finals"), 0);
    assert_true(ends_in(issue_of(x, "case-differs").path, "final/" T "02_STAGE2_upscaled.png"));
    assert_non_null(strstr(issue_of(x, "case-differs").message, T "02_stage2_Upscaled.PNG"));
    selectai_extraction_destroy(&x);
}

/* A name without regard to case counts before the timestamp and the stage, and after the exact name. */
static void exact_names_first(void **state)
{
    (void)state;
    put("raw/a/" T "01_stage1.png", "", 0);
    put("raw/a/" T "02_stage2_A.png", "", 0);
    put("raw/b/" T "02_stage2_a.png", "", 0);
    put("raw/b/" T "03_stage3.png", "", 0);
    put("final/" T "02_stage2_a.png", "", 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    expect_winner(x, 0, "/raw/b/" T "02_stage2_a.png", SELECTAI_EVIDENCE_NAME);
    assert_int_equal(reported(x, "case_differs"), 0);
    selectai_extraction_destroy(&x);

    put("final/" T "02_STAGE2_A.PNG", "", 0); /* now one that may be either */
    x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(reported(x, "ambiguous"), 1);
    assert_int_equal(reported(x, "groups_rejected"), 0); /* a's stage 2 may have been chosen */
    assert_int_equal(reported(x, "groups_undecided"), 1);
    expect_winner(x, 0, "/raw/b/" T "02_stage2_a.png", SELECTAI_EVIDENCE_NAME);
    selectai_extraction_destroy(&x);

    assert_int_equal(rename(at("final/" T "02_stage2_a.png"), at("final/" T "02_stage2_A.png")), 0);
    assert_int_equal(unlink(at("final/" T "02_STAGE2_A.PNG")), 0);
    x = extract(SELECTAI_CROP_CHECK_MTIME);
    expect_winner(x, 0, "/raw/a/" T "02_stage2_A.png", SELECTAI_EVIDENCE_NAME);
    selectai_extraction_destroy(&x);
}

static void several_of_other_case(void **state)
{
    (void)state;
    put("raw/Faces/" T "01_stage1.png", "f1", 0);
    put("raw/Faces/" T "02_stage2_X.png", "f2", 0);
    put("raw/Hands/" T "01_stage1.png", "h1", 0);
    put("raw/Hands/" T "02_stage2_X.png", "h2", 0);
    put("final/FACES/" T "02_stage2_x.png", "edited", 0); /* by its folder */
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    expect_winner(x, 0, "/raw/Faces/" T "02_stage2_X.png", SELECTAI_EVIDENCE_NAME);
    assert_int_equal(reported(x, "case_differs"), 1);
    selectai_extraction_destroy(&x);

    put("final/kept/" T "02_stage2_x.png", "h2", 0); /* by its content */
    x = extract(SELECTAI_CROP_CHECK_MTIME);
    expect_winner(x, 1, "/raw/Hands/" T "02_stage2_X.png", SELECTAI_EVIDENCE_CONTENT);
    assert_int_equal(reported(x, "case_differs"), 2);
    selectai_extraction_destroy(&x);

    put("final/kept/" T "02_stage2_x.png", "other", 0);
    x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    assert_int_equal(reported(x, "ambiguous"), 1);
    selectai_extraction_destroy(&x);
}

/* The name is exact, only the folder's case tells which one is meant. */
static void folders_of_other_case(void **state)
{
    (void)state;
    put("raw/Faces/" T "01_stage1.png", "", 0);
    put("raw/Faces/" T "02_stage2.png", "", 0);
    put("raw/hands/" T "01_stage1.png", "", 0);
    put("raw/hands/" T "02_stage2.png", "", 0);
    put("final/faces/" T "02_stage2.png", "edited", 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    expect_winner(x, 0, "/raw/Faces/" T "02_stage2.png", SELECTAI_EVIDENCE_NAME);
    assert_int_equal(reported(x, "case_differs"), 1);
    selectai_extraction_destroy(&x);

    put("raw/FACES/" T "02_stage2.png", "", 0); /* now two folders may be meant */
    put("raw/FACES/" T "01_stage1.png", "", 0);
    x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 0);
    assert_int_equal(reported(x, "ambiguous"), 1);
    selectai_extraction_destroy(&x);

    put("raw/faces/" T "02_stage2.png", "", 0); /* and now the very folder is there */
    put("raw/faces/" T "01_stage1.png", "", 0);
    x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 1);
    expect_winner(x, 0, "/raw/faces/" T "02_stage2.png", SELECTAI_EVIDENCE_NAME);
    assert_int_equal(reported(x, "case_differs"), 0);
    selectai_extraction_destroy(&x);
}

/* Only timestamp and stage are the same, in several folders: neither folder nor content tells whose final it is. */
static void several_of_one_moment(void **state)
{
    (void)state;
    put("raw/a/" T "01_stage1_a.png", "a1", 0);
    put("raw/a/" T "02_stage2_a.png", "a2", 0);
    put("raw/b/" T "01_stage1_b.png", "b1", 0);
    put("raw/b/" T "02_stage2_b.png", "b2", 0);
    put("final/a/" T "02_stage2_edited.jpg", "", 0);
    put("final/c/" T "02_stage2_renamed.png", "b2", 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 0);
    assert_int_equal(reported(x, "ambiguous"), 2);
    assert_int_equal(reported(x, "groups_undecided"), 2);
    selectai_extraction_destroy(&x);
}

/* Of four files of the final's name two have its content: it is one of those, and the others are sure losers. */
static void several_of_one_content(void **state)
{
    static const char *const folders[] = {"a", "b", "c", "d"};
    char rel[128];
    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(rel, sizeof rel, "raw/%s/" T "01_stage1.png", folders[i]);
        put(rel, i < 2 ? "same" : "other", 0);
        snprintf(rel, sizeof rel, "raw/%s/" T "02_stage2.png", folders[i]);
        put(rel, "two", 0);
    }
    put("final/kept/" T "01_stage1.png", "same", 0);
    put("final/c/" T "02_stage2.png", "two", 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(reported(x, "ambiguous"), 1);
    assert_int_equal(n_entries(x), 1); /* c: its stage 1 is a sure loser */
    expect_winner(x, 0, "/raw/c/" T "02_stage2.png", SELECTAI_EVIDENCE_NAME);
    assert_int_equal(reported(x, "groups_undecided"), 2); /* a and b */
    assert_int_equal(reported(x, "groups_rejected"), 1);  /* d */
    selectai_extraction_destroy(&x);
}

/* More candidates than anybody would compare: left open, and quickly. */
static void very_many_candidates(void **state)
{
    char rel[128];
    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(rel, sizeof rel, "raw/d%03d/" T "01_stage1.png", i);
        put(rel, "same", 0);
        snprintf(rel, sizeof rel, "raw/d%03d/" T "02_stage2.png", i);
        put(rel, "same", 0);
    }
    for (int i = 0; i < 50; i++) {
        snprintf(rel, sizeof rel, "final/k%03d/" T "02_stage2_%d.png", i, i);
        put(rel, "same", 0);
    }
    put("final/d017/" T "01_stage1.png", "other", 0);     /* the folder tells */
    put("final/elsewhere/" T "01_stage1.png", "same", 0); /* nothing does */
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_MTIME);
    assert_int_equal(n_entries(x), 0); /* its stage 2 may be chosen as well */
    assert_int_equal(reported(x, "groups_with_winner"), 1);
    assert_int_equal(reported(x, "ambiguous"), 51);
    assert_int_equal(reported(x, "groups_rejected"), 0);
    selectai_extraction_destroy(&x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_of_other_case),   TEST(exact_names_first),     TEST(several_of_other_case),
        TEST(folders_of_other_case), TEST(several_of_one_moment), TEST(several_of_one_content),
        TEST(very_many_candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
