/*
 * embed/builtin_contrast.c: tone and contrast, global and local (block contrast).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { TONES = 256, BANDS = 8, BLOCK = 8, BINS = 96, LEVELS = 3 };

/* Position in bins below which that share of the histogram lies. */
static double quantile(const uint32_t *histogram, int bins, double share)
{
    double total = 0;
    for (int i = 0; i < bins; i++)
        total += histogram[i];
    double left = share * total;
    for (int i = 0; i < bins; i++) {
        if (left < histogram[i])
            return i + left / histogram[i];
        left -= histogram[i];
    }
    return bins;
}

/* 7 quantiles, root shares of 8 bands of tone, entropy, deviation, skewness of the native luma. */
static float *write_tones(float *out, const uint32_t *histogram)
{
    static const double shares[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    double total = 0, mean = 0, square = 0, cube = 0, entropy = 0, band[BANDS] = {0};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        *out++ = (float)(quantile(histogram, TONES, shares[i]) / 64);
    for (int i = 0; i < TONES; i++) {
        total += histogram[i];
        mean += (double)histogram[i] * i;
        band[i / (TONES / BANDS)] += histogram[i];
    }
    mean /= total;
    for (int i = 0; i < TONES; i++) {
        double share = histogram[i] / total, d = i - mean;
        square += share * d * d;
        cube += share * d * d * d;
        entropy -= share > 0 ? share * sai_bi_ln(share) : 0;
    }
    for (int i = 0; i < BANDS; i++)
        *out++ = (float)sqrt(band[i] / total);
    double deviation = sqrt(square);
    *out++ = (float)entropy;
    *out++ = (float)(deviation / 64);
    *out++ = (float)(cube / (deviation * square + 1000));
    return out;
}

static double block_deviation(const struct sai_bi_plane *plane, uint32_t left, uint32_t top, uint32_t width,
                              uint32_t height)
{
    float sum[BLOCK] = {0}, square[BLOCK] = {0};
    for (uint32_t y = 0; y < height; y++) {
        const float *row = plane->px + (size_t)(top + y) * plane->stride + left;
        for (uint32_t x = 0; x < width; x++) {
            float value = row[x] - 128.0f;
            sum[x] += value;
            square[x] += value * value;
        }
    }
    double count = (double)width * height, mean = sai_bi_sum(sum, width) / count;
    double variance = sai_bi_sum(square, width) / count - mean * mean;
    return sqrt(variance > 0 ? variance : 0);
}

/* The law of ln deviation over 8 x 8 blocks: mean, lower and upper tenth; returns its deviation. */
static double write_local(float *out, const struct sai_bi_plane *plane)
{
    uint32_t histogram[BINS] = {0};
    double sum = 0, square = 0, count = 0;
    for (uint32_t top = 0; top < plane->height; top += BLOCK)
        for (uint32_t left = 0; left < plane->width; left += BLOCK) {
            uint32_t width = plane->width - left < BLOCK ? plane->width - left : BLOCK;
            uint32_t height = plane->height - top < BLOCK ? plane->height - top : BLOCK;
            double value = sai_bi_ln(block_deviation(plane, left, top, width, height) + 0.5);
            int bin = (int)((value + 0.75) * 16); /* ln 0.5 .. ln 128 */
            histogram[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
            sum += value;
            square += value * value;
            count += 1;
        }
    out[0] = (float)(sum / count);
    out[1] = (float)(quantile(histogram, BINS, 0.1) / 16);
    out[2] = (float)(quantile(histogram, BINS, 0.9) / 16);
    double variance = square / count - sum / count * (sum / count);
    return sqrt(variance > 0 ? variance : 0);
}

/* Tones; local contrast of levels 0, 1, 2 (after Peli 1990: contrast belongs to a band); its deviation at level 0. */
void sai_bi_contrast(float *out, const struct sai_bi_frame *frame)
{
    double deviation[LEVELS];
    out = write_tones(out, frame->histogram[0]);
    for (int level = 0; level < LEVELS; level++, out += 3)
        deviation[level] = write_local(out, &frame->luma[level]);
    *out = (float)deviation[0];
}
