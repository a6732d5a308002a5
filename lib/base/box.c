/*
 * base/box.c: rectangles.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/error.h"

static double area(double w, double h)
{
    return w > 0 && h > 0 ? w * h : 0;
}

double selectai_box_iou(const struct selectai_box *a, const struct selectai_box *b)
{
    if (!a || !b)
        return 0;
    double x1 = a->x1 > b->x1 ? a->x1 : b->x1, x2 = a->x2 < b->x2 ? a->x2 : b->x2;
    double y1 = a->y1 > b->y1 ? a->y1 : b->y1, y2 = a->y2 < b->y2 ? a->y2 : b->y2;
    double both = area(x2 - x1, y2 - y1);
    double any = area(a->x2 - a->x1, a->y2 - a->y1) + area(b->x2 - b->x1, b->y2 - b->y1) - both;
    return both > 0 ? both / any : 0;
}
