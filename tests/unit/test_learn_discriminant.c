/*
 * test_learn_discriminant.c: linear discriminant analysis against its formulas, and what it says of rows unseen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/rng.h"
#include "learn/discriminant.h"
#include "learn_fixture.h"

enum { DIM = 4, CLASSES = 3, ROWS = 240, PARTS = 4, WIDE = 60, FEW = 48 };

static double normal(struct sai_rng *rng)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += sai_rng_uniform(rng);
    return sum;
}

/* Rows around the means of their classes, with columns that go together. */
struct fixture {
    float x[ROWS][DIM], unseen[ROWS][CLASSES];
    uint32_t label[ROWS];
    uint8_t part[ROWS];
    struct sai_classified rows;
};

static void build(struct fixture *f)
{
    static const double middle[CLASSES][DIM] = {{0, 0, 0, 0}, {1.5, 0, -1, 0}, {0, 2, 0, 0.5}};
    struct sai_rng rng;
    sai_rng_seed(&rng, 5);
    for (int i = 0; i < ROWS; i++) {
        double common = normal(&rng);
        f->label[i] = (uint32_t)(i * i % 7 % CLASSES);
        f->part[i] = (uint8_t)(i / 10 % PARTS);
        for (int k = 0; k < DIM; k++)
            f->x[i][k] = (float)(middle[f->label[i]][k] + 0.6 * common + (k + 1) * 0.3 * normal(&rng));
    }
    f->rows = (struct sai_classified){f->x[0], DIM, ROWS, f->label, CLASSES, f->part, PARTS};
}

/* a becomes its inverse, b is lost: Gauss and Jordan. */
static void invert(double a[DIM][DIM], double b[DIM][DIM])
{
    for (int i = 0; i < DIM; i++)
        for (int k = 0; k < DIM; k++)
            b[i][k] = i == k;
    for (int i = 0; i < DIM; i++) {
        double pivot = a[i][i];
        for (int k = 0; k < DIM; k++) {
            a[i][k] /= pivot;
            b[i][k] /= pivot;
        }
        for (int r = 0; r < DIM; r++) {
            double factor = a[r][i];
            for (int k = 0; k < DIM && r != i; k++) {
                a[r][k] -= factor * a[i][k];
                b[r][k] -= factor * b[i][k];
            }
        }
    }
    memcpy(a, b, DIM * DIM * sizeof(double));
}

/* ln frequency - squared Mahalanobis distance / 2, of all rows, with the covariance drawn towards the identity. */
static void naive(double score[ROWS][CLASSES], const struct fixture *f, double shrinkage)
{
    double mean[CLASSES][DIM] = {{0}}, n[CLASSES] = {0}, c[DIM][DIM] = {{0}}, room[DIM][DIM], trace = 0;
    for (int i = 0; i < ROWS; i++) {
        n[f->label[i]]++;
        for (int k = 0; k < DIM; k++)
            mean[f->label[i]][k] += (double)f->x[i][k];
    }
    for (int g = 0; g < CLASSES; g++)
        for (int k = 0; k < DIM; k++)
            mean[g][k] /= n[g];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < DIM; j++)
            for (int k = 0; k < DIM; k++)
                c[j][k] += ((double)f->x[i][j] - mean[f->label[i]][j]) * ((double)f->x[i][k] - mean[f->label[i]][k]) /
                           ROWS;
    for (int k = 0; k < DIM; k++)
        trace += c[k][k];
    for (int k = 0; k < DIM; k++)
        c[k][k] += shrinkage * trace / DIM;
    invert(c, room);
    for (int i = 0; i < ROWS; i++)
        for (int g = 0; g < CLASSES; g++) {
            double d = 0;
            for (int j = 0; j < DIM; j++)
                for (int k = 0; k < DIM; k++)
                    d += ((double)f->x[i][j] - mean[g][j]) * c[j][k] * ((double)f->x[i][k] - mean[g][k]);
            score[i][g] = log((n[g] + 1) / (ROWS + CLASSES)) - d / 2;
        }
}

/* The greatest difference between what the network says and a multiple of the naive scores. */
static double misfit(const float y[ROWS][CLASSES], const double score[ROWS][CLASSES])
{
    double yy = 0, ys = 0, worst = 0;
    for (int i = 0; i < ROWS; i++)
        for (int g = 1; g < CLASSES; g++) {
            ys += (double)(y[i][g] - y[i][0]) * (score[i][g] - score[i][0]);
            yy += (score[i][g] - score[i][0]) * (score[i][g] - score[i][0]);
        }
    for (int i = 0; i < ROWS; i++)
        for (int g = 1; g < CLASSES; g++)
            worst = fmax(worst, fabs((double)(y[i][g] - y[i][0]) - ys / yy * (score[i][g] - score[i][0])));
    return worst;
}

static void scores_are_those_of_the_formula(void **state)
{
    (void)state;
    static struct fixture f;
    static float y[ROWS][CLASSES];
    static double score[ROWS][CLASSES];
    struct sai_mlp *d = NULL;
    int right = 0, fitting = 0;
    build(&f);
    assert_int_equal(sai_discriminant_fit(&d, f.unseen[0], &f.rows), SELECTAI_OK);
    assert_int_equal(sai_mlp_forward(d, NULL, y[0], f.x[0], ROWS), SELECTAI_OK);
    for (int s = 0; s < 3; s++) {
        naive(score, &f, (double[]){0.1, 0.03, 0.01}[s]);
        fitting += misfit((const float(*)[CLASSES])y, (const double(*)[CLASSES])score) < 1e-4;
    }
    assert_int_equal(fitting, 1); /* of the three that are tried */
    for (int i = 0; i < ROWS; i++) {
        int best = 0;
        for (int g = 1; g < CLASSES; g++)
            best = y[i][g] > y[i][best] ? g : best;
        right += best == (int)f.label[i];
    }
    assert_true(right > ROWS * 3 / 4);
    sai_mlp_destroy(&d);
}

/* Mean of -ln of what was said of the rows' classes. */
static double loss_of(const float *p, const uint32_t *label, size_t n, uint32_t n_classes)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum -= log(fmax(1e-12, (double)p[i * n_classes + label[i]])) / (double)n;
    return sum;
}

static void unseen_rows_are_told_with_honest_doubt(void **state)
{
    (void)state;
    static struct fixture f;
    struct sai_mlp *d = NULL;
    double sure = 0, right = 0;
    build(&f);
    assert_int_equal(sai_discriminant_fit(&d, f.unseen[0], &f.rows), SELECTAI_OK);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        int best = 0;
        for (int g = 0; g < CLASSES; g++) {
            sum += (double)f.unseen[i][g];
            best = f.unseen[i][g] > f.unseen[i][best] ? g : best;
        }
        assert_near(sum, 1, 1e-5);
        sure += (double)f.unseen[i][best] / ROWS;
        right += (best == (int)f.label[i]) / (double)ROWS;
    }
    assert_true(loss_of(f.unseen[0], f.label, ROWS, CLASSES) < 0.7); /* knowing nothing: 1.1 */
    assert_near(sure, right, 0.05);
    sai_mlp_destroy(&d);
}

/* With more columns than rows, every labelling can be learned by heart. Nothing may come of it. */
static void labels_by_chance_are_not_believed(void **state)
{
    (void)state;
    static float x[FEW][WIDE], unseen[FEW][CLASSES], p[FEW][CLASSES];
    uint32_t label[FEW];
    uint8_t part[FEW];
    struct sai_rng rng;
    struct sai_mlp *d = NULL;
    sai_rng_seed(&rng, 8);
    for (int i = 0; i < FEW; i++) {
        label[i] = (uint32_t)sai_rng_below(&rng, CLASSES);
        part[i] = (uint8_t)(i % PARTS);
        for (int k = 0; k < WIDE; k++)
            x[i][k] = (float)normal(&rng);
    }
    const struct sai_classified rows = {x[0], WIDE, FEW, label, CLASSES, part, PARTS};
    assert_int_equal(sai_discriminant_fit(&d, unseen[0], &rows), SELECTAI_OK);
    assert_true(loss_of(unseen[0], label, FEW, CLASSES) > 1.0);
    assert_true(loss_of(unseen[0], label, FEW, CLASSES) < log(CLASSES) + 1e-6);
    assert_int_equal(sai_discriminant_run(p[0], d, NULL, x[0], FEW), SELECTAI_OK);
    assert_true(loss_of(p[0], label, FEW, CLASSES) > 0.5); /* of rows that it has seen; by heart: 0 */
    sai_mlp_destroy(&d);
}

static void rows_of_no_known_class_teach_nothing(void **state)
{
    (void)state;
    static struct fixture f, g;
    struct sai_mlp *d[2] = {NULL, NULL};
    build(&f);
    g = f;
    for (int i = 0; i < ROWS; i++)
        if (i % 5 == 0)
            f.label[i] = CLASSES + (uint32_t)i; /* not known */
    size_t n = 0;
    for (int i = 0; i < ROWS; i++)
        if (i % 5) {
            memcpy(g.x[n], f.x[i], sizeof f.x[i]);
            g.label[n] = f.label[i];
            g.part[n++] = f.part[i];
        }
    f.rows = (struct sai_classified){f.x[0], DIM, ROWS, f.label, CLASSES, f.part, PARTS};
    g.rows = (struct sai_classified){g.x[0], DIM, n, g.label, CLASSES, g.part, PARTS};
    assert_int_equal(sai_discriminant_fit(&d[0], f.unseen[0], &f.rows), SELECTAI_OK);
    assert_int_equal(sai_discriminant_fit(&d[1], g.unseen[0], &g.rows), SELECTAI_OK);
    assert_int_equal(d[0]->n_parameters, d[1]->n_parameters);
    assert_memory_equal(d[0]->parameters, d[1]->parameters, d[0]->n_parameters * sizeof(float));
    assert_memory_equal(f.unseen[1], g.unseen[0], sizeof f.unseen[1]);
    sai_mlp_destroy(&d[0]);
    sai_mlp_destroy(&d[1]);
}

static void little_and_odd_rows_give_probabilities(void **state)
{
    (void)state;
    static struct fixture f;
    for (int odd = 0; odd < 5; odd++) {
        float p[ROWS][CLASSES];
        struct sai_mlp *d = NULL;
        build(&f);
        for (int i = 0; i < ROWS && odd == 0; i++) /* all alike */
            memset(f.x[i], 0, sizeof f.x[i]);
        for (int i = 0; i < ROWS && odd == 1; i++) /* one class is in one part alone */
            f.label[i] = f.part[i] == 0 ? 2 : (uint32_t)(i % 2);
        for (int i = 0; i < ROWS && odd == 2; i++) /* all rows belong together */
            f.part[i] = 1;
        for (int i = 0; i < ROWS && odd == 3; i++) /* nothing is known */
            f.label[i] = UINT32_MAX;
        f.rows.n = odd == 4 ? 1 : ROWS;
        assert_int_equal(sai_discriminant_fit(&d, f.unseen[0], &f.rows), SELECTAI_OK);
        assert_int_equal(sai_discriminant_run(p[0], d, NULL, f.x[0], f.rows.n), SELECTAI_OK);
        for (size_t i = 0; i < f.rows.n; i++)
            for (int s = 0; s < 2; s++) {
                const float *q = s ? p[i] : f.unseen[i];
                assert_near((double)(q[0] + q[1] + q[2]), 1, 1e-5);
                assert_true(q[0] >= 0 && q[1] >= 0 && q[2] >= 0);
                if (odd == 2) /* nobody else says anything */
                    assert_near((double)f.unseen[i][0], 1.0 / CLASSES, 1e-6);
            }
        sai_mlp_destroy(&d);
    }
}

static void rows_that_cannot_be_read_are_nan(void **state)
{
    (void)state;
    static struct fixture f;
    float p[3][CLASSES];
    struct sai_mlp *d = NULL;
    build(&f);
    assert_int_equal(sai_discriminant_fit(&d, f.unseen[0], &f.rows), SELECTAI_OK);
    f.x[1][2] = INFINITY;
    assert_int_equal(sai_discriminant_run(p[0], d, NULL, f.x[0], 3), SELECTAI_OK);
    for (int g = 0; g < CLASSES; g++)
        assert_true(!isnan(p[0][g]) && isnan(p[1][g]) && !isnan(p[2][g]));
    sai_mlp_destroy(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_formula),
        cmocka_unit_test(unseen_rows_are_told_with_honest_doubt),
        cmocka_unit_test(labels_by_chance_are_not_believed),
        cmocka_unit_test(rows_of_no_known_class_teach_nothing),
        cmocka_unit_test(little_and_odd_rows_give_probabilities),
        cmocka_unit_test(rows_that_cannot_be_read_are_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
