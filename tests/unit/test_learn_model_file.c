/*
 * test_learn_model_file.c: models come back bit for bit; damaged and hostile files are refused.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "base/safetensors.h"
#include "learn/ranker_score.h"
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

static struct sai_mlp *random_network(struct sai_rng *rng, uint32_t hidden)
{
    const uint32_t widths[] = {6, hidden, 1};
    struct sai_mlp *mlp = NULL;
    float p[100];
    for (int i = 0; i < 100; i++)
        p[i] = (float)(sai_rng_uniform(rng) - 0.5);
    assert_int_equal(sai_mlp_create(&mlp, widths, 3, SAI_MLP_LINEAR, p), SELECTAI_OK);
    return mlp;
}

/* What only rankers have: two more networks, a prior of two stages and two projects, weights, a keep network. */
static void fill_ranker(struct sai_model *m, struct sai_rng *rng)
{
    const float mean[6] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f}, scale[6] = {1, 2, 0, 1, 0.5f, 1};
    m->others = calloc(2, sizeof *m->others);
    m->others[m->n_others++] = random_network(rng, 4);
    m->others[m->n_others++] = random_network(rng, 3);
    m->keep = random_network(rng, 2);
    assert_int_equal(sai_standardiser_copy(&m->keep_standardiser, 6, mean, scale, SAI_STANDARDISE_CLIP), SELECTAI_OK);
    assert_int_equal(sai_prior_allocate(&m->prior, 2, 2), SELECTAI_OK);
    m->prior.stages[0] = 1.5;
    m->prior.stages[1] = 1.0 / 3 + 2;
    m->prior.values[0] = -0.1;
    m->prior.values[1] = 0.1 + 0.2;
    m->prior.transitions[1] = 0.7;
    m->prior.transitions[2] = -0.7;
    m->prior.projects[0] = sai_strdup("anna");
    m->prior.projects[1] = sai_strdup("b\xc3\xa9\"rt");
    for (int i = 0; i < 4; i++)
        m->prior.project_values[i] = i - 1.5;
    m->blend = (struct sai_blend){1.0 / 3, 0.8, 1.25, -0.5};
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
    if (!cropper)
        fill_ranker(m, &rng);
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

static void explain(const selectai_ranker *r, const char *project, float out[20], double *keep)
{
    struct selectai_group_score group = {.struct_size = sizeof group};
    const double stages[4] = {1.5, 1.0 / 3 + 2, 1.5, NAN};
    float x[24];
    random_rows(x, 24);
    assert_int_equal(
        selectai_ranker_score_group(r, out, out + 4, out + 8, out + 12, out + 16, &group, project, x, stages, 4),
        SELECTAI_OK);
    *keep = group.keep;
}

static void all_parts_of_a_ranker_come_back(void **state)
{
    (void)state;
    struct sai_model *m = make_model(SAI_KIND_RANKER);
    selectai_ranker *a = NULL, *b = NULL;
    static const char *const projects[] = {NULL, "anna", "b\xc3\xa9\"rt", "carla"};
    float before[20], after[20], plain[20];
    double keep_a, keep_b;
    m->temperature = 1;
    assert_int_equal(sai_ranker_wrap(&a, &m), SELECTAI_OK);
    assert_int_equal(selectai_ranker_save(a, path), SELECTAI_OK);
    assert_int_equal(selectai_ranker_load(&b, path), SELECTAI_OK);
    explain(a, NULL, plain, &keep_a);
    for (int k = 0; k < 4; k++) {
        explain(a, projects[k], before, &keep_a);
        explain(b, projects[k], after, &keep_b);
        assert_memory_equal(before, after, sizeof before);
        assert_true(keep_a == keep_b && keep_a > 0 && keep_a < 1);
        assert_int_equal(memcmp(before, plain, sizeof plain) != 0, k == 1 || k == 2);
    }
    assert_true(before[12] > 0); /* three networks do not agree to the last bit */
    /* A second save gives the same bytes. */
    assert_int_equal(selectai_ranker_save(b, other), SELECTAI_OK);
    char *bytes_a = read_text(path), *bytes_b = read_text(other);
    struct stat sa, sb;
    assert_int_equal(stat(path, &sa) + stat(other, &sb), 0);
    assert_int_equal(sa.st_size, sb.st_size);
    assert_memory_equal(bytes_a, bytes_b, (size_t)sa.st_size);
    free(bytes_a);
    free(bytes_b);
    selectai_ranker_destroy(&a);
    selectai_ranker_destroy(&b);
}

/* A ranker of the prior alone, and one of differences. */
static void rankers_of_other_shapes_come_back(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct sai_model *m = make_model(SAI_KIND_RANKER);
        selectai_ranker *a = NULL, *b = NULL;
        float before[20], after[20];
        double keep_a, keep_b;
        char *text = NULL;
        m->differences = k == 1;
        if (k == 0) {
            for (uint32_t i = 0; i < m->n_others; i++)
                sai_mlp_destroy(&m->others[i]);
            m->n_others = 0;
            sai_mlp_destroy(&m->mlp);
            sai_mlp_destroy(&m->keep);
        }
        assert_int_equal(sai_ranker_wrap(&a, &m), SELECTAI_OK);
        assert_int_equal(selectai_ranker_save(a, path), SELECTAI_OK);
        assert_int_equal(selectai_ranker_load(&b, path), SELECTAI_OK);
        explain(a, "anna", before, &keep_a);
        explain(b, "anna", after, &keep_b);
        assert_memory_equal(before, after, sizeof before);
        assert_true(keep_a == keep_b || (k == 0 && isnan(keep_a) && isnan(keep_b)));
        assert_int_equal(b->model->differences, k == 1);
        assert_int_equal(selectai_ranker_metadata_json(&text, b), SELECTAI_OK);
        selectai_free(text);
        selectai_ranker_destroy(&a);
        selectai_ranker_destroy(&b);
    }
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

static void use_parts(const struct sai_model *m, const float *x)
{
    float prior[1], image[1], spread[1];
    struct sai_group_parts parts = {prior, image, spread, NAN};
    const double stage = 2;
    if (strcmp(m->kind, SAI_KIND_RANKER) == 0 && m->dim <= 8)
        assert_int_equal(sai_ranker_parts(&parts, m, "anna", x, &stage, 1), SELECTAI_OK);
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
        use_parts(m, x);
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
        {SAI_KIND_RANKER, "\"format_version\":\"2\"", "\"format_version\":\"3\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"format_version\":\"2\"", "\"format_version\":\"4\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"format_version\":\"2\"", "\"format_version\":\"5\"", SELECTAI_ERR_UNSUPPORTED},
        {SAI_KIND_RANKER, "\"dtype\":\"I64\"", "\"dtype\":\"F64\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"layers.0.bias", "\"layers.9.bias", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-4-1,6-3-1\"", "\"6-4-1,6-2-1\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-4-1,6-3-1\"", "\"6-4-1,,6-31\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-4-1,6-3-1\"", "\"6-4-1;6-3-1\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-4-1,6-3-1\"", "\"6-3-1,6-4-1\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"networks\"", "\"network_\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "ensemble.1.layers.1.weight", "ensemble.7.layers.1.weight", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "ensemble.2.layers.0.bias", "ensemble.2.layers.0.bios", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"differences\":\"0\"", "\"differences\":\"2\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"differences\"", "\"difference_\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"prior_weight\":\"0", "\"prior_weight\":\"x", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"image_weight\":\"0.8\"", "\"image_weight\":\"nan\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"image_weight\"", "\"image-weight\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"keep_scale\":\"1.25\"", "\"keep_scale\":\"1e99\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"keep_shift\":\"-0.5\"", "\"keep_shift\":\"-0,5\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-2-1\"", "\"6-1-2\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"6-2-1\"", "\"3-2-1\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"keep_network\"", "\"keep-network\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "keep.standardise.mean", "keep.standardise.moan", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "keep.layers.0.weight", "keep.layers.0.wait__", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"prior.stages\"", "\"prior.stagez\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"prior.values\"", "\"prior.valuez\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"prior.transitions\"", "\"prior.transitionz\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"prior.project_values\"", "\"prior.project-values\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"prior_projects\"", "\"prior-projects\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "[\\\"anna\\\"", "[\\\"zzzz\\\"", SELECTAI_ERR_FORMAT}, /* not in order */
        {SAI_KIND_RANKER, "[\\\"anna\\\"", "[11111111", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "[\\\"anna\\\"", "{\\\"anna\\\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_RANKER, "\"encoder_id\"", "\"encoder-id\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"sigmoid\"", "\"linear\" ", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"[0.1,0,", "\"[9.1,0,", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"[0.1,0,", "\"[0.1 0,", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"snap\":\"0.02\"", "\"snap\":\"0.92\"", SELECTAI_ERR_FORMAT},
        {SAI_KIND_CROPPER, "\"8-5-3\"", "\"8-3-5\"", SELECTAI_ERR_FORMAT},
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int rc = with_change(cases[i].kind, cases[i].from, cases[i].to);
        bool named = rc == SELECTAI_OK || strstr(selectai_last_error(), other); /* names the file */
        wrong += rc != cases[i].code || !named;
        if (rc != cases[i].code || !named)
            print_error("%s -> %s: code %d, message %s\n", cases[i].from, cases[i].to, rc,
                        rc ? selectai_last_error() : "none");
    }
    assert_int_equal(wrong, 0);
}

/* Numbers among the tensors that no fit could have given. */
static void impossible_numbers_are_refused(void **state)
{
    (void)state;
    for (int k = 0; k < 8; k++) {
        struct sai_model *m = make_model(SAI_KIND_RANKER), *loaded = NULL;
        switch (k) {
        case 0:
            m->prior.values[1] = NAN;
            break;
        case 1:
            m->prior.transitions[2] = INFINITY;
            break;
        case 2:
            m->prior.project_values[3] = -INFINITY;
            break;
        case 3:
            m->prior.stages[1] = m->prior.stages[0]; /* not ascending */
            break;
        case 4:
            m->keep->parameters[0] = NAN;
            break;
        case 5:
            m->others[1]->parameters[3] = INFINITY;
            break;
        case 6:
            m->keep_standardiser.scale[2] = NAN;
            break;
        default:
            m->blend.image_weight = -1;
        }
        assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
        if (sai_model_load(&loaded, path, SAI_KIND_RANKER) != SELECTAI_ERR_FORMAT)
            fail_msg("case %d loads", k);
        assert_non_null(strstr(selectai_last_error(), path));
        assert_null(loaded);
        sai_model_destroy(&m);
    }
}

/* Files of format 1 hold one network and a temperature; their scores are what they were. */
static void files_of_the_first_format_still_load(void **state)
{
    (void)state;
    struct sai_model *m = make_model(SAI_KIND_RANKER);
    selectai_ranker *r = NULL;
    float x[60], y[10], scores[10], parts[20], p[3];
    double keep;
    random_rows(x, 60);
    assert_int_equal(sai_mlp_forward(m->mlp, &m->standardiser, y, x, 10), SELECTAI_OK);
    const uint64_t seen[] = {5, UINT64_MAX};
    const struct sai_mlp *n = m->mlp;
    const struct sai_tensor tensors[] = {
        {.name = "layers.0.weight",
         .dtype = "F32",
         .rank = 2,
         .shape = {5, 6},
         .n = 30,
         .n_bytes = 120,
         .data = (const void *)n->parameters},
        {.name = "layers.0.bias",
         .dtype = "F32",
         .rank = 1,
         .shape = {5},
         .n = 5,
         .n_bytes = 20,
         .data = (const void *)(n->parameters + 30)},
        {.name = "layers.1.weight",
         .dtype = "F32",
         .rank = 2,
         .shape = {1, 5},
         .n = 5,
         .n_bytes = 20,
         .data = (const void *)(n->parameters + 35)},
        {.name = "layers.1.bias",
         .dtype = "F32",
         .rank = 1,
         .shape = {1},
         .n = 1,
         .n_bytes = 4,
         .data = (const void *)(n->parameters + 40)},
        {.name = "standardise.mean",
         .dtype = "F32",
         .rank = 1,
         .shape = {6},
         .n = 6,
         .n_bytes = 24,
         .data = (const void *)m->standardiser.mean},
        {.name = "standardise.scale",
         .dtype = "F32",
         .rank = 1,
         .shape = {6},
         .n = 6,
         .n_bytes = 24,
         .data = (const void *)m->standardiser.scale},
        {.name = "seen", .dtype = "I64", .rank = 1, .shape = {2}, .n = 2, .n_bytes = 16, .data = (const void *)seen},
    };
    json_t *meta = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "format", "selectai-model",
                             "format_version", "1", "kind", "ranker", "architecture", "6-5-1", "output", "linear",
                             "encoder_id", "test-encoder-1", "dim", "6", "clip", "5", "temperature", "0.5");
    assert_int_equal(sai_safetensors_write(path, tensors, 7, meta), SELECTAI_OK);
    json_decref(meta);
    assert_int_equal(selectai_ranker_load(&r, path), SELECTAI_OK);
    assert_int_equal(selectai_ranker_score(r, scores, x, NULL, 10), SELECTAI_OK);
    assert_memory_equal(scores, y, sizeof y);
    assert_int_equal(selectai_ranker_probabilities(r, p, x, NULL, 3), SELECTAI_OK);
    double sum = exp((double)y[0] / 0.5) + exp((double)y[1] / 0.5) + exp((double)y[2] / 0.5);
    assert_near((double)p[0], exp((double)y[0] / 0.5) / sum, 1e-6);
    explain(r, "anna", parts, &keep);
    assert_true(isnan(keep));
    for (int i = 0; i < 4; i++)
        assert_true(parts[4 + i] == 0 && parts[12 + i] == 0);
    /* Saved again, in today's format, it says the same. */
    assert_int_equal(selectai_ranker_save(r, other), SELECTAI_OK);
    selectai_ranker_destroy(&r);
    assert_int_equal(selectai_ranker_load(&r, other), SELECTAI_OK);
    float again[3];
    assert_int_equal(selectai_ranker_probabilities(r, again, x, NULL, 3), SELECTAI_OK);
    assert_memory_equal(again, p, sizeof p);
    selectai_ranker_destroy(&r);
    sai_model_destroy(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranker_comes_back_bit_for_bit),     cmocka_unit_test(all_parts_of_a_ranker_come_back),
        cmocka_unit_test(rankers_of_other_shapes_come_back), cmocka_unit_test(cropper_comes_back_bit_for_bit),
        cmocka_unit_test(another_kind_is_refused),           cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(flipped_bytes_never_crash),         cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(impossible_numbers_are_refused),    cmocka_unit_test(files_of_the_first_format_still_load),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
