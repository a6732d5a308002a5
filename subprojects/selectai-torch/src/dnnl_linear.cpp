/*
 * dnnl_linear.cpp: products by oneDNN.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "dnnl_linear.h"

#include <cstring>
#include <unordered_map>

#include <omp.h>

namespace selectai
{

using dnnl::memory;

OneThread::OneThread() : before(omp_get_max_threads())
{
    omp_set_num_threads(1);
}

OneThread::~OneThread()
{
    omp_set_num_threads(before);
}

void *DnnlScratch::at_least(size_t bytes)
{
    constexpr size_t alignment = 64;
    if (size < bytes + alignment) {
        memory.reset(new char[bytes + alignment]);
        size = bytes + alignment;
    }
    void *p = memory.get();
    size_t room = size;
    return std::align(alignment, bytes, p, room);
}

DnnlLinear::DnnlLinear(const dnnl::engine &engine, const LinearSpec &spec, const float *weight, int64_t row,
                       const float *bias_values)
    : engine(engine), spec(spec), has_bias(bias_values != nullptr)
{
    const OneThread alone;
    const memory::desc plain({spec.out, spec.in}, memory::data_type::f32, memory::dims{1, row});
    const memory::desc any({spec.out, spec.in}, spec.type, memory::format_tag::any);
    weights = memory(describe(spec.typical_rows, any).weights_desc(), engine);
    dnnl::stream stream(engine);
    memory from(plain, engine, const_cast<float *>(weight)); /* oneDNN has no view for reading only */
    dnnl::reorder(from, weights).execute(stream, from, weights);
    stream.wait();
    if (has_bias) {
        bias = memory({{spec.out}, memory::data_type::f32, memory::format_tag::x}, engine);
        std::memcpy(bias.get_data_handle(), bias_values, sizeof(float) * static_cast<size_t>(spec.out));
    }
}

dnnl::inner_product_forward::primitive_desc DnnlLinear::describe(int64_t rows, const memory::desc &weights_desc) const
{
    const memory::desc x({rows, spec.in}, spec.type, memory::format_tag::nc);
    const memory::desc y({rows, spec.out}, spec.to, memory::format_tag::nc);
    const memory::desc b({spec.out}, memory::data_type::f32, memory::format_tag::x);
    dnnl::post_ops after;
    if (spec.after == After::quickgelu)
        after.append_eltwise(1.0f, dnnl::algorithm::eltwise_swish, 1.702f, 0.0f);
    else if (spec.after == After::gelu)
        after.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_erf, 0.0f, 0.0f);
    else if (spec.after == After::add)
        after.append_sum(1.0f);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const auto kind = dnnl::prop_kind::forward_inference;
    const auto desc = has_bias ? dnnl::inner_product_forward::desc(kind, x, weights_desc, b, y)
                               : dnnl::inner_product_forward::desc(kind, x, weights_desc, y);
    return {desc, attributes, engine};
}

const DnnlLinear::Product &DnnlLinear::product(int64_t rows) const
{
    const std::lock_guard<std::mutex> guard(lock);
    auto found = products.find(rows);
    if (found == products.end()) {
        const auto desc = describe(rows, weights.get_desc());
        found = products.emplace(rows, Product{desc, dnnl::inner_product_forward(desc)}).first;
    }
    return found->second;
}

void DnnlLinear::apply(void *y, const void *x, int64_t rows, DnnlScratch &scratch) const
{
    const Product &p = product(rows);
    dnnl::stream stream(engine);
    const memory::desc scratch_desc = p.desc.scratchpad_desc();
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, memory(p.desc.src_desc(), engine, const_cast<void *>(x))},
        {DNNL_ARG_WEIGHTS, weights},
        {DNNL_ARG_DST, memory(p.desc.dst_desc(), engine, y)},
        {DNNL_ARG_SCRATCHPAD, memory(scratch_desc, engine, scratch.at_least(scratch_desc.get_size()))},
    };
    if (has_bias)
        arguments.emplace(DNNL_ARG_BIAS, bias);
    p.run.execute(stream, arguments);
    stream.wait();
}

} // namespace selectai
