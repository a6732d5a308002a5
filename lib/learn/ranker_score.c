/*
 * learn/ranker_score.c: the parts of a ranker's scores.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/model_ranker.h"
#include "learn/rank_loss.h"
#include "learn/ranker_score.h"
#include "learn/recognise.h"
#include "learn/samples.h"

static const struct sai_mlp *member(const struct sai_model *m, uint32_t i)
{
    return i == 0 ? m->mlp : m->others[i - 1];
}

static bool finite_row(const float *x, uint32_t dim)
{
    float sum = 0.0f;
    for (uint32_t j = 0; j < dim; j++)
        sum += x[j] * 0.0f;
    return sum == 0.0f;
}

/* A ranker without networks still says nothing about what could not be read. */
static void no_image(float *image, float *spread, const struct sai_model *m, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        image[i] = finite_row(x + i * m->dim, m->dim) ? 0.0f : (float)NAN;
        if (spread)
            spread[i] = image[i];
    }
}

/* Mean and mean square of the networks' outputs. */
static int run_networks(double *mean, double *square, float *one, const struct sai_model *m, const float *x, size_t n)
{
    uint32_t count = m->n_others + 1;
    int rc = SELECTAI_OK;
    for (uint32_t k = 0; k < count && rc == SELECTAI_OK; k++) {
        rc = sai_mlp_forward(member(m, k), &m->standardiser, one, x, n);
        for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
            mean[i] += (double)one[i];
            square[i] += (double)one[i] * (double)one[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        mean[i] /= count;
        square[i] /= count;
    }
    return rc;
}

static int add_kernel(double *mean, double *square, float *one, const struct sai_model *m, const float *x, size_t n)
{
    const double share = m->blend.kernel_share;
    int rc = sai_kernel_forward(m->kernel, &m->standardiser, one, x, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        mean[i] += share * ((double)one[i] - mean[i]);
        square[i] += share * ((double)one[i] * (double)one[i] - square[i]);
    }
    return rc;
}

int sai_ranker_image(float *image, float *spread, const struct sai_model *m, const float *x, size_t n)
{
    bool kernel = sai_ranker_has_kernel(m);
    if (!m->mlp) {
        no_image(image, spread, m, x, n);
        return SELECTAI_OK;
    }
    if (m->n_others == 0 && !kernel) {
        if (spread)
            memset(spread, 0, n * sizeof *spread);
        return sai_mlp_forward(m->mlp, &m->standardiser, image, x, n);
    }
    double *mean = sai_calloc(n, sizeof *mean), *square = sai_calloc(n, sizeof *square);
    int rc = mean && square ? run_networks(mean, square, image, m, x, n) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK && kernel)
        rc = add_kernel(mean, square, image, m, x, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        image[i] = (float)mean[i];
        if (spread)
            spread[i] = (float)sqrt(fmax(0.0, square[i] - mean[i] * mean[i]));
    }
    sai_free(mean);
    sai_free(square);
    return rc;
}

/* Rows that could not be read do not count. */
static int keep_logit(double *out, const struct sai_model *m, const float *x, size_t n)
{
    float *score = sai_malloc_array(n, sizeof *score);
    uint32_t known = 0;
    if (!score)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_mlp_forward(m->keep, &m->keep_standardiser, score, x, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        if (!isnan(score[i]))
            score[known++] = score[i];
    *out = known > 0 ? sai_keep_logit(score, known) : (double)NAN;
    sai_free(score);
    return rc;
}

static int prior_part(float *out, const struct sai_model *m, const char *project, const float *x, const double *stages,
                      size_t n)
{
    if (m->recogniser)
        return sai_recognise_group(out, m, project, x, n);
    sai_prior_group(out, &m->prior, project, stages, n);
    return SELECTAI_OK;
}

int sai_ranker_parts(struct sai_group_parts *out, const struct sai_model *m, const char *project, const float *x,
                     const double *stages, size_t n)
{
    float *relative = NULL;
    size_t cells;
    if (m->differences) {
        relative = sai_mul_size(&cells, n, m->dim) ? sai_malloc_array(cells, sizeof *relative) : NULL;
        if (!relative)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        sai_subtract_mean(relative, x, n, m->dim);
    }
    int rc = prior_part(out->prior, m, project, relative ? relative : x, stages, n);
    if (rc == SELECTAI_OK)
        rc = sai_ranker_image(out->image, out->spread, m, relative ? relative : x, n);
    if (rc == SELECTAI_OK && out->kernel && m->kernel)
        rc = sai_kernel_forward(m->kernel, &m->standardiser, out->kernel, relative ? relative : x, n);
    out->keep = NAN;
    if (rc == SELECTAI_OK && m->keep)
        rc = keep_logit(&out->keep, m, x, n);
    sai_free(relative);
    return rc;
}
