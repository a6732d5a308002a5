/*
 * test_learn_cropper_alloc_failure.c: training, measuring, saving, loading croppers and proposing with the n-th
 * allocation failing, for every n. Needs the torch module, whose own allocations do not fail; nor do Jansson's.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/cropper.h>

#include <stdio.h>

#include "alloc_fail.h"
#include "embed/builtin.h"
#include "learn_fixture.h"

enum { N = 20, DIM = 3 };

static char dir[200], model_path[300], copy_path[300];
static selectai_trainset *set;
static selectai_embedding_cache *cache, *layout;
static selectai_cropper *cropper;
static struct selectai_cropper_options options;

static void fill(selectai_embedding_cache **out, const char *name, const char *encoder, uint32_t dim)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(selectai_embedding_cache_create(out, path, encoder, dim, 0), SELECTAI_OK);
    for (int i = 0; i < N; i++) {
        float x[SAI_BUILTIN_DIM] = {(float)(i % 3), (float)(i % 5)};
        char file[32];
        struct selectai_cache_row row = {.struct_size = sizeof row, .size = 1, .width = 832, .height = 1216};
        snprintf(file, sizeof file, "%d.png", i);
        row.project = i % 2 ? "anna" : "bert";
        row.rel_path = file;
        row.crc32 = (uint32_t)i;
        assert_int_equal(selectai_embedding_cache_add(*out, &row, x), SELECTAI_OK);
    }
    assert_int_equal(selectai_embedding_cache_flush(*out), SELECTAI_OK);
    selectai_embedding_cache_close(out);
    assert_int_equal(selectai_embedding_cache_open(out, path), SELECTAI_OK);
}

static int set_up(void **state)
{
    (void)state;
    char log_path[300];
    const char *logs[] = {log_path};
    make_temporary(dir);
    snprintf(log_path, sizeof log_path, "%s/crops.csv", dir);
    snprintf(model_path, sizeof model_path, "%s/model", dir);
    snprintf(copy_path, sizeof copy_path, "%s/copy", dir);
    FILE *log = fopen(log_path, "w");
    fprintf(log, "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n");
    for (int i = 0; i < N; i++)
        fprintf(log, "2025-01-01T00:%02d:00Z,%s,%d.png,0,0,0.%d,0.%d,832,1216\n", i, i % 2 ? "anna" : "bert", i,
                5 + i % 4, 5 + i % 4);
    fclose(log);
    fill(&cache, "cache", "test-encoder-1", DIM);
    fill(&layout, "layout", SAI_BUILTIN_ID, SAI_BUILTIN_DIM);
    assert_int_equal(selectai_trainset_load(&set, logs, 1, 1), SELECTAI_OK);
    selectai_cropper_options_init(&options, sizeof options);
    options.epochs = options.ensemble = options.threads = 1;
    options.folds = 2;
    options.hold_out = "bert";
    options.layout_cache = layout;
    assert_int_equal(selectai_cropper_train(&cropper, NULL, NULL, set, cache, &options), SELECTAI_OK);
    assert_int_equal(selectai_cropper_save(cropper, model_path), SELECTAI_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    selectai_cropper_destroy(&cropper);
    selectai_trainset_destroy(&set);
    selectai_embedding_cache_close(&cache);
    selectai_embedding_cache_close(&layout);
    remove_temporary(dir);
    return 0;
}

static int train(const selectai_embedding_cache *with)
{
    selectai_cropper *c = NULL;
    selectai_evaluation *e = NULL;
    selectai_issues *issues = NULL;
    struct selectai_cropper_options o = options;
    o.layout_cache = with ? layout : NULL;
    int rc = selectai_cropper_train(&c, &e, &issues, set, with, &o);
    assert_true((rc == SELECTAI_OK) == (c != NULL) && !c == !e && !c == !issues);
    selectai_cropper_destroy(&c);
    selectai_evaluation_destroy(&e);
    selectai_issues_destroy(&issues);
    return rc;
}

static int job_train(void)
{
    return train(cache);
}

static int job_train_on_sizes(void)
{
    return train(NULL);
}

static int job_evaluate(void)
{
    selectai_evaluation *e = NULL;
    int rc = selectai_cropper_evaluate_with_layout(&e, cropper, set, cache, layout);
    assert_int_equal(rc == SELECTAI_OK, e != NULL);
    selectai_evaluation_destroy(&e);
    return rc;
}

static int job_save(void)
{
    return selectai_cropper_save(cropper, copy_path);
}

static int job_load(void)
{
    selectai_cropper *c = NULL;
    int rc = selectai_cropper_load(&c, model_path);
    assert_int_equal(rc == SELECTAI_OK, c != NULL);
    selectai_cropper_destroy(&c);
    return rc;
}

static int job_metadata(void)
{
    char *text = NULL;
    int rc = selectai_cropper_metadata_json(&text, cropper);
    assert_int_equal(rc == SELECTAI_OK, text != NULL);
    selectai_free(text);
    return rc;
}

static int job_propose(void)
{
    const float x[DIM] = {0}, second[SAI_BUILTIN_DIM] = {0};
    const uint32_t size[] = {832, 1216};
    struct selectai_crop_proposal p = {.struct_size = sizeof p};
    return selectai_cropper_propose_all(cropper, &p, x, second, size, 1);
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

static void training(void **state)
{
    (void)state;
    try_all("train", job_train, false);
    try_all("train on sizes", job_train_on_sizes, false);
}

static void using(void **state)
{
    (void)state;
    try_all("evaluate", job_evaluate, false);
    try_all("save", job_save, true);
    try_all("load", job_load, false);
    try_all("metadata", job_metadata, false);
    try_all("propose", job_propose, false);
}

int main(void)
{
    const char *name = NULL;
    const struct CMUnitTest tests[] = {cmocka_unit_test(training), cmocka_unit_test(using)};
    if (selectai_backend_load(&name, NULL) == SELECTAI_ERR_BACKEND_MISSING) {
        printf("skipped: %s\n", selectai_last_error());
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
