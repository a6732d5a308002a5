/*
 * project/known_manifest.c: what `<id>.project.json` files say of projects.
 *
 * A file is read and checked whole before any of it gets into the list.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/iso_time.h"
#include "base/json.h"
#include "base/path.h"
#include "project/known.h"

#define KIND      "manifest"
#define EXTENSION ".project.json"

/* A manifest as read; texts are borrowed from the document. */
struct manifest {
    const char *path, *id, *title, *status;
    const json_t *folders;
    int64_t initial_images, final_images, started, finished;
};

/* ---- Members --------------------------------------------------------------------------------- */

static bool is_absent(const json_t *value)
{
    return !value || json_is_null(value);
}

static int read_text(const char **out, const json_t *document, const char *key, const char *path)
{
    const json_t *value = json_object_get(document, key);
    *out = "";
    if (is_absent(value))
        return SELECTAI_OK;
    if (!json_is_string(value))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: \"%s\" is not a text", path, key);
    *out = json_string_value(value);
    return SELECTAI_OK;
}

static int read_object(const json_t **out, const json_t *document, const char *key, const char *path)
{
    *out = json_object_get(document, key);
    if (!is_absent(*out) && !json_is_object(*out))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: \"%s\" is not an object", path, key);
    return SELECTAI_OK;
}

static int read_count(int64_t *out, const json_t *counts, const char *key, const char *path)
{
    const json_t *value = json_object_get(counts, key);
    *out = -1;
    if (is_absent(value))
        return SELECTAI_OK;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: \"counts.%s\" is not a whole number from 0", path, key);
    *out = (int64_t)json_integer_value(value);
    return SELECTAI_OK;
}

/* One folder: a text that can be kept, or nothing. */
static int check_folder(const json_t *value, const char *key, const char *path)
{
    char name[80];
    if (is_absent(value))
        return SELECTAI_OK;
    snprintf(name, sizeof name, "paths.%.60s", key);
    if (!json_is_string(value))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: \"%s\" is not a folder or a list of folders", path, name);
    return sai_known_check_folder(json_string_value(value), path, name);
}

static int check_folders(const json_t *folders, const char *path)
{
    const char *key;
    json_t *value;
    int rc = SELECTAI_OK;
    json_object_foreach((json_t *)(uintptr_t)folders, key, value)
    {
        if (!json_is_array(value))
            rc = check_folder(value, key, path);
        for (size_t i = 0; rc == SELECTAI_OK && i < json_array_size(value); i++)
            rc = check_folder(json_array_get(value, i), key, path);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

/* ---- Times ----------------------------------------------------------------------------------- */

static int read_moment(struct sai_moment *out, bool *known, selectai_issues *issues, const json_t *document,
                       const char *key, const char *path)
{
    const char *text;
    int rc = read_text(&text, document, key, path);
    *known = rc == SELECTAI_OK && *text && sai_moment_parse(out, text);
    if (rc == SELECTAI_OK && *text && !*known)
        rc = sai_issues_add(issues, SELECTAI_ERR_FORMAT, KIND, path, 0,
                            "%s: \"%s\" is \"%s\", which is no date of ISO 8601: taken as not known", path, key, text);
    return rc;
}

/* issues: where a time that makes no sense is reported; it is then not known. */
static int read_times(struct manifest *out, selectai_issues *issues, const json_t *document)
{
    struct sai_moment start, end;
    bool has_start, has_end;
    out->started = INT64_MIN;
    out->finished = INT64_MAX;
    int rc = read_moment(&start, &has_start, issues, document, "startedAt", out->path);
    if (rc == SELECTAI_OK)
        rc = read_moment(&end, &has_end, issues, document, "finishedAt", out->path);
    if (rc != SELECTAI_OK)
        return rc;
    int64_t after = has_end ? end.seconds + (end.midnight ? SAI_SECONDS_OF_DAY : 1) : INT64_MAX;
    if (has_start && has_end && start.seconds >= after)
        return sai_issues_add(issues, SELECTAI_ERR_FORMAT, KIND, out->path, 0,
                              "%s: \"finishedAt\" lies before \"startedAt\": the project's time is taken as not known",
                              out->path);
    out->started = has_start ? start.seconds : INT64_MIN;
    out->finished = after;
    return SELECTAI_OK;
}

/* ---- One file -------------------------------------------------------------------------------- */

static int check_id(const struct manifest *manifest)
{
    if (!*manifest->id)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: no \"projectId\" in it: it is no manifest", manifest->path);
    int rc = sai_known_check_name(manifest->id, manifest->path, "projectId");
    return rc == SELECTAI_OK && *manifest->title ? sai_known_check_name(manifest->title, manifest->path, "title") : rc;
}

static int read_manifest(struct manifest *out, selectai_issues *issues, const json_t *document, const char *path)
{
    const json_t *counts;
    *out = (struct manifest){.path = path};
    if (!json_is_object(document))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: is not an object {\"projectId\",...}: it is no manifest", path);
    int rc = read_text(&out->id, document, "projectId", path);
    if (rc == SELECTAI_OK)
        rc = read_text(&out->title, document, "title", path);
    if (rc == SELECTAI_OK)
        rc = check_id(out);
    if (rc == SELECTAI_OK)
        rc = read_text(&out->status, document, "status", path);
    if (rc == SELECTAI_OK)
        rc = read_object(&counts, document, "counts", path);
    if (rc == SELECTAI_OK)
        rc = read_count(&out->initial_images, counts, "initialImages", path);
    if (rc == SELECTAI_OK)
        rc = read_count(&out->final_images, counts, "finalImages", path);
    if (rc == SELECTAI_OK)
        rc = read_object(&out->folders, document, "paths", path);
    if (rc == SELECTAI_OK)
        rc = check_folders(out->folders, path);
    return rc == SELECTAI_OK ? read_times(out, issues, document) : rc;
}

/* ---- Into the list --------------------------------------------------------------------------- */

/*
 * The project a manifest is about. What it is called by its id decides; a title counts only for a project that has no
 * manifest yet, because two manifests may bear the same title.
 */
static int find_project(uint32_t *project, selectai_projects *projects, const struct manifest *manifest)
{
    const char *texts[] = {manifest->id, manifest->title};
    const struct sai_label *own = sai_known_label(projects, manifest->id, SAI_LABEL_NAME);
    if (own) {
        *project = own->project;
        return SELECTAI_OK;
    }
    for (int i = 0; i < 2; i++) {
        int rc = sai_known_find(projects, texts[i], strlen(texts[i]), project);
        if (rc == SELECTAI_ERR_AMBIGUOUS)
            return SAI_FAIL(rc, "%s: %s is the name of several projects if case is disregarded: use the exact name",
                            manifest->path, texts[i]);
        if (rc == SELECTAI_OK && !projects->items[*project].seen.has_manifest)
            return SELECTAI_OK;
    }
    return sai_known_append(projects, manifest->id, project);
}

static int add_folders(selectai_projects *projects, uint32_t project, const json_t *folders)
{
    const char *key;
    json_t *value;
    int rc = SELECTAI_OK;
    json_object_foreach((json_t *)(uintptr_t)folders, key, value)
    {
        if (json_is_string(value))
            rc = sai_known_add_folder(projects, project, json_string_value(value));
        for (size_t i = 0; rc == SELECTAI_OK && i < json_array_size(value); i++)
            if (json_is_string(json_array_get(value, i)))
                rc = sai_known_add_folder(projects, project, json_string_value(json_array_get(value, i)));
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

static int add_titles(selectai_projects *projects, uint32_t project, const struct manifest *manifest)
{
    const char *texts[] = {manifest->id, manifest->title};
    for (int i = 0; i < 2; i++) {
        if (!*texts[i] || strcmp(texts[i], projects->items[project].seen.name) == 0)
            continue;
        int rc = sai_known_add_label(projects, texts[i], project, SAI_LABEL_TITLE);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

/* SELECTAI_DONE if it is the same file again. */
static int apply(selectai_projects *projects, const struct manifest *manifest)
{
    uint32_t project;
    int rc = find_project(&project, projects, manifest);
    if (rc != SELECTAI_OK)
        return rc;
    struct selectai_known_project *seen = &projects->items[project].seen;
    if (seen->has_manifest && strcmp(seen->manifest_path, manifest->path) == 0)
        return SELECTAI_DONE;
    if (seen->has_manifest)
        return SAI_FAIL(SELECTAI_ERR_AMBIGUOUS, "%s: a second manifest of project %s, beside %s: remove one of them",
                        manifest->path, seen->name, seen->manifest_path);
    const char *title = sai_arena_strdup(&projects->arena, manifest->title);
    const char *status = sai_arena_strdup(&projects->arena, manifest->status);
    const char *path = sai_arena_strdup(&projects->arena, manifest->path);
    if (!title || !status || !path)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    seen->has_manifest = 1;
    seen->title = title;
    seen->status = status;
    seen->manifest_path = path;
    seen->initial_images = manifest->initial_images;
    seen->final_images = manifest->final_images;
    seen->started = manifest->started;
    seen->finished = manifest->finished;
    rc = add_titles(projects, project, manifest);
    return rc == SELECTAI_OK ? add_folders(projects, project, manifest->folders) : rc;
}

static int add_file(selectai_projects *projects, const char *path)
{
    struct manifest manifest;
    json_t *document = NULL;
    size_t n_issues = selectai_issues_count(projects->issues);
    int rc = sai_json_load(&document, path, SAI_KNOWN_FILE_BYTES);
    if (rc == SELECTAI_OK)
        rc = read_manifest(&manifest, projects->issues, document, path);
    if (rc == SELECTAI_OK)
        rc = apply(projects, &manifest);
    if (rc != SELECTAI_OK) /* nothing of it is in the list, or all of it was before */
        sai_issues_cut(projects->issues, n_issues);
    json_decref(document);
    return rc == SELECTAI_DONE ? SELECTAI_OK : rc;
}

/* ---- A folder of them ------------------------------------------------------------------------ */

struct paths {
    char **items;
    size_t count, capacity;
};

static bool is_manifest_name(const char *name)
{
    size_t n = strlen(name), k = sizeof EXTENSION - 1;
    return name[0] != '.' && n > k && strcmp(name + n - k, EXTENSION) == 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_folder(struct paths *out, const char *folder)
{
    int rc = sai_path_require_directory(folder);
    if (rc != SELECTAI_OK)
        return rc;
    DIR *handle = opendir(folder);
    if (!handle)
        return SAI_FAIL_ERRNO("open the folder", folder);
    const struct dirent *entry;
    for (errno = 0; rc == SELECTAI_OK && (entry = readdir(handle)) != NULL; errno = 0) {
        if (!is_manifest_name(entry->d_name))
            continue;
        char *path = sai_path_join(folder, entry->d_name);
        if (path && SAI_GROW(out->items, out->capacity, out->count + 1)) {
            out->items[out->count++] = path;
            continue;
        }
        sai_free(path);
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (rc == SELECTAI_OK && errno != 0)
        rc = SAI_FAIL_ERRNO("read the folder", folder);
    closedir(handle);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, compare);
    return rc;
}

static int add_folder(selectai_projects *projects, const char *folder)
{
    struct paths paths = {0};
    int rc = list_folder(&paths, folder);
    if (rc == SELECTAI_OK && paths.count == 0)
        rc = SAI_FAIL(SELECTAI_ERR_NO_DATA, "%s: no file in it is called <id>" EXTENSION, folder);
    for (size_t i = 0; rc == SELECTAI_OK && i < paths.count; i++) {
        rc = add_file(projects, paths.items[i]);
        if (rc != SELECTAI_OK && rc != SELECTAI_ERR_OUT_OF_MEMORY)
            rc = sai_issues_add_last(projects->issues, KIND, paths.items[i], 0);
    }
    for (size_t i = 0; i < paths.count; i++)
        sai_free(paths.items[i]);
    sai_free(paths.items);
    return rc;
}

int selectai_projects_add_manifests(selectai_projects *projects, const char *path)
{
    SAI_REQUIRE(projects != NULL && path != NULL);
    return sai_path_is_directory(path) ? add_folder(projects, path) : add_file(projects, path);
}
