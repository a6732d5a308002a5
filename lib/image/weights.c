/*
 * image/weights.c: filter weights of one axis, as Pillow's Resample.c computes them: the kernel's support is scaled
 * when shrinking, weights are normalised in double and rounded to fixed point away from zero.
 *
 * Kernels: bicubic after R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 29(6),
 * 1981, with a = -0.5; Lanczos-3 after C. Duchon, "Lanczos filtering in one and two dimensions", J. Appl. Meteorology
 * 18, 1979; box.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "image/resample.h"

static const double pi = 3.14159265358979323846;

static double box_kernel(double x)
{
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static double bicubic_kernel(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

static double sinc(double x)
{
    if (x == 0.0)
        return 1.0;
    x *= pi;
    return sin(x) / x;
}

static double lanczos_kernel(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

struct kernel {
    double (*value)(double);
    double support;
};

static const struct kernel kernels[] = {
    [SELECTAI_FILTER_BICUBIC] = {bicubic_kernel, 2.0},
    [SELECTAI_FILTER_LANCZOS] = {lanczos_kernel, 3.0},
    [SELECTAI_FILTER_BOX] = {box_kernel, 0.5},
};

/* Rounds half away from zero, by the same expression as Pillow. */
static int32_t to_fixed_point(double weight)
{
    const double one = (double)(1 << SAI_WEIGHT_BITS);
    return weight < 0 ? (int32_t)(-0.5 + weight * one) : (int32_t)(0.5 + weight * one);
}

struct axis {
    double scale, filter_scale, support;
    bool repeats; /* the scale is a whole number, so that offsets from the centre are exact and come again */
};

/* Output i has the inputs of the one before it, `step` further on. */
static bool same_as_before(const struct sai_weights *w, uint32_t i, uint32_t step)
{
    return i > 0 && w->count[i] == w->count[i - 1] && w->first[i] == w->first[i - 1] + step;
}

/* Weights of output `start` + i: first input, number of inputs, and normalised values in `row`. */
static void weigh(struct sai_weights *w, double *row, uint32_t start, uint32_t i, uint32_t in_size,
                  const struct axis *axis, const struct kernel *kernel)
{
    double center = ((double)start + i + 0.5) * axis->scale;
    double low = center - axis->support + 0.5, high = center + axis->support + 0.5;
    uint32_t first = low < 0 ? 0 : (uint32_t)low;
    uint32_t end = high > in_size ? in_size : (uint32_t)high;
    uint32_t count = end > first ? end - first : 0;
    double sum = 0, inverse = 1.0 / axis->filter_scale;
    int32_t *fixed = w->weight + (size_t)i * w->taps;
    w->first[i] = first;
    w->count[i] = count;
    if (axis->repeats && same_as_before(w, i, (uint32_t)axis->scale)) {
        memcpy(fixed, fixed - w->taps, w->taps * sizeof *fixed);
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        row[k] = kernel->value(((double)k + first - center + 0.5) * inverse);
        sum += row[k];
    }
    for (uint32_t k = 0; k < count; k++)
        row[k] = sum != 0.0 ? row[k] / sum : row[k];
    memset(row + count, 0, (w->taps - count) * sizeof *row);
    for (uint32_t k = 0; k < w->taps; k++)
        fixed[k] = to_fixed_point(row[k]);
}

int sai_weights_create(struct sai_weights *out, const struct sai_axis_part *part, int filter, bool exact)
{
    const struct kernel *kernel = &kernels[filter];
    struct axis axis = {.scale = (double)part->in_size / part->out_size};
    axis.filter_scale = axis.scale < 1.0 ? 1.0 : axis.scale;
    axis.support = kernel->support * axis.filter_scale;
    axis.repeats = !exact && part->in_size % part->out_size == 0;
    double taps = ceil(axis.support) * 2 + 1;
    struct sai_weights w = {.n = part->n, .taps = taps > part->in_size ? part->in_size : (uint32_t)taps};
    size_t n_weights;
    w.first = sai_malloc_array(part->n, sizeof *w.first);
    w.count = sai_malloc_array(part->n, sizeof *w.count);
    if (sai_mul_size(&n_weights, part->n, w.taps)) {
        w.weight = sai_malloc_array(n_weights, sizeof *w.weight);
        w.exact = sai_malloc_array(exact ? n_weights : w.taps, sizeof *w.exact);
    } else {
        SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "resampling %u pixels to %u does not fit into memory", part->in_size,
                 part->out_size);
    }
    if (w.first == NULL || w.count == NULL || w.weight == NULL || w.exact == NULL) {
        sai_weights_clear(&w);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < part->n; i++)
        weigh(&w, w.exact + (exact ? (size_t)i * w.taps : 0), part->start, i, part->in_size, &axis, kernel);
    *out = w;
    return SELECTAI_OK;
}

void sai_weights_clear(struct sai_weights *weights)
{
    sai_free(weights->first);
    sai_free(weights->count);
    sai_free(weights->weight);
    sai_free(weights->exact);
    *weights = (struct sai_weights){0};
}
