/*
 * learn/cropper_propose.h: from images to proposals, for models of all forms.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROPPER_PROPOSE_H
#define SAI_LEARN_CROPPER_PROPOSE_H

#include <selectai/cropper.h>

#include "learn/evaluate.h"
#include "learn/join.h"
#include "learn/model.h"

/* One proposal from the inputs (as sai_crop_row() makes them) of a network of the form SAI_BOX_CHANCES; not levelled.
 */
int sai_crop_propose_rows(struct selectai_crop_proposal *out, const struct sai_model *model, const float *inputs,
                          size_t n);

/* By decision, for the winners of all usable ones: the model's proposal and what its rules say. layout: a row for each
 * of the vectors', or NULL. The caller frees *out. */
int sai_crop_answers(struct sai_crop_answer **out, const struct sai_model *model, const struct sai_decisions *decisions,
                     const struct sai_vectors *vectors, const float *layout);

#endif
