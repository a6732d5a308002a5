/*
 * embed/builtin_spectrum.c: energy over octaves and traces of resizing (blocks spectrum, resample).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { OCTAVES = SAI_BI_SCALES + 4, BANDS = 3, LAGS = 3, PHASES = 6 };

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
 * noise and sharpening slower. ln energy across, down, diagonal of native, half and quarter scale and of levels 0..3;
 * ln kurtosis of each (S. Mallat 1989: bands are heavy-tailed); ln fall native/half, half/quarter, levels 0/1, 1/2.
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

struct phases {
    double step[PHASES], bend[PHASES], count[PHASES];
};

struct lags {
    double square, product[LAGS];
    struct phases phases;
};

/* Products of a difference with those 1..3 pixels farther along the axis. */
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
        }
    }
    to->square += sai_bi_sum(square, plane->width);
    for (int lag = 0; lag < LAGS; lag++)
        to->product[lag] += sai_bi_sum(product[lag], plane->width);
}

static void add_phase(struct phases *to, uint32_t position, double step, double bend, double count)
{
    uint32_t phase = position % PHASES;
    to->step[phase] += step;
    to->bend[phase] += bend;
    to->count[phase] += count;
}

/* |difference| and |second difference| across at each column phase modulo 6, and down at each row phase. */
static void add_phases(struct lags *across, struct lags *down, const struct sai_bi_tile *tile)
{
    const struct sai_bi_plane *plane = &tile->scale[0];
    float column_step[SAI_BI_TILE] = {0}, column_bend[SAI_BI_TILE] = {0}, step[SAI_BI_TILE], bend[SAI_BI_TILE];
    ptrdiff_t stride = plane->stride;
    for (uint32_t y = 0; y < plane->height; y++) {
        const float *restrict row = plane->px + (size_t)y * plane->stride;
        for (uint32_t x = 0; x < plane->width; x++) {
            const float *p = row + x;
            column_step[x] += fabsf(p[1] - p[0]);
            column_bend[x] += fabsf(p[1] + p[-1] - 2.0f * p[0]);
            step[x] = fabsf(p[stride] - p[0]);
            bend[x] = fabsf(p[stride] + p[-stride] - 2.0f * p[0]);
        }
        add_phase(&down->phases, tile->y + y, sai_bi_sum(step, plane->width), sai_bi_sum(bend, plane->width),
                  plane->width);
    }
    for (uint32_t x = 0; x < plane->width; x++)
        add_phase(&across->phases, tile->x + x, column_step[x], column_bend[x], plane->height);
}

/* Root of the ln of the greatest to the least mean over the phases of one period; 0 where there is no such period. */
static float periodicity(const double sums[PHASES], const double counts[PHASES], int period)
{
    double least = 0, greatest = 0;
    for (int phase = 0; phase < period; phase++) {
        double sum = 0, count = 0;
        for (int i = phase; i < PHASES; i += period) {
            sum += sums[i];
            count += counts[i];
        }
        double mean = sum / count + 0.05;
        least = phase == 0 || mean < least ? mean : least;
        greatest = phase == 0 || mean > greatest ? mean : greatest;
    }
    return (float)sqrt(sai_bi_ln(greatest / least));
}

static float *write_lags(float *out, const struct lags *lags)
{
    const struct phases *phases = &lags->phases;
    for (int lag = 0; lag < LAGS; lag++)
        *out++ = (float)(lags->product[lag] / (lags->square + 100.0));
    for (int period = 2; period <= 3; period++)
        *out++ = periodicity(phases->step, phases->count, period);
    for (int period = 2; period <= 3; period++)
        *out++ = periodicity(phases->bend, phases->count, period);
    return out;
}

/*
 * Upscaling correlates neighbouring differences and makes their size periodic: the first difference where pixels
 * repeat, the second where they are interpolated (A. C. Gallagher, "Detection of linear and cubic interpolation in JPEG
 * compressed images", CRV 2005). Correlation at lags 1, 2, 3; strength of periods 2, 3 (4 shows as 2) of the first and
 * of the second difference; all across, then all down.
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
    out = write_lags(out, &across);
    write_lags(out, &down);
}
