/*
 * learn/statistics.h: intervals and tests for shares and means over groups.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_STATISTICS_H
#define SAI_LEARN_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sai_interval {
    double low, high;
};

/* sum / count over all groups; NaN if the counts sum to 0. */
double sai_ratio(const double *sum, const double *count, size_t n_groups);

/*
 * 95 % percentile interval of that ratio from 1000 bootstrap samples of the groups (Efron, "Bootstrap methods: another
 * look at the jackknife", 1979). Whole groups are drawn because the decisions of one are not independent. The draws
 * depend on n_groups alone, so several sums over the same groups are resampled alike. OUT_OF_MEMORY or OK.
 */
enum sai_ratio_kind {
    SAI_RATIO_PLAIN,
    SAI_RATIO_UNIT,  /* lies in 0..1: one group alone says nothing about others, 0..1 */
    SAI_RATIO_SHARE, /* of things right or wrong, too: where all groups are right (or wrong) all samples are equal and
                        would claim certainty: there the bound is Clopper and Pearson's (1934) for so many groups */
};
int sai_ratio_interval(struct sai_interval *out, const double *sum, const double *count, size_t n_groups,
                       enum sai_ratio_kind kind);

/* The interval of anything else: statistic() is called with how often each group was drawn; NaN: left out. 200 samples.
 */
int sai_statistic_interval(struct sai_interval *out, double value, size_t n_groups,
                           double (*statistic)(const uint32_t *times, const void *ctx), const void *ctx);

/*
 * Exact two-sided test of McNemar ("Note on the sampling error of the difference between correlated proportions",
 * 1947): a things only one model got right, b only the other one. The probability of a split at least as uneven if both
 * are equally good; 1 if a == b.
 */
double sai_mcnemar(uint64_t a, uint64_t b);

/* Linear interpolation between order statistics, as NumPy's percentile(). */
double sai_percentile(const double *sorted, size_t n, double share);
int sai_ascending(const void *a, const void *b); /* for qsort of doubles */

#endif
