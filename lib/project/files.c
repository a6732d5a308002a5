/*
 * project/files.c: one folder's image files in memory.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "project/files.h"
#include "project/folder_names.h"
#include "project/name.h"
#include "project/scan.h"

static int add_name(struct sai_files *files, const char *rel)
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

/* The endings of the companions as one text: each followed by '/', which no name holds. */
static int add_companions(struct sai_files *files, const struct selectai_file *file)
{
    struct sai_text text = {0};
    const char *name = sai_path_basename(file->rel_path);
    size_t stem = sai_stem_length(name);
    if (!SAI_GROW(files->companions, files->companions_capacity, files->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    files->companions[files->count] = 0;
    files->n_companions += file->n_companions;
    if (file->n_companions == 0)
        return SELECTAI_OK;
    for (uint32_t i = 0; i < file->n_companions; i++) {
        sai_text_puts(&text, file->companions[i] + stem);
        sai_text_puts(&text, "/");
    }
    int rc = text.failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
    uint32_t item = rc == SELECTAI_OK ? sai_name_index_find(&files->endings, text.data, text.length) : SAI_INDEX_END;
    if (rc == SELECTAI_OK && item == SAI_INDEX_END) {
        const char *key = sai_arena_strndup(&files->arena, text.data, text.length);
        item = (uint32_t)files->endings.count;
        rc = key ? sai_name_index_add(&files->endings, key, text.length, 0) : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    files->companions[files->count] = item + 1;
    sai_text_free(&text);
    return rc;
}

const char *sai_files_companion(size_t *length, const struct sai_files *files, size_t i, uint32_t k)
{
    if (!files->companions || files->companions[i] == 0)
        return NULL;
    const struct sai_name_item *item = &files->endings.items[files->companions[i] - 1];
    const char *at = item->key, *end = at + item->length;
    while (k-- > 0 && at < end)
        at = (const char *)memchr(at, '/', (size_t)(end - at)) + 1;
    if (at >= end)
        return NULL;
    *length = (size_t)((const char *)memchr(at, '/', (size_t)(end - at)) - at);
    return at;
}

static int add_file(struct sai_files *files, const struct selectai_file *file, unsigned wanted)
{
    if ((wanted & SAI_SCAN_STAT) && !SAI_GROW(files->stats, files->stats_capacity, files->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (wanted & SAI_SCAN_STAT)
        files->stats[files->count] = (struct sai_file_stat){.mtime_ns = file->mtime_ns, .size = file->size};
    int rc = wanted & SAI_SCAN_COMPANIONS ? add_companions(files, file) : SELECTAI_OK;
    return rc == SELECTAI_OK ? add_name(files, file->rel_path) : rc;
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

int sai_files_scan(struct sai_files *out, const char *directory, const struct sai_files_options *options,
                   selectai_issues *issues)
{
    struct selectai_file file;
    selectai_scanner *scanner = NULL;
    unsigned wanted = options->wanted | (options->needs_stat ? SAI_SCAN_STAT : 0);

    out->directory = sai_strdup(directory);
    int rc = out->directory ? sai_scan_open(&scanner, directory, wanted) : SELECTAI_ERR_OUT_OF_MEMORY;
    while (rc == SELECTAI_OK) {
        rc = sai_scan_next(scanner, &file);
        if (rc == SELECTAI_OK && (!options->take || options->take(&file, options->ctx)))
            rc = add_file(out, &file, options->wanted);
        /* The progress function is asked for the time of day at each call: not for every file. */
        if (rc == SELECTAI_OK && (++*options->done & 63) == 0)
            rc = sai_progress_report(options->progress, *options->done, 0, "scan");
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
    sai_free(files->stats);
    sai_free(files->companions);
    sai_name_index_free(&files->endings);
    sai_arena_clear(&files->arena);
    *files = (struct sai_files){0};
}

char *sai_files_path(const struct sai_files *files, size_t i)
{
    return sai_path_join(files->directory, files->items[i].rel);
}

/* NULL: the file has no such key. */
static const void *key_of(size_t *length, const struct sai_files *files, size_t i, enum sai_files_key by)
{
    const struct sai_file *file = &files->items[i];
    switch (by) {
    case SAI_FILES_BY_NAME:
        *length = strlen(sai_file_name(file));
        return sai_file_name(file);
    case SAI_FILES_BY_REL:
        *length = strlen(file->rel);
        return file->rel;
    default:
        *length = sizeof file->moment;
        return file->problem ? NULL : &file->moment;
    }
}

/* From the last to the first: an index puts what comes later in front. */
int sai_files_index(struct sai_name_index *out, const struct sai_files *files, enum sai_files_key by)
{
    int rc = SELECTAI_OK;
    for (size_t i = files->count; rc == SELECTAI_OK && i-- > 0;) {
        size_t length;
        const void *key = key_of(&length, files, i, by);
        if (key)
            rc = sai_name_index_add(out, key, length, (uint32_t)i);
    }
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
