/*
 * tower_weights.cpp: geometry and weights of an image tower, checked before anything is computed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "tower.h"

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

class Loader
{
  public:
    Loader(const sai_backend_tower_spec &spec, const c10::Device &device) : device(device)
    {
        SELECTAI_NEED(spec.tensors != nullptr || spec.n_tensors == 0, "tower: tensors is NULL");
        for (uint64_t i = 0; i < spec.n_tensors; i++) {
            const sai_backend_tensor &tensor = spec.tensors[i];
            SELECTAI_NEED(tensor.name != nullptr, "tower: tensor %llu has no name", static_cast<unsigned long long>(i));
            SELECTAI_NEED(by_name.emplace(tensor.name, &tensor).second, "tower: tensor \"%.100s\" is given twice",
                          tensor.name);
        }
    }

    at::Tensor load(const std::string &name, const std::vector<uint64_t> &shape) const
    {
        const auto found = by_name.find(name);
        SELECTAI_NEED(found != by_name.end(), "tower: tensor \"%s\" is missing", name.c_str());
        const sai_backend_tensor &tensor = *found->second;
        check(tensor, shape);

        const at::ScalarType type = tensor.dtype == SAI_BACKEND_F32   ? at::kFloat
                                    : tensor.dtype == SAI_BACKEND_F16 ? at::kHalf
                                                                      : at::kBFloat16;
        const std::vector<int64_t> sizes(shape.begin(), shape.end());
        at::Tensor copy = at::empty(sizes, at::TensorOptions().dtype(type));
        std::memcpy(copy.data_ptr(), tensor.data, copy.nbytes()); /* the file's bytes may lie at any address */
        return copy.to(at::kFloat).to(device);
    }

    Norm load_norm(const std::string &name, uint64_t width) const
    {
        return {load(name + ".weight", {width}), load(name + ".bias", {width})};
    }

    /* The file holds [out, in]. */
    Linear load_linear(const std::string &weight, const std::string &bias, uint64_t out, uint64_t in) const
    {
        return {load(weight, {out, in}).t().contiguous(), load(bias, {out})};
    }

  private:
    void check(const sai_backend_tensor &tensor, const std::vector<uint64_t> &shape) const
    {
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

    c10::Device device;
    std::map<std::string, const sai_backend_tensor *> by_name;
};

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
    SELECTAI_NEED(spec.compute_dtype == SAI_BACKEND_F32, "tower: this module computes in 32-bit floats only");
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

TowerWeights load_tower_weights(const sai_backend_tower_spec &spec, const TowerShape &shape, const c10::Device &device)
{
    const Loader loader(spec, device);
    const uint64_t width = spec.width, patch = spec.patch, mlp = spec.mlp_width;
    TowerWeights w;

    w.conv1.weight = loader.load("conv1.weight", {width, 3, patch, patch}).view({shape.width, -1}).t().contiguous();
    w.class_token = loader.load("class_embedding", {width});
    w.position = loader.load("positional_embedding", {static_cast<uint64_t>(shape.tokens), width});
    w.ln_pre = loader.load_norm("ln_pre", width);
    for (uint32_t i = 0; i < spec.layers; i++) {
        const std::string name = "transformer.resblocks." + std::to_string(i);
        Block block;
        block.ln_1 = loader.load_norm(name + ".ln_1", width);
        block.in_proj = loader.load_linear(name + ".attn.in_proj_weight", name + ".attn.in_proj_bias", 3 * width,
                                           width);
        block.out_proj = loader.load_linear(name + ".attn.out_proj.weight", name + ".attn.out_proj.bias", width, width);
        block.ln_2 = loader.load_norm(name + ".ln_2", width);
        block.c_fc = loader.load_linear(name + ".mlp.c_fc.weight", name + ".mlp.c_fc.bias", mlp, width);
        block.c_proj = loader.load_linear(name + ".mlp.c_proj.weight", name + ".mlp.c_proj.bias", width, mlp);
        w.blocks.push_back(block);
    }
    w.ln_post = loader.load_norm("ln_post", width);
    w.proj.weight = loader.load("proj", {width, spec.output});
    return w;
}

} // namespace selectai
