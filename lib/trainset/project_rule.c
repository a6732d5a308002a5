/*
 * trainset/project_rule.c: no decision may reach over into another project.
 *
 * An entry's own `project` is what it claims. It is refused if one of its paths shows otherwise:
 *  1. the path lies below a raw_dir or final_dir that some loaded entry or the config names, and the innermost such
 *     folder is not one of this entry's project; or
 *  2. it lies below no such folder, one of its folders is called as another loaded project is, and none as its own.
 * A folder belongs to the first project that names it: an entry of another project that names it, too, is refused,
 * unless all of them say that they share it (an extraction by dates). Then each image is its first project's.
 *
 * Paths are folded first: "a/../b" is "b", whatever links there may be, since the files need not be here.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "project/name_index.h"
#include "trainset/load.h"

struct sai_project_rule {
    struct sai_name_index projects; /* name -> number of the project */
    struct sai_name_index folders;  /* folded path -> number of the project, or one of the marks below */
    struct sai_name_index images;   /* folded path of an image in a shared folder -> number of the project */
    const char **names;             /* by number */
    size_t n_names, names_capacity;
    struct sai_arena arena; /* folded paths of folders */
    char *folded;           /* what fold() made last */
    size_t folded_capacity;
};

/* In the values of `folders`. */
#define MAY_SHARE UINT32_C(0x80000000) /* all entries so far that name it say that it is shared */
#define SHARED    UINT32_C(0x7FFFFFFF) /* several projects do */

static uint32_t project_of(uint32_t folder_value)
{
    return folder_value & ~MAY_SHARE;
}

/* Takes the last folder off out[0..n), or appends ".." where there is none to take off. */
static size_t go_up(char *out, size_t n)
{
    size_t start = n;
    while (start > 0 && out[start - 1] != '/')
        start--;
    bool root = n == 1 && out[0] == '/', up = n - start == 2 && memcmp(out + start, "..", 2) == 0;
    if (root)
        return n;
    if (n > 0 && !up)
        return start > 1 ? start - 1 : start; /* the root's '/' stays */
    if (n > 0)
        out[n++] = '/';
    memcpy(out + n, "..", 2);
    return n + 2;
}

/* Sets known->folded to the path without empty, "." and ".." components; "." and "/" stay if nothing else does. */
static int fold(struct sai_project_rule *known, const char *path)
{
    size_t n = 0, length;
    if (!SAI_GROW(known->folded, known->folded_capacity, strlen(path) + 2))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    char *out = known->folded;
    if (*path == '/')
        out[n++] = '/';
    for (const char *p = path; *p; p += length) {
        p += strspn(p, "/");
        length = strcspn(p, "/");
        if (length == 0 || (length == 1 && *p == '.'))
            continue;
        if (length == 2 && memcmp(p, "..", 2) == 0) {
            n = go_up(out, n);
            continue;
        }
        if (n > 0 && out[n - 1] != '/')
            out[n++] = '/';
        memcpy(out + n, p, length);
        n += length;
    }
    if (n == 0)
        out[n++] = '.';
    out[n] = '\0';
    return SELECTAI_OK;
}

static const char *owner(const struct sai_project_rule *known, uint32_t item)
{
    return known->names[project_of(known->folders.items[item].value)];
}

static int learn_folder(struct sai_project_rule *known, const char *path, uint32_t project, bool shared)
{
    int rc = *path ? fold(known, path) : SELECTAI_OK;
    if (rc != SELECTAI_OK || !*path)
        return rc;
    size_t n = strlen(known->folded);
    uint32_t found = sai_name_index_find(&known->folders, known->folded, n);
    if (found != SAI_INDEX_END) {
        uint32_t *value = &known->folders.items[found].value;
        if (!shared)
            *value = project_of(*value) == SHARED ? project : project_of(*value);
        else if (project_of(*value) != project && *value & MAY_SHARE)
            *value = SHARED | MAY_SHARE;
        return SELECTAI_OK;
    }
    const char *key = sai_arena_strndup(&known->arena, known->folded, n);
    return key ? sai_name_index_add(&known->folders, key, n, shared ? project | MAY_SHARE : project)
               : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_project_rule_learn(struct sai_project_rule *known, const struct selectai_entry *entry)
{
    size_t n = strlen(entry->project);
    if (n == 0)
        return SELECTAI_OK;
    uint32_t found = sai_name_index_find(&known->projects, entry->project, n), project;
    int rc = SELECTAI_OK;
    if (found == SAI_INDEX_END) {
        if (!SAI_GROW(known->names, known->names_capacity, known->n_names + 1))
            return SELECTAI_ERR_OUT_OF_MEMORY;
        project = (uint32_t)known->n_names;
        known->names[known->n_names++] = entry->project;
        rc = sai_name_index_add(&known->projects, entry->project, n, project);
    } else {
        project = known->projects.items[found].value;
    }
    if (rc == SELECTAI_OK)
        rc = learn_folder(known, entry->raw_dir, project, entry->shared_folders == 1);
    return rc == SELECTAI_OK ? learn_folder(known, entry->final_dir, project, entry->shared_folders == 1) : rc;
}

/* The innermost known folder that a folded path lies below, or SAI_INDEX_END. */
static uint32_t innermost_folder(const struct sai_project_rule *known, const char *path)
{
    uint32_t found;
    for (size_t n = strlen(path); n-- > 1;)
        if (path[n] == '/' && (found = sai_name_index_find(&known->folders, path, n)) != SAI_INDEX_END)
            return found;
    if (strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0)
        return SAI_INDEX_END;
    return sai_name_index_find(&known->folders, *path == '/' ? "/" : ".", 1);
}

/* Rule 2, on the folders in the path; the file's own name is not one. */
static const char *foreign_component(const struct sai_project_rule *known, const char *path, uint32_t project)
{
    const char *foreign = NULL;
    for (const char *p = path, *slash; (slash = strchr(p, '/')) != NULL; p = slash + 1) {
        uint32_t i = sai_name_index_find(&known->projects, p, (size_t)(slash - p));
        if (slash == p || i == SAI_INDEX_END)
            continue;
        if (known->projects.items[i].value == project)
            return NULL;
        foreign = known->names[known->projects.items[i].value];
    }
    return foreign;
}

/* The image of the folded path, which lies in a shared folder, belongs to the first project that names it. */
static int claim_image(const char **foreign, struct sai_project_rule *known, uint32_t project)
{
    size_t n = strlen(known->folded);
    uint32_t item = sai_name_index_find(&known->images, known->folded, n);
    if (item != SAI_INDEX_END) {
        uint32_t first = known->images.items[item].value;
        *foreign = first == project ? NULL : known->names[first];
        return SELECTAI_OK;
    }
    const char *key = sai_arena_strndup(&known->arena, known->folded, n);
    return key ? sai_name_index_add(&known->images, key, n, project) : SELECTAI_ERR_OUT_OF_MEMORY;
}

/* *foreign: the other project that the path belongs to, or NULL. */
static int foreign_project(const char **foreign, struct sai_project_rule *known, const char *path, uint32_t project)
{
    int rc = fold(known, path);
    if (rc != SELECTAI_OK)
        return rc;
    uint32_t folder = innermost_folder(known, known->folded);
    if (folder == SAI_INDEX_END)
        *foreign = foreign_component(known, known->folded, project);
    else if (project_of(known->folders.items[folder].value) == SHARED)
        return claim_image(foreign, known, project);
    else
        *foreign = project_of(known->folders.items[folder].value) == project ? NULL : owner(known, folder);
    return SELECTAI_OK;
}

static int check_own_folders(struct sai_project_rule *known, const struct selectai_entry *entry, uint32_t project)
{
    const char *const paths[] = {entry->raw_dir, entry->final_dir};
    for (int i = 0; i < 2; i++) {
        if (!*paths[i])
            continue;
        int rc = fold(known, paths[i]);
        if (rc != SELECTAI_OK)
            return rc;
        uint32_t item = sai_name_index_find(&known->folders, known->folded, strlen(known->folded));
        uint32_t theirs = project_of(known->folders.items[item].value);
        if (theirs != project && theirs != SHARED)
            return SAI_FAIL(SELECTAI_ERR_PROJECT_RULE,
                            "%s:%llu: %s is a folder of project %s, the row names it for %s: each project needs its "
                            "own folders",
                            entry->source_path, (unsigned long long)entry->source_row, paths[i], owner(known, item),
                            entry->project);
    }
    return SELECTAI_OK;
}

int sai_project_rule_check(struct sai_project_rule *known, const struct selectai_entry *entry)
{
    if (!*entry->project) /* a crop alone: whosever it is, it mixes with nothing */
        return SELECTAI_OK;
    int rc = sai_project_rule_learn(known, entry); /* mostly known already; a file may have grown meanwhile */
    if (rc != SELECTAI_OK)
        return rc;
    uint32_t item = sai_name_index_find(&known->projects, entry->project, strlen(entry->project));
    uint32_t project = known->projects.items[item].value;
    rc = check_own_folders(known, entry, project);
    for (size_t i = 0; rc == SELECTAI_OK && i < (size_t)entry->n_negatives + 2; i++) {
        const char *path = i == 0 ? entry->chosen_path : i == 1 ? entry->chosen_final_path : entry->neg_paths[i - 2];
        const char *foreign = NULL;
        if (*path) /* a final's may not be known */
            rc = foreign_project(&foreign, known, path, project);
        if (foreign)
            return SAI_FAIL(SELECTAI_ERR_PROJECT_RULE,
                            "%s:%llu: %s belongs to project %s, the row to %s: a decision must stay in one project",
                            entry->source_path, (unsigned long long)entry->source_row, path, foreign, entry->project);
    }
    return rc;
}

/* Keeps the entries that pass, in their order. */
static int sift(struct sai_loader *loader, struct sai_project_rule *known)
{
    selectai_trainset *set = loader->set;
    size_t kept = 0;
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < set->count; i++) {
        rc = sai_project_rule_check(known, &set->items[i]);
        if (rc == SELECTAI_OK) {
            loader->origins[kept] = loader->origins[i];
            set->items[kept++] = set->items[i];
        } else {
            rc = sai_loader_row_done(loader, rc, "project-rule", loader->origins[i]);
        }
    }
    if (rc == SELECTAI_OK)
        set->count = loader->n_origins = kept;
    return rc;
}

/* Folders of a config are known like those that entries name; whether projects may share one is for entries to say. */
static int learn_known(struct sai_project_rule *rule, const selectai_projects *projects)
{
    struct selectai_known_project known = {.struct_size = sizeof known};
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < selectai_projects_count(projects); i++) {
        rc = selectai_projects_get(projects, i, &known);
        if (rc != SELECTAI_OK || (!*known.raw_dir && !*known.final_dir))
            continue;
        struct selectai_entry entry = sai_entry_blank();
        entry.project = known.name;
        entry.raw_dir = known.raw_dir;
        entry.final_dir = known.final_dir;
        entry.shared_folders = 1;
        rc = sai_project_rule_learn(rule, &entry);
    }
    return rc;
}

int sai_project_rule_create(struct sai_project_rule **out, const selectai_projects *projects)
{
    *out = sai_calloc(1, sizeof **out);
    int rc = *out ? learn_known(*out, projects) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc != SELECTAI_OK)
        sai_project_rule_destroy(out);
    return rc;
}

void sai_project_rule_destroy(struct sai_project_rule **rule)
{
    struct sai_project_rule *known = *rule;
    if (!known)
        return;
    sai_name_index_free(&known->projects);
    sai_name_index_free(&known->folders);
    sai_name_index_free(&known->images);
    sai_free(known->names);
    sai_free(known->folded);
    sai_arena_clear(&known->arena);
    sai_free(known);
    *rule = NULL;
}

int sai_loader_check_projects(struct sai_loader *loader)
{
    struct sai_project_rule *rule;
    int rc = sai_project_rule_create(&rule, loader->options.projects);
    for (size_t i = 0; rc == SELECTAI_OK && i < loader->set->count; i++)
        rc = sai_project_rule_learn(rule, &loader->set->items[i]);
    if (rc == SELECTAI_OK)
        rc = sift(loader, rule);
    sai_project_rule_destroy(&rule);
    return rc;
}
