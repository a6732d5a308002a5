/*
 * learn/blend.h: weighing the two parts of a score so that their softmax means what it says.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_BLEND_H
#define SAI_LEARN_BLEND_H

#include "learn/decisions.h"

/*
 * score = prior_weight * prior + image_weight * image, where image = (1 - kernel_share) * networks + kernel_share *
 * kernel machine; P(anything is kept) = sigmoid(keep_scale * logit + keep_shift).
 */
struct sai_blend {
    double prior_weight, image_weight;
    double keep_scale, keep_shift;
    double kernel_share; /* 0 to 1 */
};
#define SAI_BLEND_PLAIN ((struct sai_blend){1.0, 1.0, 1.0, 0.0, 0.0})

/*
 * The weights >= 0 under which the softmax over each choice's images makes the winners most likely, from parts that
 * were predicted by models which had not seen the decisions: stacking (Wolpert, "Stacked generalization", 1992) and
 * temperature scaling (Guo et al., "On calibration of modern neural networks", 2017) in one. The winner's target is
 * 1 - 1 / (n + 2) instead of 1 (Platt, "Probabilistic outputs for support vector machines", 1999): a few decisions that
 * all come out right must not give certainty. prior, image: by member; choices with a NaN there are left out. With none
 * left the weights are 1. use: which decisions (NULL: all).
 */
void sai_blend_fit_scores(struct sai_blend *blend, const struct sai_decisions *decisions, const bool *use,
                          const float *prior, const float *image);

/*
 * The same, but decisions that a lower stage won count anomaly_weight times when the two weights are balanced. What
 * both are multiplied by is then fitted as above, so that the probabilities stay honest. With a weight above 1 the
 * prior's may become negative: a lower stage is taken where the images hardly differ.
 */
void sai_blend_fit_weighted(struct sai_blend *blend, const struct sai_decisions *decisions, const bool *use,
                            const float *prior, const float *image, double anomaly_weight);

/* The smoothed cross entropy that sai_blend_fit_scores() makes as small as it can: at these weights, summed. */
double sai_blend_loss(const struct sai_blend *blend, const struct sai_decisions *decisions, const bool *use,
                      const float *prior, const float *image);

/* Platt's scaling of the keep logits (by decision; NaN: left out) of choices (kept) and rejected groups. */
void sai_blend_fit_keep(struct sai_blend *blend, const struct sai_decisions *decisions, const bool *use,
                        const float *logit);

#endif
