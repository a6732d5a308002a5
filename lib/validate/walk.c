/*
 * validate/walk.c: what a folder holds.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/path.h"
#include "embed/cache.h"
#include "validate/validate.h"

#define MAX_DEPTH 128

/* ---- Lists ----------------------------------------------------------------------------------- */

struct names {
    char **items;
    size_t count, capacity;
};

static int add_name(struct names *list, const char *name)
{
    char *copy = sai_strdup(name);
    if (!copy || !SAI_GROW(list->items, list->capacity, list->count + 1)) {
        sai_free(copy);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    list->items[list->count++] = copy;
    return SELECTAI_OK;
}

static void free_names(char **items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sai_free(items[i]);
    sai_free(items);
}

void sai_walk_free(struct sai_walk *walk)
{
    free_names(walk->images, walk->n_images);
    free_names(walk->unreadable.items, walk->unreadable.count);
    *walk = (struct sai_walk){0};
}

static int add_target(struct sai_targets *targets, const char *path, bool named, enum sai_kind kind, const char *name,
                      int code, const char *reason)
{
    struct sai_target target = {.kind = kind, .name = name, .code = code, .named = named, .path = sai_strdup(path)};
    if (reason && *reason)
        target.reason = sai_strdup(reason);
    if (!target.path || (reason && *reason && !target.reason) ||
        !SAI_GROW(targets->items, targets->capacity, targets->count + 1)) {
        sai_free(target.path);
        sai_free(target.reason);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    targets->items[targets->count++] = target;
    return SELECTAI_OK;
}

int sai_targets_add(struct sai_targets *targets, const char *path, bool named)
{
    char reason[SAI_REASON_SIZE];
    enum sai_kind kind;
    const char *name;
    int rc = sai_kind_of_file(&kind, &name, reason, path);
    if (rc == SELECTAI_ERR_OUT_OF_MEMORY)
        return rc;
    return add_target(targets, path, named, kind, name, rc, rc == SELECTAI_OK ? reason : selectai_last_error());
}

void sai_targets_free(struct sai_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        sai_free(targets->items[i].path);
        sai_free(targets->items[i].reason);
    }
    sai_free(targets->items);
    *targets = (struct sai_targets){0};
}

/* ---- One folder ------------------------------------------------------------------------------ */

static bool may_be_known(const char *name)
{
    static const char *const endings[] = {".csv", ".json", ".jsonl", ".safetensors", ".pt", ".pth"};
    const char *ending = sai_path_extension(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list(struct names *out, const char *folder)
{
    DIR *handle = opendir(folder);
    if (!handle)
        return SAI_FAIL_ERRNO("open the folder", folder);
    const struct dirent *entry;
    int rc = SELECTAI_OK;
    for (errno = 0; rc == SELECTAI_OK && (entry = readdir(handle)) != NULL; errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = add_name(out, entry->d_name);
    if (rc == SELECTAI_OK && errno != 0)
        rc = SAI_FAIL_ERRNO("read the folder", folder);
    closedir(handle);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, compare);
    return rc;
}

/* A part of ours, also where the manifest is gone or damaged: then that is what has to be said. */
static bool holds_parts(const char *folder)
{
    bool found = false;
    DIR *handle = opendir(folder);
    for (const struct dirent *entry; handle && !found && (entry = readdir(handle)) != NULL;)
        found = strncmp(entry->d_name, "part-", 5) == 0 && (strcmp(sai_path_extension(entry->d_name), ".npy") == 0 ||
                                                            strcmp(sai_path_extension(entry->d_name), ".jsonl") == 0);
    if (handle)
        closedir(handle);
    return found;
}

static bool is_cache(const char *folder)
{
    if (holds_parts(folder))
        return true;
    char reason[SAI_REASON_SIZE];
    enum sai_kind kind = SAI_KIND_UNKNOWN;
    const char *name;
    char *path = sai_path_join(folder, SAI_CACHE_MANIFEST);
    bool found = path && sai_path_exists(path) && sai_kind_of_file(&kind, &name, reason, path) == SELECTAI_OK &&
                 kind == SAI_KIND_CACHE;
    sai_free(path);
    return found;
}

static int take_image(struct sai_walk *walk, char **path, const char *name, bool link)
{
    if (link || name[0] == '.') {
        walk->linked_images += link;
        walk->hidden_images += !link;
        return SELECTAI_OK;
    }
    if (!SAI_GROW(walk->images, walk->images_capacity, walk->n_images + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    walk->images[walk->n_images++] = *path;
    *path = NULL;
    return SELECTAI_OK;
}

static int take_file(struct sai_walk *walk, struct sai_targets *targets, char **path, const char *name,
                     const struct stat *st)
{
    bool link = S_ISLNK(st->st_mode);
    if (sai_path_is_image(name) && (link || S_ISREG(st->st_mode)))
        return take_image(walk, path, name, link);
    if (!S_ISREG(st->st_mode) || name[0] == '.' || !may_be_known(name))
        return SELECTAI_OK;
    return sai_targets_add(targets, *path, false);
}

static int note_unreadable(struct sai_walk *walk)
{
    struct names names = {walk->unreadable.items, walk->unreadable.count, walk->unreadable.capacity};
    int rc = add_name(&names, selectai_last_error());
    walk->unreadable.items = names.items;
    walk->unreadable.count = names.count;
    walk->unreadable.capacity = names.capacity;
    return rc;
}

static int walk_folder(struct sai_walk *walk, struct sai_targets *targets, const char *folder, int depth);

/* folders: only those; else only files. */
static int each(struct sai_walk *walk, struct sai_targets *targets, const char *folder, const struct names *names,
                bool folders, int depth)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < names->count; i++) {
        struct stat st;
        char *path = sai_path_join(folder, names->items[i]);
        if (!path)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        bool there = lstat(path, &st) == 0;
        if (there && S_ISDIR(st.st_mode) && folders && names->items[i][0] != '.')
            rc = walk_folder(walk, targets, path, depth + 1);
        else if (there && !S_ISDIR(st.st_mode) && !folders)
            rc = take_file(walk, targets, &path, names->items[i], &st);
        sai_free(path);
    }
    return rc;
}

static int walk_folder(struct sai_walk *walk, struct sai_targets *targets, const char *folder, int depth)
{
    struct names names = {0};
    if (is_cache(folder))
        return add_target(targets, folder, depth == 0, SAI_KIND_CACHE, "cache", SELECTAI_OK, NULL);
    int rc = depth > MAX_DEPTH ? SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: deeper than %d folders", folder, MAX_DEPTH)
                               : list(&names, folder);
    if (rc != SELECTAI_OK && rc != SELECTAI_ERR_OUT_OF_MEMORY)
        rc = note_unreadable(walk);
    if (rc == SELECTAI_OK)
        rc = each(walk, targets, folder, &names, false, depth);
    if (rc == SELECTAI_OK)
        rc = each(walk, targets, folder, &names, true, depth);
    free_names(names.items, names.count);
    return rc;
}

int sai_walk_folder(struct sai_walk *walk, struct sai_targets *targets, const char *folder)
{
    return walk_folder(walk, targets, folder, 0);
}
