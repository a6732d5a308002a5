/*
 * train_sweep.c: what anomaly weights win and cost, and training with the one that meets most goals.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "train.h"

/* What a ranker must reach, all at once. */
static const struct goal {
    const char *name;
    double least;
} goals[] = {{"normal", 0.90}, {"anomaly", 0.70}, {"overall", 0.85}};
enum { N_GOALS = sizeof goals / sizeof goals[0] };

static const char too_hopeful[] = "A weight that was chosen by these figures makes them a little too hopeful: "
                                  "measure the model on decisions that are new.";

int parse_weights(struct train_args *args)
{
    const char *text = args->weights_text;
    args->n_weights = 0;
    for (;;) {
        char *end;
        double weight = strtod(text, &end);
        if (end == text || !isfinite(weight) || weight <= 0 || weight > 1e6 || args->n_weights == MAX_WEIGHTS)
            return -1;
        for (size_t i = 0; i < args->n_weights; i++)
            if (args->weights[i] == (float)weight)
                return -1;
        args->weights[args->n_weights++] = (float)weight;
        if (!*end)
            return 0;
        if (*end != ',')
            return -1;
        text = end + 1;
    }
}

static double value_of(const json_t *row, const char *name)
{
    return real_of(metric_of(row, name), "value");
}

/* The smallest distance to a goal; goals that the data cannot measure do not count. */
static double distance_to_goals(const json_t *row)
{
    double least = INFINITY;
    for (size_t i = 0; i < N_GOALS; i++) {
        double value = value_of(row, goals[i].name);
        if (!isnan(value))
            least = fmin(least, value - goals[i].least);
    }
    return isinf(least) ? (double)NAN : least;
}

static int is_beaten(const json_t *rows, const json_t *row)
{
    size_t i;
    json_t *other;
    double normal = value_of(row, "normal"), anomaly = value_of(row, "anomaly");
    json_array_foreach(rows, i, other)
    {
        double n = value_of(other, "normal"), a = value_of(other, "anomaly");
        if (n >= normal && a >= anomaly && (n > normal || a > anomaly))
            return 1;
    }
    return 0;
}

static json_t *json_of_goals(const json_t *row)
{
    json_t *met = json_object();
    for (size_t i = 0; i < N_GOALS; i++) {
        double value = value_of(row, goals[i].name);
        json_object_set_new(met, goals[i].name, isnan(value) ? json_null() : json_boolean(value > goals[i].least));
    }
    return met;
}

static void set_real(json_t *object, const char *name, double value)
{
    json_object_set_new(object, name, isnan(value) ? json_null() : json_real(value));
}

static int count_met(const json_t *row)
{
    int n = 0;
    for (size_t i = 0; i < N_GOALS; i++)
        n += value_of(row, goals[i].name) > goals[i].least; /* false for NaN */
    return n;
}

/* One row a weight; *chosen: the one to train with: most goals met, then the largest distance to the closest one. A
 * goal that is missed a little less is not worth two others. */
static json_t *make_rows(selectai_evaluation **evaluations, const struct train_args *args, size_t *chosen)
{
    json_t *rows = json_array(), *row;
    size_t i;
    double best = -INFINITY;
    int most = -1;
    for (i = 0; i < args->n_weights; i++) {
        json_t *figures = json_of_evaluation(evaluations[i]);
        row = json_object();
        set_real(row, "weight", round(1e4 * (double)args->weights[i]) / 1e4);
        json_object_set(row, "metrics", json_object_get(figures, "metrics"));
        json_array_append_new(rows, row);
        json_decref(figures);
    }
    *chosen = 0;
    json_array_foreach(rows, i, row)
    {
        double distance = distance_to_goals(row);
        json_object_set_new(row, "efficient", json_boolean(!is_beaten(rows, row)));
        json_object_set_new(row, "goals_met", json_of_goals(row));
        set_real(row, "distance_to_goals", distance);
        int met = count_met(row);
        if (met > most || (met == most && distance > best)) {
            most = met;
            best = distance;
            *chosen = i;
        }
    }
    return rows;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void print_row(const json_t *row)
{
    static const char *const names[] = {"normal", "anomaly", "overall", "top1"};
    const json_t *met = json_object_get(row, "goals_met");
    printf("%c %8g  ", json_is_true(json_object_get(row, "efficient")) ? '*' : ' ', real_of(row, "weight"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *m = metric_of(row, names[i]), *goal = json_object_get(met, names[i]);
        print_interval(real_of(m, "value"), real_of(m, "low"), real_of(m, "high"), 19);
        printf(" %-2s ", json_is_true(goal) ? "ok" : json_is_false(goal) ? "no" : "");
    }
    printf("\n");
}

static void print_rows(const json_t *rows, const json_t *figures)
{
    char how[SPLIT_TEXT];
    size_t i;
    json_t *row;
    if (is_leaky(figures))
        printf("LEAKY: these figures flatter; never report them\n");
    printf("Anomaly weights, %s; * no other weight is better at one of normal and anomaly and as good at the other;\n"
           "ok, no: the goal (normal > 90 %%, anomaly > 70 %%, overall > 85 %%) is met or not\n\n",
           split_text(how, figures));
    printf("  %8s  %-23s%-23s%-23s%s\n", "weight", "normal (95 %)", "anomaly (95 %)", "overall (95 %)", "top1 (95 %)");
    json_array_foreach(rows, i, row) print_row(row);
}

static void print_choice(const json_t *row)
{
    double distance = real_of(row, "distance_to_goals");
    printf("\nWeight %g meets most goals, and of such weights comes nearest to all: ", real_of(row, "weight"));
    if (isnan(distance))
        printf("none of them can be measured here.\n");
    else if (distance > 0)
        printf("all are met, the closest one by %.1f points.\n", 100 * distance);
    else
        printf("not all are met, the farthest one is missed by %.1f points.\n", -100 * distance);
    printf("%s\n", too_hopeful);
}

/* ---- Both ------------------------------------------------------------------------------------ */

static int finish(const struct train_job *job, json_t *rows, const json_t *chosen, const json_t *figures,
                  const struct trained *trained)
{
    const struct train_args *args = job->args;
    json_t *document = train_document(job, trained), *extra = json_pack("{s:O}", "sweep", rows);
    char note[96];
    snprintf(note, sizeof note, "The figures are those of weight %g, which meets most goals.",
             real_of(chosen, "weight"));
    json_object_set_new(extra, "note", json_string(note));
    json_object_set(document, "sweep", rows);
    json_object_set(document, "chosen_weight", json_object_get(chosen, "weight"));
    json_object_set_new(document, "note", json_string(too_hopeful));
    int code = write_train_page(job, figures, json_object_get(document, "left_out_by_reason"), extra);
    if (code == EXIT_DONE && args->json) {
        code = print_json(json_incref(document));
    } else if (code == EXIT_DONE && !args->quiet) {
        print_rows(rows, figures);
        print_choice(chosen);
        if (trained) {
            printf("\n%s written, trained with this weight.\n", args->output);
            print_figures(figures);
            print_rejected(job->set, figures);
        }
    }
    json_decref(extra);
    json_decref(document);
    return code;
}

int train_sweep(const struct train_job *job)
{
    struct train_args *args = job->args;
    selectai_evaluation *evaluations[MAX_WEIGHTS] = {0};
    struct trained trained = {0};
    size_t chosen = 0;
    int rc = selectai_ranker_sweep_anomaly_weight(evaluations, args->weights, args->n_weights, job->set, job->cache,
                                                  &args->ranker);
    end_progress(job->progress);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    json_t *rows = make_rows(evaluations, args, &chosen), *figures = json_of_evaluation(evaluations[chosen]);
    print_unused(selectai_evaluation_issues(evaluations[0]));
    int code = figures ? EXIT_DONE : EXIT_FAILED;
    if (code == EXIT_DONE && args->output) {
        args->ranker.anomaly_weight = args->weights[chosen];
        code = train_and_save(&trained, job, job->set, args->output, &args->ranker);
    }
    if (code == EXIT_DONE)
        code = finish(job, rows, json_array_get(rows, chosen), trained.figures ? trained.figures : figures,
                      args->output ? &trained : NULL);
    for (size_t i = 0; i < args->n_weights; i++)
        selectai_evaluation_destroy(&evaluations[i]);
    free_trained(&trained);
    json_decref(rows);
    json_decref(figures);
    return code;
}
