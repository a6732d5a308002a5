/*
 * verb_cache.c: looking after a cache.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

static int verify(const char *directory, int json)
{
    selectai_issues *issues = NULL;
    selectai_embedding_cache *cache = NULL;
    int rc = selectai_embedding_cache_verify(&issues, directory);
    size_t problems = selectai_issues_count(issues), rows = 0;
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    int code = problems ? EXIT_FAILED : EXIT_DONE;
    if (selectai_embedding_cache_open(&cache, directory) == SELECTAI_OK)
        rows = selectai_embedding_cache_count(cache);
    if (json) {
        json_t *document = json_pack("{s:s, s:I, s:s?, s:i, s:o}", "path", directory, "rows", (json_int_t)rows,
                                     "encoder", cache ? selectai_embedding_cache_encoder_id(cache) : NULL, "dim",
                                     cache ? (int)selectai_embedding_cache_dim(cache) : 0, "problems",
                                     json_of_issues(issues));
        if (print_json(document) != EXIT_DONE)
            code = EXIT_FAILED;
    } else {
        printf("%s: %zu rows, %zu problem%s\n", directory, rows, problems, problems == 1 ? "" : "s");
        print_issues(issues, 50);
    }
    selectai_embedding_cache_close(&cache);
    selectai_issues_destroy(&issues);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    int json = 0;
    struct text_list rest = {0};
    const struct arg args[] = {
        {"json", ARG_FLAG, &json, NULL, "print JSON", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &rest);
    if (code < 0 && (rest.count != 2 || strcmp(rest.items[0], "verify") != 0))
        code = usage_error(verb, "expected: verify DIR");
    if (code < 0)
        code = verify(rest.items[1], json);
    free_list(&rest);
    return code;
}

const struct verb verb_cache = {
    .name = "cache",
    .summary = "prove that a cache's index and vectors agree",
    .usage = "verify DIR [--json]",
    .run = run,
};
