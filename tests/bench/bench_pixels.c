/*
 * bench/bench_pixels.c FILE.png...: milliseconds of processor time from PNG files to pixels, CLIP's input and the hash,
 * beside the floor: libdeflate alone on the same compressed bytes. One JSON object on stdout; bench_pixels.py reads it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libdeflate.h>

#include <selectai/selectai.h>

enum { ROUNDS = 15, SIZE = 224, STEPS = 4 };

static const char *const steps[STEPS] = {"inflate", "decode", "preprocess", "phash"};

struct file {
    uint8_t *bytes, *compressed, *rows;
    size_t n, n_compressed, n_rows;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The file, its picture data in one piece, and room for its rows; 8 bits a sample. */
static int read_file(struct file *out, const char *path)
{
    static const unsigned samples[7] = {1, 0, 3, 1, 2, 0, 4};
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        return 1;
    out->n = (size_t)ftell(f);
    rewind(f);
    out->bytes = malloc(out->n);
    out->compressed = malloc(out->n);
    if (!out->bytes || !out->compressed || out->n < 33 || fread(out->bytes, 1, out->n, f) != out->n)
        return 1;
    fclose(f);
    for (size_t at = 8; out->n - at >= 12; at += 12 + be32(out->bytes + at))
        if (memcmp(out->bytes + at + 4, "IDAT", 4) == 0) {
            memcpy(out->compressed + out->n_compressed, out->bytes + at + 8, be32(out->bytes + at));
            out->n_compressed += be32(out->bytes + at);
        }
    out->n_rows = ((size_t)be32(out->bytes + 16) * samples[out->bytes[25] % 7] + 1) * be32(out->bytes + 20);
    out->rows = malloc(out->n_rows);
    return !out->rows || out->bytes[24] != 8;
}

static int inflate_alone(const struct file *file)
{
    size_t got;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    int rc = !d || libdeflate_zlib_decompress(d, file->compressed, file->n_compressed, file->rows, file->n_rows, &got);
    libdeflate_free_decompressor(d);
    return rc;
}

static int measure(double times[STEPS], const struct file *file, float *input)
{
    selectai_image *image = NULL;
    uint64_t hash;
    double t[STEPS + 1];
    t[0] = now();
    int rc = inflate_alone(file);
    t[1] = now();
    rc |= selectai_image_decode(&image, file->bytes, file->n, NULL, NULL);
    t[2] = now();
    rc |= selectai_image_preprocess(input, image, SIZE);
    t[3] = now();
    rc |= selectai_image_phash(&hash, image);
    t[4] = now();
    selectai_image_destroy(&image);
    for (int i = 0; i < STEPS; i++)
        times[i] = t[i + 1] - t[i];
    return rc;
}

int main(int argc, char **argv)
{
    double total[STEPS] = {0};
    float *input = malloc((size_t)3 * SIZE * SIZE * sizeof *input);
    for (int f = 1; f < argc && input; f++) {
        struct file file = {0};
        double rounds[STEPS][ROUNDS], times[STEPS];
        if (read_file(&file, argv[f]) != 0) {
            fprintf(stderr, "%s: cannot be read, or has no 8 bits a sample\n", argv[f]);
            return 1;
        }
        for (int r = 0; r < ROUNDS; r++) {
            if (measure(times, &file, input) != 0) {
                fprintf(stderr, "%s: %s\n", argv[f], selectai_last_error());
                return 1;
            }
            for (int i = 0; i < STEPS; i++)
                rounds[i][r] = times[i];
        }
        for (int i = 0; i < STEPS; i++) {
            qsort(rounds[i], ROUNDS, sizeof **rounds, by_value);
            total[i] += rounds[i][ROUNDS / 2];
        }
        free(file.bytes);
        free(file.compressed);
        free(file.rows);
    }
    printf("{\"files\": %d", argc - 1);
    for (int i = 0; i < STEPS; i++)
        printf(", \"%s\": %.3f", steps[i], argc > 1 ? total[i] / (argc - 1) : 0.0);
    printf("}\n");
    free(input);
    return 0;
}
