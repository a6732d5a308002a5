/*
 * examples/selectai/sample/defects_tone.c: defects of the whole picture that come last: noise, blocks, cast, bands.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "stages.h"

#include <math.h>

static size_t pixels_of(const struct canvas *c)
{
    return (size_t)c->width * (size_t)c->height;
}

static void add_noise(struct canvas *c, const struct defect *d)
{
    float strength = 0.34f * d->severity;
    for (int y = 0; y < c->height; y++) {
        for (int x = 0; x < c->width; x++) {
            float *p = c->rgb + ((size_t)y * (size_t)c->width + (size_t)x) * 3;
            float grey = noise_cell(x, y, d->seed) + noise_cell(x, y, d->seed + 1) - 1.0f;
            for (int k = 0; k < 3; k++) {
                float own = noise_cell(x, y, d->seed + 2u + (uint32_t)k) - 0.5f;
                p[k] = clamp01(p[k] + strength * (0.6f * grey + 0.8f * own));
            }
        }
    }
}

static void add_cast(struct canvas *c, const struct defect *d)
{
    static const struct color casts[3] = {{0.60f, 1.10f, 0.62f}, {0.62f, 0.80f, 1.30f}, {1.00f, 0.58f, 1.12f}};
    struct color cast = casts[d->seed % 3];
    size_t n = pixels_of(c);
    for (size_t i = 0; i < n; i++) {
        float *p = c->rgb + i * 3, grey = canvas_luma(p) * 0.8f + 0.1f;
        struct color over = {clamp01(mixf(p[0], grey, 0.35f) * cast.r), clamp01(mixf(p[1], grey, 0.35f) * cast.g),
                             clamp01(mixf(p[2], grey, 0.35f) * cast.b)};
        pixel_blend(p, over, d->severity);
    }
}

static void add_bands(struct canvas *c, const struct defect *d)
{
    float levels = 4.0f + 2.0f * (1.0f - d->severity);
    size_t n = pixels_of(c) * 3;
    float mix = fminf(1.0f, 1.3f * d->severity);
    for (size_t i = 0; i < n; i++) {
        float band = floorf(c->rgb[i] * levels + 0.5f) / levels;
        c->rgb[i] = mixf(c->rgb[i], clamp01(band), mix);
    }
}

struct basis {
    float v[8][8];
};

/* The 8-point DCT-II basis, orthonormal. */
static void dct_basis(struct basis *basis)
{
    for (int k = 0; k < 8; k++) {
        for (int i = 0; i < 8; i++) {
            float scale = k == 0 ? sqrtf(0.125f) : 0.5f;
            basis->v[k][i] = scale * cosf((2.0f * (float)i + 1.0f) * (float)k * 3.14159265f / 16.0f);
        }
    }
}

/* Keeps only what survives a coarse step that grows with the frequency, as JPEG at very low quality does. */
static void quantise_block(float block[8][8], const struct basis *basis, float step)
{
    float half[8][8], freq[8][8];
    for (int y = 0; y < 8; y++) {
        for (int k = 0; k < 8; k++) {
            half[y][k] = 0;
            for (int i = 0; i < 8; i++) {
                half[y][k] += basis->v[k][i] * block[y][i];
            }
        }
    }
    for (int k = 0; k < 8; k++) {
        for (int j = 0; j < 8; j++) {
            float v = 0;
            for (int i = 0; i < 8; i++) {
                v += basis->v[j][i] * half[i][k];
            }
            float q = step * (1.0f + 0.45f * (float)(j + k));
            freq[j][k] = floorf(v / q + 0.5f) * q;
        }
    }
    for (int y = 0; y < 8; y++) {
        for (int k = 0; k < 8; k++) {
            half[y][k] = 0;
            for (int j = 0; j < 8; j++) {
                half[y][k] += basis->v[j][y] * freq[j][k];
            }
        }
    }
    for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 8; x++) {
            block[y][x] = 0;
            for (int k = 0; k < 8; k++) {
                block[y][x] += basis->v[k][x] * half[y][k];
            }
        }
    }
}

/* One block: luma through the DCT, the colour difference averaged. */
static void block_at(struct canvas *c, int x0, int y0, const struct basis *basis, float severity)
{
    float luma[8][8], mean[3] = {0, 0, 0};
    for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 8; x++) {
            int sx = x0 + x < c->width ? x0 + x : c->width - 1, sy = y0 + y < c->height ? y0 + y : c->height - 1;
            const float *p = c->rgb + ((size_t)sy * (size_t)c->width + (size_t)sx) * 3;
            luma[y][x] = canvas_luma(p);
            for (int k = 0; k < 3; k++) {
                mean[k] += (p[k] - luma[y][x]) * (1.0f / 64.0f);
            }
        }
    }
    quantise_block(luma, basis, 0.27f * severity);
    for (int y = 0; y < 8 && y0 + y < c->height; y++) {
        for (int x = 0; x < 8 && x0 + x < c->width; x++) {
            float *p = c->rgb + ((size_t)(y0 + y) * (size_t)c->width + (size_t)(x0 + x)) * 3;
            float grey = canvas_luma(p);
            for (int k = 0; k < 3; k++) {
                p[k] = clamp01(luma[y][x] + mixf(p[k] - grey, mean[k], severity));
            }
        }
    }
}

static void add_blocks(struct canvas *c, const struct defect *d)
{
    struct basis basis;
    dct_basis(&basis);
    for (int y = 0; y < c->height; y += 8) {
        for (int x = 0; x < c->width; x += 8) {
            block_at(c, x, y, &basis, d->severity);
        }
    }
}

void defect_apply_tone(struct canvas *c, const struct defect *d)
{
    switch (d->kind) {
    case DEFECT_NOISE:
        add_noise(c, d);
        break;
    case DEFECT_CAST:
        add_cast(c, d);
        break;
    case DEFECT_BANDS:
        add_bands(c, d);
        break;
    case DEFECT_BLOCKS:
        add_blocks(c, d);
        break;
    default:
        break;
    }
}
