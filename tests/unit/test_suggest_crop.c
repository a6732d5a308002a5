/*
 * test_suggest_crop.c: suggested crops of croppers that see no embedding, or a second vector of the winner.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/suggest.h>

#include "embed/builtin.h"
#include "learn/crop_loss.h"
#include "learn_fixture.h"

enum { DIM = SAI_BUILTIN_DIM, COLUMN = 3 /* ln of width / height */ };

static char dir[200], paths[2][300];
static selectai_encoder *encoder;
static selectai_ranker *ranker;

static void make_image(const char *path, uint32_t width, uint32_t height)
{
    uint8_t *rgb = malloc((size_t)width * height * 3);
    selectai_image *image = NULL;
    for (size_t i = 0; i < (size_t)width * height * 3; i++)
        rgb[i] = (uint8_t)(i % 251);
    assert_int_equal(selectai_image_create(&image, width, height, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, path, 0), SELECTAI_OK);
    selectai_image_destroy(&image);
    free(rgb);
}

static int setup(void **state)
{
    (void)state;
    static const char *const files[] = {"20250101_100000_stage1_generated.png", "20250101_100010_stage2_upscaled.png"};
    float *w = calloc(DIM + 1, sizeof *w);
    make_temporary(dir);
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", dir, files[i]);
        make_image(paths[i], 64, 48);
    }
    assert_int_equal(selectai_encoder_open(&encoder, "builtin", NULL), SELECTAI_OK);
    struct sai_model *m = linear_model(SAI_KIND_RANKER, DIM, w, selectai_encoder_id(encoder));
    assert_int_equal(sai_ranker_wrap(&ranker, &m), SELECTAI_OK);
    free(w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    selectai_ranker_destroy(&ranker);
    selectai_encoder_close(&encoder);
    remove_temporary(dir);
    return 0;
}

/* One layer, of which only the scale's weight `at` and the biases are not 0: never whole, in the middle, no edges. */
static selectai_cropper *new_cropper(uint32_t dim, const char *encoder_id, const char *layout_id, uint32_t at,
                                     float weight)
{
    const uint32_t widths[] = {dim + (layout_id ? 1 : 0) + 2, SAI_CROP_OUTPUTS};
    struct sai_model *m = NULL;
    selectai_cropper *cropper = NULL;
    float *p = calloc((size_t)(widths[0] + 1) * SAI_CROP_OUTPUTS, sizeof *p), *mean = calloc(widths[0], sizeof *mean);
    float *scale = malloc(widths[0] * sizeof *scale);
    for (uint32_t i = 0; i < widths[0]; i++)
        scale[i] = 1;
    p[at] = weight;
    for (int k = SAI_CROP_EDGES; k < SAI_CROP_OUTPUTS; k++)
        p[(size_t)widths[0] * SAI_CROP_OUTPUTS + (size_t)k] = -20;
    assert_int_equal(sai_model_create(&m, SAI_KIND_CROPPER), SELECTAI_OK);
    m->dim = dim;
    m->form.box = SAI_BOX_CHANCES;
    m->encoder_id = sai_strdup(encoder_id);
    m->head.level[1] = 1;
    if (layout_id) {
        m->head.layout_id = sai_strdup(layout_id);
        m->head.layout_dim = DIM;
        m->head.n_columns = 1;
        m->head.columns = calloc(1, sizeof *m->head.columns);
        m->head.columns[0] = COLUMN;
    }
    assert_int_equal(sai_mlp_create(&m->mlp, widths, 2, SAI_MLP_LINEAR, p), SELECTAI_OK);
    assert_int_equal(sai_standardiser_copy(&m->standardiser, widths[0], mean, scale, 1000), SELECTAI_OK);
    assert_int_equal(sai_cropper_wrap(&cropper, &m), SELECTAI_OK);
    free(p);
    free(mean);
    free(scale);
    return cropper;
}

static int suggest(struct selectai_suggestion *out, selectai_suggestions **s, const selectai_cropper *cropper)
{
    const char *list[] = {paths[0], paths[1]};
    int rc = selectai_suggest_files(s, list, 2, ranker, cropper, encoder, NULL, NULL);
    if (rc == SELECTAI_OK) {
        out->struct_size = sizeof *out;
        assert_int_equal(selectai_suggestions_count(*s), 1);
        assert_int_equal(selectai_suggestions_get(*s, 0, out), SELECTAI_OK);
    }
    return rc;
}

static void sizes_alone_go_with_any_encoder(void **state)
{
    (void)state;
    selectai_cropper *cropper = new_cropper(0, "none", NULL, 1, 2.0f); /* log2 of width / height */
    selectai_suggestions *s = NULL;
    struct selectai_suggestion found;
    assert_int_equal(suggest(&found, &s, cropper), SELECTAI_OK);
    assert_int_equal(found.has_crop, 1);
    double scale = sai_sigmoid(2 * log2(64.0 / 48));
    assert_near(found.crop.x2 - found.crop.x1, scale, 1e-5);
    assert_near(found.crop.x1, (1 - scale) / 2, 1e-5);
    selectai_suggestions_destroy(&s);
    selectai_cropper_destroy(&cropper);
}

static void the_winner_s_second_vector_is_computed(void **state)
{
    (void)state;
    selectai_cropper *cropper = new_cropper(DIM, selectai_encoder_id(encoder), SAI_BUILTIN_ID, DIM, 0.5f);
    selectai_suggestions *s = NULL;
    struct selectai_suggestion found;
    float x[DIM];
    const char *path = paths[1]; /* equal scores: the higher stage */
    assert_int_equal(selectai_encoder_encode_files(x, NULL, encoder, &path, 1, NULL, NULL), SELECTAI_OK);
    assert_int_equal(suggest(&found, &s, cropper), SELECTAI_OK);
    assert_true(found.has_crop == 1 && found.winner == 1);
    double scale = sai_sigmoid(0.5 * (double)x[COLUMN]);
    assert_true(fabs(scale - 0.5) > 0.01); /* it says something */
    assert_near(found.crop.x2 - found.crop.x1, scale, 1e-5);
    selectai_suggestions_destroy(&s);
    selectai_cropper_destroy(&cropper);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    (void)state;
    selectai_cropper *other = new_cropper(DIM, "another-encoder", NULL, 0, 0);
    selectai_cropper *future = new_cropper(DIM, selectai_encoder_id(encoder), "selectai-builtin-99", DIM, 0);
    selectai_suggestions *s = NULL;
    struct selectai_suggestion found;
    assert_int_equal(suggest(&found, &s, other), SELECTAI_ERR_MISMATCH);
    assert_int_equal(suggest(&found, &s, future), SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), "selectai-builtin-99"));
    assert_null(s);
    selectai_cropper_destroy(&other);
    selectai_cropper_destroy(&future);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_alone_go_with_any_encoder),
        cmocka_unit_test(the_winner_s_second_vector_is_computed),
        cmocka_unit_test(what_does_not_belong_together_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
