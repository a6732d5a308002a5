/*
 * tower.h: CLIP's image tower, a vision transformer (Radford et al. 2021, "Learning transferable visual models from
 * natural language supervision"; Dosovitskiy et al. 2021).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_TOWER_H
#define SELECTAI_TORCH_TOWER_H

#include <vector>

#include "guard.h"
#include "math.h"

namespace selectai
{

struct TowerShape {
    int64_t image, patch, width, layers, heads, mlp, output;
    int64_t grid;   /* patches along a side */
    int64_t tokens; /* grid^2 and the class token */
};

struct Norm {
    at::Tensor weight, bias;
};

/* weight [in, out]; bias may be undefined */
struct Linear {
    at::Tensor weight, bias;
};

struct Block {
    Norm ln_1, ln_2;
    Linear in_proj, out_proj, c_fc, c_proj;
};

struct TowerWeights {
    Linear conv1; /* [3 patch patch, width] */
    at::Tensor class_token, position;
    Norm ln_pre, ln_post;
    std::vector<Block> blocks;
    Linear proj;
};

/* Refuses an impossible geometry. */
TowerShape check_tower_shape(const sai_backend_tower_spec &spec);

/* Checks name, dtype and shape of each tensor that the shape demands, and copies it as float to the device. */
TowerWeights load_tower_weights(const sai_backend_tower_spec &spec, const TowerShape &shape, const c10::Device &device);

class Tower
{
  public:
    /* own: see Math. */
    Tower(const sai_backend_tower_spec &spec, bool own);

    int64_t outputs() const
    {
        return shape.output;
    }
    void encode(float *y, const float *x, uint64_t n);

  private:
    at::Tensor encode_batch(const float *x, int64_t n);
    at::Tensor patches(const float *x, int64_t n) const;
    void add_attention(const at::Tensor &tokens, const Block &block, int64_t n);
    void add_mlp(const at::Tensor &tokens, const Block &block);
    void attend(const at::Tensor &out, const at::Tensor &qkv, int64_t n) const;
    void activate(const at::Tensor &x) const;
    at::Tensor normalise(const at::Tensor &x, const Norm &norm) const;
    at::Tensor apply(const at::Tensor &x, const Linear &linear);

    TowerShape shape;
    int32_t activation;
    double eps;
    c10::Device device;
    Math math;
    TowerWeights weights;
};

} // namespace selectai

#endif
