/*
 * image/register_pyramid.c: an image's luma at falling sizes, and any rectangle of it at any size.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "image/register.h"

/* Neighbourhood of a pixel for sai_luma_structure: 2 x RADIUS + 1 on a side. */
#define STRUCTURE_RADIUS 3

/* Variations below this many grey levels fade out: noise of JPEG and of 8 bits, not structure. */
#define NOISE_FLOOR 2.0f

/* ---- Making ---------------------------------------------------------------------------------- */

static int alloc_luma(struct sai_luma *luma, uint32_t width, uint32_t height)
{
    size_t n;
    *luma = (struct sai_luma){width, height, NULL};
    if (!sai_mul_size(&n, width, height))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%u x %u values do not fit into memory", width, height);
    luma->value = sai_malloc_array(n, sizeof *luma->value);
    return luma->value == NULL ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

/* ITU-R 601-2 luma as in sai_image_grey, times 256. */
static inline uint32_t luma_of(const uint8_t *p)
{
    return (p[0] * 19595u + p[1] * 38470u + p[2] * 7471u) >> 8;
}

static void luma_row(float *restrict out, const uint8_t *restrict rgb, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++)
        out[x] = (float)luma_of(rgb + 3 * (size_t)x) * (1.0f / 256);
}

static void add_row(uint64_t *sums, const uint8_t *rgb, uint32_t width, uint32_t unit)
{
    for (uint32_t first = 0; first < width; first += unit, sums++) {
        uint32_t end = width - first < unit ? width : first + unit, sum = 0;
        for (uint32_t x = first; x < end; x++)
            sum += luma_of(rgb + 3 * (size_t)x);
        *sums += sum;
    }
}

/* Means of unit x unit pixels; those at the right and bottom edge are of what is there. */
static int reduce_image(struct sai_luma *out, const selectai_image *image, uint32_t unit)
{
    size_t stride = sai_image_stride(image);
    if (unit == 1) {
        for (uint32_t y = 0; y < image->height; y++)
            luma_row(out->value + (size_t)y * out->width, image->pixels + y * stride, image->width);
        return SELECTAI_OK;
    }
    uint64_t *sums = sai_malloc_array(out->width, sizeof *sums);
    if (sums == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t y = 0; y < out->height; y++) {
        uint32_t first = y * unit, rows = image->height - first < unit ? image->height - first : unit;
        memset(sums, 0, out->width * sizeof *sums);
        for (uint32_t i = 0; i < rows; i++)
            add_row(sums, image->pixels + (first + i) * stride, image->width, unit);
        for (uint32_t x = 0; x < out->width; x++) {
            uint32_t left = image->width - x * unit, columns = left < unit ? left : unit;
            out->value[(size_t)y * out->width + x] = (float)((double)sums[x] / (256.0 * columns * rows));
        }
    }
    sai_free(sums);
    return SELECTAI_OK;
}

static void halve(struct sai_luma *out, const struct sai_luma *in)
{
    for (uint32_t y = 0; y < out->height; y++) {
        const float *a = in->value + (size_t)2 * y * in->width, *b = 2 * y + 1 < in->height ? a + in->width : a;
        float *to = out->value + (size_t)y * out->width;
        for (uint32_t x = 0; x < in->width / 2; x++)
            to[x] = 0.25f * ((a[2 * x] + a[2 * x + 1]) + (b[2 * x] + b[2 * x + 1]));
        if (in->width & 1)
            to[out->width - 1] = 0.5f * (a[in->width - 1] + b[in->width - 1]);
    }
}

int sai_pyramid_create(struct sai_pyramid *out, const selectai_image *image, uint32_t max_side)
{
    uint32_t side = image->width > image->height ? image->width : image->height;
    uint32_t unit = (side + max_side - 1) / max_side;
    struct sai_pyramid p = {.width = image->width, .height = image->height, .unit = unit};
    uint32_t width = (image->width + unit - 1) / unit, height = (image->height + unit - 1) / unit;
    int rc = alloc_luma(&p.level[p.n++], width, height);
    if (rc == SELECTAI_OK)
        rc = reduce_image(&p.level[0], image, unit);
    while (rc == SELECTAI_OK && (width > 1 || height > 1) && p.n < SAI_PYRAMID_LEVELS) {
        width = (width + 1) / 2;
        height = (height + 1) / 2;
        rc = alloc_luma(&p.level[p.n++], width, height);
        if (rc == SELECTAI_OK)
            halve(&p.level[p.n - 1], &p.level[p.n - 2]);
    }
    if (rc != SELECTAI_OK) {
        sai_pyramid_clear(&p);
        return rc;
    }
    *out = p;
    return SELECTAI_OK;
}

void sai_pyramid_clear(struct sai_pyramid *pyramid)
{
    for (uint32_t i = 0; i < pyramid->n; i++)
        sai_free(pyramid->level[i].value);
    pyramid->n = 0;
}

/* ---- Sampling -------------------------------------------------------------------------------- */

/* Output i is the sum over k < count[i] of weight[i * taps + k] * input[first[i] + k]. */
struct axis {
    uint32_t n, taps;
    float *weight; /* starts the one block of memory that holds all three */
    uint32_t *first, *count;
};

/* A triangle as wide as two pixels of the coarser of the two grids. */
static int make_axis(struct axis *axis, uint32_t n, uint32_t in_size, double start, double end)
{
    double step = (end - start) / n, support = step > 1 ? step : 1;
    *axis = (struct axis){.n = n, .taps = 2 * (uint32_t)ceil(support) + 2};
    if (axis->taps > in_size)
        axis->taps = in_size;
    axis->weight = sai_malloc_array(n, axis->taps * sizeof *axis->weight + 2 * sizeof *axis->first);
    if (axis->weight == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    axis->first = (uint32_t *)(void *)(axis->weight + (size_t)n * axis->taps);
    axis->count = axis->first + n;
    for (uint32_t i = 0; i < n; i++) {
        double centre = start + (i + 0.5) * step - 0.5, sum = 0;
        double low = ceil(centre - support), high = floor(centre + support);
        low = low < 0 ? 0 : low > in_size - 1.0 ? in_size - 1.0 : low;
        high = high < low ? low : high > in_size - 1.0 ? in_size - 1.0 : high;
        uint32_t first = (uint32_t)low, count = (uint32_t)(high - low) + 1;
        count = count > axis->taps ? axis->taps : count;
        float *weight = axis->weight + (size_t)i * axis->taps;
        for (uint32_t k = 0; k < count; k++) {
            double w = 1 - fabs(first + k - centre) / support;
            weight[k] = w > 1e-6 ? (float)w : 1e-6f; /* beyond the edge: the edge's own value */
            sum += weight[k];
        }
        for (uint32_t k = 0; k < count; k++)
            weight[k] = (float)(weight[k] / sum);
        axis->first[i] = first;
        axis->count[i] = count;
    }
    return SELECTAI_OK;
}

static void sample_row(float *restrict out, const float *restrict in, const struct axis *x)
{
    for (uint32_t i = 0; i < x->n; i++) {
        const float *weight = x->weight + (size_t)i * x->taps, *from = in + x->first[i];
        float sum = 0;
        for (uint32_t k = 0; k < x->count[i]; k++)
            sum += weight[k] * from[k];
        out[i] = sum;
    }
}

static void blend_rows(float *restrict out, const float *rows, const struct axis *y, uint32_t i, uint32_t width,
                       uint32_t first_row)
{
    const float *weight = y->weight + (size_t)i * y->taps;
    memset(out, 0, width * sizeof *out);
    for (uint32_t k = 0; k < y->count[i]; k++) {
        const float *restrict from = rows + (size_t)(y->first[i] + k - first_row) * width;
        float w = weight[k];
        for (uint32_t x = 0; x < width; x++)
            out[x] += w * from[x];
    }
}

static int sample_plane(float *out, const struct axis *x, const struct axis *y, const struct sai_luma *in)
{
    uint32_t first = in->height, end = 0;
    for (uint32_t i = 0; i < y->n; i++) {
        uint32_t stop = y->first[i] + y->count[i];
        first = y->first[i] < first ? y->first[i] : first;
        end = stop > end ? stop : end;
    }
    float *rows = sai_malloc_array((size_t)(end - first) * x->n, sizeof *rows);
    if (rows == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t r = first; r < end; r++)
        sample_row(rows + (size_t)(r - first) * x->n, in->value + (size_t)r * in->width, x);
    for (uint32_t i = 0; i < y->n; i++)
        blend_rows(out + (size_t)i * x->n, rows, y, i, x->n, first);
    sai_free(rows);
    return SELECTAI_OK;
}

int sai_pyramid_sample(float *out, uint32_t width, uint32_t height, const struct sai_pyramid *pyramid,
                       const struct sai_place *place)
{
    double across = (place->x2 - place->x1) / width, down = (place->y2 - place->y1) / height;
    double step = across < down ? across : down, unit = pyramid->unit;
    uint32_t l = 0;
    for (; l + 1 < pyramid->n && step >= 2 * unit; l++)
        unit *= 2;
    const struct sai_luma *in = &pyramid->level[l];
    struct axis x = {0}, y = {0};
    int rc = make_axis(&x, width, in->width, place->x1 / unit, place->x2 / unit);
    if (rc == SELECTAI_OK)
        rc = make_axis(&y, height, in->height, place->y1 / unit, place->y2 / unit);
    if (rc == SELECTAI_OK)
        rc = sample_plane(out, &x, &y, in);
    sai_free(x.weight);
    sai_free(y.weight);
    return rc;
}

/* ---- Structure ------------------------------------------------------------------------------- */

static inline uint32_t neighbours(uint32_t i, uint32_t n)
{
    uint32_t low = i < STRUCTURE_RADIUS ? 0 : i - STRUCTURE_RADIUS;
    uint32_t high = n - i <= STRUCTURE_RADIUS ? n - 1 : i + STRUCTURE_RADIUS;
    return high - low + 1;
}

/* Sums over the 2 x RADIUS + 1 nearest rows, as far as there are any. */
static void blur_columns(float *restrict out, const float *restrict in, uint32_t width, uint32_t height)
{
    for (uint32_t y = 0; y < height; y++) {
        uint32_t low = y < STRUCTURE_RADIUS ? 0 : y - STRUCTURE_RADIUS, n = neighbours(y, height);
        float *restrict to = out + (size_t)y * width;
        float scale = 1.0f / (float)n;
        const float *from = in + (size_t)low * width;
        memcpy(to, from, width * sizeof *to);
        for (uint32_t k = 1; k < n; k++) {
            const float *restrict row = from + (size_t)k * width;
            for (uint32_t x = 0; x < width; x++)
                to[x] += row[x];
        }
        for (uint32_t x = 0; x < width; x++)
            to[x] *= scale;
    }
}

static float mean_near(const float *in, uint32_t x, uint32_t width)
{
    uint32_t low = x < STRUCTURE_RADIUS ? 0 : x - STRUCTURE_RADIUS, n = neighbours(x, width);
    float sum = 0;
    for (uint32_t k = 0; k < n; k++)
        sum += in[low + k];
    return sum / (float)n;
}

static void blur_row(float *restrict out, const float *restrict in, uint32_t width)
{
    const uint32_t r = STRUCTURE_RADIUS;
    uint32_t x = 0;
    for (; x < r && x < width; x++)
        out[x] = mean_near(in, x, width);
    for (; x + r < width; x++)
        out[x] = (((in[x - 3] + in[x - 2]) + (in[x - 1] + in[x])) + ((in[x + 1] + in[x + 2]) + in[x + 3])) * (1.0f / 7);
    for (; x < width; x++)
        out[x] = mean_near(in, x, width);
}
_Static_assert(STRUCTURE_RADIUS == 3, "blur_row writes its sum out");

static void blur(float *out, float *work, const float *in, uint32_t width, uint32_t height)
{
    blur_columns(work, in, width, height);
    for (uint32_t y = 0; y < height; y++)
        blur_row(out + (size_t)y * width, work + (size_t)y * width, width);
}

void sai_luma_structure(float *out, const float *luma, uint32_t width, uint32_t height, float *work)
{
    size_t n = (size_t)width * height;
    float *mean = work, *squares = work + n;
    blur(mean, squares, luma, width, height);
    for (size_t i = 0; i < n; i++) {
        mean[i] = luma[i] - mean[i];
        squares[i] = mean[i] * mean[i];
    }
    blur(squares, out, squares, width, height);
    for (size_t i = 0; i < n; i++)
        out[i] = mean[i] / sqrtf(squares[i] + NOISE_FLOOR * NOISE_FLOOR);
}
