/*
 * math.cpp: the steps that networks are made of; each first for the CPU, then through libtorch.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "math.h"

#include <cmath>
#include <cstring>

#include <ATen/Parallel.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>

#include "guard.h"

namespace selectai
{
namespace
{

constexpr int64_t rows_per_thread = 96;

float keep_scale(uint32_t drop)
{
    return 65536.0f / (65536.0f - static_cast<float>(drop));
}

/* Four decisions from one random number. keep[i] is the scale or 0. */
void draw_keep(float *keep, int64_t n, uint32_t drop, Random &random)
{
    const float scale = keep_scale(drop);
    uint64_t bits = 0;
    for (int64_t i = 0; i < n; i++, bits >>= 16) {
        if (i % 4 == 0)
            bits = random.next();
        keep[i] = (bits & 0xFFFF) >= drop ? scale : 0.0f;
    }
}

} // namespace

c10::Device parse_device(const char *name)
{
    if (name == nullptr || std::strcmp(name, "cpu") == 0)
        return c10::Device(c10::DeviceType::CPU);
    if (std::strcmp(name, "mps") == 0)
        return c10::Device(c10::DeviceType::MPS);
    if (std::strcmp(name, "cuda") == 0)
        return c10::Device(c10::DeviceType::CUDA);
    if (std::strncmp(name, "cuda:", 5) == 0 && name[5] >= '0' && name[5] <= '9') {
        int index = 0;
        const char *p = name + 5;
        for (; *p >= '0' && *p <= '9' && index < 100; p++)
            index = index * 10 + (*p - '0');
        if (*p == '\0' && index < 100)
            return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
    }
    fail(SAI_BACKEND_EARGUMENT, "unknown device \"%.40s\": use cpu, cuda, cuda:N or mps", name);
}

at::Tensor make_tensor(at::IntArrayRef shape, const c10::Device &device)
{
    return at::empty(shape, at::TensorOptions().dtype(at::kFloat).device(device));
}

void for_ranges(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)> &body)
{
    at::parallel_for(0, n, grain, body);
}

void Math::affine(const at::Tensor &y, const at::Tensor &x, const at::Tensor &w, const at::Tensor &b)
{
    if (!own) {
        at::Tensor out = y;
        if (b.defined())
            at::addmm_out(out, b, x, w);
        else
            at::mm_out(out, x, w);
        return;
    }
    const int64_t rows = x.size(0), in = w.size(0), out = w.size(1);
    const float *xp = x.data_ptr<float>();
    const float *wp = w.data_ptr<float>();
    const float *bp = b.defined() ? b.data_ptr<float>() : nullptr;
    float *yp = y.data_ptr<float>();
    if (alone || rows <= 2 * rows_per_thread) {
        gemm(yp, out, {xp, in, 1}, {wp, out, 1}, rows, out, in, bp, scratch);
        return;
    }
    for_ranges(rows, rows_per_thread, [&](int64_t begin, int64_t end) {
        Scratch local;
        gemm(yp + begin * out, out, {xp + begin * in, in, 1}, {wp, out, 1}, end - begin, out, in, bp, local);
    });
}

void Math::multiply_tn(const at::Tensor &c, const at::Tensor &a, const at::Tensor &b)
{
    if (!own) {
        at::Tensor out = c;
        at::mm_out(out, a.t(), b);
        return;
    }
    const int64_t rows = a.size(0), m = a.size(1), n = b.size(1);
    gemm(c.data_ptr<float>(), n, {a.data_ptr<float>(), 1, m}, {b.data_ptr<float>(), n, 1}, m, n, rows, nullptr,
         scratch);
}

void Math::multiply_nt(const at::Tensor &c, const at::Tensor &a, const at::Tensor &b)
{
    if (!own) {
        at::Tensor out = c;
        at::mm_out(out, a, b.t());
        return;
    }
    const int64_t m = a.size(0), k = a.size(1), n = b.size(0);
    gemm(c.data_ptr<float>(), n, {a.data_ptr<float>(), k, 1}, {b.data_ptr<float>(), 1, k}, m, n, k, nullptr, scratch);
}

void Math::sum_rows(const at::Tensor &out, const at::Tensor &a)
{
    if (!own) {
        at::Tensor to = out;
        at::sum_out(to, a, at::IntArrayRef({0}));
        return;
    }
    const int64_t rows = a.size(0), columns = a.size(1);
    const float *in = a.data_ptr<float>();
    float *to = out.data_ptr<float>();
    std::memset(to, 0, sizeof(float) * static_cast<size_t>(columns));
    for (int64_t i = 0; i < rows; i++, in += columns) {
        for (int64_t j = 0; j < columns; j++)
            to[j] += in[j];
    }
}

void Math::relu(const at::Tensor &y)
{
    if (!own) {
        y.clamp_min_(0);
        return;
    }
    float *p = y.data_ptr<float>();
    const int64_t n = y.numel();
    for (int64_t i = 0; i < n; i++)
        p[i] = p[i] <= 0.0f ? 0.0f : p[i]; /* NaN stays NaN */
}

void Math::relu_dropout(const at::Tensor &y, uint32_t drop, Random &random)
{
    if (drop == 0) {
        relu(y);
        return;
    }
    const int64_t n = y.numel();
    if (!own) {
        const at::Tensor keep = make_tensor(y.sizes(), c10::Device(c10::DeviceType::CPU));
        draw_keep(keep.data_ptr<float>(), n, drop, random);
        y.clamp_min_(0).mul_(keep.to(y.device()));
        return;
    }
    float *p = y.data_ptr<float>();
    constexpr int64_t block = 256;
    float keep[block];
    for (int64_t i0 = 0; i0 < n; i0 += block) {
        const int64_t count = n - i0 < block ? n - i0 : block;
        draw_keep(keep, count, drop, random);
        for (int64_t i = 0; i < count; i++)
            p[i0 + i] = (p[i0 + i] <= 0.0f ? 0.0f : p[i0 + i]) * keep[i];
    }
}

void Math::relu_dropout_backward(const at::Tensor &d, const at::Tensor &y, uint32_t drop)
{
    const float scale = keep_scale(drop);
    if (!own) {
        d.mul_(y.gt(0)).mul_(scale);
        return;
    }
    float *dp = d.data_ptr<float>();
    const float *yp = y.data_ptr<float>();
    const int64_t n = d.numel();
    for (int64_t i = 0; i < n; i++)
        dp[i] = yp[i] > 0.0f ? dp[i] * scale : 0.0f;
}

void Math::sigmoid(const at::Tensor &y)
{
    if (!own) {
        y.sigmoid_();
        return;
    }
    float *p = y.data_ptr<float>();
    const int64_t n = y.numel();
    for (int64_t i = 0; i < n; i++)
        p[i] = 1.0f / (1.0f + std::exp(-p[i]));
}

void Math::sigmoid_backward(const at::Tensor &d, const at::Tensor &y)
{
    if (!own) {
        d.mul_(y).mul_(y.neg().add_(1));
        return;
    }
    float *dp = d.data_ptr<float>();
    const float *yp = y.data_ptr<float>();
    const int64_t n = d.numel();
    for (int64_t i = 0; i < n; i++)
        dp[i] *= yp[i] * (1.0f - yp[i]);
}

void Math::adam(const at::Tensor &parameters, const at::Tensor &m, const at::Tensor &v, const at::Tensor &gradient,
                const AdamStep &step)
{
    if (own) {
        adam_step(parameters.data_ptr<float>(), m.data_ptr<float>(), v.data_ptr<float>(), gradient.data_ptr<float>(),
                  parameters.numel(), step);
        return;
    }
    m.mul_(step.beta1).add_(gradient, 1.0f - step.beta1);
    v.mul_(step.beta2).addcmul_(gradient, gradient, 1.0f - step.beta2);
    parameters.mul_(step.decay).addcdiv_(m, v.sqrt().mul_(step.root_correction).add_(step.eps), -step.step_size);
}

} // namespace selectai
