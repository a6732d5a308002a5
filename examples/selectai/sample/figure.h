/*
 * examples/selectai/sample/figure.h: the person in the picture.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_FIGURE_H
#define SELECTAI_SAMPLE_FIGURE_H

#include "canvas.h"

/* One project shows one character: these stay the same through all its pictures. */
struct character {
    struct color skin, hair, hair_shine, eyes;
    int hair_style;
};

#define HAIR_LONG     0
#define HAIR_BOB      1
#define HAIR_PONYTAIL 2
#define HAIR_BUN      3
#define HAIR_STYLES   4

#define OUTFITS 5
#define POSES   6

struct figure {
    float x, y, u;      /* centre of the head and its height, units */
    float tilt;         /* of the head, radians */
    float turn;         /* -1: looks to the left, 1: to the right */
    float lean;         /* of the body */
    float light_side;   /* as in struct scene */
    float ground_shade; /* strength of the shadow at the feet */
    int pose, outfit;
    uint32_t seed;
    struct character who;
};

/* How the face is drawn: stage 1.5 draws it again, with these changed. */
struct face {
    float eye_size, mouth, smile, tone;
};

/* Position of a point of the body: head heights from the centre of the head to units. */
float figure_x(const struct figure *f, float x, float y);
float figure_y(const struct figure *f, float y);

void figure_paint(struct canvas *c, const struct figure *f, const struct face *face, const struct light *light);
void figure_paint_head(struct canvas *c, const struct figure *f, const struct face *face, const struct light *light);
void figure_paint_back_hair(struct canvas *c, const struct figure *f, const struct light *light);
/* A third arm with a swollen hand of seven fingers: a defect. side: -1 or 1; size: 0..1. */
void figure_paint_extra_arm(struct canvas *c, const struct figure *f, const struct light *light, float side,
                            float size);

/* Boxes in fractions of a picture of width x height units, cut at its edges. */
struct selectai_box figure_head_box(const struct figure *f, float width, float height);
struct selectai_box figure_body_box(const struct figure *f, float width, float height);

#endif
