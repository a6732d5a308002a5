/*
 * learn/kernel_fit.c: a kernel machine as a linear model of other inputs.
 *
 * With the kernel's matrix K = L L' over the centres, scores L w have the norm |w|: what sai_linear_weights() finds for
 * the rows of L are the machine's scores, and its coefficients solve L' a = w.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/kernel_fit.h"
#include "learn/linear_fit.h"
#include "learn/unique_rows.h"

#define JITTER 1e-4f /* on the diagonal: images that differ in their last digits alone */

static const double decays[] = {3e-4, 1e-4, 3e-5, 1e-5};

/* What the fit works in. */
struct fit {
    const struct sai_samples *samples;
    struct sai_unique_rows centres;
    float *factor; /* n x n: L, zeros above the diagonal */
    double *weight;
};

static const float *centre(const struct fit *f, uint32_t i)
{
    return f->samples->x + (size_t)f->centres.first[i] * f->samples->dim;
}

/* Cholesky's factor, row after row, of the kernel's matrix. */
static void factorise(struct fit *f)
{
    const uint32_t n = f->centres.n;
    for (uint32_t i = 0; i < n; i++) {
        float *row = f->factor + (size_t)i * n;
        for (uint32_t j = 0; j < i; j++) {
            const float *other = f->factor + (size_t)j * n;
            double k = sai_kernel_likeness(centre(f, i), centre(f, j), f->samples->dim);
            row[j] = (float)((k - sai_dot_floats(row, other, j)) / (double)other[j]);
        }
        row[i] = (float)sqrt(fmax((double)JITTER, 1.0 + (double)JITTER - sai_dot_floats(row, row, i)));
    }
}

/* coefficients from L' a = w: from the last to the first. */
static void solve(float *coefficients, const struct fit *f)
{
    for (size_t i = f->centres.n; i-- > 0;) {
        const float *row = f->factor + i * f->centres.n;
        double a = f->weight[i] / (double)row[i];
        coefficients[i] = (float)a;
        for (size_t j = 0; j < i; j++)
            f->weight[j] -= a * (double)row[j];
    }
}

static int make_kernel(struct sai_kernel **out, const struct fit *f)
{
    const uint32_t n = f->centres.n, dim = f->samples->dim;
    size_t cells;
    float *centres = sai_mul_size(&cells, n, dim) ? sai_malloc_array(cells, sizeof *centres) : NULL;
    float *coefficients = sai_malloc_array(n, sizeof *coefficients);
    int rc = centres && coefficients ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < n && rc == SELECTAI_OK; i++)
        memcpy(centres + (size_t)i * dim, centre(f, i), dim * sizeof *centres);
    if (rc == SELECTAI_OK) {
        solve(coefficients, f);
        rc = sai_kernel_create(out, centres, coefficients, n, dim);
    }
    sai_free(centres);
    sai_free(coefficients);
    return rc;
}

static int fit(struct sai_kernel **out, struct fit *f, int32_t loss, const uint8_t *part, unsigned n_parts)
{
    const uint32_t n = f->centres.n;
    size_t cells;
    f->factor = sai_mul_size(&cells, n, n) ? sai_calloc(cells, sizeof *f->factor) : NULL;
    f->weight = sai_calloc(n, sizeof *f->weight);
    if (!f->factor || !f->weight)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    factorise(f);
    struct sai_samples features = *f->samples;
    features.x = f->factor;
    features.dim = n;
    features.rows = f->centres.which;
    const struct sai_linear_options o = {loss, part, n_parts, decays, sizeof decays / sizeof decays[0]};
    int rc = sai_linear_weights(f->weight, &features, &o);
    return rc == SELECTAI_OK ? make_kernel(out, f) : rc;
}

int sai_kernel_fit(struct sai_kernel **out, const struct sai_samples *samples, int32_t loss, const uint8_t *part,
                   unsigned n_parts)
{
    struct fit f = {.samples = samples};
    int rc = sai_unique_rows_find(&f.centres, samples->x, samples->dim, samples->starts[samples->n_train]);
    *out = NULL;
    if (rc == SELECTAI_OK && f.centres.n > 0 && f.centres.n <= SAI_KERNEL_MAX)
        rc = fit(out, &f, loss, part, n_parts);
    sai_unique_rows_free(&f.centres);
    sai_free(f.factor);
    sai_free(f.weight);
    return rc;
}
