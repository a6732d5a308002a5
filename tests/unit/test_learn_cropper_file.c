/*
 * test_learn_cropper_file.c: files of croppers that know chances: they come back whole, damaged ones are refused.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/cropper.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "learn/crop_loss.h"
#include "learn_fixture.h"

#define ROOM 100000

static char dir[200], path[300], other[300];

static int setup(void **state)
{
    (void)state;
    make_temporary(dir);
    snprintf(path, sizeof path, "%s/cropper.safetensors", dir);
    snprintf(other, sizeof other, "%s/other.safetensors", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

/* 6 numbers of an embedding, 3 of 9 of a second vector, 2 of the size. */
static struct sai_model *make_model(void)
{
    const uint32_t widths[] = {11, 5, SAI_CROP_OUTPUTS};
    float p[200], mean[11], scale[11];
    struct sai_model *m = NULL;
    struct sai_rng rng;
    sai_rng_seed(&rng, 4);
    for (int i = 0; i < 200; i++)
        p[i] = (float)(sai_rng_uniform(&rng) - 0.5);
    for (int i = 0; i < 11; i++) {
        mean[i] = (float)sai_rng_uniform(&rng);
        scale[i] = 1.0f;
    }
    assert_int_equal(sai_model_create(&m, SAI_KIND_CROPPER), SELECTAI_OK);
    m->dim = 6;
    m->form.box = SAI_BOX_CHANCES;
    assert_int_equal(sai_mlp_create(&m->mlp, widths, 3, SAI_MLP_LINEAR, p), SELECTAI_OK);
    assert_int_equal(sai_standardiser_copy(&m->standardiser, 11, mean, scale, 5), SELECTAI_OK);
    m->encoder_id = sai_strdup("test-encoder-1");
    m->snap = 0.02;
    m->constant = (struct selectai_box){0.125, 0, 0.875, 0.75};
    struct sai_crop_head *h = &m->head;
    h->n_deviations = 4;
    h->deviations = calloc(4, sizeof *h->deviations);
    for (int i = 0; i < 4; i++)
        h->deviations[i] = (struct sai_crop_deviation){{0.1 * i - 0.2, 1.0 / 3 - 0.2 * i, 0.05 * i}, 0.25};
    h->n_sizes = 2;
    h->sizes = calloc(2, sizeof *h->sizes);
    h->sizes[0] = (struct sai_crop_size){832, 1216, {0.1, 0, 1.0 / 3, 1}};
    h->sizes[1] = (struct sai_crop_size){1024, 1024, {0, 0, 1, 1}};
    h->level[0] = -0.25;
    h->level[1] = 0.75;
    h->widen = 0.0625;
    h->layout_id = sai_strdup("layout-encoder-1");
    h->layout_dim = 9;
    h->n_columns = 3;
    h->columns = calloc(3, sizeof *h->columns);
    h->columns[0] = 0;
    h->columns[1] = 4;
    h->columns[2] = 8;
    return m;
}

static void fill(float *x, size_t n)
{
    struct sai_rng rng;
    sai_rng_seed(&rng, 6);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(4 * sai_rng_uniform(&rng) - 2);
}

static void everything_comes_back(void **state)
{
    (void)state;
    struct sai_model *m = make_model();
    selectai_cropper *a = NULL, *b = NULL;
    const uint32_t sizes[] = {832, 1216, 1024, 1024, 1, 1};
    float x[18], layouts[27];
    struct selectai_crop_proposal before[3] = {{.struct_size = sizeof *before}},
                                  after[3] = {{.struct_size = sizeof *after}};
    char *text_a, *text_b;
    fill(x, 18);
    fill(layouts, 27);
    assert_int_equal(sai_cropper_wrap(&a, &m), SELECTAI_OK);
    assert_int_equal(selectai_cropper_save(a, path), SELECTAI_OK);
    assert_int_equal(selectai_cropper_load(&b, path), SELECTAI_OK);
    assert_string_equal(selectai_cropper_layout_id(b), "layout-encoder-1");
    assert_int_equal(selectai_cropper_propose_all(a, before, x, layouts, sizes, 3), SELECTAI_OK);
    assert_int_equal(selectai_cropper_propose_all(b, after, x, layouts, sizes, 3), SELECTAI_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_true(before[0].expected_iou > 0 && before[0].no_crop > 0);
    const struct sai_crop_head *h = &b->model->head;
    assert_memory_equal(h->sizes, a->model->head.sizes, 2 * sizeof *h->sizes);
    assert_true(h->level[0] == -0.25 && h->level[1] == 0.75 && h->widen == 0.0625 && !h->one_box);
    assert_int_equal(selectai_cropper_metadata_json(&text_a, a), SELECTAI_OK);
    assert_int_equal(selectai_cropper_metadata_json(&text_b, b), SELECTAI_OK);
    assert_string_equal(text_a, text_b);
    assert_non_null(strstr(text_a, "\"layout_inputs\":3"));
    selectai_free(text_a);
    selectai_free(text_b);
    /* A caller that was built when the struct was smaller gets the beginning, at its own distances. */
    enum { SHORT = offsetof(struct selectai_crop_proposal, no_crop) };
    unsigned char old[3 * SHORT] = {0};
    const uint32_t size = SHORT;
    memcpy(old, &size, sizeof size);
    assert_int_equal(
        selectai_cropper_propose_all(b, (struct selectai_crop_proposal *)(void *)old, x, layouts, sizes, 3),
        SELECTAI_OK);
    for (int i = 0; i < 3; i++)
        assert_memory_equal(old + i * SHORT + offsetof(struct selectai_crop_proposal, box), &after[i].box,
                            sizeof after[i].box);
    selectai_cropper_destroy(&a);
    selectai_cropper_destroy(&b);
}

/* Loads, and uses what loads. */
static int try_load(const void *bytes, size_t n)
{
    selectai_cropper *c = NULL;
    const uint32_t size[] = {832, 1216};
    write_bytes(other, bytes, n);
    int rc = selectai_cropper_load(&c, other);
    if (rc == SELECTAI_OK && selectai_cropper_dim(c) <= 16 && selectai_cropper_layout_dim(c) <= 99) {
        float x[16], layout[99];
        struct selectai_crop_proposal p = {.struct_size = sizeof p};
        fill(x, 16);
        fill(layout, 99);
        assert_int_equal(selectai_cropper_propose_all(c, &p, x, layout, size, 1), SELECTAI_OK);
        assert_true(isnan(p.box.x1) || (p.box.x1 >= 0 && p.box.x2 <= 1 && p.box.y1 >= 0 && p.box.y2 <= 1));
    }
    selectai_cropper_destroy(&c);
    return rc;
}

static size_t saved(char *bytes)
{
    struct sai_model *m = make_model();
    assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
    sai_model_destroy(&m);
    FILE *f = fopen(path, "rb");
    size_t n = fread(bytes, 1, ROOM, f);
    fclose(f);
    assert_in_range(n, 500, ROOM - 1);
    return n;
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    char *bytes = malloc(ROOM);
    size_t n = saved(bytes), refused = 0, tried = 0;
    struct sai_rng rng;
    sai_rng_seed(&rng, 12);
    assert_int_equal(try_load(bytes, n), SELECTAI_OK);
    for (size_t cut = 0; cut < n; cut += 1 + cut / 40)
        assert_int_equal(try_load(bytes, cut), SELECTAI_ERR_FORMAT);
    for (size_t at = 0; at < n; at++, tried++) {
        char was = bytes[at];
        bytes[at] = (char)sai_rng_next(&rng);
        refused += try_load(bytes, n) != SELECTAI_OK;
        bytes[at] = was;
    }
    assert_true(refused > tried / 3);
    free(bytes);
}

/* Replaces a piece of the file by another of the same length. */
static int with_change(const char *from, size_t from_size, const char *to)
{
    char *bytes = malloc(ROOM), *at = NULL;
    size_t n = saved(bytes);
    for (size_t i = 0; i + from_size <= n && !at; i++)
        if (memcmp(bytes + i, from, from_size) == 0)
            at = bytes + i;
    if (!at)
        fail_msg("%s does not stand in the file", from);
    memcpy(at, to, from_size);
    int rc = try_load(bytes, n);
    free(bytes);
    return rc;
}

static int with_double(double from, double to)
{
    char a[sizeof from], b[sizeof to];
    memcpy(a, &from, sizeof a);
    memcpy(b, &to, sizeof b);
    return with_change(a, sizeof a, b);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int code;
    } cases[] = {
        {"\"linear\"", "\"linaer\"", SELECTAI_ERR_FORMAT},
        {"scale-place-chances", "scale-place-chancez", SELECTAI_ERR_FORMAT},
        {"\"iou_scale\":\"0.75\"", "\"iou_scale\":\"1.75\"", SELECTAI_ERR_FORMAT},
        {"\"iou_shift\"", "\"iou_shaft\"", SELECTAI_ERR_FORMAT},
        {"\"one_box\":\"0\"", "\"one_box\":\"7\"", SELECTAI_ERR_FORMAT},
        {"[0.125,0,0.875,0.75]", "[0.125,0,1.875,0.75]", SELECTAI_ERR_FORMAT},
        {"\"layout_dim\":\"9\"", "\"layout_dim\":\"8\"", SELECTAI_ERR_FORMAT}, /* column 8 is beyond it */
        {"\"layout_encoder_id\"", "\"layout_encoder-id\"", SELECTAI_ERR_FORMAT},
        {"\"layout_columns\"", "\"layout-columns\"", SELECTAI_ERR_FORMAT},
        {"\"11-5-8\"", "\"10-5-8\"", SELECTAI_ERR_FORMAT},
        {"\"dim\":\"6\"", "\"dim\":\"5\"", SELECTAI_ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(strlen(cases[i].from), strlen(cases[i].to));
        int rc = with_change(cases[i].from, strlen(cases[i].from), cases[i].to);
        if (rc != cases[i].code)
            fail_msg("%s -> %s: code %d, message %s", cases[i].from, cases[i].to, rc, selectai_last_error());
        assert_non_null(strstr(selectai_last_error(), other)); /* names the file */
    }
    assert_int_equal(with_double(0.25, 0.5), SELECTAI_ERR_FORMAT);   /* shares: 1.25 */
    assert_int_equal(with_double(0.25, -0.25), SELECTAI_ERR_FORMAT); /* a negative share */
    assert_int_equal(with_double(-0.2, -1.2), SELECTAI_ERR_FORMAT);  /* a deviation larger than the image */
    assert_int_equal(with_double(-0.2, (double)NAN), SELECTAI_ERR_FORMAT);
    assert_int_equal(with_double(1.0 / 3, 4.0 / 3), SELECTAI_ERR_FORMAT);
}

/* What is proposed for all images must be a crop that can be proposed. */
static void one_box_keeps_the_aspect(void **state)
{
    (void)state;
    struct sai_model *m = make_model();
    selectai_cropper *c = NULL;
    m->head.one_box = true;
    assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
    assert_int_equal(selectai_cropper_load(&c, path), SELECTAI_OK);
    assert_true(c->model->head.one_box);
    selectai_cropper_destroy(&c);
    m->constant.y2 = 0.5;
    assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
    assert_int_equal(selectai_cropper_load(&c, path), SELECTAI_ERR_FORMAT);
    m->constant.x1 = NAN;
    assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
    assert_int_equal(selectai_cropper_load(&c, path), SELECTAI_ERR_FORMAT);
    sai_model_destroy(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(one_box_keeps_the_aspect),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
