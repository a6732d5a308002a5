/*
 * validate/documents.c: config, manifests, reports of extractions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/iso_time.h"
#include "base/path.h"
#include "validate/validate.h"

#define MAX_DOCUMENT (16u << 20)

/* One document. */
struct document {
    struct sai_validator *v;
    const struct sai_target *target;
    json_t *root;
    char *folder;              /* that it lies in */
    uint64_t folders, missing; /* that it names */
};

#define REPORT(d, code, ...)                                                                                           \
    sai_result_add((d)->v->result, (d)->target->result, code, &(const struct sai_place){.severity = -1}, __VA_ARGS__)

static struct sai_file_result *result_of(const struct document *d)
{
    return &d->v->result->files[d->target->result];
}

static bool has_error(const struct document *d)
{
    return sai_result_severity(result_of(d)) == SELECTAI_SEVERITY_ERROR;
}

/* *ready: it could be read, and is an object. */
static int open_document(struct document *d, bool *ready)
{
    *ready = false;
    d->folder = sai_path_dirname(d->target->path);
    int rc = d->folder ? sai_json_load(&d->root, d->target->path, MAX_DOCUMENT) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK)
        return sai_check_failed(d->v, d->target, rc == SELECTAI_ERR_FORMAT ? "bad-json" : "unreadable", rc);
    if (!json_is_object(d->root))
        return REPORT(d, "wrong-type", "a JSON object is expected");
    *ready = true;
    return SELECTAI_OK;
}

static void close_document(struct document *d)
{
    json_decref(d->root);
    sai_free(d->folder);
}

/* ---- Folders --------------------------------------------------------------------------------- */

static int check_folder(struct document *d, const char *what, const char *folder)
{
    char *below = *folder == '/' ? sai_strdup(folder) : sai_path_join(d->folder, folder);
    if (!below)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    bool there = sai_path_is_directory(below) || sai_path_is_directory(folder);
    sai_free(below);
    d->folders++;
    d->missing += !there;
    return there ? SELECTAI_OK : REPORT(d, "folder-missing", "%s: %s is not there", what, folder);
}

/* A manifest moves with its project's data: if none of its folders is here, that is one note. */
static int folders_end(struct document *d)
{
    if (d->folders == 0 || d->missing < d->folders)
        return SELECTAI_OK;
    sai_result_remove(d->v->result, d->target->result, "folder-missing");
    return sai_result_note(d->v->result, d->target->result, "folders-not-here", d->folders,
                           "none of the %llu folders it names is here", (unsigned long long)d->folders);
}

/* ---- Config ---------------------------------------------------------------------------------- */

/* *good stays true if the member is a text. */
static int check_text(struct document *d, const json_t *object, const char *key, size_t index, bool *good)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_string(value) && json_string_length(value) > 0)
        return SELECTAI_OK;
    *good = false;
    if (!value || json_is_null(value) || json_is_string(value))
        return REPORT(d, "missing-field", "projects[%zu].%s is missing or empty", index, key);
    return REPORT(d, "wrong-type", "projects[%zu].%s is no text", index, key);
}

/* The name and where it stands are noted. */
static int check_name_once(struct document *d, struct sai_name_index *names, const char *name, size_t i, bool *good)
{
    uint32_t before = sai_name_index_find(names, name, strlen(name));
    if (before == SAI_INDEX_END)
        return sai_name_index_add(names, name, strlen(name), (uint32_t)i);
    *good = false;
    return REPORT(d, "duplicate-project", "projects[%zu] and projects[%zu] are both %s",
                  (size_t)names->items[before].value, i, name);
}

static int check_project(struct document *d, struct sai_name_index *names, const json_t *list, size_t i)
{
    static const char *const keys[] = {"name", "raw_dir", "final_dir"};
    const json_t *project = json_array_get(list, i);
    const char *name = sai_json_string(project, "name", "");
    bool good = json_is_object(project);
    int rc = good ? SELECTAI_OK : REPORT(d, "wrong-type", "projects[%zu] is no object", i);
    for (size_t k = 0; rc == SELECTAI_OK && json_is_object(project) && k < 3; k++)
        rc = check_text(d, project, keys[k], i, &good);
    if (rc == SELECTAI_OK && *name)
        rc = check_name_once(d, names, name, i, &good);
    for (size_t k = 1; rc == SELECTAI_OK && good && k < 3; k++)
        rc = check_folder(d, name, sai_json_string(project, keys[k], ""));
    result_of(d)->usable += good;
    return rc;
}

/* What reads it in earnest has the last word: messages of it that nothing above has said. */
static int ask_projects(struct document *d, int (*add)(selectai_projects *projects, const char *path))
{
    selectai_projects *projects = NULL;
    const selectai_issues *issues;
    int rc = selectai_projects_create(&projects);
    if (rc != SELECTAI_OK)
        return rc;
    rc = add(projects, d->target->path);
    bool said = result_of(d)->n_problems > 0;
    if (rc != SELECTAI_OK && !has_error(d)) {
        result_of(d)->usable = 0;
        rc = sai_check_failed(d->v, d->target, "bad-value", rc);
    } else if (rc != SELECTAI_ERR_OUT_OF_MEMORY) {
        rc = SELECTAI_OK;
    }
    issues = selectai_projects_issues(projects);
    for (size_t i = 0; rc == SELECTAI_OK && !said && i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        rc = selectai_issues_get(issues, i, &issue);
        if (rc == SELECTAI_OK)
            rc = REPORT(d, "bad-value", "%s", issue.message);
    }
    selectai_projects_destroy(&projects);
    return rc;
}

int sai_check_config(struct sai_validator *v, const struct sai_target *target)
{
    struct document d = {.v = v, .target = target};
    struct sai_name_index names = {0};
    bool ready;
    int rc = open_document(&d, &ready);
    const json_t *list = json_object_get(d.root, "projects");
    if (rc == SELECTAI_OK && ready) {
        result_of(&d)->rows = json_array_size(list);
        if (!json_is_array(list))
            rc = REPORT(&d, "wrong-type", "projects is no list");
        else if (json_array_size(list) == 0)
            rc = REPORT(&d, "no-project", "the list of projects is empty");
        for (size_t i = 0; rc == SELECTAI_OK && i < json_array_size(list); i++)
            rc = check_project(&d, &names, list, i);
        if (rc == SELECTAI_OK)
            rc = ask_projects(&d, selectai_projects_add_config);
    }
    sai_name_index_free(&names);
    close_document(&d);
    return rc;
}

/* ---- Manifest -------------------------------------------------------------------------------- */

static bool is_absent(const json_t *value)
{
    return !value || json_is_null(value);
}

static int check_date(struct document *d, struct sai_moment *out, bool *known, const char *key)
{
    const json_t *value = json_object_get(d->root, key);
    *known = false;
    if (is_absent(value))
        return SELECTAI_OK;
    if (!json_is_string(value))
        return REPORT(d, "wrong-type", "%s is no text", key);
    const char *text = json_string_value(value);
    *known = *text && sai_moment_parse(out, text);
    if (*text && !*known)
        return REPORT(d, "bad-time", "%s is \"%s\", which is no date", key, text);
    return *known && sai_in_future(d->v, out->seconds) ? REPORT(d, "time-in-future", "%s is %s", key, text)
                                                       : SELECTAI_OK;
}

static int check_dates(struct document *d)
{
    struct sai_moment start = {0}, end = {0}, made = {0};
    bool has_start, has_end, has_made;
    int rc = check_date(d, &made, &has_made, "createdAt");
    if (rc == SELECTAI_OK)
        rc = check_date(d, &start, &has_start, "startedAt");
    if (rc == SELECTAI_OK)
        rc = check_date(d, &end, &has_end, "finishedAt");
    if (rc != SELECTAI_OK || !has_start || !has_end)
        return rc;
    int64_t after = end.seconds + (end.midnight ? SAI_SECONDS_OF_DAY : 1);
    return start.seconds >= after ? REPORT(d, "date-order", "finishedAt lies before startedAt") : SELECTAI_OK;
}

static int check_id(struct document *d)
{
    const json_t *id = json_object_get(d->root, "projectId");
    if (is_absent(id) || (json_is_string(id) && json_string_length(id) == 0))
        return REPORT(d, "missing-field", "projectId is missing or empty");
    return json_is_string(id) ? SELECTAI_OK : REPORT(d, "wrong-type", "projectId is no text");
}

static int check_counts(struct document *d)
{
    static const char *const keys[] = {"initialImages", "finalImages"};
    const json_t *counts = json_object_get(d->root, "counts");
    if (!is_absent(counts) && !json_is_object(counts))
        return REPORT(d, "wrong-type", "counts is no object");
    for (size_t i = 0; i < 2; i++) {
        const json_t *count = json_object_get(counts, keys[i]);
        if (is_absent(count) || (json_is_integer(count) && json_integer_value(count) >= 0))
            continue;
        int rc = REPORT(d, "wrong-type", "counts.%s is no whole number from 0", keys[i]);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

static int check_paths(struct document *d)
{
    json_t *paths = json_object_get(d->root, "paths"), *value;
    const char *key;
    int rc = SELECTAI_OK;
    if (!is_absent(paths) && !json_is_object(paths))
        return REPORT(d, "wrong-type", "paths is no object");
    json_object_foreach(paths, key, value)
    {
        if (json_is_string(value))
            rc = check_folder(d, key, json_string_value(value));
        else if (!json_is_array(value) && !json_is_null(value))
            rc = REPORT(d, "wrong-type", "paths.%s is no folder and no list of folders", key);
        for (size_t i = 0; rc == SELECTAI_OK && i < json_array_size(value); i++) {
            const char *folder = json_string_value(json_array_get(value, i));
            rc = folder ? check_folder(d, key, folder) : REPORT(d, "wrong-type", "paths.%s holds no text", key);
        }
        if (rc != SELECTAI_OK)
            return rc;
    }
    return folders_end(d);
}

/* Two manifests of one project cannot be used together. */
static int check_twice(struct document *d)
{
    struct sai_name_index *manifests = &d->v->manifests;
    const char *id = sai_json_string(d->root, "projectId", "");
    size_t n = strlen(id);
    if (n == 0)
        return SELECTAI_OK;
    uint32_t first = sai_name_index_find(manifests, id, n);
    if (first == SAI_INDEX_END) {
        const char *copy = sai_arena_strndup(&d->v->result->arena, id, n);
        return copy ? sai_name_index_add(manifests, copy, n, (uint32_t)(d->target - d->v->targets->items))
                    : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    const char *path = d->v->targets->items[manifests->items[first].value].path;
    return strcmp(path, d->target->path) != 0 ? REPORT(d, "duplicate-project", "%s is a manifest of %s too", path, id)
                                              : SELECTAI_OK;
}

int sai_check_manifest(struct sai_validator *v, const struct sai_target *target)
{
    static int (*const checks[])(struct document *) = {check_id, check_dates, check_counts, check_paths, check_twice};
    struct document d = {.v = v, .target = target};
    bool ready;
    int rc = open_document(&d, &ready);
    result_of(&d)->rows = 1;
    for (size_t i = 0; rc == SELECTAI_OK && ready && i < sizeof checks / sizeof *checks; i++)
        rc = checks[i](&d);
    result_of(&d)->usable = ready;
    if (rc == SELECTAI_OK && ready)
        rc = ask_projects(&d, selectai_projects_add_manifests);
    if (has_error(&d))
        result_of(&d)->usable = 0;
    close_document(&d);
    return rc;
}

/* ---- Report ---------------------------------------------------------------------------------- */

static uint64_t n_places(const struct sai_file_result *file)
{
    uint64_t n = 0;
    for (size_t i = 0; i < file->n_problems; i++)
        n += file->problems[i].count;
    return n;
}

static int check_numbers(struct document *d, json_t *counts, const char *what)
{
    const char *key;
    json_t *value;
    int rc = SELECTAI_OK;
    json_object_foreach(counts, key, value)
    {
        if (json_is_number(value) && json_number_value(value) < 0)
            rc = REPORT(d, "bad-value", "%s.%s is negative", what, key);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return json_is_integer(json_object_get(counts, "raw_images"))
               ? SELECTAI_OK
               : REPORT(d, "missing-field", "%s.raw_images is missing or no whole number", what);
}

int sai_check_report(struct sai_validator *v, const struct sai_target *target)
{
    struct document d = {.v = v, .target = target};
    bool ready;
    int rc = open_document(&d, &ready);
    json_t *list = json_object_get(d.root, "projects"), *total = json_object_get(d.root, "total");
    if (rc == SELECTAI_OK && ready && !json_is_array(list))
        rc = REPORT(&d, "wrong-type", "projects is no list");
    if (rc == SELECTAI_OK && ready && !json_is_object(total))
        rc = REPORT(&d, "missing-field", "total is missing or no object");
    else if (rc == SELECTAI_OK && ready)
        rc = check_numbers(&d, total, "total");
    for (size_t i = 0; rc == SELECTAI_OK && i < json_array_size(list); i++) {
        json_t *project = json_array_get(list, i);
        uint64_t before = n_places(result_of(&d));
        if (json_is_string(json_object_get(project, "project")))
            rc = check_numbers(&d, project, sai_json_string(project, "project", ""));
        else
            rc = REPORT(&d, "missing-field", "projects[%zu].project is missing or no text", i);
        result_of(&d)->rows++;
        result_of(&d)->usable += n_places(result_of(&d)) == before;
    }
    close_document(&d);
    return rc;
}
