/*
 * learn/join.h: bringing decisions and the cache's vectors together, by project and file name.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_JOIN_H
#define SAI_LEARN_JOIN_H

#include <selectai/embedding_cache.h>

#include "learn/decisions.h"

struct sai_vectors {
    float *x; /* n x dim */
    size_t n;
    uint32_t dim;
    uint32_t *sizes; /* n x 2: width, height; 0 where the cache does not know */
    uint64_t *phash; /* n; 0 where the cache does not know */
};

#define SAI_JOIN_ALL    0 /* every image of a decision is needed */
#define SAI_JOIN_WINNER 1 /* the winner's vector and size are enough */

/*
 * Looks up the images of all usable decisions and sets their members' row. Decisions with an image that has no vector
 * (or no finite one, or, for SAI_JOIN_WINNER, no size) stop being usable and become issues with the reason;
 * *n_missing (may be NULL) is their number. Call sai_vectors_free() in any case.
 */
int sai_join(struct sai_vectors *out, struct sai_decisions *decisions, struct selectai_issues *issues,
             size_t *n_missing, const selectai_embedding_cache *cache, int what);

/*
 * The same for SAI_JOIN_WINNER without a cache: vectors of no numbers, sizes from the set's entries (image_width,
 * image_height). Decisions whose entry knows no size stop being usable (issues of kind "no-size").
 */
int sai_join_sizes(struct sai_vectors *out, struct sai_decisions *decisions, struct selectai_issues *issues,
                   size_t *n_missing, const selectai_trainset *set);

/*
 * After sai_join() for SAI_JOIN_WINNER: looks the winners up in a second cache. *out: a row of the cache's dimension
 * for each row of `vectors`; the caller frees it. Adds those that are not there to *n_missing, as above.
 */
int sai_join_layout(float **out, struct sai_decisions *decisions, const struct sai_vectors *vectors,
                    struct selectai_issues *issues, size_t *n_missing, const selectai_embedding_cache *cache);

void sai_vectors_free(struct sai_vectors *vectors);

#endif
