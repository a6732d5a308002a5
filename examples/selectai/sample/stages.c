/*
 * examples/selectai/sample/stages.c: the stages of one drawing: small and soft, face redrawn, upscaled, enhanced.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "stages.h"

#include <math.h>
#include <string.h>

static size_t pixels_of(const struct canvas *c)
{
    return (size_t)c->width * (size_t)c->height;
}

/* Contrast about middle grey, saturation about the pixel's own grey. */
static void tone(struct canvas *c, float contrast, float saturation)
{
    size_t n = pixels_of(c);
    for (size_t i = 0; i < n; i++) {
        float *p = c->rgb + i * 3;
        float grey = canvas_luma(p);
        for (int k = 0; k < 3; k++) {
            p[k] = 0.5f + contrast * (grey + saturation * (p[k] - grey) - 0.5f);
        }
    }
}

/* Light of the whole picture: exposure, warmth, darker corners. */
static void grade(struct canvas *c, const struct group *g)
{
    struct color factor = {g->exposure * (1.0f + g->warmth), g->exposure, g->exposure * (1.0f - g->warmth)};
    for (int y = 0; y < c->height; y++) {
        float dy = ((float)y + 0.5f) / (float)c->height - 0.5f;
        for (int x = 0; x < c->width; x++) {
            float *p = c->rgb + ((size_t)y * (size_t)c->width + (size_t)x) * 3;
            float dx = ((float)x + 0.5f) / (float)c->width - 0.5f;
            float v = 1.0f - 0.42f * (dx * dx + dy * dy);
            p[0] = clamp01(p[0] * factor.r * v);
            p[1] = clamp01(p[1] * factor.g * v);
            p[2] = clamp01(p[2] * factor.b * v);
        }
    }
}

/* Adds `amount` of what a blur of `radius` pixels would take away. */
static int add_detail(struct canvas *out, const struct canvas *from, int radius, float amount)
{
    struct canvas soft;
    int code = canvas_copy(&soft, from);
    if (code != SELECTAI_OK) {
        return code;
    }
    canvas_blur(&soft, radius, 1);
    size_t n = pixels_of(out) * 3;
    for (size_t i = 0; i < n; i++) {
        out->rgb[i] += amount * (from->rgb[i] - soft.rgb[i]);
    }
    canvas_destroy(&soft);
    return SELECTAI_OK;
}

/* Stage 1: half the size, a little soft, flat colours. */
static int develop_generated(struct canvas *out, const struct canvas *drawing)
{
    struct canvas soft;
    int code = canvas_resize(out, drawing, drawing->width / 2, drawing->height / 2);
    if (code != SELECTAI_OK) {
        return code;
    }
    code = canvas_copy(&soft, out);
    if (code != SELECTAI_OK) {
        canvas_destroy(out);
        return code;
    }
    canvas_blur(&soft, 1, 1);
    size_t n = pixels_of(out) * 3;
    for (size_t i = 0; i < n; i++) {
        out->rgb[i] = mixf(out->rgb[i], soft.rgb[i], 0.6f);
    }
    canvas_destroy(&soft);
    tone(out, 0.86f, 0.80f);
    return SELECTAI_OK;
}

/* Stage 1.5: only the face is drawn again, crisper, with a faint seam of tone. */
static int develop_swapped(struct canvas *out, const struct studio *s, const struct group *g)
{
    struct canvas sharp;
    int code = develop_generated(out, &s->rough);
    if (code != SELECTAI_OK) {
        return code;
    }
    code = canvas_resize(&sharp, &s->good, out->width, out->height);
    if (code != SELECTAI_OK) {
        canvas_destroy(out);
        return code;
    }
    tone(&sharp, 0.92f, 0.90f);
    struct shape patch = {.blend = 0};
    shape_ellipse(&patch, g->figure.x, g->figure.y + 0.03f * g->figure.u, 0.47f * g->figure.u, 0.52f * g->figure.u,
                  g->figure.tilt);
    float px = 1.0f / out->scale, soft = 0.05f * g->figure.u;
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++) {
            float d = shape_distance(&patch, ((float)x + 0.5f) * px, ((float)y + 0.5f) * px);
            float t = 1.0f - smooth_step(-soft, soft, d);
            size_t at = ((size_t)y * (size_t)out->width + (size_t)x) * 3;
            pixel_blend(out->rgb + at, (struct color){sharp.rgb[at] * 1.03f, sharp.rgb[at + 1], sharp.rgb[at + 2]}, t);
        }
    }
    canvas_destroy(&sharp);
    return SELECTAI_OK;
}

/* Stage 2: stage 1 brought back to full size, the middle detail made again. */
static int develop_upscaled(struct canvas *out, const struct canvas *small, const struct canvas *drawing)
{
    int code = canvas_resize(out, small, drawing->width, drawing->height);
    if (code != SELECTAI_OK) {
        return code;
    }
    tone(out, 1.10f, 1.12f);
    code = add_detail(out, drawing, 2, 0.60f);
    if (code != SELECTAI_OK) {
        canvas_destroy(out);
    }
    return code;
}

/* Stage 3: sharper, more contrast and colour, fine texture; sometimes larger. */
static int develop_enhanced(struct canvas *out, const struct studio *s, const struct group *g, int width, int height)
{
    int same = width == s->upscaled.width && height == s->upscaled.height;
    int code = same ? canvas_copy(out, &s->upscaled) : canvas_resize(out, &s->upscaled, width, height);
    if (code != SELECTAI_OK) {
        return code;
    }
    code = add_detail(out, out, 1, 0.85f);
    if (code != SELECTAI_OK) {
        canvas_destroy(out);
        return code;
    }
    tone(out, 1.10f, 1.14f);
    for (int y = 0; y < out->height; y++) {
        for (int x = 0; x < out->width; x++) {
            float fine = noise_value((float)x * 0.53f, (float)y * 0.53f, g->scene.seed + 9) +
                         noise_cell(x, y, g->scene.seed + 10) - 0.5f;
            float *p = out->rgb + ((size_t)y * (size_t)out->width + (size_t)x) * 3;
            /* Less in bright areas: a sky stays clean. */
            float factor = 1.0f + 0.040f * fine * (1.0f - 0.8f * clamp01(canvas_luma(p)));
            p[0] *= factor;
            p[1] *= factor;
            p[2] *= factor;
        }
    }
    return SELECTAI_OK;
}

int studio_create(struct studio *s, const struct group *g)
{
    memset(s, 0, sizeof *s);
    int code = canvas_create(&s->rough, g->width, g->height);
    if (code != SELECTAI_OK) {
        return code;
    }
    /* Near persons stand before a soft background, as with a real lens. */
    int blur = g->shot == SHOT_CLOSE ? 2 : g->shot == SHOT_HALF ? 1 : 0;
    s->light = scene_light(&g->scene);
    scene_paint(&s->rough, &g->scene, (int)((float)blur * s->rough.scale / 608.0f + 0.5f));
    s->swapped = g->n > 1 && (g->pictures[0].stage == STAGE_SWAPPED || g->pictures[1].stage == STAGE_SWAPPED);
    figure_paint(&s->rough, &g->figure, s->swapped ? &g->rough : &g->good, &s->light);
    code = canvas_copy(&s->good, &s->rough);
    if (code == SELECTAI_OK) {
        if (s->swapped) {
            figure_paint_head(&s->good, &g->figure, &g->good, &s->light);
        }
        code = develop_generated(&s->small, &s->good);
    }
    if (code == SELECTAI_OK) {
        code = develop_upscaled(&s->upscaled, &s->small, &s->good);
    }
    if (code != SELECTAI_OK) {
        studio_destroy(s);
    }
    return code;
}

void studio_destroy(struct studio *s)
{
    canvas_destroy(&s->rough);
    canvas_destroy(&s->good);
    canvas_destroy(&s->upscaled);
    canvas_destroy(&s->small);
}

static int develop(struct canvas *out, const struct studio *s, const struct group *g, const struct picture *p)
{
    switch (p->stage) {
    case STAGE_GENERATED:
        return s->swapped ? develop_generated(out, &s->rough) : canvas_copy(out, &s->small);
    case STAGE_SWAPPED:
        return develop_swapped(out, s, g);
    case STAGE_UPSCALED:
        return canvas_copy(out, &s->upscaled);
    default:
        return develop_enhanced(out, s, g, p->width, p->height);
    }
}

int studio_develop(struct canvas *out, const struct studio *s, const struct group *g, int index)
{
    const struct picture *p = &g->pictures[index];
    int code = develop(out, s, g, p);
    if (code != SELECTAI_OK) {
        return code;
    }
    for (int i = 0; i < g->n_defects && code == SELECTAI_OK; i++) {
        const struct defect *d = &g->defects[i];
        if (p->stage >= d->from_stage && p->stage <= d->until_stage) {
            code = defect_apply(out, g, d, &s->light);
        }
    }
    if (code != SELECTAI_OK) {
        canvas_destroy(out);
        return code;
    }
    grade(out, g);
    for (int i = 0; i < g->n_defects; i++) {
        const struct defect *d = &g->defects[i];
        if (p->stage >= d->from_stage && p->stage <= d->until_stage) {
            defect_apply_tone(out, d);
        }
    }
    return SELECTAI_OK;
}
