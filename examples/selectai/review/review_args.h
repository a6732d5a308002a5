/*
 * review/review_args.h: what `selectai review` is asked for.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_ARGS_H
#define REVIEW_ARGS_H

#include "project_args.h"
#include "session.h"

struct review_args {
    const char *ranker, *cropper, *cache, *state, *keys;
    struct encoder_args encoder;
    struct project_args projects; /* its project, and how old logs of the history are read */
    struct text_list rest, history;
    struct selectai_group_options group;
    double min_confidence, min_keep;
    uint32_t port, learn;
    int open_page, json, quiet;
    /* What is done instead of serving the page. */
    const char *output, *rejected, *selection_log, *crop_log;
    int32_t xmp; /* 0: none, then 1 + naming */
    uint32_t rating;
    int decision_files, preview, finalize, undo_finalize;
};

/* review_tasks.c: 1 if something is to be done without the page; then its exit code is what the program ends with. */
int has_tasks(const struct review_args *args);
int do_tasks(struct session *session, const struct review_args *args);

#endif
