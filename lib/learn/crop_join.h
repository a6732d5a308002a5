/*
 * learn/crop_join.h: an ensemble of equal networks as one network.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_JOIN_H
#define SAI_LEARN_CROP_JOIN_H

#include "learn/mlp.h"

/*
 * One network that gives scale[k] * mean + shift[k] of the linear outputs of n networks of the same widths, 2 layers or
 * more: their hidden layers lie side by side (zeros between them), the last one averages. So files and scoring know
 * nothing of ensembles.
 */
int sai_crop_join(struct sai_mlp **out, struct sai_mlp *const *members, uint32_t n, const double *scale,
                  const double *shift);

#endif
