/*
 * test_learn_crops.c: what croppers learn from, believe and propose: losses, rules without learning, distributions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "learn/crop_deviations.h"
#include "learn/crop_join.h"
#include "learn_fixture.h"

static double between(struct sai_rng *rng, double low, double high)
{
    return low + (high - low) * sai_rng_uniform(rng);
}

static struct selectai_box random_box(struct sai_rng *rng)
{
    const struct sai_box_numbers n = {between(rng, 0.2, 0.95), sai_rng_uniform(rng), sai_rng_uniform(rng)};
    return sai_box_from_numbers(&n, sai_rng_uniform(rng) < 0.5 ? 0.1 : 0.0);
}

/* ---- Loss ------------------------------------------------------------------------------------ */

static void loss_is_what_it_says(void **state)
{
    (void)state;
    /* Scale 0.5, in the middle, against the left upper quarter: common 0.25 x 0.25 of 0.25 + 0.25 - 0.0625. */
    const struct selectai_box quarter = {0, 0, 0.5, 0.5}, whole = {0, 0, 1, 1};
    const float output[SAI_CROP_OUTPUTS] = {0};
    struct sai_crop_target t;
    sai_crop_targets(&t, &quarter, NULL, 1);
    double places = 2 * (0.5 - 0.05) / 3, iou = 0.0625 / 0.4375;
    assert_near(sai_crop_loss(NULL, output, &t), places + 1 - iou + 0.1 * log(2) + 0.1 * log(2), 1e-12);
    /* Not cropped: only that counts, and nothing pulls at the box. */
    float gradient[SAI_CROP_OUTPUTS];
    sai_crop_targets(&t, &whole, NULL, 1);
    assert_near(sai_crop_loss(gradient, output, &t), 0.1 * log(2), 1e-12);
    for (int k = 0; k < SAI_CROP_WHOLE; k++)
        assert_near((double)gradient[k], 0, 0);
    assert_near((double)gradient[SAI_CROP_WHOLE], -0.05, 1e-8);
}

/* Central differences; points at which an edge meets an edge, or an error is just beta, have no derivative. */
static void gradients_are_the_loss_s(void **state)
{
    (void)state;
    const double step = 1e-3;
    struct sai_rng rng;
    int compared = 0;
    sai_rng_seed(&rng, 11);
    for (int i = 0; i < 3000; i++) {
        const struct selectai_box box = i % 10 ? random_box(&rng) : (struct selectai_box){0, 0, 1, 1};
        struct sai_crop_target t;
        float at[SAI_CROP_OUTPUTS], moved[SAI_CROP_OUTPUTS], gradient[SAI_CROP_OUTPUTS], near[SAI_CROP_OUTPUTS];
        sai_crop_targets(&t, &box, NULL, 1);
        for (int k = 0; k < SAI_CROP_OUTPUTS; k++)
            at[k] = (float)between(&rng, -3, 3);
        sai_crop_loss(gradient, at, &t);
        for (int k = 0; k < SAI_CROP_OUTPUTS; k++) {
            double value[2];
            bool smooth = true;
            for (int side = 0; side < 2; side++) {
                memcpy(moved, at, sizeof at);
                moved[k] = at[k] + (float)(side ? step : -step);
                value[side] = sai_crop_loss(near, moved, &t);
                smooth = smooth && fabsf(near[k] - gradient[k]) < 2e-3f;
            }
            if (!smooth)
                continue;
            assert_near((value[1] - value[0]) / (2 * step), (double)gradient[k], 1e-3);
            compared++;
        }
    }
    assert_true(compared > 20000);
}

/* ---- Targets and rules ----------------------------------------------------------------------- */

static void targets_of_whole_images_are_neutral(void **state)
{
    (void)state;
    /* Two real crops with places (0, 0) and (0.5, 1), then the whole image, then one with half the free play. */
    static const struct selectai_box boxes[] = {
        {0, 0, 0.5, 0.5}, {0.25, 0.5, 0.75, 1}, {0, 0, 1, 1}, {0.025, 0, 1, 0.975}};
    static const bool use[] = {true, true, false, false};
    static const double expected[4][3] = {{0.5, 0, 0}, {0.5, 0.5, 1}, {1, 0.25, 0.5}, {0.975, 0.5 + 0.125, 0.25}};
    static const double edges[4][4] = {{1, 1, 0, 0}, {0, 0, 0, 1}, {1, 1, 1, 1}, {0, 1, 1, 0}};
    struct sai_crop_target t[4];
    sai_crop_targets(t, boxes, use, 4);
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 3; k++)
            assert_near(t[i].numbers[k], expected[i][k], 1e-6);
        for (int k = 0; k < 4; k++)
            assert_near(t[i].edges[k], edges[i][k], 0);
        assert_near(t[i].whole, i == 2, 0);
    }
}

static double mean_overlap(const struct selectai_box *box, const struct selectai_box *boxes, const bool *use, int n)
{
    double sum = 0, count = 0;
    for (int i = 0; i < n; i++)
        if (!use || use[i]) {
            sum += selectai_box_iou(box, &boxes[i]);
            count++;
        }
    return sum / count;
}

/* No box of a fine grid is better, by more than the last step can cost. */
static void constant_box_overlaps_most(void **state)
{
    (void)state;
    enum { N = 40 };
    struct selectai_box boxes[N], best;
    bool use[N];
    struct sai_rng rng;
    sai_rng_seed(&rng, 4);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < N; i++) {
            boxes[i] = random_box(&rng);
            use[i] = i % 3 != 0;
        }
        sai_crop_constant(&best, boxes, use, N);
        assert_true(best.x2 - best.x1 == best.y2 - best.y1);
        double reached = mean_overlap(&best, boxes, use, N);
        for (double s = 0.2; s <= 1; s += 0.05)
            for (double x = 0; x <= 1; x += 0.1)
                for (double y = 0; y <= 1; y += 0.1) {
                    const struct sai_box_numbers n = {s, x, y};
                    const struct selectai_box other = sai_box_from_numbers(&n, 0);
                    assert_true(mean_overlap(&other, boxes, use, N) <= reached + 0.02);
                }
    }
    sai_crop_constant(&best, boxes, NULL, 0);
    assert_true(isnan(best.x1));
}

static void sizes_have_the_median_of_each_edge(void **state)
{
    (void)state;
    const struct selectai_box boxes[] = {{0, 0, 0.5, 0.5},     {0.2, 0.1, 0.9, 0.8}, {0.3, 0, 1, 0.7},
                                         {0.1, 0.2, 0.7, 0.8}, {0.1, 0.2, 0.7, 0.8}, {0, 0, 1, 1},
                                         {0, 0, 1, 1}};
    const uint32_t sizes[] = {832, 1216, 832, 1216, 832, 1216, 832, 1216, 832, 1216, 512, 512, 832, 1217};
    const struct selectai_box otherwise = {0.25, 0.25, 0.75, 0.75};
    struct sai_crop_size *table = NULL;
    uint32_t n = 0;
    assert_int_equal(sai_crop_sizes(&table, &n, boxes, sizes, NULL, 7), SELECTAI_OK);
    assert_int_equal(n, 1);
    struct selectai_box b = sai_crop_by_size(table, n, sizes, &otherwise);
    assert_near(b.x1, 0.1, 0);
    assert_near(b.y1, 0.1, 0);
    assert_near(b.x2, 0.7, 0);
    assert_near(b.y2, 0.8, 0);
    b = sai_crop_by_size(table, n, sizes + 10, &otherwise);
    assert_memory_equal(&b, &otherwise, sizeof b);
    sai_free(table);
}

/* ---- Beliefs --------------------------------------------------------------------------------- */

/* Whatever a network says: inside the image, aspect kept to the last bit, chances and IoUs in their order. */
static void proposals_are_always_possible(void **state)
{
    (void)state;
    struct sai_crop_deviation deviations[20];
    struct sai_crop_head head = {.deviations = deviations};
    const struct selectai_box constant = {0.25, 0, 0.75, 0.5};
    struct sai_rng rng;
    int touched = 0, whole = 0;
    sai_rng_seed(&rng, 8);
    for (int i = 0; i < 2000; i++) {
        float output[SAI_CROP_OUTPUTS];
        struct selectai_crop_proposal p;
        head.n_deviations = (uint32_t)sai_rng_below(&rng, 21);
        for (uint32_t d = 0; d < head.n_deviations; d++) {
            for (int k = 0; k < 3; k++)
                deviations[d].by[k] = between(&rng, -0.6, 0.6);
            deviations[d].weight = 1.0 / head.n_deviations;
        }
        for (int k = 0; k < SAI_CROP_OUTPUTS; k++)
            output[k] = (float)between(&rng, -6, 6);
        sai_crop_decide(&p, &head, &constant, i % 2 ? 0.02 : 0, output);
        assert_true(p.box.x1 >= 0 && p.box.y1 >= 0 && p.box.x2 <= 1 && p.box.y2 <= 1 && p.box.x1 < p.box.x2);
        assert_true(p.box.x2 - p.box.x1 == p.box.y2 - p.box.y1);
        assert_true(p.no_crop >= 0 && p.no_crop <= 1);
        for (int k = 0; k < 4; k++)
            assert_true(p.edges[k] >= p.no_crop && p.edges[k] <= 1);
        assert_true(p.iou_low >= 0 && p.iou_low <= p.iou_high && p.iou_high <= 1 + 1e-12);
        assert_true(p.expected_iou >= 0 && p.expected_iou <= 1 + 1e-9);
        whole += p.whole;
        touched += !p.whole && (p.box.x1 == 0 || p.box.y1 == 0 || p.box.x2 == 1 || p.box.y2 == 1);
    }
    assert_true(whole > 100 && touched > 100);
    float nothing[SAI_CROP_OUTPUTS] = {0, NAN};
    struct selectai_crop_proposal p;
    sai_crop_decide(&p, &head, &constant, 0.02, nothing);
    assert_true(isnan(p.box.x1) && isnan(p.no_crop) && isnan(p.expected_iou));
}

/* Two possible boxes: the likelier one, not the useless one between them. */
static void the_likely_box_wins(void **state)
{
    (void)state;
    struct sai_crop_deviation two[] = {{{0, -0.5, 0}, 0.7}, {{0, 0.5, 0}, 0.3}};
    struct sai_crop_head head = {.deviations = two, .n_deviations = 2};
    const float output[SAI_CROP_OUTPUTS] = {-1.0f, 0, 0, -9, -9, -9, -9, -9};
    double scale = sai_sigmoid(-1.0);
    struct selectai_crop_proposal p;
    sai_crop_decide(&p, &head, NULL, 0, output);
    assert_near(p.box.x1, 0, 0.01);
    assert_near(p.box.x2 - p.box.x1, scale, 0.02);
    assert_near(p.expected_iou, 0.7, 0.01);
    assert_near(p.iou_low, 0, 0.01);
    assert_near(p.iou_high, 1, 0.01);
}

static void likely_edges_and_whole_images_are_taken(void **state)
{
    (void)state;
    struct sai_crop_head head = {0};
    float output[SAI_CROP_OUTPUTS] = {0.5f, -4.5f, 0, 3, -3, -3, -3, -5};
    struct selectai_crop_proposal p;
    sai_crop_decide(&p, &head, NULL, 0, output);
    assert_true(p.box.x1 == 0 && p.box.y1 > 0.1 && p.box.x2 < 1 && !p.whole); /* left, 0.004 away */
    output[SAI_CROP_EDGES] = -3;
    sai_crop_decide(&p, &head, NULL, 0, output);
    assert_true(p.box.x1 > 0.003);
    /* Far from the edge, a chance alone does not move it. */
    output[SAI_CROP_X] = 0;
    output[SAI_CROP_EDGES] = 3;
    sai_crop_decide(&p, &head, NULL, 0, output);
    assert_true(p.box.x1 > 0.1);
    output[SAI_CROP_WHOLE] = 4;
    sai_crop_decide(&p, &head, NULL, 0, output);
    assert_true(p.whole && p.box.x1 == 0 && p.box.y2 == 1);
    assert_near(p.no_crop, sai_sigmoid(4), 1e-9);
    assert_near(p.expected_iou, p.no_crop + (1 - p.no_crop) * sai_sigmoid(0.5) * sai_sigmoid(0.5), 1e-9);
    /* Where images tell nothing, the one box. */
    const struct selectai_box constant = {0.25, 0, 0.75, 0.5};
    head.one_box = true;
    sai_crop_decide(&p, &head, &constant, 0.02, output);
    assert_memory_equal(&p.box, &constant, sizeof constant);
}

/* ---- Worth ----------------------------------------------------------------------------------- */

static void clusters_keep_mean_and_shares(void **state)
{
    (void)state;
    enum { N = 900 };
    static double by[N][3], reversed[N][3];
    struct sai_crop_deviation *a = NULL, *b = NULL;
    uint32_t n_a = 0, n_b = 0;
    double mean[3] = {0}, found[3] = {0}, shares = 0;
    struct sai_rng rng;
    sai_rng_seed(&rng, 2);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++) {
            by[i][k] = reversed[N - 1 - i][k] = between(&rng, -0.5, 0.5) * (i % 3 ? 0.1 : 1);
            mean[k] += by[i][k] / N;
        }
    assert_int_equal(sai_crop_cluster(&a, &n_a, (const double(*)[3])by, N), SELECTAI_OK);
    assert_int_equal(sai_crop_cluster(&b, &n_b, (const double(*)[3])reversed, N), SELECTAI_OK);
    assert_true(n_a > 100 && n_a <= SAI_CROP_DEVIATIONS && n_a == n_b);
    assert_memory_equal(a, b, n_a * sizeof *a);
    for (uint32_t c = 0; c < n_a; c++) {
        shares += a[c].weight;
        for (int k = 0; k < 3; k++)
            found[k] += a[c].weight * a[c].by[k];
    }
    assert_near(shares, 1, 1e-9);
    for (int k = 0; k < 3; k++)
        assert_near(found[k], mean[k], 1e-9);
    sai_free(a);
    sai_free(b);
    assert_int_equal(sai_crop_cluster(&a, &n_a, NULL, 0), SELECTAI_OK);
    assert_int_equal(n_a, 0);
    sai_free(a);
}

/* Logits that are twice too sure and shifted: the scaling finds what they were made of. */
static void chances_are_weighed(void **state)
{
    (void)state;
    enum { N = 20000 };
    static double logits[N], targets[N];
    double scale, shift;
    struct sai_rng rng;
    sai_rng_seed(&rng, 6);
    for (int i = 0; i < N; i++) {
        double z = between(&rng, -3, 3);
        logits[i] = 2 * z + 1;
        targets[i] = sai_rng_uniform(&rng) < sai_sigmoid(z);
    }
    sai_crop_platt(&scale, &shift, logits, targets, N);
    assert_near(scale, 0.5, 0.02);
    assert_near(shift, -0.5, 0.04);
    sai_crop_platt(&scale, &shift, logits, targets, 0);
    assert_near(scale, 1, 0);
    assert_near(shift, 0, 0);
    /* Three that all came true do not make it certain. */
    const double sure[] = {2, 2, 2}, ones[] = {1, 1, 1};
    sai_crop_platt(&scale, &shift, sure, ones, 3);
    assert_true(scale * 2 + shift > 1.5 && scale * 2 + shift < 4);
}

/* Intervals that are too narrow become as wide as 80 % needs, on others of the same kind too. */
static void intervals_hold_what_they_promise(void **state)
{
    (void)state;
    enum { N = 4000 };
    static struct selectai_crop_proposal p[N];
    static double iou[N];
    static bool use[N];
    double level[2], widen, mean = 0, held = 0, promised = 0;
    struct sai_rng rng;
    sai_rng_seed(&rng, 7);
    for (int i = 0; i < N; i++) {
        double middle = between(&rng, 0.3, 0.9);
        iou[i] = middle - 0.05 + between(&rng, -0.1, 0.1);
        p[i] = (struct selectai_crop_proposal){.expected_iou = middle, .iou_low = middle - 0.02, .iou_high = middle};
        use[i] = i % 2 == 0;
    }
    assert_int_equal(sai_crop_fit_level(level, &widen, p, iou, use, N), SELECTAI_OK);
    for (int i = 1; i < N; i += 2) {
        sai_crop_level(&p[i], level, widen);
        held += iou[i] >= p[i].iou_low && iou[i] <= p[i].iou_high;
        promised += p[i].expected_iou;
        mean += iou[i];
    }
    assert_near(held / (N / 2), 0.8, 0.03);
    assert_near(promised / (N / 2), mean / (N / 2), 0.01);
    /* Too few to say anything: the whole range, and no promise. */
    assert_int_equal(sai_crop_fit_level(level, &widen, p, iou, NULL, 5), SELECTAI_OK);
    assert_true(level[0] == 0 && level[1] == 1 && widen == 1);
    sai_crop_level(&p[0], level, widen);
    assert_true(p[0].iou_low == 0 && p[0].iou_high == 1);
}

/* The joined network says what its members say on average. */
static void an_ensemble_is_one_network(void **state)
{
    (void)state;
    enum { MEMBERS = 3, ROWS = 9 };
    const uint32_t widths[] = {7, 5, 4, 2};
    const double scale[] = {1, -0.5}, shift[] = {0.25, 2};
    struct sai_mlp *members[MEMBERS] = {0}, *joined = NULL;
    float p[200], x[ROWS * 7], y[ROWS * 2], sum[ROWS * 2] = {0};
    struct sai_rng rng;
    sai_rng_seed(&rng, 5);
    for (int i = 0; i < ROWS * 7; i++)
        x[i] = (float)between(&rng, -2, 2);
    for (int m = 0; m < MEMBERS; m++) {
        for (int i = 0; i < 200; i++)
            p[i] = (float)between(&rng, -1, 1);
        assert_int_equal(sai_mlp_create(&members[m], widths, 4, SAI_MLP_LINEAR, p), SELECTAI_OK);
        assert_int_equal(sai_mlp_forward(members[m], NULL, y, x, ROWS), SELECTAI_OK);
        for (int i = 0; i < ROWS * 2; i++)
            sum[i] += y[i] / MEMBERS;
    }
    assert_int_equal(sai_crop_join(&joined, members, MEMBERS, scale, shift), SELECTAI_OK);
    assert_int_equal(sai_mlp_forward(joined, NULL, y, x, ROWS), SELECTAI_OK);
    for (int i = 0; i < ROWS * 2; i++)
        assert_near((double)y[i], scale[i % 2] * (double)sum[i] + shift[i % 2], 1e-5);
    for (int m = 0; m < MEMBERS; m++)
        sai_mlp_destroy(&members[m]);
    sai_mlp_destroy(&joined);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_is_what_it_says),
        cmocka_unit_test(gradients_are_the_loss_s),
        cmocka_unit_test(targets_of_whole_images_are_neutral),
        cmocka_unit_test(constant_box_overlaps_most),
        cmocka_unit_test(sizes_have_the_median_of_each_edge),
        cmocka_unit_test(proposals_are_always_possible),
        cmocka_unit_test(the_likely_box_wins),
        cmocka_unit_test(likely_edges_and_whole_images_are_taken),
        cmocka_unit_test(clusters_keep_mean_and_shares),
        cmocka_unit_test(chances_are_weighed),
        cmocka_unit_test(intervals_hold_what_they_promise),
        cmocka_unit_test(an_ensemble_is_one_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
