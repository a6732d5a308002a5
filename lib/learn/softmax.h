/*
 * learn/softmax.h: from scores to probabilities.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_SOFTMAX_H
#define SAI_LEARN_SOFTMAX_H

#include <stdbool.h>
#include <stddef.h>

/* probabilities of n scores divided by the temperature, summing to 1; NaN scores get 0. false if all are NaN. */
bool sai_softmax(float *probabilities, const float *scores, size_t n, double temperature);

#endif
