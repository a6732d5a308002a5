/*
 * bench/bench_suggest.c: how long the search for similar past decisions takes: 1,000 groups against 23,000 decisions of
 * 512 numbers, reading the vectors from a cache on disk, and how much memory it needs beside groups and history.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/rng.h"
#include "suggest/suggest.h"
#include "trainset/entry.h"

enum { GROUPS = 1000, DECISIONS = 23000, DIM = 512, MEMBERS = 2 };

static void fill(float *x, struct sai_rng *rng)
{
    for (size_t j = 0; j < DIM; j++)
        x[j] = (float)sai_rng_uniform(rng);
}

static int add_decision(selectai_trainset *set, selectai_embedding_cache *cache, int i, struct sai_rng *rng)
{
    static char names[MEMBERS][64];
    float x[DIM];
    int rc = SELECTAI_OK;
    for (int m = 0; m < MEMBERS && rc == SELECTAI_OK; m++) {
        const struct selectai_cache_row row = {.struct_size = sizeof row, .project = "p", .rel_path = names[m]};
        snprintf(names[m], sizeof names[m], "decision-%06d_stage%d.png", i, MEMBERS - m);
        fill(x, rng);
        rc = selectai_embedding_cache_add(cache, &row, x);
    }
    struct selectai_entry e = sai_entry_blank();
    const char **losers = sai_arena_array(&set->arena, 1, sizeof *losers);
    double *stages = sai_arena_array(&set->arena, 1, sizeof *stages);
    e.project = "p";
    e.chosen_path = sai_arena_strdup(&set->arena, names[0]);
    e.chosen_stage = 2;
    losers[0] = sai_arena_strdup(&set->arena, names[1]);
    stages[0] = 1;
    e.neg_paths = losers;
    e.neg_stages = stages;
    e.n_negatives = 1;
    return rc == SELECTAI_OK ? sai_trainset_add(set, &e) : rc;
}

static selectai_suggestions *make_groups(float *x, struct sai_rng *rng)
{
    selectai_suggestions *s = sai_calloc(1, sizeof *s);
    s->n_groups = GROUPS;
    s->n_images = (size_t)GROUPS * MEMBERS;
    s->groups = sai_calloc(GROUPS, sizeof *s->groups);
    s->paths = sai_calloc(s->n_images, sizeof *s->paths);
    for (size_t i = 0; i < s->n_images; i++) {
        s->paths[i] = sai_arena_printf(&s->arena, "new-%06zu.png", i);
        fill(x + i * DIM, rng);
    }
    for (size_t g = 0; g < GROUPS; g++)
        s->groups[g] = (struct sai_suggested_group){.first = g * MEMBERS, .n = MEMBERS, .winner = 1};
    return sai_issues_create(&s->issues) == SELECTAI_OK ? s : NULL;
}

static double megabytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct sai_rng rng;
    struct selectai_suggest_options o;
    selectai_trainset *set = NULL;
    selectai_embedding_cache *cache = NULL;
    float *x = malloc((size_t)GROUPS * MEMBERS * DIM * sizeof *x);
    if (argc != 2 || !x) {
        fprintf(stderr, "usage: bench_suggest FOLDER, which is not there and stays\n");
        return 2;
    }
    sai_rng_seed(&rng, 1);
    selectai_suggest_options_init(&o, sizeof o);
    int rc = selectai_embedding_cache_create(&cache, argv[1], "bench-1", DIM, SELECTAI_DTYPE_FLOAT32);
    if (rc == SELECTAI_OK)
        rc = sai_trainset_create(&set);
    for (int i = 0; i < DECISIONS && rc == SELECTAI_OK; i++)
        rc = add_decision(set, cache, i, &rng);
    selectai_embedding_cache_close(&cache);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_open(&cache, argv[1]);
    o.project = "p";
    o.history = set;
    for (uint32_t threads = 1; threads <= 2 && rc == SELECTAI_OK; threads++) {
        selectai_suggestions *s = make_groups(x, &rng);
        double before = megabytes(), began = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        o.threads = threads;
        rc = sai_add_neighbours(s, x, cache, &o);
        printf("%d groups against %d decisions x %d, %u thread%s: %.2f s, %.2f s of processors; memory +%.0f MiB\n",
               GROUPS, DECISIONS, DIM, threads, threads > 1 ? "s" : "", seconds(CLOCK_MONOTONIC) - began,
               seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, megabytes() - before);
        if (rc == SELECTAI_OK && s->groups[GROUPS - 1].n_neighbours != o.neighbours)
            rc = SELECTAI_ERR_INTERNAL;
        selectai_suggestions_destroy(&s);
    }
    if (rc != SELECTAI_OK)
        fprintf(stderr, "%s\n", selectai_last_error());
    selectai_trainset_destroy(&set);
    selectai_embedding_cache_close(&cache);
    free(x);
    return rc == SELECTAI_OK ? 0 : 1;
}
