/*
 * learn/crop_data.h: the crops that a cropper is made from, one row each.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_DATA_H
#define SAI_LEARN_CROP_DATA_H

#include "learn/crop_inputs.h"
#include "learn/train.h"

struct sai_crop_data {
    size_t n;
    uint32_t width;             /* inputs */
    float *x;                   /* n x width, as they are */
    struct selectai_box *boxes; /* the person's */
    uint32_t *sizes;            /* n x 2 */
    size_t *decision;           /* index */
    int32_t *fold;              /* the decision's */
    uint32_t *group;            /* the decision's */
    size_t *order;              /* rows by project, then time, then what belongs together */
};

/* Of all usable decisions. layout: vectors of the same images by decision's winner row, or NULL. */
int sai_crop_data_make(struct sai_crop_data *out, const struct sai_training *training,
                       const struct sai_crop_layout *layout);
void sai_crop_data_free(struct sai_crop_data *data);

#endif
