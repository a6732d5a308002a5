/*
 * verb_suggest.c: new images -> winner, crop, confidence.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

struct suggest_args {
    const char *ranker, *cropper, *cache, *project;
    struct encoder_args encoder;
    struct text_list rest;
    int32_t group_mode, group_scope;
    uint32_t lookahead;
    double max_gap;
    int json, quiet;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void print_group(const struct selectai_suggestion *s)
{
    printf("%s  %.0f %%", s->paths[s->winner], 100 * s->confidence);
    if (s->has_crop)
        printf("  crop %d,%d-%d,%d of %ux%u", s->crop_px.x1, s->crop_px.y1, s->crop_px.x2, s->crop_px.y2,
               s->sizes[2 * s->winner], s->sizes[2 * s->winner + 1]);
    printf("\n");
    for (uint32_t i = 0; i < s->n_images; i++)
        if (i != s->winner)
            printf("    %-52s %.0f %%\n", base_name(s->paths[i]), 100 * (double)s->probabilities[i]);
}

static int print_suggestions(const selectai_suggestions *suggestions, int json)
{
    json_t *groups = json ? json_array() : NULL;
    for (size_t i = 0; i < selectai_suggestions_count(suggestions); i++) {
        struct selectai_suggestion s = {.struct_size = sizeof s};
        char *text = NULL;
        int rc = selectai_suggestions_get(suggestions, i, &s);
        if (rc == SELECTAI_OK && json)
            rc = selectai_suggestion_json(&text, suggestions, i);
        if (rc != SELECTAI_OK) {
            json_decref(groups);
            return report_failure(rc);
        }
        if (json)
            json_array_append_new(groups, json_of_text(text));
        else
            print_group(&s);
    }
    if (!json)
        return EXIT_DONE;
    return print_json(
        json_pack("{s:o, s:o}", "groups", groups, "issues", json_of_issues(selectai_suggestions_issues(suggestions))));
}

/* Issues that are about a file; others are about the models. */
static size_t count_files(const selectai_issues *issues)
{
    size_t n = 0;
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        n += selectai_issues_get(issues, i, &issue) == SELECTAI_OK && issue.path[0] != '\0';
    }
    return n;
}

static int load_models(selectai_ranker **ranker, selectai_cropper **cropper, selectai_embedding_cache **cache,
                       const struct suggest_args *args)
{
    int rc = selectai_ranker_load(ranker, args->ranker);
    if (rc == SELECTAI_OK && args->cropper)
        rc = selectai_cropper_load(cropper, args->cropper);
    if (rc == SELECTAI_OK && args->cache)
        rc = selectai_embedding_cache_open(cache, args->cache);
    return rc;
}

static int suggest(const struct suggest_args *args)
{
    struct selectai_group_options group;
    struct selectai_suggest_options options;
    struct progress progress = {.quiet = args->quiet};
    struct file_list files = {0};
    selectai_ranker *ranker = NULL;
    selectai_cropper *cropper = NULL;
    selectai_encoder *encoder = NULL;
    selectai_embedding_cache *cache = NULL;
    selectai_suggestions *suggestions = NULL;

    selectai_group_options_init(&group, sizeof group);
    group.mode = args->group_mode;
    group.scope = args->group_scope;
    group.lookahead = args->lookahead;
    group.max_gap = args->max_gap;
    selectai_suggest_options_init(&options, sizeof options);
    options.group = &group;
    options.threads = args->encoder.threads;
    options.project = args->project;
    options.progress = show_progress;
    options.user = &progress;
    int rc = load_models(&ranker, &cropper, &cache, args);
    if (rc == SELECTAI_OK)
        rc = open_encoder(&encoder, &args->encoder);
    for (size_t i = 0; i < args->rest.count && rc == SELECTAI_OK; i++)
        rc = list_files(&files, args->rest.items[i]);
    if (rc == SELECTAI_OK)
        rc = drop_repeated_files(&files);
    if (rc == SELECTAI_OK)
        rc = selectai_suggest_files(&suggestions, (const char *const *)files.paths, files.count, ranker, cropper,
                                    encoder, cache, &options);
    end_progress(&progress);
    int code = rc == SELECTAI_OK ? print_suggestions(suggestions, args->json) : report_failure(rc);
    size_t n_issues = selectai_issues_count(selectai_suggestions_issues(suggestions));
    if (code == EXIT_DONE && n_issues > 0 && !args->quiet) {
        size_t n_files = count_files(selectai_suggestions_issues(suggestions));
        if (n_files > 0)
            say("%zu files are in no group or could not be read:", n_files);
        print_issues(selectai_suggestions_issues(suggestions), 10);
    }
    if (code == EXIT_DONE && selectai_suggestions_count(suggestions) == 0)
        say("no groups were found: files named YYYYMMDD_HHMMSS_stageN.png in at least two stages are needed");
    selectai_suggestions_destroy(&suggestions);
    selectai_embedding_cache_close(&cache);
    selectai_encoder_close(&encoder);
    selectai_cropper_destroy(&cropper);
    selectai_ranker_destroy(&ranker);
    free_files(&files);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct suggest_args a = {.encoder.what = "builtin", .lookahead = 50};
    const struct arg args[] = {
        {"ranker", ARG_TEXT, &a.ranker, "FILE", "a trained ranker", 1},
        {"cropper", ARG_TEXT, &a.cropper, "FILE", "a trained cropper", 0},
        ENCODER_FLAGS(&a.encoder), /* as when the models' vectors were made */
        {"cache", ARG_TEXT, &a.cache, "DIR", "look vectors up here first (needs --project)", 0},
        {"project", ARG_TEXT, &a.project, "NAME", "project of the files in the cache", 0},
        {"group-mode", ARG_CHOICE, &a.group_mode, "nearest-up|timestamp", "how stages become groups", 0},
        {"group-scope", ARG_CHOICE, &a.group_scope, "directory|project", "group in each folder, or in all together", 0},
        {"max-gap", ARG_DOUBLE, &a.max_gap, "SECONDS", "nearest-up: a longer gap ends a group; 0: no limit", 0},
        {"lookahead", ARG_U32, &a.lookahead, "N", "nearest-up: files looked at for the next stage (50)", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count == 0)
        code = usage_error(verb, "give a folder or files to look at");
    if (code < 0 && a.cache && !a.project)
        code = usage_error(verb, "--cache needs --project");
    if (code < 0 && a.lookahead < 1)
        code = usage_error(verb, "--lookahead must be at least 1");
    if (code < 0)
        code = suggest(&a);
    free_list(&a.rest);
    return code;
}

const struct verb verb_suggest = {
    .name = "suggest",
    .summary = "for each group of new images: the winner, the crop, how sure",
    .usage = "--ranker FILE [--cropper FILE] [options] DIR|FILES...",
    .run = run,
};
