/*
 * embed/builtin_priv.h: what the parts of the built-in descriptor share: prepared pixels, small statistics, blocks.
 *
 * Two views of the image feed all blocks (builtin_frame.c):
 *  - tiles: up to SAI_BI_TILES squares of luma at the native resolution, where blur, noise, blocking and upscaling
 * show;
 *  - levels: a copy of at most SAI_BI_LONG pixels on the long side and its box pyramid, where content and layout show.
 *
 * Loops add into one float for each column and the columns are summed in order afterwards: such loops vectorise without
 * reordering a sum, so every compiler setting gives the same bits.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_BUILTIN_PRIV_H
#define SAI_EMBED_BUILTIN_PRIV_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "embed/builtin.h"

#define SAI_BI_TILE   128 /* side of a tile, a multiple of 8 */
#define SAI_BI_TILES  36  /* at most so many: bounds the cost of all native statistics */
#define SAI_BI_PAD    8   /* readable pixels around a tile; 4 and 2 at half and quarter scale */
#define SAI_BI_SCALES 3   /* native, half, quarter */
#define SAI_BI_LONG   512 /* long side of level 0 */
#define SAI_BI_SHORT  32  /* no side of level 0 is smaller */
#define SAI_BI_LEVELS 5   /* luma: 512, 256, 128, 64, 32 */
#define SAI_BI_CHROMA 4   /* levels of the two opponent planes */
#define SAI_BI_GRID   64  /* greatest side of level 3, on which layout maps live */

/* px is the first inner pixel; what lies around it is readable where the owner says so. */
struct sai_bi_plane {
    float *px;
    uint32_t width, height, stride;
};

struct sai_bi_tile {
    uint32_t x, y; /* multiples of 8 in the image */
    struct sai_bi_plane scale[SAI_BI_SCALES];
};

/* A map on the grid of level 3. */
struct sai_bi_map {
    uint32_t width, height;
    float value[SAI_BI_GRID * SAI_BI_GRID];
};

struct sai_bi_frame {
    uint32_t width, height; /* of the image */
    uint32_t tile_count;
    struct sai_bi_tile tile[SAI_BI_TILES];
    struct sai_bi_plane luma[SAI_BI_LEVELS];        /* 0..255 */
    struct sai_bi_plane red_green[SAI_BI_CHROMA];   /* R - G */
    struct sai_bi_plane yellow_blue[SAI_BI_CHROMA]; /* (R + G) / 2 - B */
    uint32_t histogram[4][256]; /* of the tiles, native: luma; every fourth row's red, green, blue */
    struct sai_bi_map fine;     /* mean |Laplacian| of level 0: where detail is */
    struct sai_bi_map salient;  /* centre-surround difference: what stands out */
    float *scratch;             /* SAI_BI_LONG * SAI_BI_LONG floats for one block at a time */
    void *memory;
};

/* builtin_frame.c */
int sai_bi_frame_init(struct sai_bi_frame *out, const uint8_t *rgb, uint32_t width, uint32_t height);
void sai_bi_frame_clear(struct sai_bi_frame *frame);
/* The part of a plane that has `margin` readable pixels around it inside the plane. */
struct sai_bi_plane sai_bi_inner(const struct sai_bi_plane *plane, uint32_t margin);

/* builtin_maps.c: fills fine and salient from the levels. */
void sai_bi_maps(struct sai_bi_frame *frame);
/* Where a map's mass lies: sums over columns (width values) and over rows (height values). */
void sai_bi_marginals(float *columns, float *rows, const struct sai_bi_map *map);

/* builtin_math.c. Own logarithm: libm's differs in the last bit between machines. */
double sai_bi_ln(double x); /* x > 0; smaller than 1e-30 counts as 1e-30 */
double sai_bi_sum(const float *values, size_t count);
double sai_bi_ratio(double a, double b); /* a / b, and 0 where b is 0 */
/* ln of the shape of a generalised Gaussian whose E[x^2] / E[|x|]^2 is `ratio`. */
double sai_bi_ggd_ln_shape(double ratio);
void sai_bi_sort(float *values, uint32_t count); /* insertion sort: for a few dozen values */

/* Sorted values at about the lower eighth, the middle and the upper eighth. Sorts in place. */
struct sai_bi_spread {
    double low, middle, high;
};
struct sai_bi_spread sai_bi_spread(float *values, uint32_t count);

/* Blocks: each writes its raw numbers; builtin.c scales them with builtin_scale.c's constants. */
void sai_bi_geometry(float *out, const struct sai_bi_frame *frame);
void sai_bi_nss_native(float *out, const struct sai_bi_frame *frame);
void sai_bi_nss_half(float *out, const struct sai_bi_frame *frame);
void sai_bi_nss_level1(float *out, const struct sai_bi_frame *frame);
void sai_bi_nss_level2(float *out, const struct sai_bi_frame *frame);
void sai_bi_nss_colour(float *out, const struct sai_bi_frame *frame);
void sai_bi_gradient(float *out, const struct sai_bi_frame *frame);
void sai_bi_hog(float *out, const struct sai_bi_frame *frame);
void sai_bi_texture(float *out, const struct sai_bi_frame *frame);
void sai_bi_sharpness(float *out, const struct sai_bi_frame *frame);
void sai_bi_noise(float *out, const struct sai_bi_frame *frame);
void sai_bi_halo(float *out, const struct sai_bi_frame *frame);
void sai_bi_spectrum(float *out, const struct sai_bi_frame *frame);
void sai_bi_resample(float *out, const struct sai_bi_frame *frame);
void sai_bi_blocking(float *out, const struct sai_bi_frame *frame);
void sai_bi_banding(float *out, const struct sai_bi_frame *frame);
void sai_bi_dct(float *out, const struct sai_bi_frame *frame);
void sai_bi_colour(float *out, const struct sai_bi_frame *frame);
void sai_bi_contrast(float *out, const struct sai_bi_frame *frame);
void sai_bi_layout(float *out, const struct sai_bi_frame *frame);
void sai_bi_subject(float *out, const struct sai_bi_frame *frame);
void sai_bi_skin(float *out, const struct sai_bi_frame *frame);
void sai_bi_symmetry(float *out, const struct sai_bi_frame *frame);
void sai_bi_composition(float *out, const struct sai_bi_frame *frame);

/* builtin_scale.c: what is taken off each raw number, and what the rest is divided by. */
struct sai_bi_scale {
    float centre, spread;
};
extern const struct sai_bi_scale sai_bi_scales[SAI_BUILTIN_DIM];

#endif
