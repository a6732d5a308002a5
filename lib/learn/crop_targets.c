/*
 * learn/crop_targets.c: from the person's crops to what a cropper's network learns.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "learn/crop_targets.h"

/* How much a position says: 0 without free play, 1 with enough. */
static double trust(double scale)
{
    double share = (1.0 - scale) / SAI_CROP_FULL_PLAY;
    return share > 1.0 ? 1.0 : share;
}

static void usual_position(double *x, double *y, const struct selectai_box *boxes, size_t n)
{
    double sum_x = 0.0, sum_y = 0.0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        struct sai_box_numbers numbers;
        if (!sai_box_to_numbers(&numbers, &boxes[i]) || trust(numbers.scale) < 1.0)
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

void sai_crop_targets(float *y, const struct selectai_box *boxes, size_t n, size_t n_train)
{
    double usual_x, usual_y;
    usual_position(&usual_x, &usual_y, boxes, n_train);
    for (size_t i = 0; i < n; i++) {
        struct sai_box_numbers numbers = {1.0, NAN, NAN};
        (void)sai_box_to_numbers(&numbers, &boxes[i]); /* others were sorted out before */
        double share = trust(numbers.scale);
        y[3 * i] = (float)numbers.scale;
        y[3 * i + 1] = (float)blend(numbers.x, usual_x, share);
        y[3 * i + 2] = (float)blend(numbers.y, usual_y, share);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

int sai_crop_median(struct selectai_box *out, const struct selectai_box *boxes, size_t n)
{
    double *edge = sai_malloc_array(n, sizeof *edge), result[4];
    if (!edge)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (int k = 0; k < 4; k++) {
        for (size_t i = 0; i < n; i++)
            edge[i] = k == 0 ? boxes[i].x1 : k == 1 ? boxes[i].y1 : k == 2 ? boxes[i].x2 : boxes[i].y2;
        double m = median(edge, n);
        result[k] = m < 0.0 ? 0.0 : m > 1.0 ? 1.0 : m;
    }
    *out = (struct selectai_box){result[0], result[1], result[2], result[3]};
    sai_free(edge);
    return SELECTAI_OK;
}
