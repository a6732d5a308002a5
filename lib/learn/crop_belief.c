/*
 * learn/crop_belief.c: from a cropper's outputs to the box proposed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "learn/crop_belief.h"

#define FIRST_STEP 0.08
#define LAST_STEP  0.001
#define MIN_GAIN   1e-9
#define MAX_LOSS   0.02 /* of expected IoU that taking likely edges whole may cost */
#define TAIL       0.1  /* on either side of the interval: 80 % lie between */

void sai_crop_head_free(struct sai_crop_head *head)
{
    sai_free(head->deviations);
    sai_free(head->sizes);
    sai_free(head->layout_id);
    sai_free(head->columns);
    *head = (struct sai_crop_head){0};
}

/* The possible boxes: the whole image first, with its chance. */
struct belief {
    size_t n;
    double weight[SAI_CROP_MAX_DEVIATIONS + 1];
    struct selectai_box box[SAI_CROP_MAX_DEVIATIONS + 1];
};

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static struct selectai_box box_of(const double n[3])
{
    double play = 1.0 - n[0], x = n[1] * play, y = n[2] * play;
    return (struct selectai_box){x, y, x + n[0], y + n[0]};
}

static void keep_possible(double n[3])
{
    n[0] = clamp(n[0], SAI_BOX_MIN_SCALE, 1.0);
    n[1] = clamp(n[1], 0.0, 1.0);
    n[2] = clamp(n[2], 0.0, 1.0);
}

static void imagine(struct belief *b, const struct sai_crop_head *head, const double point[3], double whole)
{
    uint32_t n = head->n_deviations;
    b->n = 1 + (n > 0 ? n : 1);
    b->weight[0] = whole;
    b->box[0] = (struct selectai_box){0.0, 0.0, 1.0, 1.0};
    b->weight[1] = 1.0 - whole; /* without a table: the point itself */
    b->box[1] = box_of(point);
    for (uint32_t i = 0; i < n; i++) {
        double at[3];
        for (int k = 0; k < 3; k++)
            at[k] = point[k] + head->deviations[i].by[k];
        keep_possible(at);
        b->weight[1 + i] = (1.0 - whole) * head->deviations[i].weight;
        b->box[1 + i] = box_of(at);
    }
}

static double expect(const struct belief *b, const double numbers[3])
{
    const struct selectai_box box = box_of(numbers);
    double sum = 0.0;
    for (size_t i = 0; i < b->n; i++)
        sum += b->weight[i] * selectai_box_iou(&box, &b->box[i]);
    return sum;
}

/* Steps along the three numbers, from the point; then the whole image, if that is better still. */
static double climb(double at[3], const struct belief *b)
{
    static const double whole[3] = {1.0, 0.5, 0.5};
    double best = expect(b, at);
    for (double step = FIRST_STEP; step >= LAST_STEP;) {
        bool moved = false;
        for (int k = 0; k < 6; k++) {
            double trial[3] = {at[0], at[1], at[2]};
            trial[k / 2] += k % 2 ? -step : step;
            keep_possible(trial);
            double value = expect(b, trial);
            if (value > best + MIN_GAIN) {
                memcpy(at, trial, sizeof trial);
                best = value;
                moved = true;
            }
        }
        step = moved ? step : step / 2.0;
    }
    double value = expect(b, whole);
    if (value > best)
        memcpy(at, whole, sizeof whole);
    return fmax(value, best);
}

/* Of the three that can be on one axis (neither edge, the low one, the high one) the likeliest; a crop that is smaller
 * than the image cannot touch both. */
static double likely_place(double place, double low, double high)
{
    double neither = (1.0 - low) * (1.0 - high), only_low = low * (1.0 - high), only_high = high * (1.0 - low);
    if (only_low >= neither && only_low >= only_high)
        return 0.0;
    return only_high >= neither ? 1.0 : place;
}

static void take_edges(double at[3], const struct belief *b, const double edges[4], double best)
{
    const double moved[3] = {at[0], likely_place(at[1], edges[0], edges[2]), likely_place(at[2], edges[1], edges[3])};
    if (expect(b, moved) >= best - MAX_LOSS)
        memcpy(at, moved, sizeof moved);
}

struct weighed {
    double value, weight;
};

static int by_value(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static void interval(struct selectai_crop_proposal *out, const struct belief *b)
{
    struct weighed sorted[SAI_CROP_MAX_DEVIATIONS + 1];
    double below = 0.0;
    for (size_t i = 0; i < b->n; i++)
        sorted[i] = (struct weighed){selectai_box_iou(&out->box, &b->box[i]), b->weight[i]};
    qsort(sorted, b->n, sizeof *sorted, by_value);
    out->iou_low = sorted[0].value;
    out->iou_high = sorted[b->n - 1].value;
    out->expected_iou = 0.0;
    for (size_t i = 0; i < b->n; i++) {
        if (below < TAIL)
            out->iou_low = sorted[i].value;
        if (below < 1.0 - TAIL)
            out->iou_high = sorted[i].value;
        below += sorted[i].weight;
        out->expected_iou += sorted[i].weight * sorted[i].value;
    }
}

static struct selectai_box best_box(double at[3], const struct belief *belief, const double edges[4], double snap)
{
    double best = climb(at, belief);
    if (at[0] < 1.0)
        take_edges(at, belief, edges, best);
    const struct sai_box_numbers numbers = {at[0], at[1], at[2]};
    return sai_box_from_numbers(&numbers, snap);
}

void sai_crop_decide(struct selectai_crop_proposal *out, const struct sai_crop_head *head,
                     const struct selectai_box *constant, double snap, const float output[SAI_CROP_OUTPUTS])
{
    const double nothing = (double)NAN;
    double at[3], edges[4], whole = sai_sigmoid((double)output[SAI_CROP_WHOLE]);
    struct belief belief;
    *out = (struct selectai_crop_proposal){.struct_size = sizeof *out,
                                           .box = {nothing, nothing, nothing, nothing},
                                           .no_crop = nothing,
                                           .edges = {nothing, nothing, nothing, nothing},
                                           .expected_iou = nothing,
                                           .iou_low = nothing,
                                           .iou_high = nothing};
    for (int k = 0; k < SAI_CROP_OUTPUTS; k++)
        if (isnan(output[k]))
            return;
    for (int k = 0; k < 3; k++)
        at[k] = sai_sigmoid((double)output[k]);
    for (int k = 0; k < 4; k++) {
        edges[k] = sai_sigmoid((double)output[SAI_CROP_EDGES + k]);
        out->edges[k] = whole + (1.0 - whole) * edges[k];
    }
    imagine(&belief, head, at, whole);
    keep_possible(at);
    out->box = head->one_box ? *constant : best_box(at, &belief, edges, snap);
    out->whole = out->box.x2 - out->box.x1 == 1.0;
    out->no_crop = whole;
    interval(out, &belief);
}

void sai_crop_level(struct selectai_crop_proposal *p, const double level[2], double widen)
{
    p->expected_iou = clamp(level[0] + level[1] * p->expected_iou, 0.0, 1.0);
    p->iou_low = clamp(p->iou_low - widen, 0.0, 1.0);
    p->iou_high = clamp(p->iou_high + widen, 0.0, 1.0);
    if (p->iou_low > p->iou_high)
        p->iou_low = p->iou_high = (p->iou_low + p->iou_high) / 2.0;
}
