/*
 * learn/mlp.c: running a small network in plain C.
 *
 * Weights are packed into panels of 16 outputs: for each input 16 numbers side by side, then the 16 biases. The inner
 * loop keeps 6 rows x 16 outputs in registers and adds one input after the other (blocking as in Goto and van de
 * Geijn, "Anatomy of high-performance matrix multiplication", 2008). A vector register holds different outputs, never
 * parts of one sum: so its width does not change a result, and no fused multiply-add is used.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/mlp.h"

#define PANEL  16u /* outputs */
#define ROWS   6u  /* rows in registers */
#define BLOCKS 8u  /* times ROWS: rows that go through all layers together */
#define BATCH  (ROWS * BLOCKS)

typedef float vec4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float vec8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t mask4 __attribute__((vector_size(16)));
typedef int32_t mask8 __attribute__((vector_size(32)));

static size_t padded(size_t width)
{
    return (width + PANEL - 1) / PANEL * PANEL;
}

bool sai_mlp_count(size_t *n_parameters, const uint32_t *widths, uint32_t n_widths)
{
    size_t sum = 0, product;
    if (n_widths < 2 || n_widths > SAI_MLP_MAX_WIDTHS)
        return false;
    for (uint32_t i = 0; i < n_widths; i++)
        if (widths[i] == 0 || widths[i] > SAI_MLP_MAX_WIDTH)
            return false;
    for (uint32_t i = 1; i < n_widths; i++)
        if (!sai_mul_size(&product, (size_t)widths[i - 1] + 1, widths[i]) || !sai_add_size(&sum, sum, product))
            return false;
    *n_parameters = sum;
    return true;
}

/* Floats of one packed layer. Widths are at most 65536: fits even in 32 bits times 4 with a checked allocation. */
static bool packed_size(size_t *out, uint32_t in, uint32_t width)
{
    return sai_mul_size(out, (size_t)in + 1, padded(width));
}

static void pack_layer(float *to, const float *weight, const float *bias, size_t in, size_t width)
{
    for (size_t first = 0; first < width; first += PANEL) {
        for (size_t k = 0; k <= in; k++, to += PANEL)
            for (size_t j = 0; j < PANEL; j++) {
                size_t o = first + j;
                to[j] = o >= width ? 0.0f : k < in ? weight[o * in + k] : bias[o];
            }
    }
}

static int pack(struct sai_mlp *mlp)
{
    size_t total = 0, n = 0;
    for (uint32_t i = 1; i < mlp->n_widths; i++)
        if (!packed_size(&n, mlp->widths[i - 1], mlp->widths[i]) || !sai_add_size(&total, total, n))
            return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "the network is too large for this machine");
    mlp->packed = sai_aligned_array(total, sizeof *mlp->packed);
    if (!mlp->packed)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    const float *from = mlp->parameters;
    float *to = mlp->packed;
    for (uint32_t i = 1; i < mlp->n_widths; i++) {
        size_t in = mlp->widths[i - 1], width = mlp->widths[i];
        pack_layer(to, from, from + in * width, in, width);
        from += (in + 1) * width;
        to += (in + 1) * padded(width);
    }
    return SELECTAI_OK;
}

int sai_mlp_create(struct sai_mlp **out, const uint32_t *widths, uint32_t n_widths, int32_t output,
                   const float *parameters)
{
    size_t n;
    SAI_REQUIRE(output == SAI_MLP_LINEAR || output == SAI_MLP_SIGMOID);
    SAI_REQUIRE(sai_mlp_count(&n, widths, n_widths));
    struct sai_mlp *mlp = sai_calloc(1, sizeof *mlp);
    if (!mlp)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    mlp->n_widths = n_widths;
    memcpy(mlp->widths, widths, n_widths * sizeof *widths);
    mlp->output = output;
    mlp->n_parameters = n;
    mlp->parameters = sai_malloc_array(n, sizeof *mlp->parameters);
    int rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (mlp->parameters) {
        memcpy(mlp->parameters, parameters, n * sizeof *parameters);
        rc = pack(mlp);
    }
    if (rc == SELECTAI_OK)
        *out = mlp;
    else
        sai_mlp_destroy(&mlp);
    return rc;
}

void sai_mlp_destroy(struct sai_mlp **mlp)
{
    if (!mlp || !*mlp)
        return;
    sai_free((*mlp)->parameters);
    sai_free((*mlp)->packed);
    sai_free(*mlp);
    *mlp = NULL;
}

struct layer {
    float *y;
    size_t y_stride;
    const float *x;
    size_t x_stride, in, width;
    const float *packed;
    bool relu;
};

/* 6 rows x 16 outputs in registers of 8 numbers, and the same with 3 rows and registers of 4 for processors that have
 * no more (there GCC would keep the wider ones in memory). Each sum is the same chain of the same operations. */
#define DEFINE_PANEL(name, vec, mask, lanes, rows)                                                                     \
    static inline __attribute__((always_inline)) void name(const struct layer *l, float *y, const float *x,            \
                                                           const float *w)                                             \
    {                                                                                                                  \
        vec sum[rows][PANEL / lanes] = {{{0}}};                                                                        \
        for (size_t k = 0; k < l->in; k++, w += PANEL)                                                                 \
            for (size_t r = 0; r < rows; r++)                                                                          \
                for (size_t h = 0; h < PANEL / lanes; h++)                                                             \
                    sum[r][h] += x[r * l->x_stride + k] * *(const vec *)(w + lanes * h);                               \
        for (size_t r = 0; r < rows; r++)                                                                              \
            for (size_t h = 0; h < PANEL / lanes; h++) {                                                               \
                vec v = sum[r][h] + *(const vec *)(w + lanes * h);                                                     \
                mask positive = v > 0.0f;                                                                              \
                if (l->relu)                                                                                           \
                    v = (vec)((mask)v & positive);                                                                     \
                *(vec *)(y + r * l->y_stride + lanes * h) = v;                                                         \
            }                                                                                                          \
    }
DEFINE_PANEL(panel_narrow, vec4, mask4, 4u, 3u)

static void run_layer_plain(const struct layer *l)
{
    const float *w = l->packed;
    for (size_t first = 0; first < l->width; first += PANEL, w += (l->in + 1) * PANEL)
        for (size_t r = 0; r < BATCH; r += 3)
            panel_narrow(l, l->y + r * l->y_stride + first, l->x + r * l->x_stride, w);
}

#if defined(__x86_64__)
DEFINE_PANEL(panel_wide, vec8, mask8, 8u, ROWS)

__attribute__((target("avx2"))) static void run_layer_avx2(const struct layer *l)
{
    const float *w = l->packed;
    for (size_t first = 0; first < l->width; first += PANEL, w += (l->in + 1) * PANEL)
        for (size_t r = 0; r < BATCH; r += ROWS)
            panel_wide(l, l->y + r * l->y_stride + first, l->x + r * l->x_stride, w);
}

static bool have_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
#define run_layer_avx2 run_layer_plain
static bool have_avx2(void)
{
    return false;
}
#endif

/* Brings up to BATCH rows into the scratch block; valid[r] is false for rows that are not finite. */
static void fill(const struct sai_mlp *mlp, const struct sai_standardiser *standardiser, float *to, size_t stride,
                 const float *x, size_t n, bool *valid)
{
    size_t width = mlp->widths[0];
    for (size_t r = 0; r < n; r++, x += width, to += stride) {
        if (standardiser) {
            valid[r] = sai_standardise(standardiser, to, x);
            continue;
        }
        float bad = 0.0f;
        for (size_t j = 0; j < width; j++) {
            bad += x[j] * 0.0f;
            to[j] = x[j];
        }
        valid[r] = bad == 0.0f;
    }
}

static void finish(const struct sai_mlp *mlp, float *y, const float *from, size_t stride, size_t n, const bool *valid)
{
    size_t width = mlp->widths[mlp->n_widths - 1];
    for (size_t r = 0; r < n; r++)
        for (size_t j = 0; j < width; j++) {
            float v = from[r * stride + j];
            if (mlp->output == SAI_MLP_SIGMOID)
                v = 1.0f / (1.0f + expf(-v));
            y[r * width + j] = valid[r] ? v : NAN;
        }
}

int sai_mlp_forward(const struct sai_mlp *mlp, const struct sai_standardiser *standardiser, float *y, const float *x,
                    size_t n)
{
    size_t stride = 0, outputs = mlp->widths[mlp->n_widths - 1];
    for (uint32_t i = 0; i < mlp->n_widths; i++)
        stride = padded(mlp->widths[i]) > stride ? padded(mlp->widths[i]) : stride;
    stride += PANEL; /* rows of a power of two would share cache sets */
    float *scratch = sai_aligned_array(2 * BATCH * stride, sizeof *scratch);
    if (!scratch)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memset(scratch, 0, 2 * BATCH * stride * sizeof *scratch);
    bool wide = have_avx2(), relu = mlp->hidden == SAI_MLP_RELU, valid[BATCH];
    for (size_t i = 0; i < n; i += BATCH) {
        size_t rows = n - i < BATCH ? n - i : BATCH;
        float *from = scratch, *to = scratch + BATCH * stride;
        const float *packed = mlp->packed;
        fill(mlp, standardiser, from, stride, x + i * mlp->widths[0], rows, valid);
        for (uint32_t k = 1; k < mlp->n_widths; k++) {
            struct layer layer = {
                to, stride, from, stride, mlp->widths[k - 1], mlp->widths[k], packed, relu && k + 1 < mlp->n_widths};
            if (wide)
                run_layer_avx2(&layer);
            else
                run_layer_plain(&layer);
            packed += (layer.in + 1) * padded(layer.width);
            to = from;
            from = layer.y;
        }
        finish(mlp, y + i * outputs, from, stride, rows, valid);
    }
    sai_free(scratch);
    return SELECTAI_OK;
}
