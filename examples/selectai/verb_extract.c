/*
 * verb_extract.c: RAW and FINAL folders -> training entries.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "extract.h"

static int open_extraction(struct extract_job *job)
{
    const struct extract_args *args = job->args;
    struct selectai_group_options group;
    struct selectai_extract_options options;

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
    options.by_dates = args->projects.by_dates;
    options.projects = job->projects;
    options.images_path = args->images;
    options.crop_journal = job->resume;
    options.progress = show_progress;
    options.user = &job->progress;
    return selectai_extraction_create(&job->extraction, &options);
}

/* The library's report, and what it knows nothing of: projects that failed, manifests that could not be used. */
static int make_report(struct extract_job *job)
{
    char *text = NULL;
    int rc = selectai_extraction_report_json(&text, job->extraction);
    if (rc != SELECTAI_OK)
        return rc;
    job->report = json_of_text(text);
    int failed = json_object_set(job->report, "failed", job->failed) ||
                 json_object_set_new(job->report, "issues", json_of_issues(selectai_projects_issues(job->projects)));
    return failed ? SELECTAI_ERR_OUT_OF_MEMORY : SELECTAI_OK;
}

static int show_results(const struct extract_job *job)
{
    const struct extract_args *args = job->args;
    size_t n = selectai_issues_count(selectai_extraction_issues(job->extraction));
    int code = EXIT_DONE;
    if (args->json)
        code = print_json(json_incref(job->report));
    else if (!args->quiet)
        print_extract_table(job->report, args->batch);
    if (n > 0) { /* what was passed over is never silent */
        char count[COUNT_TEXT];
        fflush(stdout); /* the table comes first where both go to one place */
        say("%s %s a look%s:", count_text(count, n), n == 1 ? "thing needs" : "things need",
            args->report ? " (all are in the report)" : "");
        print_issues(selectai_extraction_issues(job->extraction), 10);
    }
    return code;
}

/* What times and headers say is not worth keeping. */
static int is_kept(int32_t crop_check)
{
    return crop_check == SELECTAI_CROP_CHECK_AUTO || crop_check == SELECTAI_CROP_CHECK_PIXELS;
}

static void tell_resumed(const struct extract_job *job)
{
    char count[COUNT_TEXT];
    uint64_t n = selectai_extraction_crops_recalled(job->extraction);
    if (n > 0 && !job->args->quiet)
        say("%s: %s crop%s taken from the run that was cut short", job->resume, count_text(count, n),
            n == 1 ? " was" : "s were");
}

static int extract(struct extract_job *job)
{
    int rc = open_projects(&job->projects, &job->args->projects);
    if (rc == SELECTAI_OK) {
        print_issues(selectai_projects_issues(job->projects), 10);
        rc = open_extraction(job);
    }
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    int code = extract_projects(job);
    if (code != EXIT_DONE)
        return code;
    tell_resumed(job);
    if (interrupted())
        return report_failure(SELECTAI_ERR_CANCELLED);
    rc = make_report(job);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    code = write_extract_outputs(job);
    if (code == EXIT_DONE)
        code = show_results(job);
    size_t n_failed = json_array_size(job->failed);
    if (code == EXIT_DONE && n_failed > 0) {
        say("%zu of the projects could not be extracted", n_failed);
        code = EXIT_FAILED;
    }
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

static int check_args(const struct verb *verb, const struct extract_args *a)
{
    if (a->batch && !a->projects.config)
        return usage_error(verb, "--batch needs --config FILE");
    if (a->batch && (a->raw || a->final || a->projects.project))
        return usage_error(verb, "--batch takes all from --config: leave --raw, --final and --project out");
    if (!a->batch && !(a->raw && a->final && a->projects.project))
        return usage_error(verb, "--raw, --final and --project are needed (or --batch --config FILE)");
    if (a->lookahead < 1)
        return usage_error(verb, "--lookahead must be at least 1");
    if (a->date && !is_date(a->date))
        return usage_error(verb, "--date: '%s' is no day of the form YYYY-MM-DD", a->date);
    if (a->crop_log_form && !a->crop_log)
        return usage_error(verb, "--crop-log-form needs --crop-log FILE");
    int code = check_project_args(verb, &a->projects);
    return code < 0 ? check_output_flags(verb, a) : code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct extract_args a = {.lookahead = 50};
    const struct arg args[] = {
        {"raw", ARG_TEXT, &a.raw, "DIR", "everything that was generated", 0},
        {"final", ARG_TEXT, &a.final, "DIR", "what was chosen, perhaps cropped", 0},
        {"project", ARG_TEXT, &a.projects.project, "NAME", "name of the project", 0},
        {"output", ARG_TEXT, &a.output, "FILE", "entries: .jsonl or .csv", 1},
        {"batch", ARG_FLAG, &a.batch, NULL, "take the projects from --config", 0},
        {"config", ARG_TEXT, &a.projects.config, "FILE",
         "project_paths.json: {\"projects\":[{\"name\",\"raw_dir\",\"final_dir\"}]}", 0},
        {"report", ARG_TEXT, &a.report, "FILE", "write all counts and issues as JSON", 0},
        {"rejected", ARG_TEXT, &a.rejected, "FILE", "write groups from which nothing was chosen (.jsonl)", 0},
        {"images", ARG_TEXT, &a.images, "FILE", "write one line for each image of RAW (.jsonl)", 0},
        {"selection-log", ARG_TEXT, &a.selection_log, "FILE", "write the decisions in the old form (.csv)", 0},
        {"crop-log", ARG_TEXT, &a.crop_log, "FILE", "write the crops in the old form (.csv)", 0},
        {"crop-log-form", ARG_CHOICE, &a.crop_log_form, "minimal|full", "of --crop-log: 8 columns, or 11 and more", 0},
        {"group-mode", ARG_CHOICE, &a.group_mode, "nearest-up|timestamp", "how stages become groups", 0},
        {"group-scope", ARG_CHOICE, &a.group_scope, "directory|project", "group in each folder, or in all together", 0},
        {"max-gap", ARG_DOUBLE, &a.max_gap, "SECONDS", "nearest-up: a longer gap ends a group; 0: no limit", 0},
        {"lookahead", ARG_U32, &a.lookahead, "N", "nearest-up: files looked at for the next stage (50)", 0},
        {"crop-evidence", ARG_CHOICE, &a.crop_check, "auto|mtime|size|pixels", "how crops are found out", 0},
        MANIFEST_FLAGS(&a.projects),
        {"append", ARG_FLAG, &a.append, NULL, "add to --output and the logs instead of replacing them", 0},
        {"date", ARG_TEXT, &a.date, "YYYY-MM-DD", "metadata.extraction_date; default: today", 0},
        {"threads", ARG_U32, &a.threads, "N", "default: all cores", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print the report as JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress, no table", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, NULL);
    if (code < 0)
        code = check_args(verb, &a);
    if (code < 0 && check_output_folders(&a))
        code = EXIT_FAILED;
    if (code < 0) {
        struct extract_job job = {.args = &a, .failed = json_array(), .progress.quiet = a.quiet};
        job.resume = is_kept(a.crop_check) ? resume_path(a.output) : NULL;
        code = extract(&job);
        json_decref(job.report);
        json_decref(job.failed);
        selectai_extraction_destroy(&job.extraction);
        selectai_projects_destroy(&job.projects);
        free(job.resume);
    }
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_extract = {
    .name = "extract",
    .summary = "turn RAW and FINAL folders into training entries",
    .usage = "(--raw DIR --final DIR --project NAME | --batch --config FILE) --output FILE [options]",
    .text =
        "A project of a batch that fails does not stop the others; the exit code is 1 then, and the report names\n"
        "it. With a manifest, counts and dates are compared with what is found. Nothing is written before all\n"
        "projects are done; the report is written last. Comparing pictures takes long: until all is written, what was\n"
        "found is kept in FILE.crops-resume beside --output, and the same command goes on from there.",
    .run = run,
};
