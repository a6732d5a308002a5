/*
 * embed/builtin_gradient.c: gradient magnitude and orientation, local texture (blocks gradient, hog, texture).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { BINS = 8, CELLS = 2, STEPS = 7, CODES = 10 };

struct magnitude {
    double count, sum, square, above[STEPS];
};

/* Survival function of the magnitude at 2^k grey levels: its whole, heavy-tailed law (Xue et al. 2014 use its
 * histogram). */
static void add_steps(struct magnitude *to, const float *rows, uint32_t width, uint32_t height)
{
    for (int k = 0; k < STEPS; k++) {
        float above[SAI_BI_TILE] = {0}, least = (float)(1 << k) * (float)(1 << k);
        for (uint32_t y = 0; y < height; y++) {
            const float *restrict row = rows + (size_t)y * width;
            for (uint32_t x = 0; x < width; x++)
                above[x] += row[x] > least ? 1.0f : 0.0f;
        }
        to->above[k] += sai_bi_sum(above, width);
    }
}

/* Half the central differences; `squares` receives the squared magnitudes. */
static void add_magnitude(struct magnitude *to, float *squares, const struct sai_bi_plane *plane)
{
    float sum[SAI_BI_TILE] = {0}, square[SAI_BI_TILE] = {0};
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride;
        const float *restrict up = row - plane->stride, *restrict down = row + plane->stride;
        float *restrict to_row = squares + (size_t)y * plane->width;
        for (uint32_t x = 0; x < plane->width; x++) {
            float dx = (row[(ptrdiff_t)x + 1] - row[(ptrdiff_t)x - 1]) * 0.5f, dy = (down[x] - up[x]) * 0.5f;
            float m = dx * dx + dy * dy;
            to_row[x] = m;
            square[x] += m;
            sum[x] += sqrtf(m);
        }
    }
    to->count += (double)plane->width * plane->height;
    to->sum += sai_bi_sum(sum, plane->width);
    to->square += sai_bi_sum(square, plane->width);
}

/* Unsigned orientation in 8 bins of 22.5 degrees, the first centred on 0, by comparing with tangents. */
static int orientation(float dx, float dy)
{
    float ax = fabsf(dx), ay = fabsf(dy);
    int bin = (ay > 0.198912367f * ax) + (ay > 0.668178638f * ax) + (ay > 1.496605763f * ax) + (ay > 5.027339492f * ax);
    return dx * dy < 0 ? (BINS - bin) % BINS : bin;
}

/* Magnitude-weighted orientation histogram of each of 2 x 2 cells of level 1, and the structure tensor's sums. */
static void orientations(double cell[CELLS * CELLS][BINS], double tensor[3], const struct sai_bi_frame *frame)
{
    struct sai_bi_plane plane = sai_bi_inner(&frame->luma[1], 1);
    for (uint32_t y = 0; y < plane.height; y++) {
        const float *row = plane.px + (size_t)y * plane.stride;
        uint32_t cell_y = y * CELLS / plane.height;
        float part[CELLS][BINS] = {{0}}, xx = 0, yy = 0, xy = 0;
        for (uint32_t x = 0; x < plane.width; x++) {
            float dx = row[(ptrdiff_t)x + 1] - row[(ptrdiff_t)x - 1];
            float dy = row[x + plane.stride] - row[(ptrdiff_t)x - (ptrdiff_t)plane.stride];
            part[x * CELLS / plane.width][orientation(dx, dy)] += sqrtf(dx * dx + dy * dy);
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        for (int i = 0; i < CELLS; i++)
            for (int bin = 0; bin < BINS; bin++)
                cell[cell_y * CELLS + i][bin] += part[i][bin];
        tensor[0] += xx;
        tensor[1] += yy;
        tensor[2] += xy;
    }
}

/* 8 shares of orientation, coherence of the structure tensor (Bigun 1987), entropy of the shares. */
static void write_orientation(float *out, const struct sai_bi_frame *frame)
{
    double cell[CELLS * CELLS][BINS] = {{0}}, tensor[3] = {0}, total = 1.0, share[BINS] = {0}, entropy = 0;
    orientations(cell, tensor, frame);
    for (int bin = 0; bin < BINS; bin++) {
        for (int i = 0; i < CELLS * CELLS; i++)
            share[bin] += cell[i][bin];
        total += share[bin];
    }
    for (int bin = 0; bin < BINS; bin++) {
        share[bin] /= total;
        out[bin] = (float)share[bin];
        entropy -= share[bin] * sai_bi_ln(share[bin]);
    }
    double along = tensor[0] - tensor[1], both = tensor[0] + tensor[1];
    out[BINS] = (float)sai_bi_ratio(sqrt(along * along + 4 * tensor[2] * tensor[2]), both + 1.0);
    out[BINS + 1] = (float)entropy;
}

/*
 * Native scale: ln mean, ln root mean square; half and quarter scale the same; ratio of the first two (peakedness);
 * survival at 1, 2, 4, ... 64 grey levels; orientation of level 1.
 */
void sai_bi_gradient(float *out, const struct sai_bi_frame *frame)
{
    struct magnitude at[SAI_BI_SCALES] = {0};
    for (uint32_t i = 0; i < frame->tile_count; i++)
        for (int scale = 0; scale < SAI_BI_SCALES; scale++) {
            const struct sai_bi_plane *plane = &frame->tile[i].scale[scale];
            add_magnitude(&at[scale], frame->scratch, plane);
            if (scale == 0)
                add_steps(&at[scale], frame->scratch, plane->width, plane->height);
        }
    for (int scale = 0; scale < SAI_BI_SCALES; scale++, out += 2) {
        out[0] = (float)sai_bi_ln(at[scale].sum / at[scale].count + 0.1);
        out[1] = (float)(0.5 * sai_bi_ln(at[scale].square / at[scale].count + 0.1));
    }
    double mean = at[0].sum / at[0].count;
    *out++ = (float)sai_bi_ln((at[0].square / at[0].count + 0.01) / (mean * mean + 0.01));
    for (int k = 0; k < STEPS; k++)
        *out++ = (float)sqrt(at[0].above[k] / at[0].count);
    write_orientation(out, frame);
}

/* N. Dalal, B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005; 2 x 2 cells, each of unit
 * length. */
void sai_bi_hog(float *out, const struct sai_bi_frame *frame)
{
    double cell[CELLS * CELLS][BINS] = {{0}}, tensor[3] = {0};
    orientations(cell, tensor, frame);
    for (int i = 0; i < CELLS * CELLS; i++) {
        double square = 1.0;
        for (int bin = 0; bin < BINS; bin++)
            square += cell[i][bin] * cell[i][bin];
        for (int bin = 0; bin < BINS; bin++)
            *out++ = (float)(cell[i][bin] / sqrt(square));
    }
}

/* +-0.5 for a neighbour that is at least one grey level brighter than the centre, or not; by sign, without a branch. */
static float side_of(float neighbour, float least)
{
    return copysignf(0.5f, neighbour - least);
}

static void texture_row(float *restrict code, const float *restrict row, ptrdiff_t stride, uint32_t width)
{
    float changes[SAI_BI_TILE];
    for (uint32_t i = 0; i < width; i++) {
        const float *p = row + i;
        float least = p[0] + 1.0f;
        float a = side_of(p[-stride - 1], least), b = side_of(p[-stride], least), c = side_of(p[-stride + 1], least);
        float d = side_of(p[1], least), e = side_of(p[stride + 1], least), f = side_of(p[stride], least);
        float g = side_of(p[stride - 1], least), h = side_of(p[-1], least);
        changes[i] = fabsf(a - b) + fabsf(b - c) + fabsf(c - d) + fabsf(d - e) + fabsf(e - f) + fabsf(f - g) +
                     fabsf(g - h) + fabsf(h - a);
        code[i] = ((a + b) + (c + d)) + ((e + f) + (g + h)) + 4.0f;
    }
    for (uint32_t i = 0; i < width; i++)
        code[i] = changes[i] > 2.5f ? (float)(CODES - 1) : code[i];
}

/*
 * Rotation-invariant uniform local binary patterns: T. Ojala, M. Pietikainen, T. Maenpaa, IEEE PAMI 24 (2002), on the
 * half-scale tiles; root of the share of each of 10 codes.
 */
void sai_bi_texture(float *out, const struct sai_bi_frame *frame)
{
    uint32_t counts[CODES] = {0}, total = 0;
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        const struct sai_bi_plane *plane = &frame->tile[i].scale[1];
        for (uint32_t y = 0; y < plane->height; y++) {
            float code[SAI_BI_TILE];
            texture_row(code, plane->px + (size_t)y * plane->stride, plane->stride, plane->width);
            for (uint32_t x = 0; x < plane->width; x++)
                counts[(uint32_t)code[x]]++;
            total += plane->width;
        }
    }
    for (int k = 0; k < CODES; k++)
        out[k] = (float)sqrt((double)counts[k] / total);
}
