/*
 * examples/selectai/sample/scene.h: backgrounds.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SAMPLE_SCENE_H
#define SELECTAI_SAMPLE_SCENE_H

#include "canvas.h"

#define SCENE_MEADOW  0
#define SCENE_FOREST  1
#define SCENE_BEACH   2
#define SCENE_LIBRARY 3
#define SCENE_ALLEY   4
#define SCENE_CITY    5
#define SCENE_KINDS   6

struct scene {
    int kind;
    uint32_t seed;
    float width, height; /* units: the longer one is 1 */
    float horizon;       /* y of the horizon or of the floor's edge, units */
    float light_side;    /* -1: light from the left, 1: from the right */
    float sharp;         /* width of one pixel, units: edges are softened by it */
};

const char *scene_name(int kind);
struct light scene_light(const struct scene *s);
void scene_paint(struct canvas *c, const struct scene *s, int blur_radius);

/* One function a kind: colour at a point. */
struct color scene_meadow(const struct scene *s, float x, float y);
struct color scene_forest(const struct scene *s, float x, float y);
struct color scene_beach(const struct scene *s, float x, float y);
struct color scene_library(const struct scene *s, float x, float y);
struct color scene_alley(const struct scene *s, float x, float y);
struct color scene_city(const struct scene *s, float x, float y);

#endif
