/*
 * image/register.c: finds where one image was cut out of another; the cheapest proof first.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "image/register.h"

/* Sub-pixel edges this near to the frame lie on it: in original pixels, or in compared pixels where those are larger.
 */
#define SNAP 0.5

static void set_box(struct selectai_crop_match *match, int32_t method, uint32_t x, uint32_t y,
                    const selectai_image *cropped)
{
    match->method = method;
    match->box = (struct selectai_pixel_box){(int32_t)x, (int32_t)y, (int32_t)(x + cropped->width),
                                             (int32_t)(y + cropped->height)};
    match->x1 = match->box.x1;
    match->y1 = match->box.y1;
    match->x2 = match->box.x2;
    match->y2 = match->box.y2;
    match->scale_x = match->scale_y = match->correlation = 1;
    match->residual = 0;
}

/* ---- Resampled ------------------------------------------------------------------------------- */

/* Both edges of one axis. `unit`: original pixels a compared pixel. */
static void round_edges(int32_t *low, int32_t *high, double *first, double *second, double unit, uint32_t size)
{
    double snap = unit > 1 ? SNAP * unit : SNAP;
    if (*first < snap)
        *first = 0;
    if (*second > size - snap)
        *second = size;
    *low = (int32_t)lrint(*first);
    *high = (int32_t)lrint(*second);
    if (*high <= *low)
        *high = *low + 1;
}

static void take_resampled(struct selectai_crop_match *match, const struct sai_resampled_match *found,
                           const selectai_image *original, const selectai_image *cropped)
{
    const struct sai_fit *fit = &found->fit;
    match->correlation = fit->proof_score;
    match->texture = fit->proof_texture;
    if (!found->found)
        return;
    match->method = SELECTAI_CROP_RESAMPLED;
    match->unique = found->unique;
    match->residual = fit->residual;
    match->x1 = fit->place.x1;
    match->y1 = fit->place.y1;
    match->x2 = fit->place.x2;
    match->y2 = fit->place.y2;
    double unit_x = (match->x2 - match->x1) / cropped->width, unit_y = (match->y2 - match->y1) / cropped->height;
    round_edges(&match->box.x1, &match->box.x2, &match->x1, &match->x2, unit_x, original->width);
    round_edges(&match->box.y1, &match->box.y2, &match->y1, &match->y2, unit_y, original->height);
    match->scale_x = cropped->width / (match->x2 - match->x1);
    match->scale_y = cropped->height / (match->y2 - match->y1);
}

/* ---- The three proofs ------------------------------------------------------------------------ */

static int match_exactly(struct selectai_crop_match *match, const selectai_image *original,
                         const selectai_image *cropped)
{
    struct sai_exact_match exact;
    if (original->width == cropped->width && original->height == cropped->height) {
        if (memcmp(original->pixels, cropped->pixels, sai_image_bytes(original)) == 0) {
            set_box(match, SELECTAI_CROP_IDENTICAL, 0, 0, cropped);
            match->unique = 1;
        }
        return SELECTAI_OK;
    }
    if (cropped->width > original->width || cropped->height > original->height)
        return SELECTAI_OK;
    int rc = sai_register_exact(&exact, original, cropped);
    if (rc == SELECTAI_OK && exact.found) {
        set_box(match, SELECTAI_CROP_EXACT, exact.x, exact.y, cropped);
        match->unique = exact.unique;
    }
    return rc;
}

int selectai_image_recover_crop(struct selectai_crop_match *out, const selectai_image *original,
                                const selectai_image *cropped)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(original != NULL);
    SAI_REQUIRE(cropped != NULL);
    struct selectai_crop_match match = {.method = SELECTAI_CROP_NONE,
                                        .unique = -1,
                                        .residual = NAN,
                                        .x1 = NAN,
                                        .y1 = NAN,
                                        .x2 = NAN,
                                        .y2 = NAN,
                                        .scale_x = NAN,
                                        .scale_y = NAN,
                                        .correlation = NAN,
                                        .texture = NAN};
    int rc = match_exactly(&match, original, cropped);
    if (rc == SELECTAI_OK && match.method == SELECTAI_CROP_NONE) {
        struct sai_resampled_match resampled;
        rc = sai_register_resampled(&resampled, original, cropped);
        if (rc == SELECTAI_OK)
            take_resampled(&match, &resampled, original, cropped);
    }
    return rc == SELECTAI_OK ? sai_struct_out(out, &match, sizeof match) : rc;
}
