/*
 * extract_table.c: the report of an extraction as a table for people.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "extract.h"

static uint64_t count_of(const json_t *counts, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(counts, key));
}

static void print_count(const json_t *counts, const char *label, const char *key)
{
    char text[COUNT_TEXT];
    printf("  %s: %s", label, count_text(text, count_of(counts, key)));
}

/* A remark in brackets, where there is something to remark. */
static void print_remark(const json_t *counts, const char *key, const char *remark)
{
    char text[COUNT_TEXT];
    if (count_of(counts, key) > 0)
        printf(" (%s %s)", count_text(text, count_of(counts, key)), remark);
}

/* What the project's manifest says, where that differs. */
static void print_manifest(const json_t *counts, const char *key, const char *manifest_key)
{
    char text[COUNT_TEXT];
    const json_t *expected = json_object_get(json_object_get(counts, "manifest"), manifest_key);
    if (json_is_integer(expected) && (uint64_t)json_integer_value(expected) != count_of(counts, key))
        printf(" (manifest: %s)", count_text(text, (uint64_t)json_integer_value(expected)));
}

/* A line where there is something to count. */
static void print_if_any(const json_t *counts, const char *label, const char *key)
{
    if (count_of(counts, key) == 0)
        return;
    print_count(counts, label, key);
    putchar('\n');
}

/* A rate of nothing is null, and is not shown. */
static void print_rate(const json_t *counts, const char *key)
{
    const json_t *rate = json_object_get(counts, key);
    if (json_is_number(rate))
        printf(" (%.1f%%)", 100 * json_number_value(rate));
}

/* How good the rule of times is, where pixels could tell. */
static void print_time_rule(const json_t *counts)
{
    char a[COUNT_TEXT], b[COUNT_TEXT], c[COUNT_TEXT], d[COUNT_TEXT];
    const json_t *rule = json_object_get(counts, "mtime_rule");
    uint64_t right = count_of(rule, "right"), cropped = count_of(rule, "wrong_cropped"),
             whole = count_of(rule, "wrong_whole");
    if (right + cropped + whole > 0)
        printf("  \"5 s newer = cropped\" is right for %s of %s (%s whole ones called cropped, %s crops missed)\n",
               count_text(a, right), count_text(b, right + cropped + whole), count_text(c, cropped),
               count_text(d, whole));
}

static void print_project(const json_t *counts)
{
    print_count(counts, "Total raw images", "raw_images");
    print_remark(counts, "unparsed", "not parsed");
    print_manifest(counts, "raw_images", "initial_images");
    putchar('\n');
    print_count(counts, "Total final images", "final_images");
    print_remark(counts, "orphan_finals", "without a source");
    print_manifest(counts, "final_images", "final_images");
    putchar('\n');
    print_count(counts, "Total groups", "groups");
    putchar('\n');
    print_count(counts, "Groups with winner", "groups_with_winner");
    print_remark(counts, "multi_winner_groups", "with several");
    putchar('\n');
    print_count(counts, "Groups rejected", "groups_rejected");
    putchar('\n');
    print_count(counts, "Training entries", "entries");
    putchar('\n');
    print_count(counts, "Anomaly cases (chose lower stage)", "anomalies");
    print_rate(counts, "anomaly_rate");
    putchar('\n');
    print_count(counts, "Cropped images", "cropped");
    print_rate(counts, "crop_rate");
    putchar('\n');
    print_time_rule(counts);
    print_if_any(counts, "Ambiguous", "ambiguous");
    print_if_any(counts, "Files of other projects, by date", "files_of_other_projects");
    print_if_any(counts, "Files in no project's time, left out", "files_unattributed");
}

static void print_total_line(const json_t *counts, const char *key, const char *rate, const char *what)
{
    char text[COUNT_TEXT];
    printf("  %s %s", count_text(text, count_of(counts, key)), what);
    if (rate)
        print_rate(counts, rate);
    putchar('\n');
}

void print_extract_table(const json_t *report, int with_total)
{
    const json_t *projects = json_object_get(report, "projects"), *total = json_object_get(report, "total");
    size_t n = json_array_size(projects), n_failed = json_array_size(json_object_get(report, "failed"));
    for (size_t i = 0; i < n; i++) {
        const json_t *project = json_array_get(projects, i);
        const char *name = json_string_value(json_object_get(project, "project"));
        printf("%sProject: ", i > 0 ? "\n" : "");
        print_name(name ? name : "?", 0);
        putchar('\n');
        print_project(project);
    }
    if (!with_total)
        return;
    printf("\nTotal across all projects:\n");
    print_total_line(total, "raw_images", NULL, "raw images");
    print_total_line(total, "final_images", NULL, "final images");
    print_total_line(total, "entries", NULL, "selection decisions");
    print_total_line(total, "anomalies", "anomaly_rate", "anomaly cases");
    print_total_line(total, "cropped", "crop_rate", "crop decisions");
    print_time_rule(total);
    print_total_line(total, "groups_rejected", NULL, "groups rejected");
    if (n_failed > 0)
        printf("  %zu of %zu projects could not be extracted\n", n_failed, n + n_failed);
}
