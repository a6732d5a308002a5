/*
 * embed/embed_files.c: brings a cache up to date with a list of files.
 *
 * Each thread takes a batch of files from disk to vectors (embed_examine.c); the batches' rows are added in the order
 * of the list, so that the cache does not depend on the threads. Of equal new files the first one's vector counts as
 * encoded and the others as moved, whoever was quicker.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <time.h>

#include "embed/embed_job.h"

/* A killed run loses this much work at most, however slow the encoder is. */
#define FLUSH_SECONDS 10

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- Taking what came out, in order ---------------------------------------------------------- */

static int fail_file(struct sai_embed_job *job, size_t i, const char *kind)
{
    job->counts.failed++;
    return sai_issues_add_last(job->issues, kind, job->paths[i], 0);
}

/* Adds a row unless the very same is there (a file that the list names twice). */
static int add_row(struct sai_embed_job *job, size_t i, const struct sai_embed_slot *slot, const float *vector,
                   uint64_t *count)
{
    uint32_t known;
    int rc = sai_embed_find_row(&known, job, slot->row.rel_path);
    if (rc != SELECTAI_OK)
        return rc;
    if (known != SAI_CACHE_NONE) {
        const struct sai_cache_row *row = &job->cache->table.rows[known];
        bool same = row->size == slot->row.size && row->crc32 == slot->row.crc32 && row->xxh64 == slot->row.xxh64;
        if (same)
            count = &job->counts.unchanged; /* a new row at most remembers the new time */
        if (same && row->mtime_ns == slot->row.mtime_ns) {
            ++*count;
            return SELECTAI_OK;
        }
    }
    pthread_rwlock_wrlock(&job->lock);
    rc = selectai_embedding_cache_add(job->cache, &slot->row, vector);
    pthread_rwlock_unlock(&job->lock);
    if (rc == SELECTAI_ERR_INVALID_ARGUMENT) /* the cache refuses vectors that are not finite */
        return fail_file(job, i, "bad-vector");
    ++*count;
    return rc;
}

static int take_over(struct sai_embed_job *job, size_t i, struct sai_embed_slot *slot)
{
    const struct sai_cache_row *source = &job->cache->table.rows[slot->source];
    slot->row.width = source->width;
    slot->row.height = source->height;
    slot->row.phash = source->phash;
    sai_cache_row_floats(job->copy, job->cache, slot->source);
    return add_row(job, i, slot, job->copy, &job->counts.moved);
}

/* The same content may have come in since the worker looked. */
static int add_new(struct sai_embed_job *job, size_t i, struct sai_embed_slot *slot, const float *vectors)
{
    slot->source = sai_cache_table_find_content(&job->cache->table, job->project, slot->row.size, slot->row.crc32,
                                                slot->row.xxh64);
    if (slot->source != SAI_CACHE_NONE)
        return take_over(job, i, slot);
    return add_row(job, i, slot, vectors + slot->vector * job->encoder->dim, &job->counts.encoded);
}

/* "path: what is wrong" without the path: the next file of that content has another. */
static const char *reason(const char *message, const char *path)
{
    size_t n = strlen(path);
    return strncmp(message, path, n) == 0 && strncmp(message + n, ": ", 2) == 0 ? message + n + 2 : message;
}

static int note_failure(struct sai_embed_job *job, size_t i, const struct sai_embed_slot *slot)
{
    int rc = SELECTAI_OK;
    if (slot->state == SAI_EMBED_GIVEN_UP)
        job->counts.given_up++;
    if (slot->state == SAI_EMBED_FAILED && slot->has_content) {
        const struct sai_cache_failure failure = {.size = slot->row.size,
                                                  .crc32 = slot->row.crc32,
                                                  .xxh64 = slot->row.xxh64,
                                                  .code = slot->code,
                                                  .project = job->project,
                                                  .rel_path = job->names[i],
                                                  .message = reason(slot->error.detail.message, job->paths[i])};
        pthread_rwlock_wrlock(&job->lock);
        rc = sai_cache_failure_add(job->cache, &failure);
        pthread_rwlock_unlock(&job->lock);
    }
    sai_error_restore(&slot->error);
    return rc == SELECTAI_OK ? fail_file(job, i, "unreadable") : rc;
}

static int take_file(struct sai_embed_job *job, size_t i, struct sai_embed_slot *slot, const float *vectors)
{
    switch (slot->state) {
    case SAI_EMBED_UNCHANGED:
        job->counts.unchanged++;
        return SELECTAI_OK;
    case SAI_EMBED_KNOWN:
        return take_over(job, i, slot);
    case SAI_EMBED_NEW:
        return add_new(job, i, slot, vectors);
    case SAI_EMBED_FAILED:
    case SAI_EMBED_GIVEN_UP:
        return note_failure(job, i, slot);
    case SAI_EMBED_OPEN:
        break;
    }
    return SELECTAI_OK;
}

static int take_batch(size_t batch, unsigned thread, void *ctx)
{
    struct sai_embed_job *job = ctx;
    const struct sai_embed_batch *b = &job->window[batch % job->pipeline.window];
    const size_t first = job->batches.begin[batch], end = job->batches.begin[batch + 1];
    int rc = SELECTAI_OK;
    (void)thread;
    for (size_t i = first; i < end && rc == SELECTAI_OK; i++)
        rc = take_file(job, i, &b->slots[i - first], b->vectors);
    if (rc == SELECTAI_OK && now() - job->flushed >= FLUSH_SECONDS) {
        rc = selectai_embedding_cache_flush(job->cache);
        job->flushed = now();
    }
    return rc;
}

/* ---- The whole job --------------------------------------------------------------------------- */

static int run(struct sai_embed_job *job)
{
    struct sai_error_copy first;
    job->flushed = now();
    int rc = sai_pipeline_run(&job->pipeline);
    if (rc == SELECTAI_OK)
        return selectai_embedding_cache_flush(job->cache);
    sai_error_save(&first); /* what was done is kept; the first error is the one to tell */
    int flushed = selectai_embedding_cache_flush(job->cache);
    if (rc == SELECTAI_ERR_CANCELLED && flushed != SELECTAI_OK)
        return flushed;
    sai_error_restore(&first);
    return rc;
}

static int make_window(struct sai_embed_job *job)
{
    const size_t largest = job->batches.largest, dim = job->encoder->dim;
    job->window = sai_calloc(job->pipeline.window, sizeof *job->window);
    job->inputs = sai_calloc(job->pipeline.n_threads, sizeof *job->inputs);
    job->copy = sai_malloc_array(dim, sizeof *job->copy);
    if (!job->window || !job->inputs || !job->copy)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < job->pipeline.window && i < job->batches.n; i++) {
        size_t values;
        job->window[i].slots = sai_malloc_array(largest, sizeof *job->window[i].slots);
        if (!job->window[i].slots || !sai_mul_size(&values, largest, dim) ||
            !(job->window[i].vectors = sai_malloc_array(values, sizeof *job->window[i].vectors)))
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    return SELECTAI_OK;
}

static int make_job(struct sai_embed_job *job, char **project_copy, const char *project, size_t n,
                    const struct selectai_embed_options *options, struct sai_progress *progress)
{
    unsigned threads = sai_thread_count(options->threads);
    progress->fn = options->progress;
    progress->user = options->user;
    job->retry_failed = options->retry_failed != 0;
    int rc = sai_cache_clean_text(&job->project, project_copy, project);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&job->issues);
    if (rc == SELECTAI_OK)
        rc = sai_batches_make(&job->batches, job->encoder, n, threads);
    if (rc != SELECTAI_OK)
        return rc;
    job->pipeline = (struct sai_pipeline){.count = job->batches.n,
                                          .window = 2 * (size_t)threads,
                                          .n_threads = threads,
                                          .work = sai_embed_work,
                                          .take = take_batch,
                                          .ctx = job,
                                          .progress = progress,
                                          .stage = "embed",
                                          .total = n};
    return make_window(job);
}

static void free_job(struct sai_embed_job *job, unsigned threads, size_t window)
{
    for (size_t i = 0; job->window && i < window; i++) {
        sai_free(job->window[i].slots);
        sai_free(job->window[i].vectors);
    }
    for (unsigned i = 0; job->inputs && i < threads; i++)
        sai_free(job->inputs[i]);
    sai_free(job->window);
    sai_free(job->inputs);
    sai_free(job->copy);
    sai_batches_free(&job->batches);
    selectai_issues_destroy(&job->issues);
}

static int check_pair(const selectai_embedding_cache *cache, const selectai_encoder *encoder)
{
    if (strcmp(cache->encoder_id, encoder->id) == 0 && cache->dim == encoder->dim)
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                    "%s: holds vectors of %s (%u numbers), but the encoder is %s (%u): use another folder for it",
                    cache->directory, cache->encoder_id, cache->dim, encoder->id, encoder->dim);
}

void selectai_embed_options_init(struct selectai_embed_options *options, uint32_t struct_size)
{
    static const struct selectai_embed_options defaults = {0};
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

int selectai_embed_files(struct selectai_embed_counts *counts, selectai_issues **issues,
                         selectai_embedding_cache *cache, selectai_encoder *encoder, const char *project,
                         const char *const *paths, const char *const *rel_paths, size_t n,
                         const struct selectai_embed_options *options)
{
    struct selectai_embed_options full;
    struct sai_embed_job job = {
        .cache = cache, .encoder = encoder, .paths = paths, .names = rel_paths ? rel_paths : paths};
    struct sai_progress progress = {0};
    char *project_copy = NULL;
    SAI_REQUIRE(cache && cache->writable && encoder && project && (n == 0 || paths));
    selectai_embed_options_init(&full, sizeof full);
    int rc = sai_options_copy(&full, sizeof full, options);
    if (rc == SELECTAI_OK)
        rc = check_pair(cache, encoder);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(full.retry_failed <= 1 && full.reserved == 0);
    pthread_rwlock_init(&job.lock, NULL);
    rc = make_job(&job, &project_copy, project, n, &full, &progress);
    if (rc == SELECTAI_OK)
        rc = run(&job);
    if (rc == SELECTAI_OK && counts)
        rc = sai_struct_out(counts, &job.counts, sizeof job.counts);
    if (rc == SELECTAI_OK && issues) {
        *issues = job.issues;
        job.issues = NULL;
    }
    free_job(&job, sai_thread_count(full.threads), 2 * (size_t)sai_thread_count(full.threads));
    pthread_rwlock_destroy(&job.lock);
    sai_free(project_copy);
    return rc;
}
