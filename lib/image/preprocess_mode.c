/*
 * image/preprocess_mode.c: resizing in a picture's own mode, then to RGB: the order of open_clip's earlier transforms,
 * with the bits of Pillow's Image.resize() for each mode.
 *
 * Pillow shrinks palettes and bits by nearest pixel whatever filter is asked for; pictures with alpha with their
 * colours multiplied by it, unless no side changes; numbers of 32 bits in double precision, each pass rounded.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "image/preprocess.h"

static bool resizes(const struct sai_mode_image *image, const struct sai_part *part)
{
    return part->width != image->width || part->height != image->height;
}

/* a * b / 255, rounded. */
static inline unsigned multiply(unsigned a, unsigned b)
{
    unsigned product = a * b + 128;
    return (product + (product >> 8)) >> 8;
}

/* Nearest inputs of n outputs from `start`: Pillow adds up the scale, whose rounding shows where two are as near. */
static void nearest(uint32_t *out, uint32_t in_size, uint32_t out_size, uint32_t start, uint32_t n)
{
    double scale = (double)in_size / out_size, at = scale * 0.5;
    for (uint32_t i = 0; i < start + n; i++, at += scale)
        if (i >= start)
            out[i - start] = at < in_size ? (uint32_t)at : in_size - 1;
}

static int shrink_indexed(uint8_t *out, const struct sai_mode_image *image, const struct sai_part *part)
{
    size_t n = (size_t)part->part_width + part->part_height;
    uint32_t *columns = sai_malloc_array(n, sizeof *columns), *rows;
    if (columns == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    rows = columns + part->part_width;
    nearest(columns, image->width, part->width, part->x, part->part_width);
    nearest(rows, image->height, part->height, part->y, part->part_height);
    for (uint32_t y = 0; y < part->part_height; y++) {
        const uint8_t *row = image->rgb->pixels + rows[y] * sai_image_stride(image->rgb);
        for (uint32_t x = 0; x < part->part_width; x++, out += SAI_CHANNELS)
            memcpy(out, row + (size_t)columns[x] * SAI_CHANNELS, SAI_CHANNELS);
    }
    sai_free(columns);
    return SELECTAI_OK;
}

static void multiply_alpha(uint8_t *rgba, size_t n)
{
    for (uint8_t *p = rgba; p < rgba + 4 * n; p += 4)
        for (int c = 0; c < 3; c++)
            p[c] = (uint8_t)multiply(p[c], p[3]);
}

/* Resampled colours may be a little above their alpha. */
static uint8_t divide_alpha(uint8_t value, uint8_t alpha)
{
    if (alpha == 0 || alpha == 255)
        return value;
    unsigned colour = 255u * value / alpha;
    return (uint8_t)(colour > 255 ? 255 : colour);
}

static int shrink_rgba(uint8_t *out, const struct sai_mode_image *image, const struct sai_part *part)
{
    struct sai_plane plane = {image->width, image->height, 4, image->samples};
    bool alpha = resizes(image, part);
    uint8_t *small = NULL;
    size_t n = (size_t)part->part_width * part->part_height;
    if (alpha)
        multiply_alpha(image->samples, (size_t)image->width * image->height);
    int rc = sai_resample_part(&small, part, &plane, SELECTAI_FILTER_BICUBIC);
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++)
        for (size_t c = 0; c < 3; c++)
            out[3 * i + c] = alpha ? divide_alpha(small[4 * i + c], small[4 * i + 3]) : small[4 * i + c];
    sai_free(small);
    return rc;
}

static int shrink_cmyk(uint8_t *out, const struct sai_mode_image *image, const struct sai_part *part)
{
    struct sai_plane plane = {image->width, image->height, 4, image->samples};
    uint8_t *small = NULL;
    size_t n = (size_t)part->part_width * part->part_height;
    int rc = sai_resample_part(&small, part, &plane, SELECTAI_FILTER_BICUBIC);
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++)
        for (size_t c = 0; c < 3; c++) {
            unsigned light = 255u - small[4 * i + 3], ink = multiply(small[4 * i + c], light);
            out[3 * i + c] = (uint8_t)(light > ink ? light - ink : 0);
        }
    sai_free(small);
    return rc;
}

static int32_t round_away(double v)
{
    return (int32_t)(v >= 0 ? floor(v + 0.5) : -floor(fabs(v) + 0.5));
}

/* One output of a pass; `step` elements from one input to the next. */
static int32_t exact_sum(const int32_t *in, size_t step, const struct sai_weights *w, uint32_t i)
{
    const double *weight = w->exact + (size_t)i * w->taps;
    double sum = 0;
    for (uint32_t k = 0; k < w->count[i]; k++)
        sum += in[k * step] * weight[k];
    return round_away(sum);
}

struct grey_job {
    const struct sai_mode_image *image;
    const struct sai_part *part;
    struct sai_weights x, y; /* n is 0 where the size does not change */
    int32_t *row, *middle;   /* one row of the image; all rows, as wide as the part */
};

static void shrink_grey_row(struct grey_job *job, uint32_t y)
{
    uint32_t width = job->image->width;
    int32_t *out = job->middle + (size_t)y * job->part->part_width;
    for (uint32_t x = 0; x < width; x++) {
        uint16_t value;
        memcpy(&value, job->image->samples + 2 * ((size_t)y * width + x), 2);
        job->row[x] = value;
    }
    for (uint32_t x = 0; x < job->part->part_width; x++)
        out[x] = job->x.n > 0 ? exact_sum(job->row + job->x.first[x], 1, &job->x, x) : job->row[job->part->x + x];
}

static void shrink_grey_columns(uint8_t *out, const struct grey_job *job)
{
    uint32_t width = job->part->part_width;
    for (uint32_t y = 0; y < job->part->part_height; y++) {
        const int32_t *rows = job->middle + (size_t)(job->y.n > 0 ? job->y.first[y] : job->part->y + y) * width;
        for (uint32_t x = 0; x < width; x++, out += SAI_CHANNELS) {
            int32_t v = job->y.n > 0 ? exact_sum(rows + x, width, &job->y, y) : rows[x];
            memset(out, v < 0 ? 0 : v > 255 ? 255 : v, SAI_CHANNELS); /* convert("RGB") clips */
        }
    }
}

static int shrink_grey16(uint8_t *out, const struct sai_mode_image *image, const struct sai_part *part)
{
    struct grey_job job = {.image = image, .part = part};
    struct sai_axis_part x = {image->width, part->width, part->x, part->part_width};
    struct sai_axis_part y = {image->height, part->height, part->y, part->part_height};
    int rc = SELECTAI_OK;
    if (image->width != part->width)
        rc = sai_weights_create(&job.x, &x, SELECTAI_FILTER_BICUBIC, true);
    if (rc == SELECTAI_OK && image->height != part->height)
        rc = sai_weights_create(&job.y, &y, SELECTAI_FILTER_BICUBIC, true);
    if (rc == SELECTAI_OK) {
        job.row = sai_malloc_array(image->width, sizeof *job.row);
        job.middle = sai_malloc_array(image->height, part->part_width * sizeof *job.middle);
        rc = job.row == NULL || job.middle == NULL ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
    }
    for (uint32_t row = 0; rc == SELECTAI_OK && row < image->height; row++)
        shrink_grey_row(&job, row);
    if (rc == SELECTAI_OK)
        shrink_grey_columns(out, &job);
    sai_weights_clear(&job.x);
    sai_weights_clear(&job.y);
    sai_free(job.row);
    sai_free(job.middle);
    return rc;
}

int sai_preprocess_mode(selectai_image **out, struct sai_mode_image *image, uint32_t size)
{
    static int (*const shrink[])(uint8_t *, const struct sai_mode_image *, const struct sai_part *) = {
        [SAI_MODE_INDEXED] = shrink_indexed,
        [SAI_MODE_RGBA] = shrink_rgba,
        [SAI_MODE_CMYK] = shrink_cmyk,
        [SAI_MODE_GREY16] = shrink_grey16,
    };
    struct sai_part part;
    selectai_image *cut = NULL;
    if (image->mode == SAI_MODE_RGB)
        return sai_preprocess_u8(out, image->rgb, size);
    int rc = sai_preprocess_part(&part, image->width, image->height, size);
    if (rc == SELECTAI_OK)
        rc = sai_image_alloc(&cut, size, size);
    if (rc == SELECTAI_OK)
        rc = shrink[image->mode](cut->pixels, image, &part);
    if (rc != SELECTAI_OK)
        selectai_image_destroy(&cut);
    else
        *out = cut;
    return rc;
}
