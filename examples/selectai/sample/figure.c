/*
 * examples/selectai/sample/figure.c: body, clothes, arms; and where they are.
 *
 * All numbers are head heights from the centre of the head.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "figure.h"

#include <math.h>
#include <string.h>

#include "noise.h"

float figure_x(const struct figure *f, float x, float y)
{
    return f->x + (x + f->lean * 0.05f * y) * f->u;
}

float figure_y(const struct figure *f, float y)
{
    return f->y + y * f->u;
}

static void limb(struct shape *s, const struct figure *f, float x1, float y1, float r1, float x2, float y2, float r2)
{
    shape_capsule(s, figure_x(f, x1, y1), figure_y(f, y1), r1 * f->u, figure_x(f, x2, y2), figure_y(f, y2), r2 * f->u);
}

static struct material plain(const struct figure *f, struct color base, float depth)
{
    struct material m;
    memset(&m, 0, sizeof m);
    m.base = m.second = base;
    m.frequency = 1;
    m.grain = 0.04f;
    m.depth = depth * f->u;
    m.outline = 0.38f;
    m.seed = f->seed;
    return m;
}

struct clothes {
    struct material top, bottom, shoes;
    int skirt, sleeves; /* sleeves: 0 none, 1 short, 2 long */
};

static struct clothes dress_up(const struct figure *f)
{
    static const struct {
        struct color top, top2, bottom, bottom2;
        int top_pattern, bottom_pattern, skirt, sleeves;
        float top_frequency, bottom_frequency;
    } table[OUTFITS] = {
        {{0.93f, 0.92f, 0.88f},
         {0.20f, 0.28f, 0.46f},
         {0.24f, 0.32f, 0.48f},
         {0.20f, 0.28f, 0.42f},
         PATTERN_STRIPES,
         PATTERN_KNIT,
         0,
         2,
         4.5f,
         16.0f},
        {{0.78f, 0.20f, 0.24f},
         {0.97f, 0.93f, 0.86f},
         {0.78f, 0.20f, 0.24f},
         {0.97f, 0.93f, 0.86f},
         PATTERN_DOTS,
         PATTERN_DOTS,
         1,
         1,
         5.0f,
         5.0f},
        {{0.86f, 0.66f, 0.26f},
         {0.70f, 0.50f, 0.16f},
         {0.36f, 0.26f, 0.24f},
         {0.58f, 0.44f, 0.36f},
         PATTERN_KNIT,
         PATTERN_CHECKS,
         1,
         2,
         9.0f,
         4.0f},
        {{0.24f, 0.46f, 0.44f},
         {0.18f, 0.36f, 0.36f},
         {0.20f, 0.20f, 0.23f},
         {0.20f, 0.20f, 0.23f},
         PATTERN_CHECKS,
         PATTERN_PLAIN,
         0,
         2,
         4.0f,
         1.0f},
        {{0.95f, 0.93f, 0.95f},
         {0.95f, 0.93f, 0.95f},
         {0.48f, 0.42f, 0.66f},
         {0.62f, 0.56f, 0.78f},
         PATTERN_PLAIN,
         PATTERN_STRIPES,
         1,
         1,
         1.0f,
         3.0f},
    };
    int i = f->outfit % OUTFITS;
    struct clothes k;
    k.top = plain(f, table[i].top, 0.34f);
    k.top.second = table[i].top2;
    k.top.pattern = table[i].top_pattern;
    k.top.frequency = table[i].top_frequency / f->u;
    k.top.grain = 0.07f;
    k.bottom = plain(f, table[i].bottom, 0.32f);
    k.bottom.second = table[i].bottom2;
    k.bottom.pattern = table[i].bottom_pattern;
    k.bottom.frequency = table[i].bottom_frequency / f->u;
    k.bottom.grain = 0.07f;
    k.shoes = plain(f, (struct color){0.22f, 0.15f, 0.13f}, 0.10f);
    k.skirt = table[i].skirt;
    k.sleeves = table[i].sleeves;
    return k;
}

struct arm {
    float elbow_x, elbow_y, hand_x, hand_y;
    int behind;
};

static struct arm arm_of(int pose, float side)
{
    static const struct arm down = {0.86f, 2.02f, 0.84f, 2.98f, 0};
    static const struct arm hip = {1.22f, 1.86f, 0.62f, 2.52f, 0};
    static const struct arm raised = {1.22f, 1.00f, 1.12f, 0.02f, 0};
    static const struct arm held = {0.90f, 1.96f, 0.18f, 1.78f, 0};
    static const struct arm back = {0.98f, 1.92f, 0.55f, 2.55f, 1};
    static const struct arm table_left[POSES] = {down, hip, down, held, back, hip};
    static const struct arm table_right[POSES] = {down, down, raised, held, back, hip};
    return side < 0 ? table_left[pose % POSES] : table_right[pose % POSES];
}

static void paint_hand(struct canvas *c, const struct figure *f, const struct light *light, float x, float y, float dx,
                       float dy, float size, int fingers)
{
    struct material skin = plain(f, f->who.skin, 0.10f);
    struct shape s = {.blend = 0.03f * f->u};
    limb(&s, f, x, y, 0.105f * size, x + dx * 0.06f, y + dy * 0.06f, 0.11f * size);
    for (int i = 0; i < fingers; i++) {
        float spread = ((float)i / (float)(fingers - 1) - 0.5f) * (fingers > 5 ? 2.6f : 1.5f);
        float ex = dx * cosf(spread) - dy * sinf(spread), ey = dx * sinf(spread) + dy * cosf(spread);
        float reach = (0.23f - 0.05f * fabsf(spread)) * size;
        limb(&s, f, x + ex * 0.08f * size, y + ey * 0.08f * size, 0.034f * size, x + ex * reach, y + ey * reach,
             0.026f * size);
    }
    paint_solid(c, &s, &skin, light);
}

static void paint_arm(struct canvas *c, const struct figure *f, const struct clothes *k, const struct light *light,
                      float side, struct arm a)
{
    struct material skin = plain(f, f->who.skin, 0.13f);
    struct color dark = {0.10f, 0.07f, 0.12f};
    float sx = side * 0.58f, sy = 1.10f;
    struct shape whole = {.blend = 0}, sleeve = {.blend = 0.03f * f->u};
    limb(&whole, f, sx, sy, 0.17f, side * a.elbow_x, a.elbow_y, 0.13f);
    limb(&whole, f, side * a.elbow_x, a.elbow_y, 0.13f, side * a.hand_x, a.hand_y, 0.085f);
    if (!a.behind) {
        paint_flat(c, &whole, dark, 0.26f, 0.10f * f->u, 1);
    }
    paint_solid(c, &whole, &skin, light);
    float dx = side * (a.hand_x - a.elbow_x), dy = a.hand_y - a.elbow_y, length = sqrtf(dx * dx + dy * dy);
    if (!a.behind) {
        paint_hand(c, f, light, side * a.hand_x, a.hand_y, dx / length, dy / length, 1.0f, 5);
    }
    if (k->sleeves == 2) {
        limb(&sleeve, f, sx, sy, 0.21f, side * a.elbow_x, a.elbow_y, 0.17f);
        limb(&sleeve, f, side * a.elbow_x, a.elbow_y, 0.17f, side * mixf(a.elbow_x, a.hand_x, 0.84f),
             mixf(a.elbow_y, a.hand_y, 0.84f), 0.135f);
    } else {
        limb(&sleeve, f, sx, sy, 0.21f, side * mixf(0.58f, a.elbow_x, 0.42f), mixf(sy, a.elbow_y, 0.42f), 0.20f);
    }
    paint_solid(c, &sleeve, &k->top, light);
}

static void paint_legs(struct canvas *c, const struct figure *f, const struct clothes *k, const struct light *light)
{
    struct material skin = plain(f, f->who.skin, 0.20f);
    for (int i = 0; i < 2; i++) {
        float side = i ? 1.0f : -1.0f;
        struct shape leg = {.blend = 0.02f * f->u}, shoe = {.blend = 0.05f * f->u};
        limb(&leg, f, side * 0.24f, 2.85f, 0.29f, side * 0.27f, 4.45f, 0.185f);
        limb(&leg, f, side * 0.27f, 4.45f, 0.185f, side * 0.28f, 5.95f, 0.115f);
        paint_solid(c, &leg, k->skirt ? &skin : &k->bottom, light);
        limb(&shoe, f, side * 0.28f, 5.98f, 0.14f, side * 0.40f, 6.12f, 0.12f);
        paint_solid(c, &shoe, &k->shoes, light);
    }
}

static void paint_torso(struct canvas *c, const struct figure *f, const struct clothes *k, const struct light *light)
{
    struct material skin = plain(f, f->who.skin, 0.16f), belt = plain(f, (struct color){0.30f, 0.19f, 0.12f}, 0.05f);
    struct color dark = {0.12f, 0.07f, 0.12f};
    struct shape top = {.blend = 0.16f * f->u}, neck = {.blend = 0}, chin = {.blend = 0}, band = {.blend = 0};
    struct shape skirt = {.blend = 0.05f * f->u}, hips = {.blend = 0};
    limb(&top, f, -0.48f, 1.12f, 0.19f, 0.48f, 1.12f, 0.19f);
    limb(&top, f, 0, 1.30f, 0.46f, 0, 2.05f, 0.36f);
    limb(&top, f, 0, 2.05f, 0.36f, 0, k->skirt ? 2.35f : 2.62f, k->skirt ? 0.38f : 0.44f);
    paint_solid(c, &top, &k->top, light);
    if (k->skirt) {
        limb(&skirt, f, 0, 2.35f, 0.36f, 0, 3.95f, 0.90f);
        shape_box(&skirt, figure_x(f, 0, 4.7f), figure_y(f, 4.95f), 2.2f * f->u, 0.95f * f->u, 0, 0);
        shape_cut(&skirt);
        shape_box(&skirt, figure_x(f, 0, 1.8f), figure_y(f, 1.80f), 0.9f * f->u, 0.48f * f->u, 0, 0);
        shape_cut(&skirt);
        paint_solid(c, &skirt, &k->bottom, light);
    }
    if (!k->skirt) {
        limb(&hips, f, -0.15f, 2.72f, 0.36f, 0.15f, 2.72f, 0.36f);
        shape_box(&hips, figure_x(f, 0, 2.2f), figure_y(f, 2.2f), 0.9f * f->u, 0.26f * f->u, 0, 0);
        shape_cut(&hips);
        paint_solid(c, &hips, &k->bottom, light);
    }
    float belt_y = k->skirt ? 2.34f : 2.48f, belt_x = k->skirt ? 0.36f : 0.40f;
    limb(&band, f, -belt_x, belt_y, 0.06f, belt_x, belt_y, 0.06f);
    paint_solid(c, &band, &belt, light);
    limb(&neck, f, 0, 0.35f, 0.15f, 0, 0.86f, 0.17f);
    shape_ellipse(&neck, figure_x(f, 0, 0.95f), figure_y(f, 0.97f), 0.27f * f->u, 0.15f * f->u, 0);
    paint_solid(c, &neck, &skin, light);
    shape_ellipse(&chin, figure_x(f, 0, 0.5f), figure_y(f, 0.55f), 0.22f * f->u, 0.14f * f->u, 0);
    paint_flat(c, &chin, dark, 0.42f, 0.08f * f->u, 1);
}

void figure_paint(struct canvas *c, const struct figure *f, const struct face *face, const struct light *light)
{
    struct clothes k = dress_up(f);
    struct shape ground = {.blend = 0};
    shape_ellipse(&ground, figure_x(f, -0.35f * f->light_side, 6.1f), figure_y(f, 6.16f), 1.15f * f->u, 0.14f * f->u,
                  0);
    paint_flat(c, &ground, (struct color){0.05f, 0.05f, 0.09f}, f->ground_shade, 0.12f * f->u, 0);
    figure_paint_back_hair(c, f, light);
    for (int i = 0; i < 2; i++) {
        struct arm a = arm_of(f->pose, i ? 1.0f : -1.0f);
        if (a.behind) {
            paint_arm(c, f, &k, light, i ? 1.0f : -1.0f, a);
        }
    }
    paint_legs(c, f, &k, light);
    paint_torso(c, f, &k, light);
    figure_paint_head(c, f, face, light);
    for (int i = 0; i < 2; i++) {
        struct arm a = arm_of(f->pose, i ? 1.0f : -1.0f);
        if (!a.behind) {
            paint_arm(c, f, &k, light, i ? 1.0f : -1.0f, a);
        }
    }
}

void figure_paint_extra_arm(struct canvas *c, const struct figure *f, const struct light *light, float side, float size)
{
    struct material skin = plain(f, f->who.skin, 0.16f);
    struct shape arm = {.blend = 0.05f * f->u};
    float grow = 0.75f + 0.5f * size;
    limb(&arm, f, side * 0.35f, 1.35f, 0.17f * grow, side * 1.15f, 1.50f, 0.16f * grow);
    limb(&arm, f, side * 1.15f, 1.50f, 0.16f * grow, side * 1.42f, 0.62f, 0.12f * grow);
    paint_solid(c, &arm, &skin, light);
    paint_hand(c, f, light, side * 1.45f, 0.50f, side * 0.25f, -0.97f, 2.3f * grow, 7);
}

static struct selectai_box box_of(float x1, float y1, float x2, float y2, float width, float height)
{
    return (struct selectai_box){(double)clamp01(x1 / width), (double)clamp01(y1 / height), (double)clamp01(x2 / width),
                                 (double)clamp01(y2 / height)};
}

struct selectai_box figure_head_box(const struct figure *f, float width, float height)
{
    return box_of(f->x - 0.46f * f->u, f->y - 0.60f * f->u, f->x + 0.46f * f->u, f->y + 0.52f * f->u, width, height);
}

struct selectai_box figure_body_box(const struct figure *f, float width, float height)
{
    float left = -0.85f, right = 0.85f;
    for (int i = 0; i < 2; i++) {
        float side = i ? 1.0f : -1.0f;
        struct arm a = arm_of(f->pose, side);
        float reach = fmaxf(a.elbow_x, a.hand_x) + 0.2f;
        left = side < 0 ? fminf(left, -reach) : left;
        right = side > 0 ? fmaxf(right, reach) : right;
    }
    return box_of(f->x + left * f->u, f->y - 0.60f * f->u, f->x + right * f->u, f->y + 6.25f * f->u, width, height);
}
