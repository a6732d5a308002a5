/*
 * embed/embed_job.h: what the two halves of filling a cache share: embed_examine.c works on files, on any thread;
 * embed_files.c takes what came out in the order of the list.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_EMBED_JOB_H
#define SAI_EMBED_EMBED_JOB_H

#include <pthread.h>

#include "base/pipeline.h"
#include "embed/cache.h"
#include "embed/encoder.h"

enum sai_embed_state {
    SAI_EMBED_OPEN,      /* not looked at (the job was cancelled) */
    SAI_EMBED_UNCHANGED, /* same name, size and time */
    SAI_EMBED_KNOWN,     /* same content as row `source` */
    SAI_EMBED_NEW,       /* vector `vector` of the batch is its */
    SAI_EMBED_FAILED,    /* see error */
    SAI_EMBED_GIVEN_UP,  /* the same content failed in an earlier run; see error */
};

/* One file of a batch. */
struct sai_embed_slot {
    enum sai_embed_state state;
    int code;         /* of FAILED */
    bool has_content; /* size and crc32 of the row are those of the file's bytes */
    uint32_t source;  /* of KNOWN */
    size_t vector;    /* of NEW */
    struct selectai_cache_row row;
    struct sai_error_copy error;
};

/* A batch between its work and its taking. */
struct sai_embed_batch {
    struct sai_embed_slot *slots;
    float *vectors;
};

struct sai_embed_job {
    selectai_embedding_cache *cache;
    selectai_encoder *encoder;
    const char *project;      /* clean UTF-8 */
    const char *const *paths; /* of the whole list */
    const char *const *names; /* their rel_paths */
    bool retry_failed;
    struct sai_batches batches;
    struct sai_pipeline pipeline;
    struct sai_embed_batch *window; /* pipeline.window batches */
    float **inputs;                 /* of each thread, made when it needs them */

    /* Workers look rows up while others add some: the cache's table and failures are read and written under this. */
    pthread_rwlock_t lock;

    /* Of taking. */
    struct selectai_embed_counts counts;
    selectai_issues *issues;
    float *copy;     /* one vector */
    int64_t flushed; /* seconds, when the cache was flushed last */
};

/* The latest row of this file, or SAI_CACHE_NONE; with the lock held. */
int sai_embed_find_row(uint32_t *out, const struct sai_embed_job *job, const char *rel_path);

/* The pipeline's work on a batch: looks each file up, reads it at most once, and encodes those that are new. */
int sai_embed_work(size_t batch, unsigned thread, void *job);

#endif
