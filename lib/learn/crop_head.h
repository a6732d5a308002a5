/*
 * learn/crop_head.h: what a cropper has beside its network.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_HEAD_H
#define SAI_LEARN_CROP_HEAD_H

#include <selectai/common.h>

#include <stdbool.h>

#define SAI_CROP_DEVIATIONS     256u  /* that training makes at most */
#define SAI_CROP_MAX_DEVIATIONS 1024u /* that a file may hold */
#define SAI_CROP_MAX_SIZES      256u

struct sai_crop_deviation {
    double by[3];  /* added to scale, x, y; then cut to what is possible */
    double weight; /* share; all sum to 1 */
};

/* What the person did with images of one size: the median of each edge on its own. */
struct sai_crop_size {
    double width, height; /* whole numbers */
    struct selectai_box box;
};

/* What a cropper has beside its network. Zeroed: nothing. */
struct sai_crop_head {
    struct sai_crop_deviation *deviations;
    uint32_t n_deviations;
    struct sai_crop_size *sizes; /* what one box for each size would be: for comparison only */
    uint32_t n_sizes;
    bool one_box;    /* images tell too little: the one box for all of them is proposed */
    double level[2]; /* expected IoU = level[0] + level[1] * what the distribution says */
    double widen;    /* what its interval gets on either side; < 0 makes it narrower */
    char *layout_id; /* encoder whose vectors tell where things are; NULL: none is needed */
    uint32_t layout_dim;
    int64_t *columns; /* the numbers of such a vector that are inputs, ascending */
    uint32_t n_columns;
};
void sai_crop_head_free(struct sai_crop_head *head);

#endif
