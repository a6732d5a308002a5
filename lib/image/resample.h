/*
 * image/resample.h: the resampler behind resize, preprocessing and the perceptual hash, for any number of interleaved
 * 8-bit channels.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_RESAMPLE_H
#define SAI_IMAGE_RESAMPLE_H

#include "image/image.h"
#include "image/resample_kernel.h"

struct sai_plane {
    uint32_t width, height;
    uint32_t channels; /* 1..4, interleaved */
    const uint8_t *pixels;
};

/* *out (caller frees with sai_free) takes out_width x out_height x channels bytes. filter: SELECTAI_FILTER_*. */
int sai_resample(uint8_t **out, uint32_t out_width, uint32_t out_height, const struct sai_plane *in, int filter);

/* A picture resampled to width x height, of which part_width x part_height pixels from (x, y) are wanted. */
struct sai_part {
    uint32_t width, height;
    uint32_t x, y, part_width, part_height;
};

/* The part alone, the same pixels as cutting it out of the whole. */
int sai_resample_part(uint8_t **out, const struct sai_part *part, const struct sai_plane *in, int filter);

/* The whole picture, of RGB made grey first. */
int sai_resample_grey(uint8_t **out, uint32_t out_width, uint32_t out_height, const selectai_image *image, int filter);

/* What is resampled: the channels, or grey made of three. */
struct sai_source {
    struct sai_plane plane;
    bool to_grey;
};

/* By a certain kernel, for tests. */
int sai_resample_with(uint8_t **out, const struct sai_part *part, const struct sai_source *source, int filter,
                      const struct sai_resample_kernel *kernel);

/*
 * One axis' weights, for n outputs. Output i is the sum over k < count[i] of weight[i * taps + k] * input[first[i] +
 * k]; the rest of the row's `taps` weights is 0. Weights are fixed-point with SAI_WEIGHT_BITS fraction bits.
 */
#define SAI_WEIGHT_BITS 22

struct sai_weights {
    uint32_t n, taps;
    uint32_t *first, *count;
    int32_t *weight;
    double *exact; /* the same before they are rounded, if they were asked for */
};

/* Of in_size pixels resampled to out_size, n outputs from `start`. */
struct sai_axis_part {
    uint32_t in_size, out_size, start, n;
};
int sai_weights_create(struct sai_weights *out, const struct sai_axis_part *part, int filter, bool exact);
void sai_weights_clear(struct sai_weights *weights);

#endif
