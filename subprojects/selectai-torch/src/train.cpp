/*
 * train.cpp: the training loop: shuffling, batches, Adam, patience, the best weights.
 *
 * Runs in the calling thread alone: at these sizes a step takes a third of a millisecond, and waking other threads
 * several times a step would cost more than they bring. Several nets can be trained at once, each in a thread.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "train.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include <ATen/ops/zeros_like.h>

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
          gradient(at::zeros_like(net.parameters)), m(at::zeros_like(net.parameters)),
          v(at::zeros_like(net.parameters)), order_random(net.random_seed(), Stream::order),
          dropout_random(net.random_seed(), Stream::dropout), items(task.n_train)
    {
        const int64_t rows = static_cast<int64_t>(task.most_rows(batch));
        const c10::Device cpu(c10::DeviceType::CPU);

        activations = net.make_activations(rows);
        host_x = net.where().is_cpu() ? activations.y[0] : make_tensor({rows, net.inputs()}, cpu);
        host_gradient = net.where().is_cpu() ? activations.d.back() : make_tensor({rows, net.outputs()}, cpu);
        row_list.resize(static_cast<size_t>(rows));
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
    int64_t drop_idle_rows(int64_t rows);
    void update();

    Net &net;
    const Task &task;
    const sai_backend_train_options &options;
    at::Tensor best;
    uint32_t batch;
    at::Tensor gradient, m, v, host_x, host_gradient;
    Activations activations;
    Random order_random, dropout_random;
    std::vector<uint32_t> items, row_list;
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
    int64_t rows = static_cast<int64_t>(task.list_rows(row_list.data(), batch_items, n));
    const int64_t inputs = net.inputs();
    float *to = host_x.data_ptr<float>();

    for (int64_t i = 0; i < rows; i++)
        std::memcpy(to + i * inputs, task.x + static_cast<int64_t>(row_list[static_cast<size_t>(i)]) * inputs,
                    sizeof(float) * static_cast<size_t>(inputs));
    if (!net.where().is_cpu())
        activations.y[0].copy_(host_x);
    net.forward(activations, rows, &dropout_random);
    const at::Tensor output = activations.y.back().narrow(0, 0, rows).cpu();
    const double loss = task.loss(host_gradient.data_ptr<float>(), output.data_ptr<float>(), batch_items, n);
    if (!net.where().is_cpu())
        activations.d.back().copy_(host_gradient);
    if (net.is_own())
        rows = drop_idle_rows(rows);
    net.backward(activations, rows, gradient);
    update();
    return loss;
}

/* Rows whose gradient is zero, such as those of pairs beyond the margin, add nothing to the weights' gradient: moves
 * the others to the front and returns their number. */
int64_t Trainer::drop_idle_rows(int64_t rows)
{
    float *d = activations.d.back().data_ptr<float>();
    const int64_t width = net.outputs();
    int64_t kept = 0;

    for (int64_t i = 0; i < rows; i++) {
        bool idle = true;
        for (int64_t j = 0; j < width && idle; j++)
            idle = d[i * width + j] == 0.0f; /* NaN counts as busy */
        if (idle)
            continue;
        if (kept < i) {
            std::memcpy(d + kept * width, d + i * width, sizeof(float) * static_cast<size_t>(width));
            for (const at::Tensor &y : activations.y) {
                float *p = y.data_ptr<float>();
                const int64_t w = y.size(1);
                std::memcpy(p + kept * w, p + i * w, sizeof(float) * static_cast<size_t>(w));
            }
        }
        kept++;
    }
    return kept;
}

void Trainer::update()
{
    steps++;
    const double t = static_cast<double>(steps);
    const AdamStep step = {static_cast<float>(beta1),
                           static_cast<float>(beta2),
                           static_cast<float>(eps),
                           static_cast<float>(options.lr / (1.0 - std::pow(beta1, t))),
                           static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(beta2, t))),
                           static_cast<float>(1.0 - static_cast<double>(options.lr) * options.weight_decay)};
    net.adam(m, v, gradient, step);
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
