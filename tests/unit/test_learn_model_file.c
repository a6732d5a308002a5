/*
 * test_learn_model_file.c: models come back bit for bit; damaged and hostile files are refused.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "base/safetensors.h"
#include "learn_fixture.h"

#include <selectai/cropper.h>
#include <selectai/ranker.h>

static char dir[256], path[300], other[300];

static int setup(void **state)
{
    (void)state;
    make_temporary(dir);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    snprintf(other, sizeof other, "%s/other.safetensors", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

/* A small model with everything filled: 6-5-1, or for a cropper 6+2-5-3. */
static struct sai_model *make_model(const char *kind)
{
    bool cropper = strcmp(kind, SAI_KIND_CROPPER) == 0;
    const uint32_t widths[] = {cropper ? 8 : 6, 5, cropper ? 3 : 1};
    float p[100], mean[8], scale[8];
    struct sai_model *m = NULL;
    struct sai_rng rng;
    sai_rng_seed(&rng, 4);
    for (int i = 0; i < 100; i++)
        p[i] = (float)(sai_rng_uniform(&rng) - 0.5);
    for (int i = 0; i < 8; i++) {
        mean[i] = (float)sai_rng_uniform(&rng);
        scale[i] = i == 3 ? 0.0f : (float)sai_rng_uniform(&rng) + 0.5f;
    }
    assert_int_equal(sai_model_create(&m, kind), SELECTAI_OK);
    m->dim = 6;
    assert_int_equal(sai_mlp_create(&m->mlp, widths, 3, cropper ? SAI_MLP_SIGMOID : SAI_MLP_LINEAR, p), SELECTAI_OK);
    assert_int_equal(sai_standardiser_copy(&m->standardiser, widths[0], mean, scale, 5), SELECTAI_OK);
    m->encoder_id = sai_strdup("test-encoder-1");
    m->temperature = 0.1 + 0.2;
    m->snap = 0.02;
    m->constant = (struct selectai_box){0.1, 0, 1.0 / 3, 1};
    const uint64_t seen[] = {UINT64_MAX, 5, sai_image_key("anna", "a.png"), 5};
    assert_int_equal(sai_model_set_seen(m, seen, 4), SELECTAI_OK);
    assert_int_equal(m->n_seen, 3);
    json_object_set_new(m->info, "seed", json_string("18446744073709551615"));
    json_object_set_new(m->info, "counts", json_pack("{s:i}", "training", 7));
    json_object_set_new(m->info, "metrics", json_pack("[{s:s, s:f}]", "name", "overall", "value", 0.75));
    return m;
}

static void random_rows(float *x, size_t n)
{
    struct sai_rng rng;
    sai_rng_seed(&rng, 6);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(4 * sai_rng_uniform(&rng) - 2);
}

static void ranker_comes_back_bit_for_bit(void **state)
{
    (void)state;
    struct sai_model *m = make_model(SAI_KIND_RANKER);
    selectai_ranker *a = NULL, *b = NULL;
    float x[60], before[10], after[10];
    char *text_a, *text_b;
    random_rows(x, 60);
    assert_int_equal(sai_ranker_wrap(&a, &m), SELECTAI_OK);
    assert_int_equal(selectai_ranker_save(a, path), SELECTAI_OK);
    assert_int_equal(selectai_ranker_load(&b, path), SELECTAI_OK);
    assert_int_equal(selectai_ranker_dim(b), 6);
    assert_string_equal(selectai_ranker_encoder_id(b), "test-encoder-1");
    assert_int_equal(selectai_ranker_score(a, before, x, NULL, 10), SELECTAI_OK);
    assert_int_equal(selectai_ranker_score(b, after, x, NULL, 10), SELECTAI_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_true(b->model->temperature == 0.1 + 0.2);
    assert_int_equal(selectai_ranker_probabilities(a, before, x, NULL, 3), SELECTAI_OK);
    assert_int_equal(selectai_ranker_probabilities(b, after, x, NULL, 3), SELECTAI_OK);
    assert_memory_equal(before, after, 3 * sizeof *before);
    assert_near((double)before[0] + (double)before[1] + (double)before[2], 1, 1e-6);
    assert_int_equal(selectai_ranker_has_seen(b, "anna", "some/folder/a.png"), 1);
    assert_int_equal(selectai_ranker_has_seen(b, "anna", "b.png"), 0);
    assert_int_equal(selectai_ranker_has_seen(b, "bert", "a.png"), 0);
    /* Metadata survives, and a second save gives the same bytes. */
    assert_int_equal(selectai_ranker_metadata_json(&text_a, a), SELECTAI_OK);
    assert_int_equal(selectai_ranker_metadata_json(&text_b, b), SELECTAI_OK);
    json_t *ja = json_loads(text_a, 0, NULL), *jb = json_loads(text_b, 0, NULL);
    assert_non_null(ja);
    assert_true(json_equal(ja, jb));
    assert_string_equal(sai_json_string(ja, "architecture", ""), "6-5-1");
    assert_int_equal(sai_json_integer(json_object_get(ja, "counts"), "training", 0), 7);
    json_decref(ja);
    json_decref(jb);
    selectai_free(text_a);
    selectai_free(text_b);
    selectai_ranker_destroy(&a);
    selectai_ranker_destroy(&b);
    assert_null(b);
}

static void cropper_comes_back_bit_for_bit(void **state)
{
    (void)state;
    struct sai_model *m = make_model(SAI_KIND_CROPPER);
    selectai_cropper *a = NULL, *b = NULL;
    struct selectai_box before[4], after[4];
    const uint32_t sizes[] = {832, 1216, 1024, 1024, 1, 1, 0, 100};
    float x[24];
    random_rows(x, 24);
    assert_int_equal(sai_cropper_wrap(&a, &m), SELECTAI_OK);
    assert_int_equal(selectai_cropper_save(a, path), SELECTAI_OK);
    assert_int_equal(selectai_cropper_load(&b, path), SELECTAI_OK);
    assert_int_equal(selectai_cropper_dim(b), 6);
    assert_memory_equal(&a->model->constant, &b->model->constant, sizeof a->model->constant);
    assert_int_equal(selectai_cropper_propose(a, before, x, sizes, 4), SELECTAI_OK);
    assert_int_equal(selectai_cropper_propose(b, after, x, sizes, 4), SELECTAI_OK);
    for (int i = 0; i < 3; i++) {
        assert_memory_equal(&before[i], &after[i], sizeof before[i]);
        assert_true(after[i].x2 - after[i].x1 == after[i].y2 - after[i].y1);
    }
    assert_true(isnan(after[3].x1) && isnan(after[3].y2)); /* a size of 0 */
    x[1] = NAN;
    assert_int_equal(selectai_cropper_propose(b, after, x, sizes, 2), SELECTAI_OK);
    assert_true(isnan(after[0].x1) && !isnan(after[1].x1));
    selectai_cropper_destroy(&a);
    selectai_cropper_destroy(&b);
}

static void another_kind_is_refused(void **state)
{
    (void)state;
    struct sai_model *m = make_model(SAI_KIND_CROPPER);
    selectai_ranker *r = NULL;
    selectai_cropper *c = NULL;
    assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
    assert_int_equal(selectai_ranker_load(&r, path), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), path));
    sai_model_destroy(&m);
    /* A safetensors file of somebody else's. */
    struct sai_tensor t = {.name = "w", .dtype = "F32", .rank = 1, .shape = {1}, .n = 1, .n_bytes = 4, .data = "1234"};
    json_t *none = json_object();
    assert_int_equal(sai_safetensors_write(other, &t, 1, none), SELECTAI_OK);
    json_decref(none);
    assert_int_equal(selectai_cropper_load(&c, other), SELECTAI_ERR_FORMAT);
    write_text(other, "not a model");
    assert_int_equal(selectai_cropper_load(&c, other), SELECTAI_ERR_FORMAT);
    assert_int_equal(selectai_cropper_load(&c, dir), SELECTAI_ERR_IS_A_DIRECTORY);
    assert_int_equal(selectai_cropper_load(&c, "/nonexistent/x"), SELECTAI_ERR_NOT_FOUND);
    assert_null(r);
    assert_null(c);
}

/* Loads, and uses what loads: it must neither crash nor give something without shape. */
static int try_load(const char *kind, const void *bytes, size_t n)
{
    struct sai_model *m = NULL;
    float x[8] = {1, -1, 0.5f, 2, 0, 3, 1, 1}, y[3];
    write_bytes(other, bytes, n);
    int rc = sai_model_load(&m, other, kind);
    if (rc == SELECTAI_OK) {
        assert_int_equal(m->mlp->widths[0], sai_model_inputs(m));
        if (m->mlp->widths[0] <= 8)
            assert_int_equal(sai_mlp_forward(m->mlp, &m->standardiser, y, x, 1), SELECTAI_OK);
        sai_model_has_seen(m, 5);
    }
    sai_model_destroy(&m);
    return rc;
}

static void truncated_files_are_refused(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const char *kind = k ? SAI_KIND_CROPPER : SAI_KIND_RANKER;
        struct sai_model *m = make_model(kind);
        assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
        sai_model_destroy(&m);
        FILE *f = fopen(path, "rb");
        char *bytes = malloc(100000);
        size_t n = fread(bytes, 1, 100000, f);
        fclose(f);
        assert_in_range(n, 500, 99999);
        assert_int_equal(try_load(kind, bytes, n), SELECTAI_OK);
        for (size_t cut = 0; cut < n; cut += 1 + cut / 40)
            assert_int_equal(try_load(kind, bytes, cut), SELECTAI_ERR_FORMAT);
        assert_int_equal(try_load(kind, bytes, n - 1), SELECTAI_ERR_FORMAT);
        free(bytes);
    }
}

static void flipped_bytes_never_crash(void **state)
{
    (void)state;
    struct sai_rng rng;
    size_t refused = 0, tried = 0;
    sai_rng_seed(&rng, 12);
    for (int k = 0; k < 2; k++) {
        const char *kind = k ? SAI_KIND_CROPPER : SAI_KIND_RANKER;
        struct sai_model *m = make_model(kind);
        assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
        sai_model_destroy(&m);
        FILE *f = fopen(path, "rb");
        char *bytes = malloc(100000);
        size_t n = fread(bytes, 1, 100000, f);
        fclose(f);
        for (size_t at = 0; at < n; at += 2, tried++) {
            char was = bytes[at];
            bytes[at] = (char)sai_rng_next(&rng);
            refused += try_load(kind, bytes, n) != SELECTAI_OK;
            bytes[at] = was;
        }
        free(bytes);
    }
    /* Most of the file is header, where nearly every change is noticed. */
    assert_true(refused > tried / 3);
}

/* Replaces one piece of the header by another of the same length. */
static int with_change(const char *kind, const char *from, const char *to)
{
    struct sai_model *m = make_model(kind);
    char *bytes = malloc(100000), *at = NULL;
    assert_int_equal(strlen(from), strlen(to));
    assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
    sai_model_destroy(&m);
    FILE *f = fopen(path, "rb");
    size_t n = fread(bytes, 1, 100000, f);
    fclose(f);
    for (size_t i = 0; i + strlen(from) < n && !at; i++)
        if (memcmp(bytes + i, from, strlen(from)) == 0)
            at = bytes + i;
    if (!at)
        fail_msg("%s does not stand in the file", from);
    memcpy(at, to, strlen(to));
    int rc = try_load(kind, bytes, n);
    free(bytes);
    return rc;
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *from, *to;
        int code;
    } cases[] = {
        {SAI_KIND_RANKER, "\"6-5-1\"", "\"6-4-1\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-5-1\"", "\"5-6-1\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-5-1\"", "\"6--51\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-5-1\"", "\"65-1-\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-5-1\"", "\"99999\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"dim\":\"6\"", "\"dim\":\"7\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"clip\":\"5\"", "\"clip\":\"0\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"clip\":\"5\"", "\"clip\":\"x\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"linear\"", "\"linaer\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"temperature\":\"0.3", "\"temperature\":\"-.3", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"format_version\":\"1\"", "\"format_version\":\"2\"", SELECTAI_ERR_UNSUPPORTED},
        {SAI_KIND_RANKER, "\"dtype\":\"I64\"", "\"dtype\":\"F64\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "layers.0.bias", "layers.9.bias", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"encoder_id\"", "\"encoder-id\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"sigmoid\"", "\"linear\" ", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"[0.1,0,", "\"[9.1,0,", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"[0.1,0,", "\"[0.1 0,", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"snap\":\"0.02\"", "\"snap\":\"0.92\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"8-5-3\"", "\"8-3-5\"", SELECTAI_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int rc = with_change(cases[i].kind, cases[i].from, cases[i].to);
        if (rc != cases[i].code)
            fail_msg("%s -> %s: code %d, message %s", cases[i].from, cases[i].to, rc, selectai_last_error());
        assert_non_null(strstr(selectai_last_error(), other)); /* names the file */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranker_comes_back_bit_for_bit), cmocka_unit_test(cropper_comes_back_bit_for_bit),
        cmocka_unit_test(another_kind_is_refused),       cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(flipped_bytes_never_crash),     cmocka_unit_test(contradictions_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
