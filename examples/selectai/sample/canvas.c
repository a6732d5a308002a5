/*
 * examples/selectai/sample/canvas.c: a picture of floats: making, copying, blurring, resampling.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "noise.h"

int canvas_create(struct canvas *c, int width, int height)
{
    memset(c, 0, sizeof *c);
    if (width < 1 || height < 1 || width > 8192 || height > 8192) {
        return SELECTAI_ERR_INVALID_ARGUMENT;
    }
    size_t n = (size_t)width * (size_t)height;
    c->width = width;
    c->height = height;
    c->scale = (float)(width > height ? width : height);
    c->rgb = calloc(n * 3, sizeof *c->rgb);
    c->mask = calloc(n, sizeof *c->mask);
    c->work = calloc(n * 3, sizeof *c->work);
    c->line = calloc((size_t)width * 3, sizeof *c->line);
    if (!c->rgb || !c->mask || !c->work || !c->line) {
        canvas_destroy(c);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return SELECTAI_OK;
}

void canvas_destroy(struct canvas *c)
{
    free(c->rgb);
    free(c->mask);
    free(c->work);
    free(c->line);
    memset(c, 0, sizeof *c);
}

int canvas_copy(struct canvas *out, const struct canvas *from)
{
    int code = canvas_create(out, from->width, from->height);
    if (code != SELECTAI_OK) {
        return code;
    }
    size_t n = (size_t)from->width * (size_t)from->height;
    memcpy(out->rgb, from->rgb, n * 3 * sizeof *out->rgb);
    memcpy(out->mask, from->mask, n * sizeof *out->mask);
    return SELECTAI_OK;
}

int canvas_to_image(selectai_image **out, const struct canvas *c)
{
    size_t n = (size_t)c->width * (size_t)c->height * 3;
    uint8_t *bytes = malloc(n);
    if (!bytes) {
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)(clamp01(c->rgb[i]) * 255.0f + 0.5f);
    }
    int code = selectai_image_create(out, (uint32_t)c->width, (uint32_t)c->height, bytes, 0);
    free(bytes);
    return code;
}

int canvas_from_image(struct canvas *out, const selectai_image *image)
{
    int width = (int)selectai_image_width(image), height = (int)selectai_image_height(image);
    int code = canvas_create(out, width, height);
    if (code != SELECTAI_OK) {
        return code;
    }
    const uint8_t *bytes = selectai_image_pixels(image);
    size_t n = (size_t)width * (size_t)height * 3;
    for (size_t i = 0; i < n; i++) {
        out->rgb[i] = (float)bytes[i] * (1.0f / 255.0f);
    }
    return SELECTAI_OK;
}

int canvas_resize(struct canvas *out, const struct canvas *c, int width, int height)
{
    selectai_image *from = NULL, *to = NULL;
    memset(out, 0, sizeof *out);
    int32_t filter = width * 2 == c->width ? SELECTAI_FILTER_BOX : SELECTAI_FILTER_LANCZOS;
    int code = canvas_to_image(&from, c);
    if (code == SELECTAI_OK) {
        code = selectai_image_resize(&to, from, (uint32_t)width, (uint32_t)height, filter);
    }
    if (code == SELECTAI_OK) {
        code = canvas_from_image(out, to);
    }
    selectai_image_destroy(&from);
    selectai_image_destroy(&to);
    return code;
}

/* Running mean over a line of n pixels, `stride` floats apart; the ends repeat. */
static void blur_line(float *out, const float *in, int n, size_t stride, int radius)
{
    float weight = 1.0f / (float)(2 * radius + 1);
    for (int k = 0; k < 3; k++) {
        float sum = 0;
        for (int i = -radius; i <= radius; i++) {
            int at = i < 0 ? 0 : i >= n ? n - 1 : i;
            sum += in[(size_t)at * stride + (size_t)k];
        }
        for (int i = 0; i < n; i++) {
            out[(size_t)i * stride + (size_t)k] = sum * weight;
            int next = i + radius + 1, last = i - radius;
            next = next >= n ? n - 1 : next;
            last = last < 0 ? 0 : last;
            sum += in[(size_t)next * stride + (size_t)k] - in[(size_t)last * stride + (size_t)k];
        }
    }
}

/* The same down all columns at once, so that memory is read row by row. */
static void blur_columns(float *out, const float *in, int width, int height, int radius, float *sum)
{
    size_t row = (size_t)width * 3;
    float weight = 1.0f / (float)(2 * radius + 1);
    memset(sum, 0, row * sizeof *sum);
    for (int i = -radius; i <= radius; i++) {
        int at = i < 0 ? 0 : i >= height ? height - 1 : i;
        for (size_t k = 0; k < row; k++) {
            sum[k] += in[(size_t)at * row + k];
        }
    }
    for (int y = 0; y < height; y++) {
        int next = y + radius + 1, last = y - radius;
        const float *add = in + (size_t)(next >= height ? height - 1 : next) * row;
        const float *drop = in + (size_t)(last < 0 ? 0 : last) * row;
        for (size_t k = 0; k < row; k++) {
            out[(size_t)y * row + k] = sum[k] * weight;
            sum[k] += add[k] - drop[k];
        }
    }
}

void canvas_blur(struct canvas *c, int radius, int passes)
{
    size_t row = (size_t)c->width * 3;
    for (int pass = 0; radius > 0 && pass < passes; pass++) {
        for (int y = 0; y < c->height; y++) {
            blur_line(c->work + (size_t)y * row, c->rgb + (size_t)y * row, c->width, 3, radius);
        }
        blur_columns(c->rgb, c->work, c->width, c->height, radius, c->line);
    }
}
