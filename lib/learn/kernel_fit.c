/*
 * learn/kernel_fit.c: a kernel machine as a linear model of other inputs.
 *
 * With the kernel's matrix K = L L' over the centres, scores L w have the norm |w|: what sai_linear_weights() finds for
 * the rows of L are the machine's scores, and its coefficients solve L' a = w.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "learn/kernel_fit.h"
#include "learn/linear_fit.h"

#define JITTER 1e-4f /* on the diagonal: images that differ in their last digits alone */

static const double decays[] = {3e-4, 1e-4, 3e-5, 1e-5};

/* Rows that are the same to the last bit, which images of several decisions are, share a centre. */
struct row {
    uint64_t hash;
    const float *x;
    uint32_t at, dim;
};

static int by_content(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    int order = memcmp(x->x, y->x, x->dim * sizeof *x->x);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static bool same(const struct row *a, const struct row *b)
{
    return a->hash == b->hash && memcmp(a->x, b->x, a->dim * sizeof *a->x) == 0;
}

static int by_place(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* What the fit works in. */
struct fit {
    const struct sai_samples *samples;
    size_t n_rows;    /* of training items */
    uint32_t *centre; /* by row: which centre it is */
    uint32_t *first;  /* by centre: the first row that is it; ascending */
    uint32_t n;       /* centres */
    float *factor;    /* n x n: L, zeros above the diagonal */
    double *weight;
};

/* first[]: each content's first row. */
static int find_centres(struct fit *f)
{
    const struct sai_samples *s = f->samples;
    struct row *rows = sai_malloc_array(f->n_rows, sizeof *rows);
    f->centre = sai_malloc_array(f->n_rows, sizeof *f->centre);
    f->first = sai_malloc_array(f->n_rows, sizeof *f->first);
    if (!rows || !f->centre || !f->first) {
        sai_free(rows);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < f->n_rows; i++) {
        const float *x = s->x + i * s->dim;
        rows[i] = (struct row){sai_hash_bytes(x, s->dim * sizeof *x, 0), x, (uint32_t)i, s->dim};
    }
    qsort(rows, f->n_rows, sizeof *rows, by_content);
    uint32_t first = 0;
    for (size_t i = 0; i < f->n_rows; i++) {
        if (i == 0 || !same(&rows[i - 1], &rows[i])) {
            first = rows[i].at;
            f->first[f->n++] = first;
        }
        f->centre[rows[i].at] = first;
    }
    sai_free(rows);
    qsort(f->first, f->n, sizeof *f->first, by_place);
    for (size_t i = 0; i < f->n_rows; i++) {
        const uint32_t *found = bsearch(&f->centre[i], f->first, f->n, sizeof *f->first, by_place);
        f->centre[i] = (uint32_t)(found - f->first);
    }
    return SELECTAI_OK;
}

/* Cholesky's factor, row after row, of the kernel's matrix. */
static void factorise(struct fit *f)
{
    const struct sai_samples *s = f->samples;
    for (uint32_t i = 0; i < f->n; i++) {
        float *row = f->factor + (size_t)i * f->n;
        for (uint32_t j = 0; j < i; j++) {
            const float *other = f->factor + (size_t)j * f->n;
            double k = sai_kernel_likeness(s->x + (size_t)f->first[i] * s->dim, s->x + (size_t)f->first[j] * s->dim,
                                           s->dim);
            row[j] = (float)((k - sai_dot_floats(row, other, j)) / (double)other[j]);
        }
        row[i] = (float)sqrt(fmax((double)JITTER, 1.0 + (double)JITTER - sai_dot_floats(row, row, i)));
    }
}

/* coefficients from L' a = w: from the last to the first. */
static void solve(float *coefficients, const struct fit *f)
{
    for (size_t i = f->n; i-- > 0;) {
        const float *row = f->factor + i * f->n;
        double a = f->weight[i] / (double)row[i];
        coefficients[i] = (float)a;
        for (size_t j = 0; j < i; j++)
            f->weight[j] -= a * (double)row[j];
    }
}

static int make_kernel(struct sai_kernel **out, const struct fit *f)
{
    const struct sai_samples *s = f->samples;
    size_t cells;
    float *centres = sai_mul_size(&cells, f->n, s->dim) ? sai_malloc_array(cells, sizeof *centres) : NULL;
    float *coefficients = sai_malloc_array(f->n, sizeof *coefficients);
    int rc = centres && coefficients ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < f->n && rc == SELECTAI_OK; i++)
        memcpy(centres + i * s->dim, s->x + (size_t)f->first[i] * s->dim, s->dim * sizeof *centres);
    if (rc == SELECTAI_OK) {
        solve(coefficients, f);
        rc = sai_kernel_create(out, centres, coefficients, f->n, s->dim);
    }
    sai_free(centres);
    sai_free(coefficients);
    return rc;
}

static int fit(struct sai_kernel **out, struct fit *f, int32_t loss, const uint8_t *part, unsigned n_parts)
{
    size_t cells;
    f->factor = sai_mul_size(&cells, f->n, f->n) ? sai_calloc(cells, sizeof *f->factor) : NULL;
    f->weight = sai_calloc(f->n, sizeof *f->weight);
    if (!f->factor || !f->weight)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    factorise(f);
    struct sai_samples features = *f->samples;
    features.x = f->factor;
    features.dim = f->n;
    features.rows = f->centre;
    const struct sai_linear_options o = {loss, part, n_parts, decays, sizeof decays / sizeof decays[0]};
    int rc = sai_linear_weights(f->weight, &features, &o);
    return rc == SELECTAI_OK ? make_kernel(out, f) : rc;
}

int sai_kernel_fit(struct sai_kernel **out, const struct sai_samples *samples, int32_t loss, const uint8_t *part,
                   unsigned n_parts)
{
    struct fit f = {.samples = samples, .n_rows = samples->starts[samples->n_train]};
    int rc = find_centres(&f);
    *out = NULL;
    if (rc == SELECTAI_OK && f.n > 0 && f.n <= SAI_KERNEL_MAX)
        rc = fit(out, &f, loss, part, n_parts);
    sai_free(f.centre);
    sai_free(f.first);
    sai_free(f.factor);
    sai_free(f.weight);
    return rc;
}
