/*
 * embed/embed_files.c: brings a cache up to date with a list of files.
 *
 * Chunk by chunk: workers look each file up, read it at most once, and prepare what the encoder must see; then the
 * calling thread encodes and adds the rows in the order of the list, so that the cache does not depend on the threads.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

#include "base/file.h"
#include "base/issues.h"
#include "base/path.h"
#include "base/time.h"
#include "embed/cache.h"
#include "embed/encoder.h"

/* A killed run loses this much work at most, however slow the encoder is. */
#define FLUSH_SECONDS 10

enum state {
    STATE_OPEN,      /* not looked at (the job was cancelled) */
    STATE_UNCHANGED, /* same name, size and time */
    STATE_KNOWN,     /* same content as row `source` */
    STATE_NEW,       /* prepared for the encoder */
    STATE_FAILED,    /* see error */
};

struct slot {
    enum state state;
    uint32_t source;
    struct selectai_cache_row row;
    struct sai_error_copy error;
};

struct job {
    selectai_embedding_cache *cache;
    selectai_encoder *encoder;
    const char *project;            /* clean UTF-8 */
    const char *const *paths;       /* of the chunk */
    const char *const *names;       /* rel_paths of the chunk */
    struct slot *slots;             /* of the chunk */
    float *inputs, *vectors, *copy; /* of the chunk; one vector */
    struct selectai_embed_counts counts;
    selectai_issues *issues;
    int64_t flushed; /* seconds, when the cache was flushed last */
};

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- On the workers -------------------------------------------------------------------------- */

/* The latest row of this file, or SAI_CACHE_NONE. */
static int find_row(uint32_t *out, const struct job *job, const char *rel_path)
{
    const char *clean;
    char *copy;
    int rc = sai_cache_clean_text(&clean, &copy, rel_path);
    if (rc == SELECTAI_OK)
        *out = sai_cache_table_find_path(&job->cache->table, job->project, clean);
    sai_free(copy);
    return rc;
}

static int look_up(struct slot *slot, const struct job *job, const char *path)
{
    struct stat st;
    uint32_t known;
    if (stat(path, &st) != 0)
        return SAI_FAIL_ERRNO("read", path);
    slot->row.size = (uint64_t)st.st_size;
    slot->row.mtime_ns = sai_time_ns(&st.st_mtim);
    int rc = find_row(&known, job, slot->row.rel_path);
    if (rc != SELECTAI_OK || known == SAI_CACHE_NONE)
        return rc;
    const struct sai_cache_row *row = &job->cache->table.rows[known];
    if (row->size == slot->row.size && row->mtime_ns == slot->row.mtime_ns) {
        slot->state = STATE_UNCHANGED;
        slot->source = known;
    }
    return SELECTAI_OK;
}

static int decode(struct slot *slot, const struct job *job, float *input, const void *bytes, size_t n, const char *path)
{
    selectai_image *image = NULL;
    int rc = selectai_image_decode(&image, bytes, n, path, NULL);
    if (rc == SELECTAI_OK) {
        slot->row.width = selectai_image_width(image);
        slot->row.height = selectai_image_height(image);
        rc = selectai_image_phash(&slot->row.phash, image);
    }
    if (rc == SELECTAI_OK)
        rc = job->encoder->ops->prepare(input, job->encoder, image);
    selectai_image_destroy(&image);
    return rc;
}

static int read_content(struct slot *slot, const struct job *job, float *input, const char *path)
{
    struct selectai_image_options limits;
    void *bytes = NULL;
    size_t n = 0;
    selectai_image_options_init(&limits, sizeof limits);
    int rc = sai_file_read(&bytes, &n, path, limits.max_bytes);
    if (rc != SELECTAI_OK)
        return rc;
    slot->row.size = n;
    slot->row.crc32 = (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, n);
    slot->source = sai_cache_table_find_content(&job->cache->table, job->project, n, slot->row.crc32);
    slot->state = STATE_KNOWN;
    if (slot->source == SAI_CACHE_NONE) {
        rc = decode(slot, job, input, bytes, n, path);
        slot->state = STATE_NEW;
    }
    sai_free(bytes);
    return rc;
}

static int examine(size_t i, unsigned thread, void *ctx)
{
    struct job *job = ctx;
    struct slot *slot = &job->slots[i];
    const char *path = job->paths[i];
    (void)thread;
    if (!path || !job->names[i] || !*sai_path_basename(job->names[i]))
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "a file without a name was given: %s", path ? path : "NULL");
    slot->row = (struct selectai_cache_row){
        .struct_size = sizeof slot->row, .project = job->project, .rel_path = job->names[i]};
    int rc = look_up(slot, job, path);
    if (rc == SELECTAI_OK && slot->state != STATE_UNCHANGED)
        rc = read_content(slot, job, job->inputs + i * job->encoder->input_floats, path);
    if (rc != SELECTAI_OK) {
        slot->state = STATE_FAILED;
        sai_error_save(&slot->error);
    }
    return SELECTAI_OK; /* one bad file does not stop the others */
}

/* ---- On the calling thread ------------------------------------------------------------------- */

static int fail_slot(struct job *job, size_t i, const char *kind)
{
    job->counts.failed++;
    return sai_issues_add_last(job->issues, kind, job->paths[i], 0);
}

/* Adds a row unless the very same is there (a file that the list names twice). */
static int add_row(struct job *job, size_t i, const float *vector, uint64_t *count)
{
    struct slot *slot = &job->slots[i];
    uint32_t known;
    int rc = find_row(&known, job, slot->row.rel_path);
    if (rc != SELECTAI_OK)
        return rc;
    if (known != SAI_CACHE_NONE) {
        const struct sai_cache_row *row = &job->cache->table.rows[known];
        bool same = row->size == slot->row.size && row->crc32 == slot->row.crc32;
        if (same)
            count = &job->counts.unchanged; /* a new row at most remembers the new time */
        if (same && row->mtime_ns == slot->row.mtime_ns) {
            ++*count;
            return SELECTAI_OK;
        }
    }
    rc = selectai_embedding_cache_add(job->cache, &slot->row, vector);
    if (rc == SELECTAI_ERR_INVALID_ARGUMENT) /* the cache refuses vectors that are not finite */
        return fail_slot(job, i, "bad-vector");
    ++*count;
    return rc;
}

static int take_over(struct job *job, size_t i)
{
    struct slot *slot = &job->slots[i];
    const struct sai_cache_row *source = &job->cache->table.rows[slot->source];
    slot->row.width = source->width;
    slot->row.height = source->height;
    slot->row.phash = source->phash;
    sai_cache_row_floats(job->copy, job->cache, slot->source);
    return add_row(job, i, job->copy, &job->counts.moved);
}

static int encode_new(struct job *job, size_t n)
{
    const size_t floats = job->encoder->input_floats;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (job->slots[i].state != STATE_NEW)
            continue;
        if (k != i)
            memcpy(job->inputs + k * floats, job->inputs + i * floats, floats * sizeof(float));
        k++;
    }
    return k == 0 ? SELECTAI_OK : job->encoder->ops->run(job->vectors, job->encoder, job->inputs, k);
}

static int apply(struct job *job, size_t i, size_t *next_vector)
{
    switch (job->slots[i].state) {
    case STATE_UNCHANGED:
        job->counts.unchanged++;
        return SELECTAI_OK;
    case STATE_KNOWN:
        return take_over(job, i);
    case STATE_NEW:
        return add_row(job, i, job->vectors + (*next_vector)++ * job->encoder->dim, &job->counts.encoded);
    case STATE_FAILED:
        sai_error_restore(&job->slots[i].error);
        return fail_slot(job, i, "unreadable");
    case STATE_OPEN:
        break;
    }
    return SELECTAI_OK;
}

/* What the workers found goes into the cache, also what they had done when the job was cancelled. */
static int apply_chunk(struct job *job, size_t n)
{
    size_t next_vector = 0;
    int rc = encode_new(job, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++)
        rc = apply(job, i, &next_vector);
    if (rc == SELECTAI_OK && now() - job->flushed >= FLUSH_SECONDS) {
        rc = selectai_embedding_cache_flush(job->cache);
        job->flushed = now();
    }
    return rc;
}

static int embed_chunk(struct job *job, const struct sai_chunk *chunk, unsigned threads, size_t n)
{
    struct sai_error_copy cancelled;
    for (size_t i = 0; i < n; i++)
        job->slots[i].state = STATE_OPEN;
    int rc = sai_chunk_run(chunk, threads, n, examine, job);
    if (rc != SELECTAI_OK && rc != SELECTAI_ERR_CANCELLED)
        return rc;
    if (rc == SELECTAI_OK)
        return apply_chunk(job, n);
    sai_error_save(&cancelled);
    rc = apply_chunk(job, n);
    if (rc != SELECTAI_OK)
        return rc;
    sai_error_restore(&cancelled);
    return SELECTAI_ERR_CANCELLED;
}

static int run(struct job *job, const char *const *paths, const char *const *rel_paths, size_t n,
               const struct selectai_embed_options *options)
{
    struct sai_progress progress = {.fn = options->progress, .user = options->user};
    struct sai_chunk chunk = {.outer = &progress, .stage = "embed", .total = n};
    struct sai_error_copy first;
    const size_t room = job->encoder->chunk;
    int rc = SELECTAI_OK;
    job->flushed = now();
    for (size_t done = 0; done < n && rc == SELECTAI_OK;) {
        size_t count = n - done < room ? n - done : room;
        chunk.base = done;
        job->paths = paths + done;
        job->names = (rel_paths ? rel_paths : paths) + done;
        rc = embed_chunk(job, &chunk, options->threads, count);
        done += count;
    }
    if (rc == SELECTAI_OK)
        return selectai_embedding_cache_flush(job->cache);
    sai_error_save(&first); /* what was done is kept; the first error is the one to tell */
    if (rc == SELECTAI_ERR_CANCELLED) {
        int flushed = selectai_embedding_cache_flush(job->cache);
        if (flushed != SELECTAI_OK)
            return flushed;
    } else {
        (void)selectai_embedding_cache_flush(job->cache);
    }
    sai_error_restore(&first);
    return rc;
}

static int make_job(struct job *job, char **project_copy, const char *project, size_t n)
{
    const size_t room = n < job->encoder->chunk ? n : job->encoder->chunk;
    int rc = sai_cache_clean_text(&job->project, project_copy, project);
    if (rc == SELECTAI_OK)
        rc = sai_issues_create(&job->issues);
    if (rc != SELECTAI_OK)
        return rc;
    job->slots = sai_malloc_array(room, sizeof *job->slots);
    job->inputs = sai_encoder_inputs(job->encoder, room);
    job->vectors = sai_malloc_array(room, (size_t)job->encoder->dim * sizeof *job->vectors);
    job->copy = sai_malloc_array(job->encoder->dim, sizeof *job->copy);
    return job->slots && job->inputs && job->vectors && job->copy ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
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
    struct job job = {.cache = cache, .encoder = encoder};
    char *project_copy = NULL;
    SAI_REQUIRE(cache && cache->writable && encoder && project && (n == 0 || paths));
    selectai_embed_options_init(&full, sizeof full);
    int rc = sai_options_copy(&full, sizeof full, options);
    if (rc == SELECTAI_OK)
        rc = check_pair(cache, encoder);
    if (rc == SELECTAI_OK)
        rc = make_job(&job, &project_copy, project, n);
    if (rc == SELECTAI_OK)
        rc = run(&job, paths, rel_paths, n, &full);
    if (rc == SELECTAI_OK && counts)
        rc = sai_struct_out(counts, &job.counts, sizeof job.counts);
    if (rc == SELECTAI_OK && issues) {
        *issues = job.issues;
        job.issues = NULL;
    }
    selectai_issues_destroy(&job.issues);
    sai_free(job.slots);
    sai_free(job.inputs);
    sai_free(job.vectors);
    sai_free(job.copy);
    sai_free(project_copy);
    return rc;
}
