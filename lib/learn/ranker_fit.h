/*
 * learn/ranker_fit.h: making one ranker from one side of the decisions, and many of them for cross-validation.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_RANKER_FIT_H
#define SAI_LEARN_RANKER_FIT_H

#include <selectai/ranker.h>

#include "learn/scored.h"
#include "learn/train.h"

/* Training decisions; with fewer, rankers are trained differently: see docs/learning.md. */
#define SAI_FEW 4096u

/* The options with 0 resolved to what it means for these data. */
void sai_ranker_resolve(struct selectai_ranker_options *options, const struct sai_training *training);

/* Is a kernel machine trained beside the networks? Its share is fitted by cross-validation; without, nobody could say
 * what it is worth. */
bool sai_ranker_wants_kernel(const struct sai_training *training, const struct selectai_ranker_options *options);

/* Epochs that one sai_ranker_fit() may take: for progress. */
uint64_t sai_ranker_fit_epochs(const struct selectai_ranker_options *options, const struct sai_training *training);

/*
 * A ranker (prior, standardisers, networks, keep network) from the decisions that train when `fold` is the test; plain
 * weights. outcome: may be NULL. calibrate: the weights of its parts are fitted on the inner validation side, by
 * networks that did not train on it; for rankers that are not cross-validated.
 */
int sai_ranker_fit(struct sai_model **out, struct sai_training_outcome *outcome, const struct sai_training *training,
                   const struct selectai_ranker_options *options, int32_t fold, bool calibrate,
                   struct sai_epochs *report);

/* What cross-validation found, and the ranker of all data, if it was wanted. */
struct sai_cross {
    struct sai_model *final; /* not wanted: NULL. Its blend is fitted on all folds */
    struct sai_scored
        scored;     /* by fold rankers, weighed by what the other folds say; of a held-out project by `final` */
    bool *measured; /* by decision: usable, scored, and no part of what a warm start had seen */
    struct sai_training_outcome outcome; /* of the final ranker */
};
int sai_ranker_cross(struct sai_cross *out, const struct sai_training *training,
                     const struct selectai_ranker_options *options, bool want_final);

/* Weighs the parts again, for another anomaly_weight. */
int sai_cross_weigh(struct sai_cross *cross, const struct sai_training *training,
                    const struct selectai_ranker_options *options);
void sai_cross_free(struct sai_cross *cross);

#endif
