/*
 * verb_cache.c: looking after a cache: each action is a verb of its own (cache_*.c).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "cache_args.h"

static int run(int argc, char **argv, const struct verb *verb)
{
    static const struct verb *const actions[] = {&cache_verify, &cache_merge, &cache_compact, &cache_export,
                                                 &cache_import};
    for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions; i++)
        if (strcmp(argv[1], actions[i]->name + strlen("cache ")) == 0)
            return actions[i]->run(argc - 1, argv + 1, actions[i]);
    struct text_list rest = {0};
    const struct arg none[] = {{0}};
    int code = parse_args(argc, argv, verb, none, &rest);
    if (code < 0)
        code = usage_error(verb, "expected: verify, merge, compact, export or import-legacy");
    free_list(&rest);
    return code;
}

const struct verb verb_cache = {
    .name = "cache",
    .summary = "verify, merge, compact and export caches; take over earlier ones",
    .usage = "verify|merge|compact|export|import-legacy ...",
    .text = "  verify DIR                    prove that index and vectors agree\n"
            "  merge --output DIR CACHE...   join caches of one encoder\n"
            "  compact DIR                   rewrite in few large parts, without rows that no look-up finds\n"
            "  export DIR --output DIR       one .npy with .jsonl, or the layout of clip-retrieval\n"
            "  import-legacy --output DIR --encoder-id ID --project NAME FILE.jsonl\n"
            "                                take over an earlier cache\n\n"
            "'selectai cache ACTION --help' tells more.",
    .run = run,
};
