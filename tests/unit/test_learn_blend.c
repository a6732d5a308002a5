/*
 * test_learn_blend.c: the weights of a score's parts are where the likelihood is largest, and make honest
 * probabilities.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "learn/blend.h"
#include "learn/softmax.h"
#include "learn_fixture.h"

enum { CASES = 2000, IMAGES = 3 };

static float prior[CASES * IMAGES], image[CASES * IMAGES], logit[CASES];

/* Winners drawn from the softmax of a * prior + b * image. */
static void draw(struct sai_decisions *d, double a, double b, uint64_t seed)
{
    const char *names[4] = {"a", "b", "c"};
    const double stages[4] = {1, 2, 3};
    struct sai_rng rng;
    *d = (struct sai_decisions){0};
    sai_rng_seed(&rng, seed);
    for (int i = 0; i < CASES; i++) {
        float *p = prior + IMAGES * i, *m = image + IMAGES * i, score[IMAGES], share[IMAGES];
        add_decision(d, "p", names, stages);
        for (int j = 0; j < IMAGES; j++) {
            p[j] = (float)(4 * sai_rng_uniform(&rng) - 2);
            m[j] = (float)(4 * sai_rng_uniform(&rng) - 2);
            score[j] = (float)(a * (double)p[j] + b * (double)m[j]);
        }
        assert_true(sai_softmax(share, score, IMAGES, 1));
        double u = sai_rng_uniform(&rng);
        int w = u < (double)share[0] ? 0 : u < (double)share[0] + (double)share[1] ? 1 : 2;
        float t = p[0];
        p[0] = p[w];
        p[w] = t;
        t = m[0];
        m[0] = m[w];
        m[w] = t;
    }
}

/* How often a decision counts that a lower stage won. */
static double anomaly_weight = 1;

static double count_of(const struct sai_decisions *d, size_t i)
{
    const struct sai_member *m = &d->members[d->items[i].first];
    return m[0].stage < m[1].stage || m[0].stage < m[2].stage ? anomaly_weight : 1;
}

/* Cross entropy against the targets that the header tells. */
static double loss_at(const struct sai_decisions *d, const bool *use, double a, double b)
{
    double loss = 0, n = 0;
    for (size_t i = 0; i < d->count; i++)
        n += !use || use[i];
    for (size_t i = 0; i < d->count; i++) {
        double sum = 0, score[IMAGES];
        if (use && !use[i])
            continue;
        for (int j = 0; j < IMAGES; j++) {
            score[j] = a * (double)prior[d->items[i].first + (size_t)j] +
                       b * (double)image[d->items[i].first + (size_t)j];
            sum += exp(score[j]);
        }
        for (int j = 0; j < IMAGES; j++)
            loss -= count_of(d, i) * (j == 0 ? 1 - 1 / (n + 2) : 1 / (n + 2) / (IMAGES - 1)) * (score[j] - log(sum));
    }
    return loss;
}

static double slope(const struct sai_decisions *d, const bool *use, const struct sai_blend *at, int which)
{
    const double h = 1e-5, a = at->prior_weight, b = at->image_weight;
    return which ? (loss_at(d, use, a, b + h) - loss_at(d, use, a, b - h)) / (2 * h)
                 : (loss_at(d, use, a + h, b) - loss_at(d, use, a - h, b)) / (2 * h);
}

static void weights_are_found_again_where_the_gradient_is_zero(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_blend b = SAI_BLEND_PLAIN;
    draw(&d, 1.5, 0.4, 3);
    sai_blend_fit_scores(&b, &d, NULL, prior, image);
    assert_near(b.prior_weight, 1.5, 0.15);
    assert_near(b.image_weight, 0.4, 0.1);
    assert_near(slope(&d, NULL, &b, 0), 0, 1e-3);
    assert_near(slope(&d, NULL, &b, 1), 0, 1e-3);
    assert_near(b.keep_scale, 1, 0); /* not touched */
    assert_near(b.keep_shift, 0, 0);
    sai_decisions_free(&d);
}

/* The image part says the opposite: it is left out, not turned round. */
static void weights_do_not_fall_below_zero(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_blend b = SAI_BLEND_PLAIN;
    draw(&d, 1, -0.8, 5);
    sai_blend_fit_scores(&b, &d, NULL, prior, image);
    assert_near(b.image_weight, 0, 0);
    assert_true(b.prior_weight > 0.5);
    assert_near(slope(&d, NULL, &b, 0), 0, 1e-3);
    assert_true(slope(&d, NULL, &b, 1) > 0);
    sai_decisions_free(&d);
    draw(&d, -1, -0.8, 5);
    sai_blend_fit_scores(&b, &d, NULL, prior, image);
    assert_near(b.image_weight, 0, 0);
    assert_near(b.prior_weight, 0, 0);
    sai_decisions_free(&d);
}

/* A part that says nothing has no optimum of its own; the other must not suffer. */
static void a_part_of_zeros_does_no_harm(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_blend b = SAI_BLEND_PLAIN;
    draw(&d, 1.2, 0, 6);
    memset(image, 0, sizeof image);
    sai_blend_fit_scores(&b, &d, NULL, prior, image);
    assert_near(b.prior_weight, 1.2, 0.15);
    assert_true(isfinite(b.image_weight) && b.image_weight >= 0);
    assert_near(slope(&d, NULL, &b, 0), 0, 1e-3);
    /* Both parts equal: any division does, their sum is what counts. */
    memcpy(image, prior, sizeof image);
    sai_blend_fit_scores(&b, &d, NULL, prior, image);
    assert_near(b.prior_weight + b.image_weight, 1.2, 0.15);
    sai_decisions_free(&d);
}

static void only_what_was_scored_and_chosen_counts(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_blend all = SAI_BLEND_PLAIN, some = SAI_BLEND_PLAIN, none = SAI_BLEND_PLAIN;
    static bool use[CASES];
    draw(&d, 1.5, 0.4, 7);
    for (int i = 0; i < CASES; i++)
        use[i] = i % 2 == 0;
    sai_blend_fit_scores(&all, &d, use, prior, image);
    assert_near(slope(&d, use, &all, 0), 0, 1e-3);
    for (int i = 1; i < CASES; i += 2) { /* the same by other reasons to leave out: whatever stands there is not seen */
        prior[IMAGES * i] = prior[IMAGES * i + 1] = 99;
        if (i % 3 == 0)
            d.items[i].usable = false;
        else if (i % 3 == 1)
            d.items[i].rejected = true;
        else
            prior[IMAGES * i] = NAN;
    }
    sai_blend_fit_scores(&some, &d, NULL, prior, image);
    assert_near(some.prior_weight, all.prior_weight, 1e-9);
    assert_near(some.image_weight, all.image_weight, 1e-9);
    memset(use, 0, sizeof use);
    none.prior_weight = none.image_weight = 7;
    sai_blend_fit_scores(&none, &d, use, prior, image);
    assert_near(none.prior_weight, 1, 0);
    assert_near(none.image_weight, 1, 0);
    sai_decisions_free(&d);
}

/* Where all choices have a NaN, none is left, and the weights are 1; so too if it is not the winner's. */
static void nan_of_a_loser_leaves_the_choice_out(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_blend b = SAI_BLEND_PLAIN, clean = SAI_BLEND_PLAIN;
    static bool use[CASES];
    draw(&d, 1.5, 0.4, 7);
    for (int i = 0; i < CASES; i++)
        use[i] = i < 10;
    sai_blend_fit_scores(&clean, &d, use, prior, image);
    for (int i = 10; i < CASES; i++)
        image[IMAGES * i + 1] = NAN;
    sai_blend_fit_scores(&b, &d, NULL, prior, image);
    assert_near(b.prior_weight, clean.prior_weight, 1e-9); /* the smoothing counts ten choices, not two thousand */
    for (int i = 0; i < CASES; i++)
        image[IMAGES * i + 1] = NAN;
    sai_blend_fit_scores(&b, &d, NULL, prior, image);
    assert_near(b.prior_weight, 1, 0);
    assert_near(b.image_weight, 1, 0);
    sai_decisions_free(&d);
}

static void a_few_that_come_out_right_give_no_certainty(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_blend b = SAI_BLEND_PLAIN;
    static bool use[CASES];
    float share[IMAGES], score[IMAGES];
    draw(&d, 1, 1, 8);
    for (int i = 0; i < 20; i++) {
        use[i] = true;
        for (int j = 0; j < IMAGES; j++) {
            prior[IMAGES * i + j] = 0;
            image[IMAGES * i + j] = j == 0;
        }
    }
    sai_blend_fit_scores(&b, &d, use, prior, image);
    for (int j = 0; j < IMAGES; j++)
        score[j] = (float)b.image_weight * (j == 0 ? 1 : 0);
    assert_true(sai_softmax(share, score, IMAGES, 1));
    assert_near((double)share[0], 1 - 1.0 / 22, 1e-4);
    sai_decisions_free(&d);
}

/* The scale at which the loss is least in this direction, by ternary search. */
static double best_scale(const struct sai_decisions *d, const struct sai_blend *b)
{
    double low = 0, high = 20;
    for (int i = 0; i < 60; i++) {
        double x = low + (high - low) / 3, y = high - (high - low) / 3;
        if (loss_at(d, NULL, x * b->prior_weight, x * b->image_weight) <
            loss_at(d, NULL, y * b->prior_weight, y * b->image_weight))
            high = y;
        else
            low = x;
    }
    return (low + high) / 2;
}

/* The prior rises with the stage, and anomalies count four times: the image gains, the probabilities stay honest. */
static void anomalies_shift_the_balance_but_not_the_scale(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_blend plain = SAI_BLEND_PLAIN, one = SAI_BLEND_PLAIN, four = SAI_BLEND_PLAIN;
    draw(&d, 1.5, 0.7, 13);
    for (size_t i = 0; i < d.n_members; i++)
        d.members[i].stage = (double)prior[i];
    sai_blend_fit_scores(&plain, &d, NULL, prior, image);
    sai_blend_fit_weighted(&one, &d, NULL, prior, image, 1);
    assert_near(one.prior_weight, plain.prior_weight, 0);
    assert_near(one.image_weight, plain.image_weight, 0);
    sai_blend_fit_weighted(&four, &d, NULL, prior, image, 4);
    assert_true(four.image_weight > 0 &&
                four.prior_weight / four.image_weight < 0.7 * plain.prior_weight / plain.image_weight);
    assert_near(best_scale(&d, &four), 1, 1e-3);
    /* In its direction lies the optimum of the weighted loss. */
    anomaly_weight = 4;
    double scale = best_scale(&d, &four);
    struct sai_blend there = {.prior_weight = scale * four.prior_weight, .image_weight = scale * four.image_weight};
    assert_near(slope(&d, NULL, &there, 0), 0, 0.05);
    assert_near(slope(&d, NULL, &there, 1), 0, 0.05);
    anomaly_weight = 1;
    sai_decisions_free(&d);
}

static double keep_loss_at(const struct sai_decisions *d, double scale, double shift)
{
    double loss = 0, n[2] = {0};
    for (size_t i = 0; i < d->count; i++)
        n[d->items[i].rejected] += !isnan(logit[i]);
    for (size_t i = 0; i < d->count; i++) {
        double z = scale * (double)logit[i] + shift;
        double target = d->items[i].rejected ? 1 / (n[1] + 2) : 1 - 1 / (n[0] + 2);
        if (!isnan(logit[i]))
            loss += log1p(exp(z)) - target * z;
    }
    return loss;
}

static void keep_scaling_is_found_again(void **state)
{
    (void)state;
    struct sai_decisions d;
    struct sai_blend b = SAI_BLEND_PLAIN;
    struct sai_rng rng;
    const double h = 1e-5;
    draw(&d, 1, 1, 9);
    sai_rng_seed(&rng, 10);
    for (int i = 0; i < CASES; i++) { /* P(kept) = sigmoid(2 x - 0.5) */
        logit[i] = (float)(4 * sai_rng_uniform(&rng) - 2);
        d.items[i].rejected = sai_rng_uniform(&rng) > 1 / (1 + exp(0.5 - 2 * (double)logit[i]));
        if (i % 10 == 0)
            logit[i] = NAN;
    }
    sai_blend_fit_keep(&b, &d, NULL, logit);
    assert_near(b.keep_scale, 2, 0.25);
    assert_near(b.keep_shift, -0.5, 0.2);
    assert_near((keep_loss_at(&d, b.keep_scale + h, b.keep_shift) - keep_loss_at(&d, b.keep_scale - h, b.keep_shift)) /
                    h,
                0, 1e-2);
    assert_near((keep_loss_at(&d, b.keep_scale, b.keep_shift + h) - keep_loss_at(&d, b.keep_scale, b.keep_shift - h)) /
                    h,
                0, 1e-2);
    assert_near(b.prior_weight, 1, 0);
    /* All kept, or all rejected, or nothing known: nothing to learn. */
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < CASES; i++) {
            d.items[i].rejected = k == 1;
            logit[i] = k == 2 ? NAN : 1;
        }
        d.items[0].rejected = k > 0;
        b.keep_scale = b.keep_shift = 7;
        sai_blend_fit_keep(&b, &d, NULL, logit);
        assert_near(b.keep_scale, 1, 0);
        assert_near(b.keep_shift, 0, 0);
    }
    sai_decisions_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_found_again_where_the_gradient_is_zero),
        cmocka_unit_test(weights_do_not_fall_below_zero),
        cmocka_unit_test(a_part_of_zeros_does_no_harm),
        cmocka_unit_test(only_what_was_scored_and_chosen_counts),
        cmocka_unit_test(nan_of_a_loser_leaves_the_choice_out),
        cmocka_unit_test(a_few_that_come_out_right_give_no_certainty),
        cmocka_unit_test(anomalies_shift_the_balance_but_not_the_scale),
        cmocka_unit_test(keep_scaling_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
