/*
 * examples/selectai/sample/person.c: scores pictures, chooses the winner, cuts it around the subject.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "person.h"

#include <math.h>

#define PURPOSE_MOOD 3
#define PURPOSE_CROP 4

static float stage_bonus(int stage)
{
    return stage == STAGE_ENHANCED   ? TASTE_STAGE_ENHANCED
           : stage == STAGE_UPSCALED ? TASTE_STAGE_UPSCALED
           : stage == STAGE_SWAPPED  ? TASTE_STAGE_SWAPPED
                                     : 0.0f;
}

void person_look(struct group *g, int index, const struct canvas *c, uint64_t seed)
{
    struct picture *p = &g->pictures[index];
    size_t n = (size_t)c->width * (size_t)c->height;
    double sum[3] = {0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < 3; k++) {
            sum[k] += (double)clamp01(c->rgb[i * 3 + (size_t)k]);
        }
    }
    float mean[3] = {(float)(sum[0] / (double)n), (float)(sum[1] / (double)n), (float)(sum[2] / (double)n)};
    struct rng r;
    rng_init(&r, seed, (uint64_t)g->id * STAGES_MAX + (uint64_t)index, PURPOSE_MOOD);
    p->luma = canvas_luma(mean);
    p->warmth = mean[0] - mean[2];
    p->score = stage_bonus(p->stage) + TASTE_NOISE * rng_normal(&r);
    p->score += TASTE_WARM * fmaxf(-0.15f, fminf(0.15f, p->warmth));
    p->score -= TASTE_DARK * fmaxf(0.0f, TASTE_DARK_BELOW - p->luma);
    for (int i = 0; i < g->n_defects; i++) {
        const struct defect *d = &g->defects[i];
        if (p->stage >= d->from_stage && p->stage <= d->until_stage) {
            p->score -= TASTE_DEFECT * d->severity;
        }
    }
}

/* How much of the picture's height the person likes to keep, by how near the subject is. */
static float crop_scale(const struct group *g, struct rng *r)
{
    static const float heads[3] = {2.62f, 4.05f, 5.80f}; /* head heights in the frame */
    float scale = heads[g->shot] * g->figure.u / g->scene.height + 0.035f * rng_normal(r);
    return scale < 0.45f ? 0.45f : scale > 0.94f ? 0.94f : scale;
}

/* A little more room on the side the subject looks to; edges that are nearly reached are taken whole. */
static struct selectai_pixel_box crop_box(const struct group *g, const struct picture *p, struct rng *r)
{
    const struct figure *f = &g->figure;
    float scale = crop_scale(g, r);
    int w = (int)((float)p->width * scale + 0.5f);
    int h = (int)((float)w * (float)p->height / (float)p->width + 0.5f);
    float centre = f->x / g->scene.width + 0.05f * f->turn * scale + 0.012f * rng_normal(r);
    float top = (f->y - (0.60f + 0.34f) * f->u) / g->scene.height + 0.012f * rng_normal(r);
    int x = (int)floorf(centre * (float)p->width - 0.5f * (float)w + 0.5f);
    int y = (int)floorf(top * (float)p->height + 0.5f);
    int snap_x = p->width / 40, snap_y = p->height / 32;
    x = x <= snap_x ? 0 : x >= p->width - w - snap_x ? p->width - w : x;
    y = y <= snap_y ? 0 : y >= p->height - h - snap_y ? p->height - h : y;
    return (struct selectai_pixel_box){x, y, x + w, y + h};
}

static void take(struct group *g, struct picture *p, uint64_t seed)
{
    static const float chance[3] = {0.35f, 0.62f, 0.82f};
    struct rng r;
    rng_init(&r, seed, g->id, PURPOSE_CROP);
    p->chosen = 1;
    p->cropped = g->extra == EXTRA_NONE && rng_chance(&r, chance[g->shot]);
    p->crop = (struct selectai_pixel_box){0, 0, p->width, p->height};
    p->final_time = p->time;
    if (p->cropped) {
        p->crop = crop_box(g, p, &r);
        p->final_time = p->time + 7200 + (int64_t)rng_below(&r, 5 * 86400);
    }
}

void person_choose(struct group *g, uint64_t seed)
{
    int best = 0, second = -1;
    for (int i = 1; i < g->n; i++) {
        if (g->pictures[i].score > g->pictures[best].score) {
            second = best;
            best = i;
        } else if (second < 0 || g->pictures[i].score > g->pictures[second].score) {
            second = i;
        }
    }
    if (g->extra != EXTRA_NONE) {
        if (g->extra == EXTRA_SINGLE || g->extra == EXTRA_ORPHAN) {
            take(g, &g->pictures[0], seed);
        }
        return;
    }
    g->rejected = g->pictures[best].score < TASTE_REJECT_BELOW;
    if (!g->rejected) {
        take(g, &g->pictures[best], seed);
        if (g->want_two && second >= 0) {
            take(g, &g->pictures[second], seed);
        }
    }
}
