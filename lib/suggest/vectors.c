/*
 * suggest/vectors.c: vectors and sizes of files, from the cache where it knows them, else computed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "base/path.h"
#include "base/threads.h"
#include "suggest/vectors.h"

struct look_up {
    const struct sai_vector_source *source;
    const char *const *paths;
    float *x;
    uint32_t *sizes, dim;
    uint8_t *found; /* by file */
};

static int look_up_one(size_t i, unsigned thread, void *ctx)
{
    struct look_up *l = ctx;
    size_t at;
    struct selectai_cache_row row = {.struct_size = sizeof row};
    float *x = l->x + i * l->dim;
    (void)thread;
    if (!sai_path_exists(l->paths[i]))
        return SELECTAI_OK; /* reading it will say so */
    int rc = selectai_embedding_cache_find_file(l->source->cache, l->source->project, l->paths[i], NULL, &at);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_get(l->source->cache, at, &row, x);
    if (rc == SELECTAI_ERR_OUT_OF_MEMORY || rc == SELECTAI_ERR_INVALID_ARGUMENT)
        return rc;
    if (rc != SELECTAI_OK)
        return SELECTAI_OK; /* not there, changed since, or unreadable: encoding it settles that */
    l->sizes[2 * i] = row.width;
    l->sizes[2 * i + 1] = row.height;
    l->found[i] = 1;
    return SELECTAI_OK;
}

/* The files that the cache does not know, encoded together and put in their places. */
static int encode_rest(const struct look_up *l, struct selectai_issues *issues, size_t n)
{
    size_t *index = sai_malloc_array(n, sizeof *index), n_rest = 0, values = 0;
    const char **paths = sai_malloc_array(n, sizeof *paths);
    selectai_issues *found = NULL;
    float *x = NULL;
    int rc = index && paths ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        if (!l->found[i]) {
            index[n_rest] = i;
            paths[n_rest++] = l->paths[i];
        }
    if (rc == SELECTAI_OK && n_rest > 0) {
        x = sai_mul_size(&values, n_rest, l->dim) ? sai_malloc_array(values, sizeof *x) : NULL;
        rc = x ? selectai_encoder_encode_files(x, &found, l->source->encoder, paths, n_rest, l->source->progress,
                                               l->source->user)
               : SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for the vectors of %zu files", n_rest);
    }
    for (size_t i = 0; i < n_rest && rc == SELECTAI_OK; i++)
        memcpy(l->x + index[i] * l->dim, x + i * l->dim, l->dim * sizeof *x);
    if (rc == SELECTAI_OK)
        rc = sai_issues_append(issues, found);
    selectai_issues_destroy(&found);
    sai_free(x);
    sai_free(paths);
    sai_free(index);
    return rc;
}

/* Sizes of what was read from files; 0 where the vector is missing. */
static void read_sizes(const struct look_up *l, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct selectai_image_info info = {.struct_size = sizeof info};
        if ((l->sizes[2 * i] > 0 && l->sizes[2 * i + 1] > 0) || isnan(l->x[i * l->dim]))
            continue;
        if (selectai_image_read_info(&info, l->paths[i]) != SELECTAI_OK)
            continue; /* no size, no crop */
        l->sizes[2 * i] = info.width;
        l->sizes[2 * i + 1] = info.height;
    }
}

int sai_collect_vectors(float *x, uint32_t *sizes, struct selectai_issues *issues,
                        const struct sai_vector_source *source, const char *const *paths, size_t n)
{
    struct look_up l = {source, paths, x, sizes, selectai_encoder_dim(source->encoder), NULL};
    int rc = SELECTAI_OK;
    l.found = sai_calloc(n, sizeof *l.found);
    if (!l.found)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memset(sizes, 0, 2 * n * sizeof *sizes);
    if (source->cache && source->project)
        rc = sai_parallel_for(source->threads, n, look_up_one, &l, NULL, "encode");
    if (rc == SELECTAI_OK)
        rc = encode_rest(&l, issues, n);
    if (rc == SELECTAI_OK)
        read_sizes(&l, n);
    sai_free(l.found);
    return rc;
}
