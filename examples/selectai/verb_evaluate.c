/*
 * verb_evaluate.c: how good is a model on decisions that it has not seen?
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "validation.h"

/* A model file is one of two kinds; the loader of the other kind says MISMATCH. *no_cache: one is needed. */
static int evaluate_file(selectai_evaluation **out, int *no_cache, const char *model, const selectai_trainset *set,
                         const selectai_embedding_cache *cache, const selectai_embedding_cache *layout)
{
    selectai_ranker *ranker = NULL;
    selectai_cropper *cropper = NULL;
    int rc = selectai_ranker_load(&ranker, model);
    if (rc == SELECTAI_ERR_MISMATCH)
        rc = selectai_cropper_load(&cropper, model);
    *no_cache = rc == SELECTAI_OK && !cache && (ranker || selectai_cropper_dim(cropper) > 0);
    if (rc == SELECTAI_OK && !*no_cache)
        rc = ranker ? selectai_ranker_evaluate(out, ranker, set, cache)
                    : selectai_cropper_evaluate_with_layout(out, cropper, set, cache, layout);
    selectai_ranker_destroy(&ranker);
    selectai_cropper_destroy(&cropper);
    return rc;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    const char *model = NULL, *cache_dir = NULL, *layout_dir = NULL;
    struct text_list data = {0};
    struct project_args projects = {0};
    struct progress progress = {0};
    int json = 0, skip_bad_rows = 0, no_cache = 0;
    selectai_trainset *set = NULL;
    selectai_embedding_cache *cache = NULL, *layout = NULL;
    selectai_evaluation *evaluation = NULL;
    const struct arg args[] = {
        {"model", ARG_TEXT, &model, "FILE", "a ranker or cropper", 1},
        {"data", ARG_LIST, &data, "LOG...", "training entries (.jsonl, .csv) or old logs", 1},
        {"cache", ARG_TEXT, &cache_dir, "DIR", "vectors, as made by 'embed'; needed, but for a cropper of sizes only",
         0},
        {"layout-cache", ARG_TEXT, &layout_dir, "DIR", "for a cropper that was trained with one", 0},
        SKIP_BAD_ROWS_FLAG(&skip_bad_rows),
        LOG_PROJECT_FLAG(&projects),
        LOG_FLAGS(&projects),
        {"json", ARG_FLAG, &json, NULL, "print JSON", 0},
        {"quiet", ARG_FLAG, &progress.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, NULL);
    if (code < 0)
        code = check_project_args(verb, &projects);
    if (code < 0)
        code = check_decisions(&data, &projects, skip_bad_rows, &progress);
    if (code < 0) {
        int rc = load_decisions(&set, &data, &projects, 0, &progress);
        if (rc == SELECTAI_OK && refuse_left_out(set, skip_bad_rows)) {
            selectai_trainset_destroy(&set);
            free_list(&data);
            free_project_args(&projects);
            return EXIT_FAILED;
        }
        if (rc == SELECTAI_OK && cache_dir)
            rc = selectai_embedding_cache_open(&cache, cache_dir);
        if (rc == SELECTAI_OK && layout_dir)
            rc = selectai_embedding_cache_open(&layout, layout_dir);
        if (rc == SELECTAI_OK)
            rc = evaluate_file(&evaluation, &no_cache, model, set, cache, layout);
        char *text = NULL;
        if (rc == SELECTAI_OK && !no_cache)
            rc = selectai_evaluation_json(&text, evaluation);
        if (no_cache) {
            code = usage_error(verb, "this model needs --cache DIR");
        } else if (rc != SELECTAI_OK) {
            code = report_failure(rc);
        } else {
            json_t *document = json_of_text(text);
            print_issues(selectai_evaluation_issues(evaluation), 10);
            code = EXIT_DONE;
            if (json) {
                code = print_json(json_incref(document));
            } else {
                printf("%lld groups measured, %lld decisions left out because the model has seen their images\n",
                       (long long)json_integer_value(json_object_get(document, "groups")),
                       (long long)json_integer_value(json_object_get(document, "excluded_seen")));
                print_evaluation(evaluation);
            }
            json_decref(document);
        }
    }
    selectai_evaluation_destroy(&evaluation);
    selectai_embedding_cache_close(&cache);
    selectai_embedding_cache_close(&layout);
    selectai_trainset_destroy(&set);
    free_list(&data);
    free_project_args(&projects);
    return code;
}

const struct verb verb_evaluate = {
    .name = "evaluate",
    .summary = "measure a model on decisions that it has not seen, beside the trivial rules",
    .usage = "--model FILE --data LOG... [--cache DIR] [options]",
    .run = run,
};
