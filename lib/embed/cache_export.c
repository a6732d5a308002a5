/*
 * embed/cache_export.c: vectors and names as other programs want them.
 *
 * The names of the clip-retrieval layout are those of https://github.com/rom1504/clip-retrieval; its metadata are
 * Parquet there, which nothing here writes: JSONL or CSV with the same column.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/csv.h"
#include "base/path.h"
#include "embed/cache_bulk.h"
#include "embed/cache_line.h"
#include "embed/cache_options.h"

struct exporting {
    struct sai_cache_job job;
    selectai_embedding_cache *cache;
    const char *output;
    uint32_t *rows; /* that are exported */
    size_t n_rows;
    bool half;
    float *vector;
    uint8_t *packed;
    struct sai_npy_file npy;       /* of the current file */
    struct sai_atomic_file labels; /* beside it */
    bool labels_open;
    struct sai_text line;
};

/* ---- What is exported ------------------------------------------------------------------------ */

static int require_empty(const char *folder)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    int rc = SELECTAI_OK;
    if (!dir)
        return errno == ENOENT ? SELECTAI_OK : SAI_FAIL_ERRNO("open the folder", folder);
    while (rc == SELECTAI_OK && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = SAI_FAIL(SELECTAI_ERR_EXISTS, "%s: is not empty: choose a new folder", folder);
    closedir(dir);
    return rc;
}

static int select_rows(struct exporting *e)
{
    const struct sai_cache_table *table = &e->cache->table;
    const char *wanted = e->job.options.project;
    if (!(e->rows = sai_malloc_array(table->n_rows + 1, sizeof *e->rows)))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < table->n_rows; i++) {
        const struct sai_cache_row *row = sai_cache_table_row(table, i);
        if (row && wanted && strcmp(table->projects[row->project], wanted) != 0)
            continue;
        e->job.counts.read++;
        if (row && !sai_cache_table_is_latest(table, i))
            e->job.counts.superseded++;
        else
            e->rows[e->n_rows++] = (uint32_t)i; /* a damaged one is reported when its turn comes */
    }
    if (e->n_rows > 0)
        return SELECTAI_OK;
    return wanted ? SAI_FAIL(SELECTAI_ERR_NO_DATA, "%s: has no rows of a project %s", e->cache->directory, wanted)
                  : SAI_FAIL(SELECTAI_ERR_NO_DATA, "%s: has no rows", e->cache->directory);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static bool is_clip(const struct exporting *e)
{
    return e->job.options.layout == SELECTAI_EXPORT_CLIP_RETRIEVAL;
}

static bool is_csv(const struct exporting *e)
{
    return is_clip(e) && e->job.options.metadata == SELECTAI_METADATA_CSV;
}

static int count_digits(uint64_t n)
{
    int digits = 1;
    for (; n >= 10; n /= 10)
        digits++;
    return digits;
}

/* clip-retrieval gives as many digits as the number of files has. */
static int name_files(char **vectors, char **labels, const struct exporting *e, uint64_t number)
{
    const uint64_t per_file = e->job.options.rows_per_file;
    const int digits = count_digits((e->n_rows + per_file - 1) / per_file);
    *vectors = is_clip(e) ? sai_asprintf("%s/img_emb/img_emb_%0*" PRIu64 ".npy", e->output, digits, number)
                          : sai_path_join(e->output, "embeddings.npy");
    *labels = is_clip(e) ? sai_asprintf("%s/metadata/metadata_%0*" PRIu64 ".%s", e->output, digits, number,
                                        is_csv(e) ? "csv" : "jsonl")
                         : sai_path_join(e->output, "embeddings.jsonl");
    return *vectors && *labels ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int begin_files(struct exporting *e, uint64_t number)
{
    char *vectors = NULL, *labels = NULL;
    int rc = name_files(&vectors, &labels, e, number);
    if (rc == SELECTAI_OK)
        rc = sai_npy_begin(&e->npy, vectors, e->cache->dim, e->half);
    if (rc == SELECTAI_OK)
        rc = sai_atomic_open(&e->labels, labels);
    if (rc == SELECTAI_OK) {
        e->labels_open = true;
        if (is_csv(e))
            sai_atomic_puts(&e->labels, "image_path,project\n");
    }
    sai_free(vectors);
    sai_free(labels);
    return rc;
}

static int commit_files(struct exporting *e)
{
    int rc = sai_npy_commit(&e->npy);
    if (rc != SELECTAI_OK)
        return rc;
    e->labels_open = false;
    e->job.counts.files++;
    return sai_atomic_commit(&e->labels);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void normalise(float *vector, uint32_t dim)
{
    double sum = 0;
    for (uint32_t i = 0; i < dim; i++)
        sum += (double)vector[i] * vector[i];
    for (uint32_t i = 0; i < dim && sum > 0; i++)
        vector[i] = (float)(vector[i] / sqrt(sum));
}

static int put_label(struct exporting *e, const struct sai_cache_record *record)
{
    struct sai_cache_row row = record->row;
    const char *root = sai_cache_job_root(&e->job, record->project);
    char *path = root ? sai_path_join(root, record->rel_path) : sai_strdup(record->rel_path);
    if (!path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    sai_text_clear(&e->line);
    if (!is_clip(e)) {
        row.has_vector_crc32 = 0; /* it is of other bytes now */
        sai_cache_line_write(&e->line, e->npy.n_rows, record->project, &row);
        sai_text_puts(&e->line, "}\n");
    } else if (is_csv(e)) {
        sai_csv_field(&e->line, path);
        sai_csv_field(&e->line, record->project);
        sai_csv_end(&e->line);
    } else {
        sai_text_puts(&e->line, "{\"image_path\":");
        sai_text_json_string(&e->line, path);
        sai_text_puts(&e->line, ",\"project\":");
        sai_text_json_string(&e->line, record->project);
        sai_text_puts(&e->line, "}\n");
    }
    sai_free(path);
    return e->line.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

static int leave_out(struct exporting *e, const char *kind, size_t i)
{
    e->job.counts.failed++;
    return sai_issues_add_last(e->job.issues, kind, sai_cache_part_of(e->cache, i)->npy_path, 0);
}

static int export_row(struct exporting *e, size_t i)
{
    struct sai_cache_record record;
    uint32_t crc;
    if (!sai_cache_record_of(&record, e->cache, i)) {
        (void)SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: row %zu is damaged in an index: delete the folder's .idx files",
                       e->cache->directory, i);
        return leave_out(e, "wrong-index", i);
    }
    int rc = sai_cache_checked_floats(e->vector, e->cache, i);
    if (rc == SELECTAI_ERR_FORMAT)
        return leave_out(e, "wrong-vector", i);
    if (e->job.options.normalise)
        normalise(e->vector, e->cache->dim);
    rc = sai_cache_pack(e->packed, &crc, e->vector, e->cache->dim, e->half);
    if (rc != SELECTAI_OK)
        return leave_out(e, "not-finite", i);
    rc = put_label(e, &record);
    if (rc != SELECTAI_OK)
        return rc;
    sai_npy_add(&e->npy, e->packed);
    sai_atomic_write(&e->labels, e->line.data, e->line.length);
    e->job.counts.written++;
    return SELECTAI_OK;
}

static int export_rows(struct exporting *e)
{
    const uint64_t per_file = is_clip(e) ? e->job.options.rows_per_file : e->n_rows;
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < e->n_rows && rc == SELECTAI_OK; i++) {
        if (i % per_file == 0)
            rc = begin_files(e, i / per_file);
        if (rc == SELECTAI_OK)
            rc = export_row(e, e->rows[i]);
        if (rc == SELECTAI_OK && ((i + 1) % per_file == 0 || i + 1 == e->n_rows))
            rc = commit_files(e);
        if (rc == SELECTAI_OK)
            rc = sai_cache_job_progress(&e->job, i + 1, e->n_rows);
    }
    return rc;
}

static int make_folders(const struct exporting *e)
{
    static const char *const names[] = {"img_emb", "metadata"};
    int rc = sai_path_make_directories(e->output);
    for (int i = 0; i < 2 && rc == SELECTAI_OK && is_clip(e); i++) {
        char *path = sai_path_join(e->output, names[i]);
        rc = path ? sai_path_make_directories(path) : SELECTAI_ERR_OUT_OF_MEMORY;
        sai_free(path);
    }
    return rc;
}

static int export_cache(struct exporting *e)
{
    const int32_t dtype = e->job.options.dtype;
    e->half = dtype == SELECTAI_DTYPE_AUTO ? sai_cache_all_half(e->cache) : dtype == SELECTAI_DTYPE_FLOAT16;
    e->vector = sai_malloc_array(e->cache->dim, sizeof *e->vector);
    e->packed = sai_malloc_array(e->cache->dim, 4);
    int rc = e->vector && e->packed ? sai_issues_append(e->job.issues, e->cache->issues) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = select_rows(e);
    if (rc == SELECTAI_OK)
        rc = make_folders(e);
    return rc == SELECTAI_OK ? export_rows(e) : rc;
}

int selectai_embedding_cache_export(struct selectai_cache_counts *counts, selectai_issues **issues,
                                    const char *directory, const char *output,
                                    const struct selectai_cache_options *options)
{
    struct exporting e = {.output = output};
    SAI_REQUIRE(directory && output);
    int rc = sai_cache_job_begin(&e.job, options, "export");
    if (rc == SELECTAI_OK)
        rc = require_empty(output);
    if (rc == SELECTAI_OK)
        rc = sai_cache_open(&e.cache, directory, 0);
    if (rc == SELECTAI_OK)
        rc = export_cache(&e);
    sai_npy_discard(&e.npy);
    if (e.labels_open)
        sai_atomic_discard(&e.labels);
    sai_text_free(&e.line);
    selectai_embedding_cache_close(&e.cache);
    sai_free(e.rows);
    sai_free(e.vector);
    sai_free(e.packed);
    return sai_cache_job_end(&e.job, rc, counts, issues);
}
