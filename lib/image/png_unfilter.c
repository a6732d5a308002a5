/*
 * image/png_unfilter.c: undoes PNG's row filters (ISO/IEC 15948, clause 9).
 *
 * Average and Paeth need the byte just decoded, so each channel is a chain of its own; RGB and RGBA get loops in which
 * the chains run side by side in registers.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image/png_read.h"

static void undo_sub(uint8_t *row, size_t n, unsigned bpp)
{
    for (size_t i = bpp; i < n; i++)
        row[i] = (uint8_t)(row[i] + row[i - bpp]);
}

static void undo_up(uint8_t *restrict row, const uint8_t *restrict prev, size_t n)
{
    for (size_t i = 0; i < n; i++)
        row[i] = (uint8_t)(row[i] + prev[i]);
}

static void undo_average(uint8_t *restrict row, const uint8_t *restrict prev, size_t n, unsigned bpp)
{
    for (size_t i = 0; i < n; i++) {
        unsigned left = i < bpp ? 0 : row[i - bpp];
        row[i] = (uint8_t)(row[i] + (left + prev[i]) / 2);
    }
}

/* Of left, above and their corner, the one nearest to left + above - corner; ties go in this order. */
static inline int paeth(int left, int above, int corner)
{
    int by_left = above - corner, by_above = left - corner, by_corner = by_left + by_above;
    by_left = by_left < 0 ? -by_left : by_left;
    by_above = by_above < 0 ? -by_above : by_above;
    by_corner = by_corner < 0 ? -by_corner : by_corner;
    int nearest = by_above < by_left ? above : left;
    int distance = by_above < by_left ? by_above : by_left;
    return by_corner < distance ? corner : nearest;
}

static void undo_paeth(uint8_t *restrict row, const uint8_t *restrict prev, size_t n, unsigned bpp)
{
    for (size_t i = 0; i < n; i++) {
        int left = i < bpp ? 0 : row[i - bpp], corner = i < bpp ? 0 : prev[i - bpp];
        row[i] = (uint8_t)(row[i] + paeth(left, prev[i], corner));
    }
}

#define UNDO_PAETH_PIXEL(c)                                                                                            \
    left[c] = (uint8_t)(row[i + (c)] + paeth(left[c], prev[i + (c)], corner[c]));                                      \
    corner[c] = prev[i + (c)];                                                                                         \
    row[i + (c)] = (uint8_t)left[c]

static void undo_paeth3(uint8_t *restrict row, const uint8_t *restrict prev, size_t n)
{
    int left[3] = {0}, corner[3] = {0};
    for (size_t i = 0; i + 3 <= n; i += 3) {
        UNDO_PAETH_PIXEL(0);
        UNDO_PAETH_PIXEL(1);
        UNDO_PAETH_PIXEL(2);
    }
}

static void undo_paeth4(uint8_t *restrict row, const uint8_t *restrict prev, size_t n)
{
    int left[4] = {0}, corner[4] = {0};
    for (size_t i = 0; i + 4 <= n; i += 4) {
        UNDO_PAETH_PIXEL(0);
        UNDO_PAETH_PIXEL(1);
        UNDO_PAETH_PIXEL(2);
        UNDO_PAETH_PIXEL(3);
    }
}

void sai_png_unfilter(uint8_t *row, const uint8_t *prev, size_t n, unsigned bpp, unsigned filter)
{
    if (filter == 1)
        undo_sub(row, n, bpp);
    else if (filter == 2)
        undo_up(row, prev, n);
    else if (filter == 3)
        undo_average(row, prev, n, bpp);
    else if (filter == 4 && bpp == 3)
        undo_paeth3(row, prev, n);
    else if (filter == 4 && bpp == 4)
        undo_paeth4(row, prev, n);
    else if (filter == 4)
        undo_paeth(row, prev, n, bpp);
}
