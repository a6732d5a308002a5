/*
 * examples/selectai/sample/canvas.h: a picture of floats while it is drawn, and shapes painted on it.
 *
 * Positions are in units of the canvas's longer side, x to the right, y down: the same drawing at every size.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_CANVAS_H
#define SELECTAI_SAMPLE_CANVAS_H

#include <stddef.h>
#include <stdint.h>

#include <selectai/selectai.h>

#include "noise.h"

struct color {
    float r, g, b;
};

struct canvas {
    int width, height;
    float scale; /* pixels per unit: the longer side */
    float *rgb;  /* 0..1 as in the file (not linear light), 3 a pixel */
    float *mask; /* 0..1: how much of the pixel is figure */
    float *work; /* width x height x 3, scratch of blurs and shapes */
    float *line; /* width x 3, sums of blurs */
};

int canvas_create(struct canvas *c, int width, int height);
void canvas_destroy(struct canvas *c);
int canvas_copy(struct canvas *out, const struct canvas *from);
int canvas_to_image(selectai_image **out, const struct canvas *c);
int canvas_from_image(struct canvas *out, const selectai_image *image);
/* To another size, through the library's 8-bit resampler: averages when halving, else Lanczos. */
int canvas_resize(struct canvas *out, const struct canvas *c, int width, int height);
/* Passes of a box in each direction, two are nearly a bell; radius in pixels, 0: nothing. */
void canvas_blur(struct canvas *c, int radius, int passes);

static inline float canvas_luma(const float *rgb)
{
    return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

static inline struct color color_mix(struct color a, struct color b, float t)
{
    return (struct color){mixf(a.r, b.r, t), mixf(a.g, b.g, t), mixf(a.b, b.b, t)};
}

static inline struct color color_scale(struct color a, float t)
{
    return (struct color){a.r * t, a.g * t, a.b * t};
}

static inline void pixel_blend(float *rgb, struct color over, float alpha)
{
    rgb[0] += (over.r - rgb[0]) * alpha;
    rgb[1] += (over.g - rgb[1]) * alpha;
    rgb[2] += (over.b - rgb[2]) * alpha;
}

/* Light of the whole picture. */
struct light {
    float x, y, z;      /* direction to the light, unit length; z towards the viewer */
    struct color warm;  /* factor where the light falls */
    struct color shade; /* factor where it does not */
};

#define PATTERN_PLAIN   0
#define PATTERN_STRIPES 1 /* across y */
#define PATTERN_CHECKS  2
#define PATTERN_DOTS    3
#define PATTERN_KNIT    4
#define PATTERN_STRANDS 5 /* hair */

struct material {
    struct color base, second;
    int pattern;
    float frequency; /* of the pattern, per unit */
    float grain;     /* strength of the fine texture */
    float depth;     /* units from the edge to the flat middle: how round it looks */
    float outline;   /* darkness of the edge line, 0..1 */
    uint32_t seed;
};

#define SHAPE_CAPSULE 0 /* from (x1, y1) with radius r1 to (x2, y2) with radius r2 */
#define SHAPE_ELLIPSE 1 /* centre (x1, y1), half axes (r1, r2) */
#define SHAPE_BOX     2 /* centre (x1, y1), half sides (r1, r2), corner radius y2 */

struct prim {
    int kind;
    float x1, y1, x2, y2, r1, r2;
    float cosine, sine; /* of the turn, for ellipse and box */
    int cut;            /* 1: taken away instead of added */
};

#define SHAPE_MAX_PRIMS 12

struct shape {
    struct prim prims[SHAPE_MAX_PRIMS];
    int n;
    float blend; /* how far neighbouring parts melt together, units */
};

void shape_capsule(struct shape *s, float x1, float y1, float r1, float x2, float y2, float r2);
void shape_ellipse(struct shape *s, float x, float y, float rx, float ry, float turn);
void shape_box(struct shape *s, float x, float y, float hx, float hy, float turn, float corner);
void shape_cut(struct shape *s);                               /* makes the last part a cut */
float shape_distance(const struct shape *s, float x, float y); /* below 0 inside */

/* Paints a lit, textured solid and marks it in the mask. */
void paint_solid(struct canvas *c, const struct shape *s, const struct material *m, const struct light *light);
/* Paints a flat colour with a soft edge of `soft` units, only where the mask is at least `on_figure` full. */
void paint_flat(struct canvas *c, const struct shape *s, struct color color, float alpha, float soft, int on_figure);

#endif
