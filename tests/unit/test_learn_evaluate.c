/*
 * test_learn_evaluate.c: figures, baselines and intervals on cases computed by hand; probabilities.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "learn/evaluate.h"
#include "learn/scored.h"
#include "learn/softmax.h"
#include "learn_fixture.h"

static const struct sai_evaluation_head head = {
    .split = "group", .seed = 3, .folds = 5, .excluded_seen = 4, .excluded_missing = 5};

static struct selectai_metric metric(const selectai_evaluation *e, const char *name)
{
    struct selectai_metric m = {.struct_size = sizeof m};
    assert_int_equal(selectai_evaluation_find(e, name, &m), SELECTAI_OK);
    assert_true(m.n == 0 || (m.low <= m.value && m.value <= m.high));
    return m;
}

static void expect(const selectai_evaluation *e, const char *name, size_t n, double value, double baseline)
{
    struct selectai_metric m = metric(e, name);
    assert_string_equal(m.name, name);
    assert_int_equal(m.n, n);
    assert_near(m.value, value, 1e-12);
    assert_near(m.baseline, baseline, 1e-12);
}

/* What a ranker said, by member. */
static int evaluate(selectai_evaluation **out, const struct sai_decisions *d, const bool *use, const float *scores)
{
    struct sai_scored scored;
    assert_int_equal(sai_scored_allocate(&scored, d), SELECTAI_OK);
    memcpy(scored.score, scores, d->n_members * sizeof *scores);
    for (size_t i = 0; i < d->count; i++) {
        const struct sai_decision *it = &d->items[i];
        sai_softmax(scored.probability + it->first, scored.score + it->first, it->n, 1.0);
        for (size_t j = it->first; j < it->first + it->n; j++) {
            scored.image[j] = scores[j];
            scored.prior[j] = scored.spread[j] = 0;
        }
    }
    int rc = sai_evaluate_ranker(out, d, use, &scored, &head);
    sai_scored_free(&scored);
    return rc;
}

/* Every image has a row of its own, in the order in which it was added. */
static void number_rows(struct sai_decisions *d)
{
    for (size_t i = 0; i < d->n_members; i++)
        d->members[i].row = (uint32_t)i;
    assert_int_equal(sai_decisions_group(d, NULL), SELECTAI_OK);
}

static void ranker_figures_equal_hand_computation(void **state)
{
    (void)state;
    const char *a[4] = {"a3", "a1", "a2"}, *b[4] = {"b2", "b1", "b3"}, *c[4] = {"c1", "c1b"}, *x[4] = {"x1", "x2"};
    const double sa[4] = {3, 1, 2}, sb[4] = {2, 1, 3}, sc[4] = {1, 1}, sx[4] = {NAN, 2};
    struct sai_decisions d = {0};
    selectai_evaluation *e = NULL;
    add_decision(&d, "p", a, sa);
    add_decision(&d, "p", b, sb);
    add_decision(&d, "p", c, sc);
    add_decision(&d, "p", x, sx);
    number_rows(&d);
    /* a: both pairs right. b: against b1 wrong, against b3 a tie. c: tie. x: right. */
    const float scores[] = {3, 1, 2, /* b */ 1, 2, 1, /* c */ 5, 5, /* x */ 1, 0};
    assert_int_equal(evaluate(&e, &d, NULL, scores), SELECTAI_OK);
    /* normal: (a3,a1) (a3,a2) (b2,b1) (c1,c1b); anomaly: (b2,b3); unknown stage: (x1,x2). */
    expect(e, "normal", 4, (1 + 1 + 0 + 0.5) / 4, (1 + 1 + 1 + 0.5) / 4);
    expect(e, "anomaly", 1, 0.5, 0);
    expect(e, "overall", 6, (2.5 + 0.5 + 1) / 6, (3.5 + 0 + 0.5) / 6);
    /* a right; b beaten by b1; c half; x right. Highest stage: a right, b wrong, c half, x a guess. */
    expect(e, "top1", 4, (1 + 0 + 0.5 + 1) / 4, (1 + 0 + 0.5 + 0.5) / 4);
    assert_true(selectai_evaluation_count(e) >= 4);
    selectai_evaluation_destroy(&e);
    /* Only a and x. */
    const bool use[] = {true, false, false, true};
    assert_int_equal(evaluate(&e, &d, use, scores), SELECTAI_OK);
    expect(e, "normal", 2, 1, 1);
    expect(e, "anomaly", 0, NAN, NAN);
    expect(e, "top1", 2, 1, 0.75);
    struct selectai_metric m = metric(e, "anomaly");
    assert_true(isnan(m.low) && isnan(m.baseline_high));
    selectai_evaluation_destroy(&e);
    sai_decisions_free(&d);
}

/* A rejected group has no winner: its first image must not count as one. */
static void rejected_groups_are_no_pairs(void **state)
{
    (void)state;
    const char *a[4] = {"a1", "a2"}, *b[4] = {"b1", "b2"};
    const double stages[4] = {2, 1};
    const float scores[] = {1, 0, 0, 1};
    struct sai_decisions d = {0};
    selectai_evaluation *e = NULL;
    add_decision(&d, "p", a, stages);
    add_decision(&d, "p", b, stages);
    d.items[1].rejected = true;
    number_rows(&d);
    assert_int_equal(evaluate(&e, &d, NULL, scores), SELECTAI_OK);
    expect(e, "overall", 1, 1, 1);
    expect(e, "top1", 1, 1, 1);
    selectai_evaluation_destroy(&e);
    sai_decisions_free(&d);
}

static void without_stages_there_is_no_baseline(void **state)
{
    (void)state;
    const char *a[4] = {"a", "b", "c", "d"};
    const double none[4] = {NAN, NAN, NAN, NAN};
    const float scores[] = {1, 0, 1, 1}; /* a three-fold tie for the first place */
    struct sai_decisions d = {0};
    selectai_evaluation *e = NULL;
    add_decision(&d, "p", a, none);
    number_rows(&d);
    assert_int_equal(evaluate(&e, &d, NULL, scores), SELECTAI_OK);
    expect(e, "overall", 3, 2.0 / 3, NAN);
    expect(e, "top1", 1, 1.0 / 3, NAN);
    expect(e, "normal", 0, NAN, NAN);
    struct selectai_metric m = metric(e, "top1");
    assert_near(m.low, 0, 0); /* one group says nothing about others */
    assert_near(m.high, 1, 0);
    assert_int_equal(selectai_evaluation_find(e, "nothing", &m), SELECTAI_ERR_NOT_FOUND);
    selectai_evaluation_destroy(&e);
    sai_decisions_free(&d);
}

static void json_has_everything(void **state)
{
    (void)state;
    const char *a[4] = {"a", "b"};
    const double stages[4] = {2, 1};
    const float scores[] = {1, 0};
    struct sai_decisions d = {0};
    selectai_evaluation *e = NULL;
    char *text = NULL;
    json_t *o = NULL;
    add_decision(&d, "p", a, stages);
    number_rows(&d);
    assert_int_equal(evaluate(&e, &d, NULL, scores), SELECTAI_OK);
    assert_int_equal(selectai_evaluation_json(&text, e), SELECTAI_OK);
    assert_int_equal(sai_json_parse(&o, text, strlen(text), "json", 0), SELECTAI_OK);
    assert_string_equal(sai_json_string(o, "split", ""), "group");
    assert_int_equal(sai_json_integer(o, "seed", -1), 3);
    assert_int_equal(sai_json_integer(o, "groups", -1), 1);
    assert_int_equal(sai_json_integer(o, "excluded_seen", -1), 4);
    assert_int_equal(sai_json_integer(o, "excluded_missing", -1), 5);
    const json_t *metrics = json_object_get(o, "metrics"), *second = json_array_get(metrics, 1);
    assert_true(json_array_size(metrics) >= 4);
    assert_string_equal(sai_json_string(second, "name", ""), "anomaly");
    assert_true(json_is_null(json_object_get(second, "value"))); /* NaN is null */
    assert_string_equal(sai_json_string(second, "baseline_name", ""), "highest stage wins");
    json_decref(o);
    selectai_free(text);
    selectai_evaluation_destroy(&e);
    assert_null(e);
    sai_decisions_free(&d);
}

/* 200 groups, right with probability 0.8: the interval should be near +- 1.96 sqrt(.8 * .2 / 200) = +- 0.055. */
static void intervals_have_the_width_of_theory(void **state)
{
    (void)state;
    enum { GROUPS = 200 };
    double right[GROUPS], count[GROUPS], sure[GROUPS];
    struct sai_tally t = {.name = "a", .baseline_name = "b", .model = right, .count = count, .is_share = true};
    struct sai_rng rng;
    selectai_evaluation *e = NULL;
    sai_rng_seed(&rng, 5);
    for (int i = 0; i < GROUPS; i++) {
        right[i] = sai_rng_uniform(&rng) < 0.8;
        count[i] = sure[i] = 1;
    }
    assert_int_equal(sai_evaluation_create(&e, &head, GROUPS), SELECTAI_OK);
    assert_int_equal(sai_evaluation_add(e, &t, GROUPS), SELECTAI_OK);
    struct selectai_metric m = metric(e, "a");
    assert_true(isnan(m.baseline));
    assert_true(m.high - m.low > 0.08 && m.high - m.low < 0.14);
    /* 200 of 200: no certainty, but 0.025^(1/200). */
    t.name = "sure";
    t.model = sure;
    assert_int_equal(sai_evaluation_add(e, &t, GROUPS), SELECTAI_OK);
    m = metric(e, "sure");
    assert_near(m.value, 1, 0);
    assert_near(m.low, pow(0.025, 1.0 / 200), 1e-12);
    assert_near(m.high, 1, 0);
    selectai_evaluation_destroy(&e);
}

/* Pairs of one group rise and fall together: the interval must be that of 20 groups, not of 2000 pairs. */
static void groups_are_drawn_whole(void **state)
{
    (void)state;
    double right[20], count[20], base[20];
    struct sai_tally t = {.name = "a", .baseline_name = "b", .model = right, .baseline = base, .count = count};
    selectai_evaluation *e = NULL;
    for (int i = 0; i < 20; i++) {
        right[i] = i % 2 ? 100 : 0;
        base[i] = 50;
        count[i] = 100;
    }
    assert_int_equal(sai_evaluation_create(&e, &head, 20), SELECTAI_OK);
    assert_int_equal(sai_evaluation_add(e, &t, 20), SELECTAI_OK);
    struct selectai_metric m = metric(e, "a");
    assert_true(m.high - m.low > 0.3);
    assert_near(m.baseline_low, 0.5, 1e-12);
    assert_near(m.baseline_high, 0.5, 1e-12);
    selectai_evaluation_destroy(&e);
}

static void cropper_figures_equal_hand_computation(void **state)
{
    (void)state;
    const char *a[4] = {"a", "b"}, *c[4] = {"c", "d"};
    const double stages[4] = {1, 2};
    struct sai_decisions d = {0};
    selectai_evaluation *e = NULL;
    add_decision(&d, "p", a, stages);
    add_decision(&d, "p", c, stages);
    number_rows(&d);
    d.items[0].crop = (struct selectai_box){0, 0, 0.5, 0.5};
    d.items[1].crop = (struct selectai_box){0.5, 0.5, 1, 1};
    const struct selectai_box constant = {0, 0, 0.5, 1}, small = {0, 0, 0.5, 0.5}, unknown = {NAN, NAN, NAN, NAN};
    double shifted = 0.46 * 0.5 / (0.25 + 0.25 - 0.46 * 0.5);
    struct sai_crop_answer answers[] = {
        {{.box = {0.04, 0, 0.54, 0.5}, .expected_iou = 0.6, .iou_low = 0.5, .iou_high = 0.9}, constant, small},
        {{.box = {0, 0, 1, 1}, .expected_iou = 0.5, .iou_low = 0.3, .iou_high = 0.9}, constant, small}};
    assert_int_equal(sai_evaluate_cropper(&e, &d, NULL, answers, &head), SELECTAI_OK);
    expect(e, "iou", 2, (shifted + 0.25) / 2, (0.5 + 0) / 2);
    expect(e, "bde", 2, (0.08 / 4 + 1.0 / 4) / 2, (0.5 / 4 + 1.5 / 4) / 2);
    expect(e, "within5", 2, 0.5, 0);
    expect(e, "kept_whole", 2, 0.5, 1);
    expect(e, "iou_size", 2, (shifted + 0.25) / 2, (1 + 0) / 2.0);
    expect(e, "within5_size", 2, 0.5, 0.5);
    expect(e, "iou_full", 2, (shifted + 0.25) / 2, 0.25);
    expect(e, "kept_whole_full", 2, 0.5, 0);
    expect(e, "iou_cropped", 2, (shifted + 0.25) / 2, 0.25);
    expect(e, "iou_expected", 2, 0.55, (shifted + 0.25) / 2);
    expect(e, "iou_covered", 2, 0.5, 0.8); /* 0.25 lies below its interval */
    assert_string_equal(metric(e, "iou").baseline_name, "constant box");
    assert_string_equal(metric(e, "iou_full").baseline_name, "whole image");
    selectai_evaluation_destroy(&e);
    /* A rule that is not known for one image is no baseline; what a model does not say is not counted. */
    answers[1].constant = unknown;
    answers[1].proposal.expected_iou = NAN;
    assert_int_equal(sai_evaluate_cropper(&e, &d, NULL, answers, &head), SELECTAI_OK);
    expect(e, "iou", 2, (shifted + 0.25) / 2, NAN);
    expect(e, "iou_size", 2, (shifted + 0.25) / 2, 0.5);
    expect(e, "iou_covered", 1, 1, 0.8);
    selectai_evaluation_destroy(&e);
    /* An image that was kept whole is no crop. */
    d.items[1].crop = (struct selectai_box){0, 0, 1, 1};
    assert_int_equal(sai_evaluate_cropper(&e, &d, NULL, answers, &head), SELECTAI_OK);
    expect(e, "kept_whole", 2, 1, NAN);
    expect(e, "iou_cropped", 1, shifted, NAN);
    selectai_evaluation_destroy(&e);
    sai_decisions_free(&d);
}

/* Winners drawn from softmax(score / 2): the fit must find 2. */
static void softmax_leaves_nan_out(void **state)
{
    (void)state;
    const float s[] = {1000, NAN, 1000}, none[] = {NAN, NAN};
    float p[3];
    assert_true(sai_softmax(p, s, 3, 0.1));
    assert_float_equal(p[0], 0.5, 0);
    assert_float_equal(p[1], 0, 0);
    assert_float_equal(p[2], 0.5, 0);
    assert_false(sai_softmax(p, none, 2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranker_figures_equal_hand_computation),
        cmocka_unit_test(rejected_groups_are_no_pairs),
        cmocka_unit_test(without_stages_there_is_no_baseline),
        cmocka_unit_test(json_has_everything),
        cmocka_unit_test(intervals_have_the_width_of_theory),
        cmocka_unit_test(groups_are_drawn_whole),
        cmocka_unit_test(cropper_figures_equal_hand_computation),
        cmocka_unit_test(softmax_leaves_nan_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
