/*
 * test_learn_alloc_failure.c: training, measuring, saving, loading and scoring rankers with the n-th allocation
 * failing, for every n. The stage prior alone is trained: networks are the torch module's business.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "learn/model.h"
#include "learn/recognise.h"
#include "learn/samples.h"
#include "learn/scored.h"
#include "ranker_fixture.h"

#include <jansson.h>

#include "alloc_fail.h"

enum { GROUPS = 24 };

static char dir[256], cache_dir[300], model_path[300], copy_path[300];
static selectai_trainset *set;
static selectai_embedding_cache *cache;
static selectai_ranker *ranker;
static struct selectai_ranker_options options;
static struct sai_training training;
static const struct sai_train_options shared = {.epochs = 1,
                                                .batch_size = 1,
                                                .lr = 0.1f,
                                                .folds = {.kind = SELECTAI_SPLIT_GROUP, .n = 3, .seed = 1},
                                                .validation_share = 0.2,
                                                .no_network = true};

static struct sai_mlp *network(uint32_t hidden)
{
    const uint32_t widths[] = {DIM, hidden, 1};
    struct sai_mlp *mlp = NULL;
    float p[DIM * 4 + 9];
    for (size_t i = 0; i < sizeof p / sizeof p[0]; i++)
        p[i] = (float)(i % 7) - 3;
    assert_int_equal(sai_mlp_create(&mlp, widths, 3, SAI_MLP_LINEAR, p), SELECTAI_OK);
    return mlp;
}

/* The prior that was trained, with networks that were not. */
static void add_networks(struct sai_model *m)
{
    float mean[DIM] = {0}, scale[DIM];
    for (int i = 0; i < DIM; i++)
        scale[i] = 1;
    m->mlp = network(4);
    m->others = calloc(1, sizeof *m->others);
    m->others[m->n_others++] = network(3);
    m->keep = network(2);
    const uint32_t looks[] = {DIM, m->prior.n_stages};
    float p[2 * (DIM + 1)] = {1, -1, 0.5f};
    assert_int_equal(m->prior.n_stages, 2);
    assert_int_equal(sai_mlp_create(&m->recogniser, looks, 2, SAI_MLP_LINEAR, p), SELECTAI_OK);
    m->differences = true;
    assert_int_equal(sai_standardiser_copy(&m->standardiser, DIM, mean, scale, 5), SELECTAI_OK);
    assert_int_equal(sai_standardiser_copy(&m->keep_standardiser, DIM, mean, scale, SAI_STANDARDISE_CLIP), SELECTAI_OK);
}

static int set_up(void **state)
{
    (void)state;
    json_set_alloc_funcs(__wrap_malloc, free);
    make_temporary(dir);
    snprintf(cache_dir, sizeof cache_dir, "%s/cache", dir);
    snprintf(model_path, sizeof model_path, "%s/model", dir);
    snprintf(copy_path, sizeof copy_path, "%s/copy", dir);
    cache = new_cache(cache_dir);
    set = new_set();
    for (int g = 0; g < GROUPS; g++) {
        struct sai_rng rng;
        float x[2][DIM];
        sai_rng_seed(&rng, (uint64_t)g);
        for (int j = 0; j < 2 * DIM; j++)
            x[j / DIM][j % DIM] = (float)normal(&rng);
        add_group_of_two(set, cache, g % 2 ? "anna" : "bert", g, g % 3, x);
    }
    add_entry(set, "anna", "gone1.png", "gone2.png"); /* becomes an issue */
    selectai_ranker_options_init(&options, sizeof options);
    options.use_image = 0;
    options.folds = 2;
    options.threads = 1;
    options.split = SELECTAI_SPLIT_GROUP;
    assert_int_equal(selectai_ranker_train(&ranker, NULL, NULL, set, cache, &options), SELECTAI_OK);
    add_networks(ranker->model);
    assert_int_equal(selectai_ranker_save(ranker, model_path), SELECTAI_OK);
    assert_int_equal(sai_training_begin(&training, set, cache, &shared, SAI_JOIN_ALL), SELECTAI_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sai_training_free(&training);
    selectai_ranker_destroy(&ranker);
    selectai_trainset_destroy(&set);
    selectai_embedding_cache_close(&cache);
    remove_temporary(dir);
    return 0;
}

/* jansson's scanner calls its own failed allocation a syntax error. */
static int told(int rc)
{
    return rc == SELECTAI_ERR_FORMAT && strstr(selectai_last_error(), "JSON") ? SELECTAI_ERR_OUT_OF_MEMORY : rc;
}

static int job_train(void)
{
    selectai_ranker *r = NULL;
    selectai_evaluation *e = NULL;
    selectai_issues *issues = NULL;
    int rc = selectai_ranker_train(&r, &e, &issues, set, cache, &options);
    assert_true((rc == SELECTAI_OK) == (r != NULL) && !r == !e && !r == !issues);
    selectai_ranker_destroy(&r);
    selectai_evaluation_destroy(&e);
    selectai_issues_destroy(&issues);
    return told(rc);
}

static int job_cross_validate(void)
{
    selectai_evaluation *e = NULL;
    int rc = selectai_ranker_cross_validate(&e, set, cache, &options);
    assert_int_equal(rc == SELECTAI_OK, e != NULL);
    selectai_evaluation_destroy(&e);
    return rc;
}

static int job_save(void)
{
    return selectai_ranker_save(ranker, copy_path);
}

static int job_load(void)
{
    selectai_ranker *r = NULL;
    int rc = selectai_ranker_load(&r, model_path);
    assert_int_equal(rc == SELECTAI_OK, r != NULL);
    selectai_ranker_destroy(&r);
    return told(rc);
}

static int job_metadata(void)
{
    char *text = NULL;
    int rc = selectai_ranker_metadata_json(&text, ranker);
    assert_int_equal(rc == SELECTAI_OK, text != NULL);
    selectai_free(text);
    return rc;
}

static int job_explain(void)
{
    const float x[3 * DIM] = {1, 2, 3};
    const double stages[3] = {1, 2, 2};
    float p[3];
    struct selectai_group_score group = {.struct_size = sizeof group};
    return selectai_ranker_score_group(ranker, NULL, NULL, NULL, NULL, p, &group, "anna", x, stages, 3);
}

static int job_samples(void)
{
    const struct sai_samples_options o = {.with_rejected = true, .differences = true, .copies = 3, .anomaly_weight = 1};
    struct sai_standardiser s = {0};
    struct sai_samples samples = {0};
    int8_t *side = sai_training_sides(&training, 1);
    int rc = side ? sai_samples_make(&samples, &s, true, &training, side, &ranker->model->prior, &o)
                  : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_samples_free(&samples);
    sai_standardiser_free(&s);
    sai_free(side);
    return rc;
}

static int job_recognise(void)
{
    const struct sai_samples_options o = {.with_validation = true, .copies = 1, .anomaly_weight = 1};
    struct sai_standardiser s = {0};
    struct sai_samples samples = {0};
    struct sai_mlp *recogniser = NULL;
    uint8_t *part = NULL;
    float *expected = malloc(training.decisions.n_members * sizeof *expected);
    int8_t *side = sai_training_sides(&training, 1);
    int rc = side && expected ? sai_samples_make(&samples, &s, true, &training, side, &ranker->model->prior, &o)
                              : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_samples_parts(&part, &samples, 4, 1);
    if (rc == SELECTAI_OK)
        rc = sai_recognise_fit(&recogniser, expected, &training, &samples, &ranker->model->prior, part, 4);
    assert_int_equal(rc == SELECTAI_OK, recogniser != NULL);
    sai_mlp_destroy(&recogniser);
    sai_samples_free(&samples);
    sai_standardiser_free(&s);
    sai_free(part);
    sai_free(side);
    free(expected);
    return rc;
}

static int job_rows(void)
{
    const float x[3 * DIM] = {1, 2, 3};
    float y[3];
    return sai_recognise_rows(y, ranker->model, x, 3);
}

static int job_scores(void)
{
    struct sai_scored scored = {0};
    int rc = sai_scored_allocate(&scored, &training.decisions);
    if (rc == SELECTAI_OK)
        rc = sai_score_decisions(&scored, ranker->model, &training.decisions, &training.vectors, NULL, false);
    sai_scored_free(&scored);
    return rc;
}

/* The last allocation of writing is for syncing the folder, which may fail. */
static void try_all(const char *name, int (*job)(void), bool last_may_fail)
{
    unsigned long n = 1;
    assert_int_equal(job(), SELECTAI_OK);
    for (;; n++) {
        arm_alloc_fail(n);
        int rc = job();
        unsigned long failed = disarm_alloc_fail();
        if (failed == 0 || (failed == 1 && last_may_fail && rc == SELECTAI_OK)) {
            assert_int_equal(rc, SELECTAI_OK);
            break;
        }
        if (rc != SELECTAI_ERR_OUT_OF_MEMORY)
            fail_msg("%s, allocation %lu: code %d, message \"%s\"", name, n, rc, selectai_last_error());
        assert_true(n < 100000);
    }
    print_message("%s: %lu allocations, each failed once\n", name, n - 1);
    assert_true(n > 1);
}

static void training_a_ranker(void **state)
{
    (void)state;
    try_all("train", job_train, false);
    try_all("cross-validate", job_cross_validate, false);
}

static void files(void **state)
{
    (void)state;
    try_all("save", job_save, true);
    try_all("load", job_load, false);
    try_all("metadata", job_metadata, false);
}

static void parts(void **state)
{
    (void)state;
    try_all("explain", job_explain, false);
    try_all("samples", job_samples, false);
    try_all("scores", job_scores, false);
    try_all("recognise", job_recognise, false);
    try_all("rows", job_rows, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_a_ranker),
        cmocka_unit_test(files),
        cmocka_unit_test(parts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
