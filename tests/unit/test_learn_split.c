/*
 * test_learn_split.c: nothing that belongs together is torn apart, and the shares are kept.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "learn/split.h"
#include "learn_fixture.h"

enum { N = 3000, PROJECTS = 3, IMAGES = 6000 };

static char names[IMAGES][24];
static const char *const projects[PROJECTS] = {"anna", "bert", "carla"};
static const double unknown[4] = {NAN, NAN, NAN, NAN};

static const struct sai_split by_group = {
    .kind = SELECTAI_SPLIT_GROUP, .seed = 7, .test_share = 0.2, .validation_share = 0.1};

static void name_images(void)
{
    for (int i = 0; i < IMAGES; i++)
        snprintf(names[i], sizeof names[i], "img%05d.png", i);
}

/* Decision i of project i % 3: images around 2 i, so that neighbours sometimes share one. */
static void plan(const char *out[4], int i)
{
    struct sai_rng rng;
    sai_rng_seed(&rng, (uint64_t)i);
    int base = 2 * (i / PROJECTS);
    out[0] = names[base];
    out[1] = names[base + 1];
    /* Every fifth decision has a third image: its project's next decision's winner, or one of its own. */
    out[2] = i % 5 ? NULL : names[sai_rng_below(&rng, 2) ? base + 2 : base + IMAGES / 2];
    out[3] = NULL;
}

/* order: 0 as numbered, 1 backwards. */
static void fill(struct sai_decisions *d, int order)
{
    *d = (struct sai_decisions){0};
    for (int k = 0; k < N; k++) {
        const char *images[4];
        int i = order ? N - 1 - k : k;
        plan(images, i);
        add_decision(d, projects[i % PROJECTS], images, unknown);
    }
    assert_int_equal(sai_decisions_group(d, NULL), SELECTAI_OK);
}

static void count_sides(size_t n[3], const struct sai_decisions *d)
{
    n[0] = n[1] = n[2] = 0;
    for (size_t i = 0; i < d->count; i++)
        n[d->items[i].side]++;
}

static void no_image_or_group_crosses(void **state)
{
    (void)state;
    static int side_of[PROJECTS][IMAGES];
    struct sai_decisions d;
    fill(&d, 0);
    assert_int_equal(sai_split_sides(&d, &by_group, NULL), SELECTAI_OK);
    for (size_t i = 0; i < d.count; i++)
        for (uint32_t j = 0; j < d.items[i].n; j++) {
            int image = atoi(d.members[d.items[i].first + j].filename + 3), side = d.items[i].side + 1;
            int *seen = &side_of[i % PROJECTS][image];
            assert_true(*seen == 0 || *seen == side);
            *seen = side;
        }
    /* Some decisions really share images: there are fewer groups than decisions. */
    assert_true(d.n_groups < d.count && d.n_groups > d.count / 2);
    sai_decisions_free(&d);
}

static void projects_never_share_a_group(void **state)
{
    (void)state;
    struct sai_decisions d;
    fill(&d, 0);
    const char **owner = calloc(d.n_groups, sizeof *owner);
    for (size_t i = 0; i < d.count; i++) {
        const char **o = &owner[d.items[i].group];
        assert_true(*o == NULL || *o == d.items[i].project);
        *o = d.items[i].project;
    }
    free(owner);
    sai_decisions_free(&d);
}

static void shares_are_about_right(void **state)
{
    (void)state;
    size_t n[3];
    struct sai_decisions d;
    fill(&d, 0);
    assert_int_equal(sai_split_sides(&d, &by_group, NULL), SELECTAI_OK);
    count_sides(n, &d);
    assert_in_range(n[SAI_SIDE_TEST], 540, 660);       /* 600 +- 2.7 deviations */
    assert_in_range(n[SAI_SIDE_VALIDATION], 195, 285); /* 240 */
    const struct sai_split all = {.kind = SELECTAI_SPLIT_GROUP, .seed = 7};
    assert_int_equal(sai_split_sides(&d, &all, NULL), SELECTAI_OK);
    count_sides(n, &d);
    assert_int_equal(n[SAI_SIDE_TRAIN], N);
    sai_decisions_free(&d);
}

static void order_does_not_matter_but_the_seed_does(void **state)
{
    (void)state;
    struct sai_decisions a, b;
    struct sai_split other = by_group;
    size_t differ = 0;
    fill(&a, 0);
    fill(&b, 1);
    assert_int_equal(sai_split_sides(&a, &by_group, NULL), SELECTAI_OK);
    assert_int_equal(sai_split_sides(&b, &by_group, NULL), SELECTAI_OK);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(a.items[i].side, b.items[N - 1 - i].side);
        assert_int_equal(a.items[i].group, b.items[N - 1 - i].group);
    }
    other.seed = 8;
    assert_int_equal(sai_split_sides(&b, &other, NULL), SELECTAI_OK);
    for (size_t i = 0; i < N; i++)
        differ += a.items[i].side != b.items[N - 1 - i].side;
    assert_in_range(differ, N / 5, N / 2);
    sai_decisions_free(&a);
    sai_decisions_free(&b);
}

static void a_set_id_holds_its_decisions_together(void **state)
{
    (void)state;
    const char *a[4] = {"a.png", "b.png"}, *b[4] = {"c.png", "d.png"}, *c[4] = {"e.png", "f.png"};
    const uint64_t ids[3] = {5, 0, 5};
    struct sai_decisions d = {0};
    add_decision(&d, "p", a, unknown);
    add_decision(&d, "p", b, unknown);
    add_decision(&d, "p", c, unknown);
    assert_int_equal(sai_decisions_group(&d, ids), SELECTAI_OK);
    assert_int_equal(d.n_groups, 2);
    assert_int_equal(d.items[0].group, d.items[2].group);
    assert_int_not_equal(d.items[0].group, d.items[1].group);
    sai_decisions_free(&d);
}

static void a_whole_project_is_held_out(void **state)
{
    (void)state;
    struct sai_decisions d;
    const char *held_out = NULL;
    struct sai_split split = {.kind = SELECTAI_SPLIT_PROJECT, .seed = 1, .validation_share = 0.1, .hold_out = "carla"};
    fill(&d, 0);
    assert_int_equal(sai_split_sides(&d, &split, &held_out), SELECTAI_OK);
    assert_string_equal(held_out, "carla");
    for (size_t i = 0; i < d.count; i++)
        assert_int_equal(d.items[i].side == SAI_SIDE_TEST, strcmp(d.items[i].project, "carla") == 0);
    /* Without a name: the project with the most usable decisions. */
    split.hold_out = NULL;
    d.items[0].usable = d.items[2].usable = false;
    assert_int_equal(sai_split_sides(&d, &split, &held_out), SELECTAI_OK);
    assert_string_equal(held_out, "bert");
    split.hold_out = "dora";
    assert_int_equal(sai_split_sides(&d, &split, &held_out), SELECTAI_ERR_NOT_FOUND);
    assert_non_null(strstr(selectai_last_error(), "dora"));
    for (size_t i = 0; i < d.count; i++)
        d.items[i].usable = i % PROJECTS == 0;
    split.hold_out = NULL;
    assert_int_equal(sai_split_sides(&d, &split, &held_out), SELECTAI_ERR_NO_DATA);
    sai_decisions_free(&d);
}

static void wrong_shares_are_refused(void **state)
{
    (void)state;
    struct sai_decisions d = {0};
    const struct sai_split bad[] = {{.test_share = 1.0}, {.test_share = NAN}, {.validation_share = -0.1}, {.kind = 9}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sai_split_sides(&d, &bad[i], NULL), SELECTAI_ERR_INVALID_ARGUMENT);
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
    sai_decisions_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_image_or_group_crosses),
        cmocka_unit_test(projects_never_share_a_group),
        cmocka_unit_test(shares_are_about_right),
        cmocka_unit_test(order_does_not_matter_but_the_seed_does),
        cmocka_unit_test(a_set_id_holds_its_decisions_together),
        cmocka_unit_test(a_whole_project_is_held_out),
        cmocka_unit_test(wrong_shares_are_refused),
        cmocka_unit_test(losers_are_counted_once_and_never_the_winner),
        cmocka_unit_test(stages_come_from_names_where_entries_have_none),
    };
    name_images();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
