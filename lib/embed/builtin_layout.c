/*
 * embed/builtin_layout.c: what lies where on a 4 x 4 grid, symmetry, middle against border (blocks layout, symmetry,
 * composition).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "embed/builtin_priv.h"

enum { SIDE = 4, CELLS = SIDE * SIDE };

static uint32_t cell_of(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    return y * SIDE / height * SIDE + x * SIDE / width;
}

static void cell_means(double mean[CELLS], const float *values, uint32_t width, uint32_t height)
{
    double count[CELLS] = {0};
    memset(mean, 0, CELLS * sizeof *mean);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint32_t cell = cell_of(x, y, width, height);
            mean[cell] += values[(size_t)y * width + x];
            count[cell] += 1;
        }
    for (int i = 0; i < CELLS; i++)
        mean[i] /= count[i];
}

static void cell_deviations(double deviation[CELLS], const struct sai_bi_plane *plane)
{
    double mean[CELLS], square[CELLS] = {0}, count[CELLS] = {0};
    cell_means(mean, plane->px, plane->width, plane->height);
    for (uint32_t y = 0; y < plane->height; y++)
        for (uint32_t x = 0; x < plane->width; x++) {
            uint32_t cell = cell_of(x, y, plane->width, plane->height);
            double d = plane->px[(size_t)y * plane->stride + x] - mean[cell];
            square[cell] += d * d;
            count[cell] += 1;
        }
    for (int i = 0; i < CELLS; i++)
        deviation[i] = sqrt(square[i] / count[i]);
}

static double mean_of(const double *values)
{
    double sum = 0;
    for (int i = 0; i < CELLS; i++)
        sum += values[i];
    return sum / CELLS;
}

/*
 * Six properties of 16 cells, row by row: luma, red-green, yellow-blue, ln deviation of luma, ln detail relative to the
 * whole image, salience relative to the whole image.
 */
void sai_bi_layout(float *out, const struct sai_bi_frame *frame)
{
    const struct sai_bi_plane *colours[] = {&frame->luma[3], &frame->red_green[3], &frame->yellow_blue[3]};
    double value[CELLS];
    for (int i = 0; i < 3; i++) {
        cell_means(value, colours[i]->px, colours[i]->width, colours[i]->height);
        for (int cell = 0; cell < CELLS; cell++)
            *out++ = (float)(value[cell] / 64);
    }
    cell_deviations(value, &frame->luma[2]);
    for (int cell = 0; cell < CELLS; cell++)
        *out++ = (float)sai_bi_ln(value[cell] + 1);
    cell_means(value, frame->fine.value, frame->fine.width, frame->fine.height);
    double mean = mean_of(value) + 0.5;
    for (int cell = 0; cell < CELLS; cell++)
        *out++ = (float)sai_bi_ln((value[cell] + 0.5) / mean);
    cell_means(value, frame->salient.value, frame->salient.width, frame->salient.height);
    mean = mean_of(value) + 0.1;
    for (int cell = 0; cell < CELLS; cell++)
        *out++ = (float)sqrt((value[cell] + 0.1) / mean);
}

/* Correlation of a map with itself mirrored left to right, top to bottom, and both. */
static void mirror(float out[3], const float *values, uint32_t width, uint32_t height)
{
    size_t count = (size_t)width * height;
    double mean = sai_bi_sum(values, count) / (double)count, square = 0, product[3] = {0};
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint32_t other_x = width - 1 - x, other_y = height - 1 - y;
            double d = values[(size_t)y * width + x] - mean;
            square += d * d;
            product[0] += d * (values[(size_t)y * width + other_x] - mean);
            product[1] += d * (values[(size_t)other_y * width + x] - mean);
            product[2] += d * (values[(size_t)other_y * width + other_x] - mean);
        }
    for (int i = 0; i < 3; i++)
        out[i] = (float)(product[i] / (square + 1e-3 * (double)count));
}

void sai_bi_symmetry(float *out, const struct sai_bi_frame *frame)
{
    mirror(out, frame->luma[3].px, frame->luma[3].width, frame->luma[3].height);
    mirror(out + 3, frame->fine.value, frame->fine.width, frame->fine.height);
}

struct parts {
    double inside, outside, inside_count, outside_count, upper, lower, left, right;
};

/* The middle half of each axis against the rest, and the halves. */
static struct parts split(const float *values, uint32_t width, uint32_t height)
{
    struct parts p = {0};
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            double value = values[(size_t)y * width + x];
            bool inside = 4 * x >= width && 4 * x < 3 * width && 4 * y >= height && 4 * y < 3 * height;
            *(inside ? &p.inside : &p.outside) += value;
            *(inside ? &p.inside_count : &p.outside_count) += 1;
            *(2 * x < width ? &p.left : &p.right) += value;
            *(2 * y < height ? &p.upper : &p.lower) += value;
        }
    p.inside /= p.inside_count;
    p.outside /= p.outside_count;
    return p;
}

static void chroma_map(float *out, const struct sai_bi_frame *frame)
{
    const struct sai_bi_plane *a = &frame->red_green[3], *b = &frame->yellow_blue[3];
    for (size_t i = 0; i < (size_t)a->width * a->height; i++)
        out[i] = sqrtf(a->px[i] * a->px[i] + b->px[i] * b->px[i]);
}

/*
 * Middle against the rest: ln detail, luma, chroma, ln salience (what photographers call simplicity and low depth of
 * field: Datta et al. 2006, Ke et al. 2006); share of cells without detail; ln detail of upper to lower and left to
 * right half; ln detail where the image is salient to its mean.
 */
void sai_bi_composition(float *out, const struct sai_bi_frame *frame)
{
    const struct sai_bi_map *fine = &frame->fine, *salient = &frame->salient;
    size_t count = (size_t)fine->width * fine->height;
    struct parts detail = split(fine->value, fine->width, fine->height);
    struct parts luma = split(frame->luma[3].px, fine->width, fine->height);
    struct parts stands_out = split(salient->value, fine->width, fine->height);
    chroma_map(frame->scratch, frame);
    struct parts chroma = split(frame->scratch, fine->width, fine->height);
    double mean = sai_bi_sum(fine->value, count) / (double)count, flat = 0, weight = 1e-3, weighted = 1e-3 * mean;
    for (size_t i = 0; i < count; i++) {
        flat += fine->value[i] < 0.25 * mean;
        weight += salient->value[i];
        weighted += (double)salient->value[i] * fine->value[i];
    }
    double guard = 0.5 * (double)count;
    out[0] = (float)sai_bi_ln((detail.inside + 0.5) / (detail.outside + 0.5));
    out[1] = (float)((luma.inside - luma.outside) / 64);
    out[2] = (float)((chroma.inside - chroma.outside) / 32);
    out[3] = (float)sai_bi_ln((stands_out.inside + 0.5) / (stands_out.outside + 0.5));
    out[4] = (float)sqrt(flat / (double)count);
    out[5] = (float)sai_bi_ln((detail.upper + guard) / (detail.lower + guard));
    out[6] = (float)sai_bi_ln((detail.left + guard) / (detail.right + guard));
    out[7] = (float)sai_bi_ln((weighted / weight + 0.5) / (mean + 0.5));
}
