/*
 * examples/selectai/sample/shape.c: signed distance shapes and painting them: anti-aliased, lit, textured.
 *
 * Distance functions and the smooth minimum are the well-known ones (Inigo Quilez, "2D distance functions",
 * "smooth minimum"; the tapered capsule and the ellipse are first-order approximations, exact enough at an edge).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "canvas.h"

#include <math.h>
#include <string.h>

#include "noise.h"

static struct prim *add_prim(struct shape *s, int kind)
{
    struct prim *p = &s->prims[s->n < SHAPE_MAX_PRIMS ? s->n++ : SHAPE_MAX_PRIMS - 1];
    memset(p, 0, sizeof *p);
    p->kind = kind;
    return p;
}

void shape_capsule(struct shape *s, float x1, float y1, float r1, float x2, float y2, float r2)
{
    struct prim *p = add_prim(s, SHAPE_CAPSULE);
    p->x1 = x1, p->y1 = y1, p->r1 = r1, p->x2 = x2, p->y2 = y2, p->r2 = r2;
}

void shape_ellipse(struct shape *s, float x, float y, float rx, float ry, float turn)
{
    struct prim *p = add_prim(s, SHAPE_ELLIPSE);
    p->x1 = x, p->y1 = y, p->r1 = rx, p->r2 = ry, p->cosine = cosf(turn), p->sine = sinf(turn);
}

void shape_box(struct shape *s, float x, float y, float hx, float hy, float turn, float corner)
{
    struct prim *p = add_prim(s, SHAPE_BOX);
    p->x1 = x, p->y1 = y, p->r1 = hx, p->r2 = hy, p->y2 = corner, p->cosine = cosf(turn), p->sine = sinf(turn);
}

void shape_cut(struct shape *s)
{
    if (s->n > 0) {
        s->prims[s->n - 1].cut = 1;
    }
}

static float capsule_distance(const struct prim *p, float x, float y)
{
    float bx = p->x2 - p->x1, by = p->y2 - p->y1, ax = x - p->x1, ay = y - p->y1;
    float length = bx * bx + by * by;
    float t = length > 0 ? clamp01((ax * bx + ay * by) / length) : 0;
    float dx = ax - t * bx, dy = ay - t * by;
    return sqrtf(dx * dx + dy * dy) - mixf(p->r1, p->r2, t);
}

static float prim_distance(const struct prim *p, float x, float y)
{
    if (p->kind == SHAPE_CAPSULE) {
        return capsule_distance(p, x, y);
    }
    float dx = x - p->x1, dy = y - p->y1;
    float u = p->cosine * dx + p->sine * dy, v = p->cosine * dy - p->sine * dx;
    if (p->kind == SHAPE_ELLIPSE) {
        float a = u / p->r1, b = v / p->r2;
        float k0 = sqrtf(a * a + b * b);
        float e = a / p->r1, f = b / p->r2;
        float k1 = sqrtf(e * e + f * f);
        return k1 > 1e-6f ? k0 * (k0 - 1.0f) / k1 : -(p->r1 < p->r2 ? p->r1 : p->r2);
    }
    float qx = fabsf(u) - p->r1 + p->y2, qy = fabsf(v) - p->r2 + p->y2;
    float ox = qx > 0 ? qx : 0, oy = qy > 0 ? qy : 0;
    float inner = qx > qy ? qx : qy;
    return sqrtf(ox * ox + oy * oy) + (inner < 0 ? inner : 0) - p->y2;
}

float shape_distance(const struct shape *s, float x, float y)
{
    float d = 1e6f;
    for (int i = 0; i < s->n; i++) {
        float e = prim_distance(&s->prims[i], x, y);
        if (i == 0) {
            d = e;
        } else if (s->prims[i].cut) {
            d = d > -e ? d : -e;
        } else if (s->blend > 0) {
            float h = clamp01(0.5f + 0.5f * (d - e) / s->blend);
            d = mixf(d, e, h) - s->blend * h * (1.0f - h);
        } else {
            d = d < e ? d : e;
        }
    }
    return d;
}

struct area {
    int x1, y1, x2, y2;
};

/* Pixels that the shape can reach, `margin` units around it; empty if none lies on the canvas. */
static struct area shape_area(const struct canvas *c, const struct shape *s, float margin)
{
    float low_x = 1e6f, low_y = 1e6f, high_x = -1e6f, high_y = -1e6f;
    for (int i = 0; i < s->n; i++) {
        const struct prim *p = &s->prims[i];
        float r = p->r1 > p->r2 ? p->r1 : p->r2;
        float x2 = p->x1, y2 = p->y1;
        if (p->cut) {
            continue;
        }
        if (p->kind == SHAPE_CAPSULE) {
            x2 = p->x2, y2 = p->y2;
        } else if (p->kind == SHAPE_BOX) {
            r = p->r1 + p->r2;
        }
        low_x = fminf(low_x, fminf(p->x1, x2) - r), high_x = fmaxf(high_x, fmaxf(p->x1, x2) + r);
        low_y = fminf(low_y, fminf(p->y1, y2) - r), high_y = fmaxf(high_y, fmaxf(p->y1, y2) + r);
    }
    margin += s->blend + 2.0f / c->scale;
    float w = (float)c->width, h = (float)c->height;
    struct area a;
    a.x1 = (int)fminf(fmaxf((low_x - margin) * c->scale, 0), w);
    a.y1 = (int)fminf(fmaxf((low_y - margin) * c->scale, 0), h);
    a.x2 = (int)fminf(fmaxf((high_x + margin) * c->scale + 1, 0), w);
    a.y2 = (int)fminf(fmaxf((high_y + margin) * c->scale + 1, 0), h);
    return a;
}

static struct color pattern_color(const struct material *m, float x, float y)
{
    float f = m->frequency;
    switch (m->pattern) {
    case PATTERN_STRIPES: {
        float wave = y * f + 0.15f * noise_value(x * f * 0.4f, y * f * 0.4f, m->seed);
        float s = fabsf(2.0f * (wave - floorf(wave)) - 1.0f);
        return color_mix(m->base, m->second, smooth_step(0.42f, 0.58f, s));
    }
    case PATTERN_CHECKS: {
        float u = x * f - floorf(x * f), v = y * f - floorf(y * f);
        float t = 0.5f * (float)(u < 0.5f) + 0.5f * (float)(v < 0.5f);
        return color_mix(m->base, m->second, t);
    }
    case PATTERN_DOTS: {
        float row = floorf(y * f);
        float u = x * f + 0.5f * (float)((int)row & 1);
        u -= floorf(u) + 0.5f;
        float v = y * f - row - 0.5f;
        return color_mix(m->second, m->base, smooth_step(0.22f, 0.30f, sqrtf(u * u + v * v)));
    }
    case PATTERN_KNIT: {
        float v = y * f - floorf(y * f);
        float u = x * f + 0.5f * fabsf(2.0f * v - 1.0f);
        u = fabsf(2.0f * (u - floorf(u)) - 1.0f);
        return color_mix(m->base, m->second, 0.75f * u * u);
    }
    case PATTERN_STRANDS: {
        float s = noise_value(x * f + 0.3f * noise_value(x * 9.0f, y * 9.0f, m->seed), y * f * 0.12f, m->seed);
        s += 0.5f * noise_value(x * f * 2.3f, y * f * 0.2f, m->seed + 7);
        return color_mix(m->base, m->second, smooth_step(-0.7f, 0.9f, s));
    }
    default:
        return m->base;
    }
}

/* Diffuse light on a dome whose height grows with the distance from the edge. */
static struct color lit(struct color base, float d, float gx, float gy, const struct material *m,
                        const struct light *light)
{
    float inside = clamp01(-d / m->depth);
    float slope = 1.0f - inside;
    float norm = sqrtf(gx * gx + gy * gy) + 1e-6f;
    float nx = gx / norm * slope * 0.95f, ny = gy / norm * slope * 0.95f;
    float nz = sqrtf(fmaxf(1.0f - nx * nx - ny * ny, 0.02f));
    float lambert = smooth_step(-0.15f, 1.0f, nx * light->x + ny * light->y + nz * light->z);
    struct color factor = color_mix(light->shade, light->warm, lambert);
    return (struct color){base.r * factor.r, base.g * factor.g, base.b * factor.b};
}

void paint_solid(struct canvas *c, const struct shape *s, const struct material *m, const struct light *light)
{
    struct area a = shape_area(c, s, 0);
    if (a.x2 <= a.x1 || a.y2 <= a.y1) {
        return;
    }
    float px = 1.0f / c->scale;
    size_t row = (size_t)(a.x2 - a.x1);
    for (int y = a.y1; y < a.y2; y++) {
        float *d = c->work + (size_t)(y - a.y1) * row;
        for (int x = a.x1; x < a.x2; x++) {
            d[x - a.x1] = shape_distance(s, ((float)x + 0.5f) * px, ((float)y + 0.5f) * px);
        }
    }
    for (int y = a.y1; y < a.y2; y++) {
        const float *d = c->work + (size_t)(y - a.y1) * row;
        const float *below = y + 1 < a.y2 ? d + row : d, *above = y > a.y1 ? d - row : d;
        for (int x = a.x1; x < a.x2; x++) {
            size_t i = (size_t)(x - a.x1);
            float alpha = clamp01(0.5f - d[i] * c->scale);
            if (alpha <= 0) {
                continue;
            }
            float ux = ((float)x + 0.5f) * px, uy = ((float)y + 0.5f) * px;
            float gx = d[i + 1 < row ? i + 1 : i] - d[i > 0 ? i - 1 : i];
            struct color color = lit(pattern_color(m, ux, uy), d[i], gx, below[i] - above[i], m, light);
            if (m->grain > 0) {
                color = color_scale(color, 1.0f + m->grain * noise_fbm(ux * 90.0f, uy * 90.0f, 2, m->seed));
            }
            float edge = smooth_step(-2.2f, -0.4f, d[i] * 608.0f);
            color = color_scale(color, 1.0f - m->outline * edge);
            size_t at = (size_t)y * (size_t)c->width + (size_t)x;
            pixel_blend(c->rgb + at * 3, color, alpha);
            c->mask[at] += (1.0f - c->mask[at]) * alpha;
        }
    }
}

void paint_flat(struct canvas *c, const struct shape *s, struct color color, float alpha, float soft, int on_figure)
{
    struct area a = shape_area(c, s, soft);
    float px = 1.0f / c->scale;
    for (int y = a.y1; y < a.y2; y++) {
        for (int x = a.x1; x < a.x2; x++) {
            float d = shape_distance(s, ((float)x + 0.5f) * px, ((float)y + 0.5f) * px);
            float cover = soft > px ? 1.0f - smooth_step(-soft, soft, d) : clamp01(0.5f - d * c->scale);
            size_t at = (size_t)y * (size_t)c->width + (size_t)x;
            cover *= alpha * (on_figure ? c->mask[at] : 1.0f);
            if (cover > 0) {
                pixel_blend(c->rgb + at * 3, color, cover);
            }
        }
    }
}
