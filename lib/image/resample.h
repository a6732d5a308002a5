/*
 * image/resample.h: the resampler behind resize, preprocessing and the perceptual hash, for any number of interleaved
 * 8-bit channels.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_RESAMPLE_H
#define SAI_IMAGE_RESAMPLE_H

#include "image/image.h"

struct sai_plane {
    uint32_t width, height;
    uint32_t channels; /* 1..4, interleaved */
    const uint8_t *pixels;
};

/* *out (caller frees with sai_free) takes out_width x out_height x channels bytes. filter: SELECTAI_FILTER_*. */
int sai_resample(uint8_t **out, uint32_t out_width, uint32_t out_height, const struct sai_plane *in, int filter);

/*
 * One axis' weights. Output i is the sum over k < count[i] of weight[i * taps + k] * input[first[i] + k]; the rest of
 * the row's `taps` weights is 0. Weights are fixed-point with SAI_WEIGHT_BITS fraction bits.
 */
#define SAI_WEIGHT_BITS 22

struct sai_weights {
    uint32_t n, taps;
    uint32_t *first, *count;
    int32_t *weight;
};
int sai_weights_create(struct sai_weights *out, uint32_t in_size, uint32_t out_size, int filter);
void sai_weights_clear(struct sai_weights *weights);

#endif
