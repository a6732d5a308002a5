/*
 * embed/cache_import.c: earlier caches become parts of one.
 *
 * Lines are taken in batches: workers find and read vectors and images, then the rows are added in the order of the
 * lines, so that the result does not depend on the threads.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/json.h"
#include "base/path.h"
#include "base/threads.h"
#include "base/time.h"
#include "base/xxh64.h"
#include "embed/cache_options.h"
#include "embed/legacy_files.h"
#include "embed/npy_vector.h"
#include <selectai/image.h>

#define BATCH 64u

/* The kind of a line whose path a later one has, too. */
#define REPEATED "repeated"

/* Vectors were written right after their images were read; file systems with coarse times need some room. */
#define NEWER_NS (2 * SAI_NANOSECONDS)

struct line {
    uint64_t row; /* 1-based line of the jsonl */
    char *image, *file;
    float *vector;
    uint64_t dim;
    struct selectai_cache_row facts; /* size 0: unknown */
    const char *kind;                /* why there is no row; NULL: there is one */
    struct sai_error_copy why;
    const char *note; /* why nothing is known about the image, if that is worth telling */
    struct sai_error_copy note_why;
};

struct import {
    struct sai_cache_job job;
    const char *jsonl, *output;
    char *folder;
    const char *root; /* or NULL */
    struct sai_legacy_files files;
    struct sai_legacy_paths paths;   /* of the output */
    bool noting;                     /* the first time through the lines: only their paths count */
    selectai_embedding_cache *cache; /* NULL until the first vector tells the dimension */
    struct line lines[BATCH];
    size_t n;
    uint64_t total, done;
    uint8_t *packed;
};

/* ---- On the workers -------------------------------------------------------------------------- */

/* Where an image is today: as written, below the root, below the jsonl's folder. NULL: nowhere. */
static int find_image(char **out, const struct import *im, const char *written, struct stat *st)
{
    const char *const folders[] = {"", im->root, *written == '/' ? NULL : im->folder};
    *out = NULL;
    for (int i = 0; i < 3 && !*out; i++) {
        if (!folders[i])
            continue;
        char *path = i == 0 ? sai_strdup(written) : sai_path_join(folders[i], written);
        if (!path)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        if (stat(path, st) == 0 && S_ISREG(st->st_mode))
            *out = path;
        else
            sai_free(path);
    }
    return SELECTAI_OK;
}

static int read_facts(struct selectai_cache_row *facts, const char *path, const struct stat *st)
{
    struct selectai_image_options limits;
    struct selectai_cache_row row = {.mtime_ns = sai_time_ns(&st->st_mtim)};
    selectai_image *image = NULL;
    void *bytes = NULL;
    size_t n = 0;
    selectai_image_options_init(&limits, sizeof limits);
    int rc = sai_file_read(&bytes, &n, path, limits.max_bytes);
    if (rc != SELECTAI_OK)
        return rc;
    row.size = n;
    row.crc32 = (uint32_t)crc32_z(0, bytes, n);
    row.xxh64 = sai_xxh64(bytes, n);
    rc = selectai_image_decode(&image, bytes, n, path, NULL);
    if (rc == SELECTAI_OK) {
        row.width = selectai_image_width(image);
        row.height = selectai_image_height(image);
        rc = selectai_image_phash(&row.phash, image);
    }
    selectai_image_destroy(&image);
    sai_free(bytes);
    if (rc == SELECTAI_OK)
        *facts = row;
    return rc;
}

/* What is said about an image must be of the bytes that the vector was made from. */
static int look_at_image(struct line *line, const struct import *im, const struct stat *vector)
{
    struct stat st;
    char *path;
    int rc = find_image(&path, im, line->image, &st);
    if (rc != SELECTAI_OK || !path)
        return rc;
    if (sai_time_difference_ns(&st.st_mtim, &vector->st_mtim) > NEWER_NS) {
        line->note = "newer-image";
        (void)SAI_FAIL(SELECTAI_ERR_MISMATCH,
                       "%s: is newer than its vector, so the vector may be of an earlier picture: embed it again",
                       path);
    } else {
        rc = read_facts(&line->facts, path, &st);
        if (rc != SELECTAI_OK && rc != SELECTAI_ERR_OUT_OF_MEMORY) {
            line->note = "unreadable";
            rc = SELECTAI_OK;
        }
    }
    if (line->note)
        sai_error_save(&line->note_why);
    sai_free(path);
    return rc;
}

static int read_vector(struct line *line, const struct import *im)
{
    char *path;
    struct stat st;
    int rc = sai_legacy_files_find(&path, &im->files, line->file);
    if (rc != SELECTAI_OK)
        return rc;
    if (!path) {
        line->kind = "missing-vector";
        return SAI_FAIL(SELECTAI_ERR_NOT_FOUND, "%s: is not there", line->file);
    }
    line->kind = "bad-npy";
    rc = sai_npy_vector_load(&line->vector, &line->dim, path);
    if (rc == SELECTAI_OK && stat(path, &st) != 0)
        rc = SAI_FAIL_ERRNO("read", path);
    if (rc == SELECTAI_OK) {
        line->kind = NULL;
        rc = look_at_image(line, im, &st);
    }
    sai_free(path);
    return rc;
}

static int examine(size_t i, unsigned thread, void *ctx)
{
    struct import *im = ctx;
    struct line *line = &im->lines[i];
    (void)thread;
    if (line->kind)
        return SELECTAI_OK; /* not even a line */
    int rc = read_vector(line, im);
    if (rc != SELECTAI_OK)
        sai_error_save(&line->why);
    return rc == SELECTAI_ERR_OUT_OF_MEMORY ? rc : SELECTAI_OK;
}

/* ---- On the calling thread ------------------------------------------------------------------- */

/* image_path below the root, or without what makes it absolute: names are compared from the file upwards. */
static const char *relative_path(const struct import *im, const char *image)
{
    size_t n = im->root ? strlen(im->root) : 0;
    while (n > 0 && im->root[n - 1] == '/')
        n--;
    if (n > 0 && strncmp(image, im->root, n) == 0 && image[n] == '/')
        image += n;
    while (*image == '/' || strncmp(image, "./", 2) == 0)
        image += *image == '/' ? 1 : 2;
    return image;
}

static int report(struct import *im, const struct line *line, const char *kind, const struct sai_error_copy *why)
{
    sai_error_restore(why);
    return sai_issues_add_last(im->job.issues, kind, im->jsonl, line->row);
}

static int refuse(struct import *im, struct line *line, const char *kind)
{
    im->job.counts.failed++;
    sai_error_save(&line->why);
    return report(im, line, kind, &line->why);
}

static int open_output(struct import *im, uint64_t dim)
{
    if (dim > SAI_CACHE_MAX_DIM)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: vectors of %llu numbers, at most %u are kept", im->jsonl,
                        (unsigned long long)dim, SAI_CACHE_MAX_DIM);
    int rc = selectai_embedding_cache_create(&im->cache, im->output, im->job.options.encoder_id, (uint32_t)dim,
                                             im->job.options.dtype);
    if (rc == SELECTAI_OK && !(im->packed = sai_malloc_array((size_t)dim, 4)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    return rc;
}

/* Whether the cache knows this path as well or better: what an earlier run added, or a file that was really embedded.
 */
static int is_present(bool *present, const struct import *im, const struct line *line, const char *rel_path)
{
    const char *project, *clean;
    char *project_copy = NULL, *path_copy = NULL;
    uint32_t at = SAI_CACHE_NONE, crc;
    int rc = sai_cache_clean_text(&project, &project_copy, im->job.options.project);
    if (rc == SELECTAI_OK)
        rc = sai_cache_clean_text(&clean, &path_copy, rel_path);
    if (rc == SELECTAI_OK)
        at = sai_cache_table_find_path(&im->cache->table, project, clean);
    sai_free(project_copy);
    sai_free(path_copy);
    *present = at != SAI_CACHE_NONE;
    if (rc != SELECTAI_OK || !*present)
        return rc;
    const struct sai_cache_row *row = &im->cache->table.rows[at];
    if (row->size != 0)
        *present = line->facts.size == 0 || (row->size == line->facts.size && row->crc32 == line->facts.crc32 &&
                                             row->xxh64 == line->facts.xxh64);
    else
        *present = line->facts.size == 0 &&
                   sai_cache_pack(im->packed, &crc, line->vector, im->cache->dim, im->cache->half) == SELECTAI_OK &&
                   crc == row->vector_crc32;
    return SELECTAI_OK;
}

static int add_row(struct import *im, struct line *line)
{
    const char *rel_path = relative_path(im, line->image);
    bool present;
    int rc = im->cache ? SELECTAI_OK : open_output(im, line->dim);
    if (rc != SELECTAI_OK)
        return rc;
    if (line->dim != im->cache->dim) {
        (void)SAI_FAIL(SELECTAI_ERR_MISMATCH, "%s: has %llu numbers, others have %u", line->file,
                       (unsigned long long)line->dim, im->cache->dim);
        return refuse(im, line, "wrong-dimension");
    }
    rc = is_present(&present, im, line, rel_path);
    if (rc != SELECTAI_OK || present) {
        im->job.counts.present += rc == SELECTAI_OK;
        return rc;
    }
    line->facts.struct_size = sizeof line->facts;
    line->facts.project = im->job.options.project;
    line->facts.rel_path = rel_path;
    rc = selectai_embedding_cache_add(im->cache, &line->facts, line->vector);
    if (rc == SELECTAI_ERR_INVALID_ARGUMENT) /* too large for float16 */
        return refuse(im, line, "not-finite");
    im->job.counts.written += rc == SELECTAI_OK;
    im->job.counts.missing += rc == SELECTAI_OK && line->facts.size == 0;
    if (rc == SELECTAI_OK && line->note)
        rc = report(im, line, line->note, &line->note_why);
    return rc;
}

static int apply(struct import *im)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < im->n && rc == SELECTAI_OK; i++) {
        struct line *line = &im->lines[i];
        im->job.counts.read++;
        if (line->kind) {
            ++*(strcmp(line->kind, REPEATED) == 0 ? &im->job.counts.repeated : &im->job.counts.failed);
            rc = report(im, line, line->kind, &line->why);
        } else {
            rc = add_row(im, line);
        }
    }
    return rc;
}

static void forget(struct import *im)
{
    for (size_t i = 0; i < im->n; i++) {
        sai_free(im->lines[i].image);
        sai_free(im->lines[i].file);
        sai_free(im->lines[i].vector);
    }
    im->n = 0;
}

static int run_batch(struct import *im)
{
    int rc = sai_parallel_for(im->job.options.threads, im->n, examine, im, NULL, NULL);
    if (rc == SELECTAI_OK)
        rc = apply(im);
    im->done += im->n;
    forget(im);
    return rc == SELECTAI_OK ? sai_progress_report(&im->job.progress, im->done, im->total, im->job.stage) : rc;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static int read_object(struct line *line, const json_t *object, const char *path)
{
    const char *image = sai_json_string(object, "image_path", ""),
               *file = sai_json_string(object, "embedding_file", "");
    if (!*image || !*file || !*sai_path_basename(image)) {
        line->kind = "missing-field";
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s, line %llu: image_path or embedding_file is missing or no text", path,
                        (unsigned long long)line->row);
    }
    line->image = sai_strdup(image);
    line->file = sai_strdup(file);
    return line->image && line->file ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* The last line of an image wins: earlier caches were appended to when an image was embedded again. */
static int check_last(struct line *line, const struct import *im)
{
    const char *path = relative_path(im, line->image);
    uint64_t last = sai_legacy_paths_last(&im->paths, path);
    if (last <= line->row)
        return SELECTAI_OK;
    line->kind = REPEATED;
    return SAI_FAIL(SELECTAI_ERR_EXISTS, "%s, line %llu: %s is named again in line %llu, which counts", im->jsonl,
                    (unsigned long long)line->row, path, (unsigned long long)last);
}

static int take_line(struct import *im, const struct sai_line_reader *reader)
{
    struct line *line = &im->lines[im->n++];
    json_t *object = NULL;
    *line = (struct line){.row = reader->row};
    const size_t mark = reader->row == 1 && strncmp(reader->line, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    int rc = sai_json_parse(&object, reader->line + mark, reader->length - mark, im->jsonl, reader->row);
    if (rc == SELECTAI_OK)
        rc = read_object(line, object, im->jsonl);
    else
        line->kind = "bad-json";
    json_decref(object);
    if (rc == SELECTAI_OK)
        rc = im->noting ? sai_legacy_paths_note(&im->paths, relative_path(im, line->image), line->row)
                        : check_last(line, im);
    if (rc == SELECTAI_OK || rc == SELECTAI_ERR_OUT_OF_MEMORY)
        return rc;
    sai_error_save(&line->why);
    return SELECTAI_OK;
}

static int count_lines(uint64_t *out, const char *path)
{
    struct sai_mapping file = {0};
    int rc = sai_file_map(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    const uint8_t *p = file.data, *end = p + file.size;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        ++*out;
        p++;
    }
    sai_file_unmap(&file);
    return rc;
}

static int read_lines(struct import *im)
{
    struct sai_line_reader reader;
    int rc = sai_lines_open(&reader, im->jsonl);
    if (rc != SELECTAI_OK)
        return rc;
    while (rc == SELECTAI_OK && (rc = sai_lines_next(&reader)) == SELECTAI_OK) {
        rc = take_line(im, &reader);
        if (im->noting)
            forget(im);
        else if (rc == SELECTAI_OK && im->n == BATCH)
            rc = run_batch(im);
    }
    sai_lines_close(&reader);
    if (rc == SELECTAI_DONE)
        rc = im->noting ? SELECTAI_OK : run_batch(im);
    forget(im);
    return rc;
}

static int read_all(struct import *im)
{
    int rc = count_lines(&im->total, im->jsonl);
    if (rc == SELECTAI_OK)
        rc = sai_legacy_files_list(&im->files, im->folder);
    im->noting = true;
    if (rc == SELECTAI_OK)
        rc = read_lines(im);
    im->noting = false;
    return rc == SELECTAI_OK ? read_lines(im) : rc;
}

static int finish(struct import *im, int rc)
{
    struct sai_error_copy first;
    sai_error_save(&first);
    int flushed = im->cache ? selectai_embedding_cache_flush(im->cache) : SELECTAI_OK;
    if (rc == SELECTAI_OK && !im->cache) {
        struct selectai_issue issue = {.struct_size = sizeof issue, .message = "it has no lines"};
        if (selectai_issues_count(im->job.issues) > 0)
            (void)selectai_issues_get(im->job.issues, 0, &issue);
        return SAI_FAIL(SELECTAI_ERR_NO_DATA, "%s: none of its %llu lines can be used; the first: %s", im->jsonl,
                        (unsigned long long)im->job.counts.read, issue.message);
    }
    if (rc == SELECTAI_OK)
        return flushed;
    sai_error_restore(&first);
    return rc;
}

int selectai_embedding_cache_import_legacy(struct selectai_cache_counts *counts, selectai_issues **issues,
                                           const char *output, const char *jsonl,
                                           const struct selectai_cache_options *options)
{
    SAI_REQUIRE(output && jsonl);
    struct import *im = sai_calloc(1, sizeof *im);
    if (!im)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    im->jsonl = jsonl;
    im->output = output;
    int rc = sai_cache_job_begin(&im->job, options, "import");
    const struct selectai_cache_options *o = &im->job.options;
    if (rc == SELECTAI_OK && (!o->encoder_id || !*o->encoder_id || !o->project || !*o->project))
        rc = SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                      "earlier caches tell neither the encoder nor the project: encoder_id and project must be given");
    im->root = o->n_roots > 0 ? o->root_folders[0] : NULL;
    if (rc == SELECTAI_OK && !(im->folder = sai_path_dirname(jsonl)))
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = finish(im, read_all(im));
    selectai_embedding_cache_close(&im->cache);
    sai_legacy_files_free(&im->files);
    sai_legacy_paths_free(&im->paths);
    sai_free(im->folder);
    sai_free(im->packed);
    rc = sai_cache_job_end(&im->job, rc, counts, issues);
    sai_free(im);
    return rc;
}
