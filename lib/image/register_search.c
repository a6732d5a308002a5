/*
 * image/register_search.c: tries every place of a reduced original, for a crop of any size.
 *
 * Normalised cross-correlation with the windows' means and deviations from integral images (J. P. Lewis, "Fast
 * normalized cross-correlation", Vision Interface 1995), of structure instead of luma, so that tone does not count, and
 * in whole numbers, so that every machine finds the same.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "image/register.h"

/* Structure is stored times 48 and cut off at +-127: products of the largest template fit into 32 bits. */
#define FEATURE_SCALE 48
#define FEATURE_MAX   127

/* Columns of a template are filled up with zeros to a multiple of LANES, and windows are tried GROUP at once. */
#define LANES 8u
#define GROUP 4u

/* Places of each size of box that go on. */
#define PEAKS 6u

/* Boxes that overlap more than this stand for each other. */
#define SAME_PLACE 0.85

/* Below this a template or a window has no structure to speak of (mean square of stored values). */
#define MIN_VARIANCE 4.0

/* The reduced original. */
struct scene {
    uint32_t width, height;
    size_t stride;
    double unit_x, unit_y; /* original pixels along a side of a reduced one */
    int16_t *value;
    int64_t *sum, *square; /* integral images, (width + 1) x (height + 1) */
};

struct template
{
    uint32_t width, height;
    size_t stride;
    int16_t *value;
    double mean, deviation; /* deviation: root of the sum of squared differences from the mean */
};

struct peak {
    uint32_t x, y;
    float score;
};

/* ---- Making both sides ----------------------------------------------------------------------- */

/* Structure of `place` in whole numbers; rows of `stride`, the rest of each row 0. */
static int make_features(int16_t **out, uint32_t width, uint32_t height, size_t stride,
                         const struct sai_pyramid *pyramid, const struct sai_place *place)
{
    size_t n = (size_t)width * height;
    float *luma = sai_malloc_array(n, 4 * sizeof *luma);
    int16_t *value = sai_calloc((size_t)height * stride + GROUP + LANES, sizeof *value);
    int rc = luma && value ? sai_pyramid_sample(luma, width, height, pyramid, place) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        float *structure = luma + n;
        sai_luma_structure(structure, luma, width, height, luma + 2 * n);
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++) {
                float v = rintf(structure[(size_t)y * width + x] * FEATURE_SCALE);
                v = v > FEATURE_MAX ? FEATURE_MAX : v < -FEATURE_MAX ? -FEATURE_MAX : v;
                value[y * stride + x] = (int16_t)v;
            }
        *out = value;
        value = NULL;
    }
    sai_free(luma);
    sai_free(value);
    return rc;
}

static void clear_scene(struct scene *scene)
{
    sai_free(scene->value);
    sai_free(scene->sum);
    sai_free(scene->square);
}

static void integrate(struct scene *s)
{
    size_t row = (size_t)s->width + 1;
    for (uint32_t y = 0; y < s->height; y++) {
        int64_t sum = 0, square = 0;
        for (uint32_t x = 0; x < s->width; x++) {
            int64_t v = s->value[y * s->stride + x];
            sum += v;
            square += v * v;
            s->sum[(y + 1) * row + x + 1] = s->sum[y * row + x + 1] + sum;
            s->square[(y + 1) * row + x + 1] = s->square[y * row + x + 1] + square;
        }
    }
}

/* The original with a longer side of `side`, or its own if that is shorter. */
static int make_scene(struct scene *out, const struct sai_pyramid *original, uint32_t side)
{
    uint32_t longer = original->width > original->height ? original->width : original->height;
    double factor = side < longer ? (double)side / longer : 1;
    struct scene s = {.width = (uint32_t)lrint(original->width * factor),
                      .height = (uint32_t)lrint(original->height * factor)};
    s.width += s.width == 0;
    s.height += s.height == 0;
    s.unit_x = (double)original->width / s.width;
    s.unit_y = (double)original->height / s.height;
    s.stride = s.width + LANES;
    struct sai_place whole = {0, 0, original->width, original->height};
    size_t cells = ((size_t)s.width + 1) * ((size_t)s.height + 1);
    int rc = make_features(&s.value, s.width, s.height, s.stride, original, &whole);
    s.sum = rc == SELECTAI_OK ? sai_calloc(cells, sizeof *s.sum) : NULL;
    s.square = s.sum ? sai_calloc(cells, sizeof *s.square) : NULL;
    if (rc == SELECTAI_OK && s.square == NULL)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK) {
        clear_scene(&s);
        return rc;
    }
    integrate(&s);
    *out = s;
    return SELECTAI_OK;
}

static int make_template(struct template *out, const struct sai_pyramid *cropped, uint32_t width, uint32_t height)
{
    struct template t = {.width = width, .height = height, .stride = (width + LANES - 1) / LANES * LANES};
    struct sai_place whole = {0, 0, cropped->width, cropped->height};
    int rc = make_features(&t.value, width, height, t.stride, cropped, &whole);
    if (rc != SELECTAI_OK)
        return rc;
    int64_t sum = 0, square = 0;
    for (size_t i = 0; i < height * t.stride; i++) {
        sum += t.value[i];
        square += t.value[i] * t.value[i];
    }
    double n = (double)width * height;
    t.mean = (double)sum / n;
    t.deviation = sqrt((double)square - n * t.mean * t.mean);
    *out = t;
    return SELECTAI_OK;
}

/* ---- Correlating ----------------------------------------------------------------------------- */

/* Sums of products of the template with GROUP windows side by side. */
#if defined(__SSE2__)
static int32_t total(__m128i v)
{
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 0x4E));
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 0xB1));
    return _mm_cvtsi128_si32(v);
}

static void correlate(int32_t out[GROUP], const struct template *t, const int16_t *window, size_t stride)
{
    __m128i sum[GROUP];
    for (uint32_t g = 0; g < GROUP; g++)
        sum[g] = _mm_setzero_si128();
    for (uint32_t y = 0; y < t->height; y++) {
        const int16_t *a = t->value + y * t->stride, *b = window + y * stride;
        for (size_t x = 0; x < t->stride; x += LANES) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(a + x));
            for (uint32_t g = 0; g < GROUP; g++) {
                __m128i w = _mm_loadu_si128((const __m128i *)(const void *)(b + x + g));
                sum[g] = _mm_add_epi32(sum[g], _mm_madd_epi16(v, w));
            }
        }
    }
    for (uint32_t g = 0; g < GROUP; g++)
        out[g] = total(sum[g]);
}
#else
static void correlate(int32_t out[GROUP], const struct template *t, const int16_t *window, size_t stride)
{
    for (uint32_t g = 0; g < GROUP; g++)
        out[g] = 0;
    for (uint32_t y = 0; y < t->height; y++)
        for (size_t x = 0; x < t->width; x++)
            for (uint32_t g = 0; g < GROUP; g++)
                out[g] += t->value[y * t->stride + x] * window[y * stride + x + g];
}
#endif

static inline int64_t window_sum(const int64_t *table, size_t row, uint32_t x, uint32_t y, const struct template *t)
{
    const int64_t *top = table + y * row + x, *bottom = top + t->height * row;
    return bottom[t->width] - bottom[0] - top[t->width] + top[0];
}

static float normalise(const struct scene *s, const struct template *t, uint32_t x, uint32_t y, int32_t products)
{
    size_t row = (size_t)s->width + 1;
    double n = (double)t->width * t->height;
    double sum = (double)window_sum(s->sum, row, x, y, t), square = (double)window_sum(s->square, row, x, y, t);
    double variance = square - sum * sum / n, floor = MIN_VARIANCE * n;
    variance = variance < floor ? floor : variance;
    return (float)((products - sum * t->mean) / (sqrt(variance) * t->deviation));
}

/* Scores of all windows. */
static void score_windows(float *scores, const struct scene *s, const struct template *t)
{
    uint32_t columns = s->width - t->width + 1, rows = s->height - t->height + 1;
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x += GROUP) {
            int32_t products[GROUP];
            correlate(products, t, s->value + y * s->stride + x, s->stride);
            for (uint32_t g = 0; g < GROUP && x + g < columns; g++)
                scores[(size_t)y * columns + x + g] = normalise(s, t, x + g, y, products[g]);
        }
}

/* ---- Best places ----------------------------------------------------------------------------- */

static bool is_peak(const float *scores, uint32_t columns, uint32_t rows, uint32_t x, uint32_t y)
{
    const float *at = scores + (size_t)y * columns + x;
    for (int dy = y > 0 ? -1 : 0; dy <= (y + 1 < rows ? 1 : 0); dy++)
        for (int dx = x > 0 ? -1 : 0; dx <= (x + 1 < columns ? 1 : 0); dx++)
            if (at[dy * (ptrdiff_t)columns + dx] > *at)
                return false;
    return true;
}

static uint32_t find_peaks(struct peak *peaks, const float *scores, uint32_t columns, uint32_t rows)
{
    uint32_t n = 0;
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x++) {
            float score = scores[(size_t)y * columns + x];
            if (n == PEAKS && score <= peaks[n - 1].score)
                continue;
            if (!is_peak(scores, columns, rows, x, y))
                continue;
            uint32_t i = n < PEAKS ? n++ : PEAKS - 1;
            for (; i > 0 && peaks[i - 1].score < score; i--)
                peaks[i] = peaks[i - 1];
            peaks[i] = (struct peak){x, y, score};
        }
    return n;
}

double sai_place_overlap(const struct sai_place *a, const struct sai_place *b)
{
    double x1 = a->x1 > b->x1 ? a->x1 : b->x1, x2 = a->x2 < b->x2 ? a->x2 : b->x2;
    double y1 = a->y1 > b->y1 ? a->y1 : b->y1, y2 = a->y2 < b->y2 ? a->y2 : b->y2;
    if (x2 <= x1 || y2 <= y1)
        return 0;
    double both = (x2 - x1) * (y2 - y1);
    return both / ((a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both);
}

/* Keeps the list sorted, best first, without near doubles. */
static void add_candidate(struct sai_candidates *list, const struct sai_candidate *new)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (sai_place_overlap(&list->item[i].place, &new->place) > SAME_PLACE) {
            if (list->item[i].score >= new->score)
                return;
            list->n--;
            memmove(list->item + i, list->item + i + 1, (list->n - i) * sizeof *list->item);
            i--;
        }
    if (list->n == SAI_CANDIDATES) {
        if (list->item[list->n - 1].score >= new->score)
            return;
        list->n--;
    }
    uint32_t i = list->n++;
    for (; i > 0 && list->item[i - 1].score < new->score; i--)
        list->item[i] = list->item[i - 1];
    list->item[i] = *new;
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

/* All places of a box of width x height reduced pixels, which need not be whole numbers. */
static int search_size(struct sai_candidates *out, const struct scene *scene, const struct sai_pyramid *cropped,
                       double width, double height)
{
    struct template t = {0};
    uint32_t w = (uint32_t)lrint(width), h = (uint32_t)lrint(height);
    w = w > scene->width ? scene->width : w;
    h = h > scene->height ? scene->height : h;
    if (w == 0 || h == 0)
        return SELECTAI_OK;
    int rc = make_template(&t, cropped, w, h);
    if (rc != SELECTAI_OK || t.deviation * t.deviation < MIN_VARIANCE * w * h) {
        sai_free(t.value);
        return rc;
    }
    uint32_t columns = scene->width - w + 1, rows = scene->height - h + 1;
    float *scores = sai_malloc_array((size_t)columns * rows, sizeof *scores);
    if (scores != NULL) {
        struct peak peaks[PEAKS];
        score_windows(scores, scene, &t);
        uint32_t n = find_peaks(peaks, scores, columns, rows);
        for (uint32_t i = 0; i < n; i++) {
            double cx = peaks[i].x + 0.5 * w, cy = peaks[i].y + 0.5 * h, ux = scene->unit_x, uy = scene->unit_y;
            struct sai_candidate c = {
                {(cx - 0.5 * width) * ux, (cy - 0.5 * height) * uy, (cx + 0.5 * width) * ux, (cy + 0.5 * height) * uy},
                peaks[i].score};
            add_candidate(out, &c);
        }
    }
    sai_free(t.value);
    sai_free(scores);
    return scores ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* Boxes of the ratio `aspect` (width over height, in original pixels), their share of the frame from `high` down. */
static int search_shares(struct sai_candidates *out, const struct scene *scene, const struct sai_pyramid *cropped,
                         double aspect, double high, double low, double step)
{
    double ratio = aspect * scene->unit_y / scene->unit_x;
    double frame_width = scene->width < scene->height * ratio ? scene->width : scene->height * ratio;
    double longest = ratio > 1 ? frame_width : frame_width / ratio;
    int rc = SELECTAI_OK;
    for (double side = longest * high; rc == SELECTAI_OK && side > longest * low; side -= step) {
        double width = ratio > 1 ? side : side * ratio;
        rc = search_size(out, scene, cropped, width, width / ratio);
    }
    return rc;
}

/* Reduced sides: the smaller the boxes, the less the original is reduced, so that enough of them is left. */
#define LARGE_SIDE  96
#define SMALL_SIDE  128
#define SMALL_SHARE 0.45
#define MIN_SHARE   0.19

/* The most frequent case: cut out and saved again with loss, not resized. */
static int search_same_scale(struct sai_candidates *out, const struct sai_pyramid *original,
                             const struct sai_pyramid *cropped)
{
    if (cropped->width > original->width || cropped->height > original->height)
        return SELECTAI_OK;
    uint32_t longer = original->width > original->height ? original->width : original->height;
    uint32_t side = cropped->width > cropped->height ? cropped->width : cropped->height;
    double reduced = 40.0 * longer / side;
    struct scene scene = {0};
    reduced = reduced < LARGE_SIDE ? LARGE_SIDE : reduced > 320 ? 320 : reduced;
    int rc = make_scene(&scene, original, (uint32_t)lrint(reduced));
    if (rc == SELECTAI_OK)
        rc = search_size(out, &scene, cropped, cropped->width / scene.unit_x, cropped->height / scene.unit_y);
    clear_scene(&scene);
    return rc;
}

int sai_search_locked(struct sai_candidates *out, const struct sai_pyramid *original, const struct sai_pyramid *cropped)
{
    struct scene scene = {0};
    double aspect = (double)cropped->width / cropped->height;
    int rc = search_same_scale(out, original, cropped);
    if (rc == SELECTAI_OK)
        rc = make_scene(&scene, original, LARGE_SIDE);
    if (rc == SELECTAI_OK)
        rc = search_shares(out, &scene, cropped, aspect, 1, SMALL_SHARE, 2);
    clear_scene(&scene);
    scene = (struct scene){0};
    if (rc == SELECTAI_OK)
        rc = make_scene(&scene, original, SMALL_SIDE);
    if (rc == SELECTAI_OK)
        rc = search_shares(out, &scene, cropped, aspect, SMALL_SHARE, MIN_SHARE, 2);
    clear_scene(&scene);
    return rc;
}

/* Reduced side and steps of the search in which width and height are both free. */
#define FREE_SIDE  64
#define FREE_SHARE 0.3

int sai_search_free(struct sai_candidates *out, const struct sai_pyramid *original, const struct sai_pyramid *cropped)
{
    static const double stretches[] = {0.5, 0.56, 0.63, 0.71, 0.79, 0.89, 1.12, 1.26, 1.41, 1.59, 1.78, 2.0};
    struct scene scene = {0};
    double aspect = (double)cropped->width / cropped->height;
    int rc = make_scene(&scene, original, FREE_SIDE);
    /* The frame's own ratio: a crop that kept it and was squeezed into another shape. */
    if (rc == SELECTAI_OK)
        rc = search_shares(out, &scene, cropped, (double)original->width / original->height, 1, FREE_SHARE, 2);
    for (size_t i = 0; rc == SELECTAI_OK && i < sizeof stretches / sizeof *stretches; i++)
        rc = search_shares(out, &scene, cropped, aspect * stretches[i], 1, FREE_SHARE, 3);
    clear_scene(&scene);
    return rc;
}
