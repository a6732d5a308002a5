/*
 * embed/builtin_maps.c: two maps on level 3's grid: where detail is, and what stands out.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { CELL = 8, CENTRE = 1 };

/* Mean |Laplacian| of level 0 over the 8 x 8 pixels below each grid point. */
static void fine_map(struct sai_bi_map *map, const struct sai_bi_plane *plane)
{
    float count[SAI_BI_GRID] = {0}, row_sum[SAI_BI_LONG];
    ptrdiff_t stride = plane->stride;
    for (uint32_t top = 0, at = 0; at < map->height; top += CELL, at++) {
        float *to = map->value + (size_t)at * map->width;
        memset(row_sum, 0, sizeof row_sum);
        float rows = 0;
        for (uint32_t y = top > 0 ? top : 1; y < top + CELL && y + 1 < plane->height; y++, rows += 1) {
            const float *restrict row = plane->px + (size_t)y * plane->stride;
            for (uint32_t x = 1; x + 1 < plane->width; x++) {
                const float *p = row + x;
                row_sum[x] += fabsf((p[1] + p[-1]) + (p[stride] + p[-stride]) - 4.0f * p[0]);
            }
        }
        memset(count, 0, sizeof count);
        for (uint32_t x = 1; x + 1 < plane->width; x++) {
            to[x / CELL] += row_sum[x];
            count[x / CELL] += rows;
        }
        for (uint32_t x = 0; x < map->width; x++)
            to[x] /= count[x] + 1e-3f;
    }
}

/* Mean over the part of a window of that radius that lies in the map. */
static void box(float *restrict out, const float *restrict in, uint32_t count, uint32_t step, uint32_t radius)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = i > radius ? i - radius : 0, to = i + radius < count ? i + radius : count - 1;
        float sum = 0;
        for (uint32_t k = from; k <= to; k++)
            sum += in[(size_t)k * step];
        out[(size_t)i * step] = sum / (float)(to - from + 1);
    }
}

static void blur(float *out, float *between, const float *in, const struct sai_bi_map *map, uint32_t radius)
{
    for (uint32_t y = 0; y < map->height; y++)
        box(between + (size_t)y * map->width, in + (size_t)y * map->width, map->width, 1, radius);
    for (uint32_t x = 0; x < map->width; x++)
        box(out + x, between + x, map->height, map->width, radius);
}

static uint32_t surround_radius(const struct sai_bi_map *map)
{
    uint32_t side = map->width > map->height ? map->width : map->height;
    return side / 6 + 1;
}

static void add_difference(struct sai_bi_map *map, const struct sai_bi_plane *plane, float *scratch)
{
    size_t count = (size_t)map->width * map->height;
    float *centre = scratch, *surround = scratch + count, *between = scratch + 2 * count;
    blur(centre, between, plane->px, map, CENTRE);
    blur(surround, between, plane->px, map, surround_radius(map));
    for (size_t i = 0; i < count; i++)
        map->value[i] += fabsf(centre[i] - surround[i]);
}

/*
 * Centre-surround difference of luma and both opponents: L. Itti, C. Koch, E. Niebur, IEEE PAMI 20 (1998), with boxes
 * for Gaussians. What lies under the mean is dropped, so that a plain background does not weigh.
 */
static void salient_map(struct sai_bi_map *map, const struct sai_bi_frame *frame)
{
    size_t count = (size_t)map->width * map->height;
    add_difference(map, &frame->luma[3], frame->scratch);
    add_difference(map, &frame->red_green[3], frame->scratch);
    add_difference(map, &frame->yellow_blue[3], frame->scratch);
    float mean = (float)(sai_bi_sum(map->value, count) / (double)count);
    for (size_t i = 0; i < count; i++)
        map->value[i] = map->value[i] > mean ? map->value[i] - mean : 0.0f;
}

void sai_bi_maps(struct sai_bi_frame *frame)
{
    struct sai_bi_map *maps[] = {&frame->fine, &frame->salient};
    for (int i = 0; i < 2; i++) {
        maps[i]->width = frame->luma[3].width;
        maps[i]->height = frame->luma[3].height;
        memset(maps[i]->value, 0, sizeof maps[i]->value);
    }
    fine_map(&frame->fine, &frame->luma[0]);
    salient_map(&frame->salient, frame);
}

void sai_bi_marginals(float *columns, float *rows, const struct sai_bi_map *map)
{
    memset(columns, 0, map->width * sizeof *columns);
    for (uint32_t y = 0; y < map->height; y++) {
        const float *row = map->value + (size_t)y * map->width;
        rows[y] = 0;
        for (uint32_t x = 0; x < map->width; x++) {
            columns[x] += row[x];
            rows[y] += row[x];
        }
    }
}
