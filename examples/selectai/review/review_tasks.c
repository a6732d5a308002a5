/*
 * review/review_tasks.c: what can be done with decisions without the page: exports, Finalize, and taking it back.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "export.h"
#include "review_args.h"

int has_tasks(const struct review_args *a)
{
    return a->output || a->rejected || a->selection_log || a->crop_log || a->xmp || a->decision_files || a->preview ||
           a->finalize || a->undo_finalize;
}

/* ---- Exports --------------------------------------------------------------------------------- */

typedef int (*export_fn)(const char *path, const struct review_groups *groups, const struct journal *journal,
                         uint64_t *n);

static int export_to(json_t *report, const char *key, const char *path, export_fn export, const struct session *session)
{
    uint64_t n = 0;
    int code = path ? export(path, &session->groups, session->journal, &n) : EXIT_DONE;
    if (path && code == EXIT_DONE)
        json_object_set_new(report, key, json_integer((json_int_t)n));
    return code;
}

static int write_beside(json_t *report, const struct session *session, const struct review_args *a)
{
    static const int namings[] = {XMP_ADOBE, XMP_DARKTABLE, XMP_ADOBE | XMP_DARKTABLE};
    uint64_t n = 0;
    int code = EXIT_DONE;
    if (a->decision_files) {
        code = export_decision_files(&session->groups, session->journal, &n);
        json_object_set_new(report, "decision_files", json_integer((json_int_t)n));
    }
    if (a->xmp && code == EXIT_DONE) {
        code = export_xmp(&session->groups, session->journal, namings[a->xmp - 1], (int)a->rating, &n);
        json_object_set_new(report, "xmp", json_integer((json_int_t)n));
    }
    return code;
}

static int do_exports(json_t *report, const struct session *session, const struct review_args *a)
{
    int code = export_to(report, "entries", a->output, export_entries, session);
    if (code == EXIT_DONE)
        code = export_to(report, "rejected", a->rejected, export_rejected, session);
    if (code == EXIT_DONE)
        code = export_to(report, "selection_log", a->selection_log, export_selection_log, session);
    if (code == EXIT_DONE)
        code = export_to(report, "crop_log", a->crop_log, export_crop_log, session);
    return code == EXIT_DONE ? write_beside(report, session, a) : code;
}

/* ---- Finalize -------------------------------------------------------------------------------- */

static int on_progress(size_t done, size_t total, void *user)
{
    return show_progress(done, total, "move", user);
}

/* Counts, and the first problems on stderr; all of them in the report. Takes result->problems. */
static int report_run(json_t *report, const char *key, int rc, struct finalize_result *result)
{
    json_t *problem;
    size_t i;
    json_array_foreach(result->problems, i, problem) if (i < 10)
        say("%s: %s", json_string_value(json_object_get(problem, "path")),
            json_string_value(json_object_get(problem, "message")));
    json_t *problems = result->problems ? result->problems : json_array();
    json_object_set_new(report, key,
                        json_pack("{s:I, s:I, s:I, s:o}", "done", (json_int_t)result->done, "total",
                                  (json_int_t)result->total, "failed", (json_int_t)result->failed, "problems",
                                  problems));
    if (rc == SELECTAI_DONE) {
        say("there is nothing to %s", key[0] == 'u' ? "take back" : "move");
        return EXIT_DONE;
    }
    if (rc == SELECTAI_ERR_CANCELLED) {
        say("stopped after %zu of %zu steps: the same command goes on with it", result->done, result->total);
        return 130;
    }
    if (rc != SELECTAI_OK)
        say("%s", result->message);
    return rc == SELECTAI_OK && result->failed == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int finalize(json_t *report, struct session *session, const struct review_args *a, struct progress *progress)
{
    struct finalize_result result = {0};
    struct finalize_plan plan = {0};
    int rc;
    if (a->undo_finalize)
        rc = undo_finalize(&result, session->state, &session->groups, session->journal, on_progress, progress);
    else if (finalize_unfinished(session->state))
        rc = resume_finalize(&result, session->state, &session->groups, session->journal, on_progress, progress);
    else if ((rc = plan_finalize(&plan, &session->groups, session->journal)) == SELECTAI_OK)
        rc = run_finalize(&result, session->state, &session->groups, session->journal, &plan, on_progress, progress);
    end_progress(progress);
    free_plan(&plan);
    return report_run(report, a->undo_finalize ? "undo_finalize" : "finalize", rc, &result);
}

static void print_plan(const struct finalize_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        print_name(plan->moves[i].from, 0);
        fputs(plan->moves[i].kind == WRITE_CROP ? " is cropped to " : " -> ", stdout);
        print_name(plan->moves[i].to, 0);
        putchar('\n');
    }
    json_t *note;
    size_t k;
    json_array_foreach(plan->notes, k, note)
    {
        print_name(json_string_value(json_object_get(note, "path")), 0);
        printf(": %s\n", json_string_value(json_object_get(note, "message")));
    }
    printf("%zu selected (%zu cropped), %zu to crop later, %zu staged for deletion, %zu companions, %zu renamed; "
           "%zu groups undecided and %zu skipped stay\n",
           plan->n_selected, plan->n_cropped, plan->n_later, plan->n_staged, plan->n_companions, plan->n_renamed,
           plan->n_undecided, plan->n_skipped);
}

static int preview(json_t *report, const struct session *session, int as_json)
{
    struct finalize_plan plan = {0};
    int rc = plan_finalize(&plan, &session->groups, session->journal);
    if (rc == SELECTAI_OK && as_json)
        json_object_set_new(report, "preview", json_of_plan(&plan, &session->groups));
    else if (rc == SELECTAI_OK)
        print_plan(&plan);
    else if (rc != SELECTAI_ERR_NOT_A_DIRECTORY) /* that is said already */
        report_failure(rc);
    free_plan(&plan);
    return rc == SELECTAI_OK ? EXIT_DONE : EXIT_FAILED;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void print_report(const json_t *report)
{
    static const char *const names[][2] = {{"entries", "training entries"},       {"rejected", "rejected groups"},
                                           {"selection_log", "selections"},       {"crop_log", "crops"},
                                           {"decision_files", ".decision files"}, {"xmp", "XMP sidecars"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_object_get(report, names[i][0]))
            printf("%lld %s written\n", (long long)json_integer_value(json_object_get(report, names[i][0])),
                   names[i][1]);
    for (int undo = 0; undo < 2; undo++) {
        const json_t *run = json_object_get(report, undo ? "undo_finalize" : "finalize");
        if (run)
            printf("%lld of %lld files %s\n", (long long)json_integer_value(json_object_get(run, "done")),
                   (long long)json_integer_value(json_object_get(run, "total")), undo ? "moved back" : "moved");
    }
}

/* Exports must not take the place of the journal or of a plan. */
static int spare_state(const struct session *session, const struct review_args *a)
{
    const char *const paths[] = {a->output, a->rejected, a->selection_log, a->crop_log};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (paths[i] && lies_directly_in(paths[i], session->state)) {
            say("%s: lies in the review's own folder; write it elsewhere", paths[i]);
            return EXIT_FAILED;
        }
        for (size_t k = 0; k < i; k++)
            if (paths[i] && paths[k] && same_place(paths[i], paths[k])) {
                say("%s: two exports cannot be one file", paths[i]);
                return EXIT_FAILED;
            }
    }
    return EXIT_DONE;
}

int do_tasks(struct session *session, const struct review_args *a)
{
    struct progress progress = {.quiet = a->quiet};
    json_t *report = json_object();
    if (session->read_only && (a->finalize || a->undo_finalize)) {
        say("another process reviews this folder; close it first");
        json_decref(report);
        return EXIT_FAILED;
    }
    int code = spare_state(session, a);
    if (code == EXIT_DONE)
        code = do_exports(report, session, a);
    if (code == EXIT_DONE && a->preview)
        code = preview(report, session, a->json);
    if (code == EXIT_DONE && (a->finalize || a->undo_finalize))
        code = finalize(report, session, a, &progress);
    if (a->json) {
        int printed = print_json(report);
        return code == EXIT_DONE ? printed : code;
    }
    print_report(report);
    json_decref(report);
    return code;
}
