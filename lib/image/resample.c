/*
 * image/resample.c: separable resampling in integers, bit for bit as Pillow's 8-bit passes.
 *
 * A weight w of up to 24 bits is split into w = high * 4096 + low, so that both factors of every product fit into 16
 * bits, which is what vector units multiply and add fastest. The two sums are joined modulo 2^32; the true result
 * fits into 32 bits, so the wrapping in between is harmless, and the order of the additions cannot matter.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/resample.h"

#define SPLIT_BITS 12
#define BLOCK      8u /* taps are padded with zero weights to a multiple of this */
#define STRIP      1024u

/* Weights split and padded: `taps` is a multiple of BLOCK. */
struct split {
    uint32_t taps;
    int16_t *high, *low;
};

static void split_clear(struct split *split)
{
    sai_free(split->high);
    sai_free(split->low);
}

static int split_create(struct split *out, const struct sai_weights *w)
{
    struct split s = {.taps = (w->taps + BLOCK - 1) / BLOCK * BLOCK};
    size_t n;
    if (!sai_mul_size(&n, s.taps, w->n))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "resampling to %u pixels does not fit into memory", w->n);
    s.high = sai_calloc(n, sizeof *s.high);
    s.low = sai_calloc(n, sizeof *s.low);
    if (s.high == NULL || s.low == NULL) {
        split_clear(&s);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < w->n; i++)
        for (uint32_t k = 0; k < w->count[i]; k++) {
            int32_t weight = w->weight[(size_t)i * w->taps + k];
            int32_t low = weight & ((1 << SPLIT_BITS) - 1);
            s.low[(size_t)i * s.taps + k] = (int16_t)low;
            s.high[(size_t)i * s.taps + k] = (int16_t)((weight - low) / (1 << SPLIT_BITS));
        }
    *out = s;
    return SELECTAI_OK;
}

/* Joins the two sums, rounds, drops the fraction and clips to a byte. */
static inline uint8_t join(uint32_t high, uint32_t low)
{
    int32_t sum = (int32_t)((high << SPLIT_BITS) + low + (1u << (SAI_WEIGHT_BITS - 1)));
    sum >>= SAI_WEIGHT_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* Spreads interleaved bytes to one array of 16-bit numbers per channel, `pitch` apart. */
static void spread(int16_t *planes, size_t pitch, const uint8_t *row, uint32_t width, uint32_t channels)
{
    if (channels == 3) {
        int16_t *restrict r = planes, *restrict g = planes + pitch, *restrict b = planes + 2 * pitch;
        for (uint32_t x = 0; x < width; x++) {
            r[x] = row[3 * x];
            g[x] = row[3 * x + 1];
            b[x] = row[3 * x + 2];
        }
        return;
    }
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t x = 0; x < width; x++)
            planes[c * pitch + x] = row[(size_t)x * channels + c];
}

static inline uint8_t weighted_sum(const int16_t *restrict in, const int16_t *restrict high,
                                   const int16_t *restrict low, uint32_t taps)
{
    uint32_t sum_high = 0, sum_low = 0;
    for (uint32_t k = 0; k < taps; k++) {
        sum_high += (uint32_t)((int32_t)in[k] * high[k]);
        sum_low += (uint32_t)((int32_t)in[k] * low[k]);
    }
    return join(sum_high, sum_low);
}

/* Rows first_row .. first_row + n_rows of `in`, resampled along x into out (w->n pixels a row). */
static int horizontal(uint8_t *out, const struct sai_plane *in, uint32_t first_row, uint32_t n_rows,
                      const struct sai_weights *w)
{
    struct split split = {0};
    size_t in_stride = (size_t)in->width * in->channels, out_stride = (size_t)w->n * in->channels;
    size_t pitch = (size_t)in->width + w->taps + BLOCK; /* zeroed tail: padded weights may look past the row's end */
    int rc = split_create(&split, w);
    if (rc != SELECTAI_OK)
        return rc;
    int16_t *planes = sai_calloc(pitch * in->channels, sizeof *planes);
    if (planes == NULL) {
        split_clear(&split);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    for (uint32_t y = 0; y < n_rows; y++) {
        spread(planes, pitch, in->pixels + (size_t)(first_row + y) * in_stride, in->width, in->channels);
        uint8_t *to = out + y * out_stride;
        for (uint32_t x = 0; x < w->n; x++) {
            size_t at = (size_t)x * split.taps;
            uint32_t used = (w->count[x] + BLOCK - 1) / BLOCK * BLOCK;
            for (uint32_t c = 0; c < in->channels; c++)
                *to++ = weighted_sum(planes + c * pitch + w->first[x], split.high + at, split.low + at, used);
        }
    }
    sai_free(planes);
    split_clear(&split);
    return SELECTAI_OK;
}

/* sums += row * weight, in a strip of at most STRIP bytes. */
static inline void add_row(uint32_t *restrict high, uint32_t *restrict low, const uint8_t *restrict row, size_t n,
                           int16_t weight_high, int16_t weight_low)
{
    for (size_t x = 0; x < n; x++) {
        high[x] += (uint32_t)((int32_t)(int16_t)row[x] * weight_high);
        low[x] += (uint32_t)((int32_t)(int16_t)row[x] * weight_low);
    }
}

/* Rows of `in` (the first of them is row first_row of the image that the weights speak of), resampled along y. */
static int vertical(uint8_t *out, const uint8_t *in, size_t stride, uint32_t first_row, const struct sai_weights *w)
{
    struct split split = {0};
    uint32_t high[STRIP], low[STRIP];
    int rc = split_create(&split, w);
    if (rc != SELECTAI_OK)
        return rc;
    for (uint32_t y = 0; y < w->n; y++) {
        const int16_t *weight_high = split.high + (size_t)y * split.taps;
        const int16_t *weight_low = split.low + (size_t)y * split.taps;
        const uint8_t *rows = in + (size_t)(w->first[y] - first_row) * stride;
        uint8_t *to = out + y * stride;
        for (size_t x = 0; x < stride; x += STRIP) {
            size_t n = stride - x < STRIP ? stride - x : STRIP;
            memset(high, 0, n * sizeof *high);
            memset(low, 0, n * sizeof *low);
            for (uint32_t k = 0; k < w->count[y]; k++)
                add_row(high, low, rows + k * stride + x, n, weight_high[k], weight_low[k]);
            for (size_t i = 0; i < n; i++)
                to[x + i] = join(high[i], low[i]);
        }
    }
    split_clear(&split);
    return SELECTAI_OK;
}

/* Both passes; the intermediate holds only the rows that the vertical pass looks at. */
static int both(uint8_t *out, const struct sai_plane *in, const struct sai_weights *wx, const struct sai_weights *wy)
{
    uint32_t first = wy->first[0], last = wy->n - 1;
    uint32_t n_rows = wy->first[last] + wy->count[last] - first;
    size_t stride = (size_t)wx->n * in->channels, n;
    if (!sai_mul_size(&n, stride, n_rows))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "an image of %u x %u pixels does not fit into memory", wx->n,
                        n_rows);
    uint8_t *middle = sai_malloc(n);
    if (middle == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = horizontal(middle, in, first, n_rows, wx);
    if (rc == SELECTAI_OK)
        rc = vertical(out, middle, stride, first, wy);
    sai_free(middle);
    return rc;
}

static int run_passes(uint8_t *out, uint32_t out_width, uint32_t out_height, const struct sai_plane *in, int filter)
{
    struct sai_weights wx = {0}, wy = {0};
    bool do_x = out_width != in->width, do_y = out_height != in->height;
    int rc = SELECTAI_OK;
    if (do_x)
        rc = sai_weights_create(&wx, in->width, out_width, filter);
    if (rc == SELECTAI_OK && do_y)
        rc = sai_weights_create(&wy, in->height, out_height, filter);
    if (rc == SELECTAI_OK && do_x && do_y)
        rc = both(out, in, &wx, &wy);
    else if (rc == SELECTAI_OK && do_x)
        rc = horizontal(out, in, 0, in->height, &wx);
    else if (rc == SELECTAI_OK && do_y)
        rc = vertical(out, in->pixels, (size_t)in->width * in->channels, 0, &wy);
    else if (rc == SELECTAI_OK)
        memcpy(out, in->pixels, (size_t)in->width * in->height * in->channels);
    sai_weights_clear(&wx);
    sai_weights_clear(&wy);
    return rc;
}

int sai_resample(uint8_t **out, uint32_t out_width, uint32_t out_height, const struct sai_plane *in, int filter)
{
    size_t n;
    if (!sai_mul_size(&n, (size_t)out_width * in->channels, out_height))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "an image of %u x %u pixels does not fit into memory", out_width,
                        out_height);
    uint8_t *pixels = sai_malloc(n);
    if (pixels == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = run_passes(pixels, out_width, out_height, in, filter);
    if (rc != SELECTAI_OK) {
        sai_free(pixels);
        return rc;
    }
    *out = pixels;
    return SELECTAI_OK;
}
