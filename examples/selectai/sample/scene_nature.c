/*
 * examples/selectai/sample/scene_nature.c: meadow, forest, beach.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "scene.h"

#include <math.h>

#include "noise.h"

static struct color rgb(float r, float g, float b)
{
    return (struct color){r, g, b};
}

static struct color add(struct color c, struct color glow, float t)
{
    return rgb(c.r + glow.r * t, c.g + glow.g * t, c.b + glow.b * t);
}

static float glow_at(const struct scene *s, float x, float y, float sun_y, float size)
{
    float dx = x - (s->light_side > 0 ? s->width * 0.84f : s->width * 0.16f), dy = y - sun_y;
    return expf(-(dx * dx + dy * dy) / (size * size));
}

static struct color grass(const struct scene *s, float x, float y)
{
    float depth = clamp01((y - s->horizon) / (s->height - s->horizon));
    float near = 0.25f + depth;
    float patch = noise_fbm(x * 5.0f, y * 14.0f, 3, s->seed + 11);
    float blades = noise_value(x * 95.0f / near, y * 26.0f / near, s->seed + 12);
    blades += 0.6f * noise_value(x * 210.0f / near, y * 60.0f / near, s->seed + 13);
    struct color c = color_mix(rgb(0.52f, 0.68f, 0.30f), rgb(0.20f, 0.42f, 0.14f), depth);
    c = color_scale(c, 1.0f + 0.22f * patch + 0.20f * blades * (0.4f + 0.6f * depth));
    float f = 24.0f / near;
    int ix = (int)floorf(x * f), iy = (int)floorf(y * f * 1.4f);
    float chance = noise_cell(ix, iy, s->seed + 14);
    if (chance > 0.90f) {
        float u = x * f - (float)ix - 0.5f, v = y * f * 1.4f - (float)iy - 0.5f;
        struct color petal = chance > 0.95f ? rgb(0.97f, 0.93f, 0.75f) : rgb(0.88f, 0.40f, 0.48f);
        c = color_mix(c, petal, 1.0f - smooth_step(0.12f, 0.26f, sqrtf(u * u + v * v)));
    }
    return c;
}

struct color scene_meadow(const struct scene *s, float x, float y)
{
    float t = clamp01(y / s->horizon);
    struct color c = color_mix(rgb(0.28f, 0.52f, 0.83f), rgb(0.80f, 0.89f, 0.94f), t);
    if (y > s->horizon + 0.03f) {
        return grass(s, x, y);
    }
    float cloud = noise_fbm(x * 3.2f, y * 7.5f, 5, s->seed);
    float shadow = 0.08f * smooth_step(0.0f, 0.5f, noise_fbm(x * 3.2f, y * 7.5f + 0.35f, 3, s->seed));
    c = color_mix(c, rgb(0.98f - shadow, 0.97f - shadow, 0.97f), smooth_step(0.02f, 0.42f, cloud) * 0.92f);
    c = add(c, rgb(0.35f, 0.28f, 0.12f), glow_at(s, x, y, 0.02f, 0.35f));
    for (int i = 0; i < 3 && y > s->horizon - 0.17f; i++) {
        float ridge = s->horizon - 0.085f + 0.035f * (float)i;
        ridge += 0.055f * noise_fbm(x * (2.2f + (float)i), (float)i * 9.0f, 4, s->seed + 30u + (uint32_t)i);
        struct color hill = color_mix(rgb(0.55f, 0.68f, 0.74f), rgb(0.36f, 0.55f, 0.28f), (float)i * 0.5f);
        hill = color_scale(hill, 1.0f + 0.14f * noise_fbm(x * 26.0f, y * 40.0f, 3, s->seed + 40u + (uint32_t)i));
        c = color_mix(c, hill, smooth_step(-s->sharp, s->sharp, y - ridge));
    }
    float edge = s->horizon + 0.008f * noise_value(x * 60.0f, 0.0f, s->seed + 5);
    return y < edge - 0.02f ? c : color_mix(c, grass(s, x, y), smooth_step(-s->sharp, s->sharp, y - edge));
}

struct color scene_forest(const struct scene *s, float x, float y)
{
    float light = glow_at(s, x, y, s->height * 0.25f, 0.42f);
    struct color c = color_mix(rgb(0.46f, 0.60f, 0.46f), rgb(0.88f, 0.93f, 0.72f), light);
    float leaves = noise_fbm(x * 9.0f, y * 9.0f, 4, s->seed);
    c = color_scale(c, 1.0f + 0.20f * leaves);
    for (int layer = 0; layer < 3; layer++) {
        float f = 13.0f - 4.0f * (float)layer, near = (float)(layer + 1) / 3.0f;
        uint32_t seed = s->seed + 50u + (uint32_t)layer;
        float foot = s->horizon + 0.02f + 0.10f * (float)layer;
        float lean = x + 0.012f * noise_value(y * 3.0f, (float)layer, seed);
        int cell = (int)floorf(lean * f);
        float centre = ((float)cell + 0.3f + 0.4f * noise_cell(cell, 1, seed)) / f;
        float half = (0.10f + 0.10f * noise_cell(cell, 2, seed)) / f;
        half *= 1.0f + 0.8f * smooth_step(foot - 0.10f, foot, y);
        if (noise_cell(cell, 3, seed) < 0.30f || y > foot) {
            continue;
        }
        if (fabsf(lean - centre) > half + s->sharp) {
            continue;
        }
        float side = (lean - centre) / half * s->light_side;
        float bark = noise_fbm(x * 60.0f, y * 9.0f, 3, seed);
        struct color trunk = color_mix(rgb(0.50f, 0.58f, 0.44f), rgb(0.24f, 0.17f, 0.12f), near);
        trunk = color_scale(trunk, 1.0f + 0.30f * side + 0.30f * bark * near);
        c = color_mix(c, trunk, 1.0f - smooth_step(half - s->sharp, half + s->sharp, fabsf(lean - centre)));
    }
    float shaft = noise_value((x + y * 0.55f * s->light_side) * 6.0f, 0.0f, s->seed + 3);
    c = add(c, rgb(0.20f, 0.20f, 0.10f), smooth_step(0.1f, 0.9f, shaft) * (1.0f - y / s->height));
    float canopy = y < 0.35f ? noise_fbm(x * 7.0f, y * 7.0f, 5, s->seed + 60) - (y - 0.04f) * 5.0f : -1.0f;
    struct color leaf = color_mix(rgb(0.12f, 0.26f, 0.10f), rgb(0.42f, 0.58f, 0.18f), clamp01(0.5f + 0.6f * leaves));
    c = color_mix(c, leaf, smooth_step(-0.05f, 0.12f, canopy));
    float ground = s->horizon + 0.02f * noise_fbm(x * 6.0f, 0.0f, 3, s->seed + 4);
    if (y > ground - 0.02f) {
        float litter = noise_fbm(x * 48.0f, y * 70.0f, 4, s->seed + 61);
        float moss = smooth_step(-0.2f, 0.5f, noise_fbm(x * 6.0f, y * 15.0f, 3, s->seed + 62));
        struct color soil = color_mix(rgb(0.36f, 0.25f, 0.14f), rgb(0.30f, 0.40f, 0.14f), moss);
        soil = color_scale(soil, 1.0f + 0.45f * litter + 0.30f * light);
        c = color_mix(c, soil, smooth_step(-0.012f, 0.012f, y - ground));
    }
    return c;
}

static struct color sand(const struct scene *s, float x, float y, float shore)
{
    float ripple = noise_value(x * 7.0f + 2.0f * noise_value(x * 4.0f, y * 8.0f, s->seed), y * 70.0f, s->seed + 70);
    float grain = noise_fbm(x * 130.0f, y * 130.0f, 2, s->seed + 71);
    struct color c = color_scale(rgb(0.86f, 0.70f, 0.52f), 1.0f + 0.09f * ripple + 0.09f * grain);
    return color_mix(rgb(0.52f, 0.40f, 0.34f), c, smooth_step(0.0f, 0.09f, y - shore));
}

struct color scene_beach(const struct scene *s, float x, float y)
{
    float sun_y = s->horizon - 0.09f;
    float glow = glow_at(s, x, y, sun_y, 0.28f);
    float shore = s->horizon + (s->height - s->horizon) * 0.42f + 0.022f * noise_value(x * 4.0f, 0.0f, s->seed + 72);
    if (y > shore) {
        struct color c = sand(s, x, y, shore);
        return color_mix(rgb(0.97f, 0.94f, 0.90f), c, smooth_step(0.004f, 0.014f, y - shore));
    }
    if (y > s->horizon) {
        float depth = (y - s->horizon) / (shore - s->horizon);
        float f = 1.0f / (0.25f + depth);
        float wave = noise_fbm(x * 9.0f * f, y * 75.0f * f, 3, s->seed + 73);
        struct color c = color_mix(rgb(0.62f, 0.52f, 0.58f), rgb(0.16f, 0.36f, 0.46f), clamp01(depth * 1.3f));
        c = color_scale(c, 1.0f + 0.30f * wave);
        float path = glow_at(s, x, sun_y, sun_y, 0.14f) * smooth_step(0.05f, 0.5f, wave);
        return add(c, rgb(0.75f, 0.50f, 0.25f), path);
    }
    float t = clamp01(y / s->horizon);
    struct color c = color_mix(rgb(0.30f, 0.38f, 0.62f), rgb(0.98f, 0.68f, 0.46f), t * t);
    float cloud = noise_fbm(x * 2.4f, y * 13.0f, 5, s->seed);
    struct color lit = color_mix(rgb(0.55f, 0.40f, 0.52f), rgb(1.0f, 0.78f, 0.55f), clamp01(glow * 1.6f + t * 0.4f));
    c = color_mix(c, lit, smooth_step(0.0f, 0.5f, cloud) * 0.8f);
    c = add(c, rgb(0.30f, 0.20f, 0.05f), glow);
    float disc = glow_at(s, x, y, sun_y, 0.045f);
    return color_mix(c, rgb(1.0f, 0.95f, 0.78f), smooth_step(0.32f, 0.42f, disc));
}
