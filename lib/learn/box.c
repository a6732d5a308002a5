/*
 * learn/box.c: crops that keep the image's aspect ratio.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "learn/box.h"

#define GRID    0x1p24
#define OUTSIDE 1e-6 /* boxes that were divided and written as text may miss an edge by that much */
#define NO_PLAY 1e-6

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static double on_grid(double value)
{
    return nearbyint(value * GRID) / GRID;
}

bool sai_box_is_valid(const struct selectai_box *box)
{
    return box->x1 >= -OUTSIDE && box->y1 >= -OUTSIDE && box->x2 <= 1.0 + OUTSIDE && box->y2 <= 1.0 + OUTSIDE &&
           box->x2 > box->x1 && box->y2 > box->y1;
}

bool sai_box_to_numbers(struct sai_box_numbers *out, const struct selectai_box *box)
{
    if (!sai_box_is_valid(box))
        return false;
    double width = box->x2 - box->x1, height = box->y2 - box->y1;
    if (fabs(width / height - 1.0) > SAI_BOX_ASPECT_TOLERANCE)
        return false;
    out->scale = clamp((width + height) / 2.0, 0.0, 1.0);
    out->x = 1.0 - width > NO_PLAY ? clamp(box->x1 / (1.0 - width), 0.0, 1.0) : (double)NAN;
    out->y = 1.0 - height > NO_PLAY ? clamp(box->y1 / (1.0 - height), 0.0, 1.0) : (double)NAN;
    return true;
}

/* First edge of a box of that scale, moved onto the nearer border if that is near enough. */
static double place(double position, double scale, double snap)
{
    double play = 1.0 - scale, low = on_grid(clamp(position, 0.0, 1.0) * play), high = play - low;
    if (low <= high && low < snap)
        return 0.0;
    if (high < low && high < snap)
        return play;
    return clamp(low, 0.0, play);
}

struct selectai_box sai_box_from_numbers(const struct sai_box_numbers *numbers, double snap)
{
    if (isnan(numbers->scale) || isnan(numbers->x) || isnan(numbers->y))
        return (struct selectai_box){NAN, NAN, NAN, NAN};
    double scale = on_grid(clamp(numbers->scale, SAI_BOX_MIN_SCALE, 1.0));
    if (1.0 - scale < snap)
        scale = 1.0;
    double x = place(numbers->x, scale, snap), y = place(numbers->y, scale, snap);
    return (struct selectai_box){x, y, x + scale, y + scale};
}

static void pixels(int32_t *first, int32_t *end, double from, double to, uint32_t side)
{
    double limit = side > INT32_MAX ? INT32_MAX : (double)side;
    double length = clamp(nearbyint((to - from) * limit), 1.0, limit);
    double start = clamp(nearbyint(from * limit), 0.0, limit - length);
    if (to >= 1.0) /* what touches the far edge keeps touching it */
        start = limit - length;
    *first = (int32_t)start;
    *end = (int32_t)(start + length);
}

struct selectai_pixel_box sai_box_pixels(const struct selectai_box *box, uint32_t width, uint32_t height)
{
    struct selectai_pixel_box out = {0, 0, 0, 0};
    if (width == 0 || height == 0 || !sai_box_is_valid(box))
        return out;
    pixels(&out.x1, &out.x2, box->x1, box->x2, width);
    pixels(&out.y1, &out.y2, box->y1, box->y2, height);
    return out;
}
