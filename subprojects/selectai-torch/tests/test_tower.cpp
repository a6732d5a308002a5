/*
 * test_tower.cpp: image towers through the table: repeatability, dtypes, refused weights. usage: test_tower MODULE
 * The numbers are checked by check_against_pytorch.py.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "random.h"
#include "table.h"

static const sai_backend_v1 *table;
static char err[SAI_BACKEND_ERR_SIZE];

/* A tower of random weights that are exact in bfloat16, so that each dtype holds the same numbers. */
struct Weights {
    std::deque<std::string> names;
    std::deque<std::vector<float>> values;
    std::deque<std::vector<uint16_t>> short_values;
    std::vector<sai_backend_tensor> tensors;
    sai_backend_tower_spec spec = {sizeof spec,     32,    8,       48,      2, 3, 80, 20, SAI_BACKEND_ACT_QUICKGELU,
                                   SAI_BACKEND_F32, 1e-5f, nullptr, nullptr, 0};
    selectai::Random random{4, selectai::Stream::weights};

    void add(const std::string &name, const std::vector<uint64_t> &shape)
    {
        sai_backend_tensor tensor = {};
        size_t n = 1;
        for (size_t i = 0; i < shape.size(); i++) {
            tensor.shape[i] = shape[i];
            n *= shape[i];
        }
        std::vector<float> v(n);
        for (float &x : v)
            x = static_cast<float>(static_cast<int>(random.below(129)) - 64) / 256.0f;
        names.push_back(name);
        values.push_back(v);
        tensor.name = names.back().c_str();
        tensor.data = values.back().data();
        tensor.rank = static_cast<uint32_t>(shape.size());
        tensors.push_back(tensor);
    }

    void add_both(const std::string &name, uint64_t out, uint64_t in)
    {
        if (in > 0)
            add(name + "weight", {out, in});
        else
            add(name + "weight", {out});
        add(name + "bias", {out});
    }

    Weights()
    {
        const uint64_t w = spec.width;
        add("conv1.weight", {w, 3, 8, 8});
        add("class_embedding", {w});
        add("positional_embedding", {17, w});
        add_both("ln_pre.", w, 0);
        for (uint32_t i = 0; i < spec.layers; i++) {
            const std::string name = "transformer.resblocks." + std::to_string(i) + ".";
            add_both(name + "ln_1.", w, 0);
            add_both(name + "ln_2.", w, 0);
            add_both(name + "attn.in_proj_", 3 * w, w);
            add_both(name + "attn.out_proj.", w, w);
            add_both(name + "mlp.c_fc.", spec.mlp_width, w);
            add_both(name + "mlp.c_proj.", w, spec.mlp_width);
        }
        add_both("ln_post.", w, 0);
        add("proj", {w, spec.output});
    }

    sai_backend_tensor &find(const char *name)
    {
        for (sai_backend_tensor &tensor : tensors) {
            if (std::strcmp(tensor.name, name) == 0)
                return tensor;
        }
        EXPECT(!"no such tensor");
        return tensors[0];
    }

    /* bfloat16 is the upper half of a float. */
    void make_bf16()
    {
        for (size_t i = 0; i < tensors.size(); i++) {
            std::vector<uint16_t> half;
            for (const float &value : values[i]) {
                uint32_t bits;
                std::memcpy(&bits, &value, sizeof bits);
                half.push_back(static_cast<uint16_t>(bits >> 16));
            }
            short_values.push_back(half);
            tensors[i].data = short_values.back().data();
            tensors[i].dtype = SAI_BACKEND_BF16;
        }
    }

    int create(sai_backend_tower **out)
    {
        spec.tensors = tensors.data();
        spec.n_tensors = tensors.size();
        err[0] = '\0';
        return table->tower_create(out, &spec, err, sizeof err);
    }

    void refused(const char *words)
    {
        sai_backend_tower *tower = nullptr;
        EXPECT(create(&tower) == SAI_BACKEND_EARGUMENT && tower == nullptr);
        if (std::strstr(err, words) == nullptr)
            std::fprintf(stderr, "text: %s\n", err);
        EXPECT(std::strstr(err, words) != nullptr);
    }

    std::vector<float> encode(const std::vector<float> &x, uint32_t threads)
    {
        sai_backend_tower *tower = nullptr;
        const uint64_t n = x.size() / (3 * 32 * 32);
        std::vector<float> y(n * spec.output);
        EXPECT(table->set_threads(threads, err, sizeof err) == SAI_BACKEND_OK);
        const int code = create(&tower);
        if (code != SAI_BACKEND_OK)
            std::fprintf(stderr, "%s\n", err);
        EXPECT(code == SAI_BACKEND_OK);
        EXPECT(table->tower_encode(tower, y.data(), x.data(), n, err, sizeof err) == SAI_BACKEND_OK);
        table->tower_destroy(tower);
        return y;
    }
};

static std::vector<float> make_images(size_t n)
{
    std::vector<float> x(n * 3 * 32 * 32);
    selectai::Random random(8, selectai::Stream::order);
    for (float &value : x)
        value = 4.0f * random.uniform() - 2.0f;
    return x;
}

static bool same(const std::vector<float> &a, const std::vector<float> &b)
{
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), sizeof(float) * a.size()) == 0;
}

static void test_repeatable()
{
    const std::vector<float> x = make_images(125); /* more than one inner batch */
    for (int activation : {SAI_BACKEND_ACT_QUICKGELU, SAI_BACKEND_ACT_GELU}) {
        Weights weights;
        weights.spec.activation = activation;
        const std::vector<float> y = weights.encode(x, 1);
        for (const float &value : y)
            EXPECT(std::isfinite(value));
        EXPECT(same(y, weights.encode(x, 2)));
        /* Each image alone gives the same bits as in company. */
        const std::vector<float> last(x.end() - 3 * 32 * 32, x.end());
        EXPECT(same(std::vector<float>(y.end() - weights.spec.output, y.end()), weights.encode(last, 2)));
        Weights half;
        half.spec.activation = activation;
        half.make_bf16();
        EXPECT(same(y, half.encode(x, 2)));
    }
}

/* Several threads share a tower: the same bits as one call for all. */
static void test_shared()
{
    const std::vector<float> x = make_images(24);
    for (int dtype : {SAI_BACKEND_F32, SAI_BACKEND_BF16}) {
        Weights weights;
        weights.spec.compute_dtype = dtype;
        sai_backend_tower *tower = nullptr;
        if (weights.create(&tower) != SAI_BACKEND_OK) {
            EXPECT(dtype == SAI_BACKEND_BF16 && std::strstr(err, "oneDNN") != nullptr);
            continue;
        }
        std::vector<float> whole(24 * weights.spec.output), parts(whole.size());
        EXPECT(table->tower_encode(tower, whole.data(), x.data(), 24, err, sizeof err) == SAI_BACKEND_OK);
        std::vector<std::thread> threads;
        for (size_t i = 0; i < 6; i++) /* 1, 2, 3... images, the last ones one by one */
            threads.emplace_back([&, i] {
                for (size_t from = i * 4; from < i * 4 + 4; from += i % 3 + 1) {
                    const size_t n = std::min<size_t>(i % 3 + 1, i * 4 + 4 - from);
                    EXPECT(table->tower_encode_share(tower, parts.data() + from * weights.spec.output,
                                                     x.data() + from * 3 * 32 * 32, n, nullptr, 0) == SAI_BACKEND_OK);
                }
            });
        for (std::thread &thread : threads)
            thread.join();
        EXPECT(same(whole, parts));
        table->tower_destroy(tower);
    }
    int32_t dtype = -1;
    EXPECT(table->tower_dtype(&dtype, nullptr, err, sizeof err) == SAI_BACKEND_OK);
    EXPECT(dtype == SAI_BACKEND_F32 || dtype == SAI_BACKEND_BF16);
    EXPECT(table->tower_dtype(&dtype, "toaster", err, sizeof err) == SAI_BACKEND_EARGUMENT);
    EXPECT(table->tower_encode_share(nullptr, nullptr, nullptr, 0, nullptr, 0) == SAI_BACKEND_EARGUMENT);
}

static void test_unaligned()
{
    const std::vector<float> x = make_images(1);
    Weights weights;
    const std::vector<float> y = weights.encode(x, 1);
    sai_backend_tensor &proj = weights.find("proj");
    std::vector<char> moved(sizeof(float) * 48 * 20 + 1);
    std::memcpy(moved.data() + 1, proj.data, moved.size() - 1);
    proj.data = moved.data() + 1;
    EXPECT(same(y, weights.encode(x, 1)));
}

static void test_refused_tensors()
{
    {
        Weights w;
        w.find("transformer.resblocks.1.mlp.c_fc.bias").name = "other";
        w.refused("\"transformer.resblocks.1.mlp.c_fc.bias\" is missing");
    }
    {
        Weights w;
        w.find("ln_post.bias").name = "proj";
        w.refused("\"proj\" is given twice");
    }
    {
        Weights w;
        w.find("conv1.weight").shape[1] = 4;
        w.refused("\"conv1.weight\" has the shape [48, 4, 8, 8], need [48, 3, 8, 8]");
    }
    {
        Weights w;
        w.find("positional_embedding").shape[0] = UINT64_MAX;
        w.refused("\"positional_embedding\" has the shape [18446744073709551615, 48], need [17, 48]");
    }
    {
        Weights w;
        w.find("class_embedding").rank = 0;
        w.refused("\"class_embedding\" has the shape [], need [48]");
        w.find("class_embedding").rank = 9;
        w.refused("rank 9");
    }
    {
        Weights w;
        w.find("ln_pre.weight").dtype = 5;
        w.refused("\"ln_pre.weight\" has the unknown dtype 5");
    }
    {
        Weights w;
        w.find("proj").data = nullptr;
        w.refused("\"proj\" has no data");
    }
}

static void test_refused_geometry()
{
    const struct {
        uint32_t sai_backend_tower_spec::*field;
        uint32_t value;
        const char *words;
    } cases[] = {
        {&sai_backend_tower_spec::struct_size, 4, "struct_size"},
        {&sai_backend_tower_spec::image_size, 0, "image size is 0"},
        {&sai_backend_tower_spec::image_size, UINT32_MAX, "image size"},
        {&sai_backend_tower_spec::patch, 33, "patch size is 33"},
        {&sai_backend_tower_spec::width, 0, "width is 0"},
        {&sai_backend_tower_spec::width, UINT32_MAX, "width"},
        {&sai_backend_tower_spec::heads, 5, "width 48 is no multiple of 5 heads"},
        {&sai_backend_tower_spec::heads, 0, "heads is 0"},
        {&sai_backend_tower_spec::layers, 3, "resblocks.2.ln_1.weight\" is missing"},
        {&sai_backend_tower_spec::layers, UINT32_MAX, "layers"},
        {&sai_backend_tower_spec::mlp_width, 81, "c_fc.weight\" has the shape [80, 48], need [81, 48]"},
        {&sai_backend_tower_spec::output, 0, "output width"},
    };
    for (const auto &c : cases) {
        Weights w;
        w.spec.*c.field = c.value;
        w.refused(c.words);
    }
    Weights w;
    w.spec.compute_dtype = SAI_BACKEND_F16;
    w.refused("not in float16");
    w.spec.compute_dtype = 3;
    w.refused("dtype 3");
    w.spec.compute_dtype = SAI_BACKEND_F32;
    w.spec.activation = 2;
    w.refused("activation 2");
    w.spec.activation = 0;
    w.spec.layer_norm_eps = -1.0f;
    w.refused("eps");
    table->tower_destroy(nullptr);
    EXPECT(table->tower_encode(nullptr, nullptr, nullptr, 0, nullptr, 0) == SAI_BACKEND_EARGUMENT);
}

int main(int argc, char **argv)
{
    table = load_table(argc, argv);
    test_repeatable();
    test_shared();
    test_unaligned();
    test_refused_tensors();
    test_refused_geometry();
    return 0;
}
