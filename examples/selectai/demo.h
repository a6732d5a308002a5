/*
 * demo.h: what the demo's steps share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_DEMO_H
#define PROGRAM_DEMO_H

#include "make_sample.h"
#include "verbs.h"

struct demo {
    const char *output, *backend;
    struct sample_options sample;
    struct progress progress;
    int quiet;
    double started, step_started;
    char steps[4096]; /* what was done, for the page */
    char *sample_dir, *raw, *final;
    selectai_extraction *extraction;
    selectai_trainset *training; /* the earlier part of it; the later one is only measured */
    selectai_encoder *encoder;
    selectai_embedding_cache *cache;
    selectai_ranker *ranker;
    selectai_cropper *cropper;
    selectai_evaluation *ranking, *cropping, *cross_validated;
    selectai_suggestions *suggestions;
};

/* One line about a finished step: printed, and kept for the page. */
void note(struct demo *d, const char *step, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A file of the output folder. The caller frees it. */
char *demo_file(const struct demo *d, const char *name);

/* ---- demo_train.c: an exit code each --------------------------------------------------------- */

/* Sets the last fifth of the time aside. */
int step_hold_out(struct demo *d);
int step_train_ranker(struct demo *d);
int step_train_cropper(struct demo *d);
/* A page about the ranker on what was set aside. */
int step_evaluate(struct demo *d);

#endif
