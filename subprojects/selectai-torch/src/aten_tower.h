/*
 * aten_tower.h: the image tower for every device that libtorch knows, and for processors where oneDNN is missing.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_ATEN_TOWER_H
#define SELECTAI_TORCH_ATEN_TOWER_H

#include <mutex>

#include "image_tower.h"

namespace selectai
{

class AtenTower : public ImageTower
{
  public:
    /* own: see Math; float32 only. */
    AtenTower(const sai_backend_tower_spec &spec, bool own);

    void encode(float *y, const float *x, uint64_t n) override;
    bool is_sequential() const override
    {
        return false;
    }

  private:
    at::Tensor encode_batch(const float *x, int64_t n);
    at::Tensor patches(const float *x, int64_t n);
    at::Tensor sent(const float *x, int64_t n);
    at::Tensor unfold_on_device(const float *x, int64_t n);
    void add_attention(const at::Tensor &tokens, const Block &block, int64_t n);
    void add_mlp(const at::Tensor &tokens, const Block &block);
    void attend(const at::Tensor &out, const at::Tensor &qkv, int64_t n) const;
    void activate(const at::Tensor &x) const;
    at::Tensor normalise(const at::Tensor &x, const Norm &norm) const;
    at::Tensor apply(const at::Tensor &x, const Linear &linear);
    at::Tensor empty(at::IntArrayRef sizes) const;
    at::Tensor place(const at::Tensor &t) const;

    TowerShape shape;
    int32_t activation;
    double eps;
    c10::Device device;
    at::ScalarType type; /* of weights and of everything between them */
    Math math;
    std::mutex lock; /* one call at a time: each uses all cores or the whole device */
    at::Tensor outbox; /* pinned: what is on its way to the device */
    Linear conv1, proj;
    at::Tensor class_token, position;
    Norm ln_pre, ln_post;
    std::vector<Block> blocks;
};

} // namespace selectai

#endif
