/*
 * learn/kernel_fit.c: a kernel machine as a linear model of other inputs.
 *
 * With the kernel's matrix K = L L' over the centres, scores L w have the norm |w|: what sai_linear_weights() finds for
 * the rows of L are the machine's scores, and its coefficients solve L' a = w.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/kernel_fit.h"
#include "learn/linear_fit.h"
#include "learn/unique_rows.h"

#define JITTER 1e-4f /* on the diagonal: images that differ in their last digits alone */

static const double decays[] = {3e-4, 1e-4, 3e-5, 1e-5};

/* What the fit works in. */
struct fit {
    const struct sai_samples *samples;
    struct sai_unique_rows images;
    uint8_t *centres;   /* the images, rounded: n x sai_kernel_width() */
    uint32_t *distance; /* n: of one to others */
    float *factor;      /* n x n: L, zeros above the diagonal */
    double *weight;
};

static void round_images(struct fit *f)
{
    const uint32_t dim = f->samples->dim, width = sai_kernel_width(dim);
    for (uint32_t i = 0; i < f->images.n; i++)
        sai_kernel_round(f->centres + (size_t)i * width, f->samples->x + (size_t)f->images.first[i] * dim, dim);
}

/* Cholesky's factor, row after row, of the kernel's matrix. */
static void factorise(struct fit *f)
{
    const uint32_t n = f->images.n, dim = f->samples->dim, width = sai_kernel_width(dim);
    for (uint32_t i = 0; i < n; i++) {
        float *row = f->factor + (size_t)i * n;
        sai_kernel_distances(f->distance, f->centres, i, f->centres + (size_t)i * width, width);
        for (uint32_t j = 0; j < i; j++) {
            const float *other = f->factor + (size_t)j * n;
            double k = sai_kernel_likeness(f->distance[j], dim);
            row[j] = (float)((k - sai_dot_floats(row, other, j)) / (double)other[j]);
        }
        row[i] = (float)sqrt(fmax((double)JITTER, 1.0 + (double)JITTER - sai_dot_floats(row, row, i)));
    }
}

/* coefficients from L' a = w: from the last to the first. */
static void solve(float *coefficients, const struct fit *f)
{
    for (size_t i = f->images.n; i-- > 0;) {
        const float *row = f->factor + i * f->images.n;
        double a = f->weight[i] / (double)row[i];
        coefficients[i] = (float)a;
        for (size_t j = 0; j < i; j++)
            f->weight[j] -= a * (double)row[j];
    }
}

static int make_kernel(struct sai_kernel **out, const struct fit *f)
{
    float *coefficients = sai_malloc_array(f->images.n, sizeof *coefficients);
    if (!coefficients)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    solve(coefficients, f);
    int rc = sai_kernel_create(out, f->centres, coefficients, f->images.n, f->samples->dim);
    sai_free(coefficients);
    return rc;
}

static int fit(struct sai_kernel **out, struct fit *f, int32_t loss, const uint8_t *part, unsigned n_parts)
{
    const uint32_t n = f->images.n;
    size_t cells, bytes;
    bool fits = sai_mul_size(&cells, n, n) && sai_mul_size(&bytes, n, sai_kernel_width(f->samples->dim));
    f->factor = fits ? sai_calloc(cells, sizeof *f->factor) : NULL;
    f->centres = fits ? sai_malloc_array(bytes, sizeof *f->centres) : NULL;
    f->distance = sai_malloc_array(n, sizeof *f->distance);
    f->weight = sai_calloc(n, sizeof *f->weight);
    if (!f->factor || !f->centres || !f->distance || !f->weight)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    round_images(f);
    factorise(f);
    struct sai_samples features = *f->samples;
    features.x = f->factor;
    features.dim = n;
    features.rows = f->images.which;
    const struct sai_linear_options o = {loss, part, n_parts, decays, sizeof decays / sizeof decays[0]};
    int rc = sai_linear_weights(f->weight, &features, &o);
    return rc == SELECTAI_OK ? make_kernel(out, f) : rc;
}

int sai_kernel_fit(struct sai_kernel **out, const struct sai_samples *samples, int32_t loss, const uint8_t *part,
                   unsigned n_parts)
{
    struct fit f = {.samples = samples};
    int rc = sai_unique_rows_find(&f.images, samples->x, samples->dim, samples->starts[samples->n_train]);
    *out = NULL;
    if (rc == SELECTAI_OK && f.images.n > 0 && f.images.n <= SAI_KERNEL_MAX)
        rc = fit(out, &f, loss, part, n_parts);
    sai_unique_rows_free(&f.images);
    sai_free(f.centres);
    sai_free(f.distance);
    sai_free(f.factor);
    sai_free(f.weight);
    return rc;
}
