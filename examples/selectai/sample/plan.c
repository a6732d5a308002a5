/*
 * examples/selectai/sample/plan.c: decides every group: scene, figure, stages, times, defects.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#define PURPOSE_PLAN    1
#define PURPOSE_PROJECT 2
#define FIRST_DAY       INT64_C(1751932800) /* 2025-07-08 00:00:00 UTC */
#define EXTRAS_FROM     12                  /* smaller projects get no extras */

static void plan_character(struct character *who, struct rng *r)
{
    static const struct color skins[4] = {
        {0.97f, 0.80f, 0.69f}, {0.90f, 0.69f, 0.54f}, {0.80f, 0.57f, 0.42f}, {0.62f, 0.42f, 0.31f}};
    static const struct color hairs[5] = {{0.44f, 0.21f, 0.12f},
                                          {0.16f, 0.12f, 0.13f},
                                          {0.66f, 0.46f, 0.22f},
                                          {0.30f, 0.19f, 0.13f},
                                          {0.34f, 0.22f, 0.40f}};
    static const struct color shines[5] = {{0.74f, 0.42f, 0.23f},
                                           {0.36f, 0.32f, 0.40f},
                                           {0.94f, 0.78f, 0.46f},
                                           {0.54f, 0.37f, 0.25f},
                                           {0.60f, 0.46f, 0.70f}};
    static const struct color eyes[4] = {
        {0.28f, 0.55f, 0.48f}, {0.30f, 0.50f, 0.72f}, {0.46f, 0.30f, 0.18f}, {0.44f, 0.50f, 0.26f}};
    uint32_t hair = rng_below(r, 5);
    who->skin = skins[rng_below(r, 4)];
    who->hair = hairs[hair];
    who->hair_shine = shines[hair];
    who->eyes = eyes[rng_below(r, 4)];
    who->hair_style = (int)rng_below(r, HAIR_STYLES);
}

/*
 * Pictures after which a later one could still be taken for the next stage: the stage, and the next one of its own
 * group (0: it was the last). Grouping by "the smallest stage above, looking ahead" must find exactly our groups.
 */
#define OPEN_MAX 16

struct open_runs {
    int n, stage[OPEN_MAX], next[OPEN_MAX];
};

/* 1 if grouping would put the first picture of this group behind one of an earlier group. */
static int continues_earlier(const struct open_runs *o, const struct group *g)
{
    int first = g->pictures[0].stage;
    for (int i = 0; i < o->n; i++) {
        if (first > o->stage[i] && (o->next[i] == 0 || first < o->next[i])) {
            return 1;
        }
    }
    return first > STAGE_GENERATED && o->n + g->n > OPEN_MAX;
}

static void remember_runs(struct open_runs *o, const struct group *g)
{
    int kept = 0;
    for (int i = 0; i < o->n; i++) {
        if (g->pictures[0].stage > o->stage[i]) {
            o->stage[kept] = o->stage[i];
            o->next[kept++] = o->next[i];
        }
    }
    for (int k = 0; k < g->n && kept < OPEN_MAX; k++) {
        o->stage[kept] = g->pictures[k].stage;
        o->next[kept++] = k + 1 < g->n ? g->pictures[k + 1].stage : 0;
    }
    o->n = kept;
}

/* Which stages were kept; drawn again while the group could be mistaken for the rest of an earlier one. */
static void plan_stages(struct group *g, const struct open_runs *open, struct rng *r)
{
    static const struct {
        float up_to;
        int n, stages[STAGES_MAX];
    } table[] = {{0.18f, 4, {10, 15, 20, 30}}, {0.42f, 3, {10, 20, 30, 0}}, {0.53f, 3, {10, 15, 20, 0}},
                 {0.74f, 2, {10, 20, 0, 0}},   {0.89f, 2, {20, 30, 0, 0}},  {0.95f, 2, {15, 20, 0, 0}},
                 {1.01f, 2, {10, 30, 0, 0}}};
    do {
        float pick = rng_float(r);
        size_t i = 0;
        while (pick >= table[i].up_to) {
            i++;
        }
        g->n = table[i].n;
        for (int k = 0; k < g->n; k++) {
            g->pictures[k].stage = table[i].stages[k];
        }
    } while (continues_earlier(open, g));
}

static void plan_size(struct group *g, uint32_t size, struct rng *r)
{
    int longer = (int)size / 32 * 32, shorter = longer * 13 / 19 / 2 * 2;
    float pick = rng_float(r);
    g->width = pick < 0.62f ? shorter : pick < 0.82f ? longer : longer * 13 / 16 / 2 * 2;
    g->height = pick < 0.62f ? longer : pick < 0.82f ? shorter : longer * 13 / 16 / 2 * 2;
    g->enhanced_larger = rng_chance(r, 0.25f);
}

static void plan_scene(struct group *g, struct rng *r)
{
    struct scene *s = &g->scene;
    float longer = (float)(g->width > g->height ? g->width : g->height);
    s->kind = (int)rng_below(r, SCENE_KINDS);
    s->seed = (uint32_t)rng_next(r);
    s->width = (float)g->width / longer;
    s->height = (float)g->height / longer;
    s->horizon = s->height * rng_range(r, 0.50f, 0.68f);
    s->light_side = rng_chance(r, 0.5f) ? -1.0f : 1.0f;
    s->sharp = 1.2f / longer;
    g->exposure = rng_range(r, 0.86f, 1.10f);
    g->warmth = rng_range(r, -0.06f, 0.08f);
}

static void plan_figure(struct group *g, const struct character *who, struct rng *r)
{
    static const float low[3] = {0.255f, 0.165f, 0.112f}, high[3] = {0.310f, 0.215f, 0.132f};
    struct figure *f = &g->figure;
    float pick = rng_float(r);
    g->shot = pick < 0.30f ? SHOT_CLOSE : pick < 0.66f ? SHOT_HALF : SHOT_FULL;
    f->u = g->scene.height * rng_range(r, low[g->shot], high[g->shot]);
    f->y = g->scene.height * rng_range(r, 0.015f, 0.115f) + 0.60f * f->u;
    /* The person stays inside, but rarely in the middle. */
    float room = g->scene.width * 0.5f - f->u * (g->shot == SHOT_CLOSE ? 0.75f : 1.1f);
    room = room > 0.02f ? room : 0.02f;
    f->x = g->scene.width * 0.5f + rng_range(r, -1.0f, 1.0f) * (room < 0.34f ? room : 0.34f) * 0.9f;
    f->tilt = rng_range(r, -0.16f, 0.16f);
    f->turn = rng_range(r, -1.0f, 1.0f);
    f->lean = rng_range(r, -1.0f, 1.0f);
    f->light_side = g->scene.light_side;
    f->ground_shade = 0.5f;
    f->pose = (int)rng_below(r, POSES);
    f->outfit = (int)rng_below(r, OUTFITS);
    f->seed = (uint32_t)rng_next(r);
    f->who = *who;
    g->good = (struct face){rng_range(r, 1.02f, 1.14f), rng_range(r, 0.85f, 1.15f), rng_range(r, -0.2f, 1.3f), 1.0f};
    g->rough = (struct face){rng_range(r, 0.78f, 0.95f), rng_range(r, 0.8f, 1.3f), rng_range(r, -0.6f, 0.8f),
                             rng_range(r, 0.94f, 1.03f)};
}

static void add_defect(struct group *g, struct rng *r, int kind, int from, float severity)
{
    if (g->n_defects >= DEFECTS_MAX) {
        return;
    }
    struct defect *d = &g->defects[g->n_defects++];
    d->kind = kind;
    d->from_stage = from;
    d->until_stage = STAGE_ENHANCED;
    d->severity = severity;
    /* Towards the side with more room. */
    d->side = g->figure.x < g->scene.width * 0.5f ? 1.0f : -1.0f;
    d->seed = (uint32_t)rng_next(r);
}

/* Kinds named twice come twice as often: what every statistic of a picture shows is commoner than a third arm. */
static int pick_kind(struct rng *r, int stage)
{
    static const int generated[] = {DEFECT_EXTRA_LIMB, DEFECT_DOUBLE_HEAD, DEFECT_MELTED_FACE};
    static const int swapped[] = {DEFECT_FACE_PATCH, DEFECT_FACE_PATCH, DEFECT_MELTED_FACE};
    static const int upscaled[] = {DEFECT_BLUR, DEFECT_BLUR,  DEFECT_BLOCKS, DEFECT_BLOCKS,     DEFECT_CAST,
                                   DEFECT_CAST, DEFECT_BANDS, DEFECT_BANDS,  DEFECT_EXTRA_LIMB, DEFECT_DOUBLE_HEAD};
    static const int enhanced[] = {DEFECT_HALOS, DEFECT_HALOS, DEFECT_NOISE,  DEFECT_NOISE,       DEFECT_BANDS,
                                   DEFECT_CAST,  DEFECT_CAST,  DEFECT_BLOCKS, DEFECT_MELTED_FACE, DEFECT_EXTRA_LIMB};
    switch (stage) {
    case STAGE_GENERATED:
        return generated[rng_below(r, sizeof generated / sizeof *generated)];
    case STAGE_SWAPPED:
        return swapped[rng_below(r, sizeof swapped / sizeof *swapped)];
    case STAGE_UPSCALED:
        return upscaled[rng_below(r, sizeof upscaled / sizeof *upscaled)];
    default:
        return enhanced[rng_below(r, sizeof enhanced / sizeof *enhanced)];
    }
}

static void plan_defects(struct group *g, struct rng *r)
{
    float pick = rng_float(r);
    int later = g->pictures[1 + rng_below(r, (uint32_t)g->n - 1)].stage, first = g->pictures[0].stage;
    if (pick < 0.075f) {
        /* Bad from the start: nothing to choose. */
        add_defect(g, r, pick_kind(r, STAGE_GENERATED), first, rng_range(r, 0.85f, 1.0f));
    } else if (pick < 0.105f) {
        g->exposure = rng_range(r, 0.10f, 0.17f);
    } else if (pick < 0.360f) {
        add_defect(g, r, pick_kind(r, later), later, rng_range(r, 0.70f, 1.0f));
    } else if (pick < 0.41f && g->n >= 3) {
        /* The upscale went soft, and the enhancement saved it: the highest stage still wins. */
        add_defect(g, r, DEFECT_BLUR, g->pictures[g->n - 2].stage, rng_range(r, 0.70f, 1.0f));
        g->defects[0].until_stage = g->pictures[g->n - 2].stage;
    } else if (pick < 0.46f) {
        /* Small enough to be forgiven. */
        add_defect(g, r, pick_kind(r, later), later, rng_range(r, 0.07f, 0.12f));
    }
}

static void plan_times(struct group *g, int64_t *clock, struct rng *r)
{
    for (int k = 0; k < g->n; k++) {
        struct picture *p = &g->pictures[k];
        *clock += k == 0 ? 15 + rng_below(r, 150) : 4 + rng_below(r, p->stage >= STAGE_UPSCALED ? 90 : 40);
        p->time = *clock;
        name_picture(p->name, sizeof p->name, p->time, p->stage);
        int half = p->stage < STAGE_UPSCALED, large = p->stage == STAGE_ENHANCED && g->enhanced_larger;
        p->width = half ? g->width / 2 : large ? g->width / 4 * 5 : g->width;
        p->height = half ? g->height / 2 : large ? g->height / 4 * 5 : g->height;
    }
}

/* Where the next group of a folder goes on. */
struct folder_state {
    int64_t clock;
    struct open_runs open;
};

static void plan_group(struct plan *p, struct group *g, uint32_t id, struct folder_state *at)
{
    struct rng r;
    rng_init(&r, p->seed, id, PURPOSE_PLAN);
    g->id = id;
    plan_stages(g, &at->open, &r);
    plan_size(g, p->size, &r);
    plan_scene(g, &r);
    plan_figure(g, &p->who, &r);
    if (id < p->n_groups) {
        plan_defects(g, &r);
    } else {
        g->extra = (int)(id - p->n_groups) + 1;
        g->n = 1;
        g->pictures[0].stage = g->extra == EXTRA_ORPHAN ? STAGE_UPSCALED : STAGE_GENERATED;
    }
    remember_runs(&at->open, g);
    plan_times(g, &at->clock, &r);
}

static void name_extra(struct group *g)
{
    const char *name = g->extra == EXTRA_UNPARSED_ROOT ? "reference_face.png"
                       : g->extra == EXTRA_UNPARSED    ? "IMG_0042.png"
                       : g->extra == EXTRA_HIDDEN      ? ".preview.png"
                                                       : NULL;
    if (name) {
        memcpy(g->pictures[0].name, name, strlen(name) + 1);
    }
}

/* One group with two winners, and one rejected group with a file that was cut short. */
static void plan_special(struct plan *p)
{
    int two = 0, corrupt = 0;
    for (uint32_t i = p->n_groups / 3; i < p->n_groups; i++) {
        struct group *g = &p->groups[i];
        if (!two && g->n >= 3 && g->n_defects == 0 && g->exposure > 0.5f) {
            g->want_two = two = 1;
        } else if (!corrupt && g->n >= 3 && g->n_defects > 0 && g->defects[0].severity > 0.5f &&
                   g->defects[0].from_stage == g->pictures[0].stage) {
            g->corrupt = corrupt = 1;
        }
    }
}

int plan_create(struct plan *p, const struct sample_options *o)
{
    struct rng r;
    static const int64_t day_of[FOLDERS] = {0, 1, 3};
    struct folder_state at[FOLDERS];
    memset(at, 0, sizeof at);
    memset(p, 0, sizeof *p);
    p->seed = o->seed;
    p->size = o->size ? o->size : SAMPLE_SIZE;
    p->project = o->project ? o->project : "sample";
    p->n_groups = o->groups ? o->groups : SAMPLE_GROUPS;
    p->n_total = p->n_groups + (p->n_groups >= EXTRAS_FROM ? EXTRA_COUNT : 0);
    p->groups = calloc(p->n_total, sizeof *p->groups);
    if (!p->groups) {
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    rng_init(&r, p->seed, 0, PURPOSE_PROJECT);
    plan_character(&p->who, &r);
    for (int i = 0; i < FOLDERS; i++) {
        at[i].clock = FIRST_DAY + 86400 * day_of[i] + 21600 + rng_below(&r, 7200);
        name_folder(p->folders[i], sizeof p->folders[i], at[i].clock);
    }
    for (uint32_t i = 0; i < p->n_total; i++) {
        struct group *g = &p->groups[i];
        g->folder = i < p->n_groups ? (int)((uint64_t)i * FOLDERS / p->n_groups) : (int)(i - p->n_groups) % FOLDERS;
        plan_group(p, g, i, &at[g->folder]);
        name_extra(g);
    }
    if (p->n_total > p->n_groups) {
        plan_special(p);
    }
    return SELECTAI_OK;
}

void plan_destroy(struct plan *p)
{
    free(p->groups);
    memset(p, 0, sizeof *p);
}
