/*
 * learn/network.h: training one network, and many of them at once.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_NETWORK_H
#define SAI_LEARN_NETWORK_H

#include <selectai_backend.h>
#include <stdatomic.h>

#include "base/progress.h"
#include "learn/mlp.h"

/* How far a set of trainings is, which run on several threads. */
struct sai_epochs {
    atomic_uint_fast64_t done; /* epochs, also those that early stopping saved */
    uint64_t total;
    atomic_bool cancelled;
    const char *stage; /* of the caller's progress function */
    struct sai_progress progress;
    bool inline_reports; /* trainings run on the calling thread: they report themselves */
};

/*
 * Runs task(0..count-1) on up to n_threads threads (0: all cores), telling epochs->progress meanwhile. Each task takes
 * what it trains from sai_network_train().
 */
int sai_epochs_run(struct sai_epochs *epochs, size_t count, unsigned n_threads,
                   int (*task)(size_t index, unsigned thread, void *ctx), void *ctx);

struct sai_network {
    const struct sai_backend_v1 *backend;
    const uint32_t *widths;
    uint32_t n_widths;
    int32_t output; /* SAI_MLP_* */
    uint32_t epochs, batch_size, patience;
    float lr, weight_decay, dropout;
    uint64_t seed;
    const struct sai_mlp *start; /* of the same widths: training goes on from its parameters; NULL: from random ones */
    const struct sai_backend_task *task;
    struct sai_epochs *report; /* may be NULL */
};

/* *best_epoch, *epochs_run: may be NULL. From any thread. */
int sai_network_train(struct sai_mlp **out, uint32_t *best_epoch, uint32_t *epochs_run,
                      const struct sai_network *network);

#endif
