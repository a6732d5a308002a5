/*
 * fuzz/fuzz_known.h: uses a list of known projects in every way.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef FUZZ_KNOWN_H
#define FUZZ_KNOWN_H

#include "fuzz.h"

/* A folder of a project must lead back to one, or be one that tells nothing; a name to itself. */
static inline void use_project(const selectai_projects *projects, const struct selectai_known_project *known)
{
    const char *found = NULL, *const paths[] = {known->raw_dir, known->final_dir, known->title, known->name};
    char path[600];
    if (selectai_projects_find(&found, projects, known->name) != SELECTAI_OK || strcmp(found, known->name) != 0)
        abort();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        snprintf(path, sizeof path, "%s/deep/x.png", paths[i]);
        int rc = selectai_projects_resolve(&found, projects, path, known->started);
        if (rc != SELECTAI_OK && rc != SELECTAI_ERR_NOT_FOUND && rc != SELECTAI_ERR_AMBIGUOUS)
            abort();
        if (rc == SELECTAI_OK && !*found)
            abort();
    }
    if (known->initial_images < -1 || known->final_images < -1 || known->started >= known->finished)
        abort();
}

static inline void use_projects(const selectai_projects *projects)
{
    static const char *const paths[] = {"crop/x.png", "/a/b/c/x.png", "PROJECT_ROOT/training data/p_raw/x.png"};
    const char *found;
    for (size_t i = 0; i < selectai_projects_count(projects); i++) {
        struct selectai_known_project known = {.struct_size = sizeof known};
        if (selectai_projects_get(projects, i, &known) != SELECTAI_OK)
            abort();
        use_project(projects, &known);
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        selectai_projects_resolve(&found, projects, paths[i], 1759634740);
}

#endif
