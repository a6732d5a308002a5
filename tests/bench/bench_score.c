/*
 * bench/bench_score.c: how long plain C takes to score 100,000 vectors of 512 numbers with a 512-256-64-1 network, on
 * one core, without the torch module. Target: under 1 s.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "learn/mlp.h"

enum { VECTORS = 100000, CHUNK = 5000, ROUNDS = 5 };

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

int main(void)
{
    static const uint32_t widths[] = {512, 256, 64, 1};
    struct sai_mlp *mlp = NULL;
    size_t n;
    double seconds[ROUNDS];
    if (!sai_mlp_count(&n, widths, 4))
        return 1;
    float *parameters = malloc(n * sizeof *parameters), *x = malloc((size_t)CHUNK * 512 * sizeof *x);
    float *y = malloc(CHUNK * sizeof *y);
    if (!parameters || !x || !y)
        return 1;
    fill(parameters, n, 0.05f);
    fill(x, (size_t)CHUNK * 512, 1.0f);
    if (sai_mlp_create(&mlp, widths, 4, SAI_MLP_LINEAR, parameters) != SELECTAI_OK)
        return 1;
    for (int r = 0; r < ROUNDS; r++) {
        struct timespec a, b;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        for (int i = 0; i < VECTORS / CHUNK; i++)
            if (sai_mlp_forward(mlp, NULL, y, x, CHUNK) != SELECTAI_OK)
                return 1;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        seconds[r] = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
    }
    qsort(seconds, ROUNDS, sizeof *seconds, by_value);
    printf("scoring %d x 512: %.2f s of one core (median of %d, %.2f-%.2f); target 1 s\n", VECTORS, seconds[ROUNDS / 2],
           ROUNDS, seconds[0], seconds[ROUNDS - 1]);
    sai_mlp_destroy(&mlp);
    free(parameters);
    free(x);
    free(y);
    return 0;
}
