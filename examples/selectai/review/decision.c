/*
 * review/decision.c: decisions: words, copies, pixels.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "decision.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const outcomes[] = {NULL, "pick", "reject", "skip"};
static const char *const crops[] = {"whole", "suggested", "edited", "later"};
static const char *const sources[] = {"manual", "bulk", "audit"};

static int word_index(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (words[i] && word && strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

const char *outcome_name(enum outcome outcome)
{
    return outcomes[outcome];
}

const char *crop_name(enum crop_kind crop)
{
    return crops[crop];
}

const char *source_name(enum source source)
{
    return sources[source];
}

int outcome_of_name(enum outcome *out, const char *name)
{
    int index = word_index(outcomes, sizeof outcomes / sizeof *outcomes, name);
    if (index >= 0)
        *out = (enum outcome)index;
    return index >= 0;
}

int crop_of_name(enum crop_kind *out, const char *name)
{
    int index = word_index(crops, sizeof crops / sizeof *crops, name);
    if (index >= 0)
        *out = (enum crop_kind)index;
    return index >= 0;
}

int source_of_name(enum source *out, const char *name)
{
    int index = word_index(sources, sizeof sources / sizeof *sources, name);
    if (index >= 0)
        *out = (enum source)index;
    return index >= 0;
}

void free_decision(struct decision *decision)
{
    free(decision->winners);
    *decision = (struct decision){0};
}

int copy_decision(struct decision *out, const struct decision *decision)
{
    struct winner *winners = NULL;
    if (decision->n_winners > 0) {
        winners = calloc(decision->n_winners, sizeof *winners);
        if (!winners)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        memcpy(winners, decision->winners, decision->n_winners * sizeof *winners);
    }
    *out = (struct decision){decision->outcome, decision->n_winners, winners};
    return SELECTAI_OK;
}

int has_box(const struct winner *winner)
{
    return winner->crop == CROP_SUGGESTED || winner->crop == CROP_EDITED;
}

static int same_box(const struct selectai_box *a, const struct selectai_box *b)
{
    return !(a->x1 != b->x1 || a->y1 != b->y1 || a->x2 != b->x2 || a->y2 != b->y2);
}

int same_decision(const struct decision *a, const struct decision *b)
{
    if (a->outcome != b->outcome || a->n_winners != b->n_winners)
        return 0;
    for (uint32_t i = 0; i < a->n_winners; i++) {
        const struct winner *x = &a->winners[i], *y = &b->winners[i];
        if (x->image != y->image || x->crop != y->crop || (has_box(x) && !same_box(&x->box, &y->box)))
            return 0;
    }
    return 1;
}

/* ---- Pixels ---------------------------------------------------------------------------------- */

/* As the cropper's boxes become pixels: lengths are rounded, then places, so that equal shares give equal sizes. */
static void whole_pixels(int32_t *first, int32_t *end, double from, double to, uint32_t side)
{
    double length = fmin(fmax(nearbyint((to - from) * side), 1), side);
    double start = fmin(fmax(nearbyint(from * side), 0), side - length);
    if (to >= 1) /* what touches the far edge keeps touching it */
        start = side - length;
    *first = (int32_t)start;
    *end = (int32_t)(start + length);
}

struct selectai_pixel_box pixels_of_box(const struct selectai_box *box, uint32_t width, uint32_t height)
{
    struct selectai_pixel_box pixels;
    whole_pixels(&pixels.x1, &pixels.x2, box->x1, box->x2, width);
    whole_pixels(&pixels.y1, &pixels.y2, box->y1, box->y2, height);
    return pixels;
}

/* What the file says counts, not what a client claimed. */
static void measure(struct winner *winner, const char *path)
{
    struct selectai_image_info info = {.struct_size = sizeof info};
    int known = path && selectai_image_read_info(&info, path) == SELECTAI_OK && info.width > 0 && info.height > 0 &&
                info.width <= INT32_MAX && info.height <= INT32_MAX;
    winner->width = known ? info.width : 0;
    winner->height = known ? info.height : 0;
    winner->pixels = known && has_box(winner) ? pixels_of_box(&winner->box, info.width, info.height)
                                              : (struct selectai_pixel_box){0};
}

void measure_decision(struct decision *decision, const struct review_groups *groups, size_t group)
{
    for (uint32_t i = 0; i < decision->n_winners; i++) {
        struct winner *winner = &decision->winners[i];
        char *path = image_path(groups, &groups->images[groups->groups[group].first + winner->image]);
        measure(winner, path);
        free(path);
    }
}
