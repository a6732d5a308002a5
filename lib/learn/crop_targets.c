/*
 * learn/crop_targets.c: from the person's crops to what a cropper's network learns.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/crop_targets.h"

bool sai_crop_is_whole(const struct selectai_box *box)
{
    return box->x2 - box->x1 > 1.0 - SAI_CROP_WHOLE_PLAY && box->y2 - box->y1 > 1.0 - SAI_CROP_WHOLE_PLAY;
}

/* How much a position says: 0 without free play, 1 with enough. */
static double trust(double scale)
{
    double share = (1.0 - scale) / SAI_CROP_FULL_PLAY;
    return share > 1.0 ? 1.0 : share;
}

static void usual_position(double *x, double *y, const struct selectai_box *boxes, const bool *use, size_t n)
{
    double sum_x = 0.0, sum_y = 0.0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        struct sai_box_numbers numbers;
        if ((use && !use[i]) || !sai_box_to_numbers(&numbers, &boxes[i]) || trust(numbers.scale) < 1.0)
            continue;
        sum_x += numbers.x;
        sum_y += numbers.y;
        count++;
    }
    *x = count ? sum_x / (double)count : 0.5;
    *y = count ? sum_y / (double)count : 0.5;
}

static double blend(double position, double usual, double share)
{
    return isnan(position) ? usual : share * position + (1.0 - share) * usual;
}

void sai_crop_targets(struct sai_crop_target *targets, const struct selectai_box *boxes, const bool *use, size_t n)
{
    double usual_x, usual_y;
    usual_position(&usual_x, &usual_y, boxes, use, n);
    for (size_t i = 0; i < n; i++) {
        const struct selectai_box *b = &boxes[i];
        struct sai_box_numbers numbers = {1.0, NAN, NAN};
        (void)sai_box_to_numbers(&numbers, b); /* others were sorted out before */
        double share = trust(numbers.scale);
        targets[i] = (struct sai_crop_target){
            .numbers = {numbers.scale, blend(numbers.x, usual_x, share), blend(numbers.y, usual_y, share)},
            .edges = {b->x1<SAI_CROP_TOUCH, b->y1<SAI_CROP_TOUCH, b->x2> 1.0 - SAI_CROP_TOUCH, b->y2> 1.0 -
                      SAI_CROP_TOUCH},
            .whole = sai_crop_is_whole(b),
            .box = *b};
    }
}
