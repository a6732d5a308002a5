/*
 * learn/recognise.h: rankers that are not told stages: what an image looks like stands for them.
 *
 * What training knows and scoring will not (Vapnik and Vashist, "A new learning paradigm: learning using privileged
 * information", 2009) is worth learning: images of all decisions show how stages look, decisions what each is worth.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_RECOGNISE_H
#define SAI_LEARN_RECOGNISE_H

#include "learn/model.h"
#include "learn/samples.h"

/*
 * out: a discriminant of the prior's stages, from the images of the samples' items, each once; NULL if the prior knows
 * fewer than two. expected: by member of the decisions: the prior that is expected where the stage is not told, by what
 * images of other groups say; 0 for members that the samples do not hold. part: by item, as for sai_linear_fit().
 */
int sai_recognise_fit(struct sai_mlp **out, float *expected, const struct sai_training *training,
                      const struct sai_samples *samples, const struct sai_prior *prior, const uint8_t *part,
                      unsigned n_parts);

/* out: the expected prior (see sai_prior_expected()) of one group: n rows of x. */
int sai_recognise_group(float *out, const struct sai_model *model, const char *project, const float *x, size_t n);

/* The same for rows of unlike groups. */
int sai_recognise_rows(float *out, const struct sai_model *model, const float *x, size_t n);

#endif
