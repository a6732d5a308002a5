/*
 * verb_anomalies.c: how often, and where, a lower stage was chosen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "project_args.h"

#define SHOWN_PAIRS 3

struct anomalies_args {
    struct text_list input;
    const char *output, *summary;
    struct project_args projects;
    int strict, json, quiet;
};

/* ---- The table ------------------------------------------------------------------------------- */

static uint64_t count_of(const json_t *counts, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(counts, key));
}

/* Projects without a rate come last. */
static double rate_of(const json_t *project)
{
    const json_t *rate = json_object_get(project, "rate");
    return json_is_number(rate) ? json_number_value(rate) : -1;
}

static int compare_counts(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* The highest rate first; among equal ones the one with more cases, then as given: by name. */
static int by_rate(const void *a, const void *b)
{
    const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
    double p = rate_of(x), q = rate_of(y);
    if (p != q)
        return p < q ? 1 : -1;
    int order = compare_counts(count_of(y, "anomalies"), count_of(x, "anomalies"));
    const char *s = json_string_value(json_object_get(x, "project"));
    const char *t = json_string_value(json_object_get(y, "project"));
    return order || !s || !t ? order : strcmp(s, t);
}

/* The list's items, ranked; the caller frees the array, not the items. NULL without memory. */
static const json_t **ranked(const json_t *list)
{
    size_t n = json_array_size(list);
    const json_t **items = calloc(n + 1, sizeof(const json_t *));
    for (size_t i = 0; items && i < n; i++)
        items[i] = json_array_get(list, i);
    if (items)
        qsort(items, n, sizeof(const json_t *), by_rate);
    return items;
}

/* A log of anomalies may know that a stage was lower, and not which it was. */
static void print_stage(const json_t *stage)
{
    if (json_is_number(stage))
        printf("%g", json_number_value(stage));
    else
        putchar('?');
}

/* "1 over 2: 31, 1.5 over 3: 4": chosen over rejected; the list has the most frequent first. */
static void print_pairs(const json_t *pairs)
{
    char text[COUNT_TEXT];
    size_t n = json_array_size(pairs);
    for (size_t i = 0; i < n && i < SHOWN_PAIRS; i++) {
        const json_t *pair = json_array_get(pairs, i);
        printf("%s", i > 0 ? ", " : "");
        print_stage(json_object_get(pair, "chosen"));
        printf(" over ");
        print_stage(json_object_get(pair, "rejected"));
        printf(": %s", count_text(text, count_of(pair, "count")));
    }
    if (n > SHOWN_PAIRS)
        printf(", %zu more", n - SHOWN_PAIRS);
    puts(n == 0 ? "-" : "");
}

static void print_row(const json_t *counts, const char *name, int width)
{
    char selections[COUNT_TEXT], anomalies[COUNT_TEXT], unparseable[COUNT_TEXT], rate[COUNT_TEXT] = "-";
    if (rate_of(counts) >= 0)
        snprintf(rate, sizeof rate, "%.1f%%", 100 * rate_of(counts));
    print_name(name, width);
    printf("  %10s  %9s  %6s  %11s  ", count_text(selections, count_of(counts, "selections")),
           count_text(anomalies, count_of(counts, "anomalies")), rate,
           count_text(unparseable, count_of(counts, "unparseable")));
    print_pairs(json_object_get(counts, "stage_pairs"));
}

static int characters(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += (*text & 0xC0) != 0x80;
    return n;
}

static const char *name_of(const json_t *project)
{
    const char *name = json_string_value(json_object_get(project, "project"));
    return name && *name ? name : "(not known)";
}

static void print_table(const json_t *summary)
{
    const json_t *projects = json_object_get(summary, "projects");
    size_t n = json_array_size(projects);
    const json_t **items = ranked(projects);
    int width = (int)strlen("project");
    for (size_t i = 0; items && i < n; i++)
        if (characters(name_of(items[i])) > width)
            width = characters(name_of(items[i]));
    printf("%-*s  %10s  %9s  %6s  %11s  %s\n", width, "project", "selections", "anomalies", "rate", "unparseable",
           "most frequent: chosen over rejected stage");
    for (size_t i = 0; items && i < n; i++)
        print_row(items[i], name_of(items[i]), width);
    if (n > 1)
        print_row(json_object_get(summary, "total"), "total", width);
    free(items);
}

/* ---- The verb -------------------------------------------------------------------------------- */

static int write_files(const struct anomalies_args *args, const selectai_trainset *set, const json_t *summary)
{
    uint64_t n = 0;
    char text[COUNT_TEXT];
    if (args->output) {
        int rc = selectai_trainset_write_log(&n, set, args->output, SELECTAI_LOG_ANOMALIES, 0);
        if (rc != SELECTAI_OK)
            return report_failure(rc);
        if (!args->quiet)
            say("%s: %s anomaly cases written", args->output, count_text(text, n));
    }
    return args->summary ? write_json_file(args->summary, summary) : EXIT_DONE;
}

static int show(const struct anomalies_args *args, const selectai_trainset *set, const struct decision_counts *counts,
                json_t *summary)
{
    char rows[COUNT_TEXT], selections[COUNT_TEXT], crops[COUNT_TEXT], left_out[COUNT_TEXT];
    if (args->json)
        return print_json(json_pack("{s:O, s:o, s:o}", "summary", summary, "input", json_of_decision_counts(counts),
                                    "issues", json_of_issues(selectai_trainset_issues(set))));
    if (args->quiet)
        return EXIT_DONE;
    printf("%s rows read: %s selections, %s crops, %s left out\n\n", count_text(rows, counts->rows),
           count_text(selections, counts->selections), count_text(crops, counts->crops),
           count_text(left_out, counts->left_out));
    print_table(summary);
    return EXIT_DONE;
}

static int find_anomalies(const struct anomalies_args *args, const selectai_trainset *set)
{
    struct decision_counts counts = count_decisions(set);
    char *text = NULL, rows[COUNT_TEXT];
    int rc = selectai_trainset_anomaly_json(&text, set);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    json_t *summary = json_of_text(text);
    int usable = selectai_trainset_count(set) > 0;
    int code = usable ? write_files(args, set, summary) : EXIT_DONE;
    if (code == EXIT_DONE && (usable || args->json))
        code = show(args, set, &counts, summary);
    json_decref(summary);
    if (code == EXIT_DONE && !usable) {
        say("%s%s: none of %s rows can be used%s", args->input.items[0], args->input.count > 1 ? " and the others" : "",
            count_text(rows, counts.rows), args->output || args->summary ? "; nothing was written" : "");
        code = EXIT_FAILED;
    } else if (code == EXIT_DONE && counts.selections == 0) {
        say("%s%s: crops only, no selections: there is nothing to count", args->input.items[0],
            args->input.count > 1 ? " and the others" : "");
    }
    return code;
}

static int check_args(const struct verb *verb, const struct anomalies_args *a)
{
    if (a->input.count == 0)
        return usage_error(verb, "nothing to read: give logs, or --input LOG...");
    if (a->output && !has_ending(a->output, ".csv"))
        return usage_error(verb, "--output %s must end in .csv", a->output);
    if (a->output && a->summary && same_place(a->output, a->summary))
        return usage_error(verb, "--output %s and --summary %s are one file: each needs its own", a->output,
                           a->summary);
    int code = check_project_args(verb, &a->projects);
    if (code < 0)
        code = check_log_output(verb, "output", a->output, &a->input, &a->projects);
    return code < 0 ? check_log_output(verb, "summary", a->summary, &a->input, &a->projects) : code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct anomalies_args a = {0};
    const struct arg args[] = {
        {"input", ARG_LIST, &a.input, "LOG...", "logs or training entries, also without the flag", 0},
        {"output", ARG_TEXT, &a.output, "FILE", "write the anomaly cases (.csv)", 0},
        {"summary", ARG_TEXT, &a.summary, "FILE", "write the counts of each project as JSON", 0},
        LOG_PROJECT_FLAG(&a.projects),
        LOG_FLAGS(&a.projects),
        {"strict", ARG_FLAG, &a.strict, NULL, "a row that cannot be used is an error", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print counts and issues as JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress, no table", 0},
        {0},
    };
    /* Plain arguments are logs, too, in the order in which they are given. */
    int code = parse_args(argc, argv, verb, args, &a.input);
    if (code < 0)
        code = check_args(verb, &a);
    if (code < 0 && ((a.output && check_output(a.output)) || (a.summary && check_output(a.summary))))
        code = EXIT_FAILED;
    if (code < 0) {
        selectai_trainset *set = NULL;
        struct progress progress = {.quiet = a.quiet};
        int rc = load_decisions(&set, &a.input, &a.projects, a.strict, &progress);
        code = rc == SELECTAI_OK ? find_anomalies(&a, set) : report_failure(rc);
        selectai_trainset_destroy(&set);
    }
    free_list(&a.input);
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_anomalies = {
    .name = "anomalies",
    .summary = "find the decisions for a lower stage, and how often each project has them",
    .usage = "LOG... [--output FILE] [--summary FILE] [options]",
    .text =
        "LOG is any of: training entries (.jsonl, .csv), selection logs, crop logs, anomaly cases. Rows that cannot\n"
        "be used are counted and named; the exit code is 1 only if nothing could be used. Rates are of the\n"
        "selections whose stages are known. A decision that stands in several logs counts as often: 'selectai merge'\n"
        "makes it one.",
    .run = run,
};
