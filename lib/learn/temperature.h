/*
 * learn/temperature.h: turning scores into probabilities that mean what they say.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_TEMPERATURE_H
#define SAI_LEARN_TEMPERATURE_H

#include "learn/decisions.h"

/*
 * The temperature that makes softmax(score / T) over each decision's images most likely to name the winners (Guo et
 * al., "On calibration of modern neural networks", 2017), found by golden-section search over log T. The winner's
 * target is 1 - 1 / (n + 2) instead of 1 (Platt, "Probabilistic outputs for support vector machines", 1999): a few
 * decisions that all come out right must not give certainty. Returns 1 without a decision. `use` as in evaluate.h.
 */
double sai_temperature_fit(const struct sai_decisions *decisions, const bool *use, const float *scores);

/* probabilities of n scores, summing to 1; NaN scores get 0. false if all are NaN. */
bool sai_softmax(float *probabilities, const float *scores, size_t n, double temperature);

#endif
