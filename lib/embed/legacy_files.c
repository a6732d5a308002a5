/*
 * embed/legacy_files.c: finding the vectors of earlier caches.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/path.h"
#include "base/rng.h"
#include "embed/legacy_files.h"

#define MAX_DEPTH 2

static uint32_t hash_of(const char *text)
{
    return (uint32_t)sai_hash_bytes(text, strlen(text), 0);
}

static uint32_t find(const struct sai_legacy_files *files, const char *text, bool by_name)
{
    const struct sai_cache_index *index = by_name ? &files->by_name : &files->by_path;
    size_t cursor;
    uint32_t hash = hash_of(text), i = sai_cache_index_first(index, hash, &cursor);
    while (i != SAI_CACHE_NONE) {
        const char *path = files->items[i].path;
        if (strcmp(by_name ? sai_path_basename(path) : path, text) == 0)
            break;
        i = sai_cache_index_next(index, hash, &cursor);
    }
    return i;
}

static int add(struct sai_legacy_files *files, const char *path)
{
    const char *copy = sai_arena_strdup(&files->arena, path), *name = sai_path_basename(path);
    if (!copy || files->n >= SAI_CACHE_NONE - 1 || !SAI_GROW(files->items, files->capacity, files->n + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_cache_index_reserve(&files->by_path, 1);
    if (rc == SELECTAI_OK)
        rc = sai_cache_index_reserve(&files->by_name, 1);
    if (rc != SELECTAI_OK)
        return rc;
    files->items[files->n] = (struct sai_legacy_file){.path = copy};
    sai_cache_index_add(&files->by_path, hash_of(copy), (uint32_t)files->n);
    if (find(files, name, true) == SAI_CACHE_NONE)
        sai_cache_index_add(&files->by_name, hash_of(name), (uint32_t)files->n);
    files->n++;
    return SELECTAI_OK;
}

static int list(struct sai_legacy_files *files, const char *folder, int depth)
{
    DIR *handle = opendir(folder);
    const struct dirent *entry;
    int rc = SELECTAI_OK;
    if (!handle)
        return SELECTAI_OK; /* the lines that name something in it will say so */
    while (rc == SELECTAI_OK && (entry = readdir(handle)) != NULL) {
        const char *name = entry->d_name;
        if (name[0] == '.')
            continue;
        bool is_vector = strcasecmp(sai_path_extension(name), ".npy") == 0;
        char *path = sai_path_join(folder, name);
        if (!path)
            rc = SELECTAI_ERR_OUT_OF_MEMORY;
        else if (is_vector)
            rc = add(files, path);
        else if (depth < MAX_DEPTH && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
                 sai_path_is_directory(path))
            rc = list(files, path, depth + 1);
        sai_free(path);
    }
    closedir(handle);
    return rc;
}

int sai_legacy_files_list(struct sai_legacy_files *out, const char *folder)
{
    *out = (struct sai_legacy_files){.folder = folder};
    return list(out, folder, 0);
}

void sai_legacy_files_free(struct sai_legacy_files *files)
{
    sai_free(files->items);
    sai_cache_index_free(&files->by_path);
    sai_cache_index_free(&files->by_name);
    sai_arena_clear(&files->arena);
    *files = (struct sai_legacy_files){0};
}

int sai_legacy_files_find(char **out, const struct sai_legacy_files *files, const char *written)
{
    while (strncmp(written, "./", 2) == 0) /* the files of the folder are known without */
        written += 2;
    char *below = sai_path_join(files->folder, written);
    *out = NULL;
    if (!below)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (*written != '/' && access(below, F_OK) == 0) {
        *out = below;
        return SELECTAI_OK;
    }
    sai_free(below);
    uint32_t item = find(files, sai_path_basename(written), true);
    const char *found = item != SAI_CACHE_NONE ? files->items[item].path : access(written, F_OK) == 0 ? written : NULL;
    if (found)
        *out = sai_strdup(found);
    return !found || *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

void sai_legacy_files_use(struct sai_legacy_files *files, const char *path)
{
    uint32_t item = find(files, path, false);
    if (item != SAI_CACHE_NONE)
        files->items[item].used = true;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static uint32_t locate(const struct sai_legacy_paths *paths, const char *path)
{
    size_t cursor;
    uint32_t hash = hash_of(path), i = sai_cache_index_first(&paths->by_path, hash, &cursor);
    while (i != SAI_CACHE_NONE && strcmp(paths->items[i].path, path) != 0)
        i = sai_cache_index_next(&paths->by_path, hash, &cursor);
    return i;
}

int sai_legacy_paths_note(struct sai_legacy_paths *paths, const char *path, uint64_t row)
{
    const uint32_t known = locate(paths, path);
    if (known != SAI_CACHE_NONE) {
        paths->items[known].row = row;
        return SELECTAI_OK;
    }
    const char *copy = sai_arena_strdup(&paths->arena, path);
    if (!copy || paths->n >= SAI_CACHE_NONE - 1 || !SAI_GROW(paths->items, paths->capacity, paths->n + 1) ||
        sai_cache_index_reserve(&paths->by_path, 1) != SELECTAI_OK)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    paths->items[paths->n] = (struct sai_legacy_path){.path = copy, .row = row};
    sai_cache_index_add(&paths->by_path, hash_of(copy), (uint32_t)paths->n);
    paths->n++;
    return SELECTAI_OK;
}

uint64_t sai_legacy_paths_last(const struct sai_legacy_paths *paths, const char *path)
{
    const uint32_t i = locate(paths, path);
    return i == SAI_CACHE_NONE ? 0 : paths->items[i].row;
}

void sai_legacy_paths_free(struct sai_legacy_paths *paths)
{
    sai_free(paths->items);
    sai_cache_index_free(&paths->by_path);
    sai_arena_clear(&paths->arena);
    *paths = (struct sai_legacy_paths){0};
}
