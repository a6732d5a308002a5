/*
 * learn/crop_fit.c: making one cropper from some of the rows.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "learn/crop_fit.h"

#define HIDDEN_1      128u
#define HIDDEN_2      32u
#define PARTS_FOR_ONE 5u /* a single member stops by a fifth of the rows */

/* Blocks along data->order; a group lies in the block of its first row. */
static int divide(struct sai_crop_fit *fit, size_t n_train)
{
    const struct sai_crop_data *data = fit->data;
    uint32_t parts = fit->n > 1 ? fit->n : PARTS_FOR_ONE, n_groups = 0;
    size_t seen = 0;
    for (size_t r = 0; r < data->n; r++)
        n_groups = data->group[r] >= n_groups ? data->group[r] + 1 : n_groups;
    uint32_t *block = sai_malloc_array(n_groups, sizeof *block);
    if (!block)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t g = 0; g < n_groups; g++)
        block[g] = UINT32_MAX;
    for (size_t i = 0; i < data->n; i++) {
        size_t r = data->order[i];
        if (!fit->use[r])
            continue;
        uint32_t *of = &block[data->group[r]];
        if (*of == UINT32_MAX)
            *of = (uint32_t)(seen * parts / n_train);
        fit->part[r] = *of;
        seen++;
    }
    sai_free(block);
    return SELECTAI_OK;
}

static int standardise(struct sai_crop_fit *fit)
{
    const struct sai_crop_data *data = fit->data;
    uint32_t *rows = sai_malloc_array(data->n, sizeof *rows);
    size_t n = 0;
    if (!rows)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t r = 0; r < data->n; r++)
        if (fit->use[r])
            rows[n++] = (uint32_t)r;
    int rc = sai_standardiser_fit(&fit->standardiser, data->x, data->width, rows, n);
    sai_free(rows);
    return rc;
}

int sai_crop_fit_begin(struct sai_crop_fit *fit, const struct sai_crop_data *data, int32_t fold, uint32_t members)
{
    size_t n_train = 0;
    *fit = (struct sai_crop_fit){.data = data, .fold = fold, .n = members};
    fit->use = sai_calloc(data->n, sizeof *fit->use);
    fit->part = sai_calloc(data->n, sizeof *fit->part);
    fit->targets = sai_calloc(data->n, sizeof *fit->targets);
    fit->held = sai_calloc(data->n, SAI_CROP_OUTPUTS * sizeof *fit->held);
    if (!fit->use || !fit->part || !fit->targets || !fit->held)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t r = 0; r < data->n; r++) {
        fit->use[r] = data->fold[r] != SAI_FOLD_HELD_OUT && (fold < 0 || data->fold[r] != fold);
        n_train += fit->use[r];
    }
    if (n_train == 0)
        return SAI_FAIL(SELECTAI_ERR_NO_DATA, "no crops are left to train on while a fold is measured: add data");
    sai_crop_targets(fit->targets, data->boxes, fit->use, data->n);
    int rc = divide(fit, n_train);
    return rc == SELECTAI_OK ? standardise(fit) : rc;
}

/* What one member works on: rows in the order of the items, and the matrix that the module reads. */
struct work {
    const struct sai_crop_target *targets;
    uint32_t *rows, *starts;
    size_t n_train, n_held;
    float *x;
};

static double loss(float *gradient, const float *output, const uint32_t *items, uint32_t n_items, void *user)
{
    const struct work *w = user;
    double sum = 0.0;
    for (uint32_t i = 0; i < n_items; i++)
        sum += sai_crop_loss(gradient ? gradient + i * SAI_CROP_OUTPUTS : NULL, output + i * SAI_CROP_OUTPUTS,
                             &w->targets[w->rows[items[i]]]);
    return sum;
}

static void free_work(struct work *w)
{
    sai_free(w->rows);
    sai_free(w->starts);
    sai_free(w->x);
}

/* Rows that train, then those that say when to stop. If all rows are of one block, all of them train. */
static int begin_work(struct work *w, const struct sai_crop_fit *fit, uint32_t member)
{
    const struct sai_crop_data *data = fit->data;
    size_t values;
    *w = (struct work){.targets = fit->targets};
    w->rows = sai_malloc_array(data->n, sizeof *w->rows);
    w->starts = sai_malloc_array(data->n + 1, sizeof *w->starts);
    w->x = sai_mul_size(&values, data->n, data->width) ? sai_aligned_array(values, sizeof *w->x) : NULL;
    if (!w->rows || !w->starts || !w->x)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t r = 0; r < data->n; r++) {
        w->starts[r] = (uint32_t)r;
        sai_standardise(&fit->standardiser, w->x + r * data->width, data->x + r * data->width);
        if (fit->use[r] && fit->part[r] != member)
            w->rows[w->n_train++] = (uint32_t)r;
    }
    w->starts[data->n] = (uint32_t)data->n;
    for (size_t r = 0; r < data->n; r++)
        if (fit->use[r] && fit->part[r] == member)
            w->rows[w->n_train + w->n_held++] = (uint32_t)r;
    if (w->n_train == 0) {
        w->n_train = w->n_held;
        w->n_held = 0;
    }
    return SELECTAI_OK;
}

/* What the member says of the rows that it did not learn from. */
static int predict_held(struct sai_crop_fit *fit, uint32_t member, const struct work *w)
{
    const uint32_t width = fit->data->width;
    for (size_t i = 0; i < w->n_held; i++) {
        size_t r = w->rows[w->n_train + i];
        int rc = sai_mlp_forward(fit->members[member], NULL, fit->held + r * SAI_CROP_OUTPUTS, w->x + r * width, 1);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return SELECTAI_OK;
}

int sai_crop_fit_member(struct sai_crop_fit *fit, uint32_t member, const struct sai_training *t,
                        struct sai_epochs *report)
{
    struct work w;
    const uint32_t widths[] = {fit->data->width, HIDDEN_1, HIDDEN_2, SAI_CROP_OUTPUTS};
    int rc = begin_work(&w, fit, member);
    if (rc == SELECTAI_OK) {
        const struct sai_backend_task task = {.struct_size = sizeof task,
                                              .x = w.x,
                                              .n_rows = fit->data->n,
                                              .starts = w.starts,
                                              .rows = w.rows,
                                              .n_train = w.n_train,
                                              .n_validation = w.n_held,
                                              .loss = loss,
                                              .user = &w};
        struct sai_network network = sai_training_network(t, widths, 4, &task);
        network.seed += 1000003u * (uint64_t)member;
        network.report = report;
        rc = sai_network_train(&fit->members[member], &fit->best_epoch[member], &fit->epochs_run[member], &network);
    }
    if (rc == SELECTAI_OK)
        rc = predict_held(fit, member, &w);
    free_work(&w);
    return rc;
}

void sai_crop_fit_free(struct sai_crop_fit *fit)
{
    for (uint32_t m = 0; m < SAI_CROP_MAX_MEMBERS; m++)
        sai_mlp_destroy(&fit->members[m]);
    sai_standardiser_free(&fit->standardiser);
    sai_free(fit->use);
    sai_free(fit->part);
    sai_free(fit->targets);
    sai_free(fit->held);
    *fit = (struct sai_crop_fit){0};
}
