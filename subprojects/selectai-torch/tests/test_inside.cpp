/*
 * test_inside.cpp: parts that the table does not show: the matrix product at awkward sizes, gradients against finite
 * differences, and the way through libtorch that other devices take, run on the CPU against the way of the CPU.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "check.h"
#include "aten_tower.h"
#include "net.h"
#include "random.h"
#include "stepper.h"
#include "train.h"

using selectai::MatrixView;
using selectai::Net;
using selectai::Random;
using selectai::Stepper;
using selectai::Stream;

static std::vector<float> random_floats(size_t n, uint64_t seed)
{
    Random random(seed, Stream::order);
    std::vector<float> out(n);
    for (float &value : out)
        value = 2.0f * random.uniform() - 1.0f;
    return out;
}

static sai_backend_net_spec make_spec(const std::vector<uint32_t> &widths, float dropout, int output)
{
    return {sizeof(sai_backend_net_spec),
            static_cast<uint32_t>(widths.size()),
            widths.data(),
            dropout,
            output,
            11,
            nullptr};
}

static void check_product(int64_t m, int64_t n, int64_t k, bool transposed, size_t variant)
{
    const std::vector<float> a = random_floats(static_cast<size_t>(m * k), 1);
    const std::vector<float> b = random_floats(static_cast<size_t>(k * n), 2);
    const std::vector<float> bias = random_floats(static_cast<size_t>(n), 3);
    const int64_t c_row = n + 3;
    std::vector<float> c(static_cast<size_t>(m * c_row), 77.0f);
    const MatrixView va = {a.data(), transposed ? 1 : k, transposed ? m : 1};
    const MatrixView vb = {b.data(), transposed ? 1 : n, transposed ? k : 1};
    selectai::Scratch scratch;

    selectai::gemm(c.data(), c_row, va, vb, m, n, k, bias.data(), scratch, variant);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < c_row; j++) {
            const float got = c[static_cast<size_t>(i * c_row + j)];
            if (j >= n) {
                EXPECT(got == 77.0f); /* nothing is written beside the matrix */
                continue;
            }
            double want = static_cast<double>(bias[static_cast<size_t>(j)]);
            for (int64_t p = 0; p < k; p++)
                want += static_cast<double>(va.data[i * va.row + p * va.column]) *
                        static_cast<double>(vb.data[p * vb.row + j * vb.column]);
            EXPECT(std::fabs(static_cast<double>(got) - want) < 1e-6 * static_cast<double>(k + 4));
        }
    }
}

static void test_product(size_t variant)
{
    for (int64_t m : {1, 5, 8, 97}) {
        for (int64_t n : {1, 15, 33, 64, 515}) {
            for (int64_t k : {0, 1, 7, 256, 300}) {
                check_product(m, n, k, false, variant);
                check_product(m, n, k, true, variant);
            }
        }
    }
}

/* Half the sum of squares of (output - target): its gradient at the output is the difference. */
static double squares(Stepper &stepper, const std::vector<float> &x, int64_t n, const std::vector<float> &target)
{
    std::vector<uint32_t> rows(static_cast<size_t>(n));
    std::iota(rows.begin(), rows.end(), 0U);
    const float *y = stepper.forward(x.data(), rows.data(), n);
    float *d = stepper.gradient();
    double sum = 0.0;
    for (size_t i = 0; i < target.size(); i++) {
        d[i] = y[i] - target[i];
        sum += 0.5 * static_cast<double>(d[i]) * static_cast<double>(d[i]);
    }
    return sum;
}

static void check_gradient(int output, bool own)
{
    const std::vector<uint32_t> widths = {6, 9, 5, 3};
    const int64_t n = 13;
    Net net(make_spec(widths, 0.25f, output), own);
    const std::vector<float> x = random_floats(static_cast<size_t>(n * 6), 4), target = random_floats(n * 3, 5);
    /* Each stepper starts anew, with the same dropout. */
    const auto loss = [&] { return squares(*selectai::make_stepper(net, 20), x, n, target); };

    /* A step of Adam that comes to w - gradient: no memory, and an eps beside which the root is nothing. */
    const at::Tensor start = net.parameters.clone();
    const selectai::AdamStep step = {0.0f, 0.0f, 1e6f, 1e6f, 1.0f, 1.0f};
    const std::unique_ptr<Stepper> stepper = selectai::make_stepper(net, 20);
    squares(*stepper, x, n, target);
    stepper->step(n, step);
    stepper->store();
    const at::Tensor gradient = start.sub(net.parameters);
    net.parameters.copy_(start);

    float *p = net.parameters.data_ptr<float>();
    const float *g = gradient.data_ptr<float>();
    double largest = 0.0, worst = 0.0;
    int off = 0;
    for (int64_t i = 0; i < net.parameter_count(); i++) {
        const float keep = p[i], by = 1e-3f;
        p[i] = keep + by;
        const double up = loss();
        p[i] = keep - by;
        const double down = loss();
        p[i] = keep;
        const double error = std::fabs((up - down) / (2.0 * static_cast<double>(by)) - static_cast<double>(g[i]));
        largest = std::max(largest, std::fabs(static_cast<double>(g[i])));
        worst = std::max(worst, error);
        off += error > 5e-3;
    }
    EXPECT(largest > 0.1);
    EXPECT(off <= 2 && worst < 0.1); /* a step across a ReLU's kink is no error of the gradient */
}

/* Several training steps with dropout both ways: other devices take the second. */
static void test_ways_agree()
{
    const std::vector<uint32_t> widths = {20, 30, 10, 1};
    const std::vector<float> x = random_floats(200 * 20, 6);
    std::vector<uint32_t> winner, loser;
    std::vector<float> weight;
    Random random(2, Stream::order);
    for (int i = 0; i < 330; i++) {
        winner.push_back(random.below(200));
        loser.push_back(random.below(200));
        /* Unlike each other: where a row's parts as winner and as loser cancel out, Adam makes whole steps of what the
         * order of a sum leaves over. */
        weight.push_back(0.5f + random.uniform());
    }
    sai_backend_pairs pairs = {};
    pairs.struct_size = sizeof pairs;
    pairs.x = x.data();
    pairs.n_rows = 200;
    pairs.winner = winner.data();
    pairs.loser = loser.data();
    pairs.weight = weight.data();
    pairs.n_train = 300;
    pairs.n_validation = 30;
    pairs.margin = 0.5f;
    sai_backend_train_options options = {};
    options.struct_size = sizeof options;
    options.epochs = 3;
    options.batch_size = 32;
    options.lr = 1e-3f;
    options.weight_decay = 0.01f;

    std::vector<std::vector<float>> results;
    for (bool own : {true, false}) {
        Net net(make_spec(widths, 0.3f, SAI_BACKEND_OUTPUT_LINEAR), own);
        selectai::train_pairs(net, pairs, options);
        std::vector<float> y(200);
        net.predict(y.data(), x.data(), nullptr, 200);
        results.push_back(y);
    }
    /* Up to a constant: a ranking loss leaves the last bias to rounding errors. */
    const float shift = results[0][0] - results[1][0];
    for (size_t i = 0; i < 200; i++)
        EXPECT(std::fabs(results[0][i] - results[1][i] - shift) < 1e-4f);
}

static double cosine(const std::vector<float> &a, const std::vector<float> &b)
{
    double ab = 0.0, aa = 0.0, bb = 0.0;
    for (size_t i = 0; i < a.size(); i++) {
        ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
        aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
        bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    return ab / std::sqrt(aa * bb);
}

static void test_tower_ways_agree()
{
    struct Part {
        std::string name;
        std::vector<uint64_t> shape;
    };
    const std::string block = "transformer.resblocks.0.";
    const std::vector<Part> parts = {
        {"conv1.weight", {12, 3, 4, 4}},
        {"class_embedding", {12}},
        {"positional_embedding", {10, 12}},
        {"ln_pre.weight", {12}},
        {"ln_pre.bias", {12}},
        {block + "ln_1.weight", {12}},
        {block + "ln_1.bias", {12}},
        {block + "ln_2.weight", {12}},
        {block + "ln_2.bias", {12}},
        {block + "attn.in_proj_weight", {36, 12}},
        {block + "attn.in_proj_bias", {36}},
        {block + "attn.out_proj.weight", {12, 12}},
        {block + "attn.out_proj.bias", {12}},
        {block + "mlp.c_fc.weight", {19, 12}},
        {block + "mlp.c_fc.bias", {19}},
        {block + "mlp.c_proj.weight", {12, 19}},
        {block + "mlp.c_proj.bias", {12}},
        {"ln_post.weight", {12}},
        {"ln_post.bias", {12}},
        {"proj", {12, 7}},
    };
    std::vector<std::vector<float>> values;
    std::vector<sai_backend_tensor> tensors;
    for (const Part &part : parts) {
        sai_backend_tensor tensor = {
            part.name.c_str(), nullptr, SAI_BACKEND_F32, static_cast<uint32_t>(part.shape.size()), {}};
        size_t n = 1;
        for (size_t i = 0; i < part.shape.size(); i++) {
            tensor.shape[i] = part.shape[i];
            n *= part.shape[i];
        }
        values.push_back(random_floats(n, 20 + values.size()));
        tensors.push_back(tensor);
    }
    for (size_t i = 0; i < parts.size(); i++)
        tensors[i].data = values[i].data();
    const std::vector<float> x = random_floats(5 * 3 * 14 * 14, 9);
    for (int activation : {SAI_BACKEND_ACT_QUICKGELU, SAI_BACKEND_ACT_GELU}) {
        const sai_backend_tower_spec spec = {
            sizeof spec,   14, 4, 12, 1, 2, 19, 7, activation, SAI_BACKEND_F32, 1e-5f, "cpu", tensors.data(),
            tensors.size()};
        std::vector<float> one(5 * 7), other(5 * 7);
        selectai::AtenTower(spec, true).encode(one.data(), x.data(), 5);
        selectai::AtenTower(spec, false).encode(other.data(), x.data(), 5);
        for (size_t i = 0; i < one.size(); i++)
            EXPECT(std::fabs(one[i] - other[i]) < 2e-5f);
        selectai::make_tower(spec)->encode(other.data(), x.data(), 5); /* oneDNN, where it is */
        for (size_t i = 0; i < one.size(); i++)
            EXPECT(std::fabs(one[i] - other[i]) < 2e-5f);
        sai_backend_tower_spec half = spec; /* as devices and processors without oneDNN compute it */
        half.compute_dtype = SAI_BACKEND_BF16;
        selectai::AtenTower(half, false).encode(other.data(), x.data(), 5);
        EXPECT(cosine(one, other) > 0.999);
        try {
            selectai::make_tower(half)->encode(other.data(), x.data(), 5);
            EXPECT(cosine(one, other) > 0.999);
        } catch (const selectai::Failure &failure) {
            EXPECT(std::strstr(failure.text, "AVX-512") != nullptr);
        }
    }
}

int main()
{
    for (size_t variant = 0; variant < selectai::kernel_variants(); variant++)
        test_product(variant);
    for (int output : {SAI_BACKEND_OUTPUT_LINEAR, SAI_BACKEND_OUTPUT_SIGMOID}) {
        check_gradient(output, true);
        check_gradient(output, false);
    }
    test_ways_agree();
    test_tower_ways_agree();
    return 0;
}
