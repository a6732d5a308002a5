/*
 * suggest/vectors.h: vectors and sizes of files, from the cache where it knows them, else computed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_SUGGEST_VECTORS_H
#define SAI_SUGGEST_VECTORS_H

#include <selectai/embedding_cache.h>

#include "base/issues.h"

struct sai_vector_source {
    selectai_encoder *encoder;
    const selectai_embedding_cache *cache; /* may be NULL */
    const char *project;                   /* NULL: the cache is not asked */
    uint32_t threads;
    selectai_progress_fn progress;
    void *user;
};

/*
 * x: n x dim, sizes: n x 2. A cached vector is taken if the file has the size in bytes and the time, or else the
 * checksum, that the cache remembers. A file that cannot be read gives a row of NaN, sizes 0, and an issue.
 */
int sai_collect_vectors(float *x, uint32_t *sizes, struct selectai_issues *issues,
                        const struct sai_vector_source *source, const char *const *paths, size_t n);

#endif
