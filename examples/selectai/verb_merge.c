/*
 * verb_merge.c: old logs and new entries -> one set of decisions, each once.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "project_args.h"

struct merge_args {
    struct text_list input;
    const char *output, *report, *rejected;
    struct project_args projects;
    struct selectai_merge_options options;
    int strict, json, quiet;
};

/* Crops alone of which nothing tells the project. */
static uint64_t count_unowned(const selectai_trainset *set)
{
    uint64_t n = 0;
    for (size_t i = 0; i < selectai_trainset_count(set); i++) {
        struct selectai_entry entry = {.struct_size = sizeof entry};
        n += selectai_trainset_get(set, i, &entry) == SELECTAI_OK && !*entry.project;
    }
    return n;
}

static json_t *build_report(const struct merge_args *args, const struct decision_counts *read,
                            const struct selectai_merge_counts *merged, const selectai_trainset *given,
                            const selectai_trainset *result)
{
    const selectai_issues *issues = selectai_trainset_issues(result);
    json_t *counts = json_of_decision_counts(read);
    json_object_set_new(counts, "kept", json_integer((json_int_t)merged->kept));
    json_object_set_new(counts, "duplicates", json_integer((json_int_t)merged->duplicates));
    json_object_set_new(counts, "conflicts", json_integer((json_int_t)merged->conflicts));
    json_object_set_new(counts, "completed", json_integer((json_int_t)merged->completed));
    json_object_set_new(counts, "rejected", json_integer((json_int_t)selectai_trainset_rejected_count(result)));
    json_object_set_new(counts, "without_project", json_integer((json_int_t)count_unowned(result)));
    json_t *output = json_string(args->output);
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "output", output ? output : json_null(), "counts", counts,
                     "conflicts", json_of_issues_of_kind(issues, "conflict"), "duplicates",
                     json_of_issues_of_kind(issues, "duplicate"), "issues",
                     json_of_issues(selectai_trainset_issues(given)));
}

static void print_counts(const struct merge_args *args, const struct decision_counts *read,
                         const struct selectai_merge_counts *merged, const selectai_trainset *result)
{
    const struct {
        const char *label;
        uint64_t value;
    } lines[] = {
        {"Rows read", read->rows},          {"Left out", read->left_out},     {"Duplicates", merged->duplicates},
        {"In conflict", merged->conflicts}, {"Completed", merged->completed}, {"Decisions written", merged->kept},
    };
    char text[COUNT_TEXT];
    print_name(args->output, 0);
    putchar('\n');
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        printf("  %s: %s\n", lines[i].label, count_text(text, lines[i].value));
    if (args->rejected)
        printf("  Rejected groups written: %s\n", count_text(text, selectai_trainset_rejected_count(result)));
}

/* The first of one kind. */
static void print_some(const selectai_issues *issues, const char *kind, size_t most)
{
    for (size_t i = 0, shown = 0; i < selectai_issues_count(issues) && shown < most; i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        if (selectai_issues_get(issues, i, &issue) != SELECTAI_OK || strcmp(issue.kind, kind) != 0)
            continue;
        say("[%s] %s", issue.kind, issue.message);
        shown++;
    }
}

static void tell_unowned(const selectai_trainset *result)
{
    char text[COUNT_TEXT];
    uint64_t n = count_unowned(result);
    if (n > 0)
        say("crops of no known project: %s; nothing can be learned from them, since no cache has their images: tell "
            "their project by --project, --config or --manifest, or --by-manifest-dates",
            count_text(text, n));
}

static void tell_unwritten(const struct merge_args *args, const selectai_trainset *result)
{
    char text[COUNT_TEXT];
    size_t n = selectai_trainset_rejected_count(result);
    if (n > 0 && !args->rejected)
        say("rejected groups that were read, but not written: %s; --rejected FILE takes them", count_text(text, n));
}

/* What somebody has to look at: conflicts and rows that were left out. An exit code. */
static int judge(const struct merge_args *args, const struct selectai_merge_counts *merged,
                 const selectai_trainset *given, const selectai_trainset *result)
{
    size_t n_left_out = count_decisions(given).left_out;
    static const char *const ways[] = {"all of them were left out", "the first of each stayed",
                                       "the last of each stayed"};
    char text[COUNT_TEXT];
    size_t n_crossing = count_issues(selectai_trainset_issues(given), "project-rule");
    tell_unowned(result);
    tell_unwritten(args, result);
    if (merged->conflicts > 0) {
        say("%s decisions contradict each other; %s%s:", count_text(text, merged->conflicts),
            ways[args->options.on_conflict], args->report ? " (the report names them)" : "");
        print_some(selectai_trainset_issues(result), "conflict", 10);
    }
    if (n_crossing > 0)
        say("rows across projects, left out: %s; mend them, or tell whose they are by --config, --manifest or "
            "--project-alias",
            count_text(text, n_crossing));
    int conflicts_open = merged->conflicts > 0 && args->options.on_conflict == SELECTAI_CONFLICT_LEAVE_OUT;
    if (!conflicts_open && n_left_out == 0)
        return EXIT_DONE;
    say("%s was written without them%s", args->output,
        conflicts_open ? "; --on-conflict first or last takes one of each that contradict each other" : "");
    return EXIT_FAILED;
}

static int write_result(const struct merge_args *args, const selectai_trainset *given, const selectai_trainset *result,
                        const struct selectai_merge_counts *merged)
{
    struct decision_counts read = count_decisions(given);
    int rc = selectai_trainset_write(result, args->output, 0);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    rc = args->rejected ? selectai_trainset_write_rejected(result, args->rejected, 0) : SELECTAI_OK;
    if (rc != SELECTAI_OK) {
        int failed = report_failure(rc);
        say("%s: was written before that", args->output);
        return failed;
    }
    int wanted = args->report || args->json; /* it holds every duplicate */
    json_t *report = wanted ? build_report(args, &read, merged, given, result) : NULL;
    if (wanted && !report)
        return report_failure(SELECTAI_ERR_OUT_OF_MEMORY);
    int code = args->report ? write_json_file(args->report, report) : EXIT_DONE;
    if (code != EXIT_DONE)
        say("%s: was written before that", args->output);
    else if (args->json)
        code = print_json(json_incref(report));
    else if (!args->quiet)
        print_counts(args, &read, merged, result);
    json_decref(report);
    fflush(stdout);
    return code == EXIT_DONE ? judge(args, merged, given, result) : code;
}

static int merge(const struct merge_args *args)
{
    selectai_trainset *given = NULL, *result = NULL;
    struct selectai_merge_counts merged = {.struct_size = sizeof merged};
    struct progress progress = {.quiet = args->quiet};
    int code;
    int rc = load_decisions(&given, &args->input, &args->projects, args->strict, &progress);
    if (rc == SELECTAI_OK && !interrupted())
        rc = selectai_trainset_merge(&result, &merged, given, &args->options);
    if (rc == SELECTAI_OK && interrupted())
        rc = SELECTAI_ERR_CANCELLED;
    if (rc != SELECTAI_OK) {
        code = report_failure(rc);
    } else if (selectai_trainset_count(given) == 0 &&
               !(args->rejected && selectai_trainset_rejected_count(given) > 0)) {
        say("%s%s: no usable row; nothing was written", args->input.items[0],
            args->input.count > 1 ? " and the others" : "");
        code = EXIT_FAILED;
    } else {
        code = write_result(args, given, result, &merged);
    }
    selectai_trainset_destroy(&result);
    selectai_trainset_destroy(&given);
    return code;
}

static int check_rejected(const struct verb *verb, const struct merge_args *a)
{
    if (!a->rejected)
        return -1;
    if (!has_ending(a->rejected, ".jsonl"))
        return usage_error(verb, "--rejected %s must end in .jsonl", a->rejected);
    if (same_place(a->output, a->rejected))
        return usage_error(verb, "--output %s and --rejected %s are one file: each needs its own", a->output,
                           a->rejected);
    if (a->report && same_place(a->report, a->rejected))
        return usage_error(verb, "--report %s and --rejected %s are one file: each needs its own", a->report,
                           a->rejected);
    return check_log_output(verb, "rejected", a->rejected, &a->input, &a->projects);
}

static int check_args(const struct verb *verb, const struct merge_args *a)
{
    if (a->input.count == 0)
        return usage_error(verb, "nothing to merge: give logs, or --input LOG...");
    if (!has_ending(a->output, ".jsonl|.csv"))
        return usage_error(verb, "--output %s must end in .jsonl or .csv", a->output);
    if (a->report && same_place(a->output, a->report))
        return usage_error(verb, "--output %s and --report %s are one file: each needs its own", a->output, a->report);
    int code = check_rejected(verb, a);
    if (code < 0)
        code = check_project_args(verb, &a->projects);
    if (code < 0)
        code = check_log_output(verb, "output", a->output, &a->input, &a->projects);
    return code < 0 ? check_log_output(verb, "report", a->report, &a->input, &a->projects) : code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct merge_args a = {0};
    selectai_merge_options_init(&a.options, sizeof a.options);
    const struct arg args[] = {
        {"output", ARG_TEXT, &a.output, "FILE", "the merged entries: .jsonl or .csv", 1},
        {"input", ARG_LIST, &a.input, "LOG...", "logs or training entries, also without the flag", 0},
        {"on-conflict", ARG_CHOICE, &a.options.on_conflict, "leave-out|first|last",
         "what happens to decisions that contradict each other", 0},
        {"rejected", ARG_TEXT, &a.rejected, "FILE", "write the rejected groups, each once (.jsonl)", 0},
        {"report", ARG_TEXT, &a.report, "FILE", "write counts, conflicts, duplicates and issues as JSON", 0},
        LOG_PROJECT_FLAG(&a.projects),
        LOG_FLAGS(&a.projects),
        {"strict", ARG_FLAG, &a.strict, NULL, "a row that cannot be used is an error", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print what --report would write", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress, no table", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.input);
    if (code < 0)
        code = check_args(verb, &a);
    if (code < 0 &&
        (check_output(a.output) || (a.report && check_output(a.report)) || (a.rejected && check_output(a.rejected))))
        code = EXIT_FAILED;
    if (code < 0)
        code = merge(&a);
    free_list(&a.input);
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_merge = {
    .name = "merge",
    .summary = "join old logs and new entries: each decision once, contradictions named",
    .usage = "--output FILE LOG... [options]",
    .text =
        "LOG is any of: training entries (.jsonl, .csv), selection logs, crop logs, anomaly cases, rejected groups.\n"
        "The same decision is recognised by project and file names, whatever the folders; the first stays, and learns\n"
        "what it does not know from the others. A rejected group goes to --rejected, unless a decision chose one of "
        "its\n"
        "images. Exit code 1 if contradictions or rows that could not be used were left out.",
    .run = run,
};
