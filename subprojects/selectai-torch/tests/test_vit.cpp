/*
 * test_vit.cpp: layer norm, attention and rounding against double precision, for every instruction set and awkward
 * sizes.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "check.h"
#include "random.h"
#include "vit_kernels.h"

using selectai::AttentionInput;
using selectai::AttentionScratch;
using selectai::BFloat16;
using selectai::Random;
using selectai::Stream;
using selectai::vit_kernels;

static std::vector<float> random_floats(int64_t n, uint64_t seed, float scale = 1.0f)
{
    Random random(seed, Stream::order);
    std::vector<float> out(static_cast<size_t>(n));
    for (float &value : out)
        value = scale * (2.0f * random.uniform() - 1.0f);
    return out;
}

static float to_float(float x)
{
    return x;
}

static float to_float(BFloat16 x)
{
    const uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/* How far a value of that type may lie from the exact one, beside its size. */
static double grain(float)
{
    return 2e-6;
}

static double grain(BFloat16)
{
    return 0.5 / 128;
}

template <typename T> static std::vector<T> round_all(const std::vector<float> &x)
{
    std::vector<T> out(x.size());
    vit_kernels<T>(selectai::vit_kernel_variants<T>() - 1).convert(out.data(), x.data(), static_cast<int64_t>(x.size()));
    return out;
}

template <typename T> static bool near(T got, double want, double size)
{
    return std::fabs(static_cast<double>(to_float(got)) - want) <= grain(got) * (std::fabs(want) + size);
}

template <typename T> static void check_norm(int64_t n, int64_t width, size_t variant)
{
    const float eps = 1e-5f;
    const std::vector<float> x = random_floats(n * width, 1, 3.0f), weight = random_floats(width, 2),
                             bias = random_floats(width, 3);
    std::vector<T> y(static_cast<size_t>(n * width) + 1);
    const T guard = round_all<T>({7.0f})[0];
    y.back() = guard;
    vit_kernels<T>(variant).layer_norm(y.data(), x.data(), weight.data(), bias.data(), n, width, eps);
    EXPECT(std::memcmp(&y.back(), &guard, sizeof guard) == 0);
    for (int64_t i = 0; i < n; i++) {
        const float *row = x.data() + i * width;
        double mean = 0.0, variance = 0.0;
        for (int64_t j = 0; j < width; j++)
            mean += static_cast<double>(row[j]) / static_cast<double>(width);
        for (int64_t j = 0; j < width; j++)
            variance += std::pow(static_cast<double>(row[j]) - mean, 2) / static_cast<double>(width);
        for (int64_t j = 0; j < width; j++) {
            const size_t at = static_cast<size_t>(j);
            const double want = (static_cast<double>(row[j]) - mean) / std::sqrt(variance + 1e-5) *
                                    static_cast<double>(weight[at]) +
                                static_cast<double>(bias[at]);
            EXPECT(near(y[static_cast<size_t>(i * width + j)], want, 1.0));
        }
    }
}

/* scale: how far apart the scores are; large ones make one key take all. */
template <typename T> static void check_attention(int64_t queries, int64_t keys, int64_t d, float scale, size_t variant)
{
    const int64_t heads = 3, width = heads * d, q_row = width + 5, kv_row = 2 * width + 3, out_row = width + 1;
    const std::vector<T> q = round_all<T>(random_floats(queries * q_row, 4, scale));
    const std::vector<T> kv = round_all<T>(random_floats(keys * kv_row, 5));
    std::vector<T> out(static_cast<size_t>(queries * out_row), round_all<T>({7.0f})[0]);
    const std::vector<T> before = out;
    const AttentionInput<T> in = {q.data(), kv.data(), kv.data() + width, q_row, kv_row, queries, keys, heads, d};
    AttentionScratch scratch;
    vit_kernels<T>(variant).attend(out.data(), out_row, in, scratch);
    for (int64_t i = 0; i < queries; i++) {
        EXPECT(std::memcmp(&out[static_cast<size_t>(i * out_row + width)],
                           &before[static_cast<size_t>(i * out_row + width)], sizeof(T)) == 0);
        for (int64_t h = 0; h < heads; h++) {
            std::vector<double> share(static_cast<size_t>(keys));
            double highest = -1e300, sum = 0.0;
            for (int64_t k = 0; k < keys; k++) {
                double score = 0.0;
                for (int64_t j = 0; j < d; j++)
                    score += static_cast<double>(to_float(in.q[i * q_row + h * d + j])) *
                             static_cast<double>(to_float(in.k[k * kv_row + h * d + j]));
                share[static_cast<size_t>(k)] = score / std::sqrt(static_cast<double>(d));
                highest = std::max(highest, share[static_cast<size_t>(k)]);
            }
            for (double &s : share)
                sum += s = std::exp(s - highest);
            for (int64_t j = 0; j < d; j++) {
                double want = 0.0;
                for (int64_t k = 0; k < keys; k++)
                    want += share[static_cast<size_t>(k)] / sum *
                            static_cast<double>(to_float(in.v[k * kv_row + h * d + j]));
                EXPECT(near(out[static_cast<size_t>(i * out_row + h * d + j)], want, 4.0 * static_cast<double>(scale)));
            }
        }
    }
}

/* bfloat16 as the standard way of rounding has it: to the nearest, ties to even. */
static void check_rounding(size_t variant)
{
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    const struct {
        float x;
        uint16_t bits;
    } cases[] = {{0.0f, 0},
                 {-0.0f, 0x8000},
                 {1.0f, 0x3F80},
                 {1.00390625f, 0x3F80},
                 {1.01171875f, 0x3F82},
                 {1.0039063692f, 0x3F81},
                 {-1.0039063692f, 0xBF81},
                 {infinity, 0x7F80},
                 {-infinity, 0xFF80},
                 {3.4028235e38f, 0x7F80},
                 {1e-45f, 0}};
    std::vector<float> x;
    for (const auto &c : cases)
        x.push_back(c.x);
    for (size_t padding = 0; padding < 20; padding++) { /* every lane, and the part that fills no vector */
        std::vector<float> shifted(padding, nan);
        shifted.insert(shifted.end(), x.begin(), x.end());
        std::vector<BFloat16> y(shifted.size());
        vit_kernels<BFloat16>(variant).convert(y.data(), shifted.data(), static_cast<int64_t>(shifted.size()));
        for (size_t i = 0; i < padding; i++)
            EXPECT(std::isnan(to_float(y[i])));
        for (size_t i = 0; i < x.size(); i++)
            EXPECT(y[padding + i].bits == cases[i].bits);
    }
}

template <typename T> static void check_nan(size_t variant)
{
    std::vector<float> numbers = random_floats(5 * 24, 6);
    numbers[24 * 3 + 9] = std::numeric_limits<float>::quiet_NaN(); /* a key of row 3 */
    const std::vector<T> qkv = round_all<T>(numbers);
    std::vector<T> out(5 * 8);
    AttentionScratch scratch;
    const AttentionInput<T> in = {qkv.data(), qkv.data() + 8, qkv.data() + 16, 24, 24, 5, 5, 1, 8};
    vit_kernels<T>(variant).attend(out.data(), 8, in, scratch);
    for (const T &v : out)
        EXPECT(std::isnan(to_float(v))); /* what is broken must show */
}

template <typename T> static void check_type(size_t variant)
{
    for (int64_t width : {1, 3, 16, 48, 61, 768})
        check_norm<T>(5, width, variant);
    for (int64_t keys : {1, 2, 15, 16, 17, 50, 64, 65, 130, 257}) {
        for (int64_t d : {1, 20, 32, 50, 64, 80}) {
            check_attention<T>(keys, keys, d, 1.0f, variant);
            check_attention<T>(1, keys, d, 4.0f, variant);
        }
    }
    check_attention<T>(13, 50, 64, 300.0f, variant);
}

int main()
{
    for (size_t variant = 0; variant < selectai::vit_kernel_variants<float>(); variant++) {
        check_type<float>(variant);
        check_nan<float>(variant);
    }
    for (size_t variant = 0; variant < selectai::vit_kernel_variants<BFloat16>(); variant++) {
        check_type<BFloat16>(variant);
        check_rounding(variant);
        check_nan<BFloat16>(variant);
    }
    return 0;
}
