/*
 * verb_train.c: decisions + vectors -> models.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "validation.h"

struct train_args {
    struct text_list data, rest;
    const char *cache, *layout_cache, *output, *start;
    struct project_args projects;
    int json, quiet, cropper, skip_bad_rows, no_prior, no_image, differences, sizes_only;
    struct selectai_ranker_options ranker;
    struct selectai_cropper_options crop;
};

static int finish(int rc, const struct train_args *args, const selectai_evaluation *evaluation,
                  const selectai_issues *issues)
{
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    size_t n = selectai_issues_count(issues);
    if (n > 0) {
        say("%zu decisions could not be used:", n);
        print_issues(issues, 10);
    }
    if (args->json) {
        char *text = NULL;
        if (selectai_evaluation_json(&text, evaluation) != SELECTAI_OK)
            return report_failure(SELECTAI_ERR_OUT_OF_MEMORY);
        return print_json(json_pack("{s:s, s:I, s:o}", "model", args->output, "left_out", (json_int_t)n, "evaluation",
                                    json_of_text(text)));
    }
    if (!args->quiet) {
        printf("%s written. On held-out groups:\n", args->output);
        print_evaluation(evaluation);
    }
    return EXIT_DONE;
}

static int train_ranker(struct train_args *args, const selectai_trainset *set, const selectai_embedding_cache *cache,
                        struct progress *progress)
{
    selectai_ranker *model = NULL, *start = NULL;
    selectai_evaluation *evaluation = NULL;
    selectai_issues *issues = NULL;
    args->ranker.progress = show_progress;
    args->ranker.user = progress;
    args->ranker.use_prior = !args->no_prior;
    args->ranker.use_image = !args->no_image;
    args->ranker.differences = args->differences;
    int rc = args->start ? selectai_ranker_load(&start, args->start) : SELECTAI_OK;
    args->ranker.start = start;
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_train(&model, &evaluation, &issues, set, cache, &args->ranker);
    end_progress(progress);
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_save(model, args->output);
    int code = finish(rc, args, evaluation, issues);
    selectai_ranker_destroy(&model);
    selectai_ranker_destroy(&start);
    selectai_evaluation_destroy(&evaluation);
    selectai_issues_destroy(&issues);
    return code;
}

static int train_cropper(struct train_args *args, const selectai_trainset *set, const selectai_embedding_cache *cache,
                         struct progress *progress)
{
    selectai_cropper *model = NULL;
    selectai_evaluation *evaluation = NULL;
    selectai_issues *issues = NULL;
    args->crop.progress = show_progress;
    args->crop.user = progress;
    int rc = selectai_cropper_train(&model, &evaluation, &issues, set, cache, &args->crop);
    end_progress(progress);
    if (rc == SELECTAI_OK)
        rc = selectai_cropper_save(model, args->output);
    int code = finish(rc, args, evaluation, issues);
    selectai_cropper_destroy(&model);
    selectai_evaluation_destroy(&evaluation);
    selectai_issues_destroy(&issues);
    return code;
}

static int train(struct train_args *args)
{
    selectai_trainset *set = NULL;
    selectai_embedding_cache *cache = NULL, *layout = NULL;
    struct progress progress = {.quiet = args->quiet};
    int code;
    code = check_decisions(&args->data, &args->projects, args->skip_bad_rows, &progress);
    if (code >= 0)
        return code;
    int rc = load_decisions(&set, &args->data, &args->projects, 0, &progress);
    if (rc == SELECTAI_OK && refuse_left_out(set, args->skip_bad_rows))
        code = EXIT_FAILED;
    if (rc == SELECTAI_OK && args->cache)
        rc = selectai_embedding_cache_open(&cache, args->cache);
    if (rc == SELECTAI_OK && args->layout_cache)
        rc = selectai_embedding_cache_open(&layout, args->layout_cache);
    args->crop.layout_cache = layout;
    if (rc != SELECTAI_OK)
        code = report_failure(rc);
    else if (code < 0)
        code = args->cropper ? train_cropper(args, set, cache, &progress) : train_ranker(args, set, cache, &progress);
    selectai_embedding_cache_close(&cache);
    selectai_embedding_cache_close(&layout);
    selectai_trainset_destroy(&set);
    return code;
}

/* What both kinds of training are told by flags, wherever it lies in their options. */
struct shared_flags {
    uint32_t *epochs, *batch_size, *patience, *threads, *ensemble, *folds;
    float *lr, *weight_decay, *dropout;
    uint64_t *seed;
    int32_t *split;
    const char **hold_out, **backend_dir;
};

#define SHARED_FLAGS(o)                                                                                                \
    {                                                                                                                  \
        &(o)->epochs, &(o)->batch_size, &(o)->patience, &(o)->threads, &(o)->ensemble, &(o)->folds, &(o)->lr,          \
            &(o)->weight_decay, &(o)->dropout, &(o)->seed, &(o)->split, &(o)->hold_out, &(o)->backend_dir              \
    }

static int run(int argc, char **argv, const struct verb *verb)
{
    struct train_args a = {.cropper = argc > 1 && strcmp(argv[1], "cropper") == 0};
    selectai_ranker_options_init(&a.ranker, sizeof a.ranker);
    selectai_cropper_options_init(&a.crop, sizeof a.crop);
    const struct shared_flags ranker = SHARED_FLAGS(&a.ranker), cropper = SHARED_FLAGS(&a.crop);
    const struct shared_flags f = a.cropper ? cropper : ranker;
    const struct arg args[] = {
        {"data", ARG_LIST, &a.data, "LOG...", "training entries (.jsonl, .csv) or old logs", 1},
        {"cache", ARG_TEXT, &a.cache, "DIR", "vectors, as made by 'embed'; needed, but with --sizes-only", 0},
        {"layout-cache", ARG_TEXT, &a.layout_cache, "DIR",
         "cropper: vectors of the built-in encoder too, which tell where things are", 0},
        {"sizes-only", ARG_FLAG, &a.sizes_only, NULL,
         "cropper: learn from the images' sizes alone, which the data tell", 0},
        {"output", ARG_TEXT, &a.output, "FILE", "the model (.safetensors)", 1},
        {"anomaly-weight", ARG_FLOAT, &a.ranker.anomaly_weight, "W",
         "ranker: weight of decisions that the lower stage won (1)", 0},
        {"loss", ARG_CHOICE, &a.ranker.loss, "margin|bradley-terry|plackett-luce",
         "ranker: what the networks minimise (plackett-luce)", 0},
        {"margin", ARG_FLOAT, &a.ranker.margin, "M", "ranker: --loss margin (0.5)", 0},
        {"ensemble", ARG_U32, f.ensemble, "N", "networks that are averaged (3; ranker with many decisions: 1)", 0},
        {"no-prior", ARG_FLAG, &a.no_prior, NULL, "ranker: the image alone, whatever its stage", 0},
        {"no-image", ARG_FLAG, &a.no_image, NULL, "ranker: the stage alone", 0},
        {"differences", ARG_FLAG, &a.differences, NULL, "ranker: learn from how images differ from their group", 0},
        {"start", ARG_TEXT, &a.start, "FILE", "ranker: go on from this one; needs fewer epochs", 0},
        {"folds", ARG_U32, f.folds, "N", "of cross-validation (at most 10 projects, 5 groups); 1: none", 0},
        {"epochs", ARG_U32, f.epochs, "N", "at most (ranker 60, cropper 150)", 0},
        {"batch-size", ARG_U32, f.batch_size, "N", "pairs or crops a step (32)", 0},
        {"patience", ARG_U32, f.patience, "N", "epochs without progress that end training (ranker 12, cropper 25)", 0},
        {"lr", ARG_FLOAT, f.lr, "X", "Adam's step (ranker 0.0003, cropper 0.001)", 0},
        {"weight-decay", ARG_FLOAT, f.weight_decay, "X", "decoupled weight decay (ranker 0.0001, cropper 0.001)", 0},
        {"dropout", ARG_FLOAT, f.dropout, "P", "share of hidden units dropped in training (0.3)", 0},
        {"seed", ARG_U64, f.seed, "N", "of split, weights and order (1)", 0},
        {"split", ARG_CHOICE, f.split, "group|project|pair|auto",
         "what is held out for the figures: blocks of time, whole projects (auto, if there are two), or pairs (LEAKY)",
         0},
        {"hold-out", ARG_TEXT, f.hold_out, "PROJECT", "a project that is only measured", 0},
        SKIP_BAD_ROWS_FLAG(&a.skip_bad_rows),
        LOG_PROJECT_FLAG(&a.projects),
        LOG_FLAGS(&a.projects),
        {"backend", ARG_TEXT, f.backend_dir, "DIR", "folder of selectai-torch.so, if not installed", 0},
        {"threads", ARG_U32, f.threads, "N", "default: all cores", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print the figures as JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress, no table", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && (a.rest.count != 1 || strcmp(a.rest.items[0], a.cropper ? "cropper" : "ranker") != 0))
        code = usage_error(verb, "say first what to train: ranker or cropper");
    if (code < 0 && !a.cache && !(a.cropper && a.sizes_only))
        code = usage_error(verb, "--cache is missing");
    if (code < 0 && (a.cache || a.layout_cache) && a.sizes_only)
        code = usage_error(verb, "--sizes-only needs no cache");
    if (code < 0)
        code = check_project_args(verb, &a.projects);
    if (code < 0)
        code = check_log_output(verb, "output", a.output, &a.data, &a.projects);
    if (code < 0 && check_output(a.output))
        code = EXIT_FAILED;
    if (code < 0)
        code = train(&a);
    free_list(&a.data);
    free_list(&a.rest);
    free_project_args(&a.projects);
    return code;
}

const struct verb verb_train = {
    .name = "train",
    .summary = "learn from past decisions (needs the torch module)",
    .usage = "ranker|cropper --data LOG... (--cache DIR | --sizes-only) --output FILE [options]",
    .run = run,
};
