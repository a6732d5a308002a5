/*
 * learn/rank_loss.c: losses of rankers, with their derivatives.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "learn/rank_loss.h"

/* log(1 + exp(x)) without overflow. */
static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

static double pairs(int32_t kind, double margin, float *gradient, const float *score, const float *weight, uint32_t n)
{
    double loss = 0.0, winner = 0.0;
    for (uint32_t i = 1; i < n; i++) {
        double behind = (double)score[i] - (double)score[0], w = (double)weight[i], slope;
        if (kind == SELECTAI_LOSS_MARGIN) {
            bool counts = !(margin + behind <= 0.0); /* NaN must show */
            loss += counts ? w * (margin + behind) : 0.0;
            slope = counts ? w : 0.0;
        } else {
            loss += w * softplus(behind);
            slope = w * sigmoid(behind);
        }
        winner -= slope;
        if (gradient)
            gradient[i] = (float)slope;
    }
    if (gradient)
        gradient[0] = (float)winner;
    return loss;
}

static double log_sum(const float *score, uint32_t n)
{
    double largest = (double)score[0], sum = 0.0;
    for (uint32_t i = 1; i < n; i++)
        largest = fmax(largest, (double)score[i]);
    for (uint32_t i = 0; i < n; i++)
        sum += exp((double)score[i] - largest);
    return largest + log(sum);
}

static double listwise(float *gradient, const float *score, const float *weight, uint32_t n)
{
    double all = log_sum(score, n), w = 0.0;
    for (uint32_t i = 1; i < n; i++)
        w = fmax(w, (double)weight[i]);
    for (uint32_t i = 0; gradient && i < n; i++)
        gradient[i] = (float)(w * (exp((double)score[i] - all) - (i == 0 ? 1.0 : 0.0)));
    return w * (all - (double)score[0]);
}

double sai_rank_loss(int32_t kind, double margin, float *gradient, const float *score, const float *weight, uint32_t n)
{
    if (kind == SELECTAI_LOSS_PLACKETT_LUCE)
        return listwise(gradient, score, weight, n);
    return pairs(kind, margin, gradient, score, weight, n);
}

double sai_keep_logit(const float *score, uint32_t n)
{
    return log_sum(score, n) - log((double)n);
}

double sai_keep_loss(float *gradient, const float *score, uint32_t n, int kept)
{
    double all = log_sum(score, n), x = all - log((double)n);
    double slope = kept ? -sigmoid(-x) : sigmoid(x);
    for (uint32_t i = 0; gradient && i < n; i++)
        gradient[i] = (float)(slope * exp((double)score[i] - all));
    return softplus(kept ? -x : x);
}
