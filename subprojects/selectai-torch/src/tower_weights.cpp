/*
 * tower_weights.cpp: geometry and weights of an image tower, checked before anything is computed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image_tower.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include <ATen/ops/empty.h>

namespace selectai
{
namespace
{

constexpr uint32_t max_side = 1U << 14;
constexpr uint32_t max_width = 1U << 16;
constexpr uint32_t max_layers = 1024;
constexpr uint32_t max_rank = 4;

/* "[768, 3, 32, 32]" */
std::string shape_text(const uint64_t *shape, size_t rank)
{
    std::string text = "[";
    for (size_t i = 0; i < rank; i++)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

void check(const sai_backend_tensor &tensor, const std::vector<int64_t> &sizes)
{
    const std::vector<uint64_t> shape(sizes.begin(), sizes.end());
    SELECTAI_NEED(tensor.dtype == SAI_BACKEND_F32 || tensor.dtype == SAI_BACKEND_F16 ||
                      tensor.dtype == SAI_BACKEND_BF16,
                  "tower: tensor \"%.100s\" has the unknown dtype %d", tensor.name, static_cast<int>(tensor.dtype));
    SELECTAI_NEED(tensor.rank <= max_rank, "tower: tensor \"%.100s\" has rank %u", tensor.name, tensor.rank);
    bool same = tensor.rank == shape.size();
    for (size_t i = 0; same && i < shape.size(); i++)
        same = tensor.shape[i] == shape[i];
    SELECTAI_NEED(same, "tower: tensor \"%.100s\" has the shape %s, need %s", tensor.name,
                  shape_text(tensor.shape, tensor.rank).c_str(), shape_text(shape.data(), shape.size()).c_str());
    SELECTAI_NEED(tensor.data != nullptr, "tower: tensor \"%.100s\" has no data", tensor.name);
}

void check_range(const char *what, uint32_t value, uint32_t most)
{
    SELECTAI_NEED(value >= 1 && value <= most, "tower: %s is %u, need 1 to %u", what, value, most);
}

} // namespace

TowerShape check_tower_shape(const sai_backend_tower_spec &spec)
{
    SELECTAI_NEED(spec.struct_size >= sizeof spec, "tower spec: struct_size is %u, need %zu", spec.struct_size,
                  sizeof spec);
    check_range("image size", spec.image_size, max_side);
    check_range("patch size", spec.patch, spec.image_size);
    check_range("width", spec.width, max_width);
    check_range("number of layers", spec.layers, max_layers);
    check_range("number of heads", spec.heads, spec.width);
    check_range("MLP width", spec.mlp_width, max_width);
    check_range("output width", spec.output, max_width);
    SELECTAI_NEED(spec.width % spec.heads == 0, "tower: width %u is no multiple of %u heads", spec.width, spec.heads);
    SELECTAI_NEED(spec.activation == SAI_BACKEND_ACT_QUICKGELU || spec.activation == SAI_BACKEND_ACT_GELU,
                  "tower: unknown activation %d", static_cast<int>(spec.activation));
    SELECTAI_NEED(spec.compute_dtype == SAI_BACKEND_F32 || spec.compute_dtype == SAI_BACKEND_F16 ||
                      spec.compute_dtype == SAI_BACKEND_BF16,
                  "tower: cannot compute in the unknown dtype %d", static_cast<int>(spec.compute_dtype));
    SELECTAI_NEED(std::isfinite(spec.layer_norm_eps) && spec.layer_norm_eps >= 0.0f,
                  "tower: layer norm's eps is %g, need 0 or more", static_cast<double>(spec.layer_norm_eps));

    TowerShape s = {spec.image_size, spec.patch, spec.width, spec.layers, spec.heads, spec.mlp_width,
                    spec.output,     0,          0};
    s.grid = s.image / s.patch;
    s.tokens = s.grid * s.grid + 1;
    SELECTAI_NEED(s.tokens <= (1 << 16), "tower: %lld patches an image are too many",
                  static_cast<long long>(s.tokens - 1));
    return s;
}

TowerLoader::TowerLoader(const sai_backend_tower_spec &spec, const TowerShape &shape) : shape(shape)
{
    SELECTAI_NEED(spec.tensors != nullptr || spec.n_tensors == 0, "tower: tensors is NULL");
    for (uint64_t i = 0; i < spec.n_tensors; i++) {
        const sai_backend_tensor &tensor = spec.tensors[i];
        SELECTAI_NEED(tensor.name != nullptr, "tower: tensor %llu has no name", static_cast<unsigned long long>(i));
        SELECTAI_NEED(by_name.emplace(tensor.name, &tensor).second, "tower: tensor \"%.100s\" is given twice",
                      tensor.name);
    }
}

at::Tensor TowerLoader::load(const std::string &name, const std::vector<int64_t> &sizes) const
{
    const auto found = by_name.find(name);
    SELECTAI_NEED(found != by_name.end(), "tower: tensor \"%s\" is missing", name.c_str());
    const sai_backend_tensor &tensor = *found->second;
    check(tensor, sizes);

    const at::ScalarType type = tensor.dtype == SAI_BACKEND_F32   ? at::kFloat
                                : tensor.dtype == SAI_BACKEND_F16 ? at::kHalf
                                                                  : at::kBFloat16;
    at::Tensor copy = at::empty(sizes, at::TensorOptions().dtype(type));
    std::memcpy(copy.data_ptr(), tensor.data, copy.nbytes()); /* the file's bytes may lie at any address */
    return copy.to(at::kFloat);
}

/* The file holds [out, in]. */
Linear TowerLoader::linear(const std::string &weight, const std::string &bias, int64_t out, int64_t in) const
{
    return {load(weight, {out, in}).t().contiguous(), load(bias, {out})};
}

Linear TowerLoader::conv1() const
{
    const at::Tensor kernels = load("conv1.weight", {shape.width, 3, shape.patch, shape.patch});
    return {kernels.view({shape.width, -1}).t().contiguous(), at::Tensor()};
}

at::Tensor TowerLoader::class_token() const
{
    return load("class_embedding", {shape.width});
}

at::Tensor TowerLoader::position() const
{
    return load("positional_embedding", {shape.tokens, shape.width});
}

Norm TowerLoader::norm(const std::string &name) const
{
    return {load(name + ".weight", {shape.width}), load(name + ".bias", {shape.width})};
}

Block TowerLoader::block(int64_t i) const
{
    const std::string name = "transformer.resblocks." + std::to_string(i);
    const int64_t width = shape.width, mlp = shape.mlp;
    Block block;
    block.ln_1 = norm(name + ".ln_1");
    block.in_proj = linear(name + ".attn.in_proj_weight", name + ".attn.in_proj_bias", 3 * width, width);
    block.out_proj = linear(name + ".attn.out_proj.weight", name + ".attn.out_proj.bias", width, width);
    block.ln_2 = norm(name + ".ln_2");
    block.c_fc = linear(name + ".mlp.c_fc.weight", name + ".mlp.c_fc.bias", mlp, width);
    block.c_proj = linear(name + ".mlp.c_proj.weight", name + ".mlp.c_proj.bias", width, mlp);
    return block;
}

Linear TowerLoader::proj() const
{
    return {load("proj", {shape.width, shape.output}), at::Tensor()};
}

} // namespace selectai
