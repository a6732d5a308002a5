/*
 * learn/crop_fit.h: making one cropper from some of the rows.
 *
 * A cropper is a small ensemble. The rows that train are divided into blocks of time, one a member: it learns from the
 * other blocks, its own says when to stop. So every row is known by members that learned from it and by one that did
 * not: what the latter says of it tells how far off points are, and what chances are worth.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_FIT_H
#define SAI_LEARN_CROP_FIT_H

#include "learn/crop_belief.h"
#include "learn/crop_data.h"

#define SAI_CROP_MAX_MEMBERS 16u

struct sai_crop_fit {
    const struct sai_crop_data *data;
    int32_t fold;   /* that does not train; SAI_FOLD_NONE: all but what is held out trains */
    uint32_t n;     /* members */
    bool *use;      /* by row: trains */
    uint32_t *part; /* by row that trains: the member that does not learn from it; n or more: all do */
    struct sai_crop_target *targets;
    struct sai_standardiser standardiser;
    struct sai_mlp *members[SAI_CROP_MAX_MEMBERS];
    uint32_t best_epoch[SAI_CROP_MAX_MEMBERS], epochs_run[SAI_CROP_MAX_MEMBERS];
    float *held; /* n rows x SAI_CROP_OUTPUTS: what the member that had not seen the row says of it */
};

/* Who trains, who is held; targets; standardisation. Call sai_crop_fit_free() in any case. */
int sai_crop_fit_begin(struct sai_crop_fit *out, const struct sai_crop_data *data, int32_t fold, uint32_t members);

/* Trains one member. Different members from different threads at once. */
int sai_crop_fit_member(struct sai_crop_fit *fit, uint32_t member, const struct sai_training *training,
                        struct sai_epochs *report);

/* The members as one network, the head (but level and widen) and the constant box of a model that has a snap. */
int sai_crop_fit_finish(struct sai_model *model, const struct sai_crop_fit *fit);

void sai_crop_fit_free(struct sai_crop_fit *fit);

#endif
