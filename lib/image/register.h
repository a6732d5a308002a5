/*
 * image/register.h: the parts of crop recovery: exact search, luma pyramids, coarse search, refinement.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_REGISTER_H
#define SAI_IMAGE_REGISTER_H

#include "image/image.h"

/* ---- Exact copies (register_exact.c) ---- */

struct sai_exact_match {
    bool found;
    uint32_t x, y;  /* of the first match in reading order */
    int32_t unique; /* 1, 0, or -1 not known */
};
/* `cropped` is at most as wide and as high as `original`. */
int sai_register_exact(struct sai_exact_match *out, const selectai_image *original, const selectai_image *cropped);

/* ---- Luma at falling sizes (register_pyramid.c) ---- */

/* A rectangle in pixels of an image, from edge to edge: the whole image is 0, 0, width, height. */
struct sai_place {
    double x1, y1, x2, y2;
};

struct sai_luma {
    uint32_t width, height;
    float *value; /* 0..255 */
};

#define SAI_PYRAMID_LEVELS 16

/* Level 0 is the image reduced by a whole number so that no side is over the limit; each next level has half its size.
 */
struct sai_pyramid {
    uint32_t width, height; /* of the image */
    uint32_t unit;          /* image pixels along a side of a pixel of level 0 */
    uint32_t n;
    struct sai_luma level[SAI_PYRAMID_LEVELS];
};
int sai_pyramid_create(struct sai_pyramid *out, const selectai_image *image, uint32_t max_side);
void sai_pyramid_clear(struct sai_pyramid *pyramid);

/* Samples `place` into width x height values: antialiased when shrinking, interpolated when enlarging. */
int sai_pyramid_sample(float *out, uint32_t width, uint32_t height, const struct sai_pyramid *pyramid,
                       const struct sai_place *place);

/*
 * Structure without tone: each value minus its neighbourhood's mean, over its neighbourhood's standard deviation. Flat
 * places become 0. `work` takes 2 x width x height values.
 */
void sai_luma_structure(float *out, const float *luma, uint32_t width, uint32_t height, float *work);

/* ---- Coarse search (register_search.c) ---- */

struct sai_candidate {
    struct sai_place place; /* in pixels of the original */
    double score;           /* correlation, -1..1 */
};

#define SAI_CANDIDATES 96

struct sai_candidates {
    uint32_t n;
    struct sai_candidate item[SAI_CANDIDATES];
};

/* Adds the best places for boxes with the crop's own width-to-height ratio, of all sizes. */
int sai_search_locked(struct sai_candidates *out, const struct sai_pyramid *original,
                      const struct sai_pyramid *cropped);

/* The same for ratios other than the crop's own: crops that were squeezed or stretched afterwards. */
int sai_search_free(struct sai_candidates *out, const struct sai_pyramid *original, const struct sai_pyramid *cropped);

/* ---- Refinement (register_refine.c) ---- */

struct sai_fit {
    struct sai_place place;
    double score;           /* correlation of structure, -1..1 */
    double texture;         /* structured pixels that the crop has at the size at which it was compared */
    double residual;        /* root mean square difference of luma after the best gain and offset, 0..255 */
    uint32_t width, height; /* size at which it was compared */
    double proof_score;     /* score and texture of the size that proves most */
    double proof_texture;
};

struct sai_sides {
    struct sai_pyramid original, cropped;
    bool mirrored, upside_down; /* what the crop is compared as */
};

/* Moves the place to where it fits best, comparing at a longer side of at most `side`; `locked`: keeps its ratio. */
int sai_refine(struct sai_fit *fit, const struct sai_sides *sides, uint32_t side, uint32_t iterations, bool locked);

/* ---- Resampled copies (register_resampled.c) ---- */

struct sai_resampled_match {
    bool found;
    bool turned;        /* not found, because it fits better mirrored or upside down */
    struct sai_fit fit; /* the best place, also if not found; width 0 if there was none */
    int32_t unique;
};
int sai_register_resampled(struct sai_resampled_match *out, const selectai_image *original,
                           const selectai_image *cropped);

double sai_place_overlap(const struct sai_place *a, const struct sai_place *b); /* intersection over union */

#endif
