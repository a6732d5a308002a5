/*
 * ranker_file_fixture.h: files of rankers made by hand, whole, changed and damaged.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef RANKER_FILE_FIXTURE_H
#define RANKER_FILE_FIXTURE_H

#include "base/rng.h"
#include "learn/model.h"
#include "learn/ranker_score.h"
#include "learn_fixture.h"

static char dir[256], path[300];
static char bytes[100000]; /* of the file */

static int setup(void **state)
{
    (void)state;
    make_temporary(dir);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_temporary(dir);
    return 0;
}

static inline void fill(float *x, size_t n, uint64_t seed)
{
    struct sai_rng rng;
    sai_rng_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(2 * sai_rng_uniform(&rng) - 1);
}

/* Saves the model, which is destroyed, and reads its bytes. */
static inline size_t bytes_of(struct sai_model *m)
{
    assert_int_equal(sai_model_save(m, path), SELECTAI_OK);
    sai_model_destroy(&m);
    FILE *file = fopen(path, "rb");
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return n;
}

/* Loads the bytes as a file, and scores two images with what loads. */
static inline int load_bytes(size_t n, uint32_t dim)
{
    struct sai_model *m = NULL;
    float *x = calloc((size_t)dim * 2, sizeof *x), y[3][2];
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
    x[0] = 1;
    int rc = sai_model_load(&m, path, SAI_KIND_RANKER);
    if (rc == SELECTAI_OK && m->dim == dim) {
        struct sai_group_parts parts = {y[0], y[1], y[2], NAN, NULL};
        assert_int_equal(sai_ranker_parts(&parts, m, NULL, x, NULL, 2), SELECTAI_OK);
    }
    sai_model_destroy(&m);
    free(x);
    return rc;
}

/* The model's file with one text in place of another of its length. */
static inline int load_changed(struct sai_model *m, const char *from, const char *to)
{
    const uint32_t dim = m->dim;
    char *at = NULL;
    size_t n = bytes_of(m);
    assert_int_equal(strlen(from), strlen(to));
    for (size_t i = 0; i + strlen(from) <= n && !at; i++)
        at = memcmp(bytes + i, from, strlen(from)) == 0 ? bytes + i : NULL;
    if (!at)
        fail_msg("%s does not stand in the file", from);
    memcpy(at, to, strlen(to));
    int rc = load_bytes(n, dim);
    if (rc != SELECTAI_OK)
        assert_non_null(strstr(selectai_last_error(), path));
    return rc;
}

/* Every second byte by itself becomes another: most are refused, none crashes. */
static inline void flip_bytes(struct sai_model *m)
{
    const uint32_t dim = m->dim;
    struct sai_rng rng;
    size_t n = bytes_of(m), refused = 0, tried = 0;
    sai_rng_seed(&rng, 21);
    for (size_t at = 0; at < n; at += 2, tried++) {
        char was = bytes[at];
        bytes[at] = (char)sai_rng_next(&rng);
        refused += load_bytes(n, dim) != SELECTAI_OK;
        bytes[at] = was;
    }
    assert_true(refused > tried / 3);
}

#endif
