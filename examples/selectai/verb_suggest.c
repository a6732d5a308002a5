/*
 * verb_suggest.c: new images -> winner, crop, how sure, and why: as a table, JSON or a contact sheet.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "project_args.h"
#include "report/sheet.h"
#include "suggest_view.h"

struct suggest_args {
    const char *ranker, *cropper, *cache, *html;
    struct encoder_args encoder;
    struct text_list rest, history;
    struct project_args projects; /* its project: of the files, and of rows of old logs that do not tell theirs */
    int32_t group_mode, group_scope, order;
    uint32_t lookahead, neighbours;
    double max_gap, min_confidence, min_keep;
    int json, quiet, verbose;
};

/* What is read for a suggestion. */
struct inputs {
    selectai_ranker *ranker;
    selectai_cropper *cropper;
    selectai_encoder *encoder;
    selectai_embedding_cache *cache;
    selectai_trainset *history;
    struct file_list files;
};

/* ---- Results --------------------------------------------------------------------------------- */

static json_t *json_of_counts(const struct suggest_view *view)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "groups", (json_int_t)view->n, "sure", (json_int_t)view->sure, "not_sure",
                     (json_int_t)view->not_sure, "keep_nothing", (json_int_t)view->keep_nothing);
}

static int print_as_json(const struct suggest_view *view)
{
    json_t *groups = json_array();
    for (size_t i = 0; i < view->n; i++) {
        char *text = NULL;
        int rc = selectai_suggestion_json(&text, view->suggestions, view->order[i]);
        if (rc != SELECTAI_OK) {
            json_decref(groups);
            return report_failure(rc);
        }
        json_array_append_new(groups, json_of_text(text));
    }
    return print_json(json_pack("{s:o, s:o, s:o}", "groups", groups, "summary", json_of_counts(view), "issues",
                                json_of_issues(selectai_suggestions_issues(view->suggestions))));
}

/* Issues that are about a file; others are about the models and the history. */
static size_t count_files(const selectai_issues *issues)
{
    size_t n = 0;
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        n += selectai_issues_get(issues, i, &issue) == SELECTAI_OK && issue.path[0] != '\0';
    }
    return n;
}

static int show(const struct suggest_view *view, const struct suggest_args *args, struct progress *progress)
{
    char counts[COUNTS_TEXT];
    const struct sheet sheet = {view,           args->rest.items[0],   args->min_confidence,
                                args->min_keep, args->encoder.threads, progress};
    int code = args->html ? write_sheet(args->html, &sheet) : EXIT_DONE;
    if (code == EXIT_DONE && args->json)
        return print_as_json(view);
    if (code == EXIT_DONE && (!args->html || args->verbose))
        print_suggestion_table(view, args->verbose);
    if (code == EXIT_DONE)
        printf("%s\n", counts_text(counts, view));
    return code;
}

static int report(const selectai_suggestions *suggestions, const struct suggest_args *args, struct progress *progress)
{
    const selectai_issues *issues = selectai_suggestions_issues(suggestions);
    struct suggest_view view;
    int rc = make_view(&view, suggestions, args->order);
    int code = rc == SELECTAI_OK ? show(&view, args, progress) : report_failure(rc);
    free_view(&view);
    if (code == EXIT_DONE && selectai_issues_count(issues) > 0 && !args->quiet) {
        size_t n_files = count_files(issues);
        fflush(stdout);
        if (n_files > 0)
            say("%zu files are in no group or could not be read:", n_files);
        print_issues(issues, 10);
    }
    if (code == EXIT_DONE && selectai_suggestions_count(suggestions) == 0)
        say("no groups were found: files named YYYYMMDD_HHMMSS_stageN.png in at least two stages are needed");
    return code;
}

/* ---- Work ------------------------------------------------------------------------------------ */

static int load(struct inputs *in, const struct suggest_args *args, struct progress *progress)
{
    int rc = selectai_ranker_load(&in->ranker, args->ranker);
    if (rc == SELECTAI_OK && args->cropper)
        rc = selectai_cropper_load(&in->cropper, args->cropper);
    if (rc == SELECTAI_OK && args->cache)
        rc = selectai_embedding_cache_open(&in->cache, args->cache);
    if (rc == SELECTAI_OK && args->history.count > 0)
        rc = load_decisions(&in->history, &args->history, &args->projects, 0, progress);
    if (rc == SELECTAI_OK)
        rc = open_encoder(&in->encoder, &args->encoder);
    for (size_t i = 0; i < args->rest.count && rc == SELECTAI_OK; i++)
        rc = list_files(&in->files, args->rest.items[i]);
    return rc == SELECTAI_OK ? drop_repeated_files(&in->files) : rc;
}

static void unload(struct inputs *in)
{
    selectai_trainset_destroy(&in->history);
    selectai_embedding_cache_close(&in->cache);
    selectai_encoder_close(&in->encoder);
    selectai_cropper_destroy(&in->cropper);
    selectai_ranker_destroy(&in->ranker);
    free_files(&in->files);
}

static int suggest(const struct suggest_args *args)
{
    struct selectai_group_options group;
    struct selectai_suggest_options options;
    struct progress progress = {.quiet = args->quiet};
    struct inputs in = {0};
    selectai_suggestions *suggestions = NULL;

    selectai_group_options_init(&group, sizeof group);
    group.mode = args->group_mode;
    group.scope = args->group_scope;
    group.lookahead = args->lookahead;
    group.max_gap = args->max_gap;
    selectai_suggest_options_init(&options, sizeof options);
    options.group = &group;
    options.threads = args->encoder.threads;
    options.project = args->projects.project;
    options.min_confidence = args->min_confidence;
    options.min_keep = args->min_keep;
    options.neighbours = args->neighbours;
    options.progress = show_progress;
    options.user = &progress;
    int rc = load(&in, args, &progress);
    options.history = in.history;
    if (rc == SELECTAI_OK)
        rc = selectai_suggest_files(&suggestions, (const char *const *)in.files.paths, in.files.count, in.ranker,
                                    in.cropper, in.encoder, in.cache, &options);
    end_progress(&progress);
    int code = rc == SELECTAI_OK ? report(suggestions, args, &progress) : report_failure(rc);
    selectai_suggestions_destroy(&suggestions);
    unload(&in);
    return code;
}

/* ---- Arguments ------------------------------------------------------------------------------- */

/* The sheet must not take the place of anything that is read. */
static int check_html(const struct verb *verb, const struct suggest_args *a)
{
    const char *const read[] = {a->ranker, a->cropper, a->encoder.what};
    const char *input = a->html ? place_among(a->html, &a->rest) : NULL;
    if (!a->html)
        return -1;
    for (size_t i = 0; i < sizeof read / sizeof *read && !input; i++)
        if (read[i] && same_place(a->html, read[i]))
            input = read[i];
    if (input && !is_folder(input))
        return usage_error(verb, "--html %s would overwrite what is read: %s", a->html, input);
    int code = check_log_output(verb, "html", a->html, &a->history, &a->projects);
    if (code >= 0)
        return code;
    return check_output(a->html) == EXIT_DONE ? -1 : EXIT_FAILED;
}

static int check(const struct verb *verb, const struct suggest_args *a)
{
    if (a->rest.count == 0)
        return usage_error(verb,
                           a->history.count > 1
                               ? "give a folder or files to look at, before --history, which takes all that follows it"
                               : "give a folder or files to look at");
    if (a->cache && !a->projects.project)
        return usage_error(verb, "--cache needs --project");
    if (a->history.count > 0 && (!a->cache || !a->projects.project))
        return usage_error(verb, "--history needs --cache, where the vectors of past decisions are, and --project");
    if (a->lookahead < 1)
        return usage_error(verb, "--lookahead must be at least 1");
    if (a->min_confidence > 1 || a->min_keep > 1)
        return usage_error(verb, "--min-confidence and --min-keep are probabilities: 0 to 1");
    if (a->neighbours > SELECTAI_MAX_NEIGHBOURS)
        return usage_error(verb, "--neighbours must be at most %u", SELECTAI_MAX_NEIGHBOURS);
    int code = check_project_args(verb, &a->projects);
    return code < 0 ? check_html(verb, a) : code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct suggest_args a = {.encoder.what = "builtin", .lookahead = 50};
    struct selectai_suggest_options defaults;
    selectai_suggest_options_init(&defaults, sizeof defaults);
    a.min_confidence = defaults.min_confidence;
    a.min_keep = defaults.min_keep;
    a.neighbours = defaults.neighbours;
    const struct arg args[] = {
        {"ranker", ARG_TEXT, &a.ranker, "FILE", "a trained ranker", 1},
        {"cropper", ARG_TEXT, &a.cropper, "FILE", "a trained cropper", 0},
        {"html", ARG_TEXT, &a.html, "FILE", "write a contact sheet: one page with all pictures in it", 0},
        {"order", ARG_CHOICE, &a.order, "found|doubt", "of groups; doubt: the least certain first", 0},
        {"min-confidence", ARG_DOUBLE, &a.min_confidence, "P", "a winner below it is \"not sure\" (0.6)", 0},
        {"min-keep", ARG_DOUBLE, &a.min_keep, "P", "\"keep nothing?\" if anything is kept with less than that (0.5)",
         0},
        {"history", ARG_LIST, &a.history, "LOG...", "past decisions to compare with (needs --cache and --project)", 0},
        {"neighbours", ARG_U32, &a.neighbours, "N", "similar past decisions named for each group (3)", 0},
        ENCODER_FLAGS(&a.encoder), /* as when the models' vectors were made */
        {"cache", ARG_TEXT, &a.cache, "DIR", "look vectors up here first (needs --project)", 0},
        {"project", ARG_TEXT, &a.projects.project, "NAME", "project of the files: in the cache, ranker and history", 0},
        {"group-mode", ARG_CHOICE, &a.group_mode, "nearest-up|timestamp", "how stages become groups", 0},
        {"group-scope", ARG_CHOICE, &a.group_scope, "directory|project", "group in each folder, or in all together", 0},
        {"max-gap", ARG_DOUBLE, &a.max_gap, "SECONDS", "nearest-up: a longer gap ends a group; 0: no limit", 0},
        {"lookahead", ARG_U32, &a.lookahead, "N", "nearest-up: files looked at for the next stage (50)", 0},
        LOG_FLAGS(&a.projects),
        {"verbose", ARG_FLAG, &a.verbose, NULL, "below each group: reasons, all images, past decisions", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0)
        code = check(verb, &a);
    if (code < 0)
        code = suggest(&a);
    free_list(&a.rest);
    free_list(&a.history);
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_suggest = {
    .name = "suggest",
    .summary = "for each group of new images: the winner, the crop, how sure, and why",
    .usage = "--ranker FILE [--cropper FILE] [options] DIR|FILES...",
    .text =
        "prior and image in the table: what the stages and the images say for the winner, against the next best "
        "image,\n"
        "in log-odds. --history LOG... takes all that follows it: name the folder before it, or end it with a flag.",
    .run = run,
};
