/*
 * learn/rank_loss.h: how wrong the scores of one decision are.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_RANK_LOSS_H
#define SAI_LEARN_RANK_LOSS_H

#include <stdint.h>

/*
 * score[0] is the winner's, the n - 1 others the losers'; weight[i] that of loser i (weight[0] is not used). kind:
 * SELECTAI_LOSS_*. PLACKETT_LUCE has one term, which the largest weight multiplies. gradient: n derivatives, or NULL.
 * NaN in a score makes the loss NaN.
 */
double sai_rank_loss(int32_t kind, double margin, float *gradient, const float *score, const float *weight, uint32_t n);

/*
 * Rejected and kept groups: x is the log of the mean of exp(score) over the group's n images, and the loss
 * log(1 + exp(-x)) if something was kept, log(1 + exp(x)) if not.
 */
double sai_keep_loss(float *gradient, const float *score, uint32_t n, int kept);
double sai_keep_logit(const float *score, uint32_t n);

#endif
