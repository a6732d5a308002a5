/*
 * test_learn_prior.c: the stage prior is where its likelihood is largest, computed a second time here, and is looked up
 * as the header says.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "learn/folds.h"
#include "learn/prior.h"
#include "learn_fixture.h"

enum { MANY = 400 };

/* As the header tells: 1 / deviation^2, 0.7 being half the root of two. */
#define VALUE_PRECISION (1 / (2.0 * 2.0))
#define OTHER_PRECISION 2.0

static char names[4 * MANY][16];
static const char *const projects[3] = {"anna", "bert", "carla"};

static void name_images(void)
{
    for (int i = 0; i < 4 * MANY; i++)
        snprintf(names[i], sizeof names[i], "img%05d.png", i);
}

static void add(struct sai_decisions *d, const char *project, double winner, double a, double b)
{
    const size_t at = d->n_members % (4 * MANY - 4);
    const char *images[4] = {names[at], names[at + 1], isnan(b) ? NULL : names[at + 2], NULL};
    const double stages[4] = {winner, a, b, NAN};
    add_decision(d, project, images, stages);
}

/* Choices among three stages, sometimes one that is not known; whom they fall on depends on the project. */
static void draw(struct sai_decisions *d, size_t n, uint64_t seed)
{
    static const double stages[4] = {1, 1.5, 2, NAN};
    struct sai_rng rng;
    *d = (struct sai_decisions){0};
    sai_rng_seed(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        double s[3];
        for (int j = 0; j < 3; j++)
            s[j] = stages[sai_rng_below(&rng, j == 2 ? 4 : 3)];
        int p = (int)sai_rng_below(&rng, 3);
        bool high = sai_rng_uniform(&rng) < 0.5 + 0.2 * p;
        if ((s[0] < s[1]) == high) {
            double t = s[0];
            s[0] = s[1];
            s[1] = t;
        }
        add(d, projects[p], s[0], s[1], s[2]);
    }
}

static int8_t *all_train(const struct sai_decisions *d)
{
    return calloc(d->count + 1, 1); /* SAI_SIDE_TRAIN is 0 */
}

/* The negative logarithm of likelihood and priors, by the look-up itself: float sums, so the tolerance is not tiny. */
static double objective(const struct sai_decisions *d, const int8_t *side, const struct sai_prior *p, double shift)
{
    double loss = 0, stages[4];
    float score[4];
    for (size_t i = 0; i < d->count; i++) {
        const struct sai_decision *it = &d->items[i];
        if (side[i] != SAI_SIDE_TRAIN && side[i] != SAI_SIDE_VALIDATION)
            continue;
        for (uint32_t j = 0; j < it->n; j++)
            stages[j] = d->members[it->first + j].stage;
        sai_prior_group(score, p, it->project, stages, it->n);
        double sum = 0;
        for (uint32_t j = 0; j < it->n; j++) /* an unknown stage is worth 0 before the values are centred */
            sum += exp((double)score[j] - (isnan(stages[j]) ? shift : 0));
        loss += log(sum) - ((double)score[0] - (isnan(stages[0]) ? shift : 0));
    }
    for (uint32_t a = 0; a < p->n_stages; a++) {
        loss += 0.5 * VALUE_PRECISION * (p->values[a] + shift) * (p->values[a] + shift);
        for (uint32_t b = a + 1; b < p->n_stages; b++)
            loss += 0.5 * OTHER_PRECISION * p->transitions[a * p->n_stages + b] * p->transitions[a * p->n_stages + b];
    }
    for (uint32_t i = 0; i < p->n_projects * p->n_stages; i++)
        loss += 0.5 * OTHER_PRECISION * p->project_values[i] * p->project_values[i];
    return loss;
}

/* How much the objective falls if a number moves a little either way. */
static double slope(double *x, double *mirror, const struct sai_decisions *d, const int8_t *side,
                    const struct sai_prior *p, double shift)
{
    const double h = 1e-2, was = *x; /* scores are floats: less would drown in their rounding */
    *x = was + h;
    if (mirror)
        *mirror = -*x;
    double up = objective(d, side, p, shift);
    *x = was - h;
    if (mirror)
        *mirror = -*x;
    double down = objective(d, side, p, shift);
    *x = was;
    if (mirror)
        *mirror = -was;
    return (up - down) / (2 * h);
}

/* The values' mean was taken off; where it was is found by the values' own priors: their sum is 0 at the optimum unless
 * a stage is unknown, so it is sought. */
static double centre(const struct sai_decisions *d, const int8_t *side, const struct sai_prior *p)
{
    double low = -5, high = 5;
    for (int i = 0; i < 200; i++) {
        double a = low + (high - low) / 3, b = high - (high - low) / 3;
        if (objective(d, side, p, a) < objective(d, side, p, b))
            high = b;
        else
            low = a;
    }
    return (low + high) / 2;
}

static void the_likelihood_is_largest_where_it_was_fitted(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_prior p;
    for (uint64_t seed = 1; seed < 4; seed++) {
        draw(&d, MANY, seed);
        int8_t *side = all_train(&d);
        assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
        assert_int_equal(p.n_stages, 3);
        assert_int_equal(p.n_projects, 3);
        double shift = centre(&d, side, &p);
        for (uint32_t a = 0; a < 3; a++) {
            assert_near(slope(&p.values[a], NULL, &d, side, &p, shift), 0, 0.005);
            for (uint32_t b = a + 1; b < 3; b++)
                assert_near(slope(&p.transitions[a * 3 + b], &p.transitions[b * 3 + a], &d, side, &p, shift), 0, 0.005);
            for (uint32_t k = 0; k < 3; k++)
                assert_near(slope(&p.project_values[k * 3 + a], NULL, &d, side, &p, shift), 0, 0.005);
        }
        free(side);
        sai_prior_free(&p);
        sai_decisions_free(&d);
    }
}

static void transitions_are_antisymmetric_and_values_centred(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_prior p;
    double sum = 0;
    draw(&d, MANY, 5);
    int8_t *side = all_train(&d);
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    for (uint32_t a = 0; a < p.n_stages; a++)
        for (uint32_t b = 0; b < p.n_stages; b++)
            assert_near(p.transitions[a * p.n_stages + b], -p.transitions[b * p.n_stages + a], 0);
    for (size_t i = 0; i < d.n_members; i++)
        for (uint32_t a = 0; a < p.n_stages; a++)
            sum += p.stages[a] == d.members[i].stage ? p.values[a] : 0;
    assert_near(sum, 0, 1e-6);
    assert_true(p.stages[0] < p.stages[1] && p.stages[1] < p.stages[2]);
    free(side);
    sai_prior_free(&p);
    sai_decisions_free(&d);
}

/* Of two images: log-odds; few decisions are shrunk towards 0. */
static void few_decisions_say_little(void **state)
{
    (void)state;
    double odds[3];
    for (int k = 0; k < 3; k++) {
        struct sai_decisions d = {0};
        struct sai_prior p;
        const double stages[2] = {1, 2};
        float score[2];
        for (int i = 0; i < (k == 0 ? 4 : k == 1 ? 40 : 400); i++)
            add(&d, "p", i % 4 == 0 ? 1 : 2, i % 4 == 0 ? 2 : 1, NAN);
        int8_t *side = all_train(&d);
        assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
        assert_int_equal(p.n_projects, 0); /* one project's values say nothing of their own */
        sai_prior_group(score, &p, "p", stages, 2);
        odds[k] = (double)score[1] - (double)score[0];
        free(side);
        sai_prior_free(&p);
        sai_decisions_free(&d);
    }
    assert_true(0.2 < odds[0] && odds[0] < odds[1] - 0.05 && odds[1] < odds[2]);
    assert_near(odds[2], log(3), 0.02);
}

static void projects_have_values_of_their_own(void **state)
{
    (void)state;
    struct sai_decisions d = {0};
    struct sai_prior p;
    const double stages[2] = {1, 2};
    float anna[2], bert[2], other[2], none[2];
    for (int i = 0; i < 100; i++) {
        bool low = i % 10 == 0;
        add(&d, "anna", low ? 1 : 2, low ? 2 : 1, NAN); /* takes the last one */
        add(&d, "bert", low ? 2 : 1, low ? 1 : 2, NAN); /* takes the first */
    }
    int8_t *side = all_train(&d);
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    assert_string_equal(p.projects[0], "anna");
    assert_string_equal(p.projects[1], "bert");
    sai_prior_group(anna, &p, "anna", stages, 2);
    sai_prior_group(bert, &p, "bert", stages, 2);
    sai_prior_group(other, &p, "nobody", stages, 2);
    sai_prior_group(none, &p, NULL, stages, 2);
    assert_true(anna[1] - anna[0] > 1);
    assert_true(bert[1] - bert[0] < -1);
    assert_near((double)(other[1] - other[0]), 0, 1e-5);
    assert_memory_equal(other, none, sizeof other);
    /* Only what the sides say trains. */
    for (size_t i = 0; i < d.count; i++)
        side[i] = i % 2 ? SAI_SIDE_TEST : i % 4 ? SAI_SIDE_VALIDATION : SAI_SIDE_TRAIN;
    sai_prior_free(&p);
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    assert_int_equal(p.n_projects, 0);
    sai_prior_group(bert, &p, "bert", stages, 2);
    assert_true(bert[1] - bert[0] > 1);
    free(side);
    sai_prior_free(&p);
    sai_decisions_free(&d);
}

/* A table by hand: values 1, 3; transition of stage 2 over stage 4: 0.5. */
static void look_up_equals_hand_computation(void **state)
{
    (void)state;
    struct sai_prior p;
    float out[5];
    assert_int_equal(sai_prior_allocate(&p, 2, 1), SELECTAI_OK);
    p.stages[0] = 2;
    p.stages[1] = 4;
    p.values[0] = 1;
    p.values[1] = 3;
    p.transitions[1] = 0.5;
    p.transitions[2] = -0.5;
    p.projects[0] = sai_strdup("anna");
    p.project_values[0] = 10;
    p.project_values[1] = 20;
    const double known[3] = {2, 4, 4}, odd[5] = {1, 3, 3.5, 9, NAN};
    sai_prior_group(out, &p, NULL, known, 3);
    assert_near((double)out[0], 1 + (0.5 + 0.5) / 3, 1e-6);
    assert_near((double)out[1], 3 - 0.5 / 3, 1e-6);
    assert_near((double)out[2], 3 - 0.5 / 3, 1e-6);
    sai_prior_group(out, &p, "anna", known, 3);
    assert_near((double)out[0], 1 + (0.5 + 0.5) / 3 + 10, 1e-5);
    /* Between the neighbours by distance; beyond them as the last one; unknown: 0. */
    sai_prior_group(out, &p, NULL, odd, 5);
    const double expected[5] = {1, 2, 2.5, 3, 0};
    for (int i = 0; i < 5; i++)
        assert_near((double)out[i], expected[i], 1e-6);
    sai_prior_group(out, &p, "anna", odd, 5);
    assert_near((double)out[1], 2 + 15, 1e-5);
    assert_near((double)out[4], 0, 0);
    sai_prior_values(out, &p, known, 3);
    assert_near((double)out[0], 1, 0);
    assert_near((double)out[2], 3, 0);
    sai_prior_values(out, &p, NULL, 2);
    sai_prior_group(out + 2, &p, "anna", NULL, 2);
    for (int i = 0; i < 4; i++)
        assert_near((double)out[i], 0, 0);
    sai_prior_free(&p);
    /* A zeroed one says nothing. */
    sai_prior_group(out, &p, "anna", known, 3);
    assert_near((double)out[0] + (double)out[1] + (double)out[2], 0, 0);
}

static void without_stages_it_says_nothing(void **state)
{
    (void)state;
    struct sai_decisions d = {0};
    struct sai_prior p;
    const double stages[2] = {1, 2};
    float out[2];
    for (int i = 0; i < 20; i++)
        add(&d, "p", NAN, NAN, NAN);
    int8_t *side = all_train(&d);
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    sai_prior_group(out, &p, "p", stages, 2);
    assert_near((double)out[0], 0, 0);
    assert_near((double)out[1], 0, 0);
    sai_prior_free(&p);
    /* Nothing trains: the same. */
    for (size_t i = 0; i < d.count; i++)
        side[i] = SAI_SIDE_TEST;
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    assert_int_equal(p.n_stages, 0);
    free(side);
    sai_prior_free(&p);
    sai_decisions_free(&d);
}

/* The most frequent ones are kept; the others take the value of their neighbours. */
static void more_stages_than_there_is_room_for(void **state)
{
    (void)state;
    struct sai_decisions d = {0};
    struct sai_prior p;
    float out[3];
    for (int i = 0; i < 48; i++) /* 10 .. 25 lose against 50 .. 65, each three times */
        add(&d, "p", 50 + i % 16, 10 + i % 16, NAN);
    add(&d, "p", 5, 6, NAN); /* once: no room for these, nor for 64 and 65 */
    int8_t *side = all_train(&d);
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    assert_int_equal(p.n_stages, SAI_PRIOR_MAX_STAGES);
    assert_near(p.stages[0], 10, 0);
    assert_near(p.stages[29], 63, 0);
    for (uint32_t i = 1; i < p.n_stages; i++)
        assert_true(p.stages[i - 1] < p.stages[i] && isfinite(p.values[i]));
    const double stages[3] = {5, 37.5, 65};
    sai_prior_group(out, &p, NULL, stages, 3);
    assert_near((double)out[0], p.values[0], 1e-6);
    assert_near((double)out[1], (p.values[15] + p.values[16]) / 2, 1e-6); /* between 25 and 50 */
    assert_near((double)out[2], p.values[29], 1e-6);
    assert_true(out[0] < -0.3f && out[2] > 0.3f);
    free(side);
    sai_prior_free(&p);
    sai_decisions_free(&d);
}

/* A set of a thousand images is no group of stages: it does not drown the others, and can be scored. */
static void a_set_of_a_thousand_images(void **state)
{
    (void)state;
    enum { WIDE = 1000 };
    struct sai_decisions d = {0};
    struct sai_prior p;
    static const char *paths[WIDE];
    static double stages[WIDE];
    static float out[WIDE];
    for (int i = 0; i < 40; i++)
        add(&d, "p", 2, 1, NAN);
    for (int i = 0; i < WIDE; i++) {
        paths[i] = names[i];
        stages[i] = i % 2 ? 2 : 1;
    }
    struct selectai_entry e = {.struct_size = sizeof e, .project = "p", .set_id = "", .chosen_path = "winner.png"};
    e.chosen_stage = 1;
    e.n_negatives = WIDE;
    e.neg_paths = paths;
    e.neg_stages = stages;
    for (int i = 0; i < 40; i++)
        assert_int_equal(sai_decisions_add(&d, &e), SELECTAI_OK);
    int8_t *side = all_train(&d);
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    sai_prior_group(out, &p, "p", stages, WIDE);
    assert_true(out[1] > out[0] + 1);
    for (int i = 0; i < WIDE; i++)
        assert_near((double)out[i], (double)out[i % 2], 1e-5);
    free(side);
    sai_prior_free(&p);
    sai_decisions_free(&d);
}

/* The same decisions in another order: the same numbers, to the last bit. */
static void order_does_not_matter(void **state)
{
    (void)state;
    struct sai_decisions a, b = {0};
    struct sai_prior p, q;
    draw(&a, MANY, 9);
    for (size_t i = a.count; i-- > 0;) {
        const struct sai_member *m = &a.members[a.items[i].first];
        add(&b, a.items[i].project, m[0].stage, m[1].stage, a.items[i].n > 2 ? m[2].stage : NAN);
        if (a.items[i].n > 2 && isnan(m[2].stage)) { /* add() takes NaN as the end */
            b.count--;
            b.n_members -= 2;
            const char *images[4] = {names[0], names[1], names[2], NULL};
            const double stages[4] = {m[0].stage, m[1].stage, NAN, NAN};
            add_decision(&b, a.items[i].project, images, stages);
        }
    }
    int8_t *side = all_train(&a);
    assert_int_equal(sai_prior_fit(&p, &a, side), SELECTAI_OK);
    assert_int_equal(sai_prior_fit(&q, &b, side), SELECTAI_OK);
    assert_memory_equal(p.values, q.values, 3 * sizeof *p.values);
    assert_memory_equal(p.transitions, q.transitions, 9 * sizeof *p.values);
    assert_memory_equal(p.project_values, q.project_values, 9 * sizeof *p.values);
    free(side);
    sai_prior_free(&p);
    sai_prior_free(&q);
    sai_decisions_free(&a);
    sai_decisions_free(&b);
}

/* Rejected groups say nothing about which image is taken. */
static void rejected_groups_do_not_count(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_prior p, q;
    draw(&d, MANY, 9);
    int8_t *side = all_train(&d);
    for (size_t i = 0; i < d.count; i += 3) {
        d.items[i].rejected = true;
    }
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    for (size_t i = 0; i < d.count; i += 3)
        side[i] = SAI_SIDE_NONE;
    assert_int_equal(sai_prior_fit(&q, &d, side), SELECTAI_OK);
    assert_memory_equal(p.values, q.values, 3 * sizeof *p.values);
    free(side);
    sai_prior_free(&p);
    sai_prior_free(&q);
    sai_decisions_free(&d);
}

/* It could not be stored: JSON is UTF-8. The project shares what all say. */
static void a_project_whose_name_is_no_utf8_has_no_values(void **state)
{
    (void)state;
    struct sai_decisions d = {0};
    struct sai_prior p;
    for (int i = 0; i < 20; i++) {
        add(&d, "anna", 2, 1, NAN);
        add(&d, "bert", 1, 2, NAN);
        add(&d, "\xff", 2, 1, NAN);
    }
    int8_t *side = all_train(&d);
    assert_int_equal(sai_prior_fit(&p, &d, side), SELECTAI_OK);
    assert_int_equal(p.n_projects, 2);
    assert_string_equal(p.projects[1], "bert");
    assert_true(p.values[1] > p.values[0]);
    free(side);
    sai_prior_free(&p);
    sai_decisions_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_likelihood_is_largest_where_it_was_fitted),
        cmocka_unit_test(transitions_are_antisymmetric_and_values_centred),
        cmocka_unit_test(few_decisions_say_little),
        cmocka_unit_test(projects_have_values_of_their_own),
        cmocka_unit_test(look_up_equals_hand_computation),
        cmocka_unit_test(without_stages_it_says_nothing),
        cmocka_unit_test(more_stages_than_there_is_room_for),
        cmocka_unit_test(a_set_of_a_thousand_images),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(rejected_groups_do_not_count),
        cmocka_unit_test(a_project_whose_name_is_no_utf8_has_no_values),
    };
    name_images();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
