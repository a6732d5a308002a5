/*
 * examples/selectai/sample/scene.c: choosing a background, its light, and painting it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "scene.h"

#include <math.h>

const char *scene_name(int kind)
{
    static const char *const names[SCENE_KINDS] = {"meadow", "forest", "beach", "library", "alley", "city_night"};
    return kind >= 0 && kind < SCENE_KINDS ? names[kind] : "unknown";
}

struct light scene_light(const struct scene *s)
{
    static const struct {
        struct color warm, shade;
        float height;
    } table[SCENE_KINDS] = {
        {{1.12f, 1.07f, 0.98f}, {0.66f, 0.69f, 0.78f}, 0.70f}, {{1.08f, 1.08f, 0.94f}, {0.56f, 0.62f, 0.60f}, 0.80f},
        {{1.20f, 1.04f, 0.86f}, {0.62f, 0.54f, 0.64f}, 0.35f}, {{1.16f, 1.06f, 0.92f}, {0.60f, 0.54f, 0.54f}, 0.50f},
        {{1.14f, 1.04f, 0.92f}, {0.56f, 0.54f, 0.60f}, 0.75f}, {{1.02f, 0.92f, 1.02f}, {0.44f, 0.43f, 0.62f}, 0.40f},
    };
    int k = s->kind >= 0 && s->kind < SCENE_KINDS ? s->kind : 0;
    float x = s->light_side * 0.75f, y = -table[k].height, z = 0.65f;
    float length = sqrtf(x * x + y * y + z * z);
    return (struct light){x / length, y / length, z / length, table[k].warm, table[k].shade};
}

void scene_paint(struct canvas *c, const struct scene *s, int blur_radius)
{
    static struct color (*const painters[SCENE_KINDS])(const struct scene *, float, float) = {
        scene_meadow, scene_forest, scene_beach, scene_library, scene_alley, scene_city};
    struct color (*paint)(const struct scene *, float, float) = painters[s->kind];
    float px = 1.0f / c->scale;
    for (int y = 0; y < c->height; y++) {
        float *row = c->rgb + (size_t)y * (size_t)c->width * 3;
        for (int x = 0; x < c->width; x++) {
            struct color color = paint(s, ((float)x + 0.5f) * px, ((float)y + 0.5f) * px);
            row[x * 3] = color.r;
            row[x * 3 + 1] = color.g;
            row[x * 3 + 2] = color.b;
        }
    }
    canvas_blur(c, blur_radius, 2);
}
