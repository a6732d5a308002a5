/*
 * learn/scored.h: what a ranker, or several by folds, said about decisions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_SCORED_H
#define SAI_LEARN_SCORED_H

#include "learn/decisions.h"
#include "learn/join.h"
#include "learn/model.h"

/* By member of the decisions (not by row of vectors: a prior depends on the group), keep by decision. */
struct sai_scored {
    float *prior, *image, *spread; /* parts before they are weighed; NaN where nothing was scored */
    float *score, *probability;    /* weighed; softmax over the decision */
    float *networks, *kernel;      /* by member: what image is mixed of, while cross-validation weighs them */
    float *keep_logit, *keep;      /* before and after its calibration; NaN: not known */
    size_t n_members, n_decisions;
};
int sai_scored_allocate(struct sai_scored *out, const struct sai_decisions *decisions);
void sai_scored_free(struct sai_scored *scored);

/* The parts of the decisions with use[i] (NULL: all usable ones), by this model. No project has a prior of its own if
 * `as_new_project`. */
int sai_score_decisions(struct sai_scored *out, const struct sai_model *model, const struct sai_decisions *decisions,
                        const struct sai_vectors *vectors, const bool *use, bool as_new_project);

/* score, probability and keep from the parts. Of one decision. temperature: 1, or of an old
 * model. */
void sai_weigh_decision(struct sai_scored *scored, const struct sai_decision *decision, size_t index,
                        const struct sai_blend *blend, double temperature);

/* Both steps, for all usable decisions of a measurement. Call sai_scored_free() in any case. */
struct sai_measurement;
int sai_score_measurement(struct sai_scored *out, const struct sai_model *model, const struct sai_measurement *m);

#endif
