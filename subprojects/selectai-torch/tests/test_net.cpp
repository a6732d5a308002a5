/*
 * test_net.cpp: small networks through the table: learning, repeatability, bad arguments. usage: test_net MODULE
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "random.h"
#include "nets.h"

/* Rows whose true score is a fixed direction; pairs in its order. */
struct PairSet {
    Floats x;
    Indices winner, loser;
    sai_backend_pairs data;

    PairSet(uint32_t rows, uint32_t width, uint64_t n_train, uint64_t n_validation)
        : x(static_cast<size_t>(rows) * width), data()
    {
        selectai::Random random(7, selectai::Stream::weights);
        Floats truth(rows);
        for (uint32_t i = 0; i < rows; i++) {
            for (uint32_t j = 0; j < width; j++) {
                const float value = random.uniform() - 0.5f;
                x[static_cast<size_t>(i) * width + j] = value;
                truth[i] += j % 2 == 0 ? value : -value;
            }
        }
        while (winner.size() < n_train + n_validation) {
            const uint32_t a = random.below(rows), b = random.below(rows);
            if (std::fabs(truth[a] - truth[b]) < 0.1f)
                continue;
            winner.push_back(truth[a] > truth[b] ? a : b);
            loser.push_back(truth[a] > truth[b] ? b : a);
        }
        data.struct_size = sizeof data;
        data.x = x.data();
        data.n_rows = rows;
        data.winner = winner.data();
        data.loser = loser.data();
        data.n_train = n_train;
        data.n_validation = n_validation;
        data.margin = 0.5f;
    }
};

/* The net now holds the weights of the best epoch, and what the callback was told is what they do. */
static void check_best_kept(sai_backend_net *net, const PairSet &pairs, const Watch &watch)
{
    const sai_backend_epoch *best = nullptr;
    for (const sai_backend_epoch &epoch : watch.epochs) {
        EXPECT(epoch.is_best == (best == nullptr || epoch.validation_loss < best->validation_loss));
        if (epoch.is_best)
            best = &epoch;
    }
    EXPECT(best != nullptr);

    Floats score(pairs.data.n_rows);
    EXPECT_OK(table->net_predict(net, score.data(), pairs.x.data(), score.size(), err, sizeof err));
    const double n = static_cast<double>(pairs.data.n_validation);
    double loss = 0.0, right = 0.0;
    for (size_t i = pairs.data.n_train; i < pairs.winner.size(); i++) {
        const float ahead = score[pairs.winner[i]] - score[pairs.loser[i]];
        loss += std::fmax(0.0, 0.5 - static_cast<double>(ahead)) / n;
        right += ahead > 0.0f ? 1.0 / n : 0.0;
    }
    EXPECT(std::fabs(loss - static_cast<double>(best->validation_loss)) < 1e-6 * (1.0 + loss));
    EXPECT(std::fabs(right - static_cast<double>(best->validation_metric)) < 1e-6);
}

static void test_learns_to_rank()
{
    const Indices widths = {16, 32, 8, 1};
    const PairSet pairs(500, 16, 2000, 400);
    Watch watch;
    sai_backend_net *net = make_net(widths, 0.1f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    const sai_backend_train_options options = make_options(12, 32, 3e-3f, &watch);

    EXPECT_OK(table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    EXPECT(watch.epochs.size() == 12 && watch.epochs[3].epoch == 4 && watch.epochs[3].epochs == 12);
    EXPECT(watch.epochs.back().train_loss < 0.3f * watch.epochs.front().train_loss);
    EXPECT(watch.epochs.back().validation_metric > 0.97f);

    check_best_kept(net, pairs, watch);
    table->net_destroy(net);
}

/* An offset that already orders all pairs leaves nothing to learn; one that is wrong has to be overcome. */
static void test_offset_and_weight()
{
    const Indices widths = {4, 1};
    PairSet pairs(50, 4, 100, 0);
    Floats offset(50, 0.0f), weight(100, 0.0f);
    Watch watch;
    sai_backend_net *net = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    const sai_backend_train_options options = make_options(1, 100, 1e-3f, &watch);

    for (uint32_t i = 0; i < 50; i++) {
        for (uint32_t j = 0; j < 4; j++)
            offset[i] += (j % 2 == 0 ? 100.0f : -100.0f) * pairs.x[i * 4 + j];
    }
    pairs.data.offset = offset.data();
    EXPECT_OK(table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    EXPECT(watch.epochs.back().train_loss == 0.0f);
    for (float &value : offset)
        value = -value;
    EXPECT_OK(table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    EXPECT(watch.epochs.back().train_loss > 10.0f);
    const float full = watch.epochs.back().train_loss;
    pairs.data.weight = weight.data();
    EXPECT_OK(table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    EXPECT(watch.epochs.back().train_loss == 0.0f);
    weight.assign(100, 2.0f);
    sai_backend_net *other = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    EXPECT_OK(table->net_train_pairs(other, &pairs.data, &options, err, sizeof err));
    EXPECT(std::fabs(watch.epochs.back().train_loss - 2.0f * full) < 0.01f * full);
    table->net_destroy(other);
    table->net_destroy(net);
}

static void test_learns_to_regress()
{
    const Indices widths = {3, 64, 2};
    const uint32_t n = 1200;
    Floats x(n * 3), y(n * 2);
    selectai::Random random(3, selectai::Stream::weights);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < 3; j++)
            x[i * 3 + j] = random.uniform();
        y[i * 2] = 0.2f + 0.6f * x[i * 3] * x[i * 3 + 1];
        y[i * 2 + 1] = 0.8f - 0.5f * x[i * 3 + 2];
    }
    const sai_backend_rows rows = {sizeof rows, SAI_BACKEND_LOSS_SMOOTH_L1, x.data(), y.data(), nullptr, 1000, 200,
                                   0.1f};
    Watch watch;
    sai_backend_net *net = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_SIGMOID, 5);
    const sai_backend_train_options options = make_options(40, 32, 5e-3f, &watch);
    EXPECT_OK(table->net_train_rows(net, &rows, &options, err, sizeof err));
    EXPECT(std::isnan(watch.epochs.back().validation_metric));

    Floats out(200 * 2);
    EXPECT_OK(table->net_predict(net, out.data(), &x[1000 * 3], 200, err, sizeof err));
    for (size_t i = 0; i < out.size(); i++)
        EXPECT(std::fabs(out[i] - y[2000 + i]) < 0.06f);
    table->net_destroy(net);
}

static Floats train_at(const PairSet &pairs, const Indices &widths, uint32_t threads, uint64_t seed)
{
    EXPECT_OK(table->set_threads(threads, err, sizeof err));
    sai_backend_net *net = make_net(widths, 0.3f, SAI_BACKEND_OUTPUT_LINEAR, seed);
    const sai_backend_train_options options = make_options(2, 32, 1e-3f, nullptr);
    EXPECT_OK(table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    Floats all = get_parameters(net, widths);
    Floats score(pairs.data.n_rows);
    EXPECT_OK(table->net_predict(net, score.data(), pairs.x.data(), score.size(), err, sizeof err));
    all.insert(all.end(), score.begin(), score.end());
    table->net_destroy(net);
    return all;
}

static void test_repeatable()
{
    const Indices widths = {512, 256, 64, 1};
    const PairSet pairs(1100, 512, 700, 100);
    const Floats once = train_at(pairs, widths, 1, 9);

    EXPECT(same_bytes(once, train_at(pairs, widths, 1, 9)));
    EXPECT(same_bytes(once, train_at(pairs, widths, 2, 9)));
    EXPECT(same_bytes(once, train_at(pairs, widths, 5, 9)));
    EXPECT(!same_bytes(once, train_at(pairs, widths, 1, 10)));
    EXPECT_OK(table->set_threads(0, err, sizeof err));
}

static void test_parameters()
{
    const Indices widths = {3, 2, 1};
    sai_backend_net *net = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    /* By hand: relu(w1 x + b1) . w2 + b2 */
    const Floats in = {1, 2, 3, -1, 0, 1, 0.5f, -3, 2, 4, 0.25f};
    const float x[3] = {1, -1, 2};
    float y = 0;
    EXPECT_OK(table->net_set_parameters(net, in.data(), in.size(), err, sizeof err));
    EXPECT(same_bytes(get_parameters(net, widths), in));
    EXPECT_OK(table->net_predict(net, &y, x, 1, err, sizeof err));
    EXPECT(y == 2 * 5.5f + 4 * 0.0f + 0.25f);
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "11", table->net_set_parameters(net, in.data(), 10, err, sizeof err));
    table->net_destroy(net);
}

static void test_patience_and_cancel()
{
    const Indices widths = {4, 8, 1};
    PairSet pairs(60, 4, 100, 40);
    Watch watch;
    sai_backend_net *net = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    const Floats before = get_parameters(net, widths);
    sai_backend_train_options options = make_options(500, 16, 0.5f, &watch); /* far too fast: it soon gets worse */
    options.patience = 3;
    EXPECT_OK(table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    EXPECT(watch.epochs.size() < 500);
    for (size_t i = watch.epochs.size() - 3; i < watch.epochs.size(); i++)
        EXPECT(watch.epochs[i].is_best == 0);
    EXPECT(watch.epochs[watch.epochs.size() - 4].is_best == 1);
    check_best_kept(net, pairs, watch);

    watch.epochs.clear();
    watch.stop_after = 2;
    options = make_options(50, 16, 1e-3f, &watch);
    EXPECT_REFUSED(SAI_BACKEND_ECANCELLED, "cancelled",
                   table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    EXPECT(watch.epochs.size() == 2);

    /* A run that breaks off without a good epoch leaves the net as it was. */
    EXPECT_OK(table->net_set_parameters(net, before.data(), before.size(), err, sizeof err));
    watch.epochs.clear();
    pairs.x[5] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_REFUSED(SAI_BACKEND_EFAILED, "finite", table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    EXPECT(same_bytes(get_parameters(net, widths), before));
    table->net_destroy(net);
}

static void test_bad_specs()
{
    sai_backend_net *net = nullptr;
    const uint32_t widths[] = {4, 0, 1};
    const uint32_t huge[] = {1U << 20, 1U << 20};
    sai_backend_net_spec spec = {sizeof spec, 3, widths, 0.0f, 0, 1, nullptr};
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "width 1 is 0", table->net_create(&net, &spec, err, sizeof err));
    spec.n_widths = 17;
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "17 widths", table->net_create(&net, &spec, err, sizeof err));
    spec.n_widths = 2;
    spec.widths = huge;
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "parameters", table->net_create(&net, &spec, err, sizeof err));
    spec.n_widths = 1;
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "1 widths", table->net_create(&net, &spec, err, sizeof err));
    const uint32_t good[] = {4, 1};
    spec.n_widths = 2;
    spec.widths = good;
    spec.dropout = 1.0f;
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "dropout", table->net_create(&net, &spec, err, sizeof err));
    spec.dropout = 0.0f;
    spec.output = 7;
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "output", table->net_create(&net, &spec, err, sizeof err));
    spec.output = 0;
    for (const char *device : {"gpu", "", "cuda:", "cuda:x", "cuda:1x", "cpu "}) {
        spec.device = device;
        EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "unknown device", table->net_create(&net, &spec, err, sizeof err));
        EXPECT(table->has_device(device) == 0);
    }
    EXPECT(table->has_device("cuda:99") == 0 && table->has_device("cpu") == 1 && table->has_device(nullptr) == 1);
    spec.device = "cuda:99";
    EXPECT(table->net_create(&net, &spec, err, sizeof err) == SAI_BACKEND_EFAILED && err[0] != '\0');
    spec.device = nullptr;
    spec.struct_size = 8;
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "struct_size", table->net_create(&net, &spec, err, sizeof err));
    EXPECT(table->net_create(nullptr, &spec, nullptr, 0) == SAI_BACKEND_EARGUMENT);
    EXPECT(net == nullptr);
    table->net_destroy(nullptr);
}

static void test_bad_training()
{
    PairSet pairs(20, 4, 10, 5);
    sai_backend_net *net = make_net({4, 1}, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    sai_backend_net *two = make_net({4, 2}, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    sai_backend_train_options options = make_options(1, 4, 1e-3f, nullptr);
#define REFUSED(words)                                                                                                 \
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, words, table->net_train_pairs(net, &pairs.data, &options, err, sizeof err))

    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "one linear output",
                   table->net_train_pairs(two, &pairs.data, &options, err, sizeof err));
    pairs.loser[14] = 20;
    REFUSED("loser[14] is row 20");
    pairs.loser[14] = 0;
    pairs.data.n_train = 0;
    REFUSED("no training data");
    pairs.data.n_train = UINT64_MAX;
    REFUSED("more than");
    pairs.data.n_train = 10;
    pairs.data.margin = std::numeric_limits<float>::infinity();
    REFUSED("margin");
    pairs.data.margin = 0.5f;
    Floats weight(15, 1.0f);
    weight[3] = -1.0f;
    pairs.data.weight = weight.data();
    REFUSED("weight 3");
    pairs.data.weight = nullptr;
    options.epochs = 0;
    REFUSED("epochs");
    options.epochs = 1;
    options.batch_size = 0;
    REFUSED("batch");
    options.batch_size = UINT32_MAX; /* no more memory than the data need */
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "too large",
                   table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    options.batch_size = 1U << 24;
    EXPECT_OK(table->net_train_pairs(net, &pairs.data, &options, err, sizeof err));
    options.lr = 0.0f;
    REFUSED("learning rate");
    EXPECT(table->net_train_pairs(nullptr, &pairs.data, &options, err, 1) == SAI_BACKEND_EARGUMENT && err[0] == '\0');
    const sai_backend_rows rows = {sizeof rows, 3, pairs.x.data(), pairs.x.data(), nullptr, 1, 0, 1.0f};
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, "loss 3", table->net_train_rows(net, &rows, &options, err, sizeof err));
    table->net_destroy(two);
    table->net_destroy(net);
}

int main(int argc, char **argv)
{
    table = load_table(argc, argv);
    test_parameters();
    test_learns_to_rank();
    test_offset_and_weight();
    test_learns_to_regress();
    test_repeatable();
    test_patience_and_cancel();
    test_bad_specs();
    test_bad_training();
    std::puts(table->name);
    return 0;
}
