/*
 * learn/crop_rules.c: what could be proposed without learning: one box for all images, or one for each size.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "learn/crop_targets.h"

#define GRID_SCALES 20
#define GRID_PLACES 5
#define FIRST_STEP  0.1
#define LAST_STEP   0.0005
#define MIN_GAIN    1e-12

static double mean_overlap(const struct sai_box_numbers *numbers, const struct selectai_box *boxes, const bool *use,
                           size_t n)
{
    const struct selectai_box box = sai_box_from_numbers(numbers, 0.0);
    double sum = 0.0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!use || use[i]) {
            sum += selectai_box_iou(&box, &boxes[i]);
            count++;
        }
    return count ? sum / (double)count : (double)NAN;
}

/* One number after the other, up and down, with ever smaller steps. */
static double climb(struct sai_box_numbers *at, const struct selectai_box *boxes, const bool *use, size_t n)
{
    double best = mean_overlap(at, boxes, use, n);
    for (double step = FIRST_STEP; step >= LAST_STEP;) {
        bool moved = false;
        for (int k = 0; k < 6; k++) {
            struct sai_box_numbers trial = *at;
            double *number = k / 2 == 0 ? &trial.scale : k / 2 == 1 ? &trial.x : &trial.y;
            *number = fmin(1.0, fmax(k / 2 == 0 ? SAI_BOX_MIN_SCALE : 0.0, *number + (k % 2 ? -step : step)));
            double value = mean_overlap(&trial, boxes, use, n);
            if (value > best + MIN_GAIN) {
                *at = trial;
                best = value;
                moved = true;
            }
        }
        step = moved ? step : step / 2.0;
    }
    return best;
}

/* The best of a coarse grid: boxes of several habits have several hills. */
static struct sai_box_numbers best_of_grid(const struct selectai_box *boxes, const bool *use, size_t n)
{
    struct sai_box_numbers best = {1.0, 0.5, 0.5};
    double highest = mean_overlap(&best, boxes, use, n);
    for (int i = 0; i < GRID_SCALES * GRID_PLACES * GRID_PLACES; i++) {
        const struct sai_box_numbers at = {(double)(1 + i % GRID_SCALES) / GRID_SCALES,
                                           (double)(i / GRID_SCALES % GRID_PLACES) / (GRID_PLACES - 1),
                                           (double)(i / GRID_SCALES / GRID_PLACES) / (GRID_PLACES - 1)};
        double value = mean_overlap(&at, boxes, use, n);
        if (value > highest) {
            highest = value;
            best = at;
        }
    }
    return best;
}

void sai_crop_constant(struct selectai_box *out, const struct selectai_box *boxes, const bool *use, size_t n)
{
    struct sai_box_numbers at = best_of_grid(boxes, use, n);
    *out = (struct selectai_box){NAN, NAN, NAN, NAN};
    if (!isnan(climb(&at, boxes, use, n)))
        *out = sai_box_from_numbers(&at, 0.0);
}

/* ---- One box for each size ------------------------------------------------------------------- */

struct sized {
    uint32_t width, height;
    size_t index;
};

static int by_size(const void *a, const void *b)
{
    const struct sized *x = a, *y = b;
    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    if (x->height != y->height)
        return x->height < y->height ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_edge(double *room, const struct sized *of, size_t n, const struct selectai_box *boxes, int edge)
{
    for (size_t i = 0; i < n; i++) {
        const struct selectai_box *b = &boxes[of[i].index];
        double value = edge == 0 ? b->x1 : edge == 1 ? b->y1 : edge == 2 ? b->x2 : b->y2;
        room[i] = fmin(1.0, fmax(0.0, value));
    }
    qsort(room, n, sizeof *room, ascending);
    return n % 2 ? room[n / 2] : (room[n / 2 - 1] + room[n / 2]) / 2.0;
}

/* The next run of equal sizes from `first` on; its length. */
static size_t run_of(const struct sized *sorted, size_t first, size_t n)
{
    size_t end = first + 1;
    while (end < n && sorted[end].width == sorted[first].width && sorted[end].height == sorted[first].height)
        end++;
    return end - first;
}

static int descending_counts(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x < y) - (x > y);
}

/* How often a size must occur so that no more than SAI_CROP_MAX_SIZES are left. */
static size_t least_count(size_t *room, const struct sized *sorted, size_t n)
{
    size_t runs = 0;
    for (size_t i = 0; i < n; i += room[runs - 1])
        room[runs++] = run_of(sorted, i, n);
    qsort(room, runs, sizeof *room, descending_counts);
    size_t least = runs > SAI_CROP_MAX_SIZES ? room[SAI_CROP_MAX_SIZES] + 1 : 0;
    return least > SAI_CROP_SIZE_MIN ? least : SAI_CROP_SIZE_MIN;
}

int sai_crop_sizes(struct sai_crop_size **out, uint32_t *n_out, const struct selectai_box *boxes, const uint32_t *sizes,
                   const bool *use, size_t n)
{
    struct sized *sorted = sai_malloc_array(n, sizeof *sorted);
    size_t *counts = sai_malloc_array(n, sizeof *counts), used = 0, length;
    double *edges = sai_malloc_array(n, sizeof *edges);
    struct sai_crop_size *table = sai_calloc(SAI_CROP_MAX_SIZES, sizeof *table);
    bool ok = sorted && counts && edges && table;
    *n_out = 0;
    for (size_t i = 0; ok && i < n; i++)
        if (!use || use[i])
            sorted[used++] = (struct sized){sizes[2 * i], sizes[2 * i + 1], i};
    if (ok)
        qsort(sorted, used, sizeof *sorted, by_size);
    size_t least = ok ? least_count(counts, sorted, used) : 0;
    for (size_t i = 0; ok && i < used; i += length) {
        length = run_of(sorted, i, used);
        if (length < least)
            continue;
        struct sai_crop_size *s = &table[(*n_out)++];
        *s = (struct sai_crop_size){.width = (double)sorted[i].width, .height = (double)sorted[i].height};
        double *const places[4] = {&s->box.x1, &s->box.y1, &s->box.x2, &s->box.y2};
        for (int k = 0; k < 4; k++)
            *places[k] = median_edge(edges, sorted + i, length, boxes, k);
    }
    sai_free(sorted);
    sai_free(counts);
    sai_free(edges);
    if (ok)
        *out = table;
    else
        sai_free(table);
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

struct selectai_box sai_crop_by_size(const struct sai_crop_size *table, uint32_t n, const uint32_t size[2],
                                     const struct selectai_box *otherwise)
{
    for (uint32_t i = 0; i < n; i++)
        if (table[i].width == (double)size[0] && table[i].height == (double)size[1])
            return table[i].box;
    return *otherwise;
}
