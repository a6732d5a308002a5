/*
 * test_learn_folds.c: nothing that belongs together is torn apart, and every usable decision is measured once.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include "base/rng.h"
#include "learn/folds.h"
#include "learn_fixture.h"

enum { N = 3000, PROJECTS = 3, IMAGES = 6000 };

static char names[IMAGES][48];
static const char *const projects[PROJECTS] = {"anna", "bert", "carla"};
static const double unknown[4] = {NAN, NAN, NAN, NAN};

static const struct sai_folds_options by_group = {.kind = SELECTAI_SPLIT_GROUP, .n = 5, .seed = 7};
static const struct sai_folds_options by_project = {.kind = SELECTAI_SPLIT_PROJECT, .n = 10, .seed = 7};

static void name_images(void)
{
    for (int i = 0; i < IMAGES; i++)
        snprintf(names[i], sizeof names[i], "202501%02d_%02d%02d%02d_stage1_%05d.png", 1 + i / 1000, i / 50 % 20,
                 i % 50, i % 7, i);
}

static int number_of(const char *name)
{
    return atoi(strrchr(name, '_') + 1);
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

/* order: 0 as numbered, 1 backwards. Every seventh is a rejected group. */
static void fill(struct sai_decisions *d, int order)
{
    *d = (struct sai_decisions){0};
    for (int k = 0; k < N; k++) {
        const char *images[4];
        int i = order ? N - 1 - k : k;
        plan(images, i);
        if (i % 7 == 3) {
            const struct selectai_rejected_group g = {.struct_size = sizeof g,
                                                      .n_images = 2,
                                                      .project = projects[i % PROJECTS],
                                                      .set_id = "",
                                                      .timestamp = "",
                                                      .paths = images,
                                                      .stages = unknown,
                                                      .source_path = ""};
            assert_int_equal(sai_decisions_add_rejected(d, &g), SELECTAI_OK);
        } else {
            add_decision(d, projects[i % PROJECTS], images, unknown);
        }
    }
    sai_require_rejected(d);
    assert_int_equal(sai_decisions_group(d, NULL), SELECTAI_OK);
}

static void no_image_or_group_crosses(void **state)
{
    (void)state;
    static int fold_of[PROJECTS][IMAGES];
    struct sai_decisions d;
    struct sai_folds f;
    fill(&d, 0);
    assert_int_equal(sai_folds_make(&f, &d, &by_group), SELECTAI_OK);
    assert_int_equal(f.n, 5);
    assert_int_equal(f.kind, SELECTAI_SPLIT_GROUP);
    assert_int_equal(f.n_projects, PROJECTS);
    size_t in_fold[5] = {0}, rejected[5] = {0};
    for (size_t i = 0; i < d.count; i++) {
        assert_in_range(d.items[i].fold, 0, 4); /* rejected groups too */
        in_fold[d.items[i].fold]++;
        rejected[d.items[i].fold] += d.items[i].rejected;
        for (uint32_t j = 0; j < d.items[i].n; j++) {
            int image = number_of(d.members[d.items[i].first + j].filename), fold = d.items[i].fold + 1;
            int *seen = &fold_of[i % PROJECTS][image];
            assert_true(*seen == 0 || *seen == fold);
            *seen = fold;
        }
    }
    for (int k = 0; k < 5; k++) {
        assert_in_range(in_fold[k], N / 5 - 40, N / 5 + 40);
        assert_in_range(rejected[k], N / 35 - 40, N / 35 + 40);
    }
    /* Some decisions really share images: there are fewer groups than decisions. */
    assert_true(d.n_groups < d.count && d.n_groups > d.count / 2);
    sai_decisions_free(&d);
}

static void folds_are_blocks_of_time_of_each_project(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_folds f;
    fill(&d, 0);
    assert_int_equal(sai_folds_make(&f, &d, &by_group), SELECTAI_OK);
    /* Groups in the order of their earliest time: folds ascend without a return. */
    for (int p = 0; p < PROJECTS; p++) {
        const char *first[N], *last[5] = {"", "", "", "", ""}, *from[5] = {NULL};
        for (size_t g = 0; g < d.n_groups; g++)
            first[g] = NULL;
        for (size_t i = 0; i < d.count; i++) {
            const char **t = &first[d.items[i].group];
            *t = !*t || strcmp(d.items[i].time, *t) < 0 ? d.items[i].time : *t;
        }
        for (size_t i = 0; i < d.count; i++) {
            int k = d.items[i].fold;
            const char *t = first[d.items[i].group];
            if (i % PROJECTS != (size_t)p)
                continue;
            last[k] = strcmp(t, last[k]) > 0 ? t : last[k];
            from[k] = !from[k] || strcmp(t, from[k]) < 0 ? t : from[k];
        }
        for (int k = 1; k < 5; k++)
            assert_true(strcmp(last[k - 1], from[k]) <= 0);
        assert_true(strlen(last[4]) == 15);
    }
    sai_decisions_free(&d);
}

/* By another order, and with another project's data gone. */
static void neither_order_nor_other_projects_matter(void **state)
{
    (void)state;
    static const int kinds[] = {SELECTAI_SPLIT_GROUP, SELECTAI_SPLIT_PROJECT, SELECTAI_SPLIT_PAIR};
    for (int k = 0; k < 3; k++) {
        struct sai_decisions a, b;
        struct sai_folds f;
        struct sai_folds_options o = by_group;
        int8_t side_a[N], side_b[N];
        o.kind = kinds[k];
        fill(&a, 0);
        fill(&b, 1);
        assert_int_equal(sai_folds_make(&f, &a, &o), SELECTAI_OK);
        assert_int_equal(sai_folds_make(&f, &b, &o), SELECTAI_OK);
        sai_fold_sides(side_a, &a, 1, 0.2, 3);
        sai_fold_sides(side_b, &b, 1, 0.2, 3);
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(a.items[i].fold, b.items[N - 1 - i].fold);
            assert_int_equal(a.items[i].group, b.items[N - 1 - i].group);
            assert_int_equal(side_a[i], side_b[N - 1 - i]);
        }
        for (size_t i = 0; i < N && kinds[k] != SELECTAI_SPLIT_PROJECT; i++)
            b.items[i].usable = strcmp(b.items[i].project, "carla") != 0;
        assert_int_equal(sai_folds_make(&f, &b, &o), SELECTAI_OK);
        for (size_t i = 0; i < N; i++)
            if (b.items[N - 1 - i].usable)
                assert_int_equal(a.items[i].fold, b.items[N - 1 - i].fold);
            else
                assert_int_equal(b.items[N - 1 - i].fold, SAI_FOLD_NONE);
        sai_decisions_free(&a);
        sai_decisions_free(&b);
    }
}

static void sides_keep_groups_whole_and_the_shares(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_folds f;
    int8_t side[N], again[N], *of_group = calloc(N, 1);
    size_t n[3] = {0}, differ = 0;
    fill(&d, 0);
    assert_int_equal(sai_folds_make(&f, &d, &by_group), SELECTAI_OK);
    d.items[5].usable = false;
    sai_fold_sides(side, &d, 2, 0.2, 7);
    for (size_t i = 0; i < d.count; i++) {
        if (!d.items[i].usable) {
            assert_int_equal(side[i], SAI_SIDE_NONE);
            continue;
        }
        int8_t *seen = &of_group[d.items[i].group];
        assert_int_equal(side[i] == SAI_SIDE_TEST, d.items[i].fold == 2);
        assert_true(*seen == 0 || *seen == side[i] + 1);
        *seen = (int8_t)(side[i] + 1);
        n[side[i]]++;
    }
    assert_in_range(n[SAI_SIDE_VALIDATION], 400, 560); /* a fifth of 2400 */
    sai_fold_sides(again, &d, 2, 0.2, 8);
    for (size_t i = 0; i < d.count; i++)
        differ += side[i] != again[i];
    assert_in_range(differ, 500, 1100); /* 2 * 0.2 * 0.8 of 2400 */
    /* No fold: nothing is tested. No share: everything trains. */
    sai_fold_sides(side, &d, SAI_FOLD_NONE, 0.0, 7);
    for (size_t i = 0; i < d.count; i++)
        assert_int_equal(side[i], i == 5 ? SAI_SIDE_NONE : SAI_SIDE_TRAIN);
    free(of_group);
    sai_decisions_free(&d);
}

static void projects_are_whole_folds(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_folds f;
    struct sai_folds_options o = by_project;
    int fold_of[PROJECTS] = {-1, -1, -1};
    fill(&d, 0);
    for (int kind = 0; kind < 2; kind++) {
        o.kind = kind ? SELECTAI_SPLIT_AUTO : SELECTAI_SPLIT_PROJECT;
        assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_OK);
        assert_int_equal(f.n, PROJECTS);
        assert_int_equal(f.kind, SELECTAI_SPLIT_PROJECT);
        for (size_t i = 0; i < d.count; i++) {
            int *fold = &fold_of[i % PROJECTS];
            assert_true(*fold < 0 || *fold == d.items[i].fold);
            *fold = d.items[i].fold;
        }
        assert_true(fold_of[0] != fold_of[1] && fold_of[1] != fold_of[2] && fold_of[0] != fold_of[2]);
    }
    o.n = 2; /* the largest alone, the two others together: about equally large */
    for (size_t i = 0; i < d.count; i++)
        d.items[i].usable = i % PROJECTS == 1 || i % 2 == 0;
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_OK);
    assert_int_equal(f.n, 2);
    for (size_t i = 0; i < d.count; i++)
        if (d.items[i].usable)
            assert_int_equal(d.items[i].fold == d.items[1].fold, i % PROJECTS == 1);
    sai_decisions_free(&d);
}

static void auto_is_by_groups_where_one_project_has_choices(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_folds f;
    struct sai_folds_options o = by_group;
    o.kind = SELECTAI_SPLIT_AUTO;
    fill(&d, 0);
    for (size_t i = 0; i < d.count; i++)
        d.items[i].usable = i % PROJECTS == 0;
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_OK);
    assert_int_equal(f.kind, SELECTAI_SPLIT_GROUP);
    assert_int_equal(f.n, 5);
    /* A second project in which everything was rejected: with it as a fold, the other had nothing to train on. */
    for (size_t i = 0; i < d.count; i++)
        d.items[i].usable = i % PROJECTS == 0 || (i % PROJECTS == 1 && d.items[i].rejected);
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_OK);
    assert_int_equal(f.kind, SELECTAI_SPLIT_GROUP);
    o.kind = SELECTAI_SPLIT_PROJECT;
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_ERR_NO_DATA);
    assert_non_null(strstr(selectai_last_error(), "1"));
    sai_decisions_free(&d);
}

static void a_project_is_held_out_of_everything(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_folds f;
    struct sai_folds_options o = by_group;
    int8_t side[N];
    o.kind = SELECTAI_SPLIT_AUTO;
    o.hold_out = "carla";
    fill(&d, 0);
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_OK);
    assert_string_equal(f.held_out, "carla");
    assert_int_equal(f.n_projects, 2);
    assert_int_equal(f.kind, SELECTAI_SPLIT_PROJECT);
    assert_int_equal(f.n, 2);
    for (int fold = -1; fold < 2; fold++) {
        sai_fold_sides(side, &d, fold, 0.1, 7);
        for (size_t i = 0; i < d.count; i++)
            if (i % PROJECTS == 2) {
                assert_int_equal(d.items[i].fold, SAI_FOLD_HELD_OUT);
                assert_int_equal(side[i], SAI_SIDE_TEST);
            } else {
                assert_int_equal(side[i] == SAI_SIDE_TEST, d.items[i].fold == fold);
            }
    }
    o.n = 0; /* no folds: only the project held out is measured */
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_OK);
    assert_int_equal(f.n, 0);
    o.hold_out = "dora";
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_ERR_NOT_FOUND);
    assert_non_null(strstr(selectai_last_error(), "dora"));
    sai_decisions_free(&d);
}

/* That is its point: figures by pairs flatter, because the rest of a group is trained on. */
static void pairs_part_groups(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_folds f;
    struct sai_folds_options o = by_group;
    size_t parted = 0, in_fold[5] = {0}, differ = 0;
    o.kind = SELECTAI_SPLIT_PAIR;
    fill(&d, 0);
    size_t before = d.count, n_groups = d.n_groups;
    assert_int_equal(sai_decisions_explode(&d), SELECTAI_OK);
    assert_true(d.count > before);
    assert_int_equal(d.n_groups, n_groups);
    for (size_t i = 0; i < d.count; i++)
        assert_true(d.items[i].rejected || d.items[i].n == 2);
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_OK);
    assert_int_equal(f.n, 5);
    int32_t *of_group = malloc(n_groups * sizeof *of_group), *first = malloc(d.count * sizeof *first);
    memset(of_group, 0xff, n_groups * sizeof *of_group);
    for (size_t i = 0; i < d.count; i++) {
        int32_t *seen = &of_group[d.items[i].group];
        parted += *seen >= 0 && *seen != d.items[i].fold;
        *seen = first[i] = d.items[i].fold;
        in_fold[d.items[i].fold]++;
    }
    assert_true(parted > 100);
    for (int k = 0; k < 5; k++)
        assert_in_range(in_fold[k], d.count / 5 - 100, d.count / 5 + 100);
    o.seed = 8;
    assert_int_equal(sai_folds_make(&f, &d, &o), SELECTAI_OK);
    for (size_t i = 0; i < d.count; i++)
        differ += first[i] != d.items[i].fold;
    assert_true(differ > d.count / 2);
    free(of_group);
    free(first);
    sai_decisions_free(&d);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_folds f;
    const struct sai_folds_options bad[] = {{.kind = 9, .n = 5}, {.kind = -1, .n = 5}, {.n = 1}, {.n = 101}};
    const char *a[4] = {"a.png", "b.png"};
    fill(&d, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sai_folds_make(&f, &d, &bad[i]), SELECTAI_ERR_INVALID_ARGUMENT);
    sai_decisions_free(&d);
    d = (struct sai_decisions){0};
    add_decision(&d, "p", a, unknown);
    assert_int_equal(sai_decisions_group(&d, NULL), SELECTAI_OK);
    assert_int_equal(sai_folds_make(&f, &d, &by_group), SELECTAI_ERR_NO_DATA);
    assert_int_equal(sai_folds_make(&f, &d, &by_project), SELECTAI_ERR_NO_DATA);
    sai_decisions_free(&d);
    assert_string_equal(sai_split_name(SELECTAI_SPLIT_PAIR), "pair");
}

/* Groups of one decision each in the projects: each must be tested, in one of at least two folds. */
static void small_projects_fill_more_than_one_fold(void **state)
{
    (void)state;
    struct sai_decisions d = {0};
    struct sai_folds f;
    char many[20][8];
    for (int i = 0; i < 20; i++) {
        const char *a[4] = {names[2 * i], names[2 * i + 1]};
        snprintf(many[i], sizeof many[i], "p%02d", i);
        add_decision(&d, many[i], a, unknown);
    }
    assert_int_equal(sai_decisions_group(&d, NULL), SELECTAI_OK);
    assert_int_equal(sai_folds_make(&f, &d, &by_group), SELECTAI_OK);
    assert_true(f.n >= 2);
    sai_decisions_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_image_or_group_crosses),
        cmocka_unit_test(folds_are_blocks_of_time_of_each_project),
        cmocka_unit_test(neither_order_nor_other_projects_matter),
        cmocka_unit_test(sides_keep_groups_whole_and_the_shares),
        cmocka_unit_test(projects_are_whole_folds),
        cmocka_unit_test(auto_is_by_groups_where_one_project_has_choices),
        cmocka_unit_test(a_project_is_held_out_of_everything),
        cmocka_unit_test(pairs_part_groups),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(small_projects_fill_more_than_one_fold),
    };
    name_images();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
