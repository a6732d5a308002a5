/*
 * embed/builtin_artefact.c: traces of coding and quantisation (blocks blocking, banding).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { PERIOD = 16, BLOCK = 8 };

struct steps {
    double step[PERIOD], excess[PERIOD], count[PERIOD], crossings, pixels;
};

/* |difference| from pixel x - 1 to x, what it exceeds the mean of its two neighbours by, and changes of its sign. */
static void add_row(float *restrict step_sum, float *restrict excess_sum, float *restrict cross_sum,
                    const float *restrict row, ptrdiff_t step, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        const float *p = row + x;
        float before = p[-step] - p[-2 * step], here = p[0] - p[-step], after = p[step] - p[0];
        float size = fabsf(here);
        float excess = size - 0.5f * (fabsf(before) + fabsf(after));
        step_sum[x] += size;
        excess_sum[x] += excess > 0.0f ? excess : 0.0f;
        cross_sum[x] += here * after < 0.0f ? 1.0f : 0.0f;
    }
}

static void add_across(struct steps *to, const struct sai_bi_tile *tile)
{
    const struct sai_bi_plane *plane = &tile->scale[0];
    float step[SAI_BI_TILE] = {0}, excess[SAI_BI_TILE] = {0}, cross[SAI_BI_TILE] = {0};
    for (uint32_t y = 0; y < plane->height; y++)
        add_row(step, excess, cross, plane->px + (size_t)y * plane->stride, 1, plane->width);
    for (uint32_t x = 0; x < plane->width; x++) {
        uint32_t phase = (tile->x + x) % PERIOD;
        to->step[phase] += step[x];
        to->excess[phase] += excess[x];
        to->count[phase] += plane->height;
    }
    to->crossings += sai_bi_sum(cross, plane->width);
    to->pixels += (double)plane->width * plane->height;
}

static void add_down(struct steps *to, const struct sai_bi_tile *tile)
{
    const struct sai_bi_plane *plane = &tile->scale[0];
    float cross[SAI_BI_TILE] = {0};
    for (uint32_t y = 0; y < plane->height; y++) {
        float step[SAI_BI_TILE] = {0}, excess[SAI_BI_TILE] = {0};
        add_row(step, excess, cross, plane->px + (size_t)y * plane->stride, plane->stride, plane->width);
        uint32_t phase = (tile->y + y) % PERIOD;
        to->step[phase] += sai_bi_sum(step, plane->width);
        to->excess[phase] += sai_bi_sum(excess, plane->width);
        to->count[phase] += plane->width;
    }
    to->crossings += sai_bi_sum(cross, plane->width);
    to->pixels += (double)plane->width * plane->height;
}

/* Mean over the phases that are `phase` modulo `period`, or over all the others. */
static double phase_mean(const struct steps *of, int phase, int period, bool others)
{
    double sum = 0, count = 0;
    for (int i = 0; i < PERIOD; i++)
        if ((i % period == phase) != others) {
            sum += of->step[i];
            count += of->count[i];
        }
    return sai_bi_ratio(sum, count) + 0.05;
}

static double contrast_at(const struct steps *of, int phase, int period)
{
    return sai_bi_ln(phase_mean(of, phase, period, false) / phase_mean(of, phase, period, true));
}

/* ln step at the 8-grid to elsewhere; the greatest of that over other phases; ln at 0 of 16; excess at the grid;
 * crossings. */
static void write_axis(float *out, const struct steps *of)
{
    double other = -10, grid_excess = 0, excess = 0, grid_count = 0, count = 0;
    for (int phase = 1; phase < BLOCK; phase++) {
        double one = contrast_at(of, phase, BLOCK);
        other = one > other ? one : other;
    }
    for (int i = 0; i < PERIOD; i++) {
        bool grid = i % BLOCK == 0;
        *(grid ? &grid_excess : &excess) += of->excess[i];
        *(grid ? &grid_count : &count) += of->count[i];
    }
    out[0] = (float)contrast_at(of, 0, BLOCK);
    out[1] = (float)other;
    out[2] = (float)contrast_at(of, 0, PERIOD);
    out[3] = (float)sai_bi_ln((sai_bi_ratio(grid_excess, grid_count) + 0.05) / (sai_bi_ratio(excess, count) + 0.05));
    out[4] = (float)(of->crossings / of->pixels);
}

/* Z. Wang, H. R. Sheikh, A. C. Bovik, "No-reference perceptual quality assessment of JPEG images", ICIP 2002; across,
 * down. */
void sai_bi_blocking(float *out, const struct sai_bi_frame *frame)
{
    struct steps across = {0}, down = {0};
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        add_across(&across, &frame->tile[i]);
        add_down(&down, &frame->tile[i]);
    }
    write_axis(out, &across);
    write_axis(out + 5, &down);
}

enum { EQUAL, SMALL, RUN, CONTOUR, FLATNESS };

/* Shares of equal neighbours, of steps of at most 1.5, of runs of three steps of 0, of steps between two equal pairs.
 */
static void add_flatness(double sums[FLATNESS], const struct sai_bi_plane *plane)
{
    float sum[FLATNESS][SAI_BI_TILE] = {{0}};
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride;
        for (uint32_t x = 0; x < plane->width; x++) {
            const float *p = row + x;
            float before = fabsf(p[-1] - p[-2]), here = fabsf(p[0] - p[-1]), after = fabsf(p[1] - p[0]);
            float even = before + after < 0.01f ? 1.0f : 0.0f;
            float equal = here < 0.01f ? 1.0f : 0.0f;
            sum[EQUAL][x] += equal;
            sum[SMALL][x] += here < 1.5f ? 1.0f : 0.0f;
            sum[RUN][x] += equal * even;
            sum[CONTOUR][x] += (1.0f - equal) * even;
        }
    }
    for (int i = 0; i < FLATNESS; i++)
        sums[i] += sai_bi_sum(sum[i], plane->width);
}

static double levels_used(const uint32_t *histogram)
{
    int used = 0;
    for (int i = 0; i < 256; i++)
        used += histogram[i] > 0;
    return used / 256.0;
}

/*
 * Posterised and banded pictures: roots of the four shares above; share of luma levels in use; that of red, green and
 * blue; roughness of the luma histogram (a comb is rough; Stamm and Liu 2010 look for such gaps); root share of its
 * fullest level.
 */
void sai_bi_banding(float *out, const struct sai_bi_frame *frame)
{
    double sums[FLATNESS] = {0}, pixels = 0, total = 0, rough = 0, fullest = 0;
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        const struct sai_bi_plane *plane = &frame->tile[i].scale[0];
        add_flatness(sums, plane);
        pixels += (double)plane->width * plane->height;
    }
    const uint32_t *luma = frame->histogram[0];
    for (int i = 0; i < 256; i++) {
        total += luma[i];
        fullest = luma[i] > fullest ? luma[i] : fullest;
        if (i > 0 && i < 255)
            rough += fabs((double)luma[i - 1] + luma[i + 1] - 2.0 * luma[i]);
    }
    for (int i = 0; i < FLATNESS; i++)
        out[i] = (float)sqrt(sums[i] / pixels);
    out[4] = (float)levels_used(luma);
    out[5] = (float)((levels_used(frame->histogram[1]) + levels_used(frame->histogram[2]) +
                      levels_used(frame->histogram[3])) /
                     3);
    out[6] = (float)sqrt(rough / total);
    out[7] = (float)sqrt(fullest / total);
}
