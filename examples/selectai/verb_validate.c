/*
 * verb_validate.c: what is wrong in the files a person has.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "project_args.h"
#include "validation.h"

struct validate_args {
    struct text_list paths;
    const char *fix, *images, *encoder;
    struct project_args projects;
    uint32_t threads;
    int deep, json;
    struct progress progress;
};

static int exit_code(const selectai_validation *validation)
{
    return selectai_validation_severity(validation) == SELECTAI_SEVERITY_ERROR ? EXIT_FAILED : EXIT_DONE;
}

static int show(const selectai_validation *validation, const struct validate_args *args, uint64_t n_dropped)
{
    char *text = NULL;
    if (args->json) {
        if (selectai_validation_json(&text, validation) != SELECTAI_OK)
            return report_failure(SELECTAI_ERR_OUT_OF_MEMORY);
        int written = fputs(text, stdout);
        selectai_free(text);
        if (written < 0)
            return report_failure(SELECTAI_ERR_IO);
    } else {
        for (size_t i = 0; i < selectai_validation_count(validation); i++)
            print_validated_file(stdout, validation, i);
    }
    if (args->fix && !args->progress.quiet) {
        char count[COUNT_TEXT];
        say("%s row%s left out: see %s/dropped.jsonl", count_text(count, n_dropped), n_dropped == 1 ? "" : "s",
            args->fix);
    }
    return exit_code(validation);
}

static int validate(struct validate_args *args)
{
    struct selectai_validate_options options;
    selectai_projects *projects = NULL;
    selectai_validation *validation = NULL;
    uint64_t n_dropped = 0;
    const char *const *paths = args->paths.items;
    int rc = open_projects(&projects, &args->projects);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    print_issues(selectai_projects_issues(projects), 10);
    selectai_validate_options_init(&options, sizeof options);
    options.threads = args->threads;
    options.deep = args->deep;
    options.projects = projects;
    options.by_dates = args->projects.by_dates;
    options.project = args->projects.project;
    options.root = args->projects.root;
    options.images_root = args->images;
    options.encoder_id = args->encoder;
    options.progress = show_progress;
    options.user = &args->progress;
    if (args->fix)
        rc = selectai_validate_fix(&validation, &n_dropped, paths, args->paths.count, args->fix, &options);
    else
        rc = selectai_validate(&validation, paths, args->paths.count, &options);
    end_progress(&args->progress);
    int code = rc == SELECTAI_OK ? show(validation, args, n_dropped) : report_failure(rc);
    selectai_validation_destroy(&validation);
    selectai_projects_destroy(&projects);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct validate_args a = {0};
    const struct arg args[] = {
        {"fix", ARG_TEXT, &a.fix, "DIR",
         "write copies of logs without the rows that cannot be used, and dropped.jsonl, into this new folder", 0},
        {"images", ARG_TEXT, &a.images, "DIR", "where the images that logs name may be, by file name", 0},
        {"encoder", ARG_TEXT, &a.encoder, "ID", "that caches and models must be of", 0},
        {"deep", ARG_FLAG, &a.deep, NULL, "decode images instead of reading their headers", 0},
        LOG_PROJECT_FLAG(&a.projects),
        LOG_FLAGS(&a.projects),
        {"threads", ARG_U32, &a.threads, "N", "default: all cores", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print JSON", 0},
        {"quiet", ARG_FLAG, &a.progress.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.paths);
    if (code < 0 && a.paths.count == 0)
        code = usage_error(verb, "name at least one file or folder");
    if (code < 0)
        code = check_project_args(verb, &a.projects);
    if (code < 0)
        code = validate(&a);
    free_list(&a.paths);
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_validate = {
    .name = "validate",
    .summary = "what is wrong in logs, caches, models, configs, manifests and folders, and what to do",
    .usage = "FILE|DIR... [options]",
    .text = "Kinds are recognised by content. Exit code 1: something cannot be used. Warnings and notes leave it 0.\n"
            "--fix leaves out only what cannot be used; repeated and contradicting decisions are for 'merge'.",
    .run = run,
};
