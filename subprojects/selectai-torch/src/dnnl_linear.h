/*
 * dnnl_linear.h: y = x W^T + b with prepacked weights, through oneDNN, on the calling thread.
 *
 * oneDNN chooses the instructions (AVX2, AVX-512, AVX-512 BF16, AMX) at run time. Each product is made for one thread:
 * then a row's sums run in one order, whatever rows are beside it, which its splits over threads would change.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_DNNL_LINEAR_H
#define SELECTAI_TORCH_DNNL_LINEAR_H

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

namespace selectai
{

/* While it lives, oneDNN makes and runs single-threaded work on this thread. */
class OneThread
{
  public:
    OneThread();
    ~OneThread();
    OneThread(const OneThread &) = delete;
    OneThread &operator=(const OneThread &) = delete;

  private:
    int before;
};

/* Memory that oneDNN needs while it works; one of each thread. */
class DnnlScratch
{
  public:
    void *at_least(size_t bytes);

  private:
    std::unique_ptr<char[]> memory;
    size_t size = 0;
};

enum class After {
    nothing,
    quickgelu, /* y sigmoid(1.702 y) */
    gelu,      /* exact */
    add,       /* y is added to what the output holds */
};

struct LinearSpec {
    int64_t in, out;
    dnnl::memory::data_type type; /* of x and W: f32 or bf16; sums are always float */
    dnnl::memory::data_type to;   /* of y */
    After after;
    int64_t typical_rows; /* weights are laid out for about so many rows at once */
};

class DnnlLinear
{
  public:
    /* weight: [in, out], `row` floats from one input's weights to the next's; bias: [out] or NULL. Both are copied. */
    DnnlLinear(const dnnl::engine &engine, const LinearSpec &spec, const float *weight, int64_t row, const float *bias);

    /* y [rows, out] from x [rows, in]. From any number of threads, each with a OneThread alive. */
    void apply(void *y, const void *x, int64_t rows, DnnlScratch &scratch) const;

  private:
    struct Product {
        dnnl::inner_product_forward::primitive_desc desc;
        dnnl::inner_product_forward run;
    };
    dnnl::inner_product_forward::primitive_desc describe(int64_t rows, const dnnl::memory::desc &weights) const;
    const Product &product(int64_t rows) const;

    dnnl::engine engine;
    LinearSpec spec;
    bool has_bias;
    dnnl::memory weights, bias;
    mutable std::mutex lock;
    mutable std::map<int64_t, Product> products; /* by rows */
};

} // namespace selectai

#endif
