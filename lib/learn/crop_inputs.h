/*
 * learn/crop_inputs.h: what a cropper's network sees of an image.
 *
 * In this order: the embedding; numbers of a second vector that tell where things are, if the embedding does not; log2
 * of the area; log2 of width / height.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_CROP_INPUTS_H
#define SAI_LEARN_CROP_INPUTS_H

#include "learn/crop_head.h"
#include "learn/model.h"

/* Vectors of a second encoder: n x dim, of which only columns count. */
struct sai_crop_layout {
    const float *x;
    uint32_t dim;
    const int64_t *columns;
    uint32_t n_columns;
};

/* One row; layout: its vector there, or NULL without columns. A size of 0 gives an infinity, and with it NaN. */
void sai_crop_row(float *out, const float *embedding, uint32_t dim, const float *layout, const int64_t *columns,
                  uint32_t n_columns, const uint32_t size[2]);

/*
 * The numbers of the built-in descriptor that tell where things are: light, colour, contrast, detail and salience on a
 * grid, the subject, skin, middle against border. The caller frees *columns.
 */
int sai_crop_layout_columns(int64_t **columns, uint32_t *n);

#endif
