/*
 * embed/cache_merge.c: several caches become one.
 *
 * A row is written if it is the last of its path in its cache and no other cache, nor the output, has a better one:
 * greater mtime_ns, and of equal times later in the list. That needs no memory of what was written, and it is the same
 * whichever machine's part is merged first.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/path.h"
#include "embed/cache_bulk.h"
#include "embed/cache_options.h"

struct merging {
    struct sai_cache_job job;
    selectai_embedding_cache **caches; /* the output first, NULL if it is not there yet */
    size_t n;                          /* with the output */
    uint64_t total, done;              /* rows */
    struct sai_cache_bulk bulk;
    float *vector;
};

static int mismatch(const selectai_embedding_cache *a, const selectai_embedding_cache *b)
{
    return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                    "%s holds vectors of %s (%u numbers), but %s holds those of %s (%u): they are not comparable",
                    b->directory, b->encoder_id, b->dim, a->directory, a->encoder_id, a->dim);
}

static int open_all(struct merging *m, const char *output, const char *const *inputs)
{
    int rc = SELECTAI_OK;
    char *manifest = sai_path_join(output, SAI_CACHE_MANIFEST);
    if (!manifest)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (sai_path_exists(manifest))
        rc = sai_cache_open(&m->caches[0], output, 0);
    sai_free(manifest);
    const selectai_embedding_cache *first = m->caches[0];
    for (size_t i = 1; i < m->n && rc == SELECTAI_OK; i++) {
        rc = sai_cache_open(&m->caches[i], inputs[i - 1], 0);
        if (rc == SELECTAI_OK && first &&
            (strcmp(first->encoder_id, m->caches[i]->encoder_id) != 0 || first->dim != m->caches[i]->dim))
            rc = mismatch(first, m->caches[i]);
        if (rc == SELECTAI_OK)
            rc = sai_issues_append(m->job.issues, m->caches[i]->issues);
        if (rc == SELECTAI_OK)
            m->total += m->caches[i]->table.n_rows;
        if (!first)
            first = m->caches[i];
    }
    return rc;
}

static bool same_row(const struct sai_cache_row *a, const struct sai_cache_row *b)
{
    return sai_cache_same_content(a, b) && a->mtime_ns == b->mtime_ns;
}

/* Whether another cache has a better row of this path; counts why. */
static bool is_beaten(struct merging *m, size_t cache, const struct sai_cache_row *row, const char *project)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct sai_cache_table *table = m->caches[i] ? &m->caches[i]->table : NULL;
        uint32_t at = table && i != cache ? sai_cache_table_find_path(table, project, row->rel_path) : SAI_CACHE_NONE;
        if (at == SAI_CACHE_NONE)
            continue;
        const struct sai_cache_row *other = &table->rows[at];
        if (i == 0 && same_row(row, other)) {
            m->job.counts.present++;
            return true;
        }
        if (other->mtime_ns > row->mtime_ns || (other->mtime_ns == row->mtime_ns && i > cache)) {
            bool equal = sai_cache_same_content(row, other);
            ++*(equal ? &m->job.counts.repeated : &m->job.counts.superseded);
            return true;
        }
    }
    return false;
}

static int leave_out(struct merging *m, const char *kind, const char *path)
{
    m->job.counts.failed++;
    return sai_issues_add_last(m->job.issues, kind, path, 0);
}

static int merge_row(struct merging *m, size_t cache, size_t i)
{
    const selectai_embedding_cache *from = m->caches[cache];
    struct sai_cache_record record;
    const struct sai_cache_row *row = sai_cache_record_of(&record, from, i);
    m->job.counts.read++;
    if (!row) {
        (void)SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: row %zu is damaged in an index: delete the folder's .idx files",
                       from->directory, i);
        return leave_out(m, "wrong-index", from->directory);
    }
    uint32_t last = sai_cache_table_find_path(&from->table, record.project, record.rel_path);
    if (last != i) {
        const struct sai_cache_row *later = &from->table.rows[last];
        bool equal = last != SAI_CACHE_NONE && sai_cache_same_content(later, row);
        ++*(equal ? &m->job.counts.repeated : &m->job.counts.superseded);
        return SELECTAI_OK;
    }
    if (is_beaten(m, cache, row, record.project))
        return SELECTAI_OK;
    int rc = sai_cache_checked_floats(m->vector, from, i);
    if (rc == SELECTAI_ERR_FORMAT)
        return leave_out(m, "wrong-vector", sai_cache_part_of(from, i)->npy_path);
    rc = sai_cache_bulk_add(&m->bulk, &record, m->vector);
    if (rc == SELECTAI_ERR_INVALID_ARGUMENT)
        return leave_out(m, "not-finite", sai_cache_part_of(from, i)->npy_path);
    return rc;
}

static bool wants_half(const struct merging *m)
{
    if (m->job.options.dtype != SELECTAI_DTYPE_AUTO)
        return m->job.options.dtype == SELECTAI_DTYPE_FLOAT16;
    bool any = false;
    for (size_t i = 1; i < m->n; i++) {
        if (m->caches[i]->n_parts > 0 && !sai_cache_all_half(m->caches[i]))
            return false;
        any = any || m->caches[i]->n_parts > 0;
    }
    return any;
}

static int start_output(struct merging *m, const char *output)
{
    char writer[SAI_CACHE_WRITER_DIGITS + 1];
    struct sai_cache_list list = {0};
    const selectai_embedding_cache *like = m->caches[0] ? m->caches[0] : m->caches[1];
    const bool half = wants_half(m);
    int rc = sai_cache_manifest_make(output, like->encoder_id, like->dim, half);
    if (rc == SELECTAI_OK)
        rc = sai_cache_list_read(&list, output);
    if (rc != SELECTAI_OK)
        return rc;
    sai_cache_new_writer(writer, &list);
    sai_cache_list_free(&list);
    sai_cache_bulk_begin(&m->bulk, output, writer, like->dim, half);
    m->vector = sai_malloc_array(like->dim, sizeof *m->vector);
    return m->vector ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int merge_failures(struct merging *m)
{
    struct sai_cache_failures all = {0};
    int rc = m->caches[0] ? sai_cache_failures_read(&all, m->bulk.directory, NULL) : SELECTAI_OK;
    struct sai_cache_failures one = {0};
    for (size_t i = 1; i < m->n && rc == SELECTAI_OK; i++) {
        rc = sai_cache_failures_read(&one, m->caches[i]->directory, NULL);
        for (size_t k = 0; k < one.n && rc == SELECTAI_OK; k++)
            rc = sai_cache_failures_add(&all, &one.items[k]);
        sai_cache_failures_free(&one);
    }
    if (rc == SELECTAI_OK)
        rc = sai_cache_failures_write(&all, m->bulk.directory, m->bulk.writer);
    sai_cache_failures_free(&all);
    return rc;
}

static int merge_all(struct merging *m)
{
    int rc = SELECTAI_OK;
    for (size_t c = 1; c < m->n && rc == SELECTAI_OK; c++)
        for (size_t i = 0; i < m->caches[c]->table.n_rows && rc == SELECTAI_OK; i++) {
            rc = merge_row(m, c, i);
            if (rc == SELECTAI_OK)
                rc = sai_cache_job_progress(&m->job, ++m->done, m->total);
        }
    /* What is complete is kept when the run is cut short: the next one finds it. */
    if (rc == SELECTAI_OK || rc == SELECTAI_ERR_CANCELLED) {
        int finished = sai_cache_bulk_finish(&m->bulk);
        rc = finished == SELECTAI_OK ? rc : finished;
    }
    m->job.counts.written = m->bulk.n_rows;
    m->job.counts.files = m->bulk.n_parts;
    return rc == SELECTAI_OK ? merge_failures(m) : rc;
}

/* A compaction of the output that began meanwhile may have put earlier rows behind those of this run. */
static bool is_overtaken(const struct merging *m)
{
    char compacted[SAI_CACHE_WRITER_DIGITS + 1];
    return m->bulk.n_parts > 0 && sai_cache_compacted(compacted, m->bulk.directory) &&
           strcmp(compacted, m->bulk.writer) > 0;
}

static int merge_once(struct merging *m, const char *output, const char *const *caches, bool *overtaken)
{
    int rc = SELECTAI_OK;
    m->total = m->done = 0;
    if (!(m->caches = sai_calloc(m->n, sizeof *m->caches)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    rc = open_all(m, output, caches);
    if (rc == SELECTAI_OK)
        rc = start_output(m, output);
    if (rc == SELECTAI_OK)
        rc = merge_all(m);
    *overtaken = rc == SELECTAI_OK && is_overtaken(m);
    sai_cache_bulk_end(&m->bulk);
    for (size_t i = 0; i < m->n; i++)
        selectai_embedding_cache_close(&m->caches[i]);
    sai_free(m->caches);
    sai_free(m->vector);
    m->caches = NULL;
    m->vector = NULL;
    return rc;
}

/* Once more: rows that lie before worse ones of the output are written again, others are found. */
static int merge_again(struct merging *m, const char *output, const char *const *caches, bool *overtaken)
{
    struct selectai_cache_counts first = m->job.counts;
    const size_t n_issues = selectai_issues_count(m->job.issues);
    m->job.counts = (struct selectai_cache_counts){0};
    int rc = merge_once(m, output, caches, overtaken);
    sai_issues_cut(m->job.issues, n_issues); /* the same ones */
    first.files += m->job.counts.files;
    m->job.counts = first;
    return rc;
}

int selectai_embedding_cache_merge(struct selectai_cache_counts *counts, selectai_issues **issues, const char *output,
                                   const char *const *caches, size_t n, const struct selectai_cache_options *options)
{
    struct merging m = {.n = n + 1};
    bool overtaken = false;
    SAI_REQUIRE(output && caches && n > 0);
    for (size_t i = 0; i < n; i++)
        SAI_REQUIRE(caches[i]);
    int rc = sai_cache_job_begin(&m.job, options, "merge");
    if (rc == SELECTAI_OK)
        rc = merge_once(&m, output, caches, &overtaken);
    while (rc == SELECTAI_OK && overtaken)
        rc = merge_again(&m, output, caches, &overtaken);
    return sai_cache_job_end(&m.job, rc, counts, issues);
}
