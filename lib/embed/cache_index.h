/*
 * embed/cache_index.h: an open-addressing hash table from 32-bit hashes to row numbers. It stores no keys: the caller
 * compares the row it gets with what it looks for.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_INDEX_H
#define SAI_EMBED_CACHE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define SAI_CACHE_NONE UINT32_MAX /* "no row"; no row has this number */

struct sai_cache_index {
    uint64_t *slots; /* 0: free; else hash << 32 | row + 1 */
    size_t n_slots;  /* 0 or a power of two */
    size_t used;
};

/* Makes room for `more` further keys, so that adding them cannot fail. */
int sai_cache_index_reserve(struct sai_cache_index *index, size_t more);

/* Rows filed under `hash`, one after the other, until SAI_CACHE_NONE; *cursor is the slot of the one returned. */
uint32_t sai_cache_index_first(const struct sai_cache_index *index, uint32_t hash, size_t *cursor);
uint32_t sai_cache_index_next(const struct sai_cache_index *index, uint32_t hash, size_t *cursor);

/* Files a row whose key is not there yet; room was reserved. */
void sai_cache_index_add(struct sai_cache_index *index, uint32_t hash, uint32_t row);

/* Puts another row of the same key in the place of the one that first/next returned. */
void sai_cache_index_replace(struct sai_cache_index *index, size_t cursor, uint32_t row);

void sai_cache_index_free(struct sai_cache_index *index);

#endif
