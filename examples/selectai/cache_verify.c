/*
 * cache_verify.c: `selectai cache verify`.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "cache_args.h"

static json_t *to_json(const char *directory, const selectai_embedding_cache *cache, size_t rows,
                       const selectai_issues *issues, const selectai_issues *failures, const selectai_issues *leftovers)
{
    return json_pack("{s:s, s:I, s:s?, s:i, s:o, s:o, s:o}", "path", directory, "rows", (json_int_t)rows, "encoder",
                     cache ? selectai_embedding_cache_encoder_id(cache) : NULL, "dim",
                     cache ? (int)selectai_embedding_cache_dim(cache) : 0, "problems", json_of_issues(issues),
                     "undecodable", json_of_issues(failures), "leftovers", json_of_issues(leftovers));
}

static int show(const struct cache_args *args, const char *directory, const struct selectai_cache_counts *counts,
                const selectai_issues *issues)
{
    selectai_embedding_cache *cache = NULL;
    selectai_issues *failures = NULL, *leftovers = NULL;
    const size_t problems = selectai_issues_count(issues), rows = (size_t)counts->read;
    int code = problems ? EXIT_FAILED : EXIT_DONE;
    if (selectai_embedding_cache_open(&cache, directory) == SELECTAI_OK)
        (void)selectai_embedding_cache_failures(&failures, cache);
    (void)selectai_embedding_cache_leftovers(&leftovers, directory);
    if (args->json) {
        if (print_json(to_json(directory, cache, rows, issues, failures, leftovers)) != EXIT_DONE)
            code = EXIT_FAILED;
    } else {
        if (!args->quiet)
            printf("%s: %zu rows, %zu problem%s\n", directory, rows, problems, problems == 1 ? "" : "s");
        const size_t broken = selectai_issues_count(failures);
        if (!args->quiet && broken > 0)
            printf("%zu image%s could not be decoded and will not be tried again until changed (--json lists them)\n",
                   broken, broken == 1 ? "" : "s");
        const size_t left = selectai_issues_count(leftovers);
        if (!args->quiet && left > 0)
            printf("%zu file%s of runs that were killed or are at work (--json lists them)\n", left,
                   left == 1 ? "" : "s");
        fflush(stdout);
        print_issues(issues, 50);
    }
    selectai_issues_destroy(&failures);
    selectai_issues_destroy(&leftovers);
    selectai_embedding_cache_close(&cache);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct cache_args a;
    struct selectai_cache_counts counts = {.struct_size = sizeof counts};
    selectai_issues *issues = NULL;
    init_cache_args(&a);
    const struct arg args[] = {CACHE_COMMON_FLAGS(&a), {0}};
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count != 1)
        code = usage_error(verb, "expected one DIR");
    if (code < 0)
        code = finish_cache_args(verb, &a);
    if (code < 0) {
        int rc = selectai_embedding_cache_verify_with(&counts, &issues, a.rest.items[0], &a.options);
        end_progress(&a.progress);
        code = rc == SELECTAI_OK ? show(&a, a.rest.items[0], &counts, issues) : report_failure(rc);
        selectai_issues_destroy(&issues);
    }
    free_cache_args(&a);
    return code;
}

const struct verb cache_verify = {
    .name = "cache verify",
    .summary = "prove that a cache's index and vectors agree",
    .usage = "DIR [--json]",
    .text = "Reads everything: sizes, every value, checksums, index files, rows that are there twice.\n"
            "Exit code 1 if there are problems. What a killed run left is none: it is listed, and removed by the next\n"
            "run that writes, after an hour.",
    .run = run,
};
