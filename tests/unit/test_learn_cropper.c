/*
 * test_learn_cropper.c: training croppers on crops whose rule is known. Needs the torch module.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/cropper.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "embed/builtin.h"
#include "learn/model.h"
#include "learn_fixture.h"

#define N   240
#define DIM 6

static char dir[200], log_path[300], crop_log[300];
static selectai_embedding_cache *cache, *layout;
static selectai_trainset *set, *crops;

static void open_cache(selectai_embedding_cache **out, const char *name, const char *encoder, uint32_t dim, int where)
{
    char path[300];
    struct sai_rng rng;
    sai_rng_seed(&rng, 3);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(selectai_embedding_cache_create(out, path, encoder, dim, 0), SELECTAI_OK);
    for (int i = 0; i < N; i++) {
        float x[SAI_BUILTIN_DIM];
        char file[64];
        struct selectai_cache_row row = {.struct_size = sizeof row, .size = 1, .width = 832, .height = 1216};
        snprintf(file, sizeof file, "20250101_%02d%02d00_stage2_x.png", i / 60, i % 60);
        row.project = i % 2 ? "anna" : "bert";
        row.rel_path = file;
        row.crc32 = (uint32_t)i;
        for (uint32_t j = 0; j < dim; j++)
            x[j] = (float)(sai_rng_uniform(&rng) - 0.5);
        x[where] = (float)(i % 7) - 3.0f; /* what tells where things are */
        assert_int_equal(selectai_embedding_cache_add(*out, &row, x), SELECTAI_OK);
    }
    assert_int_equal(selectai_embedding_cache_flush(*out), SELECTAI_OK);
    selectai_embedding_cache_close(out);
    assert_int_equal(selectai_embedding_cache_open(out, path), SELECTAI_OK);
}

/* The crop lies where the image says; every fifth image is kept as it is. */
static void write_log(void)
{
    FILE *log = fopen(log_path, "w");
    for (int i = 0; i < N; i++) {
        double scale = 0.6, left = 0.4 * (i % 7) / 6.0;
        fprintf(log,
                "{\"project\":\"%s\",\"chosen_path\":\"/raw/20250101_%02d%02d00_stage2_x.png\",\"neg_paths\":["
                "\"/raw/20250101_%02d%02d00_stage1_x.png\"],\"was_cropped\":%s,\"crop\":",
                i % 2 ? "anna" : "bert", i / 60, i % 60, i / 60, i % 60, i % 5 ? "true" : "false");
        if (i % 5)
            fprintf(log, "{\"x1\":%.6f,\"y1\":0,\"x2\":%.6f,\"y2\":%.6f}}\n", left, left + scale, scale);
        else
            fprintf(log, "null}\n");
    }
    fclose(log);
}

/* Two sizes with a box each: all that sizes alone can tell. */
static void write_crops(void)
{
    FILE *log = fopen(crop_log, "w");
    struct sai_rng rng;
    sai_rng_seed(&rng, 9);
    fprintf(log, "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n");
    for (int i = 0; i < N; i++) {
        int wide = (int)sai_rng_below(&rng, 2);
        double left = (wide ? 0.3 : 0.0) + 0.05 * sai_rng_uniform(&rng), scale = wide ? 0.5 : 0.8;
        fprintf(log, "2025-01-%02dT%02d:%02d:00Z,anna,a%d.png,%.6f,%.6f,%.6f,%.6f,%s\n", 1 + i / 60, i / 10 % 6, i % 60,
                i, left, 0.1, left + scale, 0.1 + scale, wide ? "1216,832" : "832,1216");
    }
    fclose(log);
}

static int setup(void **state)
{
    (void)state;
    const char *logs[] = {log_path}, *crop_logs[] = {crop_log};
    make_temporary(dir);
    snprintf(log_path, sizeof log_path, "%s/log.jsonl", dir);
    snprintf(crop_log, sizeof crop_log, "%s/crops.csv", dir);
    write_log();
    write_crops();
    open_cache(&cache, "cache", "test-encoder-1", DIM, 2);
    open_cache(&layout, "layout", SAI_BUILTIN_ID, SAI_BUILTIN_DIM, sai_builtin_block_find("subject")->first);
    assert_int_equal(selectai_trainset_load(&set, logs, 1, 1), SELECTAI_OK);
    assert_int_equal(selectai_trainset_load(&crops, crop_logs, 1, 1), SELECTAI_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    selectai_trainset_destroy(&set);
    selectai_trainset_destroy(&crops);
    selectai_embedding_cache_close(&cache);
    selectai_embedding_cache_close(&layout);
    remove_temporary(dir);
    return 0;
}

static struct selectai_cropper_options quick(void)
{
    struct selectai_cropper_options o;
    selectai_cropper_options_init(&o, sizeof o);
    o.epochs = 60;
    o.lr = 0.005f;
    o.dropout = 0.1f;
    o.ensemble = 2;
    o.folds = 3;
    return o;
}

static struct selectai_metric metric(const selectai_evaluation *e, const char *name)
{
    struct selectai_metric m = {.struct_size = sizeof m};
    assert_int_equal(selectai_evaluation_find(e, name, &m), SELECTAI_OK);
    print_message("%-12s n %3d: %.3f, %s %.3f\n", name, (int)m.n, m.value, m.baseline_name, m.baseline);
    return m;
}

static void crops_and_whole_images_are_learned(void **state)
{
    (void)state;
    struct selectai_cropper_options o = quick();
    selectai_cropper *c = NULL;
    selectai_evaluation *e = NULL;
    o.split = SELECTAI_SPLIT_GROUP;
    assert_int_equal(selectai_cropper_train(&c, &e, NULL, set, cache, &o), SELECTAI_OK);
    struct selectai_metric iou = metric(e, "iou"), cropped = metric(e, "iou_cropped"),
                           covered = metric(e, "iou_covered");
    assert_int_equal(iou.n, N);
    assert_int_equal(cropped.n, N - N / 5);
    assert_true(cropped.value > cropped.baseline + 0.1);
    assert_true(covered.value > 0.7);
    assert_near(metric(e, "iou_expected").value, iou.value, 0.05);
    assert_near(metric(e, "iou_size").value, iou.value, 0);
    /* What it believes: a fifth of the images were kept, crops touch the upper edge. */
    struct selectai_crop_proposal p[2] = {{.struct_size = sizeof *p}, {0}};
    const float x[2 * DIM] = {0, 0, -3, 0, 0, 0, 0, 0, 3, 0, 0, 0};
    const uint32_t sizes[] = {832, 1216, 832, 1216};
    struct selectai_box boxes[2];
    assert_int_equal(selectai_cropper_propose_all(c, p, x, NULL, sizes, 2), SELECTAI_OK);
    assert_int_equal(selectai_cropper_propose(c, boxes, x, sizes, 2), SELECTAI_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(p[i].struct_size, sizeof *p);
        assert_memory_equal(&p[i].box, &boxes[i], sizeof boxes[i]);
        assert_true(p[i].no_crop > 0.05 && p[i].no_crop < 0.5);
        assert_true(p[i].edges[1] > 0.8 && p[i].iou_low <= p[i].expected_iou && p[i].expected_iou <= p[i].iou_high);
        assert_true(p[i].box.y1 == 0);
    }
    assert_true(p[0].box.x1 < 0.1 && p[1].box.x1 > 0.2);
    /* All of it was seen: there is nothing left to measure on. */
    selectai_evaluation *again = NULL;
    assert_int_equal(selectai_cropper_evaluate(&again, c, set, cache), SELECTAI_ERR_NO_DATA);
    selectai_evaluation_destroy(&e);
    selectai_cropper_destroy(&c);
}

static void sizes_alone_are_enough(void **state)
{
    (void)state;
    struct selectai_cropper_options o = quick();
    selectai_cropper *c = NULL;
    selectai_evaluation *e = NULL;
    selectai_issues *issues = NULL;
    char path[300];
    assert_int_equal(selectai_cropper_train(&c, &e, &issues, crops, NULL, &o), SELECTAI_OK);
    struct selectai_metric iou = metric(e, "iou");
    assert_int_equal(iou.n, N);
    assert_true(iou.value > iou.baseline + 0.1);
    assert_true(iou.value > metric(e, "iou_size").baseline - 0.02);
    assert_int_equal(selectai_issues_count(issues), 0);
    assert_int_equal(selectai_cropper_dim(c), 0);
    assert_string_equal(selectai_cropper_encoder_id(c), "none");
    const uint32_t sizes[] = {1216, 832, 832, 1216, 0, 5};
    struct selectai_box before[3], after[3];
    assert_int_equal(selectai_cropper_propose(c, before, NULL, sizes, 3), SELECTAI_OK);
    assert_true(before[0].x2 - before[0].x1 < 0.65 && before[1].x2 - before[1].x1 > 0.7 && isnan(before[2].x1));
    snprintf(path, sizeof path, "%s/sizes.safetensors", dir);
    assert_int_equal(selectai_cropper_save(c, path), SELECTAI_OK);
    selectai_cropper_destroy(&c);
    assert_int_equal(selectai_cropper_load(&c, path), SELECTAI_OK);
    assert_int_equal(selectai_cropper_propose(c, after, NULL, sizes, 3), SELECTAI_OK);
    assert_memory_equal(before, after, 2 * sizeof *before);
    selectai_evaluation_destroy(&e);
    /* On others' crops, without a cache. */
    assert_int_equal(selectai_cropper_evaluate(&e, c, set, NULL), SELECTAI_ERR_NO_DATA); /* their sizes are not known */
    selectai_cropper_destroy(&c);
    selectai_issues_destroy(&issues);
}

static void a_second_vector_tells_where_things_are(void **state)
{
    (void)state;
    struct selectai_cropper_options o = quick();
    selectai_cropper *c = NULL;
    selectai_evaluation *e = NULL, *again = NULL;
    char path[300];
    o.hold_out = "bert";
    o.layout_cache = cache; /* not of the built-in encoder */
    assert_int_equal(selectai_cropper_train(&c, &e, NULL, set, cache, &o), SELECTAI_ERR_MISMATCH);
    o.layout_cache = layout;
    assert_int_equal(selectai_cropper_train(&c, &e, NULL, set, cache, &o), SELECTAI_OK);
    assert_string_equal(selectai_cropper_layout_id(c), SAI_BUILTIN_ID);
    assert_int_equal(selectai_cropper_layout_dim(c), SAI_BUILTIN_DIM);
    snprintf(path, sizeof path, "%s/layout.safetensors", dir);
    assert_int_equal(selectai_cropper_save(c, path), SELECTAI_OK);
    selectai_cropper_destroy(&c);
    assert_int_equal(selectai_cropper_load(&c, path), SELECTAI_OK);
    /* The held-out project again, with both caches: the same figures. */
    assert_int_equal(selectai_cropper_evaluate(&again, c, set, cache), SELECTAI_ERR_MISMATCH);
    assert_int_equal(selectai_cropper_evaluate_with_layout(&again, c, set, cache, layout), SELECTAI_OK);
    assert_near(metric(again, "iou").value, metric(e, "iou").value, 1e-12);
    assert_int_equal(metric(again, "iou").n, N / 2);
    /* It is seen: another second vector, another box. */
    float x[DIM] = {0}, far[2 * SAI_BUILTIN_DIM] = {0};
    const uint32_t sizes[] = {832, 1216, 832, 1216};
    struct selectai_crop_proposal p[2] = {{.struct_size = sizeof *p}, {0}};
    float both[2 * DIM] = {0};
    far[sai_builtin_block_find("subject")->first] = -3;
    far[SAI_BUILTIN_DIM + sai_builtin_block_find("subject")->first] = 3;
    assert_int_equal(selectai_cropper_propose_all(c, p, both, far, sizes, 2), SELECTAI_OK);
    assert_true(selectai_box_iou(&p[0].box, &p[1].box) < 1);
    assert_int_equal(selectai_cropper_propose_all(c, p, x, NULL, sizes, 1), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), SAI_BUILTIN_ID));
    selectai_evaluation_destroy(&e);
    selectai_evaluation_destroy(&again);
    selectai_cropper_destroy(&c);
}

static void same_seed_same_bytes_whatever_the_threads(void **state)
{
    (void)state;
    char path[2][300];
    static char bytes[2][4000000];
    size_t n[2];
    for (int k = 0; k < 2; k++) {
        struct selectai_cropper_options o = quick();
        selectai_cropper *c = NULL;
        o.epochs = 6;
        o.threads = k ? 3 : 1;
        assert_int_equal(selectai_cropper_train(&c, NULL, NULL, set, cache, &o), SELECTAI_OK);
        snprintf(path[k], sizeof path[k], "%s/%d.safetensors", dir, k);
        assert_int_equal(selectai_cropper_save(c, path[k]), SELECTAI_OK);
        selectai_cropper_destroy(&c);
        FILE *f = fopen(path[k], "rb");
        n[k] = fread(bytes[k], 1, sizeof bytes[k], f);
        fclose(f);
    }
    assert_true(n[0] == n[1] && n[0] < sizeof bytes[0]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct selectai_cropper_options o = quick();
    selectai_cropper *c = NULL;
    o.ensemble = 0;
    assert_int_equal(selectai_cropper_train(&c, NULL, NULL, set, cache, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    o = quick();
    o.split = SELECTAI_SPLIT_PAIR;
    assert_int_equal(selectai_cropper_train(&c, NULL, NULL, set, cache, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    o = quick();
    assert_int_equal(selectai_cropper_train(&c, NULL, NULL, set, NULL, &o), SELECTAI_ERR_NO_DATA); /* no sizes */
    assert_null(c);
}

int main(void)
{
    const char *name = NULL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_and_whole_images_are_learned),
        cmocka_unit_test(sizes_alone_are_enough),
        cmocka_unit_test(a_second_vector_tells_where_things_are),
        cmocka_unit_test(same_seed_same_bytes_whatever_the_threads),
        cmocka_unit_test(nonsense_is_refused),
    };
    if (selectai_backend_load(&name, NULL) == SELECTAI_ERR_BACKEND_MISSING) {
        printf("skipped: %s\n", selectai_last_error());
        return 77;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
