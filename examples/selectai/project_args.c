/*
 * project_args.c: the flags that tell which projects there are, and reading decisions with their help.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "project_args.h"

#define MANIFEST_ENDING ".project.json"

int check_project_args(const struct verb *verb, const struct project_args *args)
{
    for (size_t i = 0; i < args->aliases.count; i++) {
        const char *equals = strchr(args->aliases.items[i], '=');
        if (!equals || equals == args->aliases.items[i] || !equals[1])
            return usage_error(verb, "--project-alias: '%s' is not valid, expected OLD=NEW", args->aliases.items[i]);
    }
    if (args->by_dates && args->manifests.count == 0)
        return usage_error(verb, "--by-manifest-dates needs --manifest FILE|DIR");
    return -1;
}

const char *project_input_at(const struct project_args *args, const char *output)
{
    if (args->config && same_place(args->config, output))
        return args->config;
    for (size_t i = 0; i < args->manifests.count; i++) {
        const char *manifest = args->manifests.items[i];
        if (same_place(manifest, output))
            return manifest;
        /* It would be read as a manifest the next time. */
        if (has_ending(output, MANIFEST_ENDING) && lies_directly_in(output, manifest))
            return manifest;
    }
    return NULL;
}

int check_log_output(const struct verb *verb, const char *flag, const char *path, const struct text_list *logs,
                     const struct project_args *args)
{
    const char *input = path ? place_among(path, logs) : NULL;
    if (path && !input)
        input = project_input_at(args, path);
    return input ? usage_error(verb, "--%s %s would overwrite what is read: %s", flag, path, input) : -1;
}

static int add_alias(selectai_projects *projects, const char *pair)
{
    const char *equals = strchr(pair, '=');
    char *old_name = strndup(pair, (size_t)(equals - pair));
    int rc = old_name ? selectai_projects_add_alias(projects, old_name, equals + 1) : SELECTAI_ERR_OUT_OF_MEMORY;
    free(old_name);
    return rc;
}

int open_projects(selectai_projects **out, const struct project_args *args)
{
    selectai_projects *projects = NULL;
    int rc = selectai_projects_create(&projects);
    if (rc == SELECTAI_OK && args->config)
        rc = selectai_projects_add_config(projects, args->config);
    /* Between the two: an alias may mean a name of the config, and a manifest goes where an alias sends its name. */
    for (size_t i = 0; i < args->aliases.count && rc == SELECTAI_OK; i++)
        rc = add_alias(projects, args->aliases.items[i]);
    for (size_t i = 0; i < args->manifests.count && rc == SELECTAI_OK; i++)
        rc = selectai_projects_add_manifests(projects, args->manifests.items[i]);
    if (rc == SELECTAI_OK)
        *out = projects;
    else
        selectai_projects_destroy(&projects);
    return rc;
}

void free_project_args(struct project_args *args)
{
    free_list(&args->manifests);
    free_list(&args->aliases);
}

/* ---- Decisions ------------------------------------------------------------------------------- */

/* What merging says of rows that are used, or of whole decisions; every other issue is a row that was left out, */
static const char *const kinds_of_merging[] = {"conflict", "duplicate", "crop-differs"};
/* but these are rejected groups that another row makes needless: nothing is wrong with them. */
static const char *const settled_kinds[] = {"repeated", "decided", NULL};

size_t count_issues(const selectai_issues *issues, const char *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        n += selectai_issues_get(issues, i, &issue) == SELECTAI_OK && strcmp(issue.kind, kind) == 0;
    }
    return n;
}

struct decision_counts count_decisions(const selectai_trainset *set)
{
    struct decision_counts counts = {.rows = selectai_trainset_count(set)};
    for (size_t i = 0; i < selectai_trainset_count(set); i++) {
        struct selectai_entry entry = {.struct_size = sizeof entry};
        if (selectai_trainset_get(set, i, &entry) != SELECTAI_OK)
            continue;
        counts.selections += entry.n_negatives > 0;
        counts.crops += entry.has_crop != 0;
    }
    counts.rejected = selectai_trainset_rejected_count(set);
    for (size_t i = 0; settled_kinds[i]; i++)
        counts.settled += count_issues(selectai_trainset_issues(set), settled_kinds[i]);
    counts.left_out = selectai_issues_count(selectai_trainset_issues(set)) - counts.settled;
    for (size_t i = 0; i < sizeof kinds_of_merging / sizeof *kinds_of_merging; i++)
        counts.left_out -= count_issues(selectai_trainset_issues(set), kinds_of_merging[i]);
    counts.rows += counts.rejected + counts.settled + counts.left_out;
    return counts;
}

json_t *json_of_decision_counts(const struct decision_counts *counts)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "rows", (json_int_t)counts->rows, "selections",
                     (json_int_t)counts->selections, "crops", (json_int_t)counts->crops, "left_out",
                     (json_int_t)counts->left_out);
}

static void print_left_out(const selectai_trainset *set)
{
    size_t n = selectai_issues_count(selectai_trainset_issues(set));
    if (n == 0)
        return;
    char left_out[COUNT_TEXT], rows[COUNT_TEXT];
    struct decision_counts counts = count_decisions(set);
    if (counts.left_out > 0)
        say("%s of %s rows left out:", count_text(left_out, counts.left_out), count_text(rows, counts.rows));
    print_issues_but(selectai_trainset_issues(set), 10, settled_kinds);
    if (counts.settled > 0)
        say("rejected groups that do not count: %s repeat another one, %s have an image that was chosen elsewhere",
            count_text(left_out, count_issues(selectai_trainset_issues(set), "repeated")),
            count_text(rows, count_issues(selectai_trainset_issues(set), "decided")));
}

int load_decisions(selectai_trainset **out, const struct text_list *logs, const struct project_args *args, int strict,
                   struct progress *progress)
{
    struct selectai_load_options options;
    selectai_projects *projects = NULL;
    int rc = open_projects(&projects, args);
    if (rc != SELECTAI_OK)
        return rc;
    print_issues(selectai_projects_issues(projects), 10);
    selectai_load_options_init(&options, sizeof options);
    options.strict = strict;
    options.projects = projects;
    options.by_dates = args->by_dates;
    options.project = args->project;
    options.root = args->root;
    options.progress = show_progress;
    options.user = progress;
    rc = selectai_trainset_load_logs(out, logs->items, logs->count, &options);
    end_progress(progress);
    if (rc == SELECTAI_OK)
        print_left_out(*out);
    selectai_projects_destroy(&projects);
    return rc;
}
