/*
 * examples/selectai/sample/face.c: head, face, hair.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "figure.h"

#include <math.h>
#include <string.h>

#include "noise.h"

/* The head's own axes: origin in its centre, turned by the tilt. */
struct axes {
    float x, y, u, cosine, sine, tilt;
};

static struct axes axes_of(const struct figure *f)
{
    return (struct axes){f->x, f->y, f->u, cosf(f->tilt), sinf(f->tilt), f->tilt};
}

static void oval(struct shape *s, const struct axes *a, float x, float y, float rx, float ry, float turn)
{
    shape_ellipse(s, a->x + (x * a->cosine - y * a->sine) * a->u, a->y + (x * a->sine + y * a->cosine) * a->u,
                  rx * a->u, ry * a->u, a->tilt + turn);
}

static void line(struct shape *s, const struct axes *a, float x1, float y1, float r1, float x2, float y2, float r2)
{
    shape_capsule(s, a->x + (x1 * a->cosine - y1 * a->sine) * a->u, a->y + (x1 * a->sine + y1 * a->cosine) * a->u,
                  r1 * a->u, a->x + (x2 * a->cosine - y2 * a->sine) * a->u,
                  a->y + (x2 * a->sine + y2 * a->cosine) * a->u, r2 * a->u);
}

static void flat_oval(struct canvas *c, const struct axes *a, float x, float y, float rx, float ry, struct color color,
                      float alpha, float soft)
{
    struct shape s = {.blend = 0};
    oval(&s, a, x, y, rx, ry, 0);
    paint_flat(c, &s, color, alpha, soft * a->u, 0);
}

static void flat_line(struct canvas *c, const struct axes *a, float x1, float y1, float r1, float x2, float y2,
                      float r2, struct color color, float alpha)
{
    struct shape s = {.blend = 0};
    line(&s, a, x1, y1, r1, x2, y2, r2);
    paint_flat(c, &s, color, alpha, 0, 0);
}

static struct material hair_of(const struct figure *f)
{
    struct material m;
    memset(&m, 0, sizeof m);
    m.base = f->who.hair;
    m.second = f->who.hair_shine;
    m.pattern = PATTERN_STRANDS;
    m.frequency = 22.0f / f->u;
    m.depth = 0.20f * f->u;
    m.outline = 0.35f;
    m.seed = f->seed + 77;
    return m;
}

void figure_paint_back_hair(struct canvas *c, const struct figure *f, const struct light *light)
{
    struct axes a = axes_of(f);
    struct material m = hair_of(f);
    m.base = color_scale(m.base, 0.72f);
    m.second = color_scale(m.second, 0.70f);
    struct shape s = {.blend = 0.10f * f->u};
    oval(&s, &a, 0, -0.08f, 0.46f, 0.48f, 0);
    if (f->who.hair_style == HAIR_LONG) {
        line(&s, &a, -0.30f, 0.05f, 0.20f, -0.44f, 1.35f, 0.20f);
        line(&s, &a, 0.30f, 0.05f, 0.20f, 0.44f, 1.35f, 0.20f);
        line(&s, &a, 0, 0.2f, 0.35f, 0, 1.2f, 0.35f);
    } else if (f->who.hair_style == HAIR_BOB) {
        line(&s, &a, -0.28f, 0.05f, 0.22f, -0.33f, 0.42f, 0.18f);
        line(&s, &a, 0.28f, 0.05f, 0.22f, 0.33f, 0.42f, 0.18f);
    } else if (f->who.hair_style == HAIR_PONYTAIL) {
        float side = f->turn > 0 ? -1.0f : 1.0f;
        line(&s, &a, side * 0.32f, -0.34f, 0.12f, side * 0.68f, 0.05f, 0.19f);
        line(&s, &a, side * 0.68f, 0.05f, 0.19f, side * 0.60f, 1.00f, 0.05f);
    } else {
        oval(&s, &a, 0, -0.60f, 0.20f, 0.18f, 0);
    }
    paint_solid(c, &s, &m, light);
}

static void paint_skull(struct canvas *c, const struct figure *f, const struct face *face, const struct axes *a,
                        const struct light *light)
{
    struct material skin;
    memset(&skin, 0, sizeof skin);
    skin.base = skin.second = color_scale(f->who.skin, face->tone);
    skin.frequency = 1;
    skin.grain = 0.025f;
    skin.depth = 0.30f * f->u;
    skin.outline = 0.30f;
    skin.seed = f->seed;
    struct shape s = {.blend = 0.10f * f->u};
    oval(&s, a, -0.36f, 0.06f, 0.06f, 0.10f, 0);
    oval(&s, a, 0.36f, 0.06f, 0.06f, 0.10f, 0);
    oval(&s, a, 0, -0.06f, 0.36f, 0.40f, 0);
    oval(&s, a, 0.02f * f->turn, 0.18f, 0.275f, 0.31f, 0);
    paint_solid(c, &s, &skin, light);
}

static void paint_eye(struct canvas *c, const struct figure *f, const struct face *face, const struct axes *a, float x,
                      float side)
{
    float k = face->eye_size, look = 0.022f * f->turn;
    struct color lash = {0.13f, 0.08f, 0.08f}, white = {0.97f, 0.96f, 0.95f};
    flat_oval(c, a, x, 0.045f, 0.098f * k, 0.074f * k, color_scale(f->who.skin, 0.68f), 0.7f, 0.02f);
    flat_oval(c, a, x, 0.050f, 0.088f * k, 0.064f * k, white, 1, 0);
    flat_oval(c, a, x + look, 0.048f, 0.054f * k, 0.062f * k, color_scale(f->who.eyes, 0.55f), 1, 0);
    flat_oval(c, a, x + look, 0.060f, 0.044f * k, 0.046f * k, f->who.eyes, 1, 0.02f);
    flat_oval(c, a, x + look, 0.046f, 0.024f * k, 0.028f * k, (struct color){0.05f, 0.04f, 0.06f}, 1, 0);
    flat_oval(c, a, x + look - 0.020f, 0.022f, 0.016f * k, 0.016f * k, white, 1, 0);
    float top = 0.050f - 0.064f * k;
    flat_line(c, a, x - side * 0.088f * k, 0.035f, 0.011f, x, top, 0.017f, lash, 1);
    flat_line(c, a, x, top, 0.017f, x + side * 0.098f * k, 0.024f, 0.015f, lash, 1);
    float lift = 0.02f * face->smile;
    flat_line(c, a, x - side * 0.080f, -0.122f, 0.014f, x + side * 0.020f, -0.142f - lift, 0.015f, f->who.hair, 0.9f);
    flat_line(c, a, x + side * 0.020f, -0.142f - lift, 0.015f, x + side * 0.115f, -0.108f - lift, 0.007f, f->who.hair,
              0.9f);
}

static void paint_features(struct canvas *c, const struct figure *f, const struct face *face, const struct axes *a)
{
    float t = 0.055f * f->turn;
    struct color blush = {0.93f, 0.45f, 0.42f}, shade = color_scale(f->who.skin, 0.70f);
    struct color lip = {0.76f, 0.32f, 0.32f}, dark = {0.46f, 0.16f, 0.17f};
    flat_oval(c, a, -0.20f + t, 0.19f, 0.075f, 0.040f, blush, 0.42f, 0.05f);
    flat_oval(c, a, 0.20f + t, 0.19f, 0.075f, 0.040f, blush, 0.42f, 0.05f);
    paint_eye(c, f, face, a, -0.158f + t, -1.0f);
    paint_eye(c, f, face, a, 0.158f + t, 1.0f);
    float side = f->light_side;
    flat_line(c, a, t * 1.5f - 0.018f * side, 0.07f, 0.008f, t * 1.5f - 0.028f * side, 0.19f, 0.014f, shade, 0.6f);
    flat_oval(c, a, t * 1.5f, 0.205f, 0.034f, 0.014f, shade, 0.8f, 0.012f);
    float w = 0.085f * face->mouth, up = 0.028f * face->smile, y = 0.318f;
    flat_oval(c, a, t * 1.2f, y + 0.018f, w * 0.72f, 0.027f, lip, 0.85f, 0.008f);
    flat_line(c, a, t * 1.2f - w, y - up, 0.008f, t * 1.2f, y + 0.004f, 0.014f, dark, 0.95f);
    flat_line(c, a, t * 1.2f, y + 0.004f, 0.014f, t * 1.2f + w, y - up, 0.008f, dark, 0.95f);
}

static void paint_front_hair(struct canvas *c, const struct figure *f, const struct axes *a, const struct light *light)
{
    struct material m = hair_of(f);
    float part = f->turn > 0 ? -0.12f : 0.12f;
    struct shape shadow = {.blend = 0}, cap = {.blend = 0.02f * f->u}, fringe = {.blend = 0.03f * f->u};
    line(&shadow, a, -0.24f, -0.17f, 0.05f, 0.24f, -0.17f, 0.05f);
    paint_flat(c, &shadow, color_scale(f->who.skin, 0.45f), 0.5f, 0.09f * f->u, 1);
    oval(&cap, a, 0, -0.13f, 0.425f, 0.40f, 0);
    oval(&cap, a, 0.04f * f->turn, 0.16f, 0.315f, 0.42f, 0);
    shape_cut(&cap);
    if (f->who.hair_style == HAIR_LONG || f->who.hair_style == HAIR_BOB) {
        float end = f->who.hair_style == HAIR_LONG ? 0.75f : 0.40f;
        line(&cap, a, -0.37f, -0.10f, 0.075f, -0.38f, end, 0.03f);
        line(&cap, a, 0.37f, -0.10f, 0.075f, 0.38f, end, 0.03f);
    }
    paint_solid(c, &cap, &m, light);
    line(&fringe, a, part, -0.42f, 0.10f, -0.20f, -0.20f, 0.075f);
    line(&fringe, a, -0.20f, -0.20f, 0.075f, -0.33f, -0.02f, 0.02f);
    line(&fringe, a, part, -0.42f, 0.10f, 0.18f, -0.22f, 0.075f);
    line(&fringe, a, 0.18f, -0.22f, 0.075f, 0.33f, -0.02f, 0.02f);
    line(&fringe, a, part, -0.40f, 0.09f, part * 0.4f, -0.16f, 0.02f);
    paint_solid(c, &fringe, &m, light);
}

void figure_paint_head(struct canvas *c, const struct figure *f, const struct face *face, const struct light *light)
{
    struct axes a = axes_of(f);
    paint_skull(c, f, face, &a, light);
    paint_features(c, f, face, &a);
    paint_front_hair(c, f, &a, light);
}
