/*
 * cache_merge.c: `selectai cache merge` and `selectai cache compact`.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_args.h"

static int merge(struct cache_args *a)
{
    struct selectai_cache_counts n = {.struct_size = sizeof n};
    selectai_issues *issues = NULL;
    int rc = selectai_embedding_cache_merge(&n, &issues, a->output, a->rest.items, a->rest.count, &a->options);
    end_progress(&a->progress);
    const struct cache_count counts[] = {{"read", "Rows read", n.read},
                                         {"written", "Written", n.written},
                                         {"present", "There already", n.present},
                                         {"superseded", "Left out, an earlier content", n.superseded},
                                         {"repeated", "Left out, the same again", n.repeated},
                                         {"failed", "Left out, damaged", n.failed},
                                         {0}};
    return report_cache(a, a->output, rc, counts, n.failed, &issues);
}

static int run_merge(int argc, char **argv, const struct verb *verb)
{
    struct cache_args a;
    init_cache_args(&a);
    const struct arg args[] = {
        {"output", ARG_TEXT, &a.output, "DIR", "the cache that gets the rows; made if needed", 1},
        CACHE_DTYPE_FLAG(&a),
        CACHE_COMMON_FLAGS(&a),
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count == 0)
        code = usage_error(verb, "nothing to merge: give caches");
    if (code < 0)
        code = finish_cache_args(verb, &a);
    if (code < 0)
        code = merge(&a);
    free_cache_args(&a);
    return code;
}

const struct verb cache_merge = {
    .name = "cache merge",
    .summary = "join caches of one encoder into one",
    .usage = "--output DIR CACHE... [options]",
    .text = "Each file (project and path) gets one row. Within a cache its last row counts; between caches that of\n"
            "the file with the later time, and of equal times that of the cache named later. The caches are only\n"
            "read. A run that was interrupted is repeated: it finds what it had written.",
    .run = run_merge,
};

static int compact(struct cache_args *a)
{
    struct selectai_cache_counts n = {.struct_size = sizeof n};
    selectai_issues *issues = NULL;
    const char *directory = a->rest.items[0];
    int rc = selectai_embedding_cache_compact(&n, &issues, directory, &a->options);
    end_progress(&a->progress);
    const struct cache_count counts[] = {{"read", "Rows read", n.read},
                                         {"written", "Written", n.written},
                                         {"present", "Left as they are", n.present},
                                         {"superseded", "Dropped, an earlier content", n.superseded},
                                         {"repeated", "Dropped, the same again", n.repeated},
                                         {"missing", "Dropped, the file is gone", n.missing},
                                         {"failed", "Dropped, damaged", n.failed},
                                         {"files", "Parts written", n.files},
                                         {0}};
    return report_cache(a, directory, rc, counts, n.failed, &issues);
}

static int run_compact(int argc, char **argv, const struct verb *verb)
{
    struct cache_args a;
    init_cache_args(&a);
    const struct arg args[] = {
        {"drop-missing", ARG_FLAG, &a.drop_missing, NULL, "drop rows of files that are gone; needs --root", 0},
        CACHE_ROOT_FLAG(&a, "where a project's files lie; may be repeated"),
        CACHE_DTYPE_FLAG(&a),
        CACHE_COMMON_FLAGS(&a),
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count != 1)
        code = usage_error(verb, "expected one DIR");
    if (code < 0 && a.drop_missing && a.roots.count == 0)
        code = usage_error(verb, "--drop-missing needs --root PROJECT=FOLDER: nothing else tells where the files lie");
    if (code < 0 && !a.drop_missing && a.roots.count > 0)
        code = usage_error(verb, "--root is for --drop-missing");
    if (code < 0)
        code = finish_cache_args(verb, &a);
    if (code < 0)
        code = compact(&a);
    free_cache_args(&a);
    return code;
}

const struct verb cache_compact = {
    .name = "cache compact",
    .summary = "rewrite a cache in few large parts, without rows that no look-up finds",
    .usage = "DIR [options]",
    .text = "Other programs may read and write the cache meanwhile, and an interruption at any moment loses\n"
            "nothing. Rows of files that are gone stay, unless --drop-missing is given; a root that holds none of its\n"
            "project's files is refused: its disk may not be mounted.",
    .run = run_compact,
};
