/*
 * train.h: training of small networks on pairs, on rows, and on whatever the caller computes a loss for.
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

    /* No n training items have more rows than this together. */
    virtual uint64_t most_rows(uint32_t n) const = 0;
    /* Lists the rows that n items consist of, in an order that loss() knows, and returns how many there are. */
    virtual uint64_t list_rows(uint32_t *rows, const uint32_t *items, uint32_t n) const = 0;
    /* Sum of the items' losses from the outputs of their rows as list_rows() lists them; gradient: of that sum / n. */
    virtual double loss(float *gradient, const float *output, const uint32_t *items, uint32_t n) const = 0;
    /* Mean loss, and metric (NaN: none) over the validation items. */
    virtual void validate(double &loss, double &metric, Net &net) const = 0;
};

/* Trains; afterwards the net holds the best weights (without validation: the last). If it throws: the best so far. */
void fit(Net &net, const Task &task, const sai_backend_train_options &options);

void train_pairs(Net &net, const sai_backend_pairs &data, const sai_backend_train_options &options);
void train_rows(Net &net, const sai_backend_rows &data, const sai_backend_train_options &options);
void train_task(Net &net, const sai_backend_task &data, const sai_backend_train_options &options);

/* a + b, refused where items could no longer be numbered. */
uint64_t sum_counts(uint64_t a, uint64_t b);

} // namespace selectai

#endif
