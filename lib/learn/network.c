/*
 * learn/network.c: training one network through the torch module, and many of them at once.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "backend/backend.h"
#include "base/threads.h"
#include "learn/network.h"

/* The caller's progress counts epochs, not networks: what sai_parallel_for() says is only the occasion. */
static int relay(uint64_t done, uint64_t total, const char *stage, void *user)
{
    struct sai_epochs *e = user;
    uint64_t epochs = done == total ? e->total : atomic_load(&e->done);
    (void)stage;
    if (sai_progress_report(&e->progress, epochs < e->total || done == total ? epochs : e->total - 1, e->total,
                            e->stage) != SELECTAI_OK)
        atomic_store(&e->cancelled, true);
    return atomic_load(&e->cancelled);
}

int sai_epochs_run(struct sai_epochs *e, size_t count, unsigned n_threads,
                   int (*task)(size_t index, unsigned thread, void *ctx), void *ctx)
{
    struct sai_progress progress = {.fn = relay, .user = e};
    n_threads = sai_thread_count(n_threads);
    e->inline_reports = n_threads <= 1 || count <= 1;
    return sai_parallel_for(n_threads, count, task, ctx, &progress, e->stage);
}

/* What the module's callback needs. */
struct run {
    struct sai_epochs *report;
    uint32_t epochs, run, best;
};

static int on_epoch(const struct sai_backend_epoch *epoch, void *user)
{
    struct run *r = user;
    r->run = epoch->epoch;
    if (epoch->is_best)
        r->best = epoch->epoch;
    if (!r->report)
        return 0;
    uint64_t done = atomic_fetch_add(&r->report->done, 1) + 1;
    if (r->report->inline_reports && done < r->report->total &&
        sai_progress_report(&r->report->progress, done, r->report->total, r->report->stage) != SELECTAI_OK)
        atomic_store(&r->report->cancelled, true);
    return atomic_load(&r->report->cancelled);
}

static int train(struct run *run, const struct sai_network *n, sai_backend_net *net, char *err)
{
    const struct sai_backend_train_options options = {.struct_size = sizeof options,
                                                      .epochs = n->epochs,
                                                      .batch_size = n->batch_size,
                                                      .patience = n->patience,
                                                      .lr = n->lr,
                                                      .weight_decay = n->weight_decay,
                                                      .on_epoch = on_epoch,
                                                      .user = run};
    int code = SAI_BACKEND_OK;
    if (n->start)
        code = n->backend->net_set_parameters(net, n->start->parameters, n->start->n_parameters, err,
                                              SAI_BACKEND_ERR_SIZE);
    if (code == SAI_BACKEND_OK)
        code = n->backend->net_train_task(net, n->task, &options, err, SAI_BACKEND_ERR_SIZE);
    return code;
}

int sai_network_train(struct sai_mlp **out, uint32_t *best_epoch, uint32_t *epochs_run, const struct sai_network *n)
{
    const struct sai_backend_net_spec spec = {.struct_size = sizeof spec,
                                              .n_widths = n->n_widths,
                                              .widths = n->widths,
                                              .dropout = n->dropout,
                                              .output = n->output == SAI_MLP_SIGMOID ? SAI_BACKEND_OUTPUT_SIGMOID
                                                                                     : SAI_BACKEND_OUTPUT_LINEAR,
                                              .seed = n->seed};
    struct run run = {.report = n->report, .epochs = n->epochs};
    char err[SAI_BACKEND_ERR_SIZE] = "";
    sai_backend_net *net = NULL;
    size_t count = 0;
    SAI_REQUIRE(sai_mlp_count(&count, n->widths, n->n_widths));
    SAI_REQUIRE(!n->start || n->start->n_parameters == count);
    float *parameters = sai_malloc_array(count, sizeof *parameters);
    if (!parameters)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int code = n->backend->net_create(&net, &spec, err, sizeof err), rc = SELECTAI_OK;
    if (code == SAI_BACKEND_OK)
        code = train(&run, n, net, err);
    if (code == SAI_BACKEND_OK)
        code = n->backend->net_get_parameters(net, parameters, count, err, sizeof err);
    if (code != SAI_BACKEND_OK)
        rc = sai_backend_fail(code, "training", err);
    else
        rc = sai_mlp_create(out, n->widths, n->n_widths, n->output, parameters);
    n->backend->net_destroy(net);
    sai_free(parameters);
    if (rc == SELECTAI_OK && n->report) /* what early stopping saved */
        atomic_fetch_add(&n->report->done, n->epochs - run.run);
    if (best_epoch)
        *best_epoch = run.best;
    if (epochs_run)
        *epochs_run = run.run;
    return rc;
}
