/*
 * figures.c: evaluations as tables on the terminal.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "figures.h"
#include "project_args.h"

double real_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

uint64_t count_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

json_t *json_of_evaluation(const selectai_evaluation *evaluation)
{
    char *text = NULL;
    int rc = selectai_evaluation_json(&text, evaluation);
    if (rc == SELECTAI_OK)
        return json_of_text(text);
    report_failure(rc);
    return NULL;
}

json_t *metric_of(const json_t *evaluation, const char *name)
{
    size_t i;
    json_t *metric;
    json_array_foreach(json_object_get(evaluation, "metrics"), i,
                       metric) if (strcmp(text_of(metric, "name"), name) == 0) return metric;
    return NULL;
}

const json_t *same_figure(const json_t *metrics, const json_t *m)
{
    const char *name = text_of(m, "name");
    json_t *other;
    size_t i;
    json_array_foreach(metrics, i, other)
    {
        const char *stem = text_of(other, "name");
        size_t n = strlen(stem);
        if (strncmp(name, stem, n) == 0 && name[n] == '_' && count_of(m, "n") == count_of(other, "n") &&
            real_of(m, "value") == real_of(other, "value"))
            return other;
    }
    return NULL;
}

const char *better_text(const json_t *metric)
{
    const char *name = text_of(metric, "name");
    if (strcmp(name, "iou_expected") == 0 || strcmp(name, "iou_covered") == 0)
        return "near";
    return json_is_true(json_object_get(metric, "lower_is_better")) ? "low" : "high";
}

int is_leaky(const json_t *evaluation)
{
    return json_is_true(json_object_get(evaluation, "leaky"));
}

char *split_text(char buf[SPLIT_TEXT], const json_t *evaluation)
{
    const char *split = text_of(evaluation, "split");
    const char *what = strcmp(split, "project") == 0 ? "whole projects"
                       : strcmp(split, "pair") == 0  ? "pairs at random (LEAKY)"
                                                     : "blocks of time";
    unsigned long long folds = count_of(evaluation, "folds");
    if (count_of(evaluation, "groups") == 0)
        snprintf(buf, SPLIT_TEXT, "on nothing: no decision was held out");
    else if (folds > 1)
        snprintf(buf, SPLIT_TEXT, "cross-validated by %s, %llu folds", what, folds);
    else if (folds == 1)
        snprintf(buf, SPLIT_TEXT, "on the project that was held out");
    else
        snprintf(buf, SPLIT_TEXT, "on decisions that the model has not seen");
    return buf;
}

const char *explain_metric(const char *name)
{
    static const char *const texts[][2] = {
        {"normal", "pairs in which the person took the higher stage: share ranked right"},
        {"anomaly", "pairs in which the person took the lower stage: share ranked right"},
        {"overall", "all pairs: share ranked right"},
        {"top1", "decisions whose winner was named first"},
        {"brier", "squared errors of a decision's probabilities, 0 to 2"},
        {"ece", "how far the stated confidence is from the share that was right"},
        {"keep_auc", "chance that a kept group gets a higher probability of being kept than a rejected one"},
        {"iou", "mean overlap of the suggested and the real crop"},
        {"bde", "mean distance of the edges, as a share of the side"},
        {"within5", "crops with all four edges within 5 % of the side"},
        {"kept_whole", "images for which it was said rightly whether they are cropped at all"},
        {"iou_cropped", "mean overlap, of images that the person cropped"},
        {"iou_expected", "mean overlap that it promised, beside what was reached"},
        {"iou_covered", "crops whose overlap lay in the promised range"},
    };
    const char *rule = strrchr(name, '_');
    size_t n = rule && (strcmp(rule, "_size") == 0 || strcmp(rule, "_full") == 0) ? (size_t)(rule - name)
                                                                                  : strlen(name);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strlen(texts[i][0]) == n && strncmp(texts[i][0], name, n) == 0)
            return texts[i][1];
    return "";
}

/* ---- Text ------------------------------------------------------------------------------------ */

void print_interval(double value, double low, double high, int width)
{
    char text[64] = "-";
    if (!isnan(value) && isnan(low))
        snprintf(text, sizeof text, "%.3f", value);
    else if (!isnan(value))
        snprintf(text, sizeof text, "%.3f (%.3f-%.3f)", value, low, high);
    printf("%-*s", width, text);
}

static void print_metrics(const json_t *evaluation)
{
    size_t i;
    json_t *m;
    printf("%-16s %7s  %-5s %-21s  %-21s  %s\n", "measure", "n", "good", "model (95 %)", "baseline (95 %)",
           "baseline is");
    json_array_foreach(json_object_get(evaluation, "metrics"), i, m)
    {
        printf("%-16s %7llu  %-5s ", text_of(m, "name"), (unsigned long long)count_of(m, "n"), better_text(m));
        print_interval(real_of(m, "value"), real_of(m, "low"), real_of(m, "high"), 21);
        printf("  ");
        print_interval(real_of(m, "baseline"), real_of(m, "baseline_low"), real_of(m, "baseline_high"), 21);
        printf("  %s\n", text_of(m, "baseline_name"));
    }
}

static void print_part(const char *name, const json_t *values)
{
    static const char *const names[] = {"normal", "anomaly", "overall", "top1"};
    printf("%-16s", name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        double value = real_of(values, names[i]);
        if (isnan(value))
            printf("  %7s", "-");
        else
            printf("  %7.3f", value);
    }
    printf("\n");
}

static json_t *both_parts(const json_t *evaluation)
{
    static const char *const names[] = {"normal", "anomaly", "overall", "top1"};
    json_t *both = json_object();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        json_object_set(both, names[i], json_object_get(metric_of(evaluation, names[i]), "value"));
    return both;
}

static void print_parts(const json_t *evaluation)
{
    const json_t *parts = json_object_get(evaluation, "parts");
    if (!json_is_object(parts))
        return;
    json_t *both = both_parts(evaluation);
    printf("\n%-16s  %7s  %7s  %7s  %7s\n", "by part", "normal", "anomaly", "overall", "top1");
    print_part("both together", both);
    print_part("stage alone", json_object_get(parts, "prior"));
    print_part("image alone", json_object_get(parts, "image"));
    json_decref(both);
}

static void print_projects(const json_t *evaluation)
{
    const json_t *projects = json_object_get(evaluation, "by_project");
    size_t i;
    json_t *p;
    if (json_array_size(projects) < 2)
        return;
    printf("\n%-24s %7s  %-21s  %s\n", "by project", "n", "top1 (95 %)", "baseline");
    json_array_foreach(projects, i, p)
    {
        print_name(text_of(p, "project"), 24);
        printf(" %7llu  ", (unsigned long long)count_of(p, "n"));
        print_interval(real_of(p, "top1"), real_of(p, "low"), real_of(p, "high"), 21);
        printf("  ");
        print_interval(real_of(p, "baseline"), NAN, NAN, 5);
        printf("\n");
    }
}

void print_figures(const json_t *evaluation)
{
    char how[SPLIT_TEXT];
    if (is_leaky(evaluation))
        printf("LEAKY: pairs of one group stand on both sides, so that these figures flatter; never report them\n");
    printf("Measured %s; %llu groups\n\n", split_text(how, evaluation),
           (unsigned long long)count_of(evaluation, "groups"));
    print_metrics(evaluation);
    print_parts(evaluation);
    print_projects(evaluation);
}

/* ---- What could not be used ------------------------------------------------------------------ */

/* What is told about a model, not about a decision. */
static const char *const notes[] = {"encoder-unknown", "no-stages", NULL};

static int is_note(const char *kind)
{
    size_t i = 0;
    while (notes[i] && strcmp(kind, notes[i]) != 0)
        i++;
    return notes[i] != NULL;
}

size_t count_unused(const selectai_issues *issues)
{
    size_t n = selectai_issues_count(issues);
    for (size_t i = 0; notes[i]; i++)
        n -= count_issues(issues, notes[i]);
    return n;
}

json_t *json_of_reasons(const selectai_issues *issues)
{
    json_t *reasons = json_object();
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        if (selectai_issues_get(issues, i, &issue) != SELECTAI_OK || is_note(issue.kind))
            continue;
        json_int_t n = json_integer_value(json_object_get(reasons, issue.kind));
        json_object_set_new(reasons, issue.kind, json_integer(n + 1));
    }
    return reasons;
}

void print_unused(const selectai_issues *issues)
{
    json_t *reasons = json_of_reasons(issues), *n;
    const char *kind;
    char count[COUNT_TEXT];
    if (count_unused(issues) > 0)
        say("%s decision%s could not be used:", count_text(count, count_unused(issues)),
            count_unused(issues) == 1 ? "" : "s");
    json_object_foreach(reasons, kind, n) say("  %8s  %s", count_text(count, (uint64_t)json_integer_value(n)), kind);
    print_issues(issues, 5);
    json_decref(reasons);
}

void print_rejected(const selectai_trainset *set, const json_t *evaluation)
{
    size_t n = selectai_trainset_rejected_count(set);
    const json_t *keep = json_object_get(evaluation, "keep");
    if (n == 0)
        return;
    if (json_is_object(keep))
        printf("%zu rejected groups in the data; measured on %llu of them and %llu kept groups (keep_auc)\n", n,
               (unsigned long long)count_of(keep, "rejected"), (unsigned long long)count_of(keep, "kept"));
    else
        printf("%zu rejected groups in the data: too few of them (8 are the least), or their images are not in the "
               "cache: the model does not say when nothing is kept\n",
               n);
}
