/*
 * embed/cache_failures.h: images that could not be decoded, remembered by content, so that a later run need not try
 * again. Each writer keeps a file of its own, failed-<writer>.jsonl (docs/formats.md).
 *
 * What is remembered says something about the bytes, never about the machine: see sai_cache_failure_add(). A failure
 * that an older version of the library met counts as not there, because newer decoders may manage.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CACHE_FAILURES_H
#define SAI_EMBED_CACHE_FAILURES_H

#include <selectai/embedding_cache.h>

#include "base/memory.h"
#include "embed/cache_index.h"

#define SAI_CACHE_FAILED_PREFIX "failed-"

struct sai_cache_failure {
    uint64_t size;        /* of the file, bytes */
    uint64_t xxh64;       /* of its bytes; 0: not known, then it is never found */
    uint32_t crc32;       /* of its bytes */
    int32_t code;         /* SELECTAI_ERR_FORMAT or SELECTAI_ERR_LIMIT */
    const char *project;  /* where it was met first */
    const char *rel_path; /* below the folder that was embedded */
    const char *message;  /* one line for people */
};

/* Failures in the order in which they were read and added, each content once. */
struct sai_cache_failures {
    struct sai_cache_failure *items;
    size_t n, capacity;
    size_t n_read;    /* items from here on are this writer's own: they go into its file */
    size_t n_written; /* items up to here are in a file */
    struct sai_cache_index by_content;
    struct sai_arena arena;
};

/*
 * What is known about a content: borrowed until the next add, or NULL. May be called from any number of threads while
 * nobody adds. Only handles of selectai_embedding_cache_create() know failures; others find none.
 */
const struct sai_cache_failure *sai_cache_failure_find(const selectai_embedding_cache *cache, uint64_t size,
                                                       uint32_t crc32, uint64_t xxh64);

/*
 * Remembers a failure (texts are copied); written by the cache's flush and close. Only what decoders say about the
 * content is taken, SELECTAI_ERR_FORMAT and SELECTAI_ERR_LIMIT; all other codes (permission, memory, a codec that this
 * build lacks) and contents that are known already are passed over with SELECTAI_OK. Call it from one thread only.
 */
int sai_cache_failure_add(selectai_embedding_cache *cache, const struct sai_cache_failure *failure);

/* ---- For the cache itself -------------------------------------------------------------------- */

/* Adds the failures that all files of the folder hold and that still count. A file or line that is damaged is passed
 * over: at worst an image is decoded once more; *issues (may be NULL) then gets an issue of kind "bad-failure". */
int sai_cache_failures_read(struct sai_cache_failures *out, const char *directory, struct selectai_issues *issues);

/* Calls fn with the path of each such file. */
int sai_cache_failures_each(const char *directory, int (*fn)(const char *path, void *ctx), void *ctx);

/* Writes what this writer has added, if that is more than its file holds. */
int sai_cache_failures_write(struct sai_cache_failures *failures, const char *directory, const char *writer);

int sai_cache_failures_add(struct sai_cache_failures *failures, const struct sai_cache_failure *failure);
const struct sai_cache_failure *sai_cache_failures_find(const struct sai_cache_failures *failures, uint64_t size,
                                                        uint32_t crc32, uint64_t xxh64);
void sai_cache_failures_free(struct sai_cache_failures *failures);

#endif
