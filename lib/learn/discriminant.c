/*
 * learn/discriminant.c: linear discriminant analysis, from moments of the parts of its rows.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/cholesky.h"
#include "learn/discriminant.h"
#include "learn/softmax.h"

#define BLOCK      8u   /* rows whose squares are added at a time */
#define MIN_SPREAD 1e-6 /* of rows that are all like their class's mean */
#define COOLEST    -6.0 /* ln of what scores are multiplied by: all classes equal ... */
#define HOTTEST    1.5  /* ... to certain */
#define SEARCH     40   /* steps of the golden section: to 1e-8 of the range */
#define GOLDEN     0.6180339887498949
#define LEAST      1e-12 /* probability, in the loss */

/* How far the covariance is drawn to a multiple of the identity with its trace. */
static const double shrinkages[] = {0.1, 0.03, 0.01};
#define N_SHRINKAGES (sizeof shrinkages / sizeof shrinkages[0])

/* Of some rows: by class their number and sum, and the sum of all their squares (lower triangle). */
struct moments {
    double *count, *sum, *square;
};

struct fit {
    const struct sai_classified *rows;
    struct moments *parts; /* n_parts, then that of all rows */
    struct moments rest;   /* all but one part's; square becomes the covariance within classes */
    double *factor;        /* dim x dim */
    double *weights;       /* n_classes x (dim, then a constant) */
    double *score;         /* n x n_classes */
    double *best;          /* the same, under the best shrinkage */
};

static int allocate_moments(struct moments *m, const struct sai_classified *r)
{
    m->count = sai_calloc(r->n_classes, sizeof *m->count);
    m->sum = sai_calloc((size_t)r->n_classes * r->dim, sizeof *m->sum);
    m->square = sai_calloc((size_t)r->dim * r->dim, sizeof *m->square);
    return m->count && m->sum && m->square ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static void free_moments(struct moments *m)
{
    sai_free(m->count);
    sai_free(m->sum);
    sai_free(m->square);
}

static int allocate(struct fit *f)
{
    const struct sai_classified *r = f->rows;
    size_t scores, weights;
    if (r->dim > SAI_DISCRIMINANT_MAX_DIM || !sai_mul_size(&scores, r->n, r->n_classes) ||
        !sai_mul_size(&weights, r->n_classes, (size_t)r->dim + 1))
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "stages can be recognised by vectors of %u numbers at most, these have %u",
                        SAI_DISCRIMINANT_MAX_DIM, r->dim);
    f->parts = sai_calloc((size_t)r->n_parts + 1, sizeof *f->parts);
    f->factor = sai_calloc((size_t)r->dim * r->dim, sizeof *f->factor);
    f->weights = sai_calloc(weights, sizeof *f->weights);
    f->score = sai_calloc(scores, sizeof *f->score);
    f->best = sai_calloc(scores, sizeof *f->best);
    int rc = f->parts && f->factor && f->weights && f->score && f->best ? allocate_moments(&f->rest, r)
                                                                        : SELECTAI_ERR_OUT_OF_MEMORY;
    for (unsigned i = 0; i <= r->n_parts && rc == SELECTAI_OK; i++)
        rc = allocate_moments(&f->parts[i], r);
    return rc;
}

static void release(struct fit *f)
{
    for (unsigned i = 0; f->parts && i <= f->rows->n_parts; i++)
        free_moments(&f->parts[i]);
    free_moments(&f->rest);
    sai_free(f->parts);
    sai_free(f->factor);
    sai_free(f->weights);
    sai_free(f->score);
    sai_free(f->best);
}

static void add_squares(double *square, const float *const *x, uint32_t count, uint32_t dim)
{
    for (uint32_t j = 0; j < dim; j++) {
        double *row = square + (size_t)j * dim;
        for (uint32_t r = 0; r < count; r++) {
            const double value = (double)x[r][j];
            for (uint32_t k = 0; k <= j; k++)
                row[k] += value * (double)x[r][k];
        }
    }
}

static void measure_part(struct fit *f, unsigned part)
{
    const struct sai_classified *r = f->rows;
    struct moments *m = &f->parts[part];
    const float *block[BLOCK];
    uint32_t filled = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (r->part[i] != part || r->label[i] >= r->n_classes)
            continue;
        const float *x = r->x + i * r->dim;
        double *sum = m->sum + (size_t)r->label[i] * r->dim;
        m->count[r->label[i]] += 1.0;
        for (uint32_t k = 0; k < r->dim; k++)
            sum[k] += (double)x[k];
        block[filled++] = x;
        if (filled == BLOCK) {
            add_squares(m->square, block, filled, r->dim);
            filled = 0;
        }
    }
    add_squares(m->square, block, filled, r->dim);
}

/* to += factor x from */
static void add_moments(struct moments *to, const struct moments *from, double factor, const struct sai_classified *r)
{
    for (size_t i = 0; i < r->n_classes; i++)
        to->count[i] += factor * from->count[i];
    for (size_t i = 0; i < (size_t)r->n_classes * r->dim; i++)
        to->sum[i] += factor * from->sum[i];
    for (size_t i = 0; i < (size_t)r->dim * r->dim; i++)
        to->square[i] += factor * from->square[i];
}

static void measure(struct fit *f)
{
    for (unsigned i = 0; i < f->rows->n_parts; i++) {
        measure_part(f, i);
        add_moments(&f->parts[f->rows->n_parts], &f->parts[i], 1.0, f->rows);
    }
}

/* rest: all rows but those of one part (n_parts: all), as classes' frequencies, means and covariance. A class that is
 * not there lies in the middle. Returns the number of rows. */
static double summarise(struct fit *f, unsigned without)
{
    const struct sai_classified *r = f->rows;
    const uint32_t dim = r->dim;
    struct moments *m = &f->rest;
    double n = 0.0;
    memset(m->count, 0, r->n_classes * sizeof *m->count);
    memset(m->sum, 0, (size_t)r->n_classes * dim * sizeof *m->sum);
    memset(m->square, 0, (size_t)dim * dim * sizeof *m->square);
    add_moments(m, &f->parts[r->n_parts], 1.0, r);
    if (without < r->n_parts)
        add_moments(m, &f->parts[without], -1.0, r);
    for (uint32_t c = 0; c < r->n_classes; c++)
        n += m->count[c];
    for (uint32_t k = 0; k < dim && n > 0.0; k++) {
        double all = 0.0;
        for (uint32_t c = 0; c < r->n_classes; c++)
            all += m->sum[(size_t)c * dim + k];
        for (uint32_t c = 0; c < r->n_classes; c++)
            m->sum[(size_t)c * dim + k] = m->count[c] > 0.0 ? m->sum[(size_t)c * dim + k] / m->count[c] : all / n;
    }
    for (uint32_t j = 0; j < dim && n > 0.0; j++)
        for (uint32_t k = 0; k <= j; k++) {
            double *cell = &m->square[(size_t)j * dim + k];
            for (uint32_t c = 0; c < r->n_classes; c++)
                *cell -= m->count[c] * m->sum[(size_t)c * dim + j] * m->sum[(size_t)c * dim + k];
            *cell /= n;
        }
    return n;
}

/* weights from rest. Without rows all stay 0: the classes are equally likely. */
static void solve(struct fit *f, double n, double shrinkage)
{
    const struct sai_classified *r = f->rows;
    const uint32_t dim = r->dim;
    double trace = 0.0;
    memset(f->weights, 0, (size_t)r->n_classes * (dim + 1) * sizeof *f->weights);
    if (n == 0.0)
        return;
    for (uint32_t k = 0; k < dim; k++)
        trace += f->rest.square[(size_t)k * dim + k];
    memcpy(f->factor, f->rest.square, (size_t)dim * dim * sizeof *f->factor);
    for (uint32_t k = 0; k < dim; k++)
        f->factor[(size_t)k * dim + k] += shrinkage * fmax(trace / dim, MIN_SPREAD);
    sai_cholesky(f->factor, dim);
    for (uint32_t c = 0; c < r->n_classes; c++) {
        const double *mean = f->rest.sum + (size_t)c * dim;
        double *w = f->weights + (size_t)c * (dim + 1), half = 0.0;
        memcpy(w, mean, dim * sizeof *w);
        sai_cholesky_solve(w, f->factor, dim);
        for (uint32_t k = 0; k < dim; k++)
            half += 0.5 * w[k] * mean[k];
        w[dim] = log((f->rest.count[c] + 1.0) / (n + r->n_classes)) - half;
    }
}

static void score_row(double *score, const struct fit *f, const float *x)
{
    const uint32_t dim = f->rows->dim;
    for (uint32_t c = 0; c < f->rows->n_classes; c++) {
        const double *w = f->weights + (size_t)c * (dim + 1);
        score[c] = w[dim];
        for (uint32_t k = 0; k < dim; k++)
            score[c] += w[k] * (double)x[k];
    }
}

/* Of the row's own class, under scores multiplied by t. */
static double log_loss(const double *score, uint32_t n_classes, uint32_t label, double t)
{
    double largest = score[0], sum = 0.0;
    for (uint32_t c = 1; c < n_classes; c++)
        largest = fmax(largest, score[c]);
    for (uint32_t c = 0; c < n_classes; c++)
        sum += exp(t * (score[c] - largest));
    return -log(fmax(LEAST, exp(t * (score[label] - largest)) / sum));
}

static double loss_at(const struct fit *f, double ln_t)
{
    const struct sai_classified *r = f->rows;
    double sum = 0.0;
    for (size_t i = 0; i < r->n; i++)
        if (r->label[i] < r->n_classes)
            sum += log_loss(f->score + i * r->n_classes, r->n_classes, r->label[i], exp(ln_t));
    return sum;
}

/* The loss is convex in t: golden section. If nothing is better than all classes alike, that. */
static double find_temperature(double *least, const struct fit *f)
{
    double low = COOLEST, high = HOTTEST;
    double a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
    double at_a = loss_at(f, a), at_b = loss_at(f, b), plain = loss_at(f, COOLEST);
    for (int i = 0; i < SEARCH; i++) {
        if (at_a <= at_b) {
            high = b, b = a, at_b = at_a;
            a = high - GOLDEN * (high - low);
            at_a = loss_at(f, a);
        } else {
            low = a, a = b, at_a = at_b;
            b = low + GOLDEN * (high - low);
            at_b = loss_at(f, b);
        }
    }
    *least = fmin(at_a, plain);
    return at_a < plain ? exp(a) : exp(COOLEST);
}

/* score: of each part by the others. */
static void score_parts(struct fit *f, double shrinkage)
{
    const struct sai_classified *r = f->rows;
    for (unsigned part = 0; part < r->n_parts; part++) {
        double n = summarise(f, part);
        solve(f, n, shrinkage);
        for (size_t i = 0; i < r->n; i++)
            if (r->part[i] == part)
                score_row(f->score + i * r->n_classes, f, r->x + i * r->dim);
    }
}

static double choose(double *t, struct fit *f)
{
    const size_t cells = f->rows->n * f->rows->n_classes;
    double shrinkage = shrinkages[0], least = INFINITY;
    for (size_t i = 0; i < N_SHRINKAGES; i++) {
        double loss, trial;
        score_parts(f, shrinkages[i]);
        trial = find_temperature(&loss, f);
        if (loss >= least)
            continue;
        least = loss;
        shrinkage = shrinkages[i];
        *t = trial;
        memcpy(f->best, f->score, cells * sizeof *f->best);
    }
    return shrinkage;
}

/* Probabilities of the classes, under scores multiplied by t. */
static void tell(float *p, const double *score, uint32_t n_classes, double t)
{
    for (uint32_t c = 0; c < n_classes; c++)
        p[c] = (float)(score[c] - score[0]);
    sai_softmax(p, p, n_classes, 1.0 / t);
}

/* What all classes' weights share changes no softmax, but costs digits: it is taken away. */
static int make_network(struct sai_mlp **out, const struct fit *f, double t)
{
    const uint32_t dim = f->rows->dim, n = f->rows->n_classes, widths[] = {dim, n};
    float *parameters = sai_malloc_array((size_t)n * ((size_t)dim + 1), sizeof *parameters);
    if (!parameters)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t k = 0; k <= dim; k++) {
        double mean = 0.0;
        for (uint32_t c = 0; c < n; c++)
            mean += f->weights[(size_t)c * (dim + 1) + k] / n;
        for (uint32_t c = 0; c < n; c++) {
            size_t at = k < dim ? (size_t)c * dim + k : (size_t)n * dim + c;
            parameters[at] = (float)(t * (f->weights[(size_t)c * (dim + 1) + k] - mean));
        }
    }
    int rc = sai_mlp_create(out, widths, 2, SAI_MLP_LINEAR, parameters);
    sai_free(parameters);
    return rc;
}

int sai_discriminant_fit(struct sai_mlp **out, float *unseen, const struct sai_classified *rows)
{
    struct fit f = {.rows = rows};
    double t = exp(COOLEST);
    SAI_REQUIRE(rows->n > 0 && rows->dim > 0 && rows->n_classes > 0 && rows->n_parts > 0);
    int rc = allocate(&f);
    if (rc == SELECTAI_OK) {
        measure(&f);
        double shrinkage = choose(&t, &f);
        for (size_t i = 0; i < rows->n; i++)
            tell(unseen + i * rows->n_classes, f.best + i * rows->n_classes, rows->n_classes, t);
        solve(&f, summarise(&f, rows->n_parts), shrinkage);
        rc = make_network(out, &f, t);
    }
    release(&f);
    return rc;
}

int sai_discriminant_run(float *p, const struct sai_mlp *d, const struct sai_standardiser *standardiser, const float *x,
                         size_t n)
{
    const uint32_t n_classes = d->widths[d->n_widths - 1];
    int rc = sai_mlp_forward(d, standardiser, p, x, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        if (!isnan(p[i * n_classes])) /* all of the row are, or none */
            sai_softmax(p + i * n_classes, p + i * n_classes, n_classes, 1.0);
    return rc;
}
