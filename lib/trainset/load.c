/*
 * trainset/load.c: reading decisions from files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "trainset/load.h"

int sai_entry_format_of(enum sai_entry_format *out, const char *path)
{
    if (sai_path_is_directory(path))
        return SAI_FAIL(SELECTAI_ERR_IS_A_DIRECTORY, "%s: is a folder, a JSONL or CSV file is needed", path);
    struct stat st; /* before opening: opening a pipe waits, and what was read of one is gone */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is no regular file: save the log in one first", path);
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return SAI_FAIL_ERRNO("open", path);
    int c = getc(stream);
    if (c == 0xEF && getc(stream) == 0xBB && getc(stream) == 0xBF) /* byte order mark */
        c = getc(stream);
    while (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        c = getc(stream);
    int rc = ferror(stream) ? SAI_FAIL_ERRNO("read", path) : SELECTAI_OK;
    fclose(stream);
    *out = c == EOF ? SAI_ENTRIES_NONE : c == '{' ? SAI_ENTRIES_JSONL : SAI_ENTRIES_CSV;
    return rc;
}

/* ---- Rows that are left out ------------------------------------------------------------------ */

int sai_loader_note(struct sai_loader *loader, int code, const char *kind, struct sai_origin origin)
{
    if (!SAI_GROW(loader->bad, loader->bad_capacity, loader->n_bad + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    const char *message = sai_arena_strdup(&loader->set->arena, selectai_last_error());
    if (!message)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    loader->bad[loader->n_bad++] = (struct sai_bad_row){
        .origin = origin, .code = code, .kind = kind, .message = message};
    return SELECTAI_OK;
}

int sai_loader_row_done(struct sai_loader *loader, int rc, const char *kind, struct sai_origin origin)
{
    bool bad_row = rc == SELECTAI_ERR_FORMAT || rc == SELECTAI_ERR_PROJECT_RULE || rc == SELECTAI_ERR_NOT_FOUND ||
                   rc == SELECTAI_ERR_AMBIGUOUS; /* the last two: a project */
    return !bad_row || loader->strict ? rc : sai_loader_note(loader, rc, kind, origin);
}

int sai_loader_where(const struct sai_loader *loader, int rc, uint64_t row)
{
    struct sai_error_copy what;
    if (rc != SELECTAI_ERR_FORMAT)
        return rc;
    sai_error_save(&what);
    return SAI_FAIL(rc, "%s:%llu: %s", loader->path, (unsigned long long)row, what.detail.message);
}

static int compare_bad(const void *left, const void *right)
{
    const struct sai_bad_row *a = left, *b = right;
    if (a->origin.file != b->origin.file)
        return a->origin.file < b->origin.file ? -1 : 1;
    return (a->origin.row > b->origin.row) - (a->origin.row < b->origin.row);
}

/* In the order of files and rows, whichever check found them. */
static int report_bad_rows(struct sai_loader *loader)
{
    int rc = SELECTAI_OK;
    if (loader->n_bad > 1)
        qsort(loader->bad, loader->n_bad, sizeof *loader->bad, compare_bad);
    for (size_t i = 0; rc == SELECTAI_OK && i < loader->n_bad; i++) {
        const struct sai_bad_row *bad = &loader->bad[i];
        rc = sai_issues_add(loader->set->issues, bad->code, bad->kind, loader->paths[bad->origin.file], bad->origin.row,
                            "%s", bad->message);
    }
    return rc;
}

/* ---- Progress -------------------------------------------------------------------------------- */

#define ROWS_A_REPORT 256u

/* Of what can be opened and measured; a pipe counts nothing. */
static uint64_t file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static int report(struct sai_loader *loader, uint64_t done)
{
    uint64_t total = loader->bytes_total;
    return sai_progress_report(&loader->progress, done < total ? done : total, total, "read");
}

int sai_loader_progress(struct sai_loader *loader, uint64_t row, FILE *stream)
{
    if (!loader->progress.fn || row % ROWS_A_REPORT != 0)
        return SELECTAI_OK;
    off_t at = ftello(stream);
    return report(loader, loader->bytes_before + (at > 0 ? (uint64_t)at : 0));
}

/* ---- Loading --------------------------------------------------------------------------------- */

static const struct selectai_load_options defaults = {.struct_size = sizeof defaults};

void selectai_load_options_init(struct selectai_load_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static int load_file(struct sai_loader *loader)
{
    enum sai_entry_format format;
    const char *path = loader->paths[loader->file];
    int rc = sai_entry_format_of(&format, path);
    if (rc != SELECTAI_OK || format == SAI_ENTRIES_NONE)
        return rc;
    loader->path = sai_arena_strdup(&loader->set->arena, path);
    if (!loader->path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    loader->session_id = NULL;
    rc = format == SAI_ENTRIES_JSONL ? sai_load_jsonl(loader) : sai_load_csv(loader);
    loader->bytes_before += file_bytes(path);
    return rc;
}

static int load_files(struct sai_loader *loader, size_t n_paths)
{
    for (size_t i = 0; i < n_paths; i++)
        loader->bytes_total += file_bytes(loader->paths[i]);
    int rc = report(loader, 0);
    for (; rc == SELECTAI_OK && loader->file < n_paths; loader->file++)
        rc = load_file(loader);
    if (rc == SELECTAI_OK)
        rc = report(loader, loader->bytes_total);
    if (rc == SELECTAI_OK)
        rc = sai_loader_find_projects(loader);
    if (rc == SELECTAI_OK)
        rc = sai_loader_part_rejected(loader);
    return rc == SELECTAI_OK ? report_bad_rows(loader) : rc;
}

int selectai_trainset_load_logs(selectai_trainset **out, const char *const *paths, size_t n_paths,
                                const struct selectai_load_options *options)
{
    struct sai_loader loader = {.paths = paths, .options = defaults};

    SAI_REQUIRE(out && (paths || n_paths == 0) && n_paths < UINT32_MAX);
    for (size_t i = 0; i < n_paths; i++)
        SAI_REQUIRE(paths[i] != NULL);
    int rc = sai_options_copy(&loader.options, sizeof loader.options, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(!loader.options.project || *loader.options.project);
    loader.strict = loader.options.strict != 0;
    loader.progress = (struct sai_progress){.fn = loader.options.progress, .user = loader.options.user};
    rc = sai_trainset_create(&loader.set);
    if (rc == SELECTAI_OK)
        rc = load_files(&loader, n_paths);
    sai_free(loader.origins);
    sai_free(loader.bad);
    if (rc != SELECTAI_OK)
        selectai_trainset_destroy(&loader.set);
    else
        *out = loader.set;
    return rc;
}

int selectai_trainset_load(selectai_trainset **out, const char *const *paths, size_t n_paths, int32_t strict)
{
    struct selectai_load_options options = defaults;
    options.strict = strict;
    return selectai_trainset_load_logs(out, paths, n_paths, &options);
}
