/*
 * verb_demo.c: everything in one go: sample, extract, embed, train, evaluate, suggest, report.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "demo.h"
#include "report/report.h"

static const char project[] = "sample";

void note(struct demo *d, const char *step, const char *fmt, ...)
{
    char text[512];
    va_list list;
    va_start(list, fmt);
    vsnprintf(text, sizeof text, fmt, list);
    va_end(list);
    end_progress(&d->progress);
    double now = seconds_now();
    size_t used = strlen(d->steps);
    snprintf(d->steps + used, sizeof d->steps - used, "%-8s %5.1f s  %s\n", step, now - d->step_started, text);
    if (!d->quiet)
        printf("%s", d->steps + used);
    fflush(stdout);
    d->step_started = now;
}

char *demo_file(const struct demo *d, const char *name)
{
    return path_of(d->output, name);
}

/* Was the sample that is there drawn with these options? */
static int check_sample(const struct demo *d, const char *truth_path)
{
    json_t *truth = json_load_file(truth_path, 0, NULL);
    const json_t *counts = json_object_get(truth, "counts");
    int same = json_integer_value(json_object_get(truth, "seed")) == (json_int_t)d->sample.seed &&
               json_integer_value(json_object_get(truth, "size")) == (json_int_t)d->sample.size &&
               json_integer_value(json_object_get(counts, "groups")) == (json_int_t)d->sample.groups;
    json_decref(truth);
    if (!same)
        say("%s: holds a sample that was drawn with other --seed, --groups or --size: choose another --output",
            d->output);
    return same ? EXIT_DONE : EXIT_FAILED;
}

static int step_sample(struct demo *d)
{
    struct sample_counts counts = {0};
    struct stat st;
    if (make_folder(d->output) != EXIT_DONE)
        return EXIT_FAILED;
    d->sample_dir = demo_file(d, "sample");
    d->raw = path_of(d->sample_dir, "raw");
    d->final = path_of(d->sample_dir, "final");
    char *truth = path_of(d->sample_dir, "truth.json");
    int there = stat(truth, &st) == 0; /* it is written last */
    int code = there ? check_sample(d, truth) : EXIT_DONE;
    free(truth);
    if (there && code == EXIT_DONE)
        note(d, "sample", "taken from an earlier run");
    if (there)
        return code;
    code = make_sample(&counts, d->sample_dir, &d->sample, &d->progress);
    if (code == EXIT_DONE)
        note(d, "sample", "%u groups, %u images; the person chose %u, cropped %u, rejected %u groups", counts.groups,
             counts.raw_images, counts.final_images, counts.cropped, counts.rejected);
    return code;
}

static int step_extract(struct demo *d)
{
    struct selectai_extract_options options;
    selectai_extract_options_init(&options, sizeof options);
    options.progress = show_progress;
    options.user = &d->progress;
    char *entries = demo_file(d, "entries.jsonl"), *rejected = demo_file(d, "rejected.jsonl"),
         *report = demo_file(d, "extraction_report.json");
    char *text = NULL;
    int code = EXIT_DONE;
    int rc = selectai_extraction_create(&d->extraction, &options);
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_add_project(d->extraction, d->raw, d->final, project);
    if (rc == SELECTAI_OK)
        rc = selectai_trainset_write(selectai_extraction_entries(d->extraction), entries, 0);
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_write_rejected(d->extraction, rejected);
    if (rc == SELECTAI_OK)
        rc = selectai_extraction_report_json(&text, d->extraction);
    if (rc != SELECTAI_OK)
        code = report_failure(rc);
    else
        code = write_text_file(report, text, strlen(text));
    if (code == EXIT_DONE)
        note(d, "extract", "%zu decisions, %zu rejected groups, %zu files that need a look",
             selectai_trainset_count(selectai_extraction_entries(d->extraction)),
             selectai_extraction_rejected_count(d->extraction),
             selectai_issues_count(selectai_extraction_issues(d->extraction)));
    selectai_free(text);
    free(entries);
    free(rejected);
    free(report);
    return code;
}

static int step_embed(struct demo *d)
{
    struct selectai_embed_options options;
    struct selectai_embed_counts counts = {.struct_size = sizeof counts};
    struct file_list files = {0};
    char *dir = demo_file(d, "cache");
    selectai_embed_options_init(&options, sizeof options);
    options.progress = show_progress;
    options.user = &d->progress;
    int rc = selectai_encoder_open(&d->encoder, "builtin", NULL);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_create(&d->cache, dir, selectai_encoder_id(d->encoder),
                                             selectai_encoder_dim(d->encoder), SELECTAI_DTYPE_FLOAT32);
    if (rc == SELECTAI_OK)
        rc = list_files(&files, d->raw);
    if (rc == SELECTAI_OK)
        rc = selectai_embed_files(&counts, NULL, d->cache, d->encoder, project, (const char *const *)files.paths,
                                  (const char *const *)files.rel_paths, files.count, &options);
    if (rc == SELECTAI_OK)
        rc = selectai_embedding_cache_flush(d->cache);
    if (rc == SELECTAI_OK)
        note(d, "embed", "%llu images encoded, %llu were in the cache, %llu unreadable",
             (unsigned long long)counts.encoded, (unsigned long long)counts.unchanged,
             (unsigned long long)counts.failed);
    free_files(&files);
    free(dir);
    return rc == SELECTAI_OK ? EXIT_DONE : report_failure(rc);
}

static int write_suggestions(struct demo *d)
{
    char *path = demo_file(d, "suggestions.json");
    json_t *groups = json_array();
    for (size_t i = 0; i < selectai_suggestions_count(d->suggestions); i++) {
        char *text = NULL;
        if (selectai_suggestion_json(&text, d->suggestions, i) == SELECTAI_OK)
            json_array_append_new(groups, json_of_text(text));
    }
    json_t *document = json_pack("{s:o}", "groups", groups);
    char *text = json_dumps(document, JSON_INDENT(1) | JSON_STYLE);
    int code = text ? write_text_file(path, text, strlen(text)) : EXIT_FAILED;
    json_decref(document);
    free(text);
    free(path);
    return code;
}

static int step_suggest(struct demo *d)
{
    struct selectai_suggest_options options;
    struct file_list files = {0};
    selectai_suggest_options_init(&options, sizeof options);
    options.project = project;
    options.progress = show_progress;
    options.user = &d->progress;
    int rc = list_files(&files, d->raw);
    if (rc == SELECTAI_OK)
        rc = selectai_suggest_files(&d->suggestions, (const char *const *)files.paths, files.count, d->ranker,
                                    d->cropper, d->encoder, d->cache, &options);
    free_files(&files);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    int code = write_suggestions(d);
    if (code == EXIT_DONE)
        note(d, "suggest", "%zu groups", selectai_suggestions_count(d->suggestions));
    return code;
}

static int step_report(struct demo *d)
{
    char *path = demo_file(d, "report.html");
    struct report report = {
        .title = "What would this person choose?",
        .project = project,
        .entries = selectai_extraction_entries(d->extraction),
        .suggestions = d->suggestions,
        .ranker = d->ranker,
        .cropper = d->cropper,
        .ranking = d->ranking,
        .cropping = d->cropping,
        .cross_validated = d->cross_validated,
        .steps = d->steps,
    };
    int code = write_report(path, &report);
    if (code == EXIT_DONE) {
        note(d, "report", "%s", path);
        if (!d->quiet)
            printf("done in %.1f s: open %s\n", seconds_now() - d->started, path);
    }
    free(path);
    return code;
}

static int demo(struct demo *d)
{
    static int (*const steps[])(struct demo *) = {step_sample,   step_extract,      step_embed,
                                                  step_hold_out, step_train_ranker, step_train_cropper,
                                                  step_evaluate, step_suggest,      step_report};
    const char *name;
    int code = EXIT_DONE;
    d->started = d->step_started = seconds_now();
    /* Asked first: half a minute of work before the news that training is not possible would be rude. */
    int rc = selectai_backend_load(&name, d->backend);
    if (rc != SELECTAI_OK)
        return report_failure(rc);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code == EXIT_DONE; i++)
        code = interrupted() ? report_interruption() : steps[i](d);
    end_progress(&d->progress);
    return code;
}

static void clean_up(struct demo *d)
{
    selectai_suggestions_destroy(&d->suggestions);
    selectai_evaluation_destroy(&d->ranking);
    selectai_evaluation_destroy(&d->cropping);
    selectai_evaluation_destroy(&d->cross_validated);
    selectai_ranker_destroy(&d->ranker);
    selectai_cropper_destroy(&d->cropper);
    selectai_embedding_cache_close(&d->cache);
    selectai_encoder_close(&d->encoder);
    selectai_trainset_destroy(&d->training);
    selectai_extraction_destroy(&d->extraction);
    free(d->sample_dir);
    free(d->raw);
    free(d->final);
}

static int run(int argc, char **argv, const struct verb *verb)
{
    struct demo d = {.sample = {.seed = 1, .groups = SAMPLE_GROUPS, .size = SAMPLE_SIZE}};
    const struct arg args[] = {
        {"output", ARG_TEXT, &d.output, "DIR", "is made; everything goes there", 1},
        {"groups", ARG_U32, &d.sample.groups, "N", "pictures in the sample (400)", 0},
        {"size", ARG_U32, &d.sample.size, "PIXELS", "longer side of a stage 2 picture (512)", 0},
        {"seed", ARG_U64, &d.sample.seed, "N", "of the sample (1)", 0},
        {"backend", ARG_TEXT, &d.backend, "DIR", "folder of selectai-torch.so, if not installed", 0},
        {"quiet", ARG_FLAG, &d.quiet, NULL, "no progress, no text", 0},
        {0},
    };
    int code = parse_args(argc, argv, verb, args, NULL);
    if (code >= 0)
        return code;
    if (d.sample.groups < 30 || d.sample.groups > 100000 || d.sample.size < 256 || d.sample.size > 2048)
        return usage_error(verb, "--groups must be 30 to 100000, --size 256 to 2048");
    d.progress.quiet = d.quiet;
    code = demo(&d);
    clean_up(&d);
    return code;
}

const struct verb verb_demo = {
    .name = "demo",
    .summary = "sample, extract, embed, train, evaluate, suggest, and an HTML report",
    .usage = "--output DIR [options]",
    .text =
        "Writes DIR/sample, entries.jsonl, rejected.jsonl, extraction_report.json, cache, ranker.safetensors,\n"
        "cropper.safetensors, evaluation.html, suggestions.json and report.html. The models learn from the earlier\n"
        "four fifths of the decisions; figures and pictures are of the last one. An interrupted run goes on where\n"
        "it stopped.",
    .run = run,
};
