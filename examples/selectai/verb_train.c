/*
 * verb_train.c: decisions + vectors -> models.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "train.h"
#include "validation.h"

typedef int way_fn(const struct train_job *job);

static way_fn *way_of(const struct train_args *args)
{
    return args->n_weights > 0 ? train_sweep
           : args->leakage     ? train_leakage
           : args->per_project ? train_per_project
                               : train_one;
}

/* What goes with the networks of a ranker, however it is trained. */
static int train_with(struct train_job *job)
{
    struct train_args *args = job->args;
    selectai_ranker *start = NULL;
    int rc = args->start && !args->cropper ? selectai_ranker_load(&start, args->start) : SELECTAI_OK;
    args->ranker.progress = show_progress;
    args->ranker.user = job->progress;
    args->ranker.use_prior = !args->no_prior;
    args->ranker.use_image = !args->no_image;
    args->ranker.differences = args->differences;
    args->ranker.recognise_stages = args->recognise_stages;
    args->ranker.start = start;
    int code = rc == SELECTAI_OK ? way_of(args)(job) : report_failure(rc);
    selectai_ranker_destroy(&start);
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
        code = train_with(&(struct train_job){args, set, cache, &progress});
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

/* Flags that do not go together, or not with this kind of model. -1 to go on. */
static int check_ways(struct train_args *a, const struct verb *verb)
{
    int ways = (a->weights_text != NULL) + a->leakage + a->per_project;
    if (a->weights_text && parse_weights(a))
        return usage_error(verb,
                           "--sweep-anomaly-weight: '%s' is not valid, expected up to %d different numbers above "
                           "0, such as 1,2,5,10,20",
                           a->weights_text, MAX_WEIGHTS);
    if (ways > 0 && a->cropper)
        return usage_error(verb, "--sweep-anomaly-weight, --leakage and --per-project are for rankers");
    if (a->recognise_stages && a->cropper)
        return usage_error(verb, "--recognise-stages is for rankers");
    if (ways > 1)
        return usage_error(verb, "give one of --sweep-anomaly-weight, --leakage and --per-project");
    if (ways > 0 && a->ranker.folds == 1)
        return usage_error(verb, "--folds 1 measures nothing, and there is nothing to compare then");
    if ((a->leakage || a->per_project) && a->ranker.hold_out)
        return usage_error(verb, "--hold-out does not go with --leakage and --per-project, which measure all projects");
    if (!a->output && !a->leakage && !a->weights_text)
        return usage_error(verb, "--output FILE is needed: the model (.safetensors)");
    if (a->html && a->output && same_place(a->html, a->output))
        return usage_error(verb, "--html and --output are the same file");
    return -1;
}

/* What the library would refuse, in the words of the flags. */
static int check_numbers(const struct train_args *a, const struct shared_flags *f, const struct verb *verb)
{
    if (*f->epochs == 0 || *f->batch_size == 0)
        return usage_error(verb, "--epochs and --batch-size must be at least 1");
    if (!(*f->dropout <= 0.9f))
        return usage_error(verb, "--dropout must be 0 to 0.9");
    if (!(*f->lr > 0.0f && *f->lr <= 10.0f) || !(*f->weight_decay <= 10.0f))
        return usage_error(verb, "--lr must be above 0, and neither it nor --weight-decay above 10");
    if (*f->ensemble > SELECTAI_MAX_ENSEMBLE || *f->folds > SELECTAI_MAX_FOLDS)
        return usage_error(verb, "--ensemble must be at most %u, --folds at most %u", SELECTAI_MAX_ENSEMBLE,
                           SELECTAI_MAX_FOLDS);
    if (!(a->ranker.anomaly_weight > 0.0f && a->ranker.anomaly_weight <= 1e6f))
        return usage_error(verb, "--anomaly-weight must be above 0, and at most 1000000");
    if (a->no_prior && a->no_image)
        return usage_error(verb, "--no-prior and --no-image leave nothing to learn");
    if (a->recognise_stages && !a->cropper && (a->no_prior || a->no_image))
        return usage_error(verb,
                           "--recognise-stages needs the stage prior and the image: not with --no-prior, --no-image");
    if (*f->hold_out && *f->split == SELECTAI_SPLIT_PAIR)
        return usage_error(verb, "--hold-out does not go with --split pair, which measures pairs of all projects");
    return -1;
}

static int check_outputs(const struct train_args *a, const struct verb *verb)
{
    int code = check_log_output(verb, "output", a->output, &a->data, &a->projects);
    if (code < 0)
        code = check_log_output(verb, "html", a->html, &a->data, &a->projects);
    if (code < 0 && ((a->output && check_output(a->output)) || (a->html && check_output(a->html))))
        code = EXIT_FAILED;
    return code;
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct train_args a = {.cropper = argc > 1 && strcmp(argv[1], "cropper") == 0};
    selectai_ranker_options_init(&a.ranker, sizeof a.ranker);
    selectai_cropper_options_init(&a.crop, sizeof a.crop);
    const struct shared_flags ranker = SHARED_FLAGS(&a.ranker), cropper = SHARED_FLAGS(&a.crop);
    const struct shared_flags f = a.cropper ? cropper : ranker;
    const struct arg args[] = {
        {"data", ARG_LIST, &a.data, "LOG...", "training entries (.jsonl, .csv), rejected groups or old logs", 1},
        {"cache", ARG_TEXT, &a.cache, "DIR", "vectors, as made by 'embed'; needed, but with --sizes-only", 0},
        {"layout-cache", ARG_TEXT, &a.layout_cache, "DIR",
         "cropper: vectors of the built-in encoder too, which tell where things are", 0},
        {"sizes-only", ARG_FLAG, &a.sizes_only, NULL,
         "cropper: learn from the images' sizes alone, which the data tell", 0},
        {"output", ARG_TEXT, &a.output, "FILE", "the model (.safetensors); needed, but for sweeps and --leakage", 0},
        {"html", ARG_TEXT, &a.html, "FILE", "a page with the figures, as curves and tables", 0},
        {"anomaly-weight", ARG_FLOAT, &a.ranker.anomaly_weight, "W",
         "ranker: weight of decisions that the lower stage won (1)", 0},
        {"sweep-anomaly-weight", ARG_TEXT, &a.weights_text, "W,W,...",
         "ranker: what such weights win and cost; trains with the best, if there is --output", 0},
        {"leakage", ARG_FLAG, &a.leakage, NULL, "ranker: figures by pairs (LEAKY), blocks of time and projects", 0},
        {"per-project", ARG_FLAG, &a.per_project, NULL,
         "ranker: also one for each project, OUTPUT with its name, compared with the one for all", 0},
        {"loss-anomaly-weight", ARG_FLOAT, &a.ranker.loss_anomaly_weight, "W",
         "ranker: their weight in the networks' loss (1)", 0},
        {"loss", ARG_CHOICE, &a.ranker.loss, "margin|bradley-terry|plackett-luce",
         "ranker: what the networks minimise (plackett-luce)", 0},
        {"margin", ARG_FLOAT, &a.ranker.margin, "M", "ranker: --loss margin (0.5)", 0},
        {"ensemble", ARG_U32, f.ensemble, "N",
         "models that are averaged (cropper 3; ranker 2, one linear, with few decisions, else 1)", 0},
        {"no-prior", ARG_FLAG, &a.no_prior, NULL, "ranker: the image alone, whatever its stage", 0},
        {"no-image", ARG_FLAG, &a.no_image, NULL, "ranker: the stage alone", 0},
        {"differences", ARG_FLAG, &a.differences, NULL, "ranker: learn from how images differ from their group", 0},
        {"recognise-stages", ARG_FLAG, &a.recognise_stages, NULL,
         "ranker: for images of unknown stage: learn what stages look like", 0},
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
         "held out for the figures: blocks of time, projects (auto, if two), or pairs (LEAKY)", 0},
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
        code = check_numbers(&a, &f, verb);
    if (code < 0)
        code = check_ways(&a, verb);
    if (code < 0)
        code = check_outputs(&a, verb);
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
    .text =
        "Figures are of decisions that the model did not see (cross-validation), beside the trivial rule, with 95 %\n"
        "intervals. Rejected groups ('extract --rejected') may be given in --data, too: from eight on, the ranker\n"
        "learns when nothing of a group is kept.",
    .run = run,
};
