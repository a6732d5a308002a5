/*
 * embed/builtin_frame.c: prepares the pixels for the built-in descriptor: native tiles, small copy, pyramid.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/memory.h"
#include "embed/builtin_priv.h"

/* Luma weights of BT.601 in 1/256. */
enum { RED = 77, GREEN = 150, BLUE = 29 };

/* One output pixel of the area-averaging resize: source pixels first..last, their weights at the ends and between. */
struct span {
    uint32_t first, last;
    float head, tail, inner;
};

struct size2 {
    uint32_t width, height;
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t level_side(uint32_t side, uint32_t longest)
{
    uint64_t scaled = longest > SAI_BI_LONG ? ((uint64_t)side * SAI_BI_LONG + longest / 2) / longest : side;
    return max_u32((uint32_t)scaled, SAI_BI_SHORT);
}

/* Exact: positions count in 1/out_side of a source pixel. */
static struct span span_of(uint32_t index, uint32_t side, uint32_t out_side)
{
    uint64_t from = (uint64_t)index * side, to = from + side;
    struct span span = {.first = (uint32_t)(from / out_side), .last = (uint32_t)((to - 1) / out_side)};
    float unit = 1.0f / (float)side;
    if (span.first == span.last) {
        span.head = 1.0f;
        return span;
    }
    span.head = (float)((uint64_t)(span.first + 1) * out_side - from) * unit;
    span.tail = (float)(to - (uint64_t)span.last * out_side) * unit;
    span.inner = (float)out_side * unit;
    return span;
}

static void add_row(float *restrict sum, const uint8_t *restrict row, size_t count, float weight)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += weight * (float)row[i];
}

static void set_row(float *restrict sum, const uint8_t *restrict row, size_t count, float weight)
{
    for (size_t i = 0; i < count; i++)
        sum[i] = weight * (float)row[i];
}

static void gather_rows(float *sum, const uint8_t *rgb, size_t count, const struct span *span)
{
    set_row(sum, rgb + span->first * count, count, span->head);
    for (uint32_t y = span->first + 1; y < span->last; y++)
        add_row(sum, rgb + y * count, count, span->inner);
    if (span->last > span->first)
        add_row(sum, rgb + span->last * count, count, span->tail);
}

static void gather_pixel(float pixel[3], const float *sum, const struct span *span)
{
    const float *from = sum + (size_t)span->first * 3;
    float red = from[0] * span->head, green = from[1] * span->head, blue = from[2] * span->head;
    const float *end = sum + (size_t)span->last * 3;
    if (end > from) {
        float r = 0, g = 0, b = 0;
        for (from += 3; from < end; from += 3) {
            r += from[0];
            g += from[1];
            b += from[2];
        }
        red += r * span->inner + end[0] * span->tail;
        green += g * span->inner + end[1] * span->tail;
        blue += b * span->inner + end[2] * span->tail;
    }
    pixel[0] = red;
    pixel[1] = green;
    pixel[2] = blue;
}

/* Level 0: area average of the whole image, so that every pixel counts. `row` has room for width * 3 floats. */
static void fill_level0(struct sai_bi_frame *frame, const uint8_t *rgb, float *row)
{
    struct sai_bi_plane *luma = &frame->luma[0];
    struct span columns[SAI_BI_LONG];
    for (uint32_t x = 0; x < luma->width; x++)
        columns[x] = span_of(x, frame->width, luma->width);
    for (uint32_t y = 0; y < luma->height; y++) {
        struct span span = span_of(y, frame->height, luma->height);
        gather_rows(row, rgb, (size_t)frame->width * 3, &span);
        size_t at = (size_t)y * luma->stride;
        for (uint32_t x = 0; x < luma->width; x++) {
            float pixel[3];
            gather_pixel(pixel, row, &columns[x]);
            luma->px[at + x] = (pixel[0] * RED + pixel[1] * GREEN + pixel[2] * BLUE) * (1.0f / 256.0f);
            frame->red_green[0].px[at + x] = pixel[0] - pixel[1];
            frame->yellow_blue[0].px[at + x] = (pixel[0] + pixel[1]) * 0.5f - pixel[2];
        }
    }
}

/* Average of 2 x 2; at an odd edge the last column or row counts twice. */
static void halve(struct sai_bi_plane *out, const struct sai_bi_plane *in)
{
    for (uint32_t y = 0; y < out->height; y++) {
        const float *a = in->px + (size_t)(2 * y) * in->stride;
        const float *b = in->px + (size_t)min_u32(2 * y + 1, in->height - 1) * in->stride;
        float *to = out->px + (size_t)y * out->stride;
        uint32_t whole = min_u32(out->width, in->width / 2);
        for (uint32_t x = 0; x < whole; x++)
            to[x] = ((a[2 * x] + a[2 * x + 1]) + (b[2 * x] + b[2 * x + 1])) * 0.25f;
        if (whole < out->width)
            to[whole] = (a[2 * whole] + b[2 * whole]) * 0.5f;
    }
}

static struct sai_bi_plane outer(const struct sai_bi_plane *plane, uint32_t pad)
{
    struct sai_bi_plane all = {.px = plane->px - (size_t)pad * plane->stride - pad,
                               .width = plane->width + 2 * pad,
                               .height = plane->height + 2 * pad,
                               .stride = plane->stride};
    return all;
}

static void tile_row(float *restrict to, const uint8_t *row, int64_t x, uint32_t count, uint32_t width)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t at = x + i;
        at = at < 0 ? 0 : at >= width ? (int64_t)width - 1 : at;
        const uint8_t *pixel = row + at * 3;
        to[i] = (float)(pixel[0] * RED + pixel[1] * GREEN + pixel[2] * BLUE) * (1.0f / 256.0f);
    }
}

static void tile_row_inside(float *restrict to, const uint8_t *restrict pixel, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, pixel += 3)
        to[i] = (float)(pixel[0] * RED + pixel[1] * GREEN + pixel[2] * BLUE) * (1.0f / 256.0f);
}

static void count_tile(struct sai_bi_frame *frame, const struct sai_bi_tile *tile, const uint8_t *rgb)
{
    const struct sai_bi_plane *luma = &tile->scale[0];
    uint32_t width = min_u32(luma->width, frame->width - tile->x),
             height = min_u32(luma->height, frame->height - tile->y);
    for (uint32_t y = 0; y < height; y++) {
        const float *row = luma->px + (size_t)y * luma->stride;
        for (uint32_t x = 0; x < width; x++)
            frame->histogram[0][(uint32_t)row[x]]++;
        if (y % 4 != 0)
            continue;
        const uint8_t *pixel = rgb + ((size_t)(tile->y + y) * frame->width + tile->x) * 3;
        for (uint32_t x = 0; x < width; x++, pixel += 3)
            for (int channel = 0; channel < 3; channel++)
                frame->histogram[1 + channel][pixel[channel]]++;
    }
}

static void fill_tile(struct sai_bi_frame *frame, struct sai_bi_tile *tile, const uint8_t *rgb)
{
    struct sai_bi_plane all = outer(&tile->scale[0], SAI_BI_PAD);
    int64_t left = (int64_t)tile->x - SAI_BI_PAD;
    bool inside = left >= 0 && left + all.width <= frame->width;
    for (uint32_t y = 0; y < all.height; y++) {
        int64_t at = (int64_t)tile->y + y - SAI_BI_PAD;
        at = at < 0 ? 0 : at >= frame->height ? (int64_t)frame->height - 1 : at;
        const uint8_t *row = rgb + (size_t)at * frame->width * 3;
        if (inside)
            tile_row_inside(all.px + (size_t)y * all.stride, row + left * 3, all.width);
        else
            tile_row(all.px + (size_t)y * all.stride, row, left, all.width, frame->width);
    }
    for (uint32_t scale = 1, pad = SAI_BI_PAD; scale < SAI_BI_SCALES; scale++, pad /= 2) {
        struct sai_bi_plane from = outer(&tile->scale[scale - 1], pad), to = outer(&tile->scale[scale], pad / 2);
        halve(&to, &from);
    }
    count_tile(frame, tile, rgb);
}

/* How many tiles lie along each axis: all of the image if SAI_BI_TILES cover it, else an even sample of it. */
static struct size2 tile_grid(uint32_t width, uint32_t height, uint32_t tile_width, uint32_t tile_height)
{
    uint64_t across = ((uint64_t)width + tile_width - 1) / tile_width;
    uint64_t down = ((uint64_t)height + tile_height - 1) / tile_height;
    struct size2 grid = {1, 1};
    if (across * down <= SAI_BI_TILES) {
        grid.width = (uint32_t)across;
        grid.height = (uint32_t)down;
        return grid;
    }
    while (grid.width < across && grid.width < SAI_BI_TILES &&
           (uint64_t)(grid.width + 1) * (grid.width + 1) * height <= (uint64_t)SAI_BI_TILES * width)
        grid.width++;
    grid.height = (uint32_t)(SAI_BI_TILES / grid.width < down ? SAI_BI_TILES / grid.width : down);
    grid.width = (uint32_t)(SAI_BI_TILES / grid.height < across ? SAI_BI_TILES / grid.height : across);
    return grid;
}

/* Spread evenly from edge to edge where they cover the side, else centred in equal strips; on the 8-pixel grid. */
static uint32_t tile_place(uint32_t index, uint32_t count, uint32_t side, uint32_t tile)
{
    if (side <= tile)
        return 0;
    uint64_t at = (uint64_t)tile * count >= side && count > 1 ? (uint64_t)(side - tile) * index / (count - 1)
                                                              : ((uint64_t)side * (2 * index + 1) / count - tile) / 2;
    return min_u32((uint32_t)at, side - tile) & ~7u;
}

static size_t tile_floats(uint32_t width, uint32_t height)
{
    size_t floats = 0;
    for (uint32_t scale = 0, pad = SAI_BI_PAD; scale < SAI_BI_SCALES; scale++, pad /= 2)
        floats += (size_t)((width >> scale) + 2 * pad) * ((height >> scale) + 2 * pad);
    return floats;
}

static float *place_tiles(struct sai_bi_frame *frame, float *at, struct size2 grid, struct size2 tile)
{
    for (uint32_t i = 0; i < frame->tile_count; i++) {
        frame->tile[i].x = tile_place(i % grid.width, grid.width, frame->width, tile.width);
        frame->tile[i].y = tile_place(i / grid.width, grid.height, frame->height, tile.height);
        for (uint32_t scale = 0, pad = SAI_BI_PAD; scale < SAI_BI_SCALES; scale++, pad /= 2) {
            uint32_t width = tile.width >> scale, height = tile.height >> scale, stride = width + 2 * pad;
            struct sai_bi_plane plane = {at + (size_t)pad * stride + pad, width, height, stride};
            frame->tile[i].scale[scale] = plane;
            at += (size_t)stride * (height + 2 * pad);
        }
    }
    return at;
}

static float *place_level(struct sai_bi_plane *plane, float *at, struct size2 size)
{
    struct sai_bi_plane placed = {at, size.width, size.height, size.width};
    *plane = placed;
    return at + (size_t)size.width * size.height;
}

static void place_levels(struct sai_bi_frame *frame, float *at, struct size2 size)
{
    for (int level = 0; level < SAI_BI_LEVELS; level++) {
        at = place_level(&frame->luma[level], at, size);
        if (level < SAI_BI_CHROMA) {
            at = place_level(&frame->red_green[level], at, size);
            at = place_level(&frame->yellow_blue[level], at, size);
        }
        size.width = (size.width + 1) / 2;
        size.height = (size.height + 1) / 2;
    }
}

static void fill_levels(struct sai_bi_frame *frame)
{
    for (int level = 1; level < SAI_BI_LEVELS; level++)
        halve(&frame->luma[level], &frame->luma[level - 1]);
    for (int level = 1; level < SAI_BI_CHROMA; level++) {
        halve(&frame->red_green[level], &frame->red_green[level - 1]);
        halve(&frame->yellow_blue[level], &frame->yellow_blue[level - 1]);
    }
}

int sai_bi_frame_init(struct sai_bi_frame *out, const uint8_t *rgb, uint32_t width, uint32_t height)
{
    memset(out, 0, sizeof *out);
    out->width = width;
    out->height = height;
    struct size2 level = {level_side(width, max_u32(width, height)), level_side(height, max_u32(width, height))};
    struct size2 tile = {min_u32(max_u32(width & ~7u, 16), SAI_BI_TILE),
                         min_u32(max_u32(height & ~7u, 16), SAI_BI_TILE)};
    struct size2 grid = tile_grid(width, height, tile.width, tile.height);
    out->tile_count = grid.width * grid.height;

    /* A level is at most (n + 1) / 2 of the one above: with 3 planes, 5 times level 0 is ample from 32 pixels up. */
    size_t work = (size_t)level.width * level.height * 5;
    size_t native = tile_floats(tile.width, tile.height) * out->tile_count;
    size_t scratch = (size_t)SAI_BI_LONG * SAI_BI_LONG, row, total;
    if (!sai_mul_size(&row, width, 3) || !sai_add_size(&total, row, work + native + scratch))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "an image %u pixels wide does not fit in memory", (unsigned)width);
    float *memory = sai_aligned_array(total, sizeof *memory);
    if (!memory)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    out->memory = memory;
    out->scratch = memory;
    place_levels(out, memory + scratch, level);
    place_tiles(out, memory + scratch + work, grid, tile);
    fill_level0(out, rgb, memory + scratch + work + native);
    fill_levels(out);
    for (uint32_t i = 0; i < out->tile_count; i++)
        fill_tile(out, &out->tile[i], rgb);
    return SELECTAI_OK;
}

void sai_bi_frame_clear(struct sai_bi_frame *frame)
{
    sai_free(frame->memory);
    frame->memory = NULL;
}

struct sai_bi_plane sai_bi_inner(const struct sai_bi_plane *plane, uint32_t margin)
{
    struct sai_bi_plane inner = {plane->px + (size_t)margin * plane->stride + margin, plane->width - 2 * margin,
                                 plane->height - 2 * margin, plane->stride};
    return inner;
}
