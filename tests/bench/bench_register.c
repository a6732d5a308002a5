/*
 * bench/bench_register.c: milliseconds of crop recovery on one core, decoding not counted.
 *
 * The pictures are made here: waves, discs and grain. Prints the median of a few rounds for an exact crop, one that was
 * resized and saved as JPEG, and another picture, with 1024 x 1024 and 3072 x 3072 pixels; targets beside them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <selectai/selectai.h>

enum { ROUNDS = 7 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int failed(void)
{
    fprintf(stderr, "%s\n", selectai_last_error());
    return 1;
}

static selectai_image *draw(int side, unsigned seed)
{
    uint8_t *rgb = malloc((size_t)side * (size_t)side * 3);
    selectai_image *image = NULL;
    uint32_t state = seed * 2654435761u + 1;
    double discs[24][4];
    if (!rgb)
        return NULL;
    for (int d = 0; d < 24; d++)
        for (int k = 0; k < 4; k++) {
            state = state * 1664525u + 1013904223u;
            discs[d][k] = (double)(state >> 8) / (1 << 24);
        }
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double u = (double)x / side, v = (double)y / side, value = 100 + 40 * sin(9 * u + seed) * cos(7 * v);
            for (int d = 0; d < 24; d++) {
                double dx = u - discs[d][0], dy = v - discs[d][1], r = 0.02 + 0.1 * discs[d][2];
                if (dx * dx + dy * dy < r * r)
                    value += 80 * discs[d][3] - 40;
            }
            for (int c = 0; c < 3; c++) {
                state = state * 1664525u + 1013904223u;
                double p = value + 10 * c + (double)(state >> 28) - 8;
                rgb[3 * ((size_t)y * (size_t)side + (size_t)x) + (size_t)c] = (uint8_t)(p < 0 ? 0 : p > 255 ? 255 : p);
            }
        }
    if (selectai_image_create(&image, (uint32_t)side, (uint32_t)side, rgb, 0) != SELECTAI_OK)
        image = NULL;
    free(rgb);
    return image;
}

/* Resized to `width` x `height`, saved as JPEG and read again. */
static selectai_image *resave(const selectai_image *image, uint32_t width, uint32_t height)
{
    selectai_image *small = NULL, *out = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    if (selectai_image_resize(&small, image, width, height, SELECTAI_FILTER_LANCZOS) == SELECTAI_OK &&
        selectai_image_encode(&bytes, &n, small, SELECTAI_FORMAT_JPEG, 80) == SELECTAI_OK &&
        selectai_image_decode(&out, bytes, n, NULL, NULL) != SELECTAI_OK)
        out = NULL;
    selectai_free(bytes);
    selectai_image_destroy(&small);
    return out;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int measure(const char *what, const selectai_image *original, const selectai_image *cropped, const char *target)
{
    static const char *const methods[] = {"none", "identical", "exact", "resampled"};
    struct selectai_crop_match match = {.struct_size = sizeof match};
    double ms[ROUNDS];
    if (!original || !cropped)
        return failed();
    for (int r = 0; r < ROUNDS; r++) {
        double start = now();
        if (selectai_image_recover_crop(&match, original, cropped) != SELECTAI_OK)
            return failed();
        ms[r] = 1e3 * (now() - start);
    }
    qsort(ms, ROUNDS, sizeof *ms, by_value);
    printf("crop recovery, %ux%u, %-26s %6.1f ms (median of %d, %.1f-%.1f): %s; target %s\n",
           selectai_image_width(original), selectai_image_height(original), what, ms[ROUNDS / 2], ROUNDS, ms[0],
           ms[ROUNDS - 1], methods[match.method], target);
    return 0;
}

static int measure_side(int side, const char *exact_target, const char *resampled_target)
{
    struct selectai_pixel_box box = {side / 5, 0, side / 5 + side * 3 / 4, side * 3 / 4};
    uint32_t w = (uint32_t)(box.x2 - box.x1), small = w * 3 / 5;
    selectai_image *original = draw(side, 1), *other = draw(side, 2), *crop = NULL;
    if (!original || !other || selectai_image_crop(&crop, original, &box) != SELECTAI_OK)
        return failed();
    selectai_image *lossy = resave(crop, w, w), *resized = resave(crop, small, small);
    int rc = measure("same size, JPEG:", original, lossy, resampled_target);
    rc |= measure("resized, JPEG:", original, resized, resampled_target);
    rc |= measure("another picture:", other, lossy, resampled_target);
    rc |= measure("another one, resized:", other, resized, resampled_target);
    rc |= measure("exact:", original, crop, exact_target);
    selectai_image_destroy(&original);
    selectai_image_destroy(&other);
    selectai_image_destroy(&crop);
    selectai_image_destroy(&lossy);
    selectai_image_destroy(&resized);
    return rc;
}

int main(void)
{
    int rc = measure_side(1024, "15 ms", "150 ms");
    return measure_side(3072, "120 ms", "1200 ms") | rc;
}
