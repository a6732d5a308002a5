/*
 * aten_tower.cpp: the image tower's forward pass through libtorch, or in kernels.cpp.
 *
 * In kernels.cpp every step works on blocks of rows whose size does not depend on the number of threads, because
 * libtorch's vectorised functions give other last bits at a chunk's ragged end.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "aten_tower.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

namespace selectai
{
namespace
{

constexpr int64_t rows_per_block = 16;
constexpr int64_t rows_per_batch = 2048;  /* tokens at once on the processor: bounds the memory */
constexpr int64_t rows_on_device = 16384; /* the same elsewhere, where a small product costs as much as a large one */
constexpr int64_t scores_per_batch = 16 << 20; /* attention scores at once, as above */

at::ScalarType tower_type(int32_t dtype)
{
    return dtype == SAI_BACKEND_F32 ? at::kFloat : dtype == SAI_BACKEND_F16 ? at::kHalf : at::kBFloat16;
}

} // namespace

AtenTower::AtenTower(const sai_backend_tower_spec &spec, bool own)
    : shape(check_tower_shape(spec)), activation(spec.activation), eps(spec.layer_norm_eps),
      device(parse_device(spec.device)), type(tower_type(spec.compute_dtype)), math(own && device.is_cpu())
{
    SELECTAI_NEED(type == at::kFloat || !math.is_own(), "tower: kernels.cpp computes in float32 only");
    const TowerLoader loader(spec, shape);
    const auto put_norm = [this](const Norm &n) { return Norm{place(n.weight), place(n.bias)}; };
    const auto put = [this](const Linear &l) {
        return Linear{place(l.weight), l.bias.defined() ? place(l.bias) : l.bias};
    };
    conv1 = put(loader.conv1());
    class_token = place(loader.class_token());
    position = place(loader.position());
    ln_pre = put_norm(loader.norm("ln_pre"));
    for (int64_t i = 0; i < shape.layers; i++) {
        const Block b = loader.block(i);
        blocks.push_back(
            {put_norm(b.ln_1), put_norm(b.ln_2), put(b.in_proj), put(b.out_proj), put(b.c_fc), put(b.c_proj)});
    }
    ln_post = put_norm(loader.norm("ln_post"));
    proj = put(loader.proj());
}

at::Tensor AtenTower::empty(at::IntArrayRef sizes) const
{
    return at::empty(sizes, at::TensorOptions().dtype(type).device(device));
}

at::Tensor AtenTower::place(const at::Tensor &t) const
{
    return t.to(device, type);
}

void AtenTower::encode(float *y, const float *x, uint64_t n)
{
    const std::lock_guard<std::mutex> guard(lock);
    const uint64_t pixels = 3 * static_cast<uint64_t>(shape.image * shape.image);
    const int64_t by_scores = scores_per_batch / (shape.heads * shape.tokens * shape.tokens);
    const int64_t by_rows = (device.is_cpu() ? rows_per_batch : rows_on_device) / shape.tokens;
    const uint64_t batch = static_cast<uint64_t>(std::max<int64_t>(1, std::min(by_rows, by_scores)));

    for (uint64_t begin = 0; begin < n; begin += batch) {
        const uint64_t count = std::min(batch, n - begin);
        const at::Tensor out =
            encode_batch(x + begin * pixels, static_cast<int64_t>(count)).cpu().to(at::kFloat).contiguous();
        std::memcpy(y + begin * static_cast<uint64_t>(shape.output), out.data_ptr<float>(),
                    sizeof(float) * static_cast<size_t>(out.numel()));
    }
}

at::Tensor AtenTower::encode_batch(const float *x, int64_t n)
{
    at::Tensor tokens = empty({n, shape.tokens, shape.width});

    tokens.select(1, 0).copy_(class_token);
    tokens.narrow(1, 1, shape.tokens - 1)
        .copy_(apply(place(patches(x, n)), conv1).view({n, shape.tokens - 1, shape.width}));
    tokens.add_(position);
    tokens = normalise(tokens.view({n * shape.tokens, shape.width}), ln_pre);
    for (const Block &block : blocks) {
        add_attention(tokens, block, n);
        add_mlp(tokens, block);
    }
    const at::Tensor first = tokens.view({n, shape.tokens, shape.width}).select(1, 0).contiguous();
    return apply(normalise(first, ln_post), proj);
}

at::Tensor AtenTower::patches(const float *x, int64_t n)
{
    if (!device.is_cpu())
        return unfold_on_device(x, n);
    const at::Tensor out = make_tensor({n * shape.grid * shape.grid, 3 * shape.patch * shape.patch},
                                       c10::Device(c10::DeviceType::CPU));
    float *to = out.data_ptr<float>();

    for_ranges(n * shape.grid, 4, [&](int64_t begin, int64_t end) {
        unfold_patches(to, x, shape, begin, end, [](float *line, const float *from, int64_t count) {
            std::memcpy(line, from, sizeof(float) * static_cast<size_t>(count));
        });
    });
    return out;
}

/* From memory that the device may read by itself: several times as quick as from the caller's. */
at::Tensor AtenTower::sent(const float *x, int64_t n)
{
    const int64_t count = n * 3 * shape.image * shape.image;
    if (!device.is_cuda())
        return at::from_blob(const_cast<float *>(x), {count}, at::kFloat).to(device, type);
    if (!outbox.defined() || outbox.numel() < count)
        outbox = at::empty({count}, at::TensorOptions().dtype(at::kFloat).pinned_memory(true));
    float *to = outbox.data_ptr<float>();
    for_ranges(n, 4, [&](int64_t begin, int64_t end) {
        std::memcpy(to + begin * (count / n), x + begin * (count / n),
                    sizeof(float) * static_cast<size_t>((end - begin) * (count / n)));
    });
    return outbox.narrow(0, 0, count).to(device).to(type);
}

/* Pictures are sent as they are: unfolding them takes the device no time, but the processor more than all else. */
at::Tensor AtenTower::unfold_on_device(const float *x, int64_t n)
{
    const int64_t grid = shape.grid, patch = shape.patch;

    return sent(x, n)
        .view({n, 3, shape.image, shape.image})
        .narrow(2, 0, grid * patch)
        .narrow(3, 0, grid * patch)
        .reshape({n, 3, grid, patch, grid, patch})
        .permute({0, 2, 4, 1, 3, 5})
        .reshape({n * grid * grid, 3 * patch * patch});
}

void AtenTower::add_attention(const at::Tensor &tokens, const Block &block, int64_t n)
{
    const at::Tensor qkv = apply(normalise(tokens, block.ln_1), block.in_proj);
    const at::Tensor mixed = empty(tokens.sizes());

    attend(mixed, qkv, n);
    tokens.add_(apply(mixed, block.out_proj));
}

/* softmax(q k^T / sqrt(d)) v for each image and head; qkv's rows hold q, k and v, each head after head. */
void AtenTower::attend(const at::Tensor &out, const at::Tensor &qkv, int64_t n) const
{
    const int64_t t = shape.tokens, w = shape.width, heads = shape.heads, d = w / heads;
    const float scale = 1.0f / std::sqrt(static_cast<float>(d));

    if (!math.is_own()) {
        const at::Tensor parts = qkv.view({n, t, 3, heads, d}).permute({2, 0, 3, 1, 4});
        const at::Tensor scores = at::matmul(parts.select(0, 0).mul(scale), parts.select(0, 1).transpose(-2, -1));
        const at::Tensor mixed = at::matmul(at::softmax(scores, -1), parts.select(0, 2));
        out.copy_(mixed.permute({0, 2, 1, 3}).reshape({n * t, w}));
        return;
    }
    const float *in = qkv.data_ptr<float>();
    float *to = out.data_ptr<float>();
    for_ranges(n * heads, 1, [&](int64_t begin, int64_t end) {
        const at::Tensor scores = make_tensor({t, t}, device);
        Scratch scratch;
        for (int64_t i = begin; i < end; i++) {
            const float *q = in + i / heads * t * 3 * w + i % heads * d;
            gemm(scores.data_ptr<float>(), t, {q, 3 * w, 1}, {q + w, 1, 3 * w}, t, t, d, nullptr, scratch);
            const at::Tensor share = at::softmax(scores.mul_(scale), -1);
            gemm(to + i / heads * t * w + i % heads * d, w, {share.data_ptr<float>(), t, 1}, {q + 2 * w, 3 * w, 1}, t,
                 d, t, nullptr, scratch);
        }
    });
}

void AtenTower::add_mlp(const at::Tensor &tokens, const Block &block)
{
    const at::Tensor hidden = apply(normalise(tokens, block.ln_2), block.c_fc);
    activate(hidden);
    tokens.add_(apply(hidden, block.c_proj));
}

void AtenTower::activate(const at::Tensor &x) const
{
    const auto in_place = [this](const at::Tensor &part) {
        if (activation == SAI_BACKEND_ACT_GELU)
            part.copy_(at::gelu(part));
        else
            part.mul_(part.mul(1.702).sigmoid_());
    };
    if (!math.is_own()) {
        in_place(x);
        return;
    }
    const int64_t rows = x.size(0), whole = rows / rows_per_block;
    for_ranges(whole, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
            in_place(x.narrow(0, i * rows_per_block, rows_per_block));
    });
    if (whole * rows_per_block == rows)
        return;
    /* libtorch's last few numbers of a tensor may get other bits: the last block is filled up. */
    const at::Tensor last = x.narrow(0, whole * rows_per_block, rows - whole * rows_per_block);
    const at::Tensor block = at::zeros({rows_per_block, x.size(1)}, x.options());
    block.narrow(0, 0, last.size(0)).copy_(last);
    in_place(block);
    last.copy_(block.narrow(0, 0, last.size(0)));
}

at::Tensor AtenTower::normalise(const at::Tensor &x, const Norm &norm) const
{
    return at::layer_norm(x, {shape.width}, norm.weight, norm.bias, eps);
}

at::Tensor AtenTower::apply(const at::Tensor &x, const Linear &linear)
{
    const at::Tensor y = empty({x.size(0), linear.weight.size(1)});
    math.affine(y, x, linear.weight, linear.bias);
    return y;
}

} // namespace selectai
