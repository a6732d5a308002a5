/*
 * embed/cache_bulk.h: writing many rows into a cache as large parts, without holding their vectors in memory.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_BULK_H
#define SAI_EMBED_CACHE_BULK_H

#include "embed/cache.h"
#include "embed/cache_npy.h"

/* A killed run that writes in bulk loses at most so many rows; it finds the others when it is repeated. */
#define SAI_CACHE_BULK_ROWS (1u << 20)

struct sai_cache_bulk {
    const char *directory; /* borrowed */
    char writer[SAI_CACHE_WRITER_DIGITS + 1];
    uint32_t dim, max_rows;
    bool half;
    uint32_t n_parts; /* published */
    uint64_t n_rows;  /* in them and in the part that is being written */

    struct sai_npy_file npy;      /* of the part that is being written, if it is open */
    struct sai_cache_table table; /* its rows */
    uint8_t *row;
};

/* `writer` sorts behind all that are in the folder. */
void sai_cache_bulk_begin(struct sai_cache_bulk *bulk, const char *directory, const char *writer, uint32_t dim,
                          bool half);

/* INVALID_ARGUMENT if a number is not finite, or too large for float16: nothing was added then. */
int sai_cache_bulk_add(struct sai_cache_bulk *bulk, const struct sai_cache_record *record, const float *vector);

/* Publishes what is open. */
int sai_cache_bulk_finish(struct sai_cache_bulk *bulk);

/* Frees everything; what is open is lost, parts that were published stay. */
void sai_cache_bulk_end(struct sai_cache_bulk *bulk);

/* Removes the parts that were published; for results that are wanted whole or not at all. */
void sai_cache_bulk_take_back(const struct sai_cache_bulk *bulk);

/* Row `i` of a cache, as a record for adding it to another; it points into the cache. NULL: damaged in an index. */
const struct sai_cache_row *sai_cache_record_of(struct sai_cache_record *out, const selectai_embedding_cache *cache,
                                                size_t i);

/* SELECTAI_ERR_FORMAT, naming part and row, if a row's bytes are not those that were written; its floats otherwise. */
int sai_cache_checked_floats(float *out, const selectai_embedding_cache *cache, size_t row);

/* Whether all vectors of a cache are float16. */
bool sai_cache_all_half(const selectai_embedding_cache *cache);

#endif
