/*
 * test_learn_box.c: crops as three numbers: inside, aspect kept, snapped; targets and the constant box.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "base/rng.h"
#include "learn/box.h"
#include "test_util.h"

static void any_numbers_give_a_box_inside(void **state)
{
    (void)state;
    static const double snaps[] = {0.0, 0.02, 0.1, 0.4};
    struct sai_rng rng;
    sai_rng_seed(&rng, 1);
    for (int i = 0; i < 40000; i++) {
        double snap = snaps[i % 4];
        struct sai_box_numbers n = {sai_rng_uniform(&rng) * 1.2 - 0.1, sai_rng_uniform(&rng) * 1.2 - 0.1,
                                    sai_rng_uniform(&rng) * 1.2 - 0.1};
        struct selectai_box b = sai_box_from_numbers(&n, snap);
        assert_true(b.x1 >= 0 && b.y1 >= 0 && b.x2 <= 1 && b.y2 <= 1 && b.x1 < b.x2 && b.y1 < b.y2);
        assert_true(b.x2 - b.x1 == b.y2 - b.y1); /* exactly */
        assert_true(b.x1 == 0 || b.x1 >= snap);
        assert_true(b.y1 == 0 || b.y1 >= snap);
        assert_true(b.x2 == 1 || 1 - b.x2 >= snap || b.x1 == 0); /* both are near: one was taken */
        assert_true(b.y2 == 1 || 1 - b.y2 >= snap || b.y1 == 0);
    }
}

static void numbers_and_box_are_inverse(void **state)
{
    (void)state;
    struct sai_rng rng;
    sai_rng_seed(&rng, 2);
    for (int i = 0; i < 10000; i++) {
        struct sai_box_numbers n = {0.06 + 0.9 * sai_rng_uniform(&rng), sai_rng_uniform(&rng), sai_rng_uniform(&rng)};
        struct sai_box_numbers back;
        struct selectai_box b = sai_box_from_numbers(&n, 0.0);
        assert_true(sai_box_to_numbers(&back, &b));
        assert_true(fabs(back.scale - n.scale) < 1e-6);
        assert_true(fabs(back.x - n.x) < 1e-5 && fabs(back.y - n.y) < 1e-5);
    }
}

static void near_edges_are_snapped_to(void **state)
{
    (void)state;
    const struct sai_box_numbers left_bottom = {0.5, 0.03, 0.98}, whole = {0.985, 0.4, 0.4};
    struct selectai_box b = sai_box_from_numbers(&left_bottom, 0.02);
    assert_true(b.x1 == 0 && b.x2 == 0.5 && b.y1 == 0.5 && b.y2 == 1);
    b = sai_box_from_numbers(&whole, 0.02);
    assert_true(b.x1 == 0 && b.y1 == 0 && b.x2 == 1 && b.y2 == 1);
}

static void nan_stays_nan(void **state)
{
    (void)state;
    const struct sai_box_numbers n = {0.5, NAN, 0.5};
    struct selectai_box b = sai_box_from_numbers(&n, 0.02);
    assert_true(isnan(b.x1) && isnan(b.y1) && isnan(b.x2) && isnan(b.y2));
}

static void boxes_that_are_none_are_refused(void **state)
{
    (void)state;
    static const struct selectai_box bad[] = {
        {0.2, 0.2, 0.2, 0.5}, {0.5, 0.1, 0.2, 0.5}, {-0.1, 0, 0.5, 0.6}, {0.5, 0.5, 1.1, 1.1}, {NAN, 0, 1, 1}};
    static const struct selectai_box other_aspect = {0.1, 0.1, 0.9, 0.8}, near_aspect = {0, 0, 0.5, 0.505};
    struct sai_box_numbers n;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(sai_box_to_numbers(&n, &bad[i]));
    assert_false(sai_box_to_numbers(&n, &other_aspect));
    assert_true(sai_box_is_valid(&other_aspect));
    assert_true(sai_box_to_numbers(&n, &near_aspect));
    assert_float_equal(n.scale, 0.5025, 1e-7);
}

static void pixels_stay_inside(void **state)
{
    (void)state;
    struct sai_rng rng;
    sai_rng_seed(&rng, 3);
    for (int i = 0; i < 20000; i++) {
        uint32_t w = 1 + (uint32_t)sai_rng_below(&rng, 3000), h = 1 + (uint32_t)sai_rng_below(&rng, 3000);
        struct sai_box_numbers n = {sai_rng_uniform(&rng), sai_rng_uniform(&rng), sai_rng_uniform(&rng)};
        struct selectai_box b = sai_box_from_numbers(&n, 0.02);
        struct selectai_pixel_box p = sai_box_pixels(&b, w, h);
        assert_true(p.x1 >= 0 && p.x1 < p.x2 && p.x2 <= (int32_t)w);
        assert_true(p.y1 >= 0 && p.y1 < p.y2 && p.y2 <= (int32_t)h);
        assert_true(b.x2 < 1 || p.x2 == (int32_t)w);
        assert_true(b.y2 < 1 || p.y2 == (int32_t)h);
        assert_true(fabs((double)(p.x2 - p.x1) - (b.x2 - b.x1) * w) <= 1.0);
    }
    const struct selectai_box half = {0.25, 0, 0.75, 0.5};
    struct selectai_pixel_box p = sai_box_pixels(&half, 832, 1216);
    assert_true(p.x1 == 208 && p.x2 == 624 && p.y1 == 0 && p.y2 == 608);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_numbers_give_a_box_inside),   cmocka_unit_test(numbers_and_box_are_inverse),
        cmocka_unit_test(near_edges_are_snapped_to),       cmocka_unit_test(nan_stays_nan),
        cmocka_unit_test(boxes_that_are_none_are_refused), cmocka_unit_test(pixels_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
