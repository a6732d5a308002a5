/*
 * test_learn_pairs.c: the pairs a ranker learns from: plain, transplanted, and scaled by the deviation within groups.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn/pairs.h"
#include "learn_fixture.h"

enum { DIM = 3, DECISIONS = 12, MEMBERS = 3 };

/* Decision i shows "100 i" in the first number; its images differ by 1 and 10 in the second. Decision 3 is for
 * validation, 7 for the test, 5 an anomaly: its first loser has a higher stage. Even and odd ones are two projects. */
struct fixture {
    struct sai_training training;
    struct sai_train_options options;
    struct sai_standardiser plain;
    struct sai_decision items[DECISIONS];
    struct sai_member members[DECISIONS * MEMBERS];
    bool side[3][DECISIONS];
    float x[DECISIONS * MEMBERS * DIM];
};

static int side_of(int i)
{
    return i == 3 ? SAI_SIDE_VALIDATION : i == 7 ? SAI_SIDE_TEST : SAI_SIDE_TRAIN;
}

static void build(struct fixture *f, uint64_t seed)
{
    static const float mean[DIM] = {0}, scale[DIM] = {1, 1, 1};
    *f = (struct fixture){.options = {.split = {.seed = seed}}};
    for (int i = 0; i < DECISIONS; i++) {
        f->items[i] = (struct sai_decision){
            .project = i % 2 ? "odd" : "even", .first = (size_t)(i * MEMBERS), .n = MEMBERS, .usable = true};
        f->side[side_of(i)][i] = true;
        for (int j = 0; j < MEMBERS; j++) {
            int row = i * MEMBERS + j;
            f->members[row] = (struct sai_member){.row = (uint32_t)row, .stage = i == 5 && j == 1 ? 9 : 3 - j};
            f->x[row * DIM] = (float)(100 * i);
            f->x[row * DIM + 1] = (float)(j == 0 ? 0 : j == 1 ? 1 : 10);
        }
    }
    assert_int_equal(sai_standardiser_copy(&f->plain, DIM, mean, scale, 5000), SELECTAI_OK);
    f->training = (struct sai_training){.options = &f->options};
    f->training.decisions = (struct sai_decisions){
        .items = f->items, .count = DECISIONS, .members = f->members, .n_members = (size_t)(DECISIONS * MEMBERS)};
    f->training.vectors = (struct sai_vectors){.x = f->x, .n = (size_t)(DECISIONS * MEMBERS), .dim = DIM};
    for (int s = 0; s < 3; s++)
        f->training.side[s] = f->side[s];
}

static void make(struct sai_pairs *p, struct fixture *f, uint32_t copies, bool with_validation)
{
    const struct sai_pairs_options o = {.with_validation = with_validation, .copies = copies, .anomaly_weight = 4.0f};
    assert_int_equal(sai_pairs_make(p, &f->training, &f->plain, &o), SELECTAI_OK);
}

static void plain_pairs_are_of_one_decision_and_never_of_the_test(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_pairs p;
    build(&f, 1);
    make(&p, &f, 1, false);
    assert_int_equal(p.n_rows, DECISIONS * MEMBERS);
    assert_int_equal(p.n_train, 2 * (DECISIONS - 2));
    assert_int_equal(p.count, p.n_train + 2);
    for (size_t i = 0; i < p.count; i++) {
        uint32_t decision = p.winner[i] / MEMBERS;
        assert_int_equal(p.winner[i] % MEMBERS, 0);
        assert_int_equal(p.loser[i], p.winner[i] + 1 + i % 2);
        assert_int_equal(side_of((int)decision), i < p.n_train ? SAI_SIDE_TRAIN : SAI_SIDE_VALIDATION);
        assert_near((double)p.weight[i], decision == 5 && i % 2 == 0 ? 4 : 1, 0);
    }
    sai_pairs_free(&p);
    make(&p, &f, 1, true);
    assert_int_equal(p.n_train, 2 * (DECISIONS - 1));
    assert_int_equal(p.count, p.n_train);
    sai_pairs_free(&p);
    sai_standardiser_free(&f.plain);
}

static void transplants_keep_differences_and_take_subjects_that_are_learned_from(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_pairs p;
    const size_t n_plain = 2 * (DECISIONS - 2);
    bool subject[DECISIONS] = {false};
    build(&f, 1);
    make(&p, &f, 4, false);
    assert_int_equal(p.n_train, 4 * n_plain);
    assert_int_equal(p.count, p.n_train + 2);
    assert_int_equal(p.n_rows, (DECISIONS + 3 * (DECISIONS - 2)) * MEMBERS);
    for (size_t i = 0; i < p.count; i++) {
        const float *w = p.x + (size_t)p.winner[i] * DIM, *l = p.x + (size_t)p.loser[i] * DIM;
        assert_true(p.winner[i] < p.n_rows && p.loser[i] < p.n_rows);
        assert_near((double)(l[1] - w[1]), i % 2 ? 10 : 1, 1e-4);
        assert_near((double)(l[0] - w[0]), 0, 0);
        if (i >= n_plain && i < p.n_train) {
            int shown = (int)lrintf(w[0] / 100);
            assert_true(p.winner[i] >= DECISIONS * MEMBERS);
            assert_near((double)w[0], 100 * shown, 1e-3);
            assert_int_equal(side_of(shown), SAI_SIDE_TRAIN);
            assert_near((double)p.weight[i], (double)p.weight[i % n_plain], 0);
            subject[shown] = true;
        }
    }
    int different = 0;
    for (int i = 0; i < DECISIONS; i++)
        different += subject[i];
    assert_true(different > DECISIONS / 2);
    sai_pairs_free(&p);
    sai_standardiser_free(&f.plain);
}

static void transplants_stay_in_their_project(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_pairs p;
    const size_t n_plain = 2 * (DECISIONS - 2);
    build(&f, 3);
    make(&p, &f, 8, false);
    for (size_t i = n_plain; i < p.n_train; i++) {
        uint32_t from = p.winner[i % n_plain] / MEMBERS;
        uint32_t to = (uint32_t)(p.x[(size_t)p.winner[i] * DIM] / 100.0f + 0.5f);
        assert_int_equal(from % 2, to % 2);
    }
    sai_pairs_free(&p);
    sai_standardiser_free(&f.plain);
}

static void the_draw_follows_from_the_seed(void **state)
{
    (void)state;
    struct fixture f, g;
    struct sai_pairs a, b, c;
    build(&f, 1);
    build(&g, 2);
    make(&a, &f, 3, true);
    make(&b, &f, 3, true);
    make(&c, &g, 3, true);
    assert_int_equal(a.n_rows, c.n_rows);
    assert_memory_equal(a.x, b.x, a.n_rows * DIM * sizeof *a.x);
    assert_int_not_equal(memcmp(a.x, c.x, a.n_rows * DIM * sizeof *a.x), 0);
    sai_pairs_free(&a);
    sai_pairs_free(&b);
    sai_pairs_free(&c);
    sai_standardiser_free(&f.plain);
    sai_standardiser_free(&g.plain);
}

static void differences_within_groups_become_alike(void **state)
{
    (void)state;
    /* First number: differs between groups only. Second: within only. Third: constant. */
    const float x[] = {0, 1, 7, 0, -1, 7, 4, 1, 7, 4, -1, 7};
    const uint32_t rows[] = {0, 1, 2, 3};
    const size_t starts[] = {0, 2, 4};
    struct sai_standardiser s;
    assert_int_equal(sai_standardiser_fit(&s, x, DIM, rows, 4), SELECTAI_OK);
    assert_near((double)s.scale[0], 0.5, 1e-6);
    assert_near((double)s.scale[1], 1, 1e-6);
    assert_int_equal(sai_standardiser_within(&s, x, rows, starts, 2), SELECTAI_OK);
    /* Divided by 0 + 0.05 and by 1 + 0.05. */
    const double between = 1 / 0.05, within = 1 / 1.05, norm = sqrt(2 / (between * between + within * within));
    assert_near((double)s.scale[0], 0.5 * between * norm, 1e-5);
    assert_near((double)s.scale[1], within * norm, 1e-5);
    assert_near((double)s.scale[2], 0, 0);
    sai_standardiser_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_pairs_are_of_one_decision_and_never_of_the_test),
        cmocka_unit_test(transplants_keep_differences_and_take_subjects_that_are_learned_from),
        cmocka_unit_test(transplants_stay_in_their_project),
        cmocka_unit_test(the_draw_follows_from_the_seed),
        cmocka_unit_test(differences_within_groups_become_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
