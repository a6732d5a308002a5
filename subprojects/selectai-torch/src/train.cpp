/*
 * train.cpp: the training loop: shuffling, batches, Adam, patience, the best weights.
 *
 * Runs in the calling thread alone: at these sizes a step takes a sixth of a millisecond, and waking other threads
 * several times a step would cost more than they bring. Several nets can be trained at once, each in a thread.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "train.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "random.h"
#include "stepper.h"

namespace selectai
{
namespace
{

constexpr double beta1 = 0.9, beta2 = 0.999, eps = 1e-8; /* torch.optim.Adam's */

void check_options(const sai_backend_train_options &o)
{
    SELECTAI_NEED(o.struct_size >= sizeof o, "training options: struct_size is %u, need %zu", o.struct_size, sizeof o);
    SELECTAI_NEED(o.epochs >= 1, "training options: 0 epochs");
    SELECTAI_NEED(o.batch_size >= 1, "training options: batch size 0");
    SELECTAI_NEED(std::isfinite(o.lr) && o.lr > 0.0f, "training options: learning rate %g, need more than 0",
                  static_cast<double>(o.lr));
    SELECTAI_NEED(std::isfinite(o.weight_decay) && o.weight_decay >= 0.0f,
                  "training options: weight decay %g, need 0 or more", static_cast<double>(o.weight_decay));
}

class Trainer
{
  public:
    Trainer(Net &net, const Task &task, const sai_backend_train_options &options)
        : net(net), task(task), options(options), best(net.parameters.clone()),
          batch(static_cast<uint32_t>(std::min<uint64_t>(options.batch_size, task.n_train))),
          row_list(static_cast<size_t>(task.most_rows(batch))),
          stepper(make_stepper(net, static_cast<int64_t>(row_list.size()))),
          order_random(net.random_seed(), Stream::order), items(task.n_train)
    {
        std::iota(items.begin(), items.end(), 0U);
    }

    void run();
    void restore_best()
    {
        net.parameters.copy_(best);
    }

  private:
    double run_epoch(uint32_t epoch);
    double run_batch(const uint32_t *batch_items, uint32_t n);
    AdamStep next_step();

    Net &net;
    const Task &task;
    const sai_backend_train_options &options;
    at::Tensor best;
    uint32_t batch;
    std::vector<uint32_t> row_list;
    std::unique_ptr<Stepper> stepper;
    Random order_random;
    std::vector<uint32_t> items;
    uint64_t steps = 0;
};

void Trainer::run()
{
    double lowest = std::numeric_limits<double>::infinity();
    uint32_t stale = 0;

    for (uint32_t epoch = 1; epoch <= options.epochs; epoch++) {
        double validation_loss = std::numeric_limits<double>::quiet_NaN();
        double metric = validation_loss;
        const double train_loss = run_epoch(epoch);
        stepper->store();
        if (task.n_validation > 0) {
            task.validate(validation_loss, metric, net);
            if (!std::isfinite(validation_loss))
                fail(SAI_BACKEND_EFAILED, "the validation loss of epoch %u is not a finite number: check the inputs",
                     epoch);
        }
        const bool is_best = task.n_validation == 0 || validation_loss < lowest;
        if (is_best) {
            best.copy_(net.parameters);
            lowest = validation_loss;
        }
        stale = is_best ? 0 : stale + 1;
        if (options.on_epoch != nullptr) {
            const sai_backend_epoch report = {epoch,
                                              options.epochs,
                                              static_cast<float>(train_loss),
                                              static_cast<float>(validation_loss),
                                              static_cast<float>(metric),
                                              is_best ? 1 : 0};
            if (options.on_epoch(&report, options.user) != 0)
                fail(SAI_BACKEND_ECANCELLED, "training was cancelled after epoch %u", epoch);
        }
        if (options.patience > 0 && stale >= options.patience)
            return;
    }
}

double Trainer::run_epoch(uint32_t epoch)
{
    double sum = 0.0;

    for (size_t i = items.size(); i-- > 1;)
        std::swap(items[i], items[order_random.below(static_cast<uint32_t>(i + 1))]);
    for (size_t i = 0; i < items.size(); i += batch)
        sum += run_batch(&items[i], static_cast<uint32_t>(std::min<size_t>(batch, items.size() - i)));
    if (!std::isfinite(sum))
        fail(SAI_BACKEND_EFAILED,
             "the training loss of epoch %u is not a finite number: check the inputs or lower the learning rate",
             epoch);
    return sum / static_cast<double>(items.size());
}

double Trainer::run_batch(const uint32_t *batch_items, uint32_t n)
{
    const int64_t rows = static_cast<int64_t>(task.list_rows(row_list.data(), batch_items, n));
    const float *output = stepper->forward(task.x, row_list.data(), rows);
    const double loss = task.loss(stepper->gradient(), output, batch_items, n);

    stepper->step(rows, next_step());
    return loss;
}

AdamStep Trainer::next_step()
{
    steps++;
    const double t = static_cast<double>(steps);
    return {static_cast<float>(beta1),
            static_cast<float>(beta2),
            static_cast<float>(eps),
            static_cast<float>(options.lr / (1.0 - std::pow(beta1, t))),
            static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(beta2, t))),
            static_cast<float>(1.0 - static_cast<double>(options.lr) * options.weight_decay)};
}

} // namespace

void fit(Net &net, const Task &task, const sai_backend_train_options &options)
{
    check_options(options);
    SELECTAI_NEED(task.n_train >= 1, "no training data");
    SELECTAI_NEED(task.n_train <= UINT32_MAX && task.n_validation <= UINT32_MAX && task.n_rows <= UINT32_MAX,
                  "more than %u training items or rows", UINT32_MAX);
    SELECTAI_NEED(options.batch_size <= (1U << 24), "training options: batch size %u is too large", options.batch_size);
    Trainer trainer(net, task, options);
    try {
        trainer.run();
    } catch (...) {
        trainer.restore_best();
        throw;
    }
    trainer.restore_best();
}

} // namespace selectai
