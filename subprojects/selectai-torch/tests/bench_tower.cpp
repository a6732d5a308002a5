/*
 * bench_tower.cpp: images per second of a ViT-B/32 with random weights, model alone, beside what the processor's
 * multipliers give on one large product. usage: bench_tower [THREADS [IMAGES]]
 *
 * Each figure is the median of nine rounds; peak and tower take turns, so that a busy machine slows both.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include "dnnl_linear.h"
#include "dnnl_tower.h"
#include "random.h"

using selectai::DnnlLinear;
using selectai::Random;
using selectai::Stream;

constexpr int rounds = 9;
constexpr int64_t side = 2048; /* of the large product */

static std::vector<float> random_floats(size_t n, float scale, uint64_t seed)
{
    Random random(seed, Stream::weights);
    std::vector<float> out(n);
    for (float &value : out)
        value = scale * (2.0f * random.uniform() - 1.0f);
    return out;
}

static double seconds(const std::function<void()> &body)
{
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

static double median(std::vector<double> v)
{
    std::sort(v.begin(), v.end());
    return v[v.size() / 2];
}

static void on_threads(unsigned threads, const std::function<void(unsigned)> &body)
{
    std::vector<std::thread> list;
    for (unsigned i = 0; i < threads; i++)
        list.emplace_back(body, i);
    for (std::thread &thread : list)
        thread.join();
}

struct Weights {
    std::vector<std::string> names;
    std::vector<std::vector<float>> values;
    std::vector<sai_backend_tensor> tensors;

    void add(const std::string &name, std::vector<uint64_t> shape)
    {
        sai_backend_tensor tensor = {nullptr, nullptr, SAI_BACKEND_F32, static_cast<uint32_t>(shape.size()), {}};
        size_t n = 1;
        for (size_t i = 0; i < shape.size(); i++) {
            tensor.shape[i] = shape[i];
            n *= shape[i];
        }
        names.push_back(name);
        values.push_back(random_floats(n, 0.04f, names.size()));
        tensors.push_back(tensor);
    }
    void add_both(const std::string &name, uint64_t out, uint64_t in)
    {
        add(name + "weight", in > 0 ? std::vector<uint64_t>{out, in} : std::vector<uint64_t>{out});
        add(name + "bias", {out});
    }
};

static sai_backend_tower_spec make_b32(Weights &w, int32_t dtype)
{
    const uint64_t width = 768, mlp = 3072;
    w.add("conv1.weight", {width, 3, 32, 32});
    w.add("class_embedding", {width});
    w.add("positional_embedding", {50, width});
    w.add_both("ln_pre.", width, 0);
    for (int i = 0; i < 12; i++) {
        const std::string name = "transformer.resblocks." + std::to_string(i) + ".";
        w.add_both(name + "ln_1.", width, 0);
        w.add_both(name + "ln_2.", width, 0);
        w.add_both(name + "attn.in_proj_", 3 * width, width);
        w.add_both(name + "attn.out_proj.", width, width);
        w.add_both(name + "mlp.c_fc.", mlp, width);
        w.add_both(name + "mlp.c_proj.", width, mlp);
    }
    w.add_both("ln_post.", width, 0);
    w.add("proj", {width, 512});
    for (size_t i = 0; i < w.tensors.size(); i++) {
        w.tensors[i].name = w.names[i].c_str();
        w.tensors[i].data = w.values[i].data();
    }
    return {sizeof(sai_backend_tower_spec),
            224,
            32,
            768,
            12,
            12,
            3072,
            512,
            SAI_BACKEND_ACT_QUICKGELU,
            dtype,
            1e-5f,
            nullptr,
            w.tensors.data(),
            w.tensors.size()};
}

/* Operations that an image costs: of the last block, only keys and values are wanted for all tokens. */
static double operations_per_image()
{
    const double width = 768, mlp = 3072, tokens = 50, patches = 49;
    const double block = tokens * (4 * width * width + 2 * width * mlp) + 2 * tokens * tokens * width;
    const double last = tokens * 2 * width * width + 2 * width * width + 2 * width * mlp + 2 * tokens * width;
    return 2 * (patches * 3 * 32 * 32 * width + 11 * block + last + width * 512);
}

static void measure(int32_t dtype, unsigned threads, uint64_t images)
{
    Weights weights;
    const bool half = dtype == SAI_BACKEND_BF16;
    const auto type = half ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
    const auto tower = selectai::make_dnnl_tower(make_b32(weights, dtype));
    const std::vector<float> x = random_floats(images * 3 * 224 * 224, 2.0f, 3);
    std::vector<float> y(images * 512);
    const DnnlLinear large(dnnl::engine(dnnl::engine::kind::cpu, 0),
                           {side, side, type, type, selectai::After::nothing, side},
                           random_floats(side * side, 0.05f, 5).data(), side, nullptr);
    std::vector<std::vector<float>> in(threads, random_floats(side * side, 1.0f, 6)), out = in;

    const auto run_tower = [&](unsigned i) {
        const uint64_t begin = images * i / threads, end = images * (i + 1) / threads;
        tower->encode(y.data() + begin * 512, x.data() + begin * 3 * 224 * 224, end - begin);
    };
    const auto run_large = [&](unsigned i) {
        const selectai::OneThread alone;
        selectai::DnnlScratch scratch;
        large.apply(out[i].data(), in[i].data(), side, scratch);
    };
    std::vector<double> of_tower, of_large;
    on_threads(threads, run_tower); /* makes products and buffers */
    on_threads(threads, run_large);
    for (int round = 0; round < rounds; round++) {
        of_tower.push_back(seconds([&] { on_threads(threads, run_tower); }));
        of_large.push_back(seconds([&] { on_threads(threads, run_large); }));
    }
    const double peak = 2.0 * side * side * side * threads / median(of_large);
    const double rate = static_cast<double>(images) / median(of_tower), floor = peak / operations_per_image();
    std::printf("ViT-B/32 %s, %u threads, batch %llu: %.1f images/s; large product %.0f GFLOP/s, which would be %.1f "
                "images/s: %.0f %% of it\n",
                half ? "bfloat16" : "float32", threads, static_cast<unsigned long long>(images), rate, peak / 1e9,
                floor, 100.0 * rate / floor);
}

int main(int argc, char **argv)
{
    const unsigned threads = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : std::thread::hardware_concurrency();
    const uint64_t images = argc > 2 ? static_cast<uint64_t>(std::atoi(argv[2])) : 32;
    if (threads < 1 || threads > 1024 || images < 1 || images > 100000) {
        std::fprintf(stderr, "usage: bench_tower [THREADS [IMAGES]]\n");
        return 2;
    }
    if (!selectai::can_run_dnnl_tower()) {
        std::printf("this processor has no AVX-512: oneDNN is not used for towers\n");
        return 0;
    }
    measure(SAI_BACKEND_F32, threads, images);
    measure(SAI_BACKEND_BF16, threads, images);
    if (!selectai::has_quick_bfloat16())
        std::printf("this processor computes bfloat16 by way of float32: auto takes float32\n");
    return 0;
}
