/*
 * embed/builtin_dct.c: energies of the 8 x 8 block DCT at the native resolution, on JPEG's grid (block dct).
 *
 * After M. A. Saad, A. C. Bovik, C. Charrier, "Blind image quality assessment: a natural scene statistics approach in
 * the DCT domain" (BLIINDS-II), IEEE TIP 21 (2012): energies and shapes over radial bands, orientation; and the share
 * of coefficients near zero, which quantisation raises.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { SIDE = 8, BANDS = 7 };

/* Orthonormal DCT-II. */
static const float basis[SIDE][SIDE] = {
    {0.35355339f, 0.35355339f, 0.35355339f, 0.35355339f, 0.35355339f, 0.35355339f, 0.35355339f, 0.35355339f},
    {0.49039264f, 0.41573481f, 0.27778512f, 0.09754516f, -0.09754516f, -0.27778512f, -0.41573481f, -0.49039264f},
    {0.46193977f, 0.19134172f, -0.19134172f, -0.46193977f, -0.46193977f, -0.19134172f, 0.19134172f, 0.46193977f},
    {0.41573481f, -0.09754516f, -0.49039264f, -0.27778512f, 0.27778512f, 0.49039264f, 0.09754516f, -0.41573481f},
    {0.35355339f, -0.35355339f, -0.35355339f, 0.35355339f, 0.35355339f, -0.35355339f, -0.35355339f, 0.35355339f},
    {0.27778512f, -0.49039264f, 0.09754516f, 0.41573481f, -0.41573481f, -0.09754516f, 0.49039264f, -0.27778512f},
    {0.19134172f, -0.46193977f, 0.46193977f, -0.19134172f, -0.19134172f, 0.46193977f, -0.46193977f, 0.19134172f},
    {0.09754516f, -0.27778512f, 0.41573481f, -0.49039264f, 0.49039264f, -0.41573481f, 0.27778512f, -0.09754516f},
};

/* Band of u + v = 1..14; 0 is the mean. */
static const uint8_t band_of[2 * SIDE - 1] = {0, 0, 0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6, 6};

struct coefficients {
    double count, energy[SIDE][SIDE], absolute[SIDE][SIDE], zero[SIDE][SIDE];
};

struct strip {
    float value[SIDE][SAI_BI_TILE];
};

/* Transforms along the first index, all columns at once; even and odd halves share their sums. */
static void transform(struct strip *restrict out, const struct strip *restrict in, uint32_t width)
{
    struct strip half;
    for (int y = 0; y < SIDE / 2; y++)
        for (uint32_t x = 0; x < width; x++) {
            half.value[y][x] = in->value[y][x] + in->value[SIDE - 1 - y][x];
            half.value[SIDE / 2 + y][x] = in->value[y][x] - in->value[SIDE - 1 - y][x];
        }
    for (int u = 0; u < SIDE; u++) {
        const float *restrict from = half.value[u % 2 * (SIDE / 2)];
        float a = basis[u][0], b = basis[u][1], c = basis[u][2], d = basis[u][3];
        for (uint32_t x = 0; x < width; x++)
            out->value[u][x] = (a * from[x] + b * from[x + SAI_BI_TILE]) +
                               (c * from[x + 2 * SAI_BI_TILE] + d * from[x + 3 * SAI_BI_TILE]);
    }
}

/* Column 8 b + x, row u becomes column 8 b + u, row x. */
static void transpose_blocks(struct strip *restrict out, const struct strip *restrict in, uint32_t width)
{
    for (uint32_t b = 0; b < width; b += SIDE)
        for (uint32_t u = 0; u < SIDE; u++)
            for (uint32_t x = 0; x < SIDE; x++)
                out->value[x][b + u] = in->value[u][b + x];
}

struct strip_sums {
    struct strip energy, absolute, zero;
};

static void add_strip(struct strip_sums *restrict sums, const struct strip *restrict in, uint32_t width)
{
    for (int v = 0; v < SIDE; v++)
        for (uint32_t x = 0; x < width; x++) {
            float value = in->value[v][x];
            float size = fabsf(value);
            sums->energy.value[v][x] += value * value;
            sums->absolute.value[v][x] += size;
            sums->zero.value[v][x] += size < 0.5f ? 1.0f : 0.0f;
        }
}

static void add_tile(struct coefficients *to, const struct sai_bi_plane *plane)
{
    struct strip_sums sums;
    struct strip in, middle;
    memset(&sums, 0, sizeof sums);
    for (uint32_t y = 0; y + SIDE <= plane->height; y += SIDE) {
        for (uint32_t i = 0; i < SIDE; i++)
            memcpy(in.value[i], plane->px + (size_t)(y + i) * plane->stride, plane->width * sizeof in.value[i][0]);
        transform(&middle, &in, plane->width);
        transpose_blocks(&in, &middle, plane->width);
        transform(&middle, &in, plane->width);
        add_strip(&sums, &middle, plane->width);
    }
    for (int v = 0; v < SIDE; v++)
        for (uint32_t x = 0; x < plane->width; x++) {
            to->energy[x % SIDE][v] += sums.energy.value[v][x];
            to->absolute[x % SIDE][v] += sums.absolute.value[v][x];
            to->zero[x % SIDE][v] += sums.zero.value[v][x];
        }
    to->count += (double)(plane->width / SIDE) * (plane->height / SIDE);
}

static double region(double table[SIDE][SIDE], int u0, int u1, int v0, int v1)
{
    double sum = 0;
    for (int u = u0; u < u1; u++)
        for (int v = v0; v < v1; v++)
            sum += u + v > 0 ? table[u][v] : 0;
    return sum;
}

/* ln of down to across energy: low and high frequencies; ln of diagonal to axis energy: low and high. */
static void write_orientation(float *out, struct coefficients *of)
{
    double guard = 0.5 * of->count;
    double down = region(of->energy, 1, 4, 0, 1), across = region(of->energy, 0, 1, 1, 4);
    double fine_down = region(of->energy, 4, 8, 0, 2), fine_across = region(of->energy, 0, 2, 4, 8);
    out[0] = (float)sai_bi_ln((down + guard) / (across + guard));
    out[1] = (float)sai_bi_ln((fine_down + guard) / (fine_across + guard));
    out[2] = (float)sai_bi_ln((region(of->energy, 1, 4, 1, 4) + guard) / (down + across + guard));
    out[3] = (float)sai_bi_ln((region(of->energy, 4, 8, 4, 8) + guard) / (fine_down + fine_across + guard));
}

static double fine_energy(const struct coefficients *of)
{
    double energy[SIDE][SIDE];
    memcpy(energy, of->energy, sizeof energy);
    return region(energy, 4, 8, 0, 8) + region(energy, 0, 4, 4, 8);
}

/* ln energy of 7 bands of u + v; ln E[x^2] / E[|x|]^2 of each; share near zero of each. */
static void write_bands(float *out, const struct coefficients *of)
{
    double energy[BANDS] = {0}, absolute[BANDS] = {0}, zero[BANDS] = {0}, count[BANDS] = {0};
    for (int u = 0; u < SIDE; u++)
        for (int v = 0; v < SIDE; v++) {
            int band = band_of[u + v];
            if (u + v == 0)
                continue;
            energy[band] += of->energy[u][v];
            absolute[band] += of->absolute[u][v];
            zero[band] += of->zero[u][v];
            count[band] += of->count;
        }
    for (int band = 0; band < BANDS; band++) {
        double mean = absolute[band] / count[band] + 0.05, square = energy[band] / count[band] + 0.05;
        out[band] = (float)sai_bi_ln(square);
        out[BANDS + band] = (float)sai_bi_ln(square / (mean * mean));
        out[2 * BANDS + band] = (float)(zero[band] / count[band]);
    }
}

/* Bands, orientation, ln energy of the finest half: mean, smooth tiles, detailed tiles. */
void sai_bi_dct(float *out, const struct sai_bi_frame *frame)
{
    struct coefficients all = {0};
    float fine[SAI_BI_TILES];
    double before = 0;
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        double count = all.count;
        add_tile(&all, &frame->tile[i].scale[0]);
        double now = fine_energy(&all);
        fine[i] = (float)((now - before) / (all.count - count));
        before = now;
    }
    write_bands(out, &all);
    write_orientation(out + 3 * BANDS, &all);
    struct sai_bi_spread spread = sai_bi_spread(fine, frame->tile_count);
    out[3 * BANDS + 4] = (float)sai_bi_ln(before / all.count + 1);
    out[3 * BANDS + 5] = (float)sai_bi_ln((spread.low > 0 ? spread.low : 0) + 1);
    out[3 * BANDS + 6] = (float)sai_bi_ln((spread.high > 0 ? spread.high : 0) + 1);
}
