/*
 * train.h: what the ways of training share: one model, a sweep of weights, splits side by side, project by project.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_TRAIN_H
#define PROGRAM_TRAIN_H

#include "project_args.h"

enum { MAX_WEIGHTS = 32 };

struct train_args {
    struct text_list data, rest;
    const char *cache, *layout_cache, *output, *start, *html, *weights_text;
    struct project_args projects;
    int json, quiet, cropper, skip_bad_rows, no_prior, no_image, differences, recognise_stages, leakage, per_project,
        sizes_only;
    float weights[MAX_WEIGHTS]; /* of --sweep-anomaly-weight */
    size_t n_weights;
    struct selectai_ranker_options ranker;
    struct selectai_cropper_options crop;
};

/* The arguments with what they name, opened. */
struct train_job {
    struct train_args *args;
    const selectai_trainset *set;
    const selectai_embedding_cache *cache;
    struct progress *progress;
};

/* A ranker or cropper that was trained and saved, and how it did. */
struct trained {
    selectai_evaluation *evaluation;
    selectai_issues *issues;
    json_t *figures; /* the evaluation as JSON */
};
void free_trained(struct trained *trained);

/* Trains on `set` and saves to `output`. An exit code; failures are said. */
int train_and_save(struct trained *out, const struct train_job *job, const selectai_trainset *set, const char *output,
                   const struct selectai_ranker_options *options);

/* Cross-validates a ranker; NULL and *code on failure. */
json_t *cross_validate(int *code, const struct train_job *job, const selectai_trainset *set,
                       const struct selectai_ranker_options *options);

/* The document that every way of training prints with --json, to which it adds its own. */
json_t *train_document(const struct train_job *job, const struct trained *trained);

/* The page of --html, if it is wanted. `extra` may be NULL: {"sweep": ..., "leakage": ..., "per_project": ..., "note":
 * text}. */
int write_train_page(const struct train_job *job, const json_t *figures, json_t *reasons, const json_t *extra);

/* ---- The ways: an exit code each ------------------------------------------------------------- */

int train_one(const struct train_job *job);
int train_sweep(const struct train_job *job);
int train_leakage(const struct train_job *job);
int train_per_project(const struct train_job *job);

/* "1,2,5" to args->weights; -1 if it is no list of weights. */
int parse_weights(struct train_args *args);

#endif
