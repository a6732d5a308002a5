/*
 * test_learn_ranker.c: rankers of the stage prior alone, which need no torch module: folds, figures, options, metadata.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/json.h"
#include "ranker_fixture.h"

enum { GROUPS = 120 };

static char dir[256], cache_dir[300], path[300], other[300];
static selectai_trainset *set;
static selectai_embedding_cache *cache;

/* Three in four take stage 2 in anna's project, one in four in bert's; every tenth group is rejected. */
static int winner_of(int group)
{
    return group % 10 == 9 ? 0 : (group / 2 % 4 == 0) == (group % 2 == 0) ? 1 : 2;
}

static const char *project_of(int group)
{
    return group % 2 ? "bert" : "anna";
}

/* order: 0 as numbered, 1 backwards. */
static selectai_trainset *make_set(selectai_embedding_cache *to, int order)
{
    selectai_trainset *s = new_set();
    for (int k = 0; k < GROUPS; k++) {
        int g = order ? GROUPS - 1 - k : k;
        struct sai_rng rng;
        float x[2][DIM];
        sai_rng_seed(&rng, (uint64_t)g);
        for (int j = 0; j < 2 * DIM; j++)
            x[j / DIM][j % DIM] = (float)normal(&rng);
        add_group_of_two(s, to, project_of(g), g, winner_of(g), x);
    }
    return s;
}

static int setup(void **state)
{
    (void)state;
    make_temporary(dir);
    snprintf(cache_dir, sizeof cache_dir, "%s/cache", dir);
    snprintf(path, sizeof path, "%s/a.safetensors", dir);
    snprintf(other, sizeof other, "%s/b.safetensors", dir);
    cache = new_cache(cache_dir);
    set = make_set(cache, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    selectai_trainset_destroy(&set);
    selectai_embedding_cache_close(&cache);
    remove_temporary(dir);
    return 0;
}

static struct selectai_ranker_options prior_alone(void)
{
    struct selectai_ranker_options o;
    selectai_ranker_options_init(&o, sizeof o);
    o.use_image = 0;
    o.folds = 3;
    o.backend_dir = dir; /* no module in there */
    return o;
}

static json_t *metadata(const selectai_ranker *r)
{
    char *text = NULL;
    assert_int_equal(selectai_ranker_metadata_json(&text, r), SELECTAI_OK);
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    selectai_free(text);
    return j;
}

static double log_odds(const selectai_ranker *r, const char *project)
{
    const float x[2 * DIM] = {0};
    const double stages[2] = {1, 2};
    float scores[2], prior[2], image[2], spread[2], p[2];
    struct selectai_group_score group = {.struct_size = sizeof group};
    assert_int_equal(selectai_ranker_score_group(r, scores, prior, image, spread, p, &group, project, x, stages, 2),
                     SELECTAI_OK);
    assert_true(image[0] == 0 && image[1] == 0 && spread[0] == 0);
    assert_true(isnan(group.keep)); /* the prior knows nothing about that */
    assert_true(fabs((double)(p[0] + p[1]) - 1) < 1e-6);
    assert_true(fabs((double)(scores[1] - scores[0]) - log((double)p[1] / (double)p[0])) < 1e-4);
    return (double)(scores[1] - scores[0]);
}

static void every_choice_is_measured_once(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL, *figures = NULL;
    selectai_issues *issues = NULL;
    struct selectai_ranker_options o = prior_alone();
    o.split = SELECTAI_SPLIT_GROUP;
    assert_int_equal(selectai_ranker_train(&r, &e, &issues, set, cache, &o), SELECTAI_OK);
    assert_int_equal(metric(e, "overall").n, GROUPS - GROUPS / 10);
    /* Within projects their own priors are known: three in four each. */
    assert_true(metric(e, "overall").value > 0.65 && metric(e, "overall").value < 0.85);
    assert_int_equal(selectai_issues_count(issues), 0);
    assert_int_equal(selectai_ranker_cross_validate(&figures, set, cache, &o), SELECTAI_OK);
    assert_true(metric(figures, "overall").value == metric(e, "overall").value);
    assert_true(log_odds(r, "anna") > 0.3 && log_odds(r, "bert") < -0.3 && fabs(log_odds(r, "carla")) < 0.3);
    json_t *j = metadata(r), *counts = json_object_get(j, "counts");
    assert_string_equal(sai_json_string(j, "split", ""), "group");
    assert_int_equal(sai_json_integer(counts, "training", 0), GROUPS - GROUPS / 10);
    assert_int_equal(sai_json_integer(counts, "rejected_groups", 0), GROUPS / 10);
    assert_int_equal(sai_json_integer(counts, "folds", 0), 3);
    assert_int_equal(sai_json_integer(j, "networks", 9), 0);
    json_decref(j);
    selectai_issues_destroy(&issues);
    selectai_evaluation_destroy(&e);
    selectai_evaluation_destroy(&figures);
    /* It has seen everything: nothing is left to measure it on. */
    assert_int_equal(selectai_ranker_evaluate(&e, r, set, cache), SELECTAI_ERR_NO_DATA);
    selectai_ranker_destroy(&r);
}

/* As a new project each: what the other one's data say is wrong here, so the prior's weight falls to 0: a guess. */
static void auto_holds_out_projects(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL;
    struct selectai_ranker_options o = prior_alone();
    assert_int_equal(selectai_ranker_train(&r, &e, NULL, set, cache, &o), SELECTAI_OK);
    json_t *j = metadata(r);
    assert_string_equal(sai_json_string(j, "split", ""), "project");
    assert_true(sai_json_number(j, "prior_weight", 1) == 0);
    json_decref(j);
    assert_true(metric(e, "overall").value == 0.5);
    assert_int_equal(metric(e, "overall").n, GROUPS - GROUPS / 10);
    selectai_evaluation_destroy(&e);
    selectai_ranker_destroy(&r);
}

static void a_project_held_out_is_measured_and_not_learned_from(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL;
    struct selectai_ranker_options o = prior_alone();
    char name[64];
    o.hold_out = "bert";
    assert_int_equal(selectai_ranker_train(&r, &e, NULL, set, cache, &o), SELECTAI_OK);
    size_t berts = 0;
    for (int g = 0; g < GROUPS; g++) {
        image_name(name, sizeof name, g, 1);
        assert_int_equal(selectai_ranker_has_seen(r, project_of(g), name), g % 2 == 0);
        berts += g % 2 && winner_of(g);
    }
    assert_int_equal(metric(e, "overall").n, berts);
    assert_true(metric(e, "overall").value < 0.4);
    assert_true(log_odds(r, "bert") > 0.3); /* it knows anna alone */
    json_t *j = metadata(r);
    assert_string_equal(sai_json_string(j, "hold_out", ""), "bert");
    json_decref(j);
    selectai_evaluation_destroy(&e);
    /* Measured later: the same. */
    selectai_evaluation *again = NULL;
    assert_int_equal(selectai_ranker_evaluate(&again, r, set, cache), SELECTAI_OK);
    assert_int_equal(metric(again, "overall").n, berts);
    selectai_evaluation_destroy(&again);
    selectai_ranker_destroy(&r);
    o.hold_out = "dora";
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, &o), SELECTAI_ERR_NOT_FOUND);
    assert_null(r);
}

static void without_folds_nothing_is_claimed(void **state)
{
    (void)state;
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL;
    struct selectai_metric m = {.struct_size = sizeof m};
    struct selectai_ranker_options o = prior_alone();
    o.folds = 1;
    assert_int_equal(selectai_ranker_train(&r, &e, NULL, set, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_evaluation_find(e, "overall", &m), SELECTAI_OK);
    assert_int_equal(m.n, 0);
    assert_true(isnan(m.value) && isnan(m.low));
    json_t *j = metadata(r);
    assert_true(sai_json_number(j, "prior_weight", 0) == 1);
    assert_non_null(strstr(sai_json_string(j, "calibrated_on", ""), "nothing"));
    json_decref(j);
    selectai_evaluation_destroy(&e);
    selectai_ranker_destroy(&r);
    assert_int_equal(selectai_ranker_cross_validate(&e, set, cache, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(e);
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    struct selectai_ranker_options o = prior_alone();
    size_t na, nb;
    o.split = SELECTAI_SPLIT_GROUP;
    o.threads = 1;
    char *a = trained_bytes(&na, path, set, cache, &o);
    o.threads = 2;
    char *b = trained_bytes(&nb, other, set, cache, &o);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    free(a);
    free(b);
}

/* The other way round sums are rounded otherwise, but the folds are the same. */
static void order_does_not_matter(void **state)
{
    (void)state;
    selectai_evaluation *a = NULL, *b = NULL;
    struct selectai_ranker_options o = prior_alone();
    char again_dir[300];
    snprintf(again_dir, sizeof again_dir, "%s/again", dir);
    selectai_embedding_cache *again = new_cache(again_dir);
    selectai_trainset *backwards = make_set(again, 1);
    o.split = SELECTAI_SPLIT_GROUP;
    assert_int_equal(selectai_ranker_cross_validate(&a, set, cache, &o), SELECTAI_OK);
    assert_int_equal(selectai_ranker_cross_validate(&b, backwards, again, &o), SELECTAI_OK);
    assert_int_equal(selectai_evaluation_count(a), selectai_evaluation_count(b));
    for (size_t i = 0; i < selectai_evaluation_count(a); i++) {
        struct selectai_metric x = {.struct_size = sizeof x}, y = {.struct_size = sizeof y};
        assert_int_equal(selectai_evaluation_get(a, i, &x), SELECTAI_OK);
        assert_int_equal(selectai_evaluation_get(b, i, &y), SELECTAI_OK);
        assert_string_equal(x.name, y.name);
        assert_int_equal(x.n, y.n);
        assert_true((isnan(x.value) && isnan(y.value)) || fabs(x.value - y.value) < 1e-6);
    }
    selectai_evaluation_destroy(&a);
    selectai_evaluation_destroy(&b);
    selectai_trainset_destroy(&backwards);
    selectai_embedding_cache_close(&again);
}

/* Nearly equal images of two groups in one project: they are one, and the model says how many there were. */
static void near_duplicates_are_joined(void **state)
{
    (void)state;
    selectai_trainset *s = new_set();
    selectai_ranker *r = NULL;
    struct selectai_ranker_options o = prior_alone();
    char near_dir[300], name[2][64];
    snprintf(near_dir, sizeof near_dir, "%s/near", dir);
    selectai_embedding_cache *c = new_cache(near_dir);
    for (int g = 0; g < 40; g++) {
        for (int k = 0; k < 2; k++) {
            const float x[DIM] = {(float)g};
            image_name(name[k], sizeof name[k], g, k + 1);
            /* Groups 2 i and 2 i + 1 share a hash but for three bits; others are far away. */
            uint64_t hash = (uint64_t)(g / 2 + 1) * 0x9e3779b97f4a7c15u;
            add_vector(c, "anna", name[k], k == 0 ? hash ^ (g % 2 ? 0x700u : 0) : 0, x);
        }
        add_entry(s, "anna", name[g % 3 == 0], name[g % 3 != 0]);
    }
    o.split = SELECTAI_SPLIT_GROUP;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, s, c, &o), SELECTAI_OK);
    json_t *j = metadata(r);
    assert_int_equal(sai_json_integer(json_object_get(j, "counts"), "near_duplicate_groups", 0), 20);
    json_decref(j);
    selectai_ranker_destroy(&r);
    selectai_trainset_destroy(&s);
    selectai_embedding_cache_close(&c);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    const struct selectai_ranker_options good = prior_alone();
    selectai_ranker *r = NULL;
    for (int k = 0; k < 14; k++) {
        struct selectai_ranker_options o = good;
        switch (k) {
        case 0:
            o.use_prior = 0;
            break;
        case 1:
            o.folds = SELECTAI_MAX_FOLDS + 1;
            break;
        case 2:
            o.ensemble = SELECTAI_MAX_ENSEMBLE + 1;
            break;
        case 3:
            o.loss = 3;
            break;
        case 4:
            o.loss = -1;
            break;
        case 5:
            o.split = 4;
            break;
        case 6:
            o.split = -1;
            break;
        case 7:
            o.validation_share = 1.0f;
            break;
        case 8:
            o.validation_share = NAN;
            break;
        case 9:
            o.margin = 0;
            break;
        case 10:
            o.anomaly_weight = NAN;
            break;
        case 11:
            o.lr = NAN;
            break;
        case 12:
            o.dropout = 0.95f;
            break;
        default:
            o.epochs = 0;
        }
        if (selectai_ranker_train(&r, NULL, NULL, set, cache, &o) != SELECTAI_ERR_INVALID_ARGUMENT)
            fail_msg("case %d is accepted", k);
        assert_null(r);
    }
    selectai_trainset *few = new_set();
    add_entry(few, "anna", "gone1.png", "gone2.png");
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, few, cache, &good), SELECTAI_ERR_NO_DATA);
    selectai_trainset_destroy(&few);
}

/* One project has choices, in another everything was rejected: that one is no fold to hold out. */
static void a_project_of_rejected_groups_alone_is_no_fold(void **state)
{
    (void)state;
    selectai_trainset *s = new_set();
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL;
    struct selectai_ranker_options o = prior_alone();
    char more_dir[300];
    snprintf(more_dir, sizeof more_dir, "%s/more", dir);
    selectai_embedding_cache *c = new_cache(more_dir);
    for (int g = 0; g < 60; g++) {
        const float x[2][DIM] = {{(float)g}};
        add_group_of_two(s, c, g % 3 ? "anna" : "bert", g, g % 3, x);
    }
    assert_int_equal(selectai_ranker_train(&r, &e, NULL, s, c, &o), SELECTAI_OK);
    assert_int_equal(metric(e, "overall").n, 40);
    selectai_evaluation_destroy(&e);
    selectai_ranker_destroy(&r);
    selectai_trainset_destroy(&s);
    selectai_embedding_cache_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_choice_is_measured_once),
        cmocka_unit_test(auto_holds_out_projects),
        cmocka_unit_test(a_project_held_out_is_measured_and_not_learned_from),
        cmocka_unit_test(without_folds_nothing_is_claimed),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(near_duplicates_are_joined),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(a_project_of_rejected_groups_alone_is_no_fold),
    };
    unsetenv("SELECTAI_BACKEND_DIR");
    return cmocka_run_group_tests(tests, setup, teardown);
}
