/*
 * extract_batch.c: one project, or all those of a config.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "extract.h"

/* Keeps a project that is not in the result, with the reason, for the report. */
static void add_failed(struct extract_job *job, const char *project, const char *message)
{
    say("%s: project %s left out: %s", job->args->projects.config, project ? project : "?", message);
    json_t *item = json_pack("{s:s?, s:s}", "project", project, "message", message);
    if (!item) /* a text that is no UTF-8 */
        item = json_pack("{s:n, s:s}", "project", "message", "its name or its folders are not UTF-8: rename them");
    json_array_append_new(job->failed, item);
}

/* Such a failure is one of all projects to come, too. */
static int stops_all(int rc)
{
    return rc == SELECTAI_ERR_CANCELLED || rc == SELECTAI_ERR_OUT_OF_MEMORY || rc == SELECTAI_ERR_NO_SPACE;
}

static int extract_one(struct extract_job *job, const char *raw, const char *final, const char *project,
                       const char *shown)
{
    job->progress.what = shown;
    int rc = selectai_extraction_add_project(job->extraction, raw, final, project);
    end_progress(&job->progress);
    return rc;
}

/* What the config says but cannot be used: those projects have failed, too. */
static void add_issues(struct extract_job *job)
{
    const selectai_issues *issues = selectai_projects_issues(job->projects);
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        if (selectai_issues_get(issues, i, &issue) == SELECTAI_OK && strcmp(issue.kind, "config") == 0)
            json_array_append_new(job->failed, json_pack("{s:n, s:s}", "project", "message", issue.message));
    }
}

/* The name by which a project goes that an alias renames. */
static int renamed(const char **name, const struct extract_job *job)
{
    const struct text_list *aliases = &job->args->projects.aliases;
    size_t n = strlen(*name);
    for (size_t i = 0; i < aliases->count; i++)
        if (strncmp(aliases->items[i], *name, n) == 0 && aliases->items[i][n] == '=')
            return selectai_projects_find(name, job->projects, *name);
    return SELECTAI_OK;
}

static int is_to_extract(const struct selectai_known_project *project)
{
    return project->raw_dir[0] && project->final_dir[0];
}

static size_t count_projects(const selectai_projects *projects)
{
    size_t n = 0;
    for (size_t i = 0; i < selectai_projects_count(projects); i++) {
        struct selectai_known_project project = {.struct_size = sizeof project};
        n += selectai_projects_get(projects, i, &project) == SELECTAI_OK && is_to_extract(&project);
    }
    return n;
}

static int extract_batch(struct extract_job *job)
{
    size_t n = count_projects(job->projects), number = 0, n_done = 0;
    add_issues(job);
    for (size_t i = 0; i < selectai_projects_count(job->projects); i++) {
        char shown[160];
        struct selectai_known_project project = {.struct_size = sizeof project};
        int rc = selectai_projects_get(job->projects, i, &project);
        if (rc != SELECTAI_OK)
            return report_failure(rc);
        if (!is_to_extract(&project))
            continue;
        const char *name = project.name;
        rc = renamed(&name, job);
        snprintf(shown, sizeof shown, "[%zu/%zu] %s", ++number, n, name);
        if (rc == SELECTAI_OK)
            rc = extract_one(job, project.raw_dir, project.final_dir, name, shown);
        if (stops_all(rc))
            return report_failure(rc);
        if (rc != SELECTAI_OK)
            add_failed(job, project.name, selectai_last_error());
        else
            n_done++;
    }
    if (n_done > 0)
        return EXIT_DONE;
    say("%s: none of its projects could be extracted; nothing was written", job->args->projects.config);
    return EXIT_FAILED;
}

int extract_projects(struct extract_job *job)
{
    if (job->args->batch)
        return extract_batch(job);
    const char *name = job->args->projects.project;
    int rc = renamed(&name, job);
    if (rc == SELECTAI_OK)
        rc = extract_one(job, job->args->raw, job->args->final, name, name);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}
