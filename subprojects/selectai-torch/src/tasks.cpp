/*
 * tasks.cpp: what networks learn: to order pairs, or to give known values.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "train.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace selectai
{
namespace
{

void check_weights(const float *weight, uint64_t n)
{
    for (uint64_t i = 0; weight != nullptr && i < n; i++)
        SELECTAI_NEED(std::isfinite(weight[i]) && weight[i] >= 0.0f, "weight %llu is %g, need 0 or more",
                      static_cast<unsigned long long>(i), static_cast<double>(weight[i]));
}

/* Margin ranking loss, as torch.nn.MarginRankingLoss, with a weight and a fixed offset of each score. */
class PairTask : public Task
{
  public:
    PairTask(const sai_backend_pairs &data, const Net &net);
    uint64_t most_rows(uint32_t n) const override
    {
        return uint64_t{2} * n;
    }
    uint64_t list_rows(uint32_t *rows, const uint32_t *items, uint32_t n) const override;
    double loss(float *gradient, const float *output, const uint32_t *items, uint32_t n) const override;
    void validate(double &loss, double &metric, Net &net) const override;

  private:
    void check_indices(const uint32_t *index, const char *name) const;
    double weight(uint64_t pair) const
    {
        return data.weight != nullptr ? data.weight[pair] : 1.0f;
    }
    /* winner's score minus loser's */
    float lead(uint64_t pair, float winner, float loser) const
    {
        if (data.offset == nullptr)
            return winner - loser;
        return (winner + data.offset[data.winner[pair]]) - (loser + data.offset[data.loser[pair]]);
    }

    const sai_backend_pairs &data;
    std::vector<uint32_t> validation_rows; /* each row once, ascending */
    std::vector<uint32_t> validation_at;   /* winner's and loser's place in it, pair after pair */
};

PairTask::PairTask(const sai_backend_pairs &data, const Net &net) : data(data)
{
    SELECTAI_NEED(data.struct_size >= sizeof data, "pairs: struct_size is %u, need %zu", data.struct_size, sizeof data);
    SELECTAI_NEED(net.outputs() == 1 && net.is_linear(), "pairs need a net with one linear output");
    SELECTAI_NEED(data.x != nullptr && data.winner != nullptr && data.loser != nullptr,
                  "pairs: x, winner or loser is NULL");
    SELECTAI_NEED(std::isfinite(data.margin), "pairs: margin is not a finite number");
    x = data.x;
    n_rows = data.n_rows;
    n_train = data.n_train;
    n_validation = data.n_validation;
    check_indices(data.winner, "winner");
    check_indices(data.loser, "loser");
    check_weights(data.weight, n_train + n_validation);

    for (uint64_t i = n_train; i < n_train + n_validation; i++) {
        validation_rows.push_back(data.winner[i]);
        validation_rows.push_back(data.loser[i]);
    }
    validation_at = validation_rows;
    std::sort(validation_rows.begin(), validation_rows.end());
    validation_rows.erase(std::unique(validation_rows.begin(), validation_rows.end()), validation_rows.end());
    for (uint32_t &row : validation_at)
        row = static_cast<uint32_t>(std::lower_bound(validation_rows.begin(), validation_rows.end(), row) -
                                    validation_rows.begin());
}

void PairTask::check_indices(const uint32_t *index, const char *name) const
{
    const uint64_t n = sum_counts(n_train, n_validation);
    for (uint64_t i = 0; i < n; i++)
        SELECTAI_NEED(index[i] < n_rows, "%s[%llu] is row %u, but x has %llu rows", name,
                      static_cast<unsigned long long>(i), index[i], static_cast<unsigned long long>(n_rows));
}

/* All winners, then all losers. */
uint64_t PairTask::list_rows(uint32_t *rows, const uint32_t *items, uint32_t n) const
{
    for (uint32_t i = 0; i < n; i++) {
        rows[i] = data.winner[items[i]];
        rows[n + i] = data.loser[items[i]];
    }
    return uint64_t{2} * n;
}

double PairTask::loss(float *gradient, const float *output, const uint32_t *items, uint32_t n) const
{
    double sum = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        const double w = weight(items[i]);
        const float missing = data.margin - lead(items[i], output[i], output[n + i]);
        const bool counts = !(missing <= 0.0f); /* NaN must show in the loss */
        const float g = counts ? static_cast<float>(w / n) : 0.0f;
        if (counts)
            sum += w * static_cast<double>(missing);
        gradient[i] = -g;
        gradient[n + i] = g;
    }
    return sum;
}

void PairTask::validate(double &loss, double &metric, Net &net) const
{
    std::vector<float> score(validation_rows.size());
    double sum = 0.0, right = 0.0, total = 0.0;

    net.predict(score.data(), data.x, validation_rows.data(), static_cast<int64_t>(validation_rows.size()));
    for (uint64_t i = 0; i < n_validation; i++) {
        const uint64_t pair = n_train + i;
        const double w = weight(pair);
        const float ahead = lead(pair, score[validation_at[2 * i]], score[validation_at[2 * i + 1]]);
        const float missing = data.margin - ahead;
        if (!(missing <= 0.0f))
            sum += w * static_cast<double>(missing);
        right += ahead > 0.0f ? w : 0.0;
        total += w;
    }
    loss = sum / static_cast<double>(n_validation);
    metric = total > 0.0 ? right / total : std::numeric_limits<double>::quiet_NaN();
}

/* Smooth L1, as torch.nn.SmoothL1Loss: the mean over rows and outputs, each row with its weight. */
class RowTask : public Task
{
  public:
    RowTask(const sai_backend_rows &data, const Net &net);
    uint64_t most_rows(uint32_t n) const override
    {
        return n;
    }
    uint64_t list_rows(uint32_t *rows, const uint32_t *items, uint32_t n) const override;
    double loss(float *gradient, const float *output, const uint32_t *items, uint32_t n) const override;
    void validate(double &loss, double &metric, Net &net) const override;

  private:
    double row_loss(float *gradient, const float *output, uint64_t row, uint64_t n) const;

    const sai_backend_rows &data;
    uint64_t width;
};

RowTask::RowTask(const sai_backend_rows &data, const Net &net) : data(data), width(static_cast<uint64_t>(net.outputs()))
{
    SELECTAI_NEED(data.struct_size >= sizeof data, "rows: struct_size is %u, need %zu", data.struct_size, sizeof data);
    SELECTAI_NEED(data.loss == SAI_BACKEND_LOSS_SMOOTH_L1, "rows: unknown loss %d", static_cast<int>(data.loss));
    SELECTAI_NEED(data.x != nullptr && data.y != nullptr, "rows: x or y is NULL");
    SELECTAI_NEED(std::isfinite(data.beta) && data.beta > 0.0f, "rows: beta is %g, need more than 0",
                  static_cast<double>(data.beta));
    x = data.x;
    n_train = data.n_train;
    n_validation = data.n_validation;
    n_rows = sum_counts(n_train, n_validation);
    check_weights(data.weight, n_rows);
}

uint64_t RowTask::list_rows(uint32_t *rows, const uint32_t *items, uint32_t n) const
{
    std::copy(items, items + n, rows);
    return n;
}

/* Loss of one row; gradient (may be NULL) of its share in a mean over n rows. */
double RowTask::row_loss(float *gradient, const float *output, uint64_t row, uint64_t n) const
{
    const double w = data.weight != nullptr ? data.weight[row] : 1.0f;
    const double beta = data.beta;
    const double share = w / (static_cast<double>(n) * static_cast<double>(width));
    double sum = 0.0;

    for (uint64_t j = 0; j < width; j++) {
        const double error = static_cast<double>(output[j]) - static_cast<double>(data.y[row * width + j]);
        const double size = std::fabs(error);
        sum += size < beta ? 0.5 * error * error / beta : size - 0.5 * beta;
        if (gradient != nullptr)
            gradient[j] = static_cast<float>(share * (size < beta ? error / beta : error > 0.0 ? 1.0 : -1.0));
    }
    return w * sum / static_cast<double>(width);
}

double RowTask::loss(float *gradient, const float *output, const uint32_t *items, uint32_t n) const
{
    double sum = 0.0;
    for (uint32_t i = 0; i < n; i++)
        sum += row_loss(gradient + i * width, output + i * width, items[i], n);
    return sum;
}

void RowTask::validate(double &loss, double &metric, Net &net) const
{
    constexpr uint64_t block = 4096;
    std::vector<float> output(static_cast<size_t>(std::min(block, n_validation) * width));
    double sum = 0.0;

    for (uint64_t begin = 0; begin < n_validation; begin += block) {
        const uint64_t count = std::min(block, n_validation - begin);
        const uint64_t first = n_train + begin;
        net.predict(output.data(), data.x + first * static_cast<uint64_t>(net.inputs()), nullptr,
                    static_cast<int64_t>(count));
        for (uint64_t i = 0; i < count; i++)
            sum += row_loss(nullptr, &output[i * width], first + i, n_validation);
    }
    loss = sum / static_cast<double>(n_validation);
    metric = std::numeric_limits<double>::quiet_NaN();
}

} // namespace

uint64_t sum_counts(uint64_t a, uint64_t b)
{
    SELECTAI_NEED(a <= UINT32_MAX && b <= UINT32_MAX && a + b <= UINT32_MAX, "more than %u training items", UINT32_MAX);
    return a + b;
}

void train_pairs(Net &net, const sai_backend_pairs &data, const sai_backend_train_options &options)
{
    const PairTask task(data, net);
    fit(net, task, options);
}

void train_rows(Net &net, const sai_backend_rows &data, const sai_backend_train_options &options)
{
    const RowTask task(data, net);
    fit(net, task, options);
}

} // namespace selectai
