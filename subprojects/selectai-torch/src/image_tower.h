/*
 * image_tower.h: what both kinds of image tower share: DnnlTower for the processor, AtenTower for all else.
 *
 * CLIP's image tower is a vision transformer (Radford et al. 2021, "Learning transferable visual models from natural
 * language supervision"; Dosovitskiy et al. 2021).
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_IMAGE_TOWER_H
#define SELECTAI_TORCH_IMAGE_TOWER_H

#include <map>
#include <memory>
#include <string>
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

/* Refuses an impossible geometry. */
TowerShape check_tower_shape(const sai_backend_tower_spec &spec);

class ImageTower
{
  public:
    virtual ~ImageTower() = default;
    /* y: n x output from x: n x 3 x image x image. From any number of threads. */
    virtual void encode(float *y, const float *x, uint64_t n) = 0;
    /* encode() works on the calling thread alone: more images at once want more threads. */
    virtual bool is_sequential() const = 0;
};

/* The quickest kind of tower for the spec's device and dtype. */
std::unique_ptr<ImageTower> make_tower(const sai_backend_tower_spec &spec);

/* SAI_BACKEND_* */
int32_t preferred_dtype(const char *device);

/* Where each image's patches go, as rows (channel, y, x): the convolution becomes a product. A margin that makes no
 * whole patch is left out, as the convolution does. take(to, from, n) copies n floats of one line of a patch; rows: of
 * the grid, counted over all images. */
template <typename T, typename Take>
void unfold_patches(T *to, const float *x, const TowerShape &shape, int64_t first_row, int64_t end_row, Take &&take)
{
    const int64_t p = shape.patch, side = shape.image, grid = shape.grid;
    for (int64_t row = first_row; row < end_row; row++) {
        const float *image = x + row / grid * 3 * side * side;
        const int64_t top = row % grid * p;
        T *row_to = to + row * grid * 3 * p * p;
        for (int64_t column = 0; column < grid; column++) {
            for (int64_t c = 0; c < 3; c++) {
                for (int64_t dy = 0; dy < p; dy++, row_to += p)
                    take(row_to, image + (c * side + top + dy) * side + column * p, p);
            }
        }
    }
}

/* ---- Weights --------------------------------------------------------------------------------- */

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

/* Checks name, dtype and shape of each tensor, and copies it as floats. */
class TowerLoader
{
  public:
    TowerLoader(const sai_backend_tower_spec &spec, const TowerShape &shape);

    Linear conv1() const; /* [3 patch patch, width] */
    at::Tensor class_token() const;
    at::Tensor position() const;
    Norm norm(const std::string &name) const;
    Block block(int64_t i) const;
    Linear proj() const;

  private:
    at::Tensor load(const std::string &name, const std::vector<int64_t> &sizes) const;
    Linear linear(const std::string &weight, const std::string &bias, int64_t out, int64_t in) const;

    TowerShape shape;
    std::map<std::string, const sai_backend_tensor *> by_name;
};

} // namespace selectai

#endif
