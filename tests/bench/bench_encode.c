/*
 * bench/bench_encode.c: images per second of the built-in encoder, from PNG files of 1024 x 1024 to vectors.
 *
 * The pictures are made here: gradients, shapes and grain, so that PNG inflates and filters as it does for real ones.
 * Prints the median of five rounds with all cores, decoding alone beside it, and the target of 25 images/s.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <selectai/selectai.h>

enum { SIDE = 1024, IMAGES = 24, ROUNDS = 5 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void draw(uint8_t *rgb, unsigned seed)
{
    uint32_t state = seed * 2654435761u + 1;
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            double dx = x - 512.0 - 7.0 * seed, dy = y - 400.0, disc = dx * dx + dy * dy < 90000 ? 60 : 0;
            for (int c = 0; c < 3; c++) {
                state = state * 1664525u + 1013904223u;
                double grain = (double)(state >> 28) - 8;
                double v = 90 + 50 * sin(x * 0.013 * (c + 1) + seed) + 0.05 * y + disc + grain;
                rgb[3 * ((size_t)y * SIDE + (size_t)x) + (size_t)c] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
        }
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int fail(void)
{
    fprintf(stderr, "%s\n", selectai_last_error());
    return 1;
}

static int measure(const char *const *paths, selectai_encoder *encoder, float *vectors)
{
    double all[ROUNDS], decode[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double start = now();
        if (selectai_encoder_encode_files(vectors, NULL, encoder, paths, IMAGES, NULL, NULL) != SELECTAI_OK)
            return fail();
        all[r] = IMAGES / (now() - start);
        start = now();
        for (int i = 0; i < IMAGES; i++) {
            selectai_image *image = NULL;
            if (selectai_image_load(&image, paths[i], NULL) != SELECTAI_OK)
                return fail();
            selectai_image_destroy(&image);
        }
        decode[r] = 1e3 * (now() - start) / IMAGES;
    }
    qsort(all, ROUNDS, sizeof *all, by_value);
    qsort(decode, ROUNDS, sizeof *decode, by_value);
    printf("built-in encoder, %dx%d PNG: %.1f images/s (median of %d, %.1f-%.1f), decoding alone %.1f ms on one core; "
           "target 25 images/s on 2 cores\n",
           SIDE, SIDE, all[ROUNDS / 2], ROUNDS, all[0], all[ROUNDS - 1], decode[ROUNDS / 2]);
    return 0;
}

int main(void)
{
    char dir[] = "/tmp/selectai-bench-XXXXXX", storage[IMAGES][64];
    const char *paths[IMAGES];
    uint8_t *rgb = malloc((size_t)3 * SIDE * SIDE);
    float *vectors = malloc(IMAGES * 512 * sizeof *vectors);
    selectai_encoder *encoder = NULL;
    if (!rgb || !vectors || !mkdtemp(dir))
        return 1;
    for (int i = 0; i < IMAGES; i++) {
        selectai_image *image = NULL;
        draw(rgb, (unsigned)i);
        snprintf(storage[i], sizeof storage[i], "%s/%d.png", dir, i);
        paths[i] = storage[i];
        if (selectai_image_create(&image, SIDE, SIDE, rgb, 0) != SELECTAI_OK ||
            selectai_image_save(image, paths[i], 6) != SELECTAI_OK)
            return fail();
        selectai_image_destroy(&image);
    }
    int rc = selectai_encoder_open(&encoder, "builtin", NULL) == SELECTAI_OK ? measure(paths, encoder, vectors)
                                                                             : fail();
    selectai_encoder_close(&encoder);
    for (int i = 0; i < IMAGES; i++)
        unlink(paths[i]);
    rmdir(dir);
    free(vectors);
    free(rgb);
    return rc;
}
