/*
 * embed/builtin_spectrum.c: energy over octaves and traces of resizing (blocks spectrum, resample).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { OCTAVES = SAI_BI_SCALES + 4, BANDS = 3, LAGS = 4, PHASES = 12 };

struct bands {
    double count, energy[BANDS], fourth;
};

/* Undecimated Haar bands of one octave: differences across, down and diagonal. */
static void add_bands(struct bands *to, const struct sai_bi_plane *plane)
{
    float across[SAI_BI_LONG] = {0}, down[SAI_BI_LONG] = {0}, diagonal[SAI_BI_LONG] = {0}, fourth[SAI_BI_LONG] = {0};
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride, *restrict below = row + plane->stride;
        for (uint32_t x = 0; x < plane->width; x++) {
            float left = row[x] + below[x], right = row[x + 1] + below[x + 1];
            float fall = row[x] - below[x], fall_right = row[x + 1] - below[x + 1];
            float a = (right - left) * 0.5f, d = (fall + fall_right) * 0.5f, g = (fall - fall_right) * 0.5f;
            float a2 = a * a, d2 = d * d;
            across[x] += a2;
            down[x] += d2;
            diagonal[x] += g * g;
            fourth[x] += a2 * a2 + d2 * d2;
        }
    }
    to->count += (double)plane->width * plane->height;
    to->energy[0] += sai_bi_sum(across, plane->width);
    to->energy[1] += sai_bi_sum(down, plane->width);
    to->energy[2] += sai_bi_sum(diagonal, plane->width);
    to->fourth += sai_bi_sum(fourth, plane->width);
}

static double whole(const struct bands *bands)
{
    return (bands->energy[0] + bands->energy[1]) / bands->count + 0.05;
}

/*
 * Natural images lose a fixed share of energy from octave to octave (D. J. Field 1987); blur and upscaling fall faster,
 * noise and sharpening slower. ln energy across, down, diagonal of native, half and quarter scale and of levels 0..3; ln
 * kurtosis of each (S. Mallat 1989: bands are heavy-tailed); ln fall native/half, half/quarter, levels 0/1, 1/2.
 */
void sai_bi_spectrum(float *out, const struct sai_bi_frame *frame)
{
    struct bands at[OCTAVES] = {0};
    for (uint32_t i = 0; i < frame->tile_count; i++)
        for (int scale = 0; scale < SAI_BI_SCALES; scale++)
            add_bands(&at[scale], &frame->tile[i].scale[scale]);
    for (int level = 0; level < OCTAVES - SAI_BI_SCALES; level++) {
        struct sai_bi_plane inner = frame->luma[level];
        inner.width--;
        inner.height--;
        add_bands(&at[SAI_BI_SCALES + level], &inner);
    }
    for (int octave = 0; octave < OCTAVES; octave++)
        for (int band = 0; band < BANDS; band++)
            *out++ = (float)sai_bi_ln(at[octave].energy[band] / at[octave].count + 0.05);
    for (int octave = 0; octave < OCTAVES; octave++) {
        double energy = whole(&at[octave]);
        *out++ = (float)sai_bi_ln((at[octave].fourth / at[octave].count + 0.1) / (energy * energy));
    }
    *out++ = (float)sai_bi_ln(whole(&at[0]) / whole(&at[1]));
    *out++ = (float)sai_bi_ln(whole(&at[1]) / whole(&at[2]));
    *out++ = (float)sai_bi_ln(whole(&at[3]) / whole(&at[4]));
    *out++ = (float)sai_bi_ln(whole(&at[4]) / whole(&at[5]));
}

struct lags {
    double square, product[LAGS];
    double bend[PHASES], bend_count[PHASES];
};

/* Products of a difference with those 1..4 pixels farther along the axis. */
static void add_lags(struct lags *to, const struct sai_bi_plane *plane, ptrdiff_t step)
{
    float square[SAI_BI_TILE] = {0}, product[LAGS][SAI_BI_TILE] = {{0}};
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride;
        for (uint32_t x = 0; x < plane->width; x++) {
            const float *p = row + x;
            float d = p[step] - p[0];
            square[x] += d * d;
            product[0][x] += d * (p[2 * step] - p[step]);
            product[1][x] += d * (p[3 * step] - p[2 * step]);
            product[2][x] += d * (p[4 * step] - p[3 * step]);
            product[3][x] += d * (p[5 * step] - p[4 * step]);
        }
    }
    to->square += sai_bi_sum(square, plane->width);
    for (int lag = 0; lag < LAGS; lag++)
        to->product[lag] += sai_bi_sum(product[lag], plane->width);
}

/* Mean |second difference| across at each column phase modulo 12, and down at each row phase. */
static void add_phases(struct lags *across, struct lags *down, const struct sai_bi_tile *tile)
{
    const struct sai_bi_plane *plane = &tile->scale[0];
    float column[SAI_BI_TILE] = {0};
    ptrdiff_t stride = plane->stride;
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride;
        float bend[SAI_BI_TILE];
        for (uint32_t x = 0; x < plane->width; x++) {
            const float *p = row + x;
            column[x] += fabsf(p[1] + p[-1] - 2.0f * p[0]);
            bend[x] = fabsf(p[stride] + p[-stride] - 2.0f * p[0]);
        }
        uint32_t phase = (tile->y + y) % PHASES;
        down->bend[phase] += sai_bi_sum(bend, plane->width);
        down->bend_count[phase] += plane->width;
    }
    for (uint32_t x = 0; x < plane->width; x++) {
        uint32_t phase = (tile->x + x) % PHASES;
        across->bend[phase] += column[x];
        across->bend_count[phase] += plane->height;
    }
}

/* ln of the greatest to the least mean over the phases of one period; 0 where the image has no such period. */
static float periodicity(const struct lags *lags, int period)
{
    double least = 0, greatest = 0;
    for (int phase = 0; phase < period; phase++) {
        double sum = 0, count = 0;
        for (int i = phase; i < PHASES; i += period) {
            sum += lags->bend[i];
            count += lags->bend_count[i];
        }
        double mean = sum / count + 0.05;
        least = phase == 0 || mean < least ? mean : least;
        greatest = phase == 0 || mean > greatest ? mean : greatest;
    }
    return (float)sai_bi_ln(greatest / least);
}

/*
 * Upscaling correlates neighbouring differences and makes the second difference periodic (A. C. Gallagher, "Detection of
 * linear and cubic interpolation in JPEG compressed images", CRV 2005): correlation at lags 1..4 across, then down;
 * strength of periods 2, 3, 4 across, then down.
 */
void sai_bi_resample(float *out, const struct sai_bi_frame *frame)
{
    struct lags across = {0}, down = {0};
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        const struct sai_bi_plane *plane = &frame->tile[i].scale[0];
        add_lags(&across, plane, 1);
        add_lags(&down, plane, plane->stride);
        add_phases(&across, &down, &frame->tile[i]);
    }
    for (int lag = 0; lag < LAGS; lag++) {
        out[lag] = (float)(across.product[lag] / (across.square + 100.0));
        out[LAGS + lag] = (float)(down.product[lag] / (down.square + 100.0));
    }
    for (int period = 2; period <= 4; period++) {
        out[2 * LAGS + period - 2] = periodicity(&across, period);
        out[2 * LAGS + period + 1] = periodicity(&down, period);
    }
}
