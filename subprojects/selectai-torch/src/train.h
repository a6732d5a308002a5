/*
 * train.h: training of small networks on pairs and on rows.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_TRAIN_H
#define SELECTAI_TORCH_TRAIN_H

#include "net.h"

namespace selectai
{

/* What is learned: which rows a training item consists of, and what is wrong with their outputs. */
class Task
{
  public:
    virtual ~Task() = default;

    const float *x = nullptr;
    uint64_t n_rows = 0;
    uint64_t n_train = 0;
    uint64_t n_validation = 0;
    uint32_t rows_per_item = 1;

    /* rows: rows_per_item * n row indices of the items; item i's rows are i, n + i, ... */
    virtual void list_rows(uint32_t *rows, const uint32_t *items, uint32_t n) const = 0;
    /* Sum of the items' losses from the outputs of their rows; gradient: of that sum / n. */
    virtual double loss(float *gradient, const float *output, const uint32_t *items, uint32_t n) const = 0;
    /* Mean loss, and metric (NaN: none) over the validation items. */
    virtual void validate(double &loss, double &metric, Net &net) const = 0;
};

/* Trains; afterwards the net holds the best weights (without validation: the last). If it throws: the best so far. */
void fit(Net &net, const Task &task, const sai_backend_train_options &options);

void train_pairs(Net &net, const sai_backend_pairs &data, const sai_backend_train_options &options);
void train_rows(Net &net, const sai_backend_rows &data, const sai_backend_train_options &options);

} // namespace selectai

#endif
