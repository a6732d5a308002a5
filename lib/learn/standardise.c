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

/* Added to the share of the deviation that lies within groups: what hardly varies there must not grow without end. */
#define WITHIN_FLOOR 0.05

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

/* square: sums of squares around the group's own mean. */
static void measure_within(double *square, double *mean, const float *x, uint32_t n, const uint32_t *rows,
                           size_t n_rows)
{
    memset(mean, 0, n * sizeof *mean);
    measure(mean, square, x, n, rows, n_rows);
}

int sai_standardiser_within(struct sai_standardiser *s, const float *x, const uint32_t *rows, const size_t *starts,
                            size_t n_groups)
{
    double *mean = sai_calloc(s->n, sizeof *mean), *square = sai_calloc(s->n, sizeof *square), sum = 0;
    size_t varying = 0, n_rows = n_groups > 0 ? starts[n_groups] - starts[0] : 0;
    int rc = mean && square ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t g = 0; g < n_groups && rc == SELECTAI_OK; g++)
        if (starts[g + 1] > starts[g])
            measure_within(square, mean, x, s->n, rows + starts[g], starts[g + 1] - starts[g]);
    for (uint32_t j = 0; j < s->n && rc == SELECTAI_OK && n_rows > 0; j++) {
        double factor = 1.0 / (sqrt(square[j] / (double)n_rows) * (double)s->scale[j] + WITHIN_FLOOR);
        mean[j] = s->scale[j] > 0.0f ? factor : 0.0; /* no mean any longer: the factors */
        sum += mean[j] * mean[j];
        varying += s->scale[j] > 0.0f;
    }
    for (uint32_t j = 0; j < s->n && varying > 0; j++)
        s->scale[j] = (float)((double)s->scale[j] * mean[j] * sqrt((double)varying / sum));
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
