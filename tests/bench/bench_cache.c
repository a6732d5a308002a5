/*
 * bench_cache.c: how long a cache of a million vectors takes to write, open, look up, verify and compact.
 * bench_cache [ROWS [FOLDER]]: the folder, of 2 GB, is kept if it is named.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "embed/cache_bulk.h"

#define DIM 512u

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(int rc)
{
    if (rc == SELECTAI_OK)
        return;
    fprintf(stderr, "bench_cache: %s\n", selectai_last_error());
    exit(1);
}

static void name_row(char out[64], uint32_t i)
{
    snprintf(out, 64, "day %03u/20240601_%06u_stage%u.png", i % 997, i, i % 4);
}

static void fill_row(struct selectai_cache_row *row, float vector[DIM], char name[64], uint32_t i, struct sai_rng *rng)
{
    name_row(name, i);
    *row = (struct selectai_cache_row){.struct_size = sizeof *row,
                                       .size = 2000000 + i,
                                       .crc32 = i * 2654435761u,
                                       .mtime_ns = INT64_C(1717243200000000000) + i,
                                       .phash = sai_rng_next(rng),
                                       .width = 1024,
                                       .height = 1024,
                                       .project = "summer",
                                       .rel_path = name};
    for (unsigned k = 0; k < DIM; k++)
        vector[k] = (float)(sai_rng_next(rng) >> 40) * 0x1p-24f;
}

static void write_cache(const char *dir, uint32_t n)
{
    struct sai_cache_bulk bulk;
    struct sai_rng rng;
    struct selectai_cache_row row;
    float vector[DIM];
    char name[64];
    sai_rng_seed(&rng, 1);
    must(sai_cache_manifest_make(dir, "bench", DIM, false));
    sai_cache_bulk_begin(&bulk, dir, "01a1f9ed38ac23f63d29", DIM, false);
    for (uint32_t i = 0; i < n; i++) {
        fill_row(&row, vector, name, i, &rng);
        const struct sai_cache_record record = {.row = {.size = row.size,
                                                        .mtime_ns = row.mtime_ns,
                                                        .phash = row.phash,
                                                        .crc32 = row.crc32,
                                                        .width = row.width,
                                                        .height = row.height},
                                                .project = row.project,
                                                .n_project = strlen(row.project),
                                                .rel_path = name,
                                                .n_rel_path = strlen(name)};
        must(sai_cache_bulk_add(&bulk, &record, vector));
    }
    must(sai_cache_bulk_finish(&bulk));
    sai_cache_bulk_end(&bulk);
}

static void write_small_parts(const char *dir, uint32_t n_parts, uint32_t n_rows)
{
    struct sai_rng rng;
    struct selectai_cache_row row;
    float vector[DIM];
    char name[64];
    sai_rng_seed(&rng, 2);
    for (uint32_t p = 0; p < n_parts; p++) {
        selectai_embedding_cache *cache = NULL;
        must(selectai_embedding_cache_create(&cache, dir, "bench", DIM, SELECTAI_DTYPE_FLOAT16));
        for (uint32_t i = 0; i < n_rows; i++) {
            fill_row(&row, vector, name, p * n_rows + i, &rng);
            must(selectai_embedding_cache_add(cache, &row, vector));
        }
        selectai_embedding_cache_close(&cache);
    }
}

static double open_and_close(const char *dir)
{
    double best = INFINITY;
    for (int i = 0; i < 5; i++) {
        selectai_embedding_cache *cache = NULL;
        double start = now();
        must(selectai_embedding_cache_open(&cache, dir));
        double took = now() - start;
        best = took < best ? took : best;
        selectai_embedding_cache_close(&cache);
    }
    return best;
}

static void look_up(const char *dir, uint32_t n)
{
    uint32_t *order = malloc(n * sizeof *order);
    char(*names)[64] = malloc((size_t)n * sizeof *names);
    struct sai_rng rng;
    selectai_embedding_cache *cache = NULL;
    size_t row;
    if (!order || !names)
        exit(1);
    sai_rng_seed(&rng, 3);
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    sai_rng_shuffle(&rng, order, n);
    for (uint32_t i = 0; i < n; i++)
        name_row(names[i], order[i]);
    must(selectai_embedding_cache_open(&cache, dir));
    for (int round = 0; round < 2; round++) {
        double start = now();
        for (uint32_t i = 0; i < n; i++)
            must(selectai_embedding_cache_find(cache, "summer", names[i], NULL, &row));
        printf("%u look-ups by name, in random order, %s: %.3f s\n", n, round ? "again" : "first", now() - start);
    }
    double start = now();
    for (uint32_t i = 0; i < n; i++)
        must(selectai_embedding_cache_find_content(cache, "summer", 2000000 + order[i], order[i] * 2654435761u, NULL,
                                                   &row));
    printf("%u look-ups by content: %.3f s\n", n, now() - start);
    selectai_embedding_cache_close(&cache);
    free(order);
    free(names);
}

static void verify(const char *dir)
{
    selectai_issues *issues = NULL;
    double start = now();
    must(selectai_embedding_cache_verify(&issues, dir));
    printf("verify: %.2f s, %zu problems\n", now() - start, selectai_issues_count(issues));
    selectai_issues_destroy(&issues);
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    char root[] = "/tmp/selectai-bench-XXXXXX", dir[4200], small[64], command[128];
    if (!mkdtemp(root))
        return 1;
    snprintf(dir, sizeof dir, "%s/large", root);
    if (argc > 2)
        snprintf(dir, sizeof dir, "%s", argv[2]);
    snprintf(small, sizeof small, "%s/small", root);
    double start = now();
    write_cache(dir, n);
    printf("writing %u x %u float32, with index: %.2f s\n", n, DIM, now() - start);
    printf("opening it: %.2f ms\n", 1e3 * open_and_close(dir));
    look_up(dir, n);
    verify(dir);
    write_small_parts(small, 1000, 100);
    printf("opening 1000 parts of 100 rows: %.1f ms\n", 1e3 * open_and_close(small));
    start = now();
    must(selectai_embedding_cache_compact(NULL, NULL, small, NULL));
    printf("compacting them: %.2f s\n", now() - start);
    printf("opening the result: %.2f ms\n", 1e3 * open_and_close(small));
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command) == 0 ? 0 : 1;
}
