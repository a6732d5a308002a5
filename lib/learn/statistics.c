/*
 * learn/statistics.c: bootstrap intervals and McNemar's test.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "learn/statistics.h"

#define RESAMPLES      1000u
#define FEW_RESAMPLES  200u
#define BOOTSTRAP_SEED 20260101u /* fixed: the same data give the same interval */

double sai_ratio(const double *sum, const double *count, size_t n_groups)
{
    double a = 0.0, b = 0.0;
    for (size_t i = 0; i < n_groups; i++) {
        a += sum[i];
        b += count[i];
    }
    return b > 0.0 ? a / b : (double)NAN;
}

int sai_ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double sai_percentile(const double *sorted, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

static struct sai_interval middle(double value, double *samples, size_t n)
{
    if (n == 0 || isnan(value))
        return (struct sai_interval){NAN, NAN};
    qsort(samples, n, sizeof *samples, sai_ascending);
    double a = sai_percentile(samples, n, 0.025), b = sai_percentile(samples, n, 0.975);
    return (struct sai_interval){a < value ? a : value, b > value ? b : value};
}

/* n of n right: the smallest share that would give that in 2.5 % of cases is 0.025^(1/n). One group alone says nothing
 * about how groups differ. */
static void widen_certainty(struct sai_interval *out, double value, const double *count, size_t n_groups,
                            enum sai_ratio_kind kind)
{
    double groups = 0.0;
    for (size_t i = 0; i < n_groups; i++)
        groups += count[i] > 0.0;
    if (groups == 1.0 && kind != SAI_RATIO_PLAIN)
        *out = (struct sai_interval){0.0, 1.0};
    if (kind != SAI_RATIO_SHARE || groups < 2.0 || out->low != out->high)
        return;
    double bound = pow(0.025, 1.0 / groups);
    if (value == 1.0)
        out->low = bound;
    else if (value == 0.0)
        out->high = 1.0 - bound;
}

int sai_ratio_interval(struct sai_interval *out, const double *sum, const double *count, size_t n_groups,
                       enum sai_ratio_kind kind)
{
    double value = sai_ratio(sum, count, n_groups), *samples = sai_malloc_array(RESAMPLES, sizeof *samples);
    size_t n = 0;
    struct sai_rng rng;
    if (!samples)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    sai_rng_seed(&rng, BOOTSTRAP_SEED);
    for (unsigned r = 0; n_groups > 0 && r < RESAMPLES && !isnan(value); r++) {
        double a = 0.0, b = 0.0;
        for (size_t i = 0; i < n_groups; i++) {
            size_t g = (size_t)sai_rng_below(&rng, n_groups);
            a += sum[g];
            b += count[g];
        }
        if (b > 0.0) /* a sample in which the figure does not exist is left out */
            samples[n++] = a / b;
    }
    *out = middle(value, samples, n);
    widen_certainty(out, value, count, n_groups, kind);
    sai_free(samples);
    return SELECTAI_OK;
}

int sai_statistic_interval(struct sai_interval *out, double value, size_t n_groups,
                           double (*statistic)(const uint32_t *times, const void *ctx), const void *ctx)
{
    double *samples = sai_malloc_array(FEW_RESAMPLES, sizeof *samples);
    uint32_t *times = sai_malloc_array(n_groups, sizeof *times);
    size_t n = 0;
    struct sai_rng rng;
    int rc = samples && times ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_rng_seed(&rng, BOOTSTRAP_SEED);
    for (unsigned r = 0; rc == SELECTAI_OK && n_groups > 0 && r < FEW_RESAMPLES; r++) {
        memset(times, 0, n_groups * sizeof *times);
        for (size_t i = 0; i < n_groups; i++)
            times[sai_rng_below(&rng, n_groups)]++;
        double sample = statistic(times, ctx);
        if (!isnan(sample))
            samples[n++] = sample;
    }
    if (rc == SELECTAI_OK)
        *out = middle(value, samples, n);
    sai_free(samples);
    sai_free(times);
    return rc;
}

/* P(X <= k) for X of n fair coins, by logarithms: n may be large. */
static double coins(uint64_t k, uint64_t n)
{
    double sum = 0.0, half = (double)n * log(0.5);
    for (uint64_t i = 0; i <= k; i++)
        sum += exp(lgamma((double)n + 1.0) - lgamma((double)i + 1.0) - lgamma((double)(n - i) + 1.0) + half);
    return sum;
}

double sai_mcnemar(uint64_t a, uint64_t b)
{
    if (a == b)
        return 1.0;
    return fmin(1.0, 2.0 * coins(a < b ? a : b, a + b));
}
