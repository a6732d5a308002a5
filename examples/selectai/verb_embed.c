/*
 * verb_embed.c: pixels -> vectors in a cache.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "project_args.h"
#include "shard.h"

struct embed_args {
    const char *cache;
    struct project_args projects; /* its `project`: of folders, and of rows that tell none */
    struct encoder_args encoder;
    struct text_list input, rest;
    struct shard *shard; /* counts what it leaves */
    json_t *issues;      /* of all files */
    size_t n_skipped;
    int32_t store;
    int retry_failed, json, quiet;
};

static void keep_issues(const struct embed_args *args, const selectai_issues *issues)
{
    json_t *more = json_of_issues(issues);
    json_array_extend(args->issues, more);
    json_decref(more);
}

static int embed_folders(selectai_embedding_cache *cache, selectai_encoder *encoder, struct embed_args *args,
                         struct progress *progress, struct selectai_embed_counts *total)
{
    struct selectai_embed_options options;
    struct file_list files = {0};
    selectai_issues *issues = NULL;
    struct selectai_embed_counts counts = {.struct_size = sizeof counts};
    int rc = SELECTAI_OK;

    selectai_embed_options_init(&options, sizeof options);
    options.threads = args->encoder.threads;
    options.retry_failed = (uint32_t)args->retry_failed;
    options.progress = show_progress;
    options.user = progress;
    for (size_t i = 0; i < args->rest.count && rc == SELECTAI_OK; i++)
        rc = list_files(&files, args->rest.items[i]);
    if (rc == SELECTAI_OK)
        rc = drop_repeated_files(&files);
    if (rc == SELECTAI_OK)
        rc = tell_apart(&files);
    if (rc == SELECTAI_OK)
        rc = keep_shard(&files, args->shard, args->projects.project);
    if (rc == SELECTAI_OK)
        rc = selectai_embed_files(&counts, &issues, cache, encoder, args->projects.project,
                                  (const char *const *)files.paths, (const char *const *)files.rel_paths, files.count,
                                  &options);
    end_progress(progress);
    print_issues(issues, 20);
    keep_issues(args, issues);
    selectai_issues_destroy(&issues);
    json_array_extend(args->issues, files.issues);
    args->n_skipped += files.n_skipped;
    add_counts(total, &counts);
    total->failed += files.n_missed;
    free_files(&files);
    return rc;
}

/* Rows that cannot be used count as failed: somebody has to look at them. */
static int embed_logs(selectai_embedding_cache *cache, selectai_encoder *encoder, const struct embed_args *args,
                      struct progress *progress, struct selectai_embed_counts *total)
{
    const struct embed_how how = {
        .threads = args->encoder.threads, .retry_failed = args->retry_failed, .issues = args->issues};
    selectai_trainset *set = NULL;
    int rc = load_decisions(&set, &args->input, &args->projects, 0, progress);
    if (rc == SELECTAI_OK) {
        rc = embed_entries(cache, encoder, set, args->shard, how, progress, total);
        keep_issues(args, selectai_trainset_issues(set));
        total->failed += count_decisions(set).left_out;
    }
    selectai_trainset_destroy(&set);
    return rc;
}

static int print_counts_json(const struct selectai_embed_counts *counts, double seconds, double rate,
                             const struct embed_args *args)
{
    const struct shard *shard = args->shard;
    json_t *document = json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "encoded", (json_int_t)counts->encoded,
                                 "unchanged", (json_int_t)counts->unchanged, "moved", (json_int_t)counts->moved,
                                 "failed", (json_int_t)counts->failed, "given_up", (json_int_t)counts->given_up,
                                 "seconds", seconds, "images_per_second", rate);
    if (shard->count > 0) {
        json_object_set_new(document, "shard", json_sprintf("%u/%u", shard->index + 1, shard->count));
        json_object_set_new(document, "left_to_other_shards", json_integer((json_int_t)shard->left));
    }
    json_object_set_new(document, "skipped", json_integer((json_int_t)args->n_skipped));
    json_object_set(document, "issues", args->issues);
    return print_json(document);
}

static int report_counts(const struct selectai_embed_counts *counts, double seconds, const struct embed_args *args)
{
    double rate = seconds > 0 ? (double)counts->encoded / seconds : 0;
    const struct shard *shard = args->shard;
    if (args->json)
        return print_counts_json(counts, seconds, rate, args);
    if (args->quiet)
        return EXIT_DONE;
    if (shard->count > 0)
        printf("shard %u/%u: ", shard->index + 1, shard->count);
    printf("%llu encoded (%.1f images/s), %llu already there, %llu found under another name, %llu files or rows "
           "could not be used\n",
           (unsigned long long)counts->encoded, rate, (unsigned long long)counts->unchanged,
           (unsigned long long)counts->moved, (unsigned long long)counts->failed);
    if (args->n_skipped > 0)
        printf("%zu links and other things that are no files were passed over\n", args->n_skipped);
    if (counts->given_up > 0)
        printf("%llu of them failed in an earlier run and were not tried again (--retry-failed does)\n",
               (unsigned long long)counts->given_up);
    if (shard->count > 0)
        printf("%zu files left to the other shards\n", shard->left);
    return EXIT_DONE;
}

static int embed(struct embed_args *args)
{
    selectai_encoder *encoder = NULL;
    selectai_embedding_cache *cache = NULL;
    struct progress progress = {.quiet = args->quiet};
    struct selectai_embed_counts total = {.struct_size = sizeof total};

    int rc = open_encoder(&encoder, &args->encoder);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_create(&cache, args->cache, selectai_encoder_id(encoder),
                                             selectai_encoder_dim(encoder),
                                             args->store ? SELECTAI_DTYPE_FLOAT16 : SELECTAI_DTYPE_FLOAT32);
    double start = seconds_now();
    if (rc == SELECTAI_OK && args->rest.count > 0)
        rc = embed_folders(cache, encoder, args, &progress, &total);
    if (rc == SELECTAI_OK && args->input.count > 0)
        rc = embed_logs(cache, encoder, args, &progress, &total);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_flush(cache);
    int code = rc == SELECTAI_OK ? report_counts(&total, seconds_now() - start, args) : report_failure(rc);
    selectai_embedding_cache_close(&cache);
    selectai_encoder_close(&encoder);
    return code == EXIT_DONE && total.failed ? EXIT_FAILED : code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct shard shard;
    struct shard_args shard_args = {0};
    struct embed_args a = {.encoder.what = "builtin", .shard = &shard, .issues = json_array()};
    const struct arg args[] = {
        {"cache", ARG_TEXT, &a.cache, "DIR", "where the vectors go; made if needed", 1},
        {"project", ARG_TEXT, &a.projects.project, "NAME",
         "the project that DIR or FILES belong to, and rows of old logs that tell none", 0},
        {"input", ARG_LIST, &a.input, "LOG...",
         "embed the images of training entries, rejected groups or old logs instead", 0},
        LOG_FLAGS(&a.projects),
        ENCODER_FLAGS(&a.encoder),
        {"store", ARG_CHOICE, &a.store, "float32|float16", "how vectors are stored", 0},
        {"retry-failed", ARG_FLAG, &a.retry_failed, NULL,
         "try images again that could not be decoded in an earlier run", 0},
        SHARD_FLAGS(&shard_args),
        {"json", ARG_FLAG, &a.json, NULL, "print the counts as JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && a.rest.count == 0 && a.input.count == 0)
        code = usage_error(verb, "nothing to embed: give a folder, files, or --input LOG");
    if (code < 0 && a.rest.count > 0 && !a.projects.project)
        code = usage_error(verb, "--project NAME is needed: vectors are looked up by project and file name");
    if (code < 0)
        code = check_project_args(verb, &a.projects);
    if (code < 0)
        code = read_shard_args(&shard, verb, &shard_args);
    if (code < 0)
        code = embed(&a);
    json_decref(a.issues);
    free_list(&a.rest);
    free_list(&a.input);
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_embed = {
    .name = "embed",
    .summary = "compute the vectors of images, once, into a cache",
    .usage = "--cache DIR (--project NAME DIR|FILES... | --input LOG...) [options]",
    .text =
        "Files whose name, size and time, or whose content, are in the cache already cost no encoding.\n"
        "An interrupted run goes on where it stopped. Exit code 1 if some files could not be read; their content is\n"
        "remembered and not tried again without --retry-failed. --json lists every one of them with its reason.\n"
        "With --shard I/N, N processes or machines share the work without talking to each other: each takes the files\n"
        "whose paths below DIR fall to it (of FILES, their names), stages of one picture and images of one entry\n"
        "or rejected group together. They may write into one cache.",
    .run = run,
};
