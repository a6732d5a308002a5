/*
 * test_learn_kernel.c: kernel machines: likeness, scores, the optimum they are fitted to, their files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include "learn/kernel_fit.h"
#include "learn/model_ranker.h"
#include "ranker_file_fixture.h"

enum { DIM = 19, IMAGES = 24, ITEMS = 20, PARTS = 4 };

/* To steps of 0.04, as a machine sees its inputs. */
static double rounded(float x)
{
    return (floor((double)x * 25 + 128.5) - 128) / 25;
}

static double naive_likeness(const float *x, const float *y, size_t dim)
{
    double sum = 0;
    for (size_t k = 0; k < dim; k++)
        sum += fabs(rounded(x[k]) - rounded(y[k]));
    return exp(-sum / (3.0 * (double)dim));
}

/* Rows of so many numbers, one after another, as bytes. */
static void round_rows(uint8_t *q, const float *x, size_t n, uint32_t dim)
{
    for (size_t i = 0; i < n; i++)
        sai_kernel_round(q + i * sai_kernel_width(dim), x + i * dim, dim);
}

static void likeness_is_that_of_the_formula(void **state)
{
    (void)state;
    float x[2 * 67];
    uint8_t q[2 * 128];
    fill(x, 2 * 67, 1);
    for (uint32_t dim = 1; dim <= 67; dim++) {
        uint32_t width = sai_kernel_width(dim), between, own;
        round_rows(q, x, 2, dim);
        sai_kernel_distances(&between, q, 1, q + width, width);
        sai_kernel_distances(&own, q, 1, q, width);
        assert_near(sai_kernel_likeness(between, dim), naive_likeness(x, x + dim, dim), 1e-9);
        assert_true(sai_kernel_likeness(own, dim) == 1.0);
    }
}

static void rounding_is_to_the_nearest_step(void **state)
{
    (void)state;
    const float x[6] = {0, 0.019f, 0.021f, -0.061f, 100, -100};
    const uint8_t wanted[6] = {128, 128, 129, 126, 255, 0};
    uint8_t q[64];
    sai_kernel_round(q, x, 6);
    assert_memory_equal(q, wanted, 6);
    for (int i = 6; i < 64; i++)
        assert_int_equal(q[i], 0);
}

static void every_processor_finds_the_same_distances(void **state)
{
    (void)state;
    enum { WIDTH = 192, ROWS = 11 };
    uint8_t rows[ROWS * WIDTH], y[WIDTH];
    struct sai_rng rng;
    int tried = 0;
    sai_rng_seed(&rng, 17);
    for (int i = 0; i < ROWS * WIDTH; i++)
        rows[i] = (uint8_t)sai_rng_next(&rng);
    for (int i = 0; i < WIDTH; i++)
        y[i] = (uint8_t)(i % 3 ? sai_rng_next(&rng) : 255);
    for (unsigned v = 0; v < SAI_KERNEL_VARIANTS; v++)
        for (uint32_t width = 64; width <= WIDTH && sai_kernel_distances_variant(v); width += 64) {
            uint32_t out[ROWS + 1] = {[ROWS] = 77};
            sai_kernel_distances_variant(v)(out, rows, ROWS, y, width);
            for (int r = 0; r < ROWS; r++) {
                uint32_t wanted = 0;
                for (uint32_t k = 0; k < width; k++)
                    wanted += (uint32_t)abs(rows[(uint32_t)r * width + k] - y[k]);
                assert_int_equal(out[r], wanted);
            }
            assert_int_equal(out[ROWS], 77);
            tried++;
        }
    assert_true(tried >= 3);
}

static void scores_are_sums_over_centres(void **state)
{
    (void)state;
    float centres[5][DIM], coefficients[5] = {0.5f, -1, 2, 0.25f, 0}, x[4][DIM], y[4], mean[DIM], scale[DIM];
    struct sai_standardiser s = {0};
    struct sai_kernel *k = NULL;
    uint8_t stored[5 * 64];
    fill(centres[0], sizeof centres / sizeof(float), 2);
    fill(x[0], sizeof x / sizeof(float), 3);
    fill(mean, DIM, 4);
    for (int i = 0; i < DIM; i++)
        scale[i] = 1.5f;
    x[2][5] = NAN;
    x[3][1] = 1000; /* is cut */
    assert_int_equal(sai_standardiser_copy(&s, DIM, mean, scale, 2), SELECTAI_OK);
    round_rows(stored, centres[0], 5, DIM);
    stored[64 + DIM] = 200; /* beyond the numbers: nothing */
    assert_int_equal(sai_kernel_create(&k, stored, coefficients, 5, DIM), SELECTAI_OK);
    assert_int_equal(sai_kernel_forward(k, &s, y, x[0], 4), SELECTAI_OK);
    for (int i = 0; i < 4; i++) {
        double wanted = 0;
        float row[DIM];
        for (int j = 0; j < DIM; j++)
            row[j] = fminf(2, fmaxf(-2, (x[i][j] - mean[j]) * 1.5f));
        for (int c = 0; c < 5; c++)
            wanted += (double)coefficients[c] * naive_likeness(row, centres[c], DIM);
        if (i == 2)
            assert_true(isnan(y[i]));
        else
            assert_near((double)y[i], wanted, 1e-5);
    }
    sai_kernel_destroy(&k);
    sai_standardiser_free(&s);
}

/* Decisions between two or three of IMAGES images, which therefore stand in several of them; what wins hangs on how
 * near an image is to a place. */
struct fixture {
    float image[IMAGES][DIM];
    float x[ITEMS * 3 * DIM], offset[ITEMS * 3], weight[ITEMS * 3];
    uint32_t which[ITEMS * 3], starts[ITEMS + 1], rows[ITEMS * 3];
    uint8_t part[ITEMS];
    struct sai_samples s;
};

static double worth(const float *x)
{
    float place[DIM] = {0};
    return naive_likeness(x, place, DIM) + 0.1 * (double)x[0];
}

static void build(struct fixture *f, bool distinct)
{
    struct sai_rng rng;
    uint32_t at = 0;
    *f = (struct fixture){0};
    fill(f->image[0], sizeof f->image / sizeof(float), 7);
    sai_rng_seed(&rng, 8);
    for (int i = 0; i < ITEMS; i++) {
        uint32_t n = 2 + (uint32_t)(i % 2), first = at, best = at;
        for (uint32_t j = 0; j < n; j++, at++) {
            f->which[at] = (uint32_t)(distinct ? at % IMAGES : sai_rng_next(&rng) % IMAGES);
            best = worth(f->image[f->which[at]]) > worth(f->image[f->which[best]]) ? at : best;
            f->offset[at] = (float)(sai_rng_uniform(&rng) - 0.5);
            f->weight[at] = 1;
            f->rows[at] = at;
        }
        uint32_t winner = f->which[best];
        f->which[best] = f->which[first];
        f->which[first] = winner;
        f->starts[i + 1] = at;
        f->part[i] = (uint8_t)(i % PARTS);
    }
    for (uint32_t i = 0; i < at; i++)
        memcpy(f->x + (size_t)i * DIM, f->image[f->which[i]], sizeof f->image[0]);
    f->s = (struct sai_samples){.x = f->x,
                                .dim = DIM,
                                .starts = f->starts,
                                .rows = f->rows,
                                .offset = f->offset,
                                .weight = f->weight,
                                .n_items = ITEMS,
                                .n_train = ITEMS,
                                .n_rows = at};
}

/* The numbers that a machine's centre stands for. */
static void centre_of(float out[DIM], const struct sai_kernel *k, uint32_t i)
{
    for (uint32_t j = 0; j < DIM; j++)
        out[j] = (float)((k->centres[i * k->width + j] - 128) / 25.0);
}

/* Mean loss and half the squared norm of scores that the coefficients give, in double precision from the formulas. */
static double objective(const struct fixture *f, const struct sai_kernel *k, const double *a, double decay)
{
    double sum = 0, norm = 0;
    float centre[IMAGES][DIM];
    for (uint32_t i = 0; i < k->n; i++)
        centre_of(centre[i], k, i);
    for (uint32_t i = 0; i < k->n; i++)
        for (uint32_t j = 0; j < k->n; j++)
            norm += a[i] * a[j] * (naive_likeness(centre[i], centre[j], DIM) + (i == j ? 1e-4 : 0));
    for (int i = 0; i < ITEMS; i++) {
        double score[3], total = 0;
        uint32_t n = f->starts[i + 1] - f->starts[i];
        for (uint32_t j = 0; j < n; j++) {
            const float *x = f->x + (size_t)(f->starts[i] + j) * DIM;
            score[j] = (double)f->offset[f->starts[i] + j];
            for (uint32_t c = 0; c < k->n; c++) {
                double likeness = naive_likeness(x, centre[c], DIM);
                score[j] += a[c] * (likeness + (likeness > 1 - 1e-12 ? 1e-4 : 0));
            }
            total += exp(score[j]);
        }
        sum -= score[0] - log(total);
    }
    return sum / ITEMS + decay / 2 * norm;
}

/* Convex: where no direction leads down, there is the optimum. Which decay was chosen is not told, so one of them must
 * fit. */
static void coefficients_are_the_optimum(void **state)
{
    (void)state;
    static const double decays[] = {3e-4, 1e-4, 3e-5, 1e-5};
    struct fixture f;
    struct sai_kernel *k = NULL;
    build(&f, false);
    assert_int_equal(sai_kernel_fit(&k, &f.s, SELECTAI_LOSS_PLACKETT_LUCE, f.part, PARTS), SELECTAI_OK);
    double least = INFINITY, a[IMAGES];
    for (uint32_t i = 0; i < k->n; i++)
        a[i] = (double)k->coefficients[i];
    for (size_t d = 0; d < sizeof decays / sizeof decays[0]; d++) {
        double most = 0;
        for (uint32_t i = 0; i < k->n; i++) {
            double was = a[i], side[2];
            for (int s = 0; s < 2; s++) {
                a[i] = was + (s ? 1e-3 : -1e-3);
                side[s] = objective(&f, k, a, decays[d]);
            }
            a[i] = was;
            most = fmax(most, fabs(side[1] - side[0]) / 2e-3);
        }
        least = fmin(least, most);
    }
    assert_true(least < 5e-5); /* float32 factors; any other decay leaves 9e-4 at least */
    sai_kernel_destroy(&k);
}

static void an_image_of_many_decisions_is_one_centre(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_kernel *k = NULL;
    bool used[IMAGES] = {false};
    uint32_t n = 0;
    build(&f, false);
    for (size_t i = 0; i < f.s.n_rows; i++) {
        n += !used[f.which[i]];
        used[f.which[i]] = true;
    }
    assert_int_equal(sai_kernel_fit(&k, &f.s, SELECTAI_LOSS_BRADLEY_TERRY, f.part, PARTS), SELECTAI_OK);
    assert_int_equal(k->n, n);
    assert_true(n < f.s.n_rows);
    sai_kernel_destroy(&k);
}

static void most_decisions_come_out_right(void **state)
{
    (void)state;
    struct fixture f;
    struct sai_kernel *k = NULL;
    float one[DIM], y[ITEMS * 3];
    struct sai_standardiser s = {0};
    int right = 0;
    build(&f, true);
    for (int i = 0; i < DIM; i++)
        one[i] = 1;
    assert_int_equal(sai_standardiser_copy(&s, DIM, (float[DIM]){0}, one, 5), SELECTAI_OK);
    assert_int_equal(sai_kernel_fit(&k, &f.s, SELECTAI_LOSS_MARGIN, f.part, PARTS), SELECTAI_OK);
    assert_int_equal(sai_kernel_forward(k, &s, y, f.x, f.s.n_rows), SELECTAI_OK);
    for (int i = 0; i < ITEMS; i++) {
        bool first = true;
        for (uint32_t j = f.starts[i] + 1; j < f.starts[i + 1]; j++)
            first = first && y[f.starts[i]] + f.offset[f.starts[i]] > y[j] + f.offset[j];
        right += first;
    }
    assert_true(right >= ITEMS - 2);
    sai_kernel_destroy(&k);
    sai_standardiser_free(&s);
}

static void too_many_images_make_none(void **state)
{
    (void)state;
    enum { MANY = SAI_KERNEL_MAX + 2 };
    static float x[MANY], offset[MANY], weight[MANY];
    static uint32_t rows[MANY], starts[MANY / 2 + 1];
    static uint8_t part[MANY / 2];
    struct sai_samples s = {.x = x, .dim = 1, .starts = starts, .rows = rows, .offset = offset, .weight = weight};
    struct sai_kernel *k = NULL;
    s.n_items = s.n_train = MANY / 2;
    s.n_rows = MANY;
    for (uint32_t i = 0; i < MANY; i++) {
        x[i] = (float)i;
        rows[i] = i;
        starts[(i + 2) / 2] = i + 1;
    }
    assert_int_equal(sai_kernel_fit(&k, &s, SELECTAI_LOSS_PLACKETT_LUCE, part, 1), SELECTAI_OK);
    assert_null(k);
}

static struct sai_model *make_model(double share)
{
    const uint32_t widths[] = {DIM, 1};
    float centres[3][DIM], coefficients[3] = {1, -2, 0.5f}, p[DIM + 1], scale[DIM];
    struct sai_model *m = NULL;
    uint8_t stored[3 * 64];
    fill(centres[0], sizeof centres / sizeof(float), 11);
    fill(p, DIM + 1, 12);
    for (int i = 0; i < DIM; i++)
        scale[i] = 1;
    assert_int_equal(sai_model_create(&m, SAI_KIND_RANKER), SELECTAI_OK);
    m->dim = DIM;
    m->encoder_id = sai_strdup("test-encoder-1");
    m->blend.kernel_share = share;
    assert_int_equal(sai_mlp_create(&m->mlp, widths, 2, SAI_MLP_LINEAR, p), SELECTAI_OK);
    assert_int_equal(sai_standardiser_copy(&m->standardiser, DIM, p, scale, 5), SELECTAI_OK);
    round_rows(stored, centres[0], 3, DIM);
    assert_int_equal(sai_kernel_create(&m->kernel, stored, coefficients, 3, DIM), SELECTAI_OK);
    assert_int_equal(sai_model_set_seen(m, NULL, 0), SELECTAI_OK);
    return m;
}

static void rankers_come_back(void **state)
{
    (void)state;
    for (int k = 0; k <= 4; k++) {
        struct sai_model *m = make_model(k / 4.0), *back = NULL;
        float x[6 * DIM], network[6], kernel[6], image[2][6], spread[6];
        double share = k / 4.0;
        fill(x, 6 * DIM, 13);
        assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
        assert_int_equal(sai_model_load(&back, path, SAI_KIND_RANKER), SELECTAI_OK);
        assert_true(sai_ranker_has_kernel(back) == (k > 0));
        assert_int_equal(sai_ranker_image(image[0], spread, m, x, 6), SELECTAI_OK);
        assert_int_equal(sai_ranker_image(image[1], NULL, back, x, 6), SELECTAI_OK);
        assert_memory_equal(image[0], image[1], sizeof image[0]);
        assert_int_equal(sai_mlp_forward(m->mlp, &m->standardiser, network, x, 6), SELECTAI_OK);
        assert_int_equal(sai_kernel_forward(m->kernel, &m->standardiser, kernel, x, 6), SELECTAI_OK);
        for (int i = 0; i < 6; i++) {
            double a = (double)network[i], b = (double)kernel[i];
            assert_near((double)image[0][i], a + share * (b - a), 1e-5);
            assert_near((double)spread[i], sqrt(share * (1 - share)) * fabs(a - b), 1e-5);
        }
        sai_model_destroy(&m);
        sai_model_destroy(&back);
    }
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"\"kernel_share\":\"0.5\"", "\"kernel_share\":\"1.5\""},
        {"\"kernel_share\":\"0.5\"", "\"kernel_share\":\"nan\""},
        {"\"kernel_share\":\"0.5\"", "\"kernel-share\":\"0.5\""},
        {"kernel.centres", "kernel.centers"},
        {"kernel.coefficients", "kernel.coefficiants"},
        {"[3,64]", "[64,3]"},
        {"[3,64]", "[6,32]"},
        {"\"format_version\":\"3\"", "\"format_version\":\"2\""},
        {"\"format_version\":\"3\"", "\"format_version\":\"4\""},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (load_changed(make_model(0.5), changes[i][0], changes[i][1]) != SELECTAI_ERR_FORMAT)
            fail_msg("%s -> %s: is not refused", changes[i][0], changes[i][1]);
    assert_int_equal(load_changed(make_model(0.5), "\"format_version\":\"3\"", "\"format_version\":\"5\""),
                     SELECTAI_ERR_UNSUPPORTED);
}

static void flipped_bytes_never_crash(void **state)
{
    (void)state;
    flip_bytes(make_model(0.5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likeness_is_that_of_the_formula),
        cmocka_unit_test(rounding_is_to_the_nearest_step),
        cmocka_unit_test(every_processor_finds_the_same_distances),
        cmocka_unit_test(scores_are_sums_over_centres),
        cmocka_unit_test(coefficients_are_the_optimum),
        cmocka_unit_test(an_image_of_many_decisions_is_one_centre),
        cmocka_unit_test(most_decisions_come_out_right),
        cmocka_unit_test(too_many_images_make_none),
        cmocka_unit_test(rankers_come_back),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(flipped_bytes_never_crash),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
