/*
 * project/known_config.c: projects from project_paths.json, {"projects":[{"name","raw_dir","final_dir"}]}.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "project/known.h"

#define KIND "config"

/* Where one project stands in the file, for messages: "projects[3] (mojo1)". */
struct place_in_file {
    const char *path;
    size_t index;
    const char *name; /* " (mojo1)", or "" */
};

/* A text that must be there. FORMAT with a message that names it if not. */
static int read_text(const char **out, const json_t *entry, const char *key, const struct place_in_file *at)
{
    const json_t *value = json_object_get(entry, key);
    if (!value || json_is_null(value))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: projects[%zu]%s has no \"%s\": give name, raw_dir and final_dir",
                        at->path, at->index, at->name, key);
    if (!json_is_string(value))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: projects[%zu].%s%s is not a text", at->path, at->index, key,
                        at->name);
    if (json_string_length(value) == 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: projects[%zu].%s%s is empty", at->path, at->index, key, at->name);
    *out = json_string_value(value);
    return SELECTAI_OK;
}

static int read_name(const char **out, const json_t *entry, const struct place_in_file *at)
{
    char key[64];
    if (!json_is_object(entry))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: projects[%zu] is not an object {\"name\",\"raw_dir\",\"final_dir\"}",
                        at->path, at->index);
    int rc = read_text(out, entry, "name", at);
    snprintf(key, sizeof key, "projects[%zu].name", at->index);
    return rc == SELECTAI_OK ? sai_known_check_name(*out, at->path, key) : rc;
}

static int read_folder(const char **out, const json_t *entry, const char *key, const struct place_in_file *at)
{
    char name[64];
    int rc = read_text(out, entry, key, at);
    snprintf(name, sizeof name, "projects[%zu].%s", at->index, key);
    return rc == SELECTAI_OK ? sai_known_check_folder(*out, at->path, name) : rc;
}

/* The folder below the config's if it is there, else as it is written. The caller frees it. */
static int place_folder(char **out, const char *folder, const char *base)
{
    char *below = folder[0] == '/' || strcmp(base, ".") == 0 ? NULL : sai_path_join(base, folder);
    bool wanted = folder[0] != '/' && strcmp(base, ".") != 0;
    if (wanted && !below)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (below && sai_path_is_directory(below)) {
        *out = below;
        return SELECTAI_OK;
    }
    sai_free(below);
    *out = sai_strdup(folder);
    return *out ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* Gives the project its folders, and also keeps them as written: logs name them so. */
static int take_folders(selectai_projects *projects, const char *name, const char *raw_dir, const char *final_dir,
                        const char *base)
{
    uint32_t project;
    char *raw = NULL, *final = NULL;
    int rc = place_folder(&raw, raw_dir, base);
    if (rc == SELECTAI_OK)
        rc = place_folder(&final, final_dir, base);
    if (rc == SELECTAI_OK)
        rc = sai_known_obtain(projects, name, &project);
    if (rc == SELECTAI_OK)
        rc = sai_known_set_folders(projects, project, raw, final);
    if (rc == SELECTAI_OK)
        rc = sai_known_add_folder(projects, project, raw_dir);
    if (rc == SELECTAI_OK)
        rc = sai_known_add_folder(projects, project, final_dir);
    sai_free(raw);
    sai_free(final);
    return rc;
}

/* FORMAT and LIMIT: this project is left out. */
static int take_project(selectai_projects *projects, const json_t *entry, const struct place_in_file *at,
                        const char *base, bool *named)
{
    const char *name, *raw_dir, *final_dir;
    int rc = read_name(&name, entry, at);
    if (rc != SELECTAI_OK)
        return rc;
    *named = true;
    char shown[64];
    snprintf(shown, sizeof shown, " (%.50s)", name);
    const struct place_in_file here = {at->path, at->index, shown};
    rc = read_folder(&raw_dir, entry, "raw_dir", &here);
    if (rc == SELECTAI_OK)
        rc = read_folder(&final_dir, entry, "final_dir", &here);
    if (rc != SELECTAI_OK)
        return rc;
    const struct sai_label *label = sai_known_label(projects, name, SAI_LABEL_NAME);
    if (label && projects->items[label->project].has_folders)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: projects[%zu]: %s is named twice: give each project once", at->path,
                        at->index, name);
    return take_folders(projects, name, raw_dir, final_dir, base);
}

static int take_all(selectai_projects *projects, const json_t *list, const char *path, const char *base)
{
    bool named = false;
    struct sai_error_copy last = {0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const struct place_in_file at = {path, i, ""};
        int rc = take_project(projects, json_array_get(list, i), &at, base, &named);
        sai_error_save(&last);
        if (rc == SELECTAI_ERR_FORMAT || (rc == SELECTAI_ERR_LIMIT && projects->count < SAI_KNOWN_MAX))
            rc = sai_issues_add_last(projects->issues, KIND, path, 0);
        if (rc != SELECTAI_OK)
            return rc;
    }
    if (named)
        return SELECTAI_OK;
    if (json_array_size(list) == 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: names no project: give each a name, raw_dir and final_dir", path);
    sai_error_restore(&last); /* why the last one is of no use, which the issues may not outlive */
    return SELECTAI_ERR_FORMAT;
}

int selectai_projects_add_config(selectai_projects *projects, const char *path)
{
    SAI_REQUIRE(projects != NULL && path != NULL);
    json_t *document = NULL;
    int rc = sai_json_load(&document, path, SAI_KNOWN_FILE_BYTES);
    if (rc != SELECTAI_OK)
        return rc;
    const json_t *list = json_object_get(document, "projects");
    char *base = sai_path_dirname(path);
    if (!base)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    else if (!json_is_array(list))
        rc = SAI_FAIL(SELECTAI_ERR_FORMAT,
                      "%s: no list \"projects\" in it: a config is {\"projects\":[{\"name\",...}]}", path);
    else
        rc = take_all(projects, list, path, base);
    sai_free(base);
    json_decref(document);
    return rc;
}
