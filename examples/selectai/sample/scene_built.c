/*
 * examples/selectai/sample/scene_built.c: library, alley, city at night.
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

/* A muted colour for cell (x, y): book spines, window lights. */
static struct color spine(int x, int y, uint32_t seed)
{
    static const struct color table[6] = {{0.50f, 0.16f, 0.14f}, {0.16f, 0.26f, 0.38f}, {0.20f, 0.34f, 0.24f},
                                          {0.68f, 0.54f, 0.34f}, {0.34f, 0.22f, 0.34f}, {0.76f, 0.70f, 0.58f}};
    float tone = 0.75f + 0.5f * noise_cell(x, y, seed + 1);
    return color_scale(table[noise_hash(x, y, seed) % 6], tone);
}

static struct color books(const struct scene *s, float x, float y)
{
    float tall = 0.125f, wide = 0.021f;
    int row = (int)floorf(y / tall), column = (int)floorf(x / wide);
    float u = x / wide - (float)column, v = y / tall - (float)row;
    float top = 0.16f + 0.28f * noise_cell(column, row, s->seed + 80);
    struct color wood = color_scale(rgb(0.42f, 0.27f, 0.16f),
                                    1.0f + 0.25f * noise_fbm(x * 12.0f, y * 90.0f, 3, s->seed));
    if (v > 0.90f) {
        return color_scale(wood, 1.25f - 0.5f * (v - 0.90f) / 0.10f);
    }
    if (v < top || noise_cell(column, row, s->seed + 81) < 0.06f) {
        return color_scale(wood, 0.30f + 0.25f * v);
    }
    struct color c = spine(column, row, s->seed + 82);
    float round = 1.0f - 1.5f * (u - 0.5f) * (u - 0.5f);
    float band = smooth_step(0.02f, 0.03f, fabsf(v - top - 0.12f)) * smooth_step(0.02f, 0.03f, fabsf(v - 0.80f));
    c = color_mix(rgb(0.82f, 0.68f, 0.36f), c, band);
    float gap = smooth_step(0.0f, 0.10f, u) * smooth_step(0.0f, 0.10f, 1.0f - u);
    return color_scale(c, round * (0.35f + 0.65f * gap));
}

static struct color window(const struct scene *s, float x, float y, float u, float v)
{
    struct color c = color_mix(rgb(0.50f, 0.66f, 0.84f), rgb(0.74f, 0.76f, 0.66f), v);
    float tree = noise_fbm(x * 14.0f, y * 14.0f, 4, s->seed + 83);
    c = color_mix(c, rgb(0.28f, 0.42f, 0.22f), smooth_step(0.0f, 0.3f, tree + v - 0.55f) * 0.9f);
    float bar = fminf(fminf(fabsf(u - 0.5f), u) * 0.9f, fminf(fminf(fabsf(v - 0.33f), fabsf(v - 0.66f)), v) * 1.5f);
    bar = fminf(bar, fminf(1.0f - u, 1.0f - v));
    return color_mix(rgb(0.72f, 0.66f, 0.56f), c, smooth_step(0.03f, 0.05f, bar));
}

struct color scene_library(const struct scene *s, float x, float y)
{
    float wide = 0.22f, left = s->light_side > 0 ? s->width - wide - 0.03f : 0.03f;
    float u = (x - left) / wide, v = (y - 0.06f) / 0.42f;
    struct color c;
    if (y > s->horizon) {
        float depth = (y - s->horizon) / (s->height - s->horizon + 0.01f);
        float spread = (x - s->width * 0.5f) / (0.45f + depth) * 9.0f;
        int plank = (int)floorf(spread);
        float seam = fabsf(spread - (float)plank - 0.5f);
        float grain = noise_fbm(spread * 5.0f, y * 9.0f + (float)plank * 3.0f, 4, s->seed + 84);
        c = color_scale(rgb(0.58f, 0.38f, 0.22f), 0.85f + 0.25f * noise_cell(plank, 0, s->seed + 85) + 0.20f * grain);
        c = color_scale(c, 1.0f - 0.5f * smooth_step(0.46f, 0.49f, seam));
    } else if (y > s->horizon - 0.03f) {
        c = color_scale(rgb(0.32f, 0.20f, 0.12f), 1.0f + 6.0f * (s->horizon - y));
    } else if (u > -0.12f && u < 1.12f && v > -0.06f && v < 1.06f) {
        c = u > 0 && u < 1 && v > 0 && v < 1 ? window(s, x, y, u, v) : rgb(0.70f, 0.62f, 0.50f);
    } else {
        c = books(s, x, y);
    }
    float dx = x - (left + wide * 0.5f), dy = y - 0.30f;
    float glow = expf(-(dx * dx + dy * dy) / 0.22f);
    float beam = smooth_step(0.10f, 0.0f, fabsf(x + (y - 0.3f) * 0.8f * s->light_side - left - wide * 0.5f) - 0.06f);
    return add(color_scale(c, 0.62f + 0.55f * glow), rgb(0.16f, 0.13f, 0.07f), glow * 0.8f + beam * 0.35f);
}

static struct color bricks(const struct scene *s, float x, float y)
{
    float tall = 0.034f, wide = 0.086f;
    int row = (int)floorf(y / tall);
    float shifted = x / wide + 0.5f * (float)(row & 1);
    int column = (int)floorf(shifted);
    float u = (shifted - (float)column) * wide, v = y - (float)row * tall;
    float edge = fminf(fminf(u, wide - u), fminf(v, tall - v));
    edge += 0.0012f * noise_value(x * 90.0f, y * 90.0f, s->seed + 90);
    float rough = noise_fbm(x * 55.0f, y * 75.0f, 4, s->seed + 91);
    struct color c = color_mix(rgb(0.62f, 0.28f, 0.20f), rgb(0.46f, 0.22f, 0.19f), noise_cell(column, row, s->seed));
    c = color_mix(c, rgb(0.72f, 0.44f, 0.30f), 0.5f * smooth_step(0.8f, 1.0f, noise_cell(column, row, s->seed + 92)));
    float bevel = smooth_step(0.002f, 0.007f, v) * 0.16f - smooth_step(tall - 0.008f, tall - 0.003f, v) * 0.16f;
    c = color_scale(c, 0.95f + 0.22f * rough + bevel);
    struct color mortar = color_scale(rgb(0.66f, 0.62f, 0.57f), 0.9f + 0.2f * rough);
    return color_mix(mortar, c, smooth_step(0.0018f, 0.0038f, edge));
}

struct color scene_alley(const struct scene *s, float x, float y)
{
    struct color c;
    float stain = noise_fbm(x * 3.0f, y * 2.0f, 3, s->seed + 93);
    if (y > s->horizon) {
        float depth = (y - s->horizon) / (s->height - s->horizon + 0.01f);
        float across = (x - s->width * 0.5f) / (0.5f + 0.8f * depth) * 12.0f, along = sqrtf(depth) * 7.0f;
        across += 0.5f * (float)((int)floorf(along) & 1);
        float u = across - floorf(across), v = along - floorf(along);
        float joint = fminf(fminf(u, 1.0f - u), fminf(v, 1.0f - v));
        float tone = noise_cell((int)floorf(across), (int)floorf(along), s->seed + 94);
        float rough = noise_fbm(x * 80.0f, y * 110.0f, 3, s->seed + 95);
        c = color_scale(rgb(0.50f, 0.48f, 0.46f), 0.75f + 0.35f * tone + 0.2f * rough);
        c = color_scale(c, 0.55f + 0.45f * smooth_step(0.02f, 0.10f, joint));
    } else {
        c = bricks(s, x, y);
        c = color_scale(c, 1.0f - 0.35f * smooth_step(s->horizon - 0.10f, s->horizon, y));
    }
    float lamp_x = s->light_side > 0 ? s->width * 0.80f : s->width * 0.20f;
    float dx = x - lamp_x, dy = y - 0.10f, far = sqrtf(dx * dx + dy * dy);
    float glow = expf(-far * far / 0.16f);
    c = add(color_scale(c, 0.58f + 0.70f * glow + 0.10f * stain), rgb(0.30f, 0.22f, 0.09f), glow * 0.6f);
    c = color_mix(c, rgb(0.10f, 0.10f, 0.11f), smooth_step(0.006f, 0.004f, fabsf(dx)) * (float)(y < 0.08f));
    return color_mix(rgb(1.0f, 0.95f, 0.78f), c, smooth_step(0.024f, 0.030f, far));
}

static struct color towers(const struct scene *s, struct color c, float x, float y)
{
    for (int layer = 0; layer < 3; layer++) {
        float f = 9.0f - 2.2f * (float)layer, near = (float)(layer + 1) / 3.0f;
        uint32_t seed = s->seed + 100u + (uint32_t)layer * 5u;
        int cell = (int)floorf(x * f + 0.37f * (float)layer);
        float u = x * f + 0.37f * (float)layer - (float)cell;
        float roof = s->horizon - 0.10f - (0.42f - 0.10f * (float)layer) * noise_cell(cell, 0, seed);
        if (y < roof || y > s->horizon || u > 0.94f) {
            continue;
        }
        c = color_scale(color_mix(rgb(0.26f, 0.22f, 0.40f), rgb(0.07f, 0.07f, 0.15f), near), 1.1f - 0.3f * u);
        float wx = u * 7.0f, wy = (y - roof) * (75.0f - 12.0f * (float)layer);
        int ix = (int)floorf(wx), iy = (int)floorf(wy);
        float on = noise_cell(ix + cell * 31, iy, seed + 1);
        float a = wx - (float)ix, b = wy - (float)iy;
        if (on > 0.52f && a > 0.22f && a < 0.80f && b > 0.25f && b < 0.75f && iy > 0) {
            struct color lamp = on > 0.93f ? rgb(0.60f, 0.85f, 1.0f) : rgb(1.0f, 0.80f, 0.45f);
            c = color_mix(c, lamp, 0.35f + 0.65f * (on - 0.52f));
        }
    }
    return c;
}

struct color scene_city(const struct scene *s, float x, float y)
{
    float mirror = y > s->horizon ? 2.0f * s->horizon - y : y;
    float t = clamp01(mirror / s->horizon);
    struct color c = color_mix(rgb(0.07f, 0.08f, 0.22f), rgb(0.52f, 0.30f, 0.46f), t * t);
    c = color_scale(c, 1.0f + 0.25f * noise_fbm(x * 3.0f, mirror * 6.0f, 4, s->seed));
    if (y > s->horizon) {
        float wobble = 0.02f * noise_value(x * 20.0f, y * 90.0f, s->seed + 120);
        c = color_scale(towers(s, c, x + wobble, mirror), 0.42f);
        c = add(c, rgb(0.10f, 0.10f, 0.14f), 0.5f + 0.5f * noise_fbm(x * 50.0f, y * 90.0f, 3, s->seed + 121));
    } else {
        c = towers(s, c, x, y);
    }
    float f = 5.0f;
    int ix = (int)floorf(x * f), iy = (int)floorf(y * f);
    float pick = noise_cell(ix, iy, s->seed + 122);
    if (pick > 0.45f) {
        float u = x * f - (float)ix - 0.5f, v = y * f - (float)iy - 0.5f;
        float size = 0.16f + 0.24f * noise_cell(ix, iy, s->seed + 123);
        struct color bokeh = pick > 0.72f ? rgb(1.0f, 0.68f, 0.32f) : rgb(0.45f, 0.62f, 1.0f);
        float ring = 1.0f - smooth_step(size - 0.03f, size, sqrtf(u * u + v * v));
        c = add(c, bokeh, ring * 0.26f);
    }
    return c;
}
