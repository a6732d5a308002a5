/*
 * ranker_fixture.h: decisions and vectors whose rule is known, for tests of training rankers.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef RANKER_FIXTURE_H
#define RANKER_FIXTURE_H

#include "base/rng.h"
#include "decisions_fixture.h"

#include <selectai/ranker.h>

#define ENCODER "test-encoder-1"

enum { DIM = 16 };

/* Sum of 12 uniforms: near enough to a normal distribution. */
static inline double normal(struct sai_rng *rng)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += sai_rng_uniform(rng);
    return sum;
}

static inline void image_name(char *out, size_t n, int group, int stage)
{
    snprintf(out, n, "20250101_%02d%02d%02d_stage%d_x.png", group / 60, group % 60, stage * 10, stage);
}

/* A row of the cache; phash 0: not known. */
static inline void add_vector(selectai_embedding_cache *cache, const char *project, const char *name, uint64_t phash,
                              const float x[DIM])
{
    static uint32_t crc;
    const struct selectai_cache_row row = {.struct_size = sizeof row,
                                           .size = 1,
                                           .width = 832,
                                           .height = 1216,
                                           .crc32 = ++crc,
                                           .phash = phash,
                                           .project = project,
                                           .rel_path = name};
    assert_int_equal(selectai_embedding_cache_add(cache, &row, x), SELECTAI_OK);
}

static inline selectai_embedding_cache *new_cache(const char *dir)
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_create(&cache, dir, ENCODER, DIM, 0), SELECTAI_OK);
    return cache;
}

/* What the person did with a group of stages 1 and 2: the winner's stage, or 0 if all was rejected. */
static inline void add_group_of_two(selectai_trainset *set, selectai_embedding_cache *cache, const char *project,
                                    int group, int winner, const float x[2][DIM])
{
    char name[2][64], both[160];
    for (int s = 0; s < 2; s++) {
        image_name(name[s], sizeof name[s], group, s + 1);
        add_vector(cache, project, name[s], 0, x[s]);
    }
    snprintf(both, sizeof both, "%s|%s", name[0], name[1]);
    if (winner == 0)
        add_group(set, project, both);
    else
        add_entry(set, project, name[winner - 1], name[2 - winner]);
}

static inline struct selectai_metric metric(const selectai_evaluation *e, const char *name)
{
    struct selectai_metric m = {.struct_size = sizeof m};
    assert_int_equal(selectai_evaluation_find(e, name, &m), SELECTAI_OK);
    assert_true(m.n == 0 || (m.low <= m.value && m.value <= m.high));
    print_message("%-8s n %3d: %.3f (%.3f..%.3f), %s %.3f\n", name, (int)m.n, m.value, m.low, m.high, m.baseline_name,
                  m.baseline);
    return m;
}

/* The bytes of the model that these options lead to. */
static inline char *trained_bytes(size_t *n, const char *path, const selectai_trainset *set,
                                  const selectai_embedding_cache *cache, const struct selectai_ranker_options *o)
{
    selectai_ranker *r = NULL;
    struct stat st;
    assert_int_equal(selectai_ranker_train(&r, NULL, NULL, set, cache, o), SELECTAI_OK);
    assert_int_equal(selectai_ranker_save(r, path), SELECTAI_OK);
    selectai_ranker_destroy(&r);
    assert_int_equal(stat(path, &st), 0);
    *n = (size_t)st.st_size;
    return read_text(path);
}

#endif
