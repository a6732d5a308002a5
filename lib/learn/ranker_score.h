/*
 * learn/ranker_score.h: the parts of a ranker's scores of one group.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_RANKER_SCORE_H
#define SAI_LEARN_RANKER_SCORE_H

#include "learn/model.h"

struct sai_group_parts {
    float *prior, *image, *spread; /* n each; image and spread of a row with NaN are NaN */
    double keep;                   /* logit; NaN: the model has no keep network */
    float *kernel;                 /* n, what the kernel machine says by itself, if the model has one; or NULL */
};

/* Before the weights of the model's blend. */
int sai_ranker_parts(struct sai_group_parts *out, const struct sai_model *model, const char *project, const float *x,
                     const double *stages, size_t n);

/* Mean and standard deviation (may be NULL), for n rows, over what the networks and the kernel machine say, each with
 * its share. */
int sai_ranker_image(float *image, float *spread, const struct sai_model *model, const float *x, size_t n);

#endif
