/*
 * learn/softmax.c: from scores to probabilities.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/softmax.h"

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
