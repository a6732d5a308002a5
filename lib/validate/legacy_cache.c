/*
 * validate/legacy_cache.c: earlier caches: processed_images.jsonl, and a NumPy file for each image.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "embed/legacy_files.h"
#include "embed/npy_vector.h"
#include "validate/validate.h"

#define LINES_A_REPORT 64u

struct legacy {
    struct sai_validator *v;
    const struct sai_target *target;
    char *folder;
    struct sai_legacy_files vectors; /* of the folder and of those below */
    struct sai_seen *seen;
    uint64_t dim; /* of the first good vector; 0: none yet */
    struct sai_presence presence;
    const char *fault;
};

#define REFUSE(l, code, ...) ((l)->fault = (code), SAI_FAIL(SELECTAI_ERR_FORMAT, __VA_ARGS__))

/* ---- Lines ----------------------------------------------------------------------------------- */

static int check_vector(struct legacy *l, const char *written)
{
    struct sai_npy_facts facts;
    struct sai_error_copy why;
    char *path = NULL;
    int rc = sai_legacy_files_find(&path, &l->vectors, written);
    if (rc != SELECTAI_OK)
        return rc;
    if (!path)
        return REFUSE(l, "missing-vector", "%s is not there", written);
    sai_legacy_files_use(&l->vectors, path);
    rc = sai_npy_vector(&facts, path);
    if (rc == SELECTAI_ERR_FORMAT)
        l->fault = "bad-npy";
    else if (rc == SELECTAI_OK && !facts.finite)
        rc = REFUSE(l, "not-finite", "%s holds a value that is no number", written);
    else if (rc == SELECTAI_OK && l->dim && facts.dim != l->dim)
        rc = REFUSE(l, "wrong-dimension", "%s has %llu numbers, others have %llu", written,
                    (unsigned long long)facts.dim, (unsigned long long)l->dim);
    else if (rc == SELECTAI_OK)
        l->dim = facts.dim;
    else if (rc != SELECTAI_ERR_OUT_OF_MEMORY) { /* a row's fault, whatever it is */
        sai_error_save(&why);
        rc = REFUSE(l, "bad-npy", "%s", why.detail.message);
    }
    sai_free(path);
    return rc;
}

static int check_object(struct legacy *l, const json_t *object, uint64_t row)
{
    const struct sai_place place = {.row = row, .severity = -1};
    const char *image = sai_json_string(object, "image_path", ""),
               *file = sai_json_string(object, "embedding_file", "");
    enum sai_sighting sighting = SAI_SEEN_NEW;
    uint64_t first = 0;
    if (!*image || !*file)
        return REFUSE(l, "missing-field", "%s is missing or no text", *image ? "embedding_file" : "image_path");
    int rc = check_vector(l, file);
    if (rc == SELECTAI_OK)
        rc = sai_seen_text(&sighting, &first, l->seen, image, row);
    if (rc == SELECTAI_OK && sighting == SAI_SEEN_SAME)
        rc = sai_result_add(l->v->result, l->target->result, "duplicate-row", &place, "stands in row %llu too: %s",
                            (unsigned long long)first, image);
    return rc == SELECTAI_OK ? sai_check_presence(l->v, l->target->result, &l->presence, l->folder, image, row) : rc;
}

static int check_line(struct legacy *l, const char *text, size_t n, uint64_t row)
{
    struct sai_file_result *file = &l->v->result->files[l->target->result];
    const struct sai_place place = {.row = row, .severity = SELECTAI_SEVERITY_ERROR};
    json_t *object = NULL;
    l->fault = "bad-json";
    int rc = sai_json_parse(&object, text, n, file->path, row);
    if (rc == SELECTAI_OK)
        rc = check_object(l, object, row);
    json_decref(object);
    if (rc != SELECTAI_OK && rc != SELECTAI_ERR_FORMAT)
        return rc;
    file->rows++;
    file->usable += rc == SELECTAI_OK;
    return rc == SELECTAI_OK ? rc : sai_result_add_last(l->v->result, l->target->result, l->fault, &place);
}

static int read_lines(struct legacy *l)
{
    struct sai_line_reader reader;
    int rc = sai_lines_open(&reader, l->target->path);
    if (rc != SELECTAI_OK)
        return rc;
    while (rc == SELECTAI_OK && (rc = sai_lines_next(&reader)) == SELECTAI_OK) {
        size_t n;
        const char *text = sai_load_line_text(&n, &reader);
        if (n > 0)
            rc = check_line(l, text, n, reader.row);
        if (rc == SELECTAI_OK && reader.row % LINES_A_REPORT == 0)
            rc = sai_progress_report(&l->v->progress, reader.row, 0, "lines");
    }
    sai_lines_close(&reader);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int report_orphans(struct legacy *l)
{
    const char **orphans = sai_malloc_array(l->vectors.n + 1, sizeof *orphans);
    size_t n = 0;
    int rc = orphans ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; orphans && i < l->vectors.n; i++)
        if (!l->vectors.items[i].used)
            orphans[n++] = l->vectors.items[i].path;
    if (n > 1)
        qsort(orphans, n, sizeof *orphans, by_text);
    for (size_t i = 0; rc == SELECTAI_OK && i < n; i++) {
        const struct sai_place place = {.path = orphans[i], .severity = -1};
        rc = sai_result_add(l->v->result, l->target->result, "orphan-vector", &place, "no line names it");
    }
    sai_free(orphans);
    return rc;
}

int sai_check_legacy_cache(struct sai_validator *v, const struct sai_target *target)
{
    struct legacy l = {.v = v, .target = target, .folder = sai_path_dirname(target->path)};
    int rc = l.folder ? sai_seen_create(&l.seen) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = sai_legacy_files_list(&l.vectors, l.folder);
    if (rc == SELECTAI_OK)
        rc = sai_check_failed(v, target, "unreadable", read_lines(&l));
    if (rc == SELECTAI_OK)
        rc = report_orphans(&l);
    if (rc == SELECTAI_OK)
        rc = sai_check_presence_end(v, target->result, &l.presence);
    sai_seen_destroy(&l.seen);
    sai_legacy_files_free(&l.vectors);
    sai_free(l.folder);
    return rc;
}
