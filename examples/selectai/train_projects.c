/*
 * train_projects.c: a ranker of its own for each project, and one for all, compared on the same decisions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "project_files.h"
#include "train.h"

/* The unified ranker measured in two ways: on later and earlier pictures of projects that it knows, and on projects
 * that it does not know. */
struct unified {
    json_t *by_group, *by_project;
};

static selectai_trainset *part_of(const selectai_trainset *set, const char *project)
{
    size_t n = selectai_trainset_count(set), n_rejected = selectai_trainset_rejected_count(set);
    uint8_t *decisions = calloc(n + 1, 1), *rejected = calloc(n_rejected + 1, 1);
    selectai_trainset *part = NULL;
    int rc = decisions && rejected ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        struct selectai_entry entry = {.struct_size = sizeof entry};
        rc = selectai_trainset_get(set, i, &entry);
        decisions[i] = rc == SELECTAI_OK && strcmp(entry.project, project) == 0;
    }
    for (size_t i = 0; i < n_rejected && rc == SELECTAI_OK; i++) {
        struct selectai_rejected_group group = {.struct_size = sizeof group};
        rc = selectai_trainset_get_rejected(set, i, &group);
        rejected[i] = rc == SELECTAI_OK && strcmp(group.project, project) == 0;
    }
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_select(&part, set, decisions, rejected);
    free(decisions);
    free(rejected);
    return part;
}

/* Its own ranker: a row with its figures, or with the reason why there is none. EXIT_FAILED only for what would stop
 * the other projects, too. */
static int train_own(json_t *row, const struct train_job *job, const struct project_file *file)
{
    struct selectai_ranker_options options = job->args->ranker;
    selectai_ranker *model = NULL;
    selectai_evaluation *evaluation = NULL;
    selectai_trainset *part = part_of(job->set, file->project);
    options.split = SELECTAI_SPLIT_GROUP;
    job->progress->what = file->project;
    int rc = part ? selectai_ranker_train(&model, &evaluation, NULL, part, job->cache, &options)
                  : SELECTAI_ERR_OUT_OF_MEMORY;
    end_progress(job->progress);
    job->progress->what = NULL;
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_save(model, file->path);
    json_t *figures = rc == SELECTAI_OK ? json_of_evaluation(evaluation) : NULL;
    json_object_set_new(row, "model", figures ? json_of_bytes(file->path) : json_null());
    json_object_set(row, "own", metric_of(figures, "top1"));
    json_object_set(row, "own_metrics", json_object_get(figures, "metrics"));
    if (rc == SELECTAI_ERR_NO_DATA)
        json_object_set_new(row, "why", json_string("too few decisions"));
    json_decref(figures);
    selectai_ranker_destroy(&model);
    selectai_evaluation_destroy(&evaluation);
    selectai_trainset_destroy(&part);
    return rc == SELECTAI_OK || rc == SELECTAI_ERR_NO_DATA ? EXIT_DONE : report_failure(rc);
}

static json_t *segment_of(const json_t *evaluation, const char *project)
{
    json_t *segment;
    size_t i;
    json_array_foreach(json_object_get(evaluation, "by_project"), i,
                       segment) if (strcmp(text_of(segment, "project"), project) == 0) return segment;
    return NULL;
}

static void add_unified(json_t *row, const struct unified *u, const char *project)
{
    json_t *known = segment_of(u->by_group, project), *left_out = segment_of(u->by_project, project);
    json_object_set(row, "n", json_object_get(known, "n"));
    json_object_set(row, "baseline", json_object_get(known, "baseline"));
    json_object_set(row, "unified", known);
    json_object_set(row, "unified_left_out", left_out);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void print_cell(const json_t *cell, const char *name)
{
    print_interval(real_of(cell, name), real_of(cell, "low"), real_of(cell, "high"), 21);
}

static void print_row(const json_t *row)
{
    print_name(text_of(row, "project"), 24);
    printf(" %6llu  ", (unsigned long long)count_of(row, "n"));
    print_interval(real_of(row, "baseline"), NAN, NAN, 9);
    if (json_is_null(json_object_get(row, "model")))
        printf("%-21s", text_of(row, "why"));
    else
        print_cell(json_object_get(row, "own"), "value");
    print_cell(json_object_get(row, "unified"), "top1");
    print_cell(json_object_get(row, "unified_left_out"), "top1");
    printf("\n");
}

static void print_table(const json_t *rows)
{
    json_t *row;
    size_t i, several = 0;
    printf("Share of decisions whose winner is named first (top1, 95 %%), on the same decisions of each project:\n\n"
           "%-24s %6s  %-9s%-21s%-21s%s\n",
           "project", "n", "baseline", "own ranker", "unified", "unified, without it");
    json_array_foreach(rows, i, row)
    {
        print_row(row);
        several += json_object_get(row, "unified_left_out") != NULL;
    }
    printf("\nown ranker: trained on this project alone, measured on blocks of time that it had not seen; unified: on "
           "all projects,\nmeasured on the same blocks; without it: on the other projects only, which is what a new "
           "project gets%s.\n",
           several ? "" : " (needs two projects)");
}

/* ---- Both ------------------------------------------------------------------------------------ */

static int measure_unified(struct unified *u, const struct train_job *job, const struct trained *trained)
{
    struct selectai_ranker_options options = job->args->ranker;
    int code = EXIT_DONE;
    const char *split = text_of(trained->figures, "split");
    options.split = SELECTAI_SPLIT_GROUP;
    u->by_group = strcmp(split, "group") == 0 ? json_incref(trained->figures)
                                              : cross_validate(&code, job, job->set, &options);
    if (code == EXIT_DONE && strcmp(split, "project") == 0)
        u->by_project = json_incref(trained->figures);
    return code;
}

static int finish(const struct train_job *job, const json_t *rows, const struct trained *trained)
{
    const struct train_args *args = job->args;
    json_t *document = train_document(job, trained), *extra = json_pack("{s:O}", "per_project", rows);
    json_object_update(document, extra);
    int code = write_train_page(job, trained->figures, json_object_get(document, "left_out_by_reason"), extra);
    if (code == EXIT_DONE && args->json) {
        code = print_json(json_incref(document));
    } else if (code == EXIT_DONE && !args->quiet) {
        json_t *row;
        size_t i;
        printf("%s written: the unified ranker.\n", args->output);
        json_array_foreach(rows, i, row) if (*text_of(row, "model")) printf("%s written.\n", text_of(row, "model"));
        printf("\n");
        print_table(rows);
        printf("\nThe unified ranker:\n");
        print_figures(trained->figures);
        print_rejected(job->set, trained->figures);
    }
    json_decref(extra);
    json_decref(document);
    return code;
}

int train_per_project(const struct train_job *job)
{
    struct train_args *args = job->args;
    struct project_files files = {0};
    struct trained trained = {0};
    struct unified unified = {0};
    json_t *rows = json_array();
    int code = list_project_files(&files, job->set, args->output);
    for (size_t i = 0; i < files.n && code == EXIT_DONE; i++)
        code = check_project_file(args, files.items[i].path);
    if (code == EXIT_DONE)
        code = train_and_save(&trained, job, job->set, args->output, &args->ranker);
    if (code == EXIT_DONE)
        print_unused(trained.issues);
    if (code == EXIT_DONE)
        code = measure_unified(&unified, job, &trained);
    for (size_t i = 0; i < files.n && code == EXIT_DONE; i++) {
        json_t *row = json_pack("{s:o}", "project", json_of_bytes(files.items[i].project));
        code = train_own(row, job, &files.items[i]);
        add_unified(row, &unified, files.items[i].project);
        json_array_append_new(rows, row);
    }
    if (code == EXIT_DONE)
        code = finish(job, rows, &trained);
    free_project_files(&files);
    json_decref(unified.by_group);
    json_decref(unified.by_project);
    json_decref(rows);
    free_trained(&trained);
    return code;
}
