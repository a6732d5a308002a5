/*
 * learn/cropper_cross.h: croppers of all folds and of all data, and what they say of images that they have not seen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROPPER_CROSS_H
#define SAI_LEARN_CROPPER_CROSS_H

#include "learn/crop_fit.h"
#include "learn/evaluate.h"

struct sai_crop_cross {
    struct sai_model *final;             /* of all data but what is held out; its worth is that of all folds */
    struct sai_crop_answer *answers;     /* by decision, of croppers that had not seen it: levelled by the other folds,
                                            those     of the held-out project by the final cropper */
    bool *measured;                      /* by decision: has such an answer, and counts for the figures */
    struct sai_training_outcome outcome; /* of the final cropper */
};

/* layout: as in sai_crop_data_make(). Call sai_crop_cross_free() in any case. */
int sai_crop_cross(struct sai_crop_cross *out, const struct sai_training *training,
                   const struct sai_crop_layout *layout, uint32_t members, double snap);
void sai_crop_cross_free(struct sai_crop_cross *cross);

#endif
