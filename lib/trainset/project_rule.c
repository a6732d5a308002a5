/*
 * trainset/project_rule.c: no decision may reach over into another project.
 *
 * An entry's own `project` is what it claims. It is refused if one of its paths shows otherwise:
 *  1. the path lies below a raw_dir or final_dir that some loaded entry names, and the innermost such folder is not one
 *     of this entry's project; or
 *  2. it lies below no such folder, one of its folders is called as another loaded project is, and none as its own.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "project/name_index.h"
#include "trainset/load.h"

struct known {
    struct sai_name_index projects; /* name -> number of the project */
    struct sai_name_index folders;  /* path without a final '/' -> number of a project that has it; several may */
    const char **names;             /* by number */
    size_t n_names, names_capacity;
};

static size_t trimmed_length(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

static bool folder_of_project(const struct known *known, const char *path, size_t length, uint32_t project, bool *any)
{
    uint32_t i = sai_name_index_find(&known->folders, path, length);
    *any = i != SAI_INDEX_END;
    for (; i != SAI_INDEX_END; i = known->folders.items[i].next)
        if (known->folders.items[i].value == project)
            return true;
    return false;
}

static int learn_folder(struct known *known, const char *path, uint32_t project)
{
    bool any;
    size_t n = trimmed_length(path);
    if (!*path || folder_of_project(known, path, n, project, &any))
        return SELECTAI_OK;
    return sai_name_index_add(&known->folders, path, n, project);
}

static int learn_entry(struct known *known, const struct selectai_entry *entry)
{
    size_t n = strlen(entry->project);
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
        rc = learn_folder(known, entry->raw_dir, project);
    return rc == SELECTAI_OK ? learn_folder(known, entry->final_dir, project) : rc;
}

/* Rule 1, from the innermost folder outwards. *decided: the path lies below a known folder. */
static const char *foreign_folder(const struct known *known, const char *path, uint32_t project, bool *decided)
{
    for (size_t n = strlen(path); n-- > 1;) {
        if (path[n] != '/')
            continue;
        bool own = folder_of_project(known, path, n, project, decided);
        if (*decided)
            return own ? NULL : known->names[known->folders.items[sai_name_index_find(&known->folders, path, n)].value];
    }
    return NULL;
}

/* Rule 2, on the folders in the path; the file's own name is not one. */
static const char *foreign_component(const struct known *known, const char *path, uint32_t project)
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

static const char *foreign_project(const struct known *known, const char *path, uint32_t project)
{
    bool decided = false;
    const char *foreign = foreign_folder(known, path, project, &decided);
    return decided ? foreign : foreign_component(known, path, project);
}

static int check_entry(const struct known *known, const struct selectai_entry *entry, const struct sai_loader *loader,
                       const struct sai_origin *origin)
{
    uint32_t item = sai_name_index_find(&known->projects, entry->project, strlen(entry->project));
    uint32_t project = known->projects.items[item].value;
    for (size_t i = 0; i < (size_t)entry->n_negatives + 2; i++) {
        const char *path = i == 0 ? entry->chosen_path : i == 1 ? entry->chosen_final_path : entry->neg_paths[i - 2];
        const char *foreign = foreign_project(known, path, project);
        if (foreign)
            return SAI_FAIL(SELECTAI_ERR_PROJECT_RULE,
                            "%s:%llu: %s belongs to project %s, the row to %s: a decision must stay in one project",
                            loader->paths[origin->file], (unsigned long long)origin->row, path, foreign,
                            entry->project);
    }
    return SELECTAI_OK;
}

/* Keeps the entries that pass, in their order. */
static int sift(struct sai_loader *loader, const struct known *known)
{
    selectai_trainset *set = loader->set;
    size_t kept = 0;
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < set->count; i++) {
        rc = check_entry(known, &set->items[i], loader, &loader->origins[i]);
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

int sai_loader_check_projects(struct sai_loader *loader)
{
    struct known known = {0};
    int rc = SELECTAI_OK;
    for (size_t i = 0; rc == SELECTAI_OK && i < loader->set->count; i++)
        rc = learn_entry(&known, &loader->set->items[i]);
    if (rc == SELECTAI_OK)
        rc = sift(loader, &known);
    sai_name_index_free(&known.projects);
    sai_name_index_free(&known.folders);
    sai_free(known.names);
    return rc;
}
