/*
 * crops_fixture.h: pairs of pictures in RAW and FINAL, with what people do to the second one.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef CROPS_FIXTURE_H
#define CROPS_FIXTURE_H

#include "trainset_fixture.h"

#include "image/image.h"

#ifndef WIDTH /* tests with many runs take smaller ones */
#define WIDTH 240
#endif
#define HEIGHT (WIDTH * 3 / 4)

static const struct selectai_pixel_box the_box = {WIDTH / 8, HEIGHT / 9, WIDTH * 19 / 24, HEIGHT * 7 / 9};

/* Discs and a ramp: structure everywhere, nothing twice. */
static inline selectai_image *scene(uint64_t seed)
{
    enum { DISCS = 60 };
    double disc[DISCS][4];
    struct sai_rng rng;
    selectai_image *image = NULL;
    sai_rng_seed(&rng, seed);
    for (int d = 0; d < DISCS; d++)
        for (int k = 0; k < 4; k++)
            disc[d][k] = (double)(sai_rng_next(&rng) % 10000) / 10000;
    assert_int_equal(sai_image_alloc(&image, WIDTH, HEIGHT), SELECTAI_OK);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            double u = (double)x / WIDTH, v = (double)y / HEIGHT, value = 60 + 60 * v + 20 * sin(40 * u * v);
            for (int d = 0; d < DISCS; d++) {
                double dx = u - disc[d][0], dy = v - disc[d][1], r = 0.02 + 0.07 * disc[d][2];
                value += dx * dx + dy * dy < r * r ? 100 * disc[d][3] - 50 : 0;
            }
            for (int c = 0; c < 3; c++) {
                double p = value + 12.0 * c;
                image->pixels[(y * WIDTH + x) * 3 + c] = (uint8_t)(p < 0 ? 0 : p > 255 ? 255 : p);
            }
        }
    return image;
}

static inline selectai_image *cut(const selectai_image *image)
{
    selectai_image *out = NULL;
    assert_int_equal(selectai_image_crop(&out, image, &the_box), SELECTAI_OK);
    return out;
}

/* These take the image and give another. */
static inline selectai_image *resized(selectai_image *image, double factor)
{
    selectai_image *out = NULL;
    uint32_t w = (uint32_t)lrint(image->width * factor), h = (uint32_t)lrint(image->height * factor);
    assert_int_equal(selectai_image_resize(&out, image, w, h, SELECTAI_FILTER_LANCZOS), SELECTAI_OK);
    selectai_image_destroy(&image);
    return out;
}

static inline selectai_image *toned(selectai_image *image)
{
    for (size_t i = 0; i < sai_image_bytes(image); i++)
        image->pixels[i] = (uint8_t)(20 + 210 * pow(image->pixels[i] / 255.0, 0.8));
    return image;
}

static inline void save(const char *rel, const selectai_image *image, int32_t quality, long seconds)
{
    make_parents(rel);
    assert_int_equal(selectai_image_save(image, at(rel), quality), SELECTAI_OK);
    age(rel, seconds);
}

/* Group i: stage 1 loses, stage 2 is the winner, whose final is `final`, so many seconds newer; takes both. */
static inline void pair_up(int i, const char *ending, selectai_image *raw, selectai_image *final, int32_t quality,
                           long newer)
{
    char rel[128];
    snprintf(rel, sizeof rel, "raw/20250708_06%02d00_stage1.png", i);
    put(rel, "never opened", 0);
    snprintf(rel, sizeof rel, "raw/20250708_06%02d00_stage2.%s", i, ending);
    save(rel, raw, 0, 0);
    snprintf(rel, sizeof rel, "final/20250708_06%02d00_stage2.%s", i, ending);
    save(rel, final, quality, newer);
    if (final != raw)
        selectai_image_destroy(&final);
    selectai_image_destroy(&raw);
}

/* A member of an object of the first project's report. */
static inline long reported_in(const selectai_extraction *x, const char *object, const char *name)
{
    char *text = NULL;
    json_t *report = NULL;
    assert_int_equal(selectai_extraction_report_json(&text, x), SELECTAI_OK);
    assert_int_equal(sai_json_parse(&report, text, strlen(text), "report", 0), SELECTAI_OK);
    const json_t *of_project = json_object_get(json_array_get(json_object_get(report, "projects"), 0), object),
                 *of_all = json_object_get(json_object_get(report, "total"), object);
    long value = (long)sai_json_integer(of_project, name, -1);
    assert_int_equal(sai_json_integer(of_all, name, -1), value);
    json_decref(report);
    selectai_free(text);
    return value;
}

#endif
