/*
 * test_learn_loss.c: losses of rankers against values by hand and finite differences.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include "base/rng.h"
#include "learn/rank_loss.h"
#include "learn_fixture.h"

enum { KINDS = 3, MOST = 12 };

static const int32_t kinds[KINDS] = {SELECTAI_LOSS_MARGIN, SELECTAI_LOSS_BRADLEY_TERRY, SELECTAI_LOSS_PLACKETT_LUCE};

static void values_equal_hand_computation(void **state)
{
    (void)state;
    /* Ahead of one loser by 2, behind the other by 1, which counts three times. */
    const float score[] = {1, -1, 2}, weight[] = {77, 1, 3};
    double margin = 0 + 3 * (0.5 + 1), pairs = log(1 + exp(-2)) + 3 * log(1 + exp(1));
    double listwise = 3 * (log(exp(1) + exp(-1) + exp(2)) - 1);
    assert_near(sai_rank_loss(SELECTAI_LOSS_MARGIN, 0.5, NULL, score, weight, 3), margin, 1e-12);
    assert_near(sai_rank_loss(SELECTAI_LOSS_BRADLEY_TERRY, 0.5, NULL, score, weight, 3), pairs, 1e-12);
    assert_near(sai_rank_loss(SELECTAI_LOSS_PLACKETT_LUCE, 0.5, NULL, score, weight, 3), listwise, 1e-12);
    /* Just inside and just outside the margin. */
    const float near[] = {0.25f, 0}, far[] = {0.75f, 0}, one[] = {1, 1};
    assert_near(sai_rank_loss(SELECTAI_LOSS_MARGIN, 0.5, NULL, near, one, 2), 0.25, 1e-12);
    assert_near(sai_rank_loss(SELECTAI_LOSS_MARGIN, 0.5, NULL, far, one, 2), 0, 0);
    /* Of two images, Plackett and Luce's is Bradley and Terry's. */
    assert_near(sai_rank_loss(SELECTAI_LOSS_PLACKETT_LUCE, 0, NULL, near, one, 2),
                sai_rank_loss(SELECTAI_LOSS_BRADLEY_TERRY, 0, NULL, near, one, 2), 1e-12);
}

/* Something was kept: the log of the mean of exp. */
static void keep_values_equal_hand_computation(void **state)
{
    (void)state;
    const float score[] = {0.5f, -1, 2}, one[] = {1.5f};
    double x = log((exp(0.5) + exp(-1) + exp(2)) / 3);
    assert_near(sai_keep_logit(score, 3), x, 1e-12);
    assert_near(sai_keep_logit(one, 1), 1.5, 1e-12);
    assert_near(sai_keep_loss(NULL, score, 3, 1), log(1 + exp(-x)), 1e-12);
    assert_near(sai_keep_loss(NULL, score, 3, 0), log(1 + exp(x)), 1e-12);
    /* Twice the same images: the same. */
    const float twice[] = {0.5f, 0.5f, -1, -1, 2, 2};
    assert_near(sai_keep_logit(twice, 6), x, 1e-12);
}

static double loss_of(int kind, float *gradient, const float *score, const float *weight, uint32_t n)
{
    return kind < KINDS ? sai_rank_loss(kinds[kind], 0.4, gradient, score, weight, n)
                        : sai_keep_loss(gradient, score, n, kind == KINDS);
}

static void gradients_equal_finite_differences(void **state)
{
    (void)state;
    struct sai_rng rng;
    sai_rng_seed(&rng, 11);
    for (int round = 0; round < 200; round++)
        for (int kind = 0; kind < KINDS + 2; kind++) {
            uint32_t n = 2 + (uint32_t)sai_rng_below(&rng, MOST - 1);
            float score[MOST], weight[MOST], gradient[MOST];
            for (uint32_t i = 0; i < n; i++) {
                score[i] = (float)(6 * sai_rng_uniform(&rng) - 3);
                weight[i] = i == 0 ? NAN : (float)(2 * sai_rng_uniform(&rng)); /* the winner's is not used */
            }
            loss_of(kind, gradient, score, weight, n);
            double sum = 0;
            for (uint32_t i = 0; i < n; i++) {
                const float h = 1.0f / 1024, was = score[i];
                score[i] = was + h;
                double up = loss_of(kind, NULL, score, weight, n), width = (double)score[i];
                score[i] = was - h;
                double down = loss_of(kind, NULL, score, weight, n);
                width -= (double)score[i];
                score[i] = was;
                /* A margin's corner may lie between. */
                double close = kind == 0 ? fabs(0.4 + (double)score[i ? i : 1] - (double)score[0]) : 1;
                for (uint32_t j = 1; kind == 0 && i == 0 && j < n; j++)
                    close = fmin(close, fabs(0.4 + (double)score[j] - (double)score[0]));
                if (close > 0.01)
                    assert_near((up - down) / width, (double)gradient[i], 2e-4);
                sum += (double)gradient[i];
            }
            if (kind < KINDS) /* all scores up by the same: nothing changes */
                assert_near(sum, 0, 1e-5);
        }
}

static void large_scores_do_not_overflow(void **state)
{
    (void)state;
    const float wrong[] = {-1e30f, 1e30f, 0}, right[] = {1e30f, -1e30f, 0}, weight[] = {1, 1, 1};
    float gradient[3];
    for (int k = 0; k < KINDS; k++) {
        double loss = sai_rank_loss(kinds[k], 0.5, gradient, wrong, weight, 3);
        assert_true(isfinite(loss) && loss >= 1e30);
        for (int i = 0; i < 3; i++)
            assert_true(isfinite(gradient[i]));
        assert_near(sai_rank_loss(kinds[k], 0.5, gradient, right, weight, 3), 0, 0);
        assert_near((double)gradient[0], 0, 0);
    }
    assert_true(isfinite(sai_keep_loss(gradient, wrong, 3, 1)) && isfinite(gradient[1]));
    assert_true(sai_keep_loss(gradient, wrong, 3, 0) > 1e29);
}

static void nan_shows(void **state)
{
    (void)state;
    const float weight[] = {1, 1, 1};
    for (int at = 0; at < 3; at++) {
        float score[] = {1, 2, 3};
        score[at] = NAN;
        for (int k = 0; k < KINDS; k++)
            assert_true(isnan(sai_rank_loss(kinds[k], 0.5, NULL, score, weight, 3)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_equal_hand_computation),
        cmocka_unit_test(keep_values_equal_hand_computation),
        cmocka_unit_test(gradients_equal_finite_differences),
        cmocka_unit_test(large_scores_do_not_overflow),
        cmocka_unit_test(nan_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
