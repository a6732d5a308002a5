/*
 * verb_extract.c: RAW and FINAL folders -> training entries.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "verbs.h"

struct extract_args {
    const char *raw, *final, *project, *output, *report, *rejected, *config, *date;
    int batch, json, quiet, append;
    int32_t group_mode, group_scope, crop_check;
    uint32_t lookahead, threads;
    double max_gap;
};

/* A path of the config file: below the config's folder if it exists there, else as it is. The caller frees it. */
static char *config_path(const char *config, const char *path)
{
    const char *slash = strrchr(config, '/');
    if (path[0] == '/' || !slash)
        return strdup(path);
    char *folder = strndup(config, (size_t)(slash - config));
    char *below = path_of(folder, path);
    free(folder);
    if (access(below, F_OK) == 0)
        return below;
    free(below);
    return strdup(path);
}

static int add_project(selectai_extraction *extraction, const char *raw, const char *final, const char *project,
                       struct progress *progress)
{
    progress->what = project;
    int rc = selectai_extraction_add_project(extraction, raw, final, project);
    end_progress(progress);
    return rc;
}

/* Projects of {"projects":[{"name","raw_dir","final_dir"}]}; one that fails does not stop the others. */
static int add_batch(selectai_extraction *extraction, const char *config, struct progress *progress, json_t *failed)
{
    json_error_t error;
    json_t *root = json_load_file(config, 0, &error), *item;
    const json_t *projects = json_object_get(root, "projects");
    size_t index;
    int rc = SELECTAI_OK;
    if (json_array_size(projects) == 0) {
        say("%s: %s", config, root ? "has no list \"projects\" with something in it" : error.text);
        json_decref(root);
        return EXIT_FAILED;
    }
    json_array_foreach((json_t *)(uintptr_t)projects, index, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *raw = json_string_value(json_object_get(item, "raw_dir"));
        const char *final = json_string_value(json_object_get(item, "final_dir"));
        if (!name || !raw || !final) {
            say("%s: project %zu needs \"name\", \"raw_dir\" and \"final_dir\"", config, index + 1);
            json_array_append_new(failed,
                                  json_pack("{s:s?, s:s}", "project", name, "message", "incomplete in the config"));
            continue;
        }
        char *raw_path = config_path(config, raw), *final_path = config_path(config, final);
        rc = raw_path && final_path ? add_project(extraction, raw_path, final_path, name, progress)
                                    : SELECTAI_ERR_OUT_OF_MEMORY;
        free(raw_path);
        free(final_path);
        if (rc == SELECTAI_ERR_CANCELLED || rc == SELECTAI_ERR_OUT_OF_MEMORY)
            break;
        if (rc != SELECTAI_OK) {
            say("%s: project %s left out: %s", config, name, selectai_last_error());
            json_array_append_new(failed, json_pack("{s:s, s:s}", "project", name, "message", selectai_last_error()));
            rc = SELECTAI_OK;
        }
    }
    size_t n = json_array_size(projects);
    json_decref(root);
    if (rc == SELECTAI_OK && json_array_size(failed) == n) {
        say("%s: none of its projects could be extracted; nothing was written", config);
        return EXIT_FAILED;
    }
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

static long long count_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void print_project(const json_t *report, const char *name)
{
    printf("%s\n", name);
    printf("  Total raw images:     %lld (%lld not parsed)\n", count_of(report, "raw_images"),
           count_of(report, "unparsed"));
    printf("  Total final images:   %lld (%lld without a source)\n", count_of(report, "final_images"),
           count_of(report, "orphan_finals"));
    printf("  Total groups:         %lld\n", count_of(report, "groups"));
    printf("  Groups with winner:   %lld (%lld with several)\n", count_of(report, "groups_with_winner"),
           count_of(report, "multi_winner_groups"));
    printf("  Groups rejected:      %lld\n", count_of(report, "groups_rejected"));
    printf("  Training entries:     %lld\n", count_of(report, "entries"));
    printf("  Anomaly cases:        %lld (%.1f %%)\n", count_of(report, "anomalies"),
           100 * json_number_value(json_object_get(report, "anomaly_rate")));
    printf("  Cropped images:       %lld (%.1f %%)\n", count_of(report, "cropped"),
           100 * json_number_value(json_object_get(report, "crop_rate")));
}

static void print_table(const json_t *report)
{
    const json_t *projects = json_object_get(report, "projects");
    for (size_t i = 0; i < json_array_size(projects); i++) {
        const json_t *project = json_array_get(projects, i);
        const char *name = json_string_value(json_object_get(project, "project"));
        char title[256];
        snprintf(title, sizeof title, "Project: %s", name ? name : "?");
        print_project(project, title);
    }
    if (json_array_size(projects) > 1)
        print_project(json_object_get(report, "total"), "Total across all projects");
}

/* The report with the projects that failed, which the library knows nothing of. */
static json_t *build_report(const selectai_extraction *extraction, json_t *failed)
{
    char *text = NULL;
    if (selectai_extraction_report_json(&text, extraction) != SELECTAI_OK)
        return NULL;
    json_t *report = json_of_text(text);
    json_object_set(report, "failed", failed);
    return report;
}

static int write_report_file(const char *path, const json_t *report)
{
    char *text = json_dumps(report, JSON_COMPACT | JSON_STYLE);
    int code = text ? write_text_file(path, text, strlen(text)) : report_failure(SELECTAI_ERR_OUT_OF_MEMORY);
    free(text);
    return code;
}

static int write_outputs(const selectai_extraction *extraction, const struct extract_args *args, json_t *failed)
{
    int rc = selectai_trainset_write(selectai_extraction_entries(extraction), args->output, args->append);
    if (rc == SELECTAI_OK && args->rejected)
        rc = selectai_extraction_write_rejected(extraction, args->rejected);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    json_t *report = build_report(extraction, failed);
    if (!report)
        return report_failure(SELECTAI_ERR_OUT_OF_MEMORY);
    int code = args->report ? write_report_file(args->report, report) : EXIT_DONE;
    if (code == EXIT_DONE && args->json)
        return print_json(report);
    if (code == EXIT_DONE && !args->quiet)
        print_table(report);
    json_decref(report);
    return code;
}

static int extract(const struct extract_args *args)
{
    struct selectai_group_options group;
    struct selectai_extract_options options;
    struct progress progress = {.quiet = args->quiet};
    selectai_extraction *extraction = NULL;
    json_t *failed = json_array();
    int code;

    selectai_group_options_init(&group, sizeof group);
    group.mode = args->group_mode;
    group.scope = args->group_scope;
    group.lookahead = args->lookahead;
    group.max_gap = args->max_gap;
    selectai_extract_options_init(&options, sizeof options);
    options.group = &group;
    options.crop_check = args->crop_check;
    options.date = args->date;
    options.threads = args->threads;
    options.progress = show_progress;
    options.user = &progress;
    int rc = selectai_extraction_create(&extraction, &options);
    if (rc != SELECTAI_OK) {
        json_decref(failed);
        return report_failure(rc);
    }
    if (args->batch) {
        code = add_batch(extraction, args->config, &progress, failed);
    } else {
        rc = add_project(extraction, args->raw, args->final, args->project, &progress);
        code = rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
    }
    if (code == EXIT_DONE)
        code = write_outputs(extraction, args, failed);
    size_t n_issues = selectai_issues_count(selectai_extraction_issues(extraction));
    if (code == EXIT_DONE && n_issues > 0 && !args->quiet) {
        say("%zu files need a look%s:", n_issues, args->report ? " (all are in the report)" : "");
        print_issues(selectai_extraction_issues(extraction), 10);
    }
    selectai_extraction_destroy(&extraction);
    if (code == EXIT_DONE && json_array_size(failed) > 0) {
        say("%zu of the projects could not be extracted", json_array_size(failed));
        code = EXIT_FAILED;
    }
    json_decref(failed);
    return code;
}

/* "YYYY-MM-DD", a day of the calendar. */
static int is_date(const char *text)
{
    int year, month, day, end = 0;
    struct tm tm = {0};
    if (strlen(text) != 10 || sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || end != 10)
        return 0;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    return timegm(&tm) != -1 && tm.tm_year == year - 1900 && tm.tm_mon == month - 1 && tm.tm_mday == day;
}

/* Two outputs of one name: one would silently replace the other. */
static int clash(const char *a, const char *b)
{
    return a && b && (strcmp(a, b) == 0 || same_file(a, b));
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct extract_args a = {.lookahead = 50};
    const struct arg args[] = {
        {"raw", ARG_TEXT, &a.raw, "DIR", "everything that was generated", 0},
        {"final", ARG_TEXT, &a.final, "DIR", "what was chosen, perhaps cropped", 0},
        {"project", ARG_TEXT, &a.project, "NAME", "name of the project", 0},
        {"output", ARG_TEXT, &a.output, "FILE", "entries: .jsonl or .csv", 1},
        {"batch", ARG_FLAG, &a.batch, NULL, "take the projects from --config", 0},
        {"config", ARG_TEXT, &a.config, "FILE",
         "project_paths.json: {\"projects\":[{\"name\",\"raw_dir\",\"final_dir\"}]}", 0},
        {"report", ARG_TEXT, &a.report, "FILE", "write all counts and issues as JSON", 0},
        {"rejected", ARG_TEXT, &a.rejected, "FILE", "write groups from which nothing was chosen (.jsonl)", 0},
        {"group-mode", ARG_CHOICE, &a.group_mode, "nearest-up|timestamp", "how stages become groups", 0},
        {"group-scope", ARG_CHOICE, &a.group_scope, "directory|project", "group in each folder, or in all together", 0},
        {"max-gap", ARG_DOUBLE, &a.max_gap, "SECONDS", "nearest-up: a longer gap ends a group; 0: no limit", 0},
        {"lookahead", ARG_U32, &a.lookahead, "N", "nearest-up: files looked at for the next stage (50)", 0},
        {"crop-evidence", ARG_CHOICE, &a.crop_check, "auto|mtime|size|pixels", "how crops are found out", 0},
        {"append", ARG_FLAG, &a.append, NULL, "add to --output instead of replacing it", 0},
        {"date", ARG_TEXT, &a.date, "YYYY-MM-DD", "metadata.extraction_date; default: today", 0},
        {"threads", ARG_U32, &a.threads, "N", "default: all cores", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print the report as JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress, no table", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, NULL);
    if (code >= 0)
        return code;
    if (a.batch ? !a.config : !(a.raw && a.final && a.project))
        return usage_error(verb, a.batch ? "--batch needs --config FILE"
                                         : "--raw, --final and --project are needed (or --batch --config FILE)");
    if (a.lookahead < 1)
        return usage_error(verb, "--lookahead must be at least 1");
    if (a.date && !is_date(a.date))
        return usage_error(verb, "--date: '%s' is no day of the form YYYY-MM-DD", a.date);
    if (clash(a.output, a.report) || clash(a.output, a.rejected) || clash(a.report, a.rejected))
        return usage_error(verb, "--output %s, --report and --rejected must be different files", a.output);
    if (clash(a.config, a.output) || clash(a.config, a.report) || clash(a.config, a.rejected))
        return usage_error(verb, "--config %s would be overwritten", a.config);
    const char *extension = strrchr(a.output, '.');
    if (!extension || (strcmp(extension, ".jsonl") != 0 && strcmp(extension, ".csv") != 0))
        return usage_error(verb, "--output %s must end in .jsonl or .csv", a.output);
    if (check_output(a.output) || (a.report && check_output(a.report)) || (a.rejected && check_output(a.rejected)))
        return EXIT_FAILED;
    return extract(&a);
}

const struct verb verb_extract = {
    .name = "extract",
    .summary = "turn RAW and FINAL folders into training entries",
    .usage = "--raw DIR --final DIR --project NAME --output FILE [options]",
    .run = run,
};
