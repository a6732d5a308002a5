/*
 * test_learn_mlp.c: networks in plain C against hand-computed values and against PyTorch's.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/mlp.h"
#include "test_util.h"

#include "../golden/mlp.h"

/* As numbers() of golden/make_mlp.py. */
static void draw(float *out, uint32_t seed, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++) {
        seed = 1664525u * seed + 1013904223u;
        out[i] = (float)(((double)(seed >> 8) / 8388608.0 - 1.0) * scale);
    }
}

static struct sai_mlp *golden_net(uint32_t seed, const uint32_t *widths, uint32_t n_widths, int32_t output)
{
    size_t n;
    struct sai_mlp *mlp = NULL;
    assert_true(sai_mlp_count(&n, widths, n_widths));
    float *p = malloc(n * sizeof *p), *at = p;
    for (uint32_t i = 0; i + 1 < n_widths; i++) {
        size_t k = ((size_t)widths[i] + 1) * widths[i + 1];
        draw(at, 1000 * seed + i, k, 1.5 / sqrt((double)widths[i]));
        at += k;
    }
    assert_int_equal(sai_mlp_create(&mlp, widths, n_widths, output, p), SELECTAI_OK);
    free(p);
    return mlp;
}

static void check_golden(uint32_t seed, const uint32_t *widths, uint32_t n_widths, int32_t output,
                         const float *expected, size_t n_expected)
{
    size_t outputs = widths[n_widths - 1], rows = n_expected / outputs;
    struct sai_mlp *mlp = golden_net(seed, widths, n_widths, output);
    float *x = malloc(rows * widths[0] * sizeof *x), *y = malloc(n_expected * sizeof *y), one[8];
    draw(x, seed, rows * widths[0], 3.0);
    assert_int_equal(sai_mlp_forward(mlp, NULL, y, x, rows), SELECTAI_OK);
    for (size_t i = 0; i < n_expected; i++)
        if (fabsf(y[i] - expected[i]) > 1e-5f)
            fail_msg("net %u, output %zu: %.9g, PyTorch has %.9g", seed, i, (double)y[i], (double)expected[i]);
    /* A row's result does not depend on the rows around it. */
    for (size_t r = 0; r < rows; r++) {
        assert_int_equal(sai_mlp_forward(mlp, NULL, one, x + r * widths[0], 1), SELECTAI_OK);
        assert_memory_equal(one, y + r * outputs, outputs * sizeof *one);
    }
    free(x);
    free(y);
    sai_mlp_destroy(&mlp);
    assert_null(mlp);
}

static void equals_pytorch(void **state)
{
    (void)state;
    check_golden(1, ranker_widths, 4, SAI_MLP_LINEAR, ranker_outputs, sizeof ranker_outputs / sizeof(float));
    check_golden(2, cropper_widths, 3, SAI_MLP_SIGMOID, cropper_outputs, sizeof cropper_outputs / sizeof(float));
    check_golden(3, wide_widths, 4, SAI_MLP_LINEAR, wide_outputs, sizeof wide_outputs / sizeof(float));
}

static void equals_hand_computation(void **state)
{
    (void)state;
    /* h = relu(x0 + 2 x1 + 0.5, -x0 + x1); y = 3 h0 - 4 h1 + 0.25 */
    const uint32_t widths[] = {2, 2, 1};
    const float p[] = {1, 2, -1, 1, 0.5f, 0, 3, -4, 0.25f}, x[] = {1, 2, -3, 1, 0, 0};
    struct sai_mlp *mlp;
    float y[3];
    assert_int_equal(sai_mlp_create(&mlp, widths, 3, SAI_MLP_LINEAR, p), SELECTAI_OK);
    assert_int_equal(sai_mlp_forward(mlp, NULL, y, x, 3), SELECTAI_OK);
    assert_float_equal(y[0], 3 * 5.5 - 4 * 1 + 0.25, 0);
    assert_float_equal(y[1], 3 * 0 - 4 * 4 + 0.25, 0);
    assert_float_equal(y[2], 3 * 0.5 + 0.25, 0);
    sai_mlp_destroy(&mlp);
}

static void rows_that_are_not_finite_give_nan(void **state)
{
    (void)state;
    const uint32_t widths[] = {2, 1};
    const float p[] = {1, 1, 0}, x[] = {1, NAN, 2, 3, INFINITY, 0};
    float mean[2] = {0, 0}, scale[2] = {1, 1}, y[3];
    struct sai_mlp *mlp;
    struct sai_standardiser s;
    assert_int_equal(sai_mlp_create(&mlp, widths, 2, SAI_MLP_LINEAR, p), SELECTAI_OK);
    assert_int_equal(sai_standardiser_copy(&s, 2, mean, scale, 5), SELECTAI_OK);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(sai_mlp_forward(mlp, k ? &s : NULL, y, x, 3), SELECTAI_OK);
        assert_true(isnan(y[0]));
        assert_float_equal(y[1], 5, 0);
        assert_true(isnan(y[2]));
    }
    sai_standardiser_free(&s);
    sai_mlp_destroy(&mlp);
}

static void impossible_widths_are_refused(void **state)
{
    (void)state;
    const uint32_t none[] = {3, 0, 1}, huge[] = {3, 70000, 1},
                   many[17] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    size_t n;
    assert_false(sai_mlp_count(&n, none, 3));
    assert_false(sai_mlp_count(&n, huge, 3));
    assert_false(sai_mlp_count(&n, many, 17));
    assert_false(sai_mlp_count(&n, many, 1));
    assert_true(sai_mlp_count(&n, many, 16));
    assert_int_equal(n, 30);
}

static void standardiser_measures_training_rows_only(void **state)
{
    (void)state;
    const float x[] = {1, 7, 100, 3, 7, 200, 5, 7, 300, 1000, 8, -1e6f};
    const uint32_t rows[] = {0, 1, 2};
    struct sai_standardiser s;
    float y[3];
    assert_int_equal(sai_standardiser_fit(&s, x, 3, rows, 3), SELECTAI_OK);
    assert_float_equal(s.mean[0], 3, 0);
    assert_float_equal(s.scale[0], 1 / sqrt(8.0 / 3), 1e-6);
    assert_float_equal(s.mean[1], 7, 0);
    assert_float_equal(s.scale[1], 0, 0); /* never changed */
    assert_true(sai_standardise(&s, y, x));
    assert_float_equal(y[0], -2 / sqrt(8.0 / 3), 1e-6);
    assert_true(sai_standardise(&s, y, x + 9));
    assert_float_equal(y[0], 5, 0); /* cut */
    assert_float_equal(y[1], 0, 0);
    assert_float_equal(y[2], -5, 0);
    const float bad[] = {1, NAN, 2};
    assert_false(sai_standardise(&s, y, bad));
    sai_standardiser_free(&s);
    assert_int_equal(sai_standardiser_fit(&s, x, 3, rows, 0), SELECTAI_ERR_NO_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_hand_computation),
        cmocka_unit_test(equals_pytorch),
        cmocka_unit_test(rows_that_are_not_finite_give_nan),
        cmocka_unit_test(impossible_widths_are_refused),
        cmocka_unit_test(standardiser_measures_training_rows_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
