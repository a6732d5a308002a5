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

#include "guard.h"

namespace selectai
{
namespace
{

constexpr int64_t rows_per_thread = 96;

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

} // namespace selectai
