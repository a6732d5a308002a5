/*
 * test_task.cpp: training with a loss of the caller's through the table: what the callback is given, equality with the
 * module's own losses, nets trained at once, bad arguments. usage: test_task MODULE
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <cmath>
#include <limits>
#include <thread>

#include "nets.h"
#include "random.h"

/* Groups of 1 to 6 rows; the first row of a group has the highest true score. Loss: softmax over the group's scores. */
struct Groups {
    uint32_t width;
    Floats x;
    Indices starts, rows;
    sai_backend_task data;
    /* What the callback saw. */
    Indices trained;       /* items, in order */
    Indices validated;     /* items, in order */
    Indices validate_rows; /* of each validation call */
    float wrong = 0.0f;    /* what the callback is to return or write amiss */
    bool wrong_gradient = false;

    Groups(uint32_t width, uint32_t n_rows, uint64_t n_train, uint64_t n_validation)
        : width(width), x(static_cast<size_t>(n_rows) * width), data()
    {
        selectai::Random random(8, selectai::Stream::weights);
        for (float &value : x)
            value = random.uniform() - 0.5f;
        for (uint64_t i = 0; i < n_train + n_validation; i++) {
            const uint32_t count = 1 + random.below(6);
            size_t best = rows.size();
            starts.push_back(static_cast<uint32_t>(best));
            for (uint32_t j = 0; j < count; j++) {
                rows.push_back(random.below(n_rows));
                if (truth(rows.back()) > truth(rows[best]))
                    std::swap(rows.back(), rows[best]);
            }
        }
        starts.push_back(static_cast<uint32_t>(rows.size()));
        data.struct_size = sizeof data;
        data.x = x.data();
        data.n_rows = n_rows;
        data.starts = starts.data();
        data.rows = rows.data();
        data.n_train = n_train;
        data.n_validation = n_validation;
        data.loss = loss;
        data.user = this;
    }
    Groups(const Groups &) = delete;

    float truth(uint32_t row) const
    {
        float sum = 0.0f;
        for (uint32_t j = 0; j < width; j++)
            sum += (j % 2 == 0 ? 4.0f : -4.0f) * x[static_cast<size_t>(row) * width + j];
        return sum;
    }

    static double softmax(float *gradient, const float *output, uint32_t n)
    {
        double sum = 0.0;
        for (uint32_t i = 0; i < n; i++)
            sum += std::exp(static_cast<double>(output[i]));
        for (uint32_t i = 0; gradient != nullptr && i < n; i++)
            gradient[i] = static_cast<float>(std::exp(static_cast<double>(output[i])) / sum - (i == 0 ? 1.0 : 0.0));
        return std::log(sum) - static_cast<double>(output[0]);
    }

    static double loss(float *gradient, const float *output, const uint32_t *items, uint32_t n_items, void *user)
    {
        Groups &self = *static_cast<Groups *>(user);
        double sum = 0.0;
        uint32_t at = 0;
        for (uint32_t i = 0; i < n_items; i++) {
            const uint32_t count = self.starts[items[i] + 1] - self.starts[items[i]];
            sum += softmax(gradient != nullptr ? gradient + at : nullptr, output + at, count);
            at += count;
        }
        Indices &seen = gradient != nullptr ? self.trained : self.validated;
        seen.insert(seen.end(), items, items + n_items);
        if (gradient == nullptr)
            self.validate_rows.push_back(at);
        else if (self.wrong_gradient)
            gradient[at - 1] = self.wrong;
        return self.wrong_gradient ? sum : sum + static_cast<double>(self.wrong);
    }
};

static void test_what_the_callback_sees()
{
    const Indices widths = {8, 16, 1};
    Groups groups(8, 250, 333, 2500);
    Watch watch;
    sai_backend_net *net = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    const sai_backend_train_options options = make_options(1, 32, 3e-3f, &watch);

    EXPECT_OK(table->net_train_task(net, &groups.data, &options, err, sizeof err));
    std::vector<int> times(333, 0);
    EXPECT(groups.trained.size() == 333);
    for (uint32_t item : groups.trained) {
        EXPECT(item < 333);
        times[item]++;
    }
    for (int n : times)
        EXPECT(n == 1);
    EXPECT(groups.validated.size() == 2500);
    for (uint32_t i = 0; i < 2500; i++)
        EXPECT(groups.validated[i] == 333 + i);
    EXPECT(groups.validate_rows.size() >= 2); /* in parts, none of them large */
    for (uint32_t n : groups.validate_rows)
        EXPECT(n <= 4096);

    /* The validation loss is the mean over what the net, as it now is, gives. */
    Floats score(250);
    double want = 0.0;
    EXPECT_OK(table->net_predict(net, score.data(), groups.x.data(), score.size(), err, sizeof err));
    for (uint32_t i = 333; i < 2833; i++) {
        Floats output;
        for (uint32_t j = groups.starts[i]; j < groups.starts[i + 1]; j++)
            output.push_back(score[groups.rows[j]]);
        want += Groups::softmax(nullptr, output.data(), static_cast<uint32_t>(output.size())) / 2500.0;
    }
    EXPECT(std::fabs(want - static_cast<double>(watch.epochs[0].validation_loss)) < 1e-6 * want);
    EXPECT(std::isnan(watch.epochs[0].validation_metric) && watch.epochs[0].is_best == 1);
    table->net_destroy(net);
}

static void test_learns_the_best_of_a_group()
{
    const Indices widths = {8, 16, 1};
    Groups groups(8, 250, 800, 200);
    Watch watch;
    sai_backend_net *net = make_net(widths, 0.1f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    const sai_backend_train_options options = make_options(20, 32, 3e-3f, &watch);

    EXPECT_OK(table->net_train_task(net, &groups.data, &options, err, sizeof err));
    EXPECT(watch.epochs.back().train_loss < 0.4f * watch.epochs.front().train_loss);
    EXPECT(watch.epochs.back().validation_loss < 0.4f * watch.epochs.front().validation_loss);
    table->net_destroy(net);
}

struct MarginLoss {
    float margin;
};

static double margin_loss(float *gradient, const float *output, const uint32_t *, uint32_t n_items, void *user)
{
    const float margin = static_cast<const MarginLoss *>(user)->margin;
    double sum = 0.0;
    for (uint32_t i = 0; i < n_items; i++) {
        const float missing = margin - (output[2 * i] - output[2 * i + 1]);
        if (missing > 0.0f)
            sum += static_cast<double>(missing);
        if (gradient != nullptr) {
            gradient[2 * i] = missing > 0.0f ? -1.0f : 0.0f;
            gradient[2 * i + 1] = missing > 0.0f ? 1.0f : 0.0f;
        }
    }
    return sum;
}

/* Pairs through the callback learn what net_train_pairs learns: only the rows' order in a batch is another. */
static void test_pairs_two_ways()
{
    const Indices widths = {8, 16, 1};
    const uint32_t n_pairs = 300;
    const Groups rows(8, 200, 1, 0);
    Indices winner, loser, both, starts = {0};
    selectai::Random random(4, selectai::Stream::order);
    for (uint32_t i = 0; i < n_pairs; i++) {
        const uint32_t a = random.below(200), b = (a + 1 + random.below(199)) % 200;
        winner.push_back(rows.truth(a) > rows.truth(b) ? a : b);
        loser.push_back(a + b - winner.back());
        both.insert(both.end(), {winner.back(), loser.back()});
        starts.push_back(2 * i + 2);
    }
    sai_backend_pairs pairs = {};
    pairs.struct_size = sizeof pairs;
    pairs.x = rows.x.data();
    pairs.n_rows = 200;
    pairs.winner = winner.data();
    pairs.loser = loser.data();
    pairs.n_train = 250;
    pairs.n_validation = 50;
    pairs.margin = 0.5f;
    MarginLoss loss = {0.5f};
    const sai_backend_task task = {sizeof task, 0,  rows.x.data(), 200,  starts.data(), both.data(),
                                   250,         50, margin_loss,   &loss};
    Watch one, other;
    sai_backend_net *net = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    sai_backend_net *same = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    sai_backend_train_options options = make_options(6, 32, 1e-2f, &one);
    EXPECT_OK(table->net_train_pairs(net, &pairs, &options, err, sizeof err));
    options.user = &other;
    EXPECT_OK(table->net_train_task(same, &task, &options, err, sizeof err));
    for (size_t i = 0; i < 6; i++) {
        EXPECT(std::fabs(one.epochs[i].train_loss - other.epochs[i].train_loss) < 1e-4f);
        EXPECT(std::fabs(one.epochs[i].validation_loss - other.epochs[i].validation_loss) < 1e-4f);
    }
    EXPECT(one.epochs[5].train_loss < 0.5f * one.epochs[0].train_loss);
    table->net_destroy(same);
    table->net_destroy(net);
}

static Floats train_once(uint64_t seed)
{
    const Indices widths = {24, 32, 8, 1};
    Groups groups(24, 250, 400, 300); /* batches of more rows than any limit on one product's */
    sai_backend_net *net = make_net(widths, 0.3f, SAI_BACKEND_OUTPUT_LINEAR, seed);
    const sai_backend_train_options options = make_options(3, 100, 1e-3f, nullptr);
    EXPECT_OK(table->net_train_task(net, &groups.data, &options, err, sizeof err));
    Floats all = get_parameters(net, widths);
    Floats score(250);
    EXPECT_OK(table->net_predict(net, score.data(), groups.x.data(), score.size(), err, sizeof err));
    all.insert(all.end(), score.begin(), score.end());
    table->net_destroy(net);
    return all;
}

/* Run under the thread sanitizer too: nets that are trained at once share nothing. */
static void test_at_once()
{
    Floats result[4];
    std::vector<std::thread> threads;
    for (uint64_t i = 0; i < 4; i++)
        threads.emplace_back([&result, i] { result[i] = train_once(i / 2); });
    for (std::thread &thread : threads)
        thread.join();
    EXPECT(same_bytes(result[0], result[1]) && same_bytes(result[2], result[3]) && !same_bytes(result[0], result[2]));
    EXPECT(same_bytes(result[0], train_once(0)));
}

/* No weight is spoilt, whatever the callback gives. */
static void test_not_finite()
{
    const Indices widths = {4, 1};
    Groups groups(4, 20, 10, 0);
    sai_backend_net *net = make_net(widths, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    const Floats before = get_parameters(net, widths);
    const sai_backend_train_options options = make_options(1, 4, 1e-3f, nullptr);
    for (bool in_gradient : {false, true}) {
        for (float wrong : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
            groups.wrong = wrong;
            groups.wrong_gradient = in_gradient;
            EXPECT_REFUSED(SAI_BACKEND_EFAILED, "the training loss of epoch 1 is not a finite number",
                           table->net_train_task(net, &groups.data, &options, err, sizeof err));
            EXPECT(same_bytes(get_parameters(net, widths), before));
        }
    }
    table->net_destroy(net);
}

static void test_bad_arguments()
{
    Groups groups(4, 20, 10, 5);
    const sai_backend_task good = groups.data;
    sai_backend_net *net = make_net({4, 1}, 0.0f, SAI_BACKEND_OUTPUT_LINEAR, 1);
    const sai_backend_train_options options = make_options(1, 4, 1e-3f, nullptr);
#define REFUSED(words)                                                                                                 \
    EXPECT_REFUSED(SAI_BACKEND_EARGUMENT, words, table->net_train_task(net, &groups.data, &options, err, sizeof err)); \
    groups.data = good

    groups.data.struct_size = 8;
    REFUSED("struct_size");
    groups.data.loss = nullptr;
    REFUSED("NULL");
    groups.data.starts = nullptr;
    REFUSED("NULL");
    groups.data.n_train = 0;
    REFUSED("no training data");
    groups.data.n_train = UINT64_MAX;
    REFUSED("more than");
    groups.data.n_train = UINT32_MAX;
    REFUSED("more than");
    const uint32_t last = groups.rows.back();
    groups.rows.back() = 20;
    REFUSED("is row 20");
    groups.rows.back() = last;
    const uint32_t start = groups.starts[3];
    groups.starts[3] = groups.starts[2];
    REFUSED("starts[3]");
    groups.starts[3] = groups.starts[4] + 1;
    REFUSED("starts[4]");
    groups.starts[3] = start;
    groups.data.n_rows = uint64_t{1} << 40;
    REFUSED("rows");
    EXPECT(table->net_train_task(net, nullptr, &options, nullptr, 0) == SAI_BACKEND_EARGUMENT);
    EXPECT_OK(table->net_train_task(net, &groups.data, &options, err, sizeof err));
    table->net_destroy(net);
}

int main(int argc, char **argv)
{
    table = load_table(argc, argv);
    test_what_the_callback_sees();
    test_learns_the_best_of_a_group();
    test_pairs_two_ways();
    test_at_once();
    test_not_finite();
    test_bad_arguments();
    return 0;
}
