/*
 * cache_args.c: flags and results of the actions of `selectai cache`.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache_args.h"

void init_cache_args(struct cache_args *args)
{
    *args = (struct cache_args){0};
    selectai_cache_options_init(&args->options, sizeof args->options);
}

/* PROJECT=FOLDER: a project's name may hold no '='; a folder's may. */
static int split_roots(const struct verb *verb, struct cache_args *args)
{
    const size_t n = args->roots.count;
    args->projects = calloc(n + 1, sizeof *args->projects);
    args->folders = calloc(n + 1, sizeof *args->folders);
    args->texts = calloc(n + 1, sizeof *args->texts);
    if (!args->projects || !args->folders || !args->texts)
        return usage_error(verb, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const char *text = args->roots.items[i], *sign = strchr(text, '=');
        if (!sign || sign == text || !sign[1])
            return usage_error(verb, "--root %s: expected PROJECT=FOLDER", text);
        args->texts[i] = strdup(text);
        if (!args->texts[i])
            return usage_error(verb, "out of memory");
        args->texts[i][sign - text] = '\0';
        args->projects[i] = args->texts[i];
        args->folders[i] = args->texts[i] + (sign - text) + 1;
    }
    args->options.root_projects = args->projects;
    args->options.root_folders = args->folders;
    args->options.n_roots = n;
    return -1;
}

int finish_cache_args(const struct verb *verb, struct cache_args *args)
{
    static const int32_t dtypes[] = {SELECTAI_DTYPE_AUTO, SELECTAI_DTYPE_FLOAT32, SELECTAI_DTYPE_FLOAT16};
    args->options.dtype = dtypes[args->dtype];
    args->options.normalise = args->normalise;
    args->options.drop_missing = args->drop_missing;
    args->options.progress = show_progress;
    args->options.user = &args->progress;
    args->progress.quiet = args->quiet;
    return split_roots(verb, args);
}

void free_cache_args(struct cache_args *args)
{
    for (size_t i = 0; args->texts && i < args->roots.count; i++)
        free(args->texts[i]);
    free(args->texts);
    free(args->projects);
    free(args->folders);
    free_list(&args->roots);
    free_list(&args->rest);
}

static int print_counts_json(const char *path, const struct cache_count *counts, const selectai_issues *issues)
{
    json_t *document = json_object(), *values = json_object();
    set_json_path(document, path);
    for (; counts->name; counts++)
        json_object_set_new(values, counts->name, json_integer((json_int_t)counts->value));
    json_object_set_new(document, "counts", values);
    json_object_set_new(document, "issues", json_of_issues(issues));
    return print_json(document);
}

static void print_counts(const char *path, const struct cache_count *counts)
{
    char text[COUNT_TEXT];
    print_name(path, 0);
    putchar('\n');
    for (; counts->name; counts++)
        printf("  %s: %s\n", counts->label, count_text(text, counts->value));
    fflush(stdout);
}

int report_cache(const struct cache_args *args, const char *path, int rc, const struct cache_count *counts,
                 uint64_t failed, selectai_issues **issues)
{
    int code = EXIT_DONE;
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    if (args->json)
        code = print_counts_json(path, counts, *issues);
    else if (!args->quiet)
        print_counts(path, counts);
    if (!args->json)
        print_issues(*issues, 20);
    selectai_issues_destroy(issues);
    return code == EXIT_DONE && failed ? EXIT_FAILED : code;
}
