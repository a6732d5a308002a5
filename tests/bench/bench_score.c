/*
 * bench/bench_score.c: how long plain C takes to score 100,000 vectors of 512 numbers, on one core, without the torch
 * module: with a 512-256-64-1 network, and with a kernel machine of 1,000 images, which rankers of few decisions may
 * have beside it. Target of each: under 1 s.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "learn/kernel.h"
#include "learn/mlp.h"

enum { VECTORS = 100000, CHUNK = 5000, ROUNDS = 5, DIM = 512, CENTRES = 1000 };

static void fill(float *out, size_t n, float scale)
{
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = 1664525u * state + 1013904223u;
        out[i] = ((float)(state >> 8) / 8388608.0f - 1.0f) * scale;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef int (*score_fn)(const void *model, float *y, const float *x);

static int score_network(const void *model, float *y, const float *x)
{
    return sai_mlp_forward(model, NULL, y, x, CHUNK);
}

struct kernel_model {
    struct sai_kernel *kernel;
    struct sai_standardiser standardiser;
};

static int score_kernel(const void *model, float *y, const float *x)
{
    const struct kernel_model *m = model;
    return sai_kernel_forward(m->kernel, &m->standardiser, y, x, CHUNK);
}

static int measure(const char *what, score_fn score, const void *model, float *y, const float *x)
{
    double seconds[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        struct timespec a, b;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        for (int i = 0; i < VECTORS / CHUNK; i++)
            if (score(model, y, x) != SELECTAI_OK)
                return 1;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        seconds[r] = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
    }
    qsort(seconds, ROUNDS, sizeof *seconds, by_value);
    printf("scoring %d x %d with %s: %.2f s of one core (median of %d, %.2f-%.2f)\n", VECTORS, DIM, what,
           seconds[ROUNDS / 2], ROUNDS, seconds[0], seconds[ROUNDS - 1]);
    return 0;
}

int main(void)
{
    static const uint32_t widths[] = {DIM, 256, 64, 1};
    struct sai_mlp *mlp = NULL;
    struct kernel_model m = {0};
    size_t n;
    if (!sai_mlp_count(&n, widths, 4))
        return 1;
    float *parameters = malloc(n * sizeof *parameters), *x = malloc((size_t)CHUNK * DIM * sizeof *x);
    float *y = malloc(CHUNK * sizeof *y), *centres = malloc((size_t)CENTRES * DIM * sizeof *centres);
    uint8_t *bytes = malloc((size_t)CENTRES * DIM);
    if (!parameters || !x || !y || !centres || !bytes)
        return 1;
    fill(parameters, n, 0.05f);
    fill(x, (size_t)CHUNK * DIM, 1.0f);
    fill(centres, (size_t)CENTRES * DIM, 1.0f);
    for (int i = 0; i < CENTRES; i++)
        sai_kernel_round(bytes + (size_t)i * DIM, centres + (size_t)i * DIM, DIM);
    int rc = sai_mlp_create(&mlp, widths, 4, SAI_MLP_LINEAR, parameters);
    if (rc == SELECTAI_OK)
        rc = sai_kernel_create(&m.kernel, bytes, centres, CENTRES, DIM);
    if (rc == SELECTAI_OK)
        rc = sai_standardiser_copy(&m.standardiser, DIM, centres, centres + DIM, SAI_STANDARDISE_CLIP);
    if (rc == SELECTAI_OK)
        rc = measure("a 512-256-64-1 network (target 1 s)", score_network, mlp, y, x);
    if (rc == SELECTAI_OK)
        rc = measure("a kernel machine of 1,000 images (target 1 s)", score_kernel, &m, y, x);
    sai_mlp_destroy(&mlp);
    sai_kernel_destroy(&m.kernel);
    sai_standardiser_free(&m.standardiser);
    free(parameters);
    free(x);
    free(y);
    free(centres);
    free(bytes);
    return rc != SELECTAI_OK;
}
