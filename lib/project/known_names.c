/*
 * project/known_names.c: texts that mean a project.
 *
 * Every label also stands in the table of folded texts, so a text that is not there means nothing: one look-up decides
 * for almost every folder of almost every path.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "project/known.h"

char sai_known_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int sai_known_add_label(selectai_projects *projects, const char *text, uint32_t project, enum sai_label_kind kind)
{
    size_t n = strlen(text);
    char *kept = sai_arena_strdup(&projects->arena, text), *folded = sai_arena_strdup(&projects->arena, text);
    if (!kept || !folded || !SAI_GROW(projects->labels, projects->labels_capacity, projects->n_labels + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++)
        folded[i] = sai_known_lower(folded[i]);
    uint32_t label = (uint32_t)projects->n_labels;
    projects->labels[projects->n_labels++] = (struct sai_label){.text = kept, .project = project, .kind = kind};
    int rc = sai_name_index_add(&projects->folded, folded, n, label);
    if (rc != SELECTAI_OK) {
        projects->n_labels--; /* as if nothing had happened */
        return rc;
    }
    return sai_name_index_add(kind == SAI_LABEL_TITLE ? &projects->titles : &projects->names, kept, n, label);
}

const struct sai_label *sai_known_label(const selectai_projects *projects, const char *text, enum sai_label_kind kind)
{
    const struct sai_name_index *index = kind == SAI_LABEL_TITLE ? &projects->titles : &projects->names;
    for (uint32_t i = sai_name_index_find(index, text, strlen(text)); i != SAI_INDEX_END; i = index->items[i].next) {
        const struct sai_label *label = &projects->labels[index->items[i].value];
        if (label->kind == kind)
            return label;
    }
    return NULL;
}

/* The one project that the labels of a chain mean. */
static int one_of_chain(const selectai_projects *projects, const struct sai_name_index *index, uint32_t item,
                        uint32_t *project)
{
    uint32_t found = SAI_KNOWN_NONE;
    for (; item != SAI_INDEX_END; item = index->items[item].next) {
        uint32_t meant = sai_known_follow(projects, projects->labels[index->items[item].value].project);
        if (found != SAI_KNOWN_NONE && found != meant)
            return SELECTAI_ERR_AMBIGUOUS;
        found = meant;
    }
    *project = found;
    return found == SAI_KNOWN_NONE ? SELECTAI_ERR_NOT_FOUND : SELECTAI_OK;
}

int sai_known_find(const selectai_projects *projects, const char *text, size_t n, uint32_t *project)
{
    char folded[SAI_KNOWN_NAME_BYTES];
    if (n == 0 || n > sizeof folded)
        return SELECTAI_ERR_NOT_FOUND;
    for (size_t i = 0; i < n; i++)
        folded[i] = sai_known_lower(text[i]);
    uint32_t anyhow = sai_name_index_find(&projects->folded, folded, n);
    if (anyhow == SAI_INDEX_END)
        return SELECTAI_ERR_NOT_FOUND;
    /* A name and an alias of the same text lead to the same project: see sai_known_append(). */
    uint32_t item = sai_name_index_find(&projects->names, text, n);
    if (item != SAI_INDEX_END) {
        const struct sai_label *label = &projects->labels[projects->names.items[item].value];
        *project = sai_known_follow(projects, label->project);
        return SELECTAI_OK;
    }
    item = sai_name_index_find(&projects->titles, text, n);
    if (item != SAI_INDEX_END)
        return one_of_chain(projects, &projects->titles, item, project);
    return one_of_chain(projects, &projects->folded, anyhow, project);
}

int selectai_projects_find(const char **name, const selectai_projects *projects, const char *text)
{
    SAI_REQUIRE(name != NULL && projects != NULL && text != NULL);
    uint32_t project;
    int rc = sai_known_find(projects, text, strlen(text), &project);
    if (rc == SELECTAI_ERR_AMBIGUOUS)
        return SAI_FAIL(rc, "%s: several projects are called so, or differ in case only: use the exact name", text);
    if (rc != SELECTAI_OK)
        return SAI_FAIL(rc, "%s: no known project is called so", text);
    *name = projects->items[project].seen.name;
    return SELECTAI_OK;
}
