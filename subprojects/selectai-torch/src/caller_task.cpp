/*
 * caller_task.cpp: items of any number of rows, with a loss that the caller computes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "train.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace selectai
{
namespace
{

constexpr uint64_t validation_rows = 4096; /* predicted at once, unless one item alone has more */

class CallerTask : public Task
{
  public:
    CallerTask(const sai_backend_task &data, const Net &net);
    uint64_t most_rows(uint32_t n) const override;
    uint64_t list_rows(uint32_t *rows, const uint32_t *items, uint32_t n) const override;
    double loss(float *gradient, const float *output, const uint32_t *items, uint32_t n) const override;
    void validate(double &loss, double &metric, Net &net) const override;

  private:
    void check_items() const;
    uint64_t count_rows(uint64_t item) const
    {
        return data.starts[item + 1] - data.starts[item];
    }

    const sai_backend_task &data;
    uint64_t width; /* outputs of a row */
};

CallerTask::CallerTask(const sai_backend_task &data, const Net &net)
    : data(data), width(static_cast<uint64_t>(net.outputs()))
{
    SELECTAI_NEED(data.struct_size >= sizeof data, "task: struct_size is %u, need %zu", data.struct_size, sizeof data);
    SELECTAI_NEED(data.x != nullptr && data.starts != nullptr && data.rows != nullptr && data.loss != nullptr,
                  "task: x, starts, rows or loss is NULL");
    x = data.x;
    n_rows = data.n_rows;
    n_train = data.n_train;
    n_validation = data.n_validation;
    check_items();
}

void CallerTask::check_items() const
{
    const uint64_t n = sum_counts(n_train, n_validation);
    for (uint64_t i = 0; i < n; i++)
        SELECTAI_NEED(data.starts[i] < data.starts[i + 1], "starts[%llu] is %u, need more than the %u before it",
                      static_cast<unsigned long long>(i + 1), data.starts[i + 1], data.starts[i]);
    for (uint64_t i = n > 0 ? data.starts[0] : 0; n > 0 && i < data.starts[n]; i++)
        SELECTAI_NEED(data.rows[i] < n_rows, "rows[%llu] is row %u, but x has %llu rows",
                      static_cast<unsigned long long>(i), data.rows[i], static_cast<unsigned long long>(n_rows));
}

uint64_t CallerTask::most_rows(uint32_t n) const
{
    std::vector<uint32_t> counts(n_train);
    for (uint64_t i = 0; i < n_train; i++)
        counts[i] = static_cast<uint32_t>(count_rows(i));
    const auto end = counts.begin() + static_cast<std::ptrdiff_t>(std::min<uint64_t>(n, n_train));
    std::partial_sort(counts.begin(), end, counts.end(), std::greater<uint32_t>());
    return std::accumulate(counts.begin(), end, uint64_t{0});
}

uint64_t CallerTask::list_rows(uint32_t *rows, const uint32_t *items, uint32_t n) const
{
    uint32_t *to = rows;
    for (uint32_t i = 0; i < n; i++)
        to = std::copy(data.rows + data.starts[items[i]], data.rows + data.starts[items[i] + 1], to);
    return static_cast<uint64_t>(to - rows);
}

double CallerTask::loss(float *gradient, const float *output, const uint32_t *items, uint32_t n) const
{
    const double sum = data.loss(gradient, output, items, n, data.user);
    uint64_t values = 0;
    float bad = 0.0f;

    for (uint32_t i = 0; i < n; i++)
        values += count_rows(items[i]) * width;
    for (uint64_t i = 0; i < values; i++) {
        gradient[i] /= static_cast<float>(n);
        bad += gradient[i] * 0.0f; /* infinity and NaN become NaN: one must not spoil the weights unseen */
    }
    return sum + static_cast<double>(bad);
}

void CallerTask::validate(double &loss, double &metric, Net &net) const
{
    std::vector<uint32_t> items;
    std::vector<float> output;
    const uint64_t end = n_train + n_validation;

    loss = 0.0;
    metric = std::numeric_limits<double>::quiet_NaN();
    for (uint64_t first = n_train, next = first; first < end; first = next) {
        uint64_t rows = 0;
        items.clear();
        do {
            items.push_back(static_cast<uint32_t>(next));
            rows += count_rows(next++);
        } while (next < end && rows + count_rows(next) <= validation_rows);
        output.resize(static_cast<size_t>(rows * width));
        net.predict(output.data(), data.x, data.rows + data.starts[first], static_cast<int64_t>(rows));
        loss += data.loss(nullptr, output.data(), items.data(), static_cast<uint32_t>(items.size()), data.user);
    }
    loss /= static_cast<double>(n_validation);
}

} // namespace

void train_task(Net &net, const sai_backend_task &data, const sai_backend_train_options &options)
{
    const CallerTask task(data, net);
    fit(net, task, options);
}

} // namespace selectai
