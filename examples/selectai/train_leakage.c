/*
 * train_leakage.c: how much figures flatter that were measured on what is nearly known: three splits side by side.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "figures.h"
#include "train.h"

/* The last one that can be measured is the honest one. */
static const struct split {
    const char *name, *means;
    int32_t kind;
} splits[] = {
    {"pair", "LEAKY: pairs at random; other pairs of the same group were trained on", SELECTAI_SPLIT_PAIR},
    {"group", "blocks of time within projects that were trained on", SELECTAI_SPLIT_GROUP},
    {"project", "whole projects that were not trained on", SELECTAI_SPLIT_PROJECT},
};
enum { N_SPLITS = sizeof splits / sizeof splits[0] };

/* Projects with something to learn from. */
static int several_projects(const selectai_trainset *set)
{
    const char *first = NULL;
    struct selectai_entry entry = {.struct_size = sizeof entry};
    for (size_t i = 0; i < selectai_trainset_count(set); i++) {
        if (selectai_trainset_get(set, i, &entry) != SELECTAI_OK || entry.n_negatives == 0)
            continue;
        if (!first)
            first = entry.project;
        else if (strcmp(first, entry.project) != 0)
            return 1;
    }
    return 0;
}

/* A row of the meter; NULL and *code if training failed. *figures: those of this split, for the page. */
static json_t *measure(int *code, json_t **figures, const struct train_job *job, const struct split *split)
{
    struct selectai_ranker_options options = job->args->ranker;
    json_t *row = json_pack("{s:s, s:s, s:b, s:b}", "split", split->name, "means", split->means, "leaky",
                            split->kind == SELECTAI_SPLIT_PAIR, "measured", 1);
    options.split = split->kind;
    *code = EXIT_DONE;
    *figures = NULL;
    if (split->kind == SELECTAI_SPLIT_PROJECT && !several_projects(job->set)) {
        json_object_set_new(row, "measured", json_false());
        json_object_set_new(row, "why", json_string("needs two projects"));
        return row;
    }
    if (!job->args->quiet)
        say("measuring by %s ...", split->name);
    *figures = cross_validate(code, job, job->set, &options);
    json_object_set(row, "metrics", json_object_get(*figures, "metrics"));
    if (*figures)
        return row;
    json_decref(row);
    return NULL;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static const char *const names[] = {"normal", "anomaly", "overall", "top1"};
enum { N_NAMES = sizeof names / sizeof names[0] };

static void print_row(const json_t *row)
{
    printf("%-9s ", text_of(row, "split"));
    if (json_is_false(json_object_get(row, "measured"))) {
        printf("%s\n", text_of(row, "why"));
        return;
    }
    for (size_t i = 0; i < N_NAMES; i++) {
        const json_t *m = metric_of(row, names[i]);
        print_interval(real_of(m, "value"), real_of(m, "low"), real_of(m, "high"), 21);
    }
    printf("%s\n", json_is_true(json_object_get(row, "leaky")) ? "LEAKY" : "");
}

static void print_baseline(const json_t *row)
{
    printf("%-9s ", "baseline");
    for (size_t i = 0; i < N_NAMES; i++) {
        const json_t *m = metric_of(row, names[i]);
        print_interval(real_of(m, "baseline"), real_of(m, "baseline_low"), real_of(m, "baseline_high"), 21);
    }
    printf("%s\n", text_of(metric_of(row, names[0]), "baseline_name"));
}

static void print_meter(const json_t *rows)
{
    const json_t *honest = NULL;
    json_t *row;
    size_t i;
    printf("%-9s %-21s%-21s%-21s%s\n", "split by", "normal (95 %)", "anomaly (95 %)", "overall (95 %)", "top1 (95 %)");
    json_array_foreach(rows, i, row)
    {
        print_row(row);
        if (json_is_true(json_object_get(row, "measured")))
            honest = row;
    }
    print_baseline(honest);
    printf("\n");
    for (i = 0; i < N_SPLITS; i++)
        printf("  %-8s %s\n", splits[i].name, splits[i].means);
    printf("\nMeasured by pairs, 'overall' is %+.1f points from what it is by %s. Believe the last line that is "
           "measured. (By pairs, top1 counts pairs.)\n",
           100 * (real_of(metric_of(json_array_get(rows, 0), "overall"), "value") -
                  real_of(metric_of(honest, "overall"), "value")),
           text_of(honest, "split"));
}

/* ---- Both ------------------------------------------------------------------------------------ */

static int finish(const struct train_job *job, const json_t *rows, const json_t *honest)
{
    const struct train_args *args = job->args;
    struct trained trained = {0};
    int code = EXIT_DONE;
    if (args->output)
        code = train_and_save(&trained, job, job->set, args->output, &args->ranker);
    if (code != EXIT_DONE)
        return code;
    print_unused(trained.issues);
    json_t *document = train_document(job, args->output ? &trained : NULL);
    json_t *extra = json_pack("{s:O}", "leakage", rows);
    json_object_update(document, extra);
    code = write_train_page(job, honest, json_object_get(document, "left_out_by_reason"), extra);
    if (code == EXIT_DONE && args->json) {
        code = print_json(json_incref(document));
    } else if (code == EXIT_DONE && !args->quiet) {
        print_meter(rows);
        if (args->output) {
            printf("\n%s written.\n", args->output);
            print_figures(trained.figures);
            print_rejected(job->set, trained.figures);
        }
    }
    json_decref(extra);
    json_decref(document);
    free_trained(&trained);
    return code;
}

int train_leakage(const struct train_job *job)
{
    json_t *rows = json_array(), *honest = NULL;
    int code = EXIT_DONE;
    for (size_t i = 0; i < N_SPLITS && code == EXIT_DONE; i++) {
        json_t *figures, *row = measure(&code, &figures, job, &splits[i]);
        if (row)
            json_array_append_new(rows, row);
        if (figures) {
            json_decref(honest);
            honest = figures;
        }
    }
    if (code == EXIT_DONE)
        code = finish(job, rows, honest);
    json_decref(rows);
    json_decref(honest);
    return code;
}
