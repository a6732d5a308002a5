/*
 * learn/kernel_fit.h: the best scores of a kernel machine, by their likelihood.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_KERNEL_FIT_H
#define SAI_LEARN_KERNEL_FIT_H

#include "learn/kernel.h"
#include "learn/samples.h"

/*
 * Every image of the samples' training items becomes a centre, once; the coefficients minimise the mean loss plus decay
 * / 2 times the squared norm that the kernel defines. Convex, without seed, epochs or module; loss, part and the choice
 * of decay as for sai_linear_fit(). With more than SAI_KERNEL_MAX images *out stays NULL: it would take too long, and
 * with so many decisions a linear model or a network does as well.
 */
int sai_kernel_fit(struct sai_kernel **out, const struct sai_samples *samples, int32_t loss, const uint8_t *part,
                   unsigned n_parts);

#endif
