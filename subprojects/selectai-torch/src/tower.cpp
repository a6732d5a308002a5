/*
 * tower.cpp: the image tower's forward pass.
 *
 * On the CPU every step works on blocks of rows whose size does not depend on the number of threads, because libtorch's
 * vectorised functions give other last bits at a chunk's ragged end.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "tower.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

namespace selectai
{
namespace
{

constexpr int64_t rows_per_block = 16;
constexpr int64_t rows_per_batch = 2048;       /* tokens at once: bounds the memory */
constexpr int64_t scores_per_batch = 16 << 20; /* attention scores at once, as above */

int64_t ceil_divide(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

} // namespace

Tower::Tower(const sai_backend_tower_spec &spec, bool own)
    : shape(check_tower_shape(spec)), activation(spec.activation), eps(spec.layer_norm_eps),
      device(parse_device(spec.device)), math(own && device.is_cpu()), weights(load_tower_weights(spec, shape, device))
{
}

void Tower::encode(float *y, const float *x, uint64_t n)
{
    const uint64_t pixels = 3 * static_cast<uint64_t>(shape.image * shape.image);
    const int64_t by_scores = scores_per_batch / (shape.heads * shape.tokens * shape.tokens);
    const uint64_t batch = static_cast<uint64_t>(
        std::max<int64_t>(1, std::min(rows_per_batch / shape.tokens, by_scores)));

    for (uint64_t begin = 0; begin < n; begin += batch) {
        const uint64_t count = std::min(batch, n - begin);
        const at::Tensor out = encode_batch(x + begin * pixels, static_cast<int64_t>(count)).cpu().contiguous();
        std::memcpy(y + begin * static_cast<uint64_t>(shape.output), out.data_ptr<float>(),
                    sizeof(float) * static_cast<size_t>(out.numel()));
    }
}

at::Tensor Tower::encode_batch(const float *x, int64_t n)
{
    at::Tensor tokens = make_tensor({n, shape.tokens, shape.width}, device);

    tokens.select(1, 0).copy_(weights.class_token);
    tokens.narrow(1, 1, shape.tokens - 1)
        .copy_(apply(patches(x, n).to(device), weights.conv1).view({n, shape.tokens - 1, shape.width}));
    tokens.add_(weights.position);
    tokens = normalise(tokens.view({n * shape.tokens, shape.width}), weights.ln_pre);
    for (const Block &block : weights.blocks) {
        add_attention(tokens, block, n);
        add_mlp(tokens, block);
    }
    const at::Tensor first = tokens.view({n, shape.tokens, shape.width}).select(1, 0).contiguous();
    return apply(normalise(first, weights.ln_post), weights.proj);
}

/* Each patch as a row (channel, y, x), so that the convolution becomes a product. A margin that makes no whole patch is
 * left out, as the convolution does. */
at::Tensor Tower::patches(const float *x, int64_t n) const
{
    const int64_t p = shape.patch, side = shape.image, grid = shape.grid;
    const at::Tensor out = make_tensor({n * grid * grid, 3 * p * p}, c10::Device(c10::DeviceType::CPU));
    float *to = out.data_ptr<float>();

    for_ranges(n * grid, 4, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; row++) {
            const float *image = x + row / grid * 3 * side * side;
            const int64_t top = row % grid * p;
            float *row_to = to + row * grid * 3 * p * p;
            for (int64_t column = 0; column < grid; column++) {
                for (int64_t c = 0; c < 3; c++) {
                    for (int64_t dy = 0; dy < p; dy++, row_to += p)
                        std::memcpy(row_to, image + (c * side + top + dy) * side + column * p,
                                    sizeof(float) * static_cast<size_t>(p));
                }
            }
        }
    });
    return out;
}

void Tower::add_attention(const at::Tensor &tokens, const Block &block, int64_t n)
{
    const at::Tensor qkv = apply(normalise(tokens, block.ln_1), block.in_proj);
    const at::Tensor mixed = make_tensor(tokens.sizes(), device);

    attend(mixed, qkv, n);
    tokens.add_(apply(mixed, block.out_proj));
}

/* softmax(q k^T / sqrt(d)) v for each image and head; qkv's rows hold q, k and v, each head after head. */
void Tower::attend(const at::Tensor &out, const at::Tensor &qkv, int64_t n) const
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

void Tower::add_mlp(const at::Tensor &tokens, const Block &block)
{
    const at::Tensor hidden = apply(normalise(tokens, block.ln_2), block.c_fc);
    activate(hidden);
    tokens.add_(apply(hidden, block.c_proj));
}

void Tower::activate(const at::Tensor &x) const
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
    const int64_t rows = x.size(0);
    for_ranges(ceil_divide(rows, rows_per_block), 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
            in_place(x.narrow(0, i * rows_per_block, std::min(rows_per_block, rows - i * rows_per_block)));
    });
}

at::Tensor Tower::normalise(const at::Tensor &x, const Norm &norm) const
{
    return at::layer_norm(x, {shape.width}, norm.weight, norm.bias, eps);
}

at::Tensor Tower::apply(const at::Tensor &x, const Linear &linear)
{
    const at::Tensor y = make_tensor({x.size(0), linear.weight.size(1)}, device);
    math.affine(y, x, linear.weight, linear.bias);
    return y;
}

} // namespace selectai
