/*
 * embed/embed_examine.c: what is known of each file of a batch, and the vectors of those that are new.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "base/time.h"
#include "base/xxh64.h"
#include "embed/embed_job.h"
#include "image/crc.h"

int sai_embed_find_row(uint32_t *out, const struct sai_embed_job *job, const char *rel_path)
{
    const char *clean;
    char *copy;
    int rc = sai_cache_clean_text(&clean, &copy, rel_path);
    if (rc == SELECTAI_OK)
        *out = sai_cache_table_find_path(&job->cache->table, job->project, clean);
    sai_free(copy);
    return rc;
}

static int look_up(struct sai_embed_slot *slot, struct sai_embed_job *job, const char *path)
{
    struct stat st;
    uint32_t known = SAI_CACHE_NONE;
    if (stat(path, &st) != 0)
        return SAI_FAIL_ERRNO("read", path);
    slot->row.size = (uint64_t)st.st_size;
    slot->row.mtime_ns = sai_time_ns(&st.st_mtim);
    pthread_rwlock_rdlock(&job->lock);
    int rc = sai_embed_find_row(&known, job, slot->row.rel_path);
    if (rc == SELECTAI_OK && known != SAI_CACHE_NONE) {
        const struct sai_cache_row *row = &job->cache->table.rows[known];
        if (row->size == slot->row.size && row->mtime_ns == slot->row.mtime_ns)
            slot->state = SAI_EMBED_UNCHANGED;
    }
    pthread_rwlock_unlock(&job->lock);
    return rc;
}

/* By size, crc32 and xxh64: as a row of the cache, or as a failure of an earlier run, which becomes the slot's error.
 * What this run found is no reason to give up: which of two equal files is first would depend on the threads. */
static void look_up_content(struct sai_embed_slot *slot, struct sai_embed_job *job, const char *path)
{
    const struct sai_cache_failure *failure = NULL;
    pthread_rwlock_rdlock(&job->lock);
    slot->source = sai_cache_table_find_content(&job->cache->table, job->project, slot->row.size, slot->row.crc32,
                                                slot->row.xxh64);
    if (slot->source != SAI_CACHE_NONE)
        slot->state = SAI_EMBED_KNOWN;
    else if (!job->retry_failed)
        failure = sai_cache_failure_find(job->cache, slot->row.size, slot->row.crc32, slot->row.xxh64);
    if (failure && failure < job->cache->failures.items + job->cache->failures.n_read) {
        slot->state = SAI_EMBED_GIVEN_UP;
        slot->code = SAI_FAIL(failure->code, "%s: %s", path, failure->message);
        sai_error_save(&slot->error);
    }
    pthread_rwlock_unlock(&job->lock);
}

static int read_content(struct sai_embed_slot *slot, struct sai_embed_job *job, float *input, const char *path)
{
    struct selectai_image_options limits;
    struct sai_decoded decoded = {0};
    void *bytes = NULL;
    size_t n = 0;
    selectai_image_options_init(&limits, sizeof limits);
    int rc = sai_file_read(&bytes, &n, path, limits.max_bytes);
    if (rc != SELECTAI_OK)
        return rc;
    slot->row.size = n;
    slot->row.crc32 = sai_crc32(bytes, n);
    slot->row.xxh64 = sai_xxh64(bytes, n);
    slot->has_content = true;
    look_up_content(slot, job, path);
    if (slot->state == SAI_EMBED_OPEN) {
        rc = sai_encoder_prepare_bytes(input, &decoded, job->encoder, bytes, n, path);
        slot->row.width = decoded.width;
        slot->row.height = decoded.height;
        slot->row.phash = decoded.phash;
        slot->state = SAI_EMBED_NEW;
    }
    sai_free(bytes);
    return rc;
}

static int examine(struct sai_embed_slot *slot, struct sai_embed_job *job, float *input, size_t i)
{
    const char *path = job->paths[i], *name = job->names[i];
    if (!path || !name || !*sai_path_basename(name))
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "a file without a name was given: %s", path ? path : "NULL");
    slot->row = (struct selectai_cache_row){.struct_size = sizeof slot->row, .project = job->project, .rel_path = name};
    int rc = look_up(slot, job, path);
    return rc == SELECTAI_OK && slot->state == SAI_EMBED_OPEN ? read_content(slot, job, input, path) : rc;
}

int sai_embed_work(size_t batch, unsigned thread, void *ctx)
{
    struct sai_embed_job *job = ctx;
    struct sai_embed_batch *b = &job->window[batch % job->pipeline.window];
    const size_t first = job->batches.begin[batch], n = job->batches.begin[batch + 1] - first;
    size_t n_new = 0;
    bool go_on = true;
    if (!job->inputs[thread] && !(job->inputs[thread] = sai_encoder_inputs(job->encoder, job->batches.largest)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct sai_embed_slot *slot = &b->slots[i];
        *slot = (struct sai_embed_slot){.state = SAI_EMBED_OPEN};
        if (!go_on)
            continue;
        slot->code = examine(slot, job, job->inputs[thread] + n_new * job->encoder->input_floats, first + i);
        if (slot->code != SELECTAI_OK) { /* one bad file does not stop the others */
            slot->state = SAI_EMBED_FAILED;
            sai_error_save(&slot->error);
        }
        if (slot->state == SAI_EMBED_NEW)
            slot->vector = n_new++;
        go_on = sai_pipeline_step(&job->pipeline);
    }
    return n_new == 0 ? SELECTAI_OK : job->encoder->ops->run(b->vectors, job->encoder, job->inputs[thread], n_new);
}
