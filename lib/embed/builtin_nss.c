/*
 * embed/builtin_nss.c: natural-scene statistics (blocks nss.*).
 *
 * BRISQUE: A. Mittal, A. K. Moorthy, A. C. Bovik, "No-reference image quality assessment in the spatial domain", IEEE
 * TIP 21 (2012). Pixels are normalised by local mean and deviation (MSCN); those of an undistorted photo are close to
 * Gaussian, and every distortion bends that law and the law of the products of neighbours in its own way. Differences
 * from the paper: the 7 x 7 window is binomial (sigma 1.22 instead of 1.17), so that its weights are exact; shapes are
 * found by moment matching in a table; shapes and deviations enter as logarithms.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { RADIUS = 3, WINDOW = 2 * RADIUS + 1, ROW = SAI_BI_LONG + 2 * RADIUS };
enum { ACROSS, DOWN, DIAGONAL, ANTIDIAGONAL, PRODUCTS };

/* Sums over pixels that both the symmetric and the asymmetric generalised Gaussian need. */
struct moments {
    double count, positive, absolute, square, positive_square;
};

struct all_moments {
    struct moments plain, product[PRODUCTS];
};

struct rows {
    float mean[WINDOW][ROW], square[WINDOW][ROW];
};

/* Binomial weights 1 6 15 20 15 6 1 over 64. */
static void blur_row(float *restrict mean, float *restrict square, const float *restrict in, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        float a = in[x], b = in[x + 1], c = in[x + 2], d = in[x + 3], e = in[x + 4], f = in[x + 5], g = in[x + 6];
        mean[x] = ((a + g) + 6.0f * (b + f) + 15.0f * (c + e) + 20.0f * d) * (1.0f / 64.0f);
        square[x] = ((a * a + g * g) + 6.0f * (b * b + f * f) + 15.0f * (c * c + e * e) + 20.0f * (d * d)) *
                    (1.0f / 64.0f);
    }
}

static float *ring(float rows[WINDOW][ROW], uint32_t y)
{
    return rows[y % WINDOW];
}

static void normalise_row(float *restrict out, const float *restrict in, struct rows *rows, uint32_t y, uint32_t width)
{
    const float *m0 = ring(rows->mean, y), *m1 = ring(rows->mean, y + 1), *m2 = ring(rows->mean, y + 2),
                *m3 = ring(rows->mean, y + 3), *m4 = ring(rows->mean, y + 4), *m5 = ring(rows->mean, y + 5),
                *m6 = ring(rows->mean, y + 6);
    const float *s0 = ring(rows->square, y), *s1 = ring(rows->square, y + 1), *s2 = ring(rows->square, y + 2),
                *s3 = ring(rows->square, y + 3), *s4 = ring(rows->square, y + 4), *s5 = ring(rows->square, y + 5),
                *s6 = ring(rows->square, y + 6);
    for (uint32_t x = 0; x < width; x++) {
        float mean = ((m0[x] + m6[x]) + 6.0f * (m1[x] + m5[x]) + 15.0f * (m2[x] + m4[x]) + 20.0f * m3[x]) *
                     (1.0f / 64.0f);
        float square = ((s0[x] + s6[x]) + 6.0f * (s1[x] + s5[x]) + 15.0f * (s2[x] + s4[x]) + 20.0f * s3[x]) *
                       (1.0f / 64.0f);
        float variance = square - mean * mean;
        variance = 0.5f * (fabsf(variance) + variance);
        out[x] = (in[x] - mean) / (sqrtf(variance) + 1.0f);
    }
}

/* out: width * height floats. Three pixels around the plane must be readable. */
static void normalise(float *restrict out, const struct sai_bi_plane *plane)
{
    struct rows rows;
    const float *in = plane->px - RADIUS;
    for (uint32_t y = 0; y < plane->height + 2 * RADIUS; y++) {
        const float *row = in + (ptrdiff_t)plane->stride * ((ptrdiff_t)y - RADIUS);
        blur_row(ring(rows.mean, y), ring(rows.square, y), row, plane->width);
        if (y < 2 * RADIUS)
            continue;
        uint32_t at = y - 2 * RADIUS;
        normalise_row(out + (size_t)at * plane->width, plane->px + (size_t)at * plane->stride, &rows, at, plane->width);
    }
}

/* Adds a[x] * b[x] (b NULL: a[x] itself) of all rows. */
static void add_moments(struct moments *to, const float *first, const float *second, uint32_t stride, uint32_t width,
                        uint32_t height)
{
    float absolute[SAI_BI_LONG] = {0}, square[SAI_BI_LONG] = {0}, upper[SAI_BI_LONG] = {0}, positive[SAI_BI_LONG] = {0};
    for (uint32_t y = 0; y < height; y++) {
        const float *restrict a = first + (size_t)y * stride, *restrict b = second + (size_t)y * stride;
        for (uint32_t x = 0; x < width; x++) {
            float value = a[x] * b[x];
            float size = fabsf(value), above = 0.5f * (size + value); /* exactly max(value, 0), without a branch */
            absolute[x] += size;
            square[x] += value * value;
            upper[x] += above * above;
            positive[x] += value > 0.0f ? 1.0f : 0.0f;
        }
    }
    to->count += (double)width * height;
    to->absolute += sai_bi_sum(absolute, width);
    to->square += sai_bi_sum(square, width);
    to->positive += sai_bi_sum(positive, width);
    to->positive_square += sai_bi_sum(upper, width);
}

static void add_plain(struct moments *to, const float *values, size_t count)
{
    float absolute[64] = {0}, square[64] = {0};
    size_t whole = count & ~(size_t)63;
    for (size_t i = 0; i < whole; i += 64)
        for (size_t k = 0; k < 64; k++) {
            float value = values[i + k];
            absolute[k] += fabsf(value);
            square[k] += value * value;
        }
    for (size_t i = whole; i < count; i++) {
        absolute[i - whole] += fabsf(values[i]);
        square[i - whole] += values[i] * values[i];
    }
    to->count += (double)count;
    to->absolute += sai_bi_sum(absolute, 64);
    to->square += sai_bi_sum(square, 64);
}

static void add_plane(struct all_moments *to, const struct sai_bi_plane *plane, float *scratch)
{
    uint32_t width = plane->width, height = plane->height;
    normalise(scratch, plane);
    add_plain(&to->plain, scratch, (size_t)width * height);
    if (width < 2 || height < 2)
        return;
    const float *at = scratch, *below = scratch + width;
    add_moments(&to->product[ACROSS], at, at + 1, width, width - 1, height - 1);
    add_moments(&to->product[DOWN], at, below, width, width - 1, height - 1);
    add_moments(&to->product[DIAGONAL], at, below + 1, width, width - 1, height - 1);
    add_moments(&to->product[ANTIDIAGONAL], at + 1, below, width, width - 1, height - 1);
}

/* Symmetric: ln shape, ln deviation. */
static void fit_symmetric(float out[2], const struct moments *of)
{
    double square = sai_bi_ratio(of->square, of->count), absolute = sai_bi_ratio(of->absolute, of->count);
    out[0] = (float)sai_bi_ggd_ln_shape((square + 1e-9) / (absolute * absolute + 1e-9 / 1.5708));
    out[1] = (float)(0.5 * sai_bi_ln(square + 1e-4));
}

/* Asymmetric (Lasmar, Stitou, Berthoumieu 2009): ln shape, mean, ln of the deviations on the left and right. */
static void fit_asymmetric(float out[4], const struct moments *of)
{
    double negative = of->count - of->positive, left_square = of->square - of->positive_square;
    double left = sqrt(sai_bi_ratio(left_square > 0 ? left_square : 0, negative) + 1e-6);
    double right = sqrt(sai_bi_ratio(of->positive_square, of->positive) + 1e-6);
    double square = sai_bi_ratio(of->square, of->count) + 1e-6;
    double absolute = sai_bi_ratio(of->absolute, of->count) + 1e-3 / 1.2533;
    double gamma = left / right, g2 = gamma * gamma;
    double correction = (g2 + 1) * (g2 + 1) / ((g2 * gamma + 1) * (gamma + 1));
    double ratio = square / (absolute * absolute) * correction;
    ratio = ratio < 1.35 ? 1.35 : ratio > 38 ? 38 : ratio;
    out[0] = (float)sai_bi_ggd_ln_shape(ratio);
    out[1] = (float)((right - left) / sqrt(ratio));
    out[2] = (float)sai_bi_ln(left);
    out[3] = (float)sai_bi_ln(right);
}

static void write_all(float *out, const struct all_moments *all)
{
    fit_symmetric(out, &all->plain);
    for (int i = 0; i < PRODUCTS; i++)
        fit_asymmetric(out + 2 + 4 * i, &all->product[i]);
}

static void from_tiles(float *out, const struct sai_bi_frame *frame, int scale)
{
    struct all_moments all = {0};
    for (uint32_t i = 0; i < frame->tile_count; i++)
        add_plane(&all, &frame->tile[i].scale[scale], frame->scratch);
    write_all(out, &all);
}

static void from_level(float *out, const struct sai_bi_frame *frame, int level)
{
    struct all_moments all = {0};
    struct sai_bi_plane inner = sai_bi_inner(&frame->luma[level], RADIUS);
    add_plane(&all, &inner, frame->scratch);
    write_all(out, &all);
}

void sai_bi_nss_native(float *out, const struct sai_bi_frame *frame)
{
    from_tiles(out, frame, 0);
}

void sai_bi_nss_half(float *out, const struct sai_bi_frame *frame)
{
    from_tiles(out, frame, 1);
}

void sai_bi_nss_level1(float *out, const struct sai_bi_frame *frame)
{
    from_level(out, frame, 1);
}

void sai_bi_nss_level2(float *out, const struct sai_bi_frame *frame)
{
    from_level(out, frame, 2);
}

/* The same law on opponent colours (Zhang, Zhang, Bovik 2015, IL-NIQE): 2 planes x levels 1, 2 x (ln shape, ln
 * deviation). */
void sai_bi_nss_colour(float *out, const struct sai_bi_frame *frame)
{
    for (int i = 0; i < 4; i++) {
        const struct sai_bi_plane *plane = i % 2 == 0 ? &frame->red_green[1 + i / 2] : &frame->yellow_blue[1 + i / 2];
        struct sai_bi_plane inner = sai_bi_inner(plane, RADIUS);
        struct moments moments = {0};
        normalise(frame->scratch, &inner);
        add_plain(&moments, frame->scratch, (size_t)inner.width * inner.height);
        fit_symmetric(out + 2 * i, &moments);
    }
}
