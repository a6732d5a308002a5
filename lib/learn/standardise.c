/*
 * learn/standardise.c: bringing every dimension of a vector to mean 0 and deviation 1.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/standardise.h"

/* Below this share of the mean, a float's own rounding is all that varies. */
#define CONSTANT 1e-6

static int allocate(struct sai_standardiser *out, uint32_t n, float clip)
{
    *out = (struct sai_standardiser){.n = n, .clip = clip};
    out->mean = sai_calloc(n, sizeof *out->mean);
    out->scale = sai_calloc(n, sizeof *out->scale);
    if (out->mean && out->scale)
        return SELECTAI_OK;
    sai_standardiser_free(out);
    return SELECTAI_ERR_OUT_OF_MEMORY;
}

/* Two passes in double: the mean, then the squares around it. Row by row, as the memory lies. */
static void measure(double *mean, double *square, const float *x, uint32_t n, const uint32_t *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++)
        for (uint32_t j = 0; j < n; j++)
            mean[j] += (double)x[(size_t)rows[i] * n + j];
    for (uint32_t j = 0; j < n; j++)
        mean[j] /= (double)n_rows;
    for (size_t i = 0; i < n_rows; i++)
        for (uint32_t j = 0; j < n; j++) {
            double d = (double)x[(size_t)rows[i] * n + j] - mean[j];
            square[j] += d * d;
        }
}

int sai_standardiser_fit(struct sai_standardiser *out, const float *x, uint32_t n, const uint32_t *rows, size_t n_rows)
{
    *out = (struct sai_standardiser){0};
    if (n_rows == 0)
        return SAI_FAIL(SELECTAI_ERR_NO_DATA, "no vectors to standardise by");
    double *mean = sai_calloc(n, sizeof *mean), *square = sai_calloc(n, sizeof *square);
    int rc = mean && square ? allocate(out, n, SAI_STANDARDISE_CLIP) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        measure(mean, square, x, n, rows, n_rows);
        for (uint32_t j = 0; j < n; j++) {
            double deviation = sqrt(square[j] / (double)n_rows);
            float scale = (float)(1.0 / deviation);
            bool constant = !(deviation > CONSTANT * fabs(mean[j])) || !isfinite(scale);
            out->mean[j] = (float)mean[j];
            out->scale[j] = constant ? 0.0f : scale;
        }
    }
    sai_free(mean);
    sai_free(square);
    return rc;
}

int sai_standardiser_copy(struct sai_standardiser *out, uint32_t n, const float *mean, const float *scale, float clip)
{
    int rc = allocate(out, n, clip);
    if (rc == SELECTAI_OK) {
        memcpy(out->mean, mean, n * sizeof *mean);
        memcpy(out->scale, scale, n * sizeof *scale);
    }
    return rc;
}

bool sai_standardise(const struct sai_standardiser *s, float *y, const float *x)
{
    float bad = 0.0f; /* becomes NaN with the first value that is not finite: no branch in the loop */
    for (uint32_t j = 0; j < s->n; j++) {
        float v = (x[j] - s->mean[j]) * s->scale[j];
        bad += x[j] * 0.0f;
        v = v > s->clip ? s->clip : v;
        y[j] = v < -s->clip ? -s->clip : v;
    }
    if (bad == 0.0f)
        return true;
    memset(y, 0, s->n * sizeof *y);
    return false;
}

void sai_standardiser_free(struct sai_standardiser *s)
{
    sai_free(s->mean);
    sai_free(s->scale);
    *s = (struct sai_standardiser){0};
}
