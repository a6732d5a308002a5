/*
 * learn/crop_loss.c: what a cropper's network minimises for one image, and its derivatives.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/crop_loss.h"

#define BETA   0.1 /* errors below a tenth of the side count by their square */
#define CHANCE 0.1 /* weight of the cross entropies beside the box */

double sai_sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

/* Cross entropy of a logit; *slope: its derivative. */
static double cross_entropy(double *slope, double logit, double target)
{
    *slope = sai_sigmoid(logit) - target;
    return fmax(logit, 0.0) - logit * target + log1p(exp(-fabs(logit)));
}

static double smooth_l1(double *slope, double error)
{
    double size = fabs(error);
    *slope = size < BETA ? error / BETA : error > 0.0 ? 1.0 : -1.0;
    return size < BETA ? 0.5 * error * error / BETA : size - 0.5 * BETA;
}

/* How much of one axis is common, with its derivatives by the proposed interval's ends. */
static double common(double *by_low, double *by_high, double low, double high, double other_low, double other_high)
{
    double from = fmax(low, other_low), to = fmin(high, other_high);
    *by_low = to > from && low > other_low ? -1.0 : 0.0;
    *by_high = to > from && high < other_high ? 1.0 : 0.0;
    return to > from ? to - from : 0.0;
}

/* IoU of the box of these numbers with another box; slope: its derivatives by scale, x and y. */
static double overlap(double slope[3], const double n[3], const struct selectai_box *box)
{
    double scale = n[0], play = 1.0 - scale, low[2] = {n[1] * play, n[2] * play}, by_low[2], by_high[2];
    double w = common(&by_low[0], &by_high[0], low[0], low[0] + scale, box->x1, box->x2);
    double h = common(&by_low[1], &by_high[1], low[1], low[1] + scale, box->y1, box->y2);
    double both = w * h, area = (box->x2 - box->x1) * (box->y2 - box->y1);
    double all = scale * scale + area - both;
    /* Low ends move by -place with the scale, high ends by 1 - place; both by the play with the place. */
    double d_both[3] = {h * (-n[1] * by_low[0] + (1.0 - n[1]) * by_high[0]) +
                            w * (-n[2] * by_low[1] + (1.0 - n[2]) * by_high[1]),
                        h * play * (by_low[0] + by_high[0]), w * play * (by_low[1] + by_high[1])};
    const double d_own[3] = {2.0 * scale, 0.0, 0.0};
    for (int k = 0; k < 3; k++)
        slope[k] = (d_both[k] * (all + both) - both * d_own[k]) / (all * all);
    return both / all;
}

/* Scale and place; slope: by the outputs. */
static double box_loss(double slope[3], const float *output, const struct sai_crop_target *target)
{
    double n[3], by_overlap[3], loss = 0.0;
    for (int k = 0; k < 3; k++)
        n[k] = sai_sigmoid((double)output[k]);
    loss += 1.0 - overlap(by_overlap, n, &target->box);
    for (int k = 0; k < 3; k++) {
        double by_error;
        loss += smooth_l1(&by_error, n[k] - (double)target->numbers[k]) / 3.0;
        slope[k] = (by_error / 3.0 - by_overlap[k]) * n[k] * (1.0 - n[k]);
    }
    return loss;
}

double sai_crop_loss(float gradient[SAI_CROP_OUTPUTS], const float output[SAI_CROP_OUTPUTS],
                     const struct sai_crop_target *target)
{
    double slope[SAI_CROP_OUTPUTS] = {0};
    double loss = CHANCE * cross_entropy(&slope[SAI_CROP_WHOLE], (double)output[SAI_CROP_WHOLE], target->whole);
    slope[SAI_CROP_WHOLE] *= CHANCE;
    if (target->whole == 0.0) {
        loss += box_loss(slope, output, target);
        for (int k = 0; k < 4; k++) {
            double *at = &slope[SAI_CROP_EDGES + k];
            loss += CHANCE / 4.0 * cross_entropy(at, (double)output[SAI_CROP_EDGES + k], target->edges[k]);
            *at *= CHANCE / 4.0;
        }
    }
    for (int k = 0; gradient && k < SAI_CROP_OUTPUTS; k++)
        gradient[k] = (float)slope[k];
    return loss;
}
