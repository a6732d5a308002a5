/*
 * dnnl_tower.cpp: the image tower's forward pass on one thread.
 *
 * Between products there is one pass over memory each: layer norm rounds to the product's type as it writes,
 * activation, bias and residual are part of the products, attention is vit_kernels.h's. Tokens stay in float32. Of the
 * last block only the class token is wanted, so that only its keys and values are computed for all tokens.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "dnnl_tower.h"

#include <algorithm>
#include <cstring>

#include "dnnl_linear.h"
#include "vit_kernels.h"

namespace selectai
{
namespace
{

using dnnl::memory;

/* Tokens that go through the tower together: enough to use each weight often, few enough to stay in the cache. */
constexpr int64_t rows_per_pass = 800;

struct DnnlNorm {
    std::vector<float> weight, bias;
};

struct DnnlBlock {
    DnnlNorm ln_1, ln_2;
    std::unique_ptr<DnnlLinear> in_proj;   /* of all blocks but the last */
    std::unique_ptr<DnnlLinear> query, kv; /* of the last */
    std::unique_ptr<DnnlLinear> out_proj, c_fc, c_proj;
};

/* What one pass needs; T is the type of what goes into products. */
template <typename T> struct Workspace {
    std::vector<float> tokens; /* n x tokens x width */
    std::vector<T> normed;     /* the same; later what attention gave */
    std::vector<T> qkv;        /* 3 times that; before that the convolution's floats */
    std::vector<T> hidden;     /* n x tokens x mlp; before that the patches */
    std::vector<float> first;  /* n x width: class tokens */
    std::vector<T> query;      /* n x width */
    AttentionScratch attention;
    DnnlScratch scratch;
};

/* Workspaces are made when a thread needs one more, and kept for the next call. */
template <typename T> class WorkspacePool
{
  public:
    std::unique_ptr<Workspace<T>> take()
    {
        const std::lock_guard<std::mutex> guard(lock);
        if (idle.empty())
            return std::make_unique<Workspace<T>>();
        std::unique_ptr<Workspace<T>> w = std::move(idle.back());
        idle.pop_back();
        return w;
    }
    void give(std::unique_ptr<Workspace<T>> w)
    {
        const std::lock_guard<std::mutex> guard(lock);
        idle.push_back(std::move(w));
    }

  private:
    std::mutex lock;
    std::vector<std::unique_ptr<Workspace<T>>> idle;
};

template <typename T> constexpr memory::data_type type_of();
template <> constexpr memory::data_type type_of<float>()
{
    return memory::data_type::f32;
}
template <> constexpr memory::data_type type_of<BFloat16>()
{
    return memory::data_type::bf16;
}

std::vector<float> copy_floats(const at::Tensor &t)
{
    const float *p = t.data_ptr<float>();
    return {p, p + t.numel()};
}

DnnlNorm copy_norm(const Norm &n)
{
    return {copy_floats(n.weight), copy_floats(n.bias)};
}

template <typename T> class DnnlTower : public ImageTower
{
  public:
    explicit DnnlTower(const sai_backend_tower_spec &spec);
    void encode(float *y, const float *x, uint64_t n) override;
    bool is_sequential() const override
    {
        return true;
    }

  private:
    typedef std::unique_ptr<DnnlLinear> LinearPointer;
    LinearPointer pack(const Linear &linear, memory::data_type to, After after, int64_t column = 0,
                       int64_t columns = -1) const;
    DnnlBlock pack_block(const Block &block, bool last, After activation) const;
    void reserve(Workspace<T> &w, int64_t n) const;

    void encode_pass(float *y, const float *x, int64_t n, Workspace<T> &w) const;
    void embed_patches(const float *x, int64_t n, Workspace<T> &w) const;
    void run_block(const DnnlBlock &block, int64_t n, Workspace<T> &w) const;
    void run_last_block(const DnnlBlock &block, int64_t n, Workspace<T> &w) const;
    void add_mlp(float *tokens, const DnnlBlock &block, int64_t rows, Workspace<T> &w) const;
    void normalise(T *y, const float *x, const DnnlNorm &norm, int64_t rows) const
    {
        vit_kernels<T>().layer_norm(y, x, norm.weight.data(), norm.bias.data(), rows, shape.width, eps);
    }

    TowerShape shape;
    float eps;
    dnnl::engine engine;
    int64_t images_per_pass;
    LinearPointer conv1, proj;
    std::vector<float> class_token, position;
    DnnlNorm ln_pre, ln_post;
    std::vector<DnnlBlock> blocks;
    WorkspacePool<T> pool;
};

/* ---- Making ---------------------------------------------------------------------------------- */

template <typename T>
DnnlTower<T>::DnnlTower(const sai_backend_tower_spec &spec)
    : shape(check_tower_shape(spec)), eps(spec.layer_norm_eps), engine(dnnl::engine::kind::cpu, 0),
      images_per_pass(std::max<int64_t>(1, rows_per_pass / shape.tokens))
{
    const TowerLoader loader(spec, shape);
    const After activation = spec.activation == SAI_BACKEND_ACT_GELU ? After::gelu : After::quickgelu;
    conv1 = pack(loader.conv1(), memory::data_type::f32, After::nothing);
    class_token = copy_floats(loader.class_token());
    position = copy_floats(loader.position());
    ln_pre = copy_norm(loader.norm("ln_pre"));
    for (int64_t i = 0; i < shape.layers; i++)
        blocks.push_back(pack_block(loader.block(i), i + 1 == shape.layers, activation));
    ln_post = copy_norm(loader.norm("ln_post"));
    proj = pack(loader.proj(), memory::data_type::f32, After::nothing);
}

/* Those columns of the weights, -1: all. */
template <typename T>
std::unique_ptr<DnnlLinear> DnnlTower<T>::pack(const Linear &linear, memory::data_type to, After after, int64_t column,
                                               int64_t columns) const
{
    const int64_t in = linear.weight.size(0), all = linear.weight.size(1);
    const LinearSpec spec = {in, columns < 0 ? all : columns, type_of<T>(), to, after, images_per_pass * shape.tokens};
    return std::make_unique<DnnlLinear>(engine, spec, linear.weight.data_ptr<float>() + column, all,
                                        linear.bias.defined() ? linear.bias.data_ptr<float>() + column : nullptr);
}

template <typename T> DnnlBlock DnnlTower<T>::pack_block(const Block &block, bool last, After activation) const
{
    const memory::data_type own = type_of<T>(), f32 = memory::data_type::f32;
    const int64_t width = shape.width;
    DnnlBlock b;
    b.ln_1 = copy_norm(block.ln_1);
    b.ln_2 = copy_norm(block.ln_2);
    if (last) {
        b.query = pack(block.in_proj, own, After::nothing, 0, width);
        b.kv = pack(block.in_proj, own, After::nothing, width, 2 * width);
    } else {
        b.in_proj = pack(block.in_proj, own, After::nothing);
    }
    b.out_proj = pack(block.out_proj, f32, After::add);
    b.c_fc = pack(block.c_fc, own, activation);
    b.c_proj = pack(block.c_proj, f32, After::add);
    return b;
}

/* ---- Running --------------------------------------------------------------------------------- */

template <typename T> void DnnlTower<T>::encode(float *y, const float *x, uint64_t n)
{
    const OneThread alone;
    const uint64_t pixels = 3 * static_cast<uint64_t>(shape.image * shape.image);
    const uint64_t most = static_cast<uint64_t>(images_per_pass);
    std::unique_ptr<Workspace<T>> workspace = pool.take();
    for (uint64_t done = 0; done < n;) {
        const uint64_t count = std::min(most, n - done);
        encode_pass(y + done * static_cast<uint64_t>(shape.output), x + done * pixels, static_cast<int64_t>(count),
                    *workspace);
        done += count;
    }
    pool.give(std::move(workspace)); /* after an exception it is freed */
}

template <typename T> void DnnlTower<T>::reserve(Workspace<T> &w, int64_t n) const
{
    const auto grow = [](auto &v, int64_t size) {
        if (v.size() < static_cast<size_t>(size))
            v.resize(static_cast<size_t>(size));
    };
    const int64_t rows = n * shape.tokens, patch_width = 3 * shape.patch * shape.patch;
    grow(w.tokens, rows * shape.width);
    grow(w.normed, rows * shape.width);
    grow(w.qkv, rows * shape.width * 3);
    grow(w.hidden, rows * std::max(shape.mlp, patch_width));
    grow(w.first, n * shape.width);
    grow(w.query, n * shape.width);
}

template <typename T> void DnnlTower<T>::encode_pass(float *y, const float *x, int64_t n, Workspace<T> &w) const
{
    reserve(w, n);
    embed_patches(x, n, w);
    for (size_t i = 0; i + 1 < blocks.size(); i++)
        run_block(blocks[i], n, w);
    run_last_block(blocks.back(), n, w);
    normalise(w.query.data(), w.first.data(), ln_post, n);
    proj->apply(y, w.query.data(), n, w.scratch);
}

/* tokens = layer norm of (class token, patches) + position */
template <typename T> void DnnlTower<T>::embed_patches(const float *x, int64_t n, Workspace<T> &w) const
{
    const int64_t width = shape.width, patches = shape.tokens - 1;
    const VitKernels<T> &kernels = vit_kernels<T>();
    float *convolved = reinterpret_cast<float *>(w.qkv.data()); /* 3 elements of 2 bytes hold a float */
    unfold_patches(w.hidden.data(), x, shape, 0, n * shape.grid,
                   [&](T *to, const float *from, int64_t count) { kernels.convert(to, from, count); });
    conv1->apply(convolved, w.hidden.data(), n * patches, w.scratch);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t t = 0; t < shape.tokens; t++) {
            const float *from = t == 0 ? class_token.data() : convolved + (i * patches + t - 1) * width;
            const float *at = position.data() + t * width;
            float *to = w.tokens.data() + (i * shape.tokens + t) * width;
            for (int64_t j = 0; j < width; j++)
                to[j] = from[j] + at[j];
        }
    }
    vit_kernels<float>().layer_norm(w.tokens.data(), w.tokens.data(), ln_pre.weight.data(), ln_pre.bias.data(),
                                    n * shape.tokens, width, eps);
}

template <typename T> void DnnlTower<T>::run_block(const DnnlBlock &block, int64_t n, Workspace<T> &w) const
{
    const int64_t width = shape.width, tokens = shape.tokens, rows = n * tokens;
    normalise(w.normed.data(), w.tokens.data(), block.ln_1, rows);
    block.in_proj->apply(w.qkv.data(), w.normed.data(), rows, w.scratch);
    for (int64_t i = 0; i < n; i++) {
        const T *q = w.qkv.data() + i * tokens * 3 * width;
        const AttentionInput<T> in = {q,      q + width, q + 2 * width, 3 * width,          3 * width,
                                      tokens, tokens,    shape.heads,   width / shape.heads};
        vit_kernels<T>().attend(w.normed.data() + i * tokens * width, width, in, w.attention);
    }
    block.out_proj->apply(w.tokens.data(), w.normed.data(), rows, w.scratch);
    add_mlp(w.tokens.data(), block, rows, w);
}

/* Leaves the class tokens in w.first. */
template <typename T> void DnnlTower<T>::run_last_block(const DnnlBlock &block, int64_t n, Workspace<T> &w) const
{
    const int64_t width = shape.width, tokens = shape.tokens;
    normalise(w.normed.data(), w.tokens.data(), block.ln_1, n * tokens);
    block.kv->apply(w.qkv.data(), w.normed.data(), n * tokens, w.scratch);
    for (int64_t i = 0; i < n; i++) {
        std::memcpy(w.first.data() + i * width, w.tokens.data() + i * tokens * width,
                    sizeof(float) * static_cast<size_t>(width));
        std::memcpy(w.normed.data() + i * width, w.normed.data() + i * tokens * width,
                    sizeof(T) * static_cast<size_t>(width));
    }
    block.query->apply(w.query.data(), w.normed.data(), n, w.scratch);
    for (int64_t i = 0; i < n; i++) {
        const T *k = w.qkv.data() + i * tokens * 2 * width;
        const AttentionInput<T> in = {
            w.query.data() + i * width, k, k + width, width, 2 * width, 1, tokens, shape.heads, width / shape.heads};
        vit_kernels<T>().attend(w.normed.data() + i * width, width, in, w.attention);
    }
    block.out_proj->apply(w.first.data(), w.normed.data(), n, w.scratch);
    add_mlp(w.first.data(), block, n, w);
}

template <typename T>
void DnnlTower<T>::add_mlp(float *tokens, const DnnlBlock &block, int64_t rows, Workspace<T> &w) const
{
    normalise(w.normed.data(), tokens, block.ln_2, rows);
    block.c_fc->apply(w.hidden.data(), w.normed.data(), rows, w.scratch);
    block.c_proj->apply(tokens, w.hidden.data(), rows, w.scratch);
}

} // namespace

bool has_quick_bfloat16()
{
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
        return true;
    default:
        return false;
    }
}

bool can_run_dnnl_tower()
{
    switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core:
    case dnnl::cpu_isa::avx512_core_vnni:
        return true;
    default:
        return has_quick_bfloat16();
    }
}

std::unique_ptr<ImageTower> make_dnnl_tower(const sai_backend_tower_spec &spec)
{
    if (spec.compute_dtype == SAI_BACKEND_BF16)
        return std::make_unique<DnnlTower<BFloat16>>(spec);
    return std::make_unique<DnnlTower<float>>(spec);
}

} // namespace selectai
