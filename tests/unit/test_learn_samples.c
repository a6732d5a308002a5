/*
 * test_learn_samples.c: the rows a ranker learns from: plain, transplanted, and scaled by the deviation within groups.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn/samples.h"
#include "learn_fixture.h"

enum { DIM = 3, DECISIONS = 12, MEMBERS = 3, ROWS = DECISIONS * MEMBERS };

/* Decision i shows "100 i" in the first number; its images differ by 1 and 10 in the second. Decision 3 is for
 * validation, 7 for the test, 5 an anomaly: its first loser has a higher stage; 8 a rejected group. Even and odd ones
 * are two projects. */
struct fixture {
    struct sai_training training;
    struct sai_train_options options;
    struct sai_standardiser plain;
    struct sai_prior prior;
    struct sai_decision items[DECISIONS];
    struct sai_member members[ROWS];
    int8_t side[DECISIONS];
    float x[ROWS * DIM];
};

static int8_t side_of(int i)
{
    return (int8_t)(i == 3 ? SAI_SIDE_VALIDATION : i == 7 ? SAI_SIDE_TEST : SAI_SIDE_TRAIN);
}

static void build(struct fixture *f)
{
    static const float mean[DIM] = {0}, scale[DIM] = {1, 1, 1};
    *f = (struct fixture){.options = {.threads = 1}};
    for (int i = 0; i < DECISIONS; i++) {
        f->items[i] = (struct sai_decision){.project = i % 2 ? "odd" : "even",
                                            .first = (size_t)(i * MEMBERS),
                                            .n = MEMBERS,
                                            .rejected = i == 8,
                                            .usable = true};
        f->side[i] = side_of(i);
        for (int j = 0; j < MEMBERS; j++) {
            int row = i * MEMBERS + j;
            f->members[row] = (struct sai_member){.row = (uint32_t)row, .stage = i == 5 && j == 1 ? 9 : 3 - j};
            f->x[row * DIM] = (float)(100 * i);
            f->x[row * DIM + 1] = (float)(j == 0 ? 0 : j == 1 ? 1 : 10);
        }
    }
    assert_int_equal(sai_standardiser_copy(&f->plain, DIM, mean, scale, 5000), SELECTAI_OK);
    /* Stages 1, 2, 3 are worth 0.1, 0.2, 0.3. */
    assert_int_equal(sai_prior_allocate(&f->prior, 3, 0), SELECTAI_OK);
    for (int i = 0; i < 3; i++) {
        f->prior.stages[i] = i + 1;
        f->prior.values[i] = 0.1 * (i + 1);
    }
    f->training = (struct sai_training){.options = &f->options};
    f->training.decisions = (struct sai_decisions){
        .items = f->items, .count = DECISIONS, .members = f->members, .n_members = (size_t)ROWS};
    f->training.vectors = (struct sai_vectors){.x = f->x, .n = (size_t)ROWS, .dim = DIM};
}

static void release(struct fixture *f)
{
    sai_standardiser_free(&f->plain);
    sai_prior_free(&f->prior);
}

static void make(struct sai_samples *s, struct fixture *f, struct sai_samples_options o)
{
    o.anomaly_weight = 4.0f;
    o.copies = o.copies ? o.copies : 1;
    assert_int_equal(sai_samples_make(s, &f->plain, false, &f->training, f->side, &f->prior, &o), SELECTAI_OK);
    assert_int_equal(s->dim, DIM);
    assert_int_equal(s->starts[0], 0);
    assert_int_equal(s->starts[s->n_items], s->n_rows);
    for (size_t i = 0; i < s->n_rows; i++)
        assert_int_equal(s->rows[i], i);
}

static int shown(const struct sai_samples *s, size_t item)
{
    return (int)lrintf(s->x[s->starts[item] * (size_t)DIM] / 100);
}

static void plain_items_are_one_decision_each_and_never_of_the_test(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_samples s;
    bool seen[DECISIONS] = {false};
    build(&f);
    make(&s, &f, (struct sai_samples_options){0});
    assert_int_equal(s.n_train, DECISIONS - 3);
    assert_int_equal(s.n_items, s.n_train + 1);
    for (size_t i = 0; i < s.n_items; i++) {
        int decision = shown(&s, i);
        assert_int_equal(s.starts[i + 1] - s.starts[i], MEMBERS);
        assert_int_equal(side_of(decision), i < s.n_train ? SAI_SIDE_TRAIN : SAI_SIDE_VALIDATION);
        assert_false(seen[decision] || decision == 8);
        assert_true(s.kept[i]);
        seen[decision] = true;
        for (uint32_t j = 0; j < MEMBERS; j++) {
            size_t row = s.starts[i] + j;
            assert_near((double)s.x[row * DIM + 1], j == 0 ? 0 : j == 1 ? 1 : 10, 0);
            assert_near((double)s.offset[row], decision == 5 && j == 1 ? 0.3 : 0.1 * (3 - j), 1e-6);
            if (j > 0)
                assert_near((double)s.weight[row], decision == 5 && j == 1 ? 4 : 1, 0);
        }
    }
    sai_samples_free(&s);
    make(&s, &f, (struct sai_samples_options){.with_validation = true});
    assert_int_equal(s.n_train, DECISIONS - 2);
    assert_int_equal(s.n_items, s.n_train);
    sai_samples_free(&s);
    /* What cannot be used is no item, whatever side it is on. */
    f.items[0].usable = false;
    make(&s, &f, (struct sai_samples_options){0});
    assert_int_equal(s.n_train, DECISIONS - 4);
    sai_samples_free(&s);
    release(&f);
}

static void rejected_groups_are_items_where_asked_for(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_samples s;
    size_t rejected = 0;
    build(&f);
    make(&s, &f, (struct sai_samples_options){.with_rejected = true});
    assert_int_equal(s.n_train, DECISIONS - 2);
    for (size_t i = 0; i < s.n_items; i++) {
        assert_int_equal(s.kept[i], shown(&s, i) != 8);
        rejected += !s.kept[i];
    }
    assert_int_equal(rejected, 1);
    sai_samples_free(&s);
    release(&f);
}

static void transplants_keep_differences_and_take_subjects_that_are_learned_from(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_samples s;
    const size_t n_plain = DECISIONS - 3;
    bool subject[DECISIONS] = {false};
    build(&f);
    make(&s, &f, (struct sai_samples_options){.copies = 8, .seed = 3});
    assert_int_equal(s.n_train, 8 * n_plain);
    assert_int_equal(s.n_items, s.n_train + 1);
    assert_int_equal(s.n_rows, (8 * n_plain + 1) * MEMBERS);
    int moved = 0;
    for (size_t i = 0; i < s.n_items; i++) {
        const size_t row = s.starts[i], original = s.starts[i < s.n_train ? i % n_plain : i];
        const float *x = s.x + row * DIM, *from = s.x + original * DIM;
        for (size_t j = 1; j < MEMBERS; j++) {
            assert_near((double)(x[j * DIM] - x[0]), 0, 1e-3);
            assert_near((double)(x[j * DIM + 1] - x[1]), j == 1 ? 1 : 10, 1e-3);
            assert_near((double)s.weight[row + j], (double)s.weight[original + j], 0);
        }
        for (size_t j = 0; j < MEMBERS; j++)
            assert_near((double)s.offset[row + j], (double)s.offset[original + j], 0);
        if (i >= s.n_train)
            continue;
        int to = shown(&s, i), of = (int)lrintf(from[0] / 100);
        assert_int_equal(side_of(to), SAI_SIDE_TRAIN);
        assert_true(to != 8);             /* rejected groups lend nothing to a ranker's network */
        assert_int_equal(to % 2, of % 2); /* projects do not mix */
        subject[to] = true;
        moved += to != of;
    }
    int different = 0;
    for (int i = 0; i < DECISIONS; i++)
        different += subject[i];
    assert_int_equal(different, (int)n_plain);
    assert_true(moved > 30);
    sai_samples_free(&s);
    release(&f);
}

static void the_draw_follows_from_the_seed(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_samples a, b, c;
    build(&f);
    make(&a, &f, (struct sai_samples_options){.copies = 3, .seed = 1});
    make(&b, &f, (struct sai_samples_options){.copies = 3, .seed = 1});
    make(&c, &f, (struct sai_samples_options){.copies = 3, .seed = 2});
    assert_int_equal(a.n_rows, c.n_rows);
    assert_memory_equal(a.x, b.x, a.n_rows * DIM * sizeof *a.x);
    assert_int_not_equal(memcmp(a.x, c.x, a.n_rows * DIM * sizeof *a.x), 0);
    sai_samples_free(&a);
    sai_samples_free(&b);
    sai_samples_free(&c);
    release(&f);
}

/* Numbers of validation and test that would be seen in a mean or deviation. */
static void the_standardiser_is_fitted_on_what_is_learned_from(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_samples s;
    struct sai_standardiser fitted = {0}, expected = {0};
    struct sai_samples_options o = {.copies = 4, .anomaly_weight = 1};
    uint32_t rows[ROWS], n = 0;
    build(&f);
    for (int j = 0; j < MEMBERS; j++) {
        f.x[(3 * MEMBERS + j) * DIM] = 1e9f;
        f.x[(7 * MEMBERS + j) * DIM + 2] = NAN; /* the test's are not even looked at */
        f.x[(8 * MEMBERS + j) * DIM + 1] = -1e9f;
    }
    for (uint32_t i = 0; i < ROWS; i++)
        if (side_of((int)i / MEMBERS) == SAI_SIDE_TRAIN && i / MEMBERS != 8)
            rows[n++] = i;
    assert_int_equal(sai_standardiser_fit(&expected, f.x, DIM, rows, n), SELECTAI_OK);
    assert_int_equal(sai_samples_make(&s, &fitted, false, &f.training, f.side, &f.prior, &o), SELECTAI_OK);
    assert_int_equal(fitted.n, DIM);
    assert_memory_equal(fitted.mean, expected.mean, DIM * sizeof *fitted.mean);
    assert_memory_equal(fitted.scale, expected.scale, DIM * sizeof *fitted.scale);
    for (size_t i = 0; i < s.n_rows * DIM; i++)
        assert_true(fabsf(s.x[i]) <= SAI_STANDARDISE_CLIP);
    sai_samples_free(&s);
    /* One that is there is taken as it is. */
    const float was = fitted.mean[0];
    f.x[0] = 7e6f;
    assert_int_equal(sai_samples_make(&s, &fitted, true, &f.training, f.side, &f.prior, &o), SELECTAI_OK);
    assert_near((double)fitted.mean[0], (double)was, 0);
    sai_samples_free(&s);
    sai_standardiser_free(&fitted);
    sai_standardiser_free(&expected);
    release(&f);
}

static void differences_are_from_the_mean_of_the_decision(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_samples s;
    build(&f);
    make(&s, &f, (struct sai_samples_options){.differences = true});
    for (size_t i = 0; i < s.n_items; i++) {
        const float *x = s.x + s.starts[i] * (size_t)DIM;
        for (int j = 0; j < MEMBERS; j++) {
            assert_near((double)x[j * DIM], 0, 1e-4);
            assert_near((double)x[j * DIM + 1], (j == 0 ? 0 : j == 1 ? 1 : 10) - 11.0 / 3, 1e-5);
        }
    }
    sai_samples_free(&s);
    release(&f);
}

/* A row that could not be read says nothing about the others, in no number. */
static void rows_with_nan_do_not_move_the_mean(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, /* */ 3, 4, 5, /* */ 500, NAN, 7}, none[] = {NAN, 1, INFINITY, 2};
    float y[9], z[4];
    sai_subtract_mean(y, x, 3, 3);
    for (int k = 0; k < 3; k++) {
        assert_near((double)y[k], -1, 1e-6);
        assert_near((double)y[3 + k], 1, 1e-6);
    }
    assert_true(isnan(y[7]));
    memcpy(y, x, sizeof x);
    sai_subtract_mean(y, y, 3, 3); /* in place */
    assert_near((double)y[5], 1, 1e-6);
    sai_subtract_mean(z, none, 2, 2);
    assert_true(isnan(z[0]) && isinf(z[2]));
}

static void nothing_to_train_on_is_said(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_samples s;
    struct sai_samples_options o = {.copies = 4, .anomaly_weight = 1};
    build(&f);
    memset(f.side, SAI_SIDE_TEST, sizeof f.side);
    assert_int_equal(sai_samples_make(&s, &f.plain, false, &f.training, f.side, &f.prior, &o), SELECTAI_ERR_NO_DATA);
    sai_samples_free(&s);
    release(&f);
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
        cmocka_unit_test(plain_items_are_one_decision_each_and_never_of_the_test),
        cmocka_unit_test(rejected_groups_are_items_where_asked_for),
        cmocka_unit_test(transplants_keep_differences_and_take_subjects_that_are_learned_from),
        cmocka_unit_test(the_draw_follows_from_the_seed),
        cmocka_unit_test(the_standardiser_is_fitted_on_what_is_learned_from),
        cmocka_unit_test(differences_are_from_the_mean_of_the_decision),
        cmocka_unit_test(rows_with_nan_do_not_move_the_mean),
        cmocka_unit_test(nothing_to_train_on_is_said),
        cmocka_unit_test(differences_within_groups_become_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
