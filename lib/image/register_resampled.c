/*
 * image/register_resampled.c: finds a crop that was saved with loss, resized, sharpened or toned, or says that it is
 * not there.
 *
 * From many places at low resolution to one at high: places that fit badly are dropped at each stage.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "image/register.h"

/* Images are reduced to this before anything else; bounds memory and time whatever their size. */
#define MAX_SIDE 1024

/* Below this an image has too little structure to prove anything. */
#define MIN_IMAGE_SIDE 16

/* Stages: places that enter, longer side at which they are compared, steps. */
#define STAGES 3
static const struct stage {
    uint32_t places, side, iterations;
} stages[STAGES] = {{24, 48, 5}, {6, 96, 5}, {3, 192, 6}};

/* The last refinement, of the place that was found. */
#define FINAL_SIDE       320
#define FINAL_ITERATIONS 5

#define SAME_PLACE 0.8

/* A second place that correlates less by this does not make the first one doubtful. */
#define CLEARLY_WORSE 0.1

/* Turned copies that correlate less than this at the first stage are not looked at further. */
#define TURNED_SCORE 0.5

struct place_list {
    uint32_t n;
    struct sai_fit fit[SAI_CANDIDATES];
};

/*
 * The least correlation that proves anything: the less structure there is, the better some place fits by chance. Chosen
 * on half of the Kodak photos and of AGIQA-3K with tests/bench/register_study.py and with pairs made to be hard
 * (pictures with little in them, blurred, 16 to 64 pixels). 3180 false pairs of two samples, and 1197 true ones that
 * were not found exactly (few of them have little structure), correlated like this:
 *
 * - structured pixels 500-1000:  false at most 0.79, needed 0.99-0.83, true: 3 pairs, at least 0.46
 * - structured pixels 1000-2000: false at most 0.68, needed 0.83-0.72, true: 5 pairs, at least 0.83
 * - structured pixels 2000-4000: false at most 0.63, needed 0.72-0.64, true: 33 pairs, 99 % above 0.75
 * - structured pixels 4000-8000: false at most 0.40, needed 0.64-0.58, true: 92 pairs, 99 % above 0.73
 * - structured pixels above:     false at most 0.36, needed 0.58-0.51, true: 1064 pairs, 99 % above 0.91
 *
 * Mirrored copies of symmetric pictures, which correlate up to 0.91, are left out here; see fits_better_turned.
 */
#define BASE_SCORE   0.45
#define CHANCE_SCORE 12.0

static double least_score(double texture)
{
    return BASE_SCORE + CHANCE_SCORE / sqrt(texture + 1);
}

/*
 * Below LEAST_TEXTURE not even a correlation of 1 is enough, so there is nothing to search for; half of it, because it
 * is not yet known at which size the crop will be compared. Below FREE_TEXTURE nothing is proved among as many more
 * places as there are without the crop's own ratio.
 */
#define LEAST_TEXTURE (0.5 * (CHANCE_SCORE / (1 - BASE_SCORE)) * (CHANCE_SCORE / (1 - BASE_SCORE)))
#define FREE_TEXTURE  1000.0

static double margin(double score, double texture)
{
    return score - least_score(texture);
}

static bool good_enough(const struct sai_fit *fit)
{
    return margin(fit->proof_score, fit->proof_texture) >= 0;
}

static bool proves_more(const struct sai_fit *a, const struct sai_fit *b)
{
    return b->width == 0 || margin(a->proof_score, a->proof_texture) > margin(b->proof_score, b->proof_texture);
}

/* ---- Places ---------------------------------------------------------------------------------- */

/* Keeps the list sorted, best first; of places that are the same the better one. */
static void insert_fit(struct place_list *list, const struct sai_fit *fit)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (sai_place_overlap(&list->fit[i].place, &fit->place) > SAME_PLACE) {
            if (list->fit[i].score >= fit->score)
                return;
            list->n--;
            memmove(list->fit + i, list->fit + i + 1, (list->n - i) * sizeof *list->fit);
            i--;
        }
    uint32_t i = list->n++;
    for (; i > 0 && list->fit[i - 1].score < fit->score; i--)
        list->fit[i] = list->fit[i - 1];
    list->fit[i] = *fit;
}

static int run_stage(struct place_list *list, const struct sai_sides *sides, const struct stage *stage, bool locked)
{
    struct place_list next = {0};
    for (uint32_t i = 0; i < list->n && i < stage->places; i++) {
        struct sai_fit fit = list->fit[i];
        double before = fit.width > 0 && stage > stages + 1 ? margin(fit.score, fit.texture) : -INFINITY;
        fit.proof_score = fit.score;
        fit.proof_texture = fit.texture;
        int rc = sai_refine(&fit, sides, stage->side, stage->iterations, locked);
        if (rc != SELECTAI_OK)
            return rc;
        if (margin(fit.score, fit.texture) > before) {
            fit.proof_score = fit.score;
            fit.proof_texture = fit.texture;
        }
        insert_fit(&next, &fit);
    }
    *list = next;
    return SELECTAI_OK;
}

static void take_candidates(struct place_list *list, const struct sai_candidates *candidates)
{
    for (uint32_t i = 0; i < candidates->n && i + 1 < SAI_CANDIDATES; i++)
        list->fit[list->n++] = (struct sai_fit){.place = candidates->item[i].place, .score = candidates->item[i].score};
}

/* ---- Decision -------------------------------------------------------------------------------- */

static int search(struct place_list *list, struct sai_candidates *candidates, struct sai_sides *sides, bool locked)
{
    list->n = candidates->n = 0;
    int rc = locked ? sai_search_locked(candidates, &sides->original, &sides->cropped)
                    : sai_search_free(candidates, &sides->original, &sides->cropped);
    if (rc != SELECTAI_OK)
        return rc;
    take_candidates(list, candidates);
    for (uint32_t i = 0; rc == SELECTAI_OK && i < STAGES; i++)
        rc = run_stage(list, sides, &stages[i], locked && i + 1 < STAGES);
    return rc;
}

/* How well the crop fits turned as `sides` says, at the place where it fits or at the one opposite. */
static int try_turned(double *best, const struct sai_place *place, const struct sai_sides *sides)
{
    double width = sides->original.width, height = sides->original.height;
    struct sai_place opposite = *place;
    if (sides->mirrored) {
        opposite.x1 = width - place->x2;
        opposite.x2 = width - place->x1;
    }
    if (sides->upside_down) {
        opposite.y1 = height - place->y2;
        opposite.y2 = height - place->y1;
    }
    const struct sai_place *places[] = {place, &opposite};
    int rc = SELECTAI_OK;
    for (int i = 0; rc == SELECTAI_OK && i < 2; i++) {
        struct sai_fit fit = {.place = *places[i]};
        rc = sai_refine(&fit, sides, stages[0].side, stages[0].iterations, false);
        if (rc == SELECTAI_OK && fit.score > TURNED_SCORE)
            rc = sai_refine(&fit, sides, stages[STAGES - 1].side, stages[STAGES - 1].iterations, false);
        else
            continue;
        *best = fit.score > *best ? fit.score : *best;
    }
    return rc;
}

/* A picture that is its own mirror image, nearly, looks like a crop of itself when it was mirrored. */
static int fits_better_turned(bool *better, const struct sai_fit *fit, const struct sai_sides *sides)
{
    struct sai_sides turned = *sides;
    double best = -1;
    int rc = SELECTAI_OK;
    for (int i = 1; rc == SELECTAI_OK && i < 4; i++) {
        turned.mirrored = (i & 1) != 0;
        turned.upside_down = (i & 2) != 0;
        rc = try_turned(&best, &fit->place, &turned);
    }
    *better = best > fit->score;
    return rc;
}

static int decide(struct sai_resampled_match *out, const struct place_list *list, const struct sai_sides *sides)
{
    struct sai_fit best = list->fit[0];
    bool turned = false;
    out->fit = best;
    out->found = good_enough(&best);
    if (!out->found)
        return SELECTAI_OK;
    int rc = fits_better_turned(&turned, &best, sides);
    out->found = !turned;
    out->turned = turned;
    if (rc != SELECTAI_OK || turned)
        return rc;
    out->unique = list->n > 1 && good_enough(&list->fit[1]) && list->fit[1].score > best.score - CLEARLY_WORSE ? 0 : 1;
    rc = sai_refine(&best, sides, FINAL_SIDE, FINAL_ITERATIONS, false);
    out->fit.place = best.place;
    out->fit.residual = best.residual;
    return rc;
}

static int match(struct sai_resampled_match *out, struct sai_sides *sides, double texture)
{
    struct sai_candidates *candidates = sai_malloc(sizeof *candidates);
    struct place_list *list = sai_malloc(sizeof *list);
    int rc = candidates && list ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = search(list, candidates, sides, true);
    if (rc == SELECTAI_OK && list->n > 0)
        rc = decide(out, list, sides);
    if (rc == SELECTAI_OK && !out->found && !out->turned && texture > FREE_TEXTURE) {
        rc = search(list, candidates, sides, false);
        if (rc == SELECTAI_OK && list->n > 0 && proves_more(&list->fit[0], &out->fit))
            rc = decide(out, list, sides);
    }
    sai_free(candidates);
    sai_free(list);
    return rc;
}

/* Of the whole crop, at the size of the last stage. */
static int measure_texture(double *texture, const struct sai_sides *sides)
{
    struct sai_fit fit = {.place = {0, 0, sides->original.width, sides->original.height}};
    int rc = sai_refine(&fit, sides, stages[STAGES - 1].side, 0, false);
    *texture = fit.texture;
    return rc;
}

static bool large_enough(const selectai_image *image)
{
    return image->width >= MIN_IMAGE_SIDE && image->height >= MIN_IMAGE_SIDE;
}

int sai_register_resampled(struct sai_resampled_match *out, const selectai_image *original,
                           const selectai_image *cropped)
{
    struct sai_sides sides = {0};
    double texture = 0;
    *out = (struct sai_resampled_match){
        .unique = -1, .fit = {.score = NAN, .residual = NAN, .proof_score = NAN, .proof_texture = NAN}};
    if (!large_enough(original) || !large_enough(cropped))
        return SELECTAI_OK;
    int rc = sai_pyramid_create(&sides.original, original, MAX_SIDE);
    if (rc == SELECTAI_OK)
        rc = sai_pyramid_create(&sides.cropped, cropped, MAX_SIDE);
    if (rc == SELECTAI_OK)
        rc = measure_texture(&texture, &sides);
    if (rc == SELECTAI_OK && texture > LEAST_TEXTURE)
        rc = match(out, &sides, texture);
    sai_pyramid_clear(&sides.original);
    sai_pyramid_clear(&sides.cropped);
    return rc;
}
