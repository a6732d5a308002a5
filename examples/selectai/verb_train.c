/*
 * verb_train.c: decisions + vectors -> models.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

struct train_args {
    struct text_list data, rest;
    const char *cache, *output;
    int json, quiet, cropper;
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
    selectai_ranker *model = NULL;
    selectai_evaluation *evaluation = NULL;
    selectai_issues *issues = NULL;
    args->ranker.progress = show_progress;
    args->ranker.user = progress;
    int rc = selectai_ranker_train(&model, &evaluation, &issues, set, cache, &args->ranker);
    end_progress(progress);
    if (rc == SELECTAI_OK)
        rc = selectai_ranker_save(model, args->output);
    int code = finish(rc, args, evaluation, issues);
    selectai_ranker_destroy(&model);
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
    selectai_embedding_cache *cache = NULL;
    struct progress progress = {.quiet = args->quiet};
    int code;
    int rc = selectai_trainset_load(&set, args->data.items, args->data.count, 0);
    if (rc == SELECTAI_OK) {
        print_issues(selectai_trainset_issues(set), 10);
        rc = selectai_embedding_cache_open(&cache, args->cache);
    }
    if (rc != SELECTAI_OK)
        code = report_failure(rc);
    else
        code = args->cropper ? train_cropper(args, set, cache, &progress) : train_ranker(args, set, cache, &progress);
    selectai_embedding_cache_close(&cache);
    selectai_trainset_destroy(&set);
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct train_args a = {0};
    struct selectai_ranker_options *r = &a.ranker;
    selectai_ranker_options_init(r, sizeof *r);
    selectai_cropper_options_init(&a.crop, sizeof a.crop);
    struct selectai_ranker_options given = *r; /* to see which shared flags were used for a cropper */
    const struct arg args[] = {
        {"data", ARG_LIST, &a.data, "LOG...", "training entries (.jsonl, .csv)", 1},
        {"cache", ARG_TEXT, &a.cache, "DIR", "vectors, as made by 'embed'", 1},
        {"output", ARG_TEXT, &a.output, "FILE", "the model (.safetensors)", 1},
        {"anomaly-weight", ARG_FLOAT, &r->anomaly_weight, "W", "ranker: weight of pairs that the lower stage won", 0},
        {"margin", ARG_FLOAT, &r->margin, "M", "ranker: margin of the ranking loss (0.5)", 0},
        {"epochs", ARG_U32, &r->epochs, "N", "at most", 0},
        {"batch-size", ARG_U32, &r->batch_size, "N", "pairs or crops a step (32)", 0},
        {"patience", ARG_U32, &r->patience, "N", "epochs without progress that end training", 0},
        {"lr", ARG_FLOAT, &r->lr, "X", "Adam's step (0.001)", 0},
        {"weight-decay", ARG_FLOAT, &r->weight_decay, "X", "decoupled weight decay", 0},
        {"dropout", ARG_FLOAT, &r->dropout, "P", "share of hidden units dropped in training (0.3)", 0},
        {"seed", ARG_U64, &r->seed, "N", "of split, weights and order (1)", 0},
        {"split", ARG_CHOICE, &r->split, "group|project", "what is held out for the figures", 0},
        {"hold-out", ARG_TEXT, &r->hold_out, "PROJECT", "--split project: the one held out", 0},
        {"test-share", ARG_FLOAT, &r->test_share, "X", "--split group: share of groups held out (0.2)", 0},
        {"backend", ARG_TEXT, &r->backend_dir, "DIR", "folder of selectai-torch.so, if not installed", 0},
        {"threads", ARG_U32, &r->threads, "N", "default: all cores", 0},
        {"json", ARG_FLAG, &a.json, NULL, "print the figures as JSON", 0},
        {"quiet", ARG_FLAG, &a.quiet, NULL, "no progress, no table", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, &a.rest);
    if (code < 0 && (a.rest.count != 1 || (strcmp(a.rest.items[0], "ranker") && strcmp(a.rest.items[0], "cropper"))))
        code = usage_error(verb, "say what to train: ranker or cropper");
    if (code < 0 && r->hold_out && r->split != SELECTAI_SPLIT_PROJECT)
        code = usage_error(verb, "--hold-out needs --split project");
    if (code < 0) {
        a.cropper = strcmp(a.rest.items[0], "cropper") == 0;
        if (a.cropper && (r->margin < given.margin || r->margin > given.margin ||
                          r->anomaly_weight < given.anomaly_weight || r->anomaly_weight > given.anomaly_weight))
            code = usage_error(verb, "--margin and --anomaly-weight are for the ranker");
    }
    if (code < 0 && a.cropper) { /* the flags that were given; the cropper has other defaults */
        struct selectai_cropper_options *c = &a.crop;
        c->epochs = r->epochs != given.epochs ? r->epochs : c->epochs;
        c->patience = r->patience != given.patience ? r->patience : c->patience;
        c->weight_decay = memcmp(&r->weight_decay, &given.weight_decay, sizeof(float)) ? r->weight_decay
                                                                                       : c->weight_decay;
        c->batch_size = r->batch_size;
        c->lr = r->lr;
        c->dropout = r->dropout;
        c->seed = r->seed;
        c->split = r->split;
        c->hold_out = r->hold_out;
        c->test_share = r->test_share;
        c->backend_dir = r->backend_dir;
        c->threads = r->threads;
    }
    if (code < 0)
        code = train(&a);
    free_list(&a.data);
    free_list(&a.rest);
    return code;
}

const struct verb verb_train = {
    .name = "train",
    .summary = "learn from past decisions (needs the torch module)",
    .usage = "ranker|cropper --data LOG... --cache DIR --output FILE [options]",
    .run = run,
};
