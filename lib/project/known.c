/*
 * project/known.c: the list of known projects, their aliases, copies of it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/text.h"
#include "project/known.h"

int selectai_projects_create(selectai_projects **out)
{
    SAI_REQUIRE(out != NULL);
    selectai_projects *projects = sai_calloc(1, sizeof *projects);
    if (!projects)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_issues_create(&projects->issues);
    if (rc != SELECTAI_OK)
        goto fail;
    *out = projects;
    return SELECTAI_OK;
fail:
    selectai_projects_destroy(&projects);
    return rc;
}

void selectai_projects_destroy(selectai_projects **projects)
{
    if (!projects || !*projects)
        return;
    selectai_projects *p = *projects;
    struct sai_name_index *indexes[] = {&p->names,    &p->titles, &p->folded, &p->absolute,
                                        &p->relative, &p->tails,  &p->heads};
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++)
        sai_name_index_free(indexes[i]);
    selectai_issues_destroy(&p->issues);
    sai_free(p->items);
    sai_free(p->labels);
    sai_free(p->folders);
    sai_arena_clear(&p->arena);
    sai_free(p);
    *projects = NULL;
}

static const char *problem_of_name(const char *name)
{
    size_t n = strlen(name), blanks = strspn(name, " ");
    if (blanks == n)
        return "is empty";
    if (n > SAI_KNOWN_NAME_BYTES)
        return "is longer than 255 bytes";
    if (!sai_utf8_valid(name, n))
        return "is not UTF-8";
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return "holds a control character";
    return NULL;
}

int sai_known_check_name(const char *name, const char *where, const char *what)
{
    const char *problem = problem_of_name(name);
    if (!problem)
        return SELECTAI_OK;
    if (where)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: \"%s\" %s: a project needs a name", where, what, problem);
    return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "the %s of a project %s", what, problem);
}

uint32_t sai_known_follow(const selectai_projects *projects, uint32_t project)
{
    while (projects->items[project].alias_to != SAI_KNOWN_NONE)
        project = projects->items[project].alias_to; /* ends: selectai_projects_add_alias() refuses circles */
    return project;
}

int sai_known_append(selectai_projects *projects, const char *name, uint32_t *index)
{
    if (projects->count >= SAI_KNOWN_MAX)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: more than %u projects", name, SAI_KNOWN_MAX);
    const char *kept = sai_arena_strdup(&projects->arena, name);
    if (!kept || !SAI_GROW(projects->items, projects->capacity, projects->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    const struct sai_label *alias = sai_known_label(projects, name, SAI_LABEL_ALIAS);
    uint32_t project = (uint32_t)projects->count;
    projects->items[projects->count++] = (struct sai_known){
        .seen = {.struct_size = sizeof projects->items->seen,
                 .name = kept,
                 .title = "",
                 .raw_dir = "",
                 .final_dir = "",
                 .manifest_path = "",
                 .status = "",
                 .initial_images = -1,
                 .final_images = -1,
                 .started = INT64_MIN,
                 .finished = INT64_MAX},
        .alias_to = alias ? alias->project : SAI_KNOWN_NONE,
    };
    *index = project;
    size_t n_labels = projects->n_labels;
    int rc = sai_known_add_label(projects, name, project, SAI_LABEL_NAME);
    if (rc != SELECTAI_OK && projects->n_labels == n_labels)
        projects->count--; /* nothing refers to it */
    return rc;
}

int sai_known_obtain(selectai_projects *projects, const char *name, uint32_t *index)
{
    const struct sai_label *label = sai_known_label(projects, name, SAI_LABEL_NAME);
    if (label) {
        *index = label->project;
        return SELECTAI_OK;
    }
    uint32_t found;
    bool is_alias = sai_known_label(projects, name, SAI_LABEL_ALIAS) != NULL;
    if (!is_alias && sai_known_find(projects, name, strlen(name), &found) == SELECTAI_OK &&
        projects->items[found].seen.has_manifest && !projects->items[found].has_folders) {
        *index = found;
        return SELECTAI_OK;
    }
    return sai_known_append(projects, name, index);
}

static int set_folder(selectai_projects *projects, uint32_t project, const char **slot, const char *folder)
{
    if (!folder || !*folder || strcmp(*slot, folder) == 0)
        return SELECTAI_OK;
    const char *kept = sai_arena_strdup(&projects->arena, folder);
    if (!kept)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *slot = kept;
    projects->items[project].has_folders = true;
    return sai_known_add_folder(projects, project, folder);
}

int sai_known_set_folders(selectai_projects *projects, uint32_t project, const char *raw_dir, const char *final_dir)
{
    struct selectai_known_project *seen = &projects->items[project].seen;
    int rc = set_folder(projects, project, &seen->raw_dir, raw_dir);
    return rc == SELECTAI_OK ? set_folder(projects, project, &seen->final_dir, final_dir) : rc;
}

int selectai_projects_add(selectai_projects *projects, const char *name, const char *raw_dir, const char *final_dir)
{
    SAI_REQUIRE(projects != NULL && name != NULL);
    bool folders = (raw_dir && *raw_dir) || (final_dir && *final_dir);
    uint32_t project;
    int rc = sai_known_check_name(name, NULL, "name");
    if (rc == SELECTAI_OK && raw_dir)
        rc = sai_known_check_folder(raw_dir, name, "raw_dir");
    if (rc == SELECTAI_OK && final_dir)
        rc = sai_known_check_folder(final_dir, name, "final_dir");
    if (rc != SELECTAI_OK || (!folders && sai_known_label(projects, name, SAI_LABEL_ALIAS)))
        return rc;
    rc = sai_known_obtain(projects, name, &project);
    return rc == SELECTAI_OK ? sai_known_set_folders(projects, project, raw_dir, final_dir) : rc;
}

/* Refuses an alias that contradicts another one. target: the project new_name means, or SAI_KNOWN_NONE. */
static int check_alias(const selectai_projects *projects, const char *old_name, const char *new_name, uint32_t target)
{
    const struct sai_label *before = sai_known_label(projects, old_name, SAI_LABEL_ALIAS);
    const struct sai_label *own = sai_known_label(projects, old_name, SAI_LABEL_NAME);
    if (before && sai_known_follow(projects, before->project) != target)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s: is an alias of %s already, so it cannot mean %s", old_name,
                        projects->items[before->project].seen.name, new_name);
    if (strcmp(old_name, new_name) == 0 || (own && own->project == target))
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "%s: cannot become an alias of %s, which means %s itself: leave one of the aliases out",
                        old_name, new_name, old_name);
    return SELECTAI_OK;
}

static int add_alias(selectai_projects *projects, const char *old_name, const char *new_name)
{
    uint32_t target = SAI_KNOWN_NONE;
    int rc = sai_known_find(projects, new_name, strlen(new_name), &target);
    if (rc == SELECTAI_ERR_AMBIGUOUS)
        return SAI_FAIL(rc, "%s: several projects are called so, or differ in case only: use the exact name", new_name);
    rc = check_alias(projects, old_name, new_name, target);
    if (rc != SELECTAI_OK || sai_known_label(projects, old_name, SAI_LABEL_ALIAS))
        return rc;
    if (target == SAI_KNOWN_NONE)
        rc = sai_known_append(projects, new_name, &target);
    if (rc != SELECTAI_OK)
        return rc;
    const struct sai_label *own = sai_known_label(projects, old_name, SAI_LABEL_NAME);
    if (own)
        projects->items[own->project].alias_to = target;
    return sai_known_add_label(projects, old_name, target, SAI_LABEL_ALIAS);
}

int selectai_projects_add_alias(selectai_projects *projects, const char *old_name, const char *new_name)
{
    SAI_REQUIRE(projects != NULL && old_name != NULL && new_name != NULL);
    int rc = sai_known_check_name(old_name, NULL, "old name");
    if (rc == SELECTAI_OK)
        rc = sai_known_check_name(new_name, NULL, "new name");
    return rc == SELECTAI_OK ? add_alias(projects, old_name, new_name) : rc;
}

size_t selectai_projects_count(const selectai_projects *projects)
{
    return projects ? projects->count : 0;
}

int selectai_projects_get(const selectai_projects *projects, size_t index, struct selectai_known_project *out)
{
    SAI_REQUIRE(projects != NULL && out != NULL && index < projects->count);
    return sai_struct_out(out, &projects->items[index].seen, sizeof projects->items[index].seen);
}

const selectai_issues *selectai_projects_issues(const selectai_projects *projects)
{
    return projects ? projects->issues : NULL;
}

bool sai_projects_in_time(const struct selectai_known_project *project, int64_t seconds)
{
    if (project->started == INT64_MIN && project->finished == INT64_MAX)
        return false;
    return seconds >= project->started && seconds < project->finished;
}

static int copy_item(selectai_projects *to, const struct sai_known *from)
{
    if (!SAI_GROW(to->items, to->capacity, to->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    struct sai_known item = *from;
    const char **texts[] = {&item.seen.name,      &item.seen.title,         &item.seen.raw_dir,
                            &item.seen.final_dir, &item.seen.manifest_path, &item.seen.status};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = sai_arena_strdup(&to->arena, *texts[i]);
        if (!*texts[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    to->items[to->count++] = item;
    return SELECTAI_OK;
}

int sai_projects_copy(selectai_projects **out, const selectai_projects *from)
{
    selectai_projects *copy = NULL;
    int rc = selectai_projects_create(&copy);
    for (size_t i = 0; from && rc == SELECTAI_OK && i < from->count; i++)
        rc = copy_item(copy, &from->items[i]);
    for (size_t i = 0; from && rc == SELECTAI_OK && i < from->n_labels; i++)
        rc = sai_known_add_label(copy, from->labels[i].text, from->labels[i].project, from->labels[i].kind);
    for (size_t i = 0; from && rc == SELECTAI_OK && i < from->n_folders; i++)
        rc = sai_known_add_folder(copy, from->folders[i].project, from->folders[i].text);
    if (rc != SELECTAI_OK)
        goto fail;
    *out = copy;
    return SELECTAI_OK;
fail:
    selectai_projects_destroy(&copy);
    return rc;
}
