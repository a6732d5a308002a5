/*
 * learn/temperature.c: turning scores into probabilities that mean what they say.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/temperature.h"

#define LOG_T_MIN (-7.0) /* 0.0009 */
#define LOG_T_MAX 7.0    /* 1097 */
#define STEPS     60     /* each shrinks the bracket to 0.618: 14 * 0.618^60 < 1e-11 */

/* Cross entropy of one decision against the smoothed target. */
static double loss_of(const struct sai_member *m, uint32_t n, const float *scores, double temperature, double miss)
{
    double largest = (double)scores[m[0].row], sum = 0.0, loss = 0.0;
    for (uint32_t i = 1; i < n; i++)
        largest = fmax(largest, (double)scores[m[i].row]);
    for (uint32_t i = 0; i < n; i++)
        sum += exp(((double)scores[m[i].row] - largest) / temperature);
    for (uint32_t i = 0; i < n; i++) {
        double log_p = ((double)scores[m[i].row] - largest) / temperature - log(sum);
        loss -= (i == 0 ? 1.0 - miss : miss / (n - 1)) * log_p;
    }
    return loss;
}

struct objective {
    const struct sai_decisions *decisions;
    const bool *use;
    const float *scores;
    double miss;
};

static double evaluate(const struct objective *o, double log_t)
{
    double sum = 0.0;
    for (size_t i = 0; i < o->decisions->count; i++) {
        const struct sai_decision *d = &o->decisions->items[i];
        if (d->usable && (!o->use || o->use[i]))
            sum += loss_of(&o->decisions->members[d->first], d->n, o->scores, exp(log_t), o->miss);
    }
    return sum;
}

double sai_temperature_fit(const struct sai_decisions *decisions, const bool *use, const float *scores)
{
    const double ratio = (sqrt(5.0) - 1.0) / 2.0;
    double low = LOG_T_MIN, high = LOG_T_MAX;
    size_t n = 0;
    for (size_t i = 0; i < decisions->count; i++)
        n += decisions->items[i].usable && (!use || use[i]);
    if (n == 0)
        return 1.0;
    const struct objective o = {decisions, use, scores, 1.0 / ((double)n + 2.0)};
    double a = high - ratio * (high - low), b = low + ratio * (high - low);
    double at_a = evaluate(&o, a), at_b = evaluate(&o, b);
    for (int step = 0; step < STEPS; step++) {
        if (at_a <= at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - ratio * (high - low);
            at_a = evaluate(&o, a);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + ratio * (high - low);
            at_b = evaluate(&o, b);
        }
    }
    return exp((low + high) / 2.0);
}

bool sai_softmax(float *probabilities, const float *scores, size_t n, double temperature)
{
    double largest = -INFINITY, sum = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(scores[i]))
            largest = fmax(largest, (double)scores[i]);
    if (largest == -INFINITY)
        return false;
    for (size_t i = 0; i < n; i++)
        sum += isnan(scores[i]) ? 0.0 : exp(((double)scores[i] - largest) / temperature);
    for (size_t i = 0; i < n; i++)
        probabilities[i] = isnan(scores[i]) ? 0.0f : (float)(exp(((double)scores[i] - largest) / temperature) / sum);
    return true;
}
