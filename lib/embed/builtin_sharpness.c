/*
 * embed/builtin_sharpness.c: sharpness, noise and halos at the native resolution (blocks sharpness, noise, halo).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

struct sharp {
    double laplacian, tenengrad, blur_across, blur_down, peak, steep;
};

/* Mean squared Laplacian (Subbarao 1993) and Tenengrad (Krotkov 1988), steepest step, share of steep pixels. */
static void energies(struct sharp *out, const struct sai_bi_plane *plane)
{
    float laplacian[SAI_BI_TILE] = {0}, tenengrad[SAI_BI_TILE] = {0}, steep[SAI_BI_TILE] = {0}, peak[SAI_BI_TILE] = {0};
    float squares[SAI_BI_TILE];
    ptrdiff_t stride = plane->stride;
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride;
        for (uint32_t x = 0; x < plane->width; x++) {
            const float *p = row + x;
            float dx = p[1] - p[-1], dy = p[stride] - p[-stride];
            float l = (p[1] + p[-1]) + (p[stride] + p[-stride]) - 4.0f * p[0];
            float m = dx * dx + dy * dy;
            laplacian[x] += l * l;
            tenengrad[x] += m;
            squares[x] = m;
        }
        for (uint32_t x = 0; x < plane->width; x++)
            steep[x] += squares[x] > 1600.0f ? 1.0f : 0.0f;
        for (uint32_t x = 0; x < plane->width; x++)
            peak[x] = squares[x] > peak[x] ? squares[x] : peak[x];
    }
    double count = (double)plane->width * plane->height;
    sai_bi_sort(peak, plane->width);
    out->laplacian = sai_bi_sum(laplacian, plane->width) / count;
    out->tenengrad = sai_bi_sum(tenengrad, plane->width) / count;
    out->steep = sai_bi_sum(steep, plane->width) / count;
    out->peak = peak[plane->width / 2];
}

/*
 * What a 7-pixel mean leaves of the differences along one axis (step 1 or stride): F. Crete et al., "The blur effect",
 * SPIE 2007. 0 is sharp, 1 is blurred. A mean's difference is that of its two ends.
 */
static double blur_effect(const struct sai_bi_plane *plane, ptrdiff_t step)
{
    float all[SAI_BI_TILE] = {0}, lost[SAI_BI_TILE] = {0};
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride;
        for (uint32_t x = 0; x < plane->width; x++) {
            const float *p = row + x;
            float sharp = fabsf(p[step] - p[0]);
            float after = fabsf(p[4 * step] - p[-3 * step]) * (1.0f / 7.0f);
            float less = sharp - after;
            all[x] += sharp;
            lost[x] += 0.5f * (fabsf(less) + less);
        }
    }
    double sum = sai_bi_sum(all, plane->width);
    return 1.0 - (sai_bi_sum(lost, plane->width) + 0.01) / (sum + 0.05);
}

static void write_spread(float *out, float *values, uint32_t count, double offset)
{
    struct sai_bi_spread spread = sai_bi_spread(values, count);
    out[0] = (float)sai_bi_ln(spread.low + offset);
    out[1] = (float)sai_bi_ln(spread.high + offset);
}

/*
 * ln Laplacian energy: mean, blurred tiles, sharp tiles; ln Tenengrad the same; blur effect: mean across, mean down,
 * sharp tiles, blurred tiles; ln of Laplacian to Tenengrad: mean, steepest; ln steepest step; root of the steep share.
 */
void sai_bi_sharpness(float *out, const struct sai_bi_frame *frame)
{
    float laplacian[SAI_BI_TILES], tenengrad[SAI_BI_TILES], blur[SAI_BI_TILES], ratio[SAI_BI_TILES];
    struct sharp mean = {0};
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        const struct sai_bi_plane *plane = &frame->tile[i].scale[0];
        struct sharp one;
        energies(&one, plane);
        one.blur_across = blur_effect(plane, 1);
        one.blur_down = blur_effect(plane, plane->stride);
        mean.laplacian += one.laplacian / frame->tile_count;
        mean.tenengrad += one.tenengrad / frame->tile_count;
        mean.steep += one.steep / frame->tile_count;
        mean.blur_across += one.blur_across / frame->tile_count;
        mean.blur_down += one.blur_down / frame->tile_count;
        mean.peak = one.peak > mean.peak ? one.peak : mean.peak;
        laplacian[i] = (float)one.laplacian;
        tenengrad[i] = (float)one.tenengrad;
        ratio[i] = (float)((one.laplacian + 1) / (one.tenengrad + 1));
        blur[i] = (float)((one.blur_across + one.blur_down) * 0.5);
    }
    out[0] = (float)sai_bi_ln(mean.laplacian + 0.5);
    write_spread(out + 1, laplacian, frame->tile_count, 0.5);
    out[3] = (float)sai_bi_ln(mean.tenengrad + 0.5);
    write_spread(out + 4, tenengrad, frame->tile_count, 0.5);
    out[6] = (float)mean.blur_across;
    out[7] = (float)mean.blur_down;
    struct sai_bi_spread spread = sai_bi_spread(blur, frame->tile_count);
    out[8] = (float)spread.low;
    out[9] = (float)spread.high;
    out[10] = (float)sai_bi_ln((mean.laplacian + 1) / (mean.tenengrad + 1));
    out[11] = (float)sai_bi_ln(sai_bi_spread(ratio, frame->tile_count).high);
    out[12] = (float)(0.5 * sai_bi_ln(mean.peak + 1));
    out[13] = (float)sqrt(mean.steep);
}

struct noise {
    double all, count, flat, flat_count;
};

/* J. Immerkaer, "Fast noise variance estimation", CVIU 64 (1996): mean magnitude of a mask blind to image structure. */
static struct noise immerkaer(const struct sai_bi_plane *plane, float flat_below)
{
    float all[SAI_BI_LONG] = {0}, flat[SAI_BI_LONG] = {0}, flat_count[SAI_BI_LONG] = {0};
    float values[SAI_BI_LONG], slope[SAI_BI_LONG], is_flat[SAI_BI_LONG];
    ptrdiff_t stride = plane->stride;
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride;
        for (uint32_t x = 0; x < plane->width; x++) {
            const float *p = row + x;
            float corners = (p[-stride - 1] + p[-stride + 1]) + (p[stride - 1] + p[stride + 1]);
            float sides = (p[-1] + p[1]) + (p[-stride] + p[stride]);
            float value = fabsf(corners - 2.0f * sides + 4.0f * p[0]);
            values[x] = value;
            all[x] += value;
            slope[x] = fabsf(p[1] - p[-1]) + fabsf(p[stride] - p[-stride]);
        }
        for (uint32_t x = 0; x < plane->width; x++)
            is_flat[x] = slope[x] < flat_below ? 1.0f : 0.0f;
        for (uint32_t x = 0; x < plane->width; x++) {
            flat[x] += values[x] * is_flat[x];
            flat_count[x] += is_flat[x];
        }
    }
    struct noise noise = {.all = sai_bi_sum(all, plane->width),
                          .count = (double)plane->width * plane->height,
                          .flat = sai_bi_sum(flat, plane->width),
                          .flat_count = sai_bi_sum(flat_count, plane->width)};
    return noise;
}

/* sqrt(pi / 2) / 6 turns the mean magnitude into a deviation in grey levels. */
static double ln_deviation(double mean)
{
    return sai_bi_ln(mean * 0.20888568955 + 0.05);
}

static double level_noise(const struct sai_bi_plane *plane)
{
    struct sai_bi_plane inner = sai_bi_inner(plane, 1);
    struct noise noise = immerkaer(&inner, 0);
    return ln_deviation(noise.all / noise.count);
}

/*
 * ln noise deviation: mean, quiet tiles, middle tile, noisy tiles, flat pixels only (Tai and Yang 2008), half scale,
 * red-green and yellow-blue planes of level 0.
 */
void sai_bi_noise(float *out, const struct sai_bi_frame *frame)
{
    float each[SAI_BI_TILES];
    struct noise sum = {0}, half = {0};
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        struct noise one = immerkaer(&frame->tile[i].scale[0], 16.0f);
        sum.all += one.all;
        sum.count += one.count;
        sum.flat += one.flat;
        sum.flat_count += one.flat_count;
        each[i] = (float)(one.all / one.count);
        one = immerkaer(&frame->tile[i].scale[1], 0);
        half.all += one.all;
        half.count += one.count;
    }
    struct sai_bi_spread spread = sai_bi_spread(each, frame->tile_count);
    out[0] = (float)ln_deviation(sum.all / sum.count);
    out[1] = (float)ln_deviation(spread.low);
    out[2] = (float)ln_deviation(spread.middle);
    out[3] = (float)ln_deviation(spread.high);
    out[4] = (float)ln_deviation((sum.flat + sum.all / sum.count) / (sum.flat_count + 1));
    out[5] = (float)ln_deviation(half.all / half.count);
    out[6] = (float)level_noise(&frame->red_green[0]);
    out[7] = (float)level_noise(&frame->yellow_blue[0]);
}

enum { EDGES, STRENGTH, BRIGHT, DARK, BRIGHT_OVER, DARK_OVER, RINGING, NEAR_BRIGHT, NEAR_DARK, HALO_SUMS };

/* Where a row steps steeply along one axis: 1 and its sign, else 0. */
static void find_edges(float *restrict edge, float *restrict sign, const float *row, ptrdiff_t step, uint32_t width)
{
    float slope[SAI_BI_TILE];
    for (uint32_t x = 0; x < width; x++)
        slope[x] = row[(ptrdiff_t)x + step] - row[(ptrdiff_t)x - step];
    for (uint32_t x = 0; x < width; x++)
        edge[x] = fabsf(slope[x]) > 20.0f ? 1.0f : 0.0f;
    for (uint32_t x = 0; x < width; x++)
        sign[x] = copysignf(edge[x], slope[x]);
}

/*
 * At each steep step along one axis: how far the bright side near the step lies over its plateau farther away, the dark
 * side under its own; and how much the signal still bends a few pixels off.
 */
static void add_halo_row(float sum[restrict HALO_SUMS][SAI_BI_TILE], const float *restrict row, ptrdiff_t step,
                         uint32_t width)
{
    float edge[SAI_BI_TILE], sign[SAI_BI_TILE];
    find_edges(edge, sign, row, step, width);
    for (uint32_t x = 0; x < width; x++) {
        const float *p = row + x;
        float ahead = (p[2 * step] - p[5 * step]) * sign[x], behind = (p[-5 * step] - p[-2 * step]) * sign[x];
        float bend = fabsf(p[3 * step] - 2.0f * p[4 * step] + p[5 * step]) +
                     fabsf(p[-3 * step] - 2.0f * p[-4 * step] + p[-5 * step]);
        sum[EDGES][x] += edge[x];
        sum[STRENGTH][x] += (p[step] - p[-step]) * sign[x];
        sum[BRIGHT][x] += ahead;
        sum[DARK][x] += behind;
        sum[BRIGHT_OVER][x] += 0.5f * (fabsf(ahead) + ahead);
        sum[DARK_OVER][x] += 0.5f * (fabsf(behind) + behind);
        sum[RINGING][x] += bend * edge[x];
        sum[NEAR_BRIGHT][x] += (p[step] - p[3 * step]) * sign[x];
        sum[NEAR_DARK][x] += (p[-3 * step] - p[-step]) * sign[x];
    }
}

static void add_halo(double sums[HALO_SUMS], const struct sai_bi_plane *plane, ptrdiff_t step)
{
    float sum[HALO_SUMS][SAI_BI_TILE] = {{0}};
    for (uint32_t y = 0; y < plane->height; y++)
        add_halo_row(sum, plane->px + (size_t)y * plane->stride, step, plane->width);
    for (int i = 0; i < HALO_SUMS; i++)
        sums[i] += sai_bi_sum(sum[i], plane->width);
}

/*
 * Overshoot and ringing near edges (after Marziliano et al. 2004, who measure ringing beside edges): each sum relative
 * to the edges' strength, signed on both sides, only the overshoots, the bend, close by; then the root share of edge
 * pixels.
 */
void sai_bi_halo(float *out, const struct sai_bi_frame *frame)
{
    double sums[HALO_SUMS] = {0}, count = 0;
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        const struct sai_bi_plane *plane = &frame->tile[i].scale[0];
        add_halo(sums, plane, 1);
        add_halo(sums, plane, plane->stride);
        count += 2.0 * plane->width * plane->height;
    }
    double strength = sums[STRENGTH] + 1000.0;
    for (int i = BRIGHT; i < HALO_SUMS; i++)
        out[i - BRIGHT] = (float)(sums[i] / strength);
    out[HALO_SUMS - BRIGHT] = (float)sqrt(sums[EDGES] / count);
}
