/*
 * test_learn_recognise.c: rankers that are not told stages: the expected prior, their scores, their files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include "learn/model_ranker.h"
#include "learn/recognise.h"
#include "ranker_file_fixture.h"

enum { DIM = 7, STAGES = 3, IMAGES = 5 };

static void make_prior(struct sai_prior *p)
{
    static const double stages[STAGES] = {1, 1.5, 2}, values[STAGES] = {-0.7, 0.1, 0.6}, own[STAGES] = {0.2, -0.3, 0};
    assert_int_equal(sai_prior_allocate(p, STAGES, 1), SELECTAI_OK);
    memcpy(p->stages, stages, sizeof stages);
    memcpy(p->values, values, sizeof values);
    memcpy(p->project_values, own, sizeof own);
    for (int a = 0; a < STAGES; a++)
        for (int b = 0; b < STAGES; b++)
            p->transitions[a * STAGES + b] = (a - b) * 0.4 + (a == b ? 0 : a < b ? 0.1 : -0.1);
    p->projects[0] = sai_strdup("anna");
}

/* Every way in which a group's stages may be, by how likely it is. */
static void expectation_is_that_over_all_ways(void **state)
{
    (void)state;
    struct sai_prior p = {0};
    float likely[2 + 1][STAGES], out[3], told[3];
    make_prior(&p);
    fill(likely[0], sizeof likely / sizeof(float), 3);
    for (int i = 0; i < 3; i++) {
        float sum = 0;
        for (int a = 0; a < STAGES; a++)
            sum += likely[i][a] = fabsf(likely[i][a]);
        for (int a = 0; a < STAGES; a++)
            likely[i][a] /= sum;
    }
    for (int project = 0; project < 2; project++) {
        double wanted[3] = {0};
        for (int way = 0; way < STAGES * STAGES * STAGES; way++) {
            int at[3] = {way % STAGES, way / STAGES % STAGES, way / STAGES / STAGES};
            double stages[3], chance = 1;
            for (int i = 0; i < 3; i++) {
                stages[i] = p.stages[at[i]];
                chance *= (double)likely[i][at[i]];
            }
            sai_prior_group(told, &p, project ? "anna" : NULL, stages, 3);
            for (int i = 0; i < 3; i++)
                wanted[i] += chance * (double)told[i];
        }
        sai_prior_expected(out, &p, project ? "anna" : NULL, likely[0], 3);
        for (int i = 0; i < 3; i++)
            assert_near((double)out[i], wanted[i], 1e-6);
    }
    sai_prior_free(&p);
}

static void images_that_cannot_be_read_stand_aside(void **state)
{
    (void)state;
    struct sai_prior p = {0};
    float likely[3][STAGES] = {{1, 0, 0}, {NAN, NAN, NAN}, {0, 0, 1}}, out[3], told[3];
    const double stages[3] = {1, NAN, 2};
    make_prior(&p);
    sai_prior_group(told, &p, NULL, stages, 3);
    sai_prior_expected(out, &p, NULL, likely[0], 3);
    for (int i = 0; i < 3; i++)
        assert_near((double)out[i], (double)told[i], 1e-6);
    assert_true(out[1] == 0.0f);
    sai_prior_free(&p);
}

/* kernel_share 0: without a kernel machine. */
static struct sai_model *make_model(double kernel_share)
{
    const uint32_t widths[] = {DIM, 1}, looks[] = {DIM, STAGES};
    float p[DIM + 1], mean[DIM], scale[DIM], r[STAGES * (DIM + 1)], coefficients[2] = {1, -1};
    struct sai_model *m = NULL;
    fill(p, DIM + 1, 1);
    fill(mean, DIM, 2);
    fill(r, STAGES * (DIM + 1), 3);
    uint8_t centres[2 * 64];
    memset(centres, 90, sizeof centres);
    memset(centres, 140, 3);
    for (int i = 0; i < DIM; i++)
        scale[i] = 1.25f;
    assert_int_equal(sai_model_create(&m, SAI_KIND_RANKER), SELECTAI_OK);
    m->dim = DIM;
    m->encoder_id = sai_strdup("test-encoder-1");
    m->blend.prior_weight = 0.8;
    m->blend.kernel_share = kernel_share;
    make_prior(&m->prior);
    assert_int_equal(sai_mlp_create(&m->mlp, widths, 2, SAI_MLP_LINEAR, p), SELECTAI_OK);
    assert_int_equal(sai_mlp_create(&m->recogniser, looks, 2, SAI_MLP_LINEAR, r), SELECTAI_OK);
    assert_int_equal(sai_standardiser_copy(&m->standardiser, DIM, mean, scale, 5), SELECTAI_OK);
    if (kernel_share > 0)
        assert_int_equal(sai_kernel_create(&m->kernel, centres, coefficients, 2, DIM), SELECTAI_OK);
    assert_int_equal(sai_model_set_seen(m, NULL, 0), SELECTAI_OK);
    return m;
}

/* Softmax of the recogniser's outputs, in double. */
static void naive_looks(float out[IMAGES][STAGES], const struct sai_model *m, const float *x)
{
    for (int i = 0; i < IMAGES; i++) {
        double y[STAGES], sum = 0;
        for (int a = 0; a < STAGES; a++) {
            y[a] = (double)m->recogniser->parameters[STAGES * DIM + a];
            for (int k = 0; k < DIM; k++)
                y[a] += (double)m->recogniser->parameters[a * DIM + k] *
                        ((double)x[i * DIM + k] - (double)m->standardiser.mean[k]) * 1.25;
            sum += exp(y[a]);
        }
        for (int a = 0; a < STAGES; a++)
            out[i][a] = (float)(exp(y[a]) / sum);
    }
}

static void stages_that_are_told_do_not_count(void **state)
{
    (void)state;
    struct selectai_ranker *r = NULL;
    struct sai_model *m = make_model(0);
    float x[IMAGES * DIM], looks[IMAGES][STAGES], wanted[IMAGES], prior[2][IMAGES], score[2][IMAGES], single[IMAGES];
    const double stages[IMAGES] = {2, 1, 2, NAN, 7};
    fill(x, IMAGES * DIM, 9);
    naive_looks(looks, m, x);
    sai_prior_expected(wanted, &m->prior, "anna", looks[0], IMAGES);
    assert_int_equal(sai_ranker_wrap(&r, &m), SELECTAI_OK);
    for (int k = 0; k < 2; k++)
        assert_int_equal(selectai_ranker_score_group(r, score[k], prior[k], NULL, NULL, NULL, NULL, "anna", x,
                                                     k ? stages : NULL, IMAGES),
                         SELECTAI_OK);
    assert_memory_equal(prior[0], prior[1], sizeof prior[0]);
    assert_memory_equal(score[0], score[1], sizeof score[0]);
    for (int i = 0; i < IMAGES; i++)
        assert_near((double)prior[0][i], 0.8 * (double)wanted[i], 1e-5);
    /* Rows of unlike groups: each as if it were alone. */
    assert_int_equal(selectai_ranker_score(r, single, x, stages, IMAGES), SELECTAI_OK);
    for (int i = 0; i < IMAGES; i++) {
        float one;
        assert_int_equal(selectai_ranker_score_group(r, &one, NULL, NULL, NULL, NULL, NULL, NULL, x + i * DIM, NULL, 1),
                         SELECTAI_OK);
        assert_near((double)single[i], (double)one, 1e-6);
    }
    selectai_ranker_destroy(&r);
}

static void rankers_come_back(void **state)
{
    (void)state;
    for (int kernel = 0; kernel < 2; kernel++) {
        struct sai_model *m = make_model(kernel * 0.5), *back = NULL;
        float x[IMAGES * DIM], part[2][3][IMAGES];
        char *text = NULL;
        fill(x, IMAGES * DIM, 13);
        assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
        assert_int_equal(sai_model_load(&back, path, SAI_KIND_RANKER), SELECTAI_OK);
        assert_non_null(back->recogniser);
        assert_int_equal(back->kernel != NULL, kernel);
        for (int k = 0; k < 2; k++) {
            struct sai_group_parts parts = {part[k][0], part[k][1], part[k][2], NAN, NULL};
            assert_int_equal(sai_ranker_parts(&parts, k ? back : m, NULL, x, NULL, IMAGES), SELECTAI_OK);
        }
        assert_memory_equal(part[0], part[1], sizeof part[0]);
        assert_int_equal(sai_model_metadata_json(&text, back), SELECTAI_OK);
        assert_non_null(strstr(text, "\"stages\":\"recognised\""));
        selectai_free(text);
        sai_model_destroy(&m);
        sai_model_destroy(&back);
    }
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"\"recogniser\":\"7-3\"", "\"recogniser\":\"7-2\""},
        {"\"recogniser\":\"7-3\"", "\"recogniser\":\"3-7\""},
        {"\"recogniser\"", "\"recognizer\""},
        {"recogniser.layers.0.weight", "recogniser.layers.1.weight"},
        {"[3,7]", "[7,3]"},
        {"\"prior.stages\"", "\"prior.stagez\""},
        {"\"format_version\":\"4\"", "\"format_version\":\"2\""},
        {"\"format_version\":\"4\"", "\"format_version\":\"3\""},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        for (int kernel = 0; kernel < 2; kernel++) {
            if (load_changed(make_model(kernel * 0.5), changes[i][0], changes[i][1]) != SELECTAI_ERR_FORMAT)
                fail_msg("%s -> %s: is not refused", changes[i][0], changes[i][1]);
        }
    assert_int_equal(load_changed(make_model(0.5), "\"kernel_share\"", "\"kernel-share\""), SELECTAI_ERR_FORMAT);
    assert_int_equal(load_changed(make_model(0.5), "kernel.centres", "kernel.centers"), SELECTAI_ERR_FORMAT);
}

static void flipped_bytes_never_crash(void **state)
{
    (void)state;
    flip_bytes(make_model(0.5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expectation_is_that_over_all_ways), cmocka_unit_test(images_that_cannot_be_read_stand_aside),
        cmocka_unit_test(stages_that_are_told_do_not_count), cmocka_unit_test(rankers_come_back),
        cmocka_unit_test(contradictions_are_refused),        cmocka_unit_test(flipped_bytes_never_crash),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
