/*
 * learn/crop_deviations.c: learning from images that were not trained on.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "learn/crop_deviations.h"

#define ROUNDS   25
#define COVERAGE 0.8
#define FEW      10u

static int by_numbers(const void *a, const void *b)
{
    const double *x = a, *y = b;
    for (int k = 0; k < 3; k++)
        if (x[k] != y[k])
            return x[k] < y[k] ? -1 : 1;
    return 0;
}

static uint32_t nearest(const struct sai_crop_deviation *table, uint32_t n, const double at[3])
{
    double least = INFINITY;
    uint32_t best = 0;
    for (uint32_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int k = 0; k < 3; k++)
            sum += (at[k] - table[i].by[k]) * (at[k] - table[i].by[k]);
        if (sum < least) {
            least = sum;
            best = i;
        }
    }
    return best;
}

/* One round of Lloyd's: every cluster's mean; empty ones stay where they are, without weight. */
static void move_means(struct sai_crop_deviation *table, uint32_t clusters, const double (*sorted)[3], size_t n)
{
    struct sai_crop_deviation sums[SAI_CROP_DEVIATIONS] = {0};
    for (size_t i = 0; i < n; i++) {
        struct sai_crop_deviation *to = &sums[nearest(table, clusters, sorted[i])];
        for (int k = 0; k < 3; k++)
            to->by[k] += sorted[i][k];
        to->weight += 1.0;
    }
    for (uint32_t c = 0; c < clusters; c++) {
        for (int k = 0; k < 3 && sums[c].weight > 0.0; k++)
            table[c].by[k] = sums[c].by[k] / sums[c].weight;
        table[c].weight = sums[c].weight / (double)n;
    }
}

int sai_crop_cluster(struct sai_crop_deviation **out, uint32_t *n_out, const double (*deviations)[3], size_t n)
{
    uint32_t clusters = n < SAI_CROP_DEVIATIONS ? (uint32_t)n : SAI_CROP_DEVIATIONS, kept = 0;
    double(*sorted)[3] = sai_malloc_array(n, sizeof *sorted);
    struct sai_crop_deviation *table = sai_calloc(SAI_CROP_DEVIATIONS, sizeof *table);
    if (!sorted || !table) {
        sai_free(sorted);
        sai_free(table);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (n > 0) {
        memcpy(sorted, deviations, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_numbers);
    }
    for (uint32_t c = 0; c < clusters; c++)
        memcpy(table[c].by, sorted[(2 * (size_t)c + 1) * n / (2 * (size_t)clusters)], sizeof table[c].by);
    for (int round = 0; round < ROUNDS && clusters > 0; round++)
        move_means(table, clusters, (const double(*)[3])sorted, n);
    for (uint32_t c = 0; c < clusters; c++)
        if (table[c].weight > 0.0)
            table[kept++] = table[c];
    sai_free(sorted);
    *out = table;
    *n_out = kept;
    return SELECTAI_OK;
}

/* Loss of the penalised scaling, its gradient and hessian (aa, ab, bb). */
static double scaling_loss(double gradient[2], double hessian[3], const double at[2], const double *logits,
                           const double *targets, size_t n)
{
    double loss = ((at[0] - 1.0) * (at[0] - 1.0) + at[1] * at[1]) / 2.0;
    gradient[0] = at[0] - 1.0;
    gradient[1] = at[1];
    hessian[0] = hessian[2] = 1.0;
    hessian[1] = 0.0;
    for (size_t i = 0; i < n; i++) {
        double z = at[0] * logits[i] + at[1], p = sai_sigmoid(z), q = p * (1.0 - p);
        loss += fmax(z, 0.0) - z * targets[i] + log1p(exp(-fabs(z)));
        gradient[0] += (p - targets[i]) * logits[i];
        gradient[1] += p - targets[i];
        hessian[0] += q * logits[i] * logits[i];
        hessian[1] += q * logits[i];
        hessian[2] += q;
    }
    return loss;
}

void sai_crop_platt(double *scale, double *shift, const double *logits, const double *targets, size_t n)
{
    double at[2] = {1.0, 0.0}, g[2], h[3], unused_g[2], unused_h[3];
    for (int round = 0; round < 50; round++) {
        double loss = scaling_loss(g, h, at, logits, targets, n), det = h[0] * h[2] - h[1] * h[1], length = 1.0;
        double step[2] = {-(h[2] * g[0] - h[1] * g[1]) / det, -(h[0] * g[1] - h[1] * g[0]) / det}, trial[2];
        for (int halving = 0; halving < 30; halving++, length /= 2.0) {
            trial[0] = at[0] + length * step[0];
            trial[1] = at[1] + length * step[1];
            if (scaling_loss(unused_g, unused_h, trial, logits, targets, n) <= loss)
                break;
        }
        bool done = fabs(trial[0] - at[0]) + fabs(trial[1] - at[1]) < 1e-10;
        at[0] = trial[0];
        at[1] = trial[1];
        if (done)
            break;
    }
    *scale = at[0];
    *shift = at[1];
}

/* Least squares with a prior worth FEW images that the expectation is right as it is. */
static void fit_line(double level[2], const struct selectai_crop_proposal *p, const double *iou, const bool *use,
                     size_t n, double count)
{
    double mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!use || use[i]) {
            mean_x += p[i].expected_iou / count;
            mean_y += iou[i] / count;
        }
    for (size_t i = 0; i < n; i++)
        if (!use || use[i]) {
            xx += (p[i].expected_iou - mean_x) * (p[i].expected_iou - mean_x);
            xy += (p[i].expected_iou - mean_x) * (iou[i] - mean_y);
        }
    double prior = FEW * 0.01; /* a deviation of a tenth each */
    level[1] = fmin(1.0, fmax(0.0, (xy + prior) / (xx + prior)));
    level[0] = mean_y - level[1] * mean_x;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int sai_crop_fit_level(double level[2], double *widen, const struct selectai_crop_proposal *p, const double *iou,
                       const bool *use, size_t n)
{
    double *misses = sai_malloc_array(n, sizeof *misses);
    size_t count = 0;
    if (!misses)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++)
        if (!use || use[i])
            misses[count++] = fmax(p[i].iou_low - iou[i], iou[i] - p[i].iou_high);
    level[0] = 0.0;
    level[1] = 1.0;
    *widen = 1.0;
    if (count >= FEW) {
        fit_line(level, p, iou, use, n, (double)count);
        qsort(misses, count, sizeof *misses, ascending);
        size_t rank = (size_t)ceil(COVERAGE * (double)(count + 1));
        *widen = misses[(rank < count ? rank : count) - 1];
    }
    sai_free(misses);
    return SELECTAI_OK;
}
