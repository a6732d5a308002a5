/*
 * project/files.c: one folder's image files in memory.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/path.h"
#include "project/files.h"
#include "project/name.h"
#include "project/scan.h"

static int add_file(struct sai_files *files, const char *rel)
{
    struct selectai_parsed_name parsed = {0};
    if (files->count >= UINT32_MAX - 1)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: too many files in one project", files->directory);
    if (!SAI_GROW(files->items, files->capacity, files->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    struct sai_file *file = &files->items[files->count];
    *file = (struct sai_file){.rel = sai_arena_strdup(&files->arena, rel)};
    if (!file->rel)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    file->base = (uint32_t)(sai_path_basename(file->rel) - file->rel);
    file->problem = sai_parse_name(&parsed, sai_file_name(file));
    if (file->problem)
        files->n_unparsed++;
    else
        file->moment = (struct sai_file_moment){.seconds = parsed.seconds, .stage = parsed.stage};
    files->count++;
    return SELECTAI_OK;
}

static struct sai_folder folder_of(const struct sai_file *file)
{
    return (struct sai_folder){.name = file->rel, .length = file->base ? file->base - 1 : 0};
}

/* A folder's files stand together, so it is enough to rank the folders where they change. */
static int rank(struct sai_files *files)
{
    struct sai_folder *folders = NULL;
    size_t n = 0, capacity = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct sai_folder folder = folder_of(&files->items[i]);
        if (n == 0 || folder.length != folders[n - 1].length ||
            memcmp(folder.name, folders[n - 1].name, folder.length) != 0) {
            if (!SAI_GROW(folders, capacity, n + 1)) {
                sai_free(folders);
                return SELECTAI_ERR_OUT_OF_MEMORY;
            }
            folders[n++] = folder;
        }
        files->items[i].folder = (uint32_t)(n - 1);
    }
    uint32_t *ranks = sai_malloc_array(n, sizeof *ranks);
    int rc = ranks ? sai_rank_folders(ranks, folders, n) : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < files->count; i++)
        files->items[i].folder = ranks[files->items[i].folder];
    sai_free(ranks);
    sai_free(folders);
    return rc;
}

int sai_files_scan(struct sai_files *out, const char *directory, struct sai_progress *progress, uint64_t *done,
                   selectai_issues *issues)
{
    struct selectai_file file;
    selectai_scanner *scanner = NULL;

    out->directory = sai_strdup(directory);
    int rc = out->directory ? sai_scan_open(&scanner, directory, false) : SELECTAI_ERR_OUT_OF_MEMORY;
    while (rc == SELECTAI_OK) {
        rc = sai_scan_next(scanner, &file);
        if (rc == SELECTAI_OK)
            rc = add_file(out, file.rel_path);
        /* The progress function is asked for the time of day at each call: not for every file. */
        if (rc == SELECTAI_OK && (++*done & 63) == 0)
            rc = sai_progress_report(progress, *done, 0, "scan");
    }
    if (rc == SELECTAI_DONE)
        rc = sai_issues_append(issues, selectai_scanner_issues(scanner));
    selectai_scanner_close(&scanner);
    return rc == SELECTAI_OK ? rank(out) : rc;
}

void sai_files_free(struct sai_files *files)
{
    sai_free(files->directory);
    sai_free(files->items);
    sai_arena_clear(&files->arena);
    *files = (struct sai_files){0};
}

char *sai_files_path(const struct sai_files *files, size_t i)
{
    return sai_path_join(files->directory, files->items[i].rel);
}

/* From the last to the first: an index puts what comes later in front. */
int sai_files_by_name(struct sai_name_index *out, const struct sai_files *files)
{
    int rc = SELECTAI_OK;
    for (size_t i = files->count; rc == SELECTAI_OK && i-- > 0;) {
        const char *name = sai_file_name(&files->items[i]);
        rc = sai_name_index_add(out, name, strlen(name), (uint32_t)i);
    }
    return rc;
}

int sai_files_by_rel(struct sai_name_index *out, const struct sai_files *files)
{
    int rc = SELECTAI_OK;
    for (size_t i = files->count; rc == SELECTAI_OK && i-- > 0;)
        rc = sai_name_index_add(out, files->items[i].rel, strlen(files->items[i].rel), (uint32_t)i);
    return rc;
}

int sai_files_by_moment(struct sai_name_index *out, const struct sai_files *files)
{
    int rc = SELECTAI_OK;
    for (size_t i = files->count; rc == SELECTAI_OK && i-- > 0;)
        if (!files->items[i].problem)
            rc = sai_name_index_add(out, &files->items[i].moment, sizeof files->items[i].moment, (uint32_t)i);
    return rc;
}

int sai_files_group(uint32_t **members, uint32_t **starts, size_t *n_groups, struct sai_group_counts *counts,
                    const struct sai_files *files, const struct selectai_group_options *options)
{
    struct sai_group_key *keys = sai_malloc_array(files->count, sizeof *keys);
    uint32_t *m = sai_malloc_array(files->count, sizeof *m);
    uint32_t *s = sai_malloc_array(files->count + 1, sizeof *s);
    int rc = keys && m && s ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; rc == SELECTAI_OK && i < files->count; i++) {
        const struct sai_file *file = &files->items[i];
        keys[i] = (struct sai_group_key){.seconds = file->moment.seconds,
                                         .stage = file->moment.stage,
                                         .name = sai_file_name(file),
                                         .folder = file->folder,
                                         .parsed = !file->problem};
    }
    if (rc == SELECTAI_OK)
        rc = sai_group(m, s, n_groups, counts, keys, files->count, options);
    sai_free(keys);
    if (rc != SELECTAI_OK) {
        sai_free(m);
        sai_free(s);
        return rc;
    }
    *members = m;
    *starts = s;
    return SELECTAI_OK;
}
