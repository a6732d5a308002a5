/*
 * embed/builtin_subject.c: where the subject is (block subject): what a crop needs to know.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { PROFILE = 8 };

/* Drops what lies under the mean and adds a little everywhere, so that an empty map has its mass in the middle. */
static void emphasise(struct sai_bi_map *out, const struct sai_bi_map *in)
{
    size_t count = (size_t)in->width * in->height;
    float mean = (float)(sai_bi_sum(in->value, count) / (double)count);
    out->width = in->width;
    out->height = in->height;
    for (size_t i = 0; i < count; i++)
        out->value[i] = (in->value[i] > mean ? in->value[i] - mean : 0.0f) + 0.02f * mean + 0.01f;
}

/* Mass left of position `at` (0..count), linear within a cell. */
static double mass_before(const float *values, uint32_t count, double at)
{
    double sum = 0;
    for (uint32_t i = 0; i < count && i < at; i++) {
        double part = at - i;
        sum += values[i] * (part < 1 ? part : 1);
    }
    return sum;
}

/* Where that share of the mass lies to the left, -1..1. */
static float place_of(const float *values, uint32_t count, double share)
{
    double left = share * sai_bi_sum(values, count);
    for (uint32_t i = 0; i < count; i++) {
        if (left < values[i])
            return (float)(2 * (i + left / values[i]) / count - 1);
        left -= values[i];
    }
    return 1;
}

/* Centroid and spread along one axis, and the places of a tenth and nine tenths of the mass. */
static void write_axis(float *centroid, float *spread, float ends[2], const float *values, uint32_t count)
{
    double sum = 0, first = 0, second = 0;
    for (uint32_t i = 0; i < count; i++) {
        double at = (2.0 * i + 1) / count - 1;
        sum += values[i];
        first += values[i] * at;
        second += values[i] * at * at;
    }
    double mean = first / sum, variance = second / sum - mean * mean;
    *centroid = (float)mean;
    *spread = (float)sqrt(variance > 0 ? variance : 0);
    ends[0] = place_of(values, count, 0.1);
    ends[1] = place_of(values, count, 0.9);
}

/* Centroid x, y; spread x, y; ends left, right, top, bottom; ln of how far the mass is concentrated. */
static float *write_map(float *out, const struct sai_bi_map *map)
{
    float columns[SAI_BI_GRID], rows[SAI_BI_GRID];
    double sum = 0, square = 0, count = (double)map->width * map->height;
    sai_bi_marginals(columns, rows, map);
    write_axis(out, out + 2, out + 4, columns, map->width);
    write_axis(out + 1, out + 3, out + 6, rows, map->height);
    for (size_t i = 0; i < (size_t)map->width * map->height; i++) {
        sum += map->value[i];
        square += (double)map->value[i] * map->value[i];
    }
    out[8] = (float)sai_bi_ln(square * count / (sum * sum));
    return out + 9;
}

static void add_profile(double profile[PROFILE], const float *values, uint32_t count)
{
    double total = sai_bi_sum(values, count), before = 0;
    for (int i = 0; i < PROFILE; i++) {
        double upto = mass_before(values, count, (double)count * (i + 1) / PROFILE);
        profile[i] += (upto - before) / total;
        before = upto;
    }
}

/*
 * Nine numbers of the salient map, nine of the detail map; then the share of the mass in 8 columns and in 8 rows, both
 * maps averaged, 0 where mass is even.
 */
void sai_bi_subject(float *out, const struct sai_bi_frame *frame)
{
    const struct sai_bi_map *maps[] = {&frame->salient, &frame->fine};
    double across[PROFILE] = {0}, down[PROFILE] = {0};
    struct sai_bi_map map;
    for (int i = 0; i < 2; i++) {
        float columns[SAI_BI_GRID], rows[SAI_BI_GRID];
        emphasise(&map, maps[i]);
        out = write_map(out, &map);
        sai_bi_marginals(columns, rows, &map);
        add_profile(across, columns, map.width);
        add_profile(down, rows, map.height);
    }
    for (int i = 0; i < PROFILE; i++) {
        out[i] = (float)(across[i] * PROFILE / 2 - 1);
        out[PROFILE + i] = (float)(down[i] * PROFILE / 2 - 1);
    }
}
