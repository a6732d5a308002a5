/*
 * test_learn_near.c: which decisions belong together: shared images, set ids, images that are nearly equal.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn/folds.h"
#include "learn_fixture.h"

#define HASH 0x123456789abcdef0u

static const double unknown[4] = {NAN, NAN, NAN, NAN};

static void number_rows(struct sai_decisions *d)
{
    for (size_t i = 0; i < d->n_members; i++)
        d->members[i].row = (uint32_t)i;
    assert_int_equal(sai_decisions_group(d, NULL), SELECTAI_OK);
}

/* Four decisions of two images: 0, 1, 2 of anna, 3 of bert. */
static void four(struct sai_decisions *d)
{
    static const char *const a[4][4] = {{"a", "b"}, {"c", "d"}, {"e", "f"}, {"g", "h"}};
    *d = (struct sai_decisions){0};
    for (int i = 0; i < 4; i++)
        add_decision(d, i == 3 ? "bert" : "anna", a[i], unknown);
    number_rows(d);
    assert_int_equal(d->n_groups, 4);
}

static void projects_never_share_a_group(void **state)
{
    (void)state;
    const char *a[4] = {"a.png", "b.png"};
    struct sai_decisions d = {0};
    add_decision(&d, "anna", a, unknown);
    add_decision(&d, "bert", a, unknown);
    assert_int_equal(sai_decisions_group(&d, NULL), SELECTAI_OK);
    assert_int_equal(d.n_groups, 2);
    sai_decisions_free(&d);
}

static void a_set_id_holds_its_decisions_together(void **state)
{
    (void)state;
    struct sai_decisions d;
    const uint64_t ids[4] = {5, 0, 5, 0};
    four(&d);
    assert_int_equal(sai_decisions_group(&d, ids), SELECTAI_OK);
    assert_int_equal(d.n_groups, 3);
    assert_int_equal(d.items[0].group, d.items[2].group);
    assert_int_not_equal(d.items[0].group, d.items[1].group);
    sai_decisions_free(&d);
}

static void near_images_join_groups_of_one_project(void **state)
{
    (void)state;
    struct sai_decisions d;
    uint64_t hash[8];
    size_t joined = 99;
    four(&d);
    for (uint64_t i = 0; i < 8; i++)
        hash[i] = (i + 1) * 0x9e3779b97f4a7c15u; /* far from each other */
    assert_int_equal(sai_decisions_join_near(&d, &joined, hash, SAI_NEAR_DISTANCE, false), SELECTAI_OK);
    assert_int_equal(joined, 0);
    /* b and e differ in four places, d and g (of another project) in none. */
    hash[1] = HASH;
    hash[4] = HASH ^ 0x8000000000000107u;
    hash[4] ^= 0x1; /* four */
    hash[3] = hash[6] = ~HASH;
    assert_int_equal(__builtin_popcountll(hash[1] ^ hash[4]), 4);
    assert_int_equal(sai_decisions_join_near(&d, &joined, hash, SAI_NEAR_DISTANCE, true), SELECTAI_OK);
    assert_int_equal(joined, 0); /* b is no winner */
    assert_int_equal(sai_decisions_join_near(&d, &joined, hash, SAI_NEAR_DISTANCE, false), SELECTAI_OK);
    assert_int_equal(joined, 1);
    assert_int_equal(d.n_groups, 3);
    assert_int_equal(d.items[0].group, d.items[2].group);
    assert_int_equal(d.items[0].identity, d.items[2].identity);
    assert_int_not_equal(d.items[1].group, d.items[3].group);
    sai_decisions_free(&d);
    four(&d);
    hash[4] ^= 1u << 20; /* five */
    assert_int_equal(sai_decisions_join_near(&d, &joined, hash, SAI_NEAR_DISTANCE, false), SELECTAI_OK);
    assert_int_equal(joined, 0);
    sai_decisions_free(&d);
}

static void unknown_hashes_join_nothing(void **state)
{
    (void)state;
    struct sai_decisions d;
    const uint64_t hash[8] = {0};
    size_t joined = 99;
    four(&d);
    assert_int_equal(sai_decisions_join_near(&d, &joined, hash, SAI_NEAR_DISTANCE, false), SELECTAI_OK);
    assert_int_equal(joined, 0);
    assert_int_equal(d.n_groups, 4);
    sai_decisions_free(&d);
}

/* What was one group by images or set ids stays one; what is not usable joins nothing. */
static void groups_of_other_reasons_stay(void **state)
{
    (void)state;
    struct sai_decisions d;
    uint64_t hash[8];
    const uint64_t ids[4] = {5, 5, 0, 0};
    size_t joined = 99;
    four(&d);
    assert_int_equal(sai_decisions_group(&d, ids), SELECTAI_OK);
    for (uint64_t i = 0; i < 8; i++)
        hash[i] = (i + 1) * 0x9e3779b97f4a7c15u;
    hash[3] = hash[4]; /* d and e: all of anna's */
    d.items[2].usable = false;
    assert_int_equal(sai_decisions_join_near(&d, &joined, hash, SAI_NEAR_DISTANCE, false), SELECTAI_OK);
    assert_int_equal(joined, 0);
    assert_int_equal(d.items[0].group, d.items[1].group);
    d.items[2].usable = true;
    assert_int_equal(sai_decisions_join_near(&d, &joined, hash, SAI_NEAR_DISTANCE, false), SELECTAI_OK);
    assert_int_equal(joined, 1);
    assert_int_equal(d.items[0].group, d.items[2].group);
    assert_int_equal(d.n_groups, 2);
    sai_decisions_free(&d);
}

static void losers_are_counted_once_and_never_the_winner(void **state)
{
    (void)state;
    const char *a[4] = {"x/a.png", "y/b.png", "z/b.png", "w/a.png"};
    struct sai_decisions d = {0};
    add_decision(&d, "p", a, unknown);
    assert_int_equal(d.items[0].n, 2);
    assert_string_equal(d.items[0].text, "p/a.png/b.png");
    sai_decisions_free(&d);
}

static void stages_come_from_names_where_entries_have_none(void **state)
{
    (void)state;
    const char *a[4] = {"x/20250708_060711_stage1.5_face_swapped.png", "y/other.png",
                        "20250708_060733_stage2_upscaled.png"};
    const double stages[4] = {NAN, NAN, 7};
    struct sai_decisions d = {0};
    add_decision(&d, "p", a, stages);
    assert_float_equal(d.members[0].stage, 1.5, 0);
    assert_true(isnan(d.members[1].stage));
    assert_float_equal(d.members[2].stage, 7, 0); /* what the entry says goes first */
    assert_string_equal(d.items[0].time, "20250708_060711");
    sai_decisions_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projects_never_share_a_group),
        cmocka_unit_test(a_set_id_holds_its_decisions_together),
        cmocka_unit_test(near_images_join_groups_of_one_project),
        cmocka_unit_test(unknown_hashes_join_nothing),
        cmocka_unit_test(groups_of_other_reasons_stay),
        cmocka_unit_test(losers_are_counted_once_and_never_the_winner),
        cmocka_unit_test(stages_come_from_names_where_entries_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
