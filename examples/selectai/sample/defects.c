/*
 * examples/selectai/sample/defects.c: defects that have a place: face, limb, head; and blur and halos.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "stages.h"

#include <math.h>
#include <string.h>

struct place {
    float x, y, r; /* units */
};

/* The face, but never so small that nobody would see it. */
static struct place face_place(const struct group *g)
{
    float r = 0.60f * g->figure.u, least = 0.095f * g->scene.width;
    return (struct place){g->figure.x, g->figure.y + 0.05f * g->figure.u, r > least ? r : least};
}

static void read_bilinear(float *out, const struct canvas *c, float x, float y)
{
    x = x < 0 ? 0 : x > (float)(c->width - 1) ? (float)(c->width - 1) : x;
    y = y < 0 ? 0 : y > (float)(c->height - 1) ? (float)(c->height - 1) : y;
    int ix = (int)x, iy = (int)y;
    int jx = ix + 1 < c->width ? ix + 1 : ix, jy = iy + 1 < c->height ? iy + 1 : iy;
    float u = x - (float)ix, v = y - (float)iy;
    const float *top = c->rgb + (size_t)iy * (size_t)c->width * 3, *low = c->rgb + (size_t)jy * (size_t)c->width * 3;
    for (int k = 0; k < 3; k++) {
        out[k] = mixf(mixf(top[ix * 3 + k], top[jx * 3 + k], u), mixf(low[ix * 3 + k], low[jx * 3 + k], u), v);
    }
}

/* Turns and drags the pixels around the face, and softens what is left of it. */
static int melt_face(struct canvas *c, const struct group *g, const struct defect *d)
{
    const struct color wax = {0.84f, 0.76f, 0.68f};
    struct place p = face_place(g);
    struct canvas from;
    int code = canvas_copy(&from, c);
    if (code != SELECTAI_OK) {
        return code;
    }
    canvas_blur(&from, (int)(p.r * c->scale * 0.07f * d->severity + 0.5f), 2);
    float px = 1.0f / c->scale;
    for (int y = 0; y < c->height; y++) {
        for (int x = 0; x < c->width; x++) {
            float ux = ((float)x + 0.5f) * px - p.x, uy = ((float)y + 0.5f) * px - p.y;
            float near = 1.0f - sqrtf(ux * ux + uy * uy) / p.r;
            if (near <= 0) {
                continue;
            }
            float pull = smooth_step(0, 0.55f, near) * d->severity;
            float turn = pull * 1.1f * d->side, cs = cosf(turn), sn = sinf(turn);
            float wave = noise_value(ux / p.r * 3.5f, uy / p.r * 1.2f, d->seed);
            float ripple = noise_value(ux / p.r * 1.5f, uy / p.r * 3.0f, d->seed + 1);
            float sx = cs * ux - sn * uy + 0.22f * p.r * pull * ripple;
            float sy = sn * ux + cs * uy - 0.40f * p.r * pull * (wave + 0.3f);
            float rgb[3];
            read_bilinear(rgb, &from, (p.x + sx) * c->scale - 0.5f, (p.y + sy) * c->scale - 0.5f);
            struct color over = color_mix((struct color){rgb[0], rgb[1], rgb[2]}, wax, 0.35f * pull);
            pixel_blend(c->rgb + ((size_t)y * (size_t)c->width + (size_t)x) * 3, over, smooth_step(0, 0.25f, near));
        }
    }
    canvas_destroy(&from);
    return SELECTAI_OK;
}

static struct place second_head(const struct group *g, const struct defect *d)
{
    float x = g->figure.x + d->side * 0.80f * g->figure.u, y = g->figure.y + 0.42f * g->figure.u;
    return (struct place){x, y, 0.56f * g->figure.u};
}

/* Copies the head beside itself; `severity` is how solid the copy is. */
static int double_head(struct canvas *c, const struct group *g, const struct defect *d)
{
    struct place to = second_head(g, d);
    struct canvas from;
    int code = canvas_copy(&from, c);
    if (code != SELECTAI_OK) {
        return code;
    }
    struct shape head = {.blend = 0};
    shape_ellipse(&head, to.x, to.y, 0.45f * g->figure.u, 0.54f * g->figure.u, g->figure.tilt);
    float px = 1.0f / c->scale;
    for (int y = 0; y < c->height; y++) {
        for (int x = 0; x < c->width; x++) {
            float ux = ((float)x + 0.5f) * px, uy = ((float)y + 0.5f) * px;
            float t = 1.0f - smooth_step(-0.08f * g->figure.u, 0.02f * g->figure.u, shape_distance(&head, ux, uy));
            if (t <= 0) {
                continue;
            }
            float rgb[3];
            read_bilinear(rgb, &from, (ux - to.x + g->figure.x) * c->scale - 0.5f,
                          (uy - to.y + g->figure.y) * c->scale - 0.5f);
            struct color over = {rgb[0], rgb[1], rgb[2]};
            float alpha = t * fminf(1.0f, 0.15f + 0.9f * d->severity);
            pixel_blend(c->rgb + ((size_t)y * (size_t)c->width + (size_t)x) * 3, over, alpha);
        }
    }
    canvas_destroy(&from);
    return SELECTAI_OK;
}

/* A pasted face of another tone, with a hard, angular edge. */
static void patch_face(struct canvas *c, const struct group *g, const struct defect *d)
{
    struct place p = face_place(g);
    struct shape box = {.blend = 0};
    shape_box(&box, p.x, p.y, p.r * 0.82f, p.r * 0.92f, g->figure.tilt + 0.08f * d->side, p.r * 0.12f);
    struct color tint = d->seed & 1 ? (struct color){0.52f, 0.88f, 0.98f} : (struct color){1.08f, 0.52f, 0.42f};
    float px = 1.0f / c->scale;
    for (int y = 0; y < c->height; y++) {
        for (int x = 0; x < c->width; x++) {
            float e = shape_distance(&box, ((float)x + 0.5f) * px, ((float)y + 0.5f) * px) * c->scale;
            float t = clamp01(0.5f - e) * d->severity;
            if (t > 0) {
                float *q = c->rgb + ((size_t)y * (size_t)c->width + (size_t)x) * 3;
                float edge = 1.0f - 0.45f * smooth_step(-2.5f, -0.5f, e);
                struct color over = {q[0] * tint.r * edge + 0.06f, q[1] * tint.g * edge + 0.06f,
                                     q[2] * tint.b * edge + 0.06f};
                pixel_blend(q, over, t);
            }
        }
    }
}

/* Sharpening far too strong and too wide: bright and dark seams along every edge. */
static int add_halos(struct canvas *c, float severity)
{
    struct canvas soft;
    int code = canvas_copy(&soft, c);
    if (code != SELECTAI_OK) {
        return code;
    }
    canvas_blur(&soft, (int)(c->scale / 200.0f + 1.5f), 2);
    size_t n = (size_t)c->width * (size_t)c->height * 3;
    for (size_t i = 0; i < n; i++) {
        c->rgb[i] = clamp01(c->rgb[i] + 2.6f * severity * (c->rgb[i] - soft.rgb[i]));
    }
    canvas_destroy(&soft);
    return SELECTAI_OK;
}

int defect_apply(struct canvas *c, const struct group *g, const struct defect *d, const struct light *light)
{
    switch (d->kind) {
    case DEFECT_MELTED_FACE:
        return melt_face(c, g, d);
    case DEFECT_EXTRA_LIMB:
        figure_paint_extra_arm(c, &g->figure, light, d->side, d->severity);
        return SELECTAI_OK;
    case DEFECT_DOUBLE_HEAD:
        return double_head(c, g, d);
    case DEFECT_FACE_PATCH:
        patch_face(c, g, d);
        return SELECTAI_OK;
    case DEFECT_HALOS:
        return add_halos(c, d->severity);
    case DEFECT_BLUR:
        canvas_blur(c, (int)(d->severity * c->scale / 130.0f + 0.5f), 2);
        return SELECTAI_OK;
    default:
        return SELECTAI_OK;
    }
}

struct selectai_box defect_box(const struct group *g, const struct defect *d)
{
    struct place p = {0, 0, 0};
    if (d->kind == DEFECT_MELTED_FACE || d->kind == DEFECT_FACE_PATCH) {
        p = face_place(g);
    } else if (d->kind == DEFECT_DOUBLE_HEAD) {
        p = second_head(g, d);
    } else if (d->kind == DEFECT_EXTRA_LIMB) {
        p = (struct place){g->figure.x + d->side * 1.1f * g->figure.u, g->figure.y + 0.75f * g->figure.u,
                           1.0f * g->figure.u};
    } else {
        return (struct selectai_box){0, 0, 1, 1};
    }
    float w = g->scene.width, h = g->scene.height;
    return (struct selectai_box){(double)clamp01((p.x - p.r) / w), (double)clamp01((p.y - p.r) / h),
                                 (double)clamp01((p.x + p.r) / w), (double)clamp01((p.y + p.r) / h)};
}
