/*
 * test_panels.cpp: the kernels of a training step, for each instruction set, against sums in double precision.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "chances.h"
#include "check.h"
#include "panel_kernels.h"
#include "random.h"

using selectai::Finish;
using selectai::panel_width;

typedef std::vector<float> Floats;

static Floats random_floats(int64_t n, uint64_t seed)
{
    selectai::Random random(seed, selectai::Stream::order);
    Floats out(static_cast<size_t>(n));
    for (float &value : out)
        value = 2.0f * random.uniform() - 1.0f;
    return out;
}

static size_t at_panel(int64_t inputs, int64_t i, int64_t o)
{
    return static_cast<size_t>(o / panel_width * (inputs + 1) * panel_width + i * panel_width + o % panel_width);
}

/* Rows that lie in memory in another order than they are asked for, with something between them. */
struct Scattered {
    Scattered(int64_t rows, int64_t width, uint64_t seed) : values(random_floats(rows * (width + 3), seed))
    {
        for (int64_t i = 0; i < rows; i++)
            at.push_back(&values[static_cast<size_t>((i * 7 + 3) % rows * (width + 3))]);
        std::sort(at.begin(), at.end());
        std::reverse(at.begin(), at.end());
    }
    Floats values;
    std::vector<const float *> at;
};

static void check_product(int64_t rows, int64_t inputs, int64_t outputs, Finish finish, uint32_t drop, size_t variant)
{
    const Scattered x(rows, inputs, 1), seen(rows, outputs, 3);
    const Floats w = random_floats((inputs + 1) * outputs, 2);
    const int64_t y_row = outputs + 5;
    Floats y(static_cast<size_t>(rows * y_row), 77.0f);
    std::vector<uint16_t> chance(static_cast<size_t>(rows * outputs));
    selectai::Chances(4).draw(chance.data(), rows * outputs);

    selectai::multiply_panels({y.data(), y_row, x.at.data(), w.data(), (inputs + 1) * panel_width,
                               finish == Finish::gradient ? nullptr : &w[at_panel(inputs, inputs, 0)], rows, inputs,
                               outputs, finish, 1.5f, drop, drop > 0 ? chance.data() : nullptr, seen.at.data()},
                              variant);
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < y_row; j++) {
            const float got = y[static_cast<size_t>(i * y_row + j)];
            if (j >= outputs) {
                EXPECT(got == 77.0f); /* nothing is written beside the matrix */
                continue;
            }
            double want = finish == Finish::gradient ? 0.0 : static_cast<double>(w[at_panel(inputs, inputs, j)]);
            for (int64_t k = 0; k < inputs; k++)
                want += static_cast<double>(x.at[static_cast<size_t>(i)][k]) *
                        static_cast<double>(w[at_panel(inputs, k, j)]);
            if (std::fabs(want) < 1e-5)
                continue; /* ReLU may fall to either side */
            if (finish == Finish::drop)
                want *= want > 0.0 && (drop == 0 || chance[static_cast<size_t>(i * outputs + j)] >= drop) ? 1.5 : 0.0;
            if (finish == Finish::gradient)
                want *= seen.at[static_cast<size_t>(i)][j] > 0.0f ? 1.5 : 0.0;
            EXPECT(std::fabs(static_cast<double>(got) - want) < 2e-6 * static_cast<double>(inputs + 4));
        }
    }
}

static void test_product(size_t variant)
{
    for (int64_t rows : {1, 7, 8, 64, 131}) {
        for (int64_t inputs : {1, 7, 256, 300}) {
            for (int64_t outputs : {16, 32, 48}) {
                check_product(rows, inputs, outputs, Finish::none, 0, variant);
                check_product(rows, inputs, outputs, Finish::drop, 0, variant);
                check_product(rows, inputs, outputs, Finish::drop, 20000, variant);
                check_product(rows, inputs, outputs, Finish::gradient, 0, variant);
            }
        }
    }
}

/* NaN must show in the loss. */
static void test_nan(size_t variant)
{
    const float x[1] = {std::nanf("")};
    const float *rows[1] = {x};
    const Floats w(32, 1.0f);
    Floats y(16, 0.0f);
    selectai::multiply_panels(
        {y.data(), 16, rows, w.data(), 32, nullptr, 1, 1, 16, Finish::drop, 1.0f, 0, nullptr, nullptr}, variant);
    for (float value : y)
        EXPECT(std::isnan(value));
}

/* What is learned in two steps: parameters, and Adam's state. */
struct State {
    State(int64_t inputs, int64_t outputs)
        : w(random_floats((inputs + 1) * outputs, 1)), m(w.size(), 0.0f), v(w.size(), 0.0f)
    {
    }
    Floats w, m, v;
};

static selectai::AdamStep adam_step(int t)
{
    return {0.9f,
            0.999f,
            1e-8f,
            static_cast<float>(0.01 / (1.0 - std::pow(0.9, t))),
            static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(0.999, t))),
            1.0f - 0.01f * 0.1f};
}

static State update_twice(const Scattered &x, const Floats &d, int64_t rows, int64_t inputs, int64_t outputs,
                          size_t variant)
{
    State s(inputs, outputs);
    Floats unfinished(static_cast<size_t>((inputs + 1) * 2 * panel_width));
    for (int t = 1; t <= 2; t++)
        selectai::update_panels({s.w.data(), s.m.data(), s.v.data(), x.at.data(), d.data(), outputs + 16, rows, inputs,
                                 outputs, rows > selectai::update_rows ? unfinished.data() : nullptr, adam_step(t)},
                                variant);
    return s;
}

/* By the formulas of the papers, in double precision. */
static void check_update(int64_t rows, int64_t inputs, int64_t outputs, size_t variant)
{
    const Scattered x(std::max<int64_t>(rows, 1), inputs, 5);
    const Floats d = random_floats(std::max<int64_t>(rows, 1) * (outputs + 16), 6);
    const State start(inputs, outputs), s = update_twice(x, d, rows, inputs, outputs, variant);

    for (int64_t i = 0; i <= inputs; i++) {
        for (int64_t j = 0; j < outputs; j++) {
            const size_t at = at_panel(inputs, i, j);
            double g = 0.0, m = 0.0, v = 0.0, want = static_cast<double>(start.w[at]);
            for (int64_t r = 0; r < rows; r++)
                g += (i < inputs ? static_cast<double>(x.at[static_cast<size_t>(r)][i]) : 1.0) *
                     static_cast<double>(d[static_cast<size_t>(r * (outputs + 16) + j)]);
            for (int t = 1; t <= 2; t++) {
                m = 0.9 * m + 0.1 * g;
                v = 0.999 * v + 0.001 * g * g;
                want -= 0.01 * 0.1 * want;
                want -= 0.01 * (m / (1.0 - std::pow(0.9, t))) / (std::sqrt(v / (1.0 - std::pow(0.999, t))) + 1e-8);
            }
            EXPECT(std::fabs(static_cast<double>(s.m[at]) - m) < 1e-6 * static_cast<double>(rows + 1));
            if (std::fabs(g) > 1e-3 || rows == 0) /* Adam makes whole steps of a tiny gradient's rounding errors */
                EXPECT(std::fabs(static_cast<double>(s.w[at]) - want) < 1e-5);
        }
    }
}

static void test_update(size_t variant)
{
    for (int64_t rows : {0, 1, 64, 256, 257, 600}) {
        for (int64_t inputs : {1, 7, 8, 30}) {
            for (int64_t outputs : {16, 32, 48})
                check_update(rows, inputs, outputs, variant);
        }
    }
}

static bool same_bytes(const Floats &a, const Floats &b)
{
    return std::memcmp(a.data(), b.data(), sizeof(float) * a.size()) == 0;
}

/* Wider vectors change no bit; only whether multiply and add are one operation does. */
static void test_same_bits()
{
    const Scattered x(70, 300, 7);
    const Floats d = random_floats(70 * 64, 8), w = random_floats(301 * 48, 9);
    std::vector<Floats> results;
    for (size_t variant = 0; variant + 1 < selectai::kernel_variants(); variant++) {
        const State s = update_twice(x, d, 70, 300, 48, variant);
        Floats y(70 * 48);
        selectai::multiply_panels({y.data(), 48, x.at.data(), w.data(), 301 * panel_width, nullptr, 70, 300, 48,
                                   Finish::drop, 1.5f, 0, nullptr, nullptr},
                                  variant);
        results.push_back(s.w);
        results.back().insert(results.back().end(), y.begin(), y.end());
        EXPECT(same_bytes(results.front(), results.back()));
    }
}

static void test_transpose()
{
    const int64_t inputs = 21, outputs = 19;
    const Floats w = random_floats((inputs + 1) * 32, 1);
    Floats to(32 * static_cast<size_t>(outputs), 77.0f);
    selectai::transpose_panels(to.data(), w.data(), inputs, outputs);
    for (int64_t i = 0; i < 32; i++) {
        for (int64_t j = 0; j < outputs; j++) {
            const float got =
                to[static_cast<size_t>(i / panel_width * outputs * panel_width + j * panel_width + i % panel_width)];
            EXPECT(got == (i < inputs ? w[at_panel(inputs, i, j)] : 0.0f));
        }
    }
}

/* Every number as often as any other, and no two generators alike. */
static void test_chances()
{
    const int64_t n = 1 << 20;
    std::vector<uint16_t> chance(n);
    std::vector<int> count(256, 0);
    selectai::Chances(1).draw(chance.data(), n);
    for (uint16_t value : chance)
        count[value >> 8]++;
    double chi = 0.0;
    for (int c : count)
        chi += (c - n / 256.0) * (c - n / 256.0) / (n / 256.0);
    EXPECT(chi > 170.0 && chi < 360.0); /* 255 degrees of freedom */
    for (int lag = 1; lag <= 32; lag++) {
        int same = 0;
        for (int64_t i = lag; i < n; i++)
            same += (chance[static_cast<size_t>(i)] < 19661) == (chance[static_cast<size_t>(i - lag)] < 19661);
        EXPECT(std::fabs(same / static_cast<double>(n) - 0.58) < 0.003);
    }
    std::vector<uint16_t> part(40);
    selectai::Chances(1).draw(part.data(), 37);
    EXPECT(std::memcmp(part.data(), chance.data(), 37 * sizeof part[0]) == 0 && part[37] == 0);
}

int main()
{
    for (size_t variant = 0; variant < selectai::kernel_variants(); variant++) {
        test_product(variant);
        test_nan(variant);
        test_update(variant);
    }
    test_same_bits();
    test_transpose();
    test_chances();
    return 0;
}
