/*
 * test_trainset_crops.c: what pixels, sizes and times say about finals of all kinds, and who is right.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "crops_fixture.h"

#define NEWER  3600
#define NONE   SELECTAI_CROP_EVIDENCE_NONE
#define SIZE   SELECTAI_CROP_EVIDENCE_SIZE
#define PIXELS SELECTAI_CROP_EVIDENCE_PIXELS

static void expect(const selectai_extraction *x, size_t i, int was_cropped, int evidence, int has_crop)
{
    struct selectai_entry e = entry_of(x, i);
    if (e.was_cropped != was_cropped || e.crop_evidence != evidence || e.has_crop != has_crop)
        fail_msg("entry %zu: cropped %d evidence %d box %d, not %d %d %d", i, e.was_cropped, e.crop_evidence,
                 e.has_crop, was_cropped, evidence, has_crop);
}

/* A box within a pixel of the true one. */
static void expect_box(const selectai_extraction *x, size_t i, int method)
{
    struct selectai_entry e = entry_of(x, i);
    expect(x, i, 1, PIXELS, 1);
    assert_int_equal(e.crop_method, method);
    assert_true(abs(e.crop_px.x1 - the_box.x1) <= (method == SELECTAI_CROP_RESAMPLED));
    assert_true(abs(e.crop_px.y1 - the_box.y1) <= (method == SELECTAI_CROP_RESAMPLED));
    assert_true(abs(e.crop_px.x2 - the_box.x2) <= (method == SELECTAI_CROP_RESAMPLED));
    assert_true(abs(e.crop_px.y2 - the_box.y2) <= (method == SELECTAI_CROP_RESAMPLED));
    assert_true(e.crop.x1 == (double)e.crop_px.x1 / WIDTH && e.crop.y2 == (double)e.crop_px.y2 / HEIGHT);
    assert_true(method == SELECTAI_CROP_EXACT ? e.crop_residual == 0 : e.crop_residual > 0 && e.crop_residual < 40);
    assert_int_equal(e.image_width, WIDTH);
    assert_int_equal(e.image_height, HEIGHT);
}

/* Twelve finals of one picture. */
static void make_finals(void)
{
    for (int i = 0; i < 12; i++) {
        selectai_image *raw = scene(7), *again = scene(7), *part = cut(raw);
        switch (i) {
        case 0: /* exact */
            pair_up(i, "png", raw, part, 0, NEWER);
            part = NULL;
            break;
        case 1: /* saved with loss; older than its original, as a copied folder may be */
            pair_up(i, "jpg", raw, part, 75, -NEWER);
            part = NULL;
            break;
        case 2: /* enlarged after cropping, and larger than the original */
            pair_up(i, "png", raw, resized(part, 1.75), 0, NEWER);
            part = NULL;
            break;
        case 3: /* reduced and toned; its time was kept */
            pair_up(i, "png", raw, toned(resized(part, 0.75)), 0, 0);
            part = NULL;
            break;
        case 4: /* whole, saved with loss */
            pair_up(i, "jpg", raw, raw, 60, NEWER);
            break;
        case 5: /* whole, toned */
            pair_up(i, "png", raw, toned(again), 0, NEWER);
            again = NULL;
            break;
        case 6: /* whole, enlarged: width and height differ */
            pair_up(i, "png", raw, resized(again, 2), 0, NEWER);
            again = NULL;
            break;
        case 7: /* a plain copy with a new time */
            pair_up(i, "png", raw, raw, 0, NEWER);
            break;
        case 8: /* a plain copy */
            pair_up(i, "png", raw, raw, 0, 0);
            break;
        case 9: /* another picture of the same size */
            pair_up(i, "png", raw, scene(8), 0, NEWER);
            break;
        case 10: /* another picture, smaller */
            pair_up(i, "png", raw, resized(scene(8), 0.5), 0, 0);
            break;
        default: /* the cropped part scaled back to the size of the whole */
            pair_up(i, "png", raw, resized(part, 1.5), 0, 0);
            part = NULL;
            break;
        }
        selectai_image_destroy(&again);
        selectai_image_destroy(&part);
    }
}

/* A plain copy, of the same size in bytes and the same time, is looked at only if all are. */
static void expect_finals(const selectai_extraction *x, bool all)
{
    assert_int_equal(n_entries(x), 12);
    expect_box(x, 0, SELECTAI_CROP_EXACT);
    expect_box(x, 1, SELECTAI_CROP_RESAMPLED);
    expect_box(x, 2, SELECTAI_CROP_RESAMPLED);
    expect_box(x, 3, SELECTAI_CROP_RESAMPLED);
    for (size_t i = 4; i <= 7; i++)
        expect(x, i, 0, PIXELS, 0);
    expect(x, 8, 0, all ? PIXELS : NONE, 0);
    expect(x, 9, 0, NONE, 0);
    expect(x, 10, 1, SIZE, 0);
    expect_box(x, 11, SELECTAI_CROP_RESAMPLED);
    assert_int_equal(reported(x, "cropped"), 6);
    assert_int_equal(reported(x, "crop_boxes"), 5);
    assert_int_equal(reported_in(x, "crops_by_evidence", "pixels"), 5);
    assert_int_equal(reported_in(x, "crops_by_evidence", "size"), 1);
    assert_int_equal(reported_in(x, "crops_by_evidence", "mtime"), 0);
    assert_int_equal(reported_in(x, "crops_by_method", "identical"), all ? 2 : 1);
    assert_int_equal(reported_in(x, "crops_by_method", "exact"), 1);
    assert_int_equal(reported_in(x, "crops_by_method", "resampled"), 7);
    assert_int_equal(reported_in(x, "crops_by_method", "none"), 2);
    /* The rule is right for 0, 2 and, if it was looked at, 8; calls 4 to 7 cropped; misses 1, 3, 11. */
    assert_int_equal(reported_in(x, "mtime_rule", "right"), all ? 3 : 2);
    assert_int_equal(reported_in(x, "mtime_rule", "wrong_cropped"), 4);
    assert_int_equal(reported_in(x, "mtime_rule", "wrong_whole"), 3);
    assert_int_equal(selectai_issues_count(selectai_extraction_issues(x)), 2); /* 9 and 10 were not found */
}

static void all_kinds(void **state)
{
    (void)state;
    make_finals();
    for (int32_t mode = SELECTAI_CROP_CHECK_AUTO; mode <= SELECTAI_CROP_CHECK_PIXELS; mode += 3) {
        selectai_extraction *x = extract(mode);
        expect_finals(x, mode == SELECTAI_CROP_CHECK_PIXELS);
        selectai_extraction_destroy(&x);
    }
}

/* Only boxes go to crop logs: no whole picture, no placeholder. */
static void crop_logs(void **state)
{
    (void)state;
    make_finals();
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_AUTO);
    for (int32_t form = SELECTAI_LOG_CROP; form <= SELECTAI_LOG_CROP_FULL; form++) {
        const char *paths[] = {at(form == SELECTAI_LOG_CROP ? "minimal.csv" : "full.csv")};
        uint64_t n = 0;
        selectai_trainset *set = NULL;
        struct selectai_load_options o;
        assert_int_equal(selectai_trainset_write_log(&n, selectai_extraction_entries(x), paths[0], form, 0),
                         SELECTAI_OK);
        assert_int_equal(n, 5);
        selectai_load_options_init(&o, sizeof o);
        o.project = "p";
        assert_int_equal(selectai_trainset_load_logs(&set, paths, 1, &o), SELECTAI_OK);
        assert_int_equal(selectai_trainset_count(set), 5);
        for (size_t i = 0; i < 5; i++) {
            struct selectai_entry e = {.struct_size = sizeof e};
            assert_int_equal(selectai_trainset_get(set, i, &e), SELECTAI_OK);
            assert_int_equal(e.has_crop, 1);
            assert_int_equal(e.image_width, WIDTH);
            assert_int_equal(e.image_height, HEIGHT);
            assert_true(fabs(e.crop.x1 * WIDTH - the_box.x1) < 1.01 && fabs(e.crop.y2 * HEIGHT - the_box.y2) < 1.01);
        }
        selectai_trainset_destroy(&set);
    }
    selectai_extraction_destroy(&x);
}

/* A crop whose time is that of its original, and whose width and height were made the same again. */
static void times_prove_nothing(void **state)
{
    selectai_image *raw = scene(7), *part = cut(raw), *back = resized(part, 1.5);
    (void)state;
    pair_up(0, "png", raw, back, 0, 0);
    selectai_extraction *x = extract(SELECTAI_CROP_CHECK_AUTO);
    expect_box(x, 0, SELECTAI_CROP_RESAMPLED);
    assert_int_equal(reported_in(x, "mtime_rule", "wrong_whole"), 1);
    selectai_extraction_destroy(&x);
}

/* Where no pixels are looked at, nobody knows how good the rule is. */
static void other_modes_judge_no_rule(void **state)
{
    (void)state;
    make_finals();
    for (int32_t mode = SELECTAI_CROP_CHECK_MTIME; mode <= SELECTAI_CROP_CHECK_SIZE; mode++) {
        selectai_extraction *x = extract(mode);
        expect(x, 7, mode == SELECTAI_CROP_CHECK_MTIME, mode == SELECTAI_CROP_CHECK_MTIME, 0);
        expect(x, 6, 1, mode, 0);
        assert_int_equal(reported_in(x, "mtime_rule", "right"), 0);
        assert_int_equal(reported_in(x, "mtime_rule", "wrong_cropped"), 0);
        assert_int_equal(reported_in(x, "mtime_rule", "wrong_whole"), 0);
        assert_int_equal(reported_in(x, "crops_by_method", "none"), 0);
        selectai_extraction_destroy(&x);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_kinds),
        TEST(crop_logs),
        TEST(times_prove_nothing),
        TEST(other_modes_judge_no_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
