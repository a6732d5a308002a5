/*
 * selectai_backend.h: the one small table through which libselectai uses libtorch.
 *
 * Private to the project: libselectai's lib/backend/ loads a module `selectai-torch.so` that exports a single symbol,
 * selectai_backend_entry_v1(), and calls nothing else of it. The module does not link libselectai.
 *
 * Rules (they keep the two sides independent of each other's compiler, C++ library and allocator):
 *  - C only: pointers, integers, floats, text. No exception leaves a function: each body ends in catch (...).
 *  - Model-level calls: load and run an image tower; make, train, run a small network. No tensor operations.
 *  - The caller owns every buffer; the module keeps none of them after a call returns, unless its comment says so.
 *  - Return 0, or one of SAI_BACKEND_E*; `err` (may be NULL) then holds one line of text, NUL-terminated.
 *  - The table only grows at its end. A changed meaning gets a new name. The reader checks struct_size before it uses
 *    a member that older modules do not have.
 *  - Deterministic: same inputs, options, seed and device give the same floats, whatever the number of threads.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_BACKEND_H
#define SELECTAI_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAI_BACKEND_ABI_VERSION 1

#define SAI_BACKEND_OK         0
#define SAI_BACKEND_EFAILED    1 /* libtorch or the module failed; see err */
#define SAI_BACKEND_EARGUMENT  2 /* impossible geometry, unknown device or dtype */
#define SAI_BACKEND_EMEMORY    3
#define SAI_BACKEND_ECANCELLED 4 /* the callback asked to stop */

#define SAI_BACKEND_ERR_SIZE 512 /* a good size for err */

/* ---- Small networks: Linear (-> ReLU -> Dropout -> Linear)*, the last Linear followed by `output` --------------- */

typedef struct sai_backend_net sai_backend_net;

#define SAI_BACKEND_OUTPUT_LINEAR  0
#define SAI_BACKEND_OUTPUT_SIGMOID 1

struct sai_backend_net_spec {
    uint32_t struct_size;
    uint32_t n_widths;      /* layers + 1, 2..16 */
    const uint32_t *widths; /* input, hidden..., output: e.g. 512, 256, 64, 1 */
    float dropout;          /* 0 <= p < 1, after every hidden ReLU, in training only */
    int32_t output;         /* SAI_BACKEND_OUTPUT_* */
    uint64_t seed;          /* initial weights (Kaiming uniform as torch.nn.Linear) and everything random in training */
    const char *device;     /* "cpu", "cuda", "cuda:1", "mps", or NULL for "cpu" */
};

struct sai_backend_epoch {
    uint32_t epoch, epochs;  /* 1-based, and how many there will be at most */
    float train_loss;        /* mean over the epoch, dropout on */
    float validation_loss;   /* NaN without validation data */
    float validation_metric; /* ranking: weighted share of pairs in the right order; regression: NaN */
    int32_t is_best;         /* 1 if this epoch's weights are the best so far and were kept */
};
/* Called after each epoch from the calling thread; non-zero stops: the function returns SAI_BACKEND_ECANCELLED. */
typedef int (*sai_backend_epoch_fn)(const struct sai_backend_epoch *epoch, void *user);

struct sai_backend_train_options {
    uint32_t struct_size;
    uint32_t epochs;               /* >= 1 */
    uint32_t batch_size;           /* pairs or rows a step, >= 1 */
    uint32_t patience;             /* stop after so many epochs without a lower validation loss; 0: never */
    float lr;                      /* Adam */
    float weight_decay;            /* decoupled (AdamW); 0 gives plain Adam */
    sai_backend_epoch_fn on_epoch; /* may be NULL */
    void *user;
};

/* Pairs of rows of x: winner[i] should score higher than loser[i]. Loss of a pair, weighted mean over a batch:
 * weight * max(0, margin - ((s_w + offset[w]) - (s_l + offset[l]))). The net must have one linear output. */
struct sai_backend_pairs {
    uint32_t struct_size;
    uint32_t reserved;
    const float *x; /* n_rows x widths[0] */
    uint64_t n_rows;
    const float *offset;    /* n_rows, added to a row's score, or NULL for zeros */
    const uint32_t *winner; /* n_train + n_validation row indices: training pairs first */
    const uint32_t *loser;  /* as winner */
    const float *weight;    /* as winner, or NULL for ones */
    uint64_t n_train;       /* >= 1 */
    uint64_t n_validation;  /* may be 0: then the last epoch's weights are kept, else those of the lowest
                               validation loss */
    float margin;           /* e.g. 0.5 */
};

#define SAI_BACKEND_LOSS_SMOOTH_L1 0 /* Huber with delta = beta, as torch.nn.SmoothL1Loss */

struct sai_backend_rows {
    uint32_t struct_size;
    int32_t loss;        /* SAI_BACKEND_LOSS_* */
    const float *x;      /* (n_train + n_validation) x widths[0], training rows first */
    const float *y;      /* as many x widths[last] */
    const float *weight; /* one a row, or NULL for ones */
    uint64_t n_train;    /* >= 1 */
    uint64_t n_validation;
    float beta; /* of smooth L1, > 0 */
};

/*
 * Any loss that the caller computes. An item is a list of rows of x: an image, a pair, a whole group.
 *
 * loss: called from the training thread with n_items items and the outputs of their rows, item after item in the order
 * of `items`, each item's rows in their order (output: rows x widths[last]). Returns the sum of the items' losses; NaN
 * makes training fail. gradient (as large as output; NULL while validating) takes the derivatives of that sum; the
 * module divides them by n_items. items: numbers below n_train in training, n_train .. n_train + n_validation - 1 while
 * validating. The training and validation losses reported are means over items.
 */
typedef double (*sai_backend_loss_fn)(float *gradient, const float *output, const uint32_t *items, uint32_t n_items,
                                      void *user);

struct sai_backend_task {
    uint32_t struct_size;
    uint32_t reserved;
    const float *x; /* n_rows x widths[0] */
    uint64_t n_rows;
    const uint32_t *starts; /* n_train + n_validation + 1, each larger than the one before: item i consists of
                               rows[starts[i]] .. rows[starts[i + 1] - 1] */
    const uint32_t *rows;   /* starts[last] row indices */
    uint64_t n_train;       /* >= 1 */
    uint64_t n_validation;  /* may be 0, as in sai_backend_pairs */
    sai_backend_loss_fn loss;
    void *user;
};

/* ---- CLIP image towers (vision transformers) ------------------------------------------------- */

typedef struct sai_backend_tower sai_backend_tower;

#define SAI_BACKEND_ACT_QUICKGELU 0 /* x * sigmoid(1.702 x): OpenAI's weights */
#define SAI_BACKEND_ACT_GELU      1 /* exact (erf): laion's weights */

#define SAI_BACKEND_F32  0
#define SAI_BACKEND_F16  1
#define SAI_BACKEND_BF16 2

/* A weight as it lies in the file; `data` need only live until tower_create returns. */
struct sai_backend_tensor {
    const char
        *name; /* OpenAI's name without "visual.": "conv1.weight", "transformer.resblocks.0.attn.in_proj_weight" */
    const void *data; /* C order, little endian, any alignment */
    int32_t dtype;    /* SAI_BACKEND_F32, F16 or BF16 */
    uint32_t rank;    /* 0..4 */
    uint64_t shape[4];
};

struct sai_backend_tower_spec {
    uint32_t struct_size;
    uint32_t image_size, patch, width, layers, heads, mlp_width, output; /* e.g. 224 32 768 12 12 3072 512 */
    int32_t activation;                                                  /* SAI_BACKEND_ACT_* */
    int32_t compute_dtype;                    /* SAI_BACKEND_*; F16 on other devices than the CPU only */
    float layer_norm_eps;                     /* 1e-5 */
    const char *device;                       /* as in sai_backend_net_spec */
    const struct sai_backend_tensor *tensors; /* conv1.weight class_embedding positional_embedding ln_pre.{weight,bias}
                                                 transformer.resblocks.<i>.{ln_1,ln_2,attn.in_proj_{weight,bias},
                                                 attn.out_proj,mlp.c_fc,mlp.c_proj}.{weight,bias}
                                                 ln_post.{weight,bias} proj [width, output] */
    uint64_t n_tensors;
};

/* ---- The table ------------------------------------------------------------------------------- */

struct sai_backend_v1 {
    uint32_t abi_version; /* SAI_BACKEND_ABI_VERSION */
    uint32_t struct_size; /* sizeof(struct sai_backend_v1) of the module */
    const char *name;     /* "torch 1.13.1": static text */

    /* Threads of one operation for the whole process; 0: all cores. */
    int (*set_threads)(uint32_t n, char *err, size_t err_size);
    /* 1 if the device can be used, 0 if not. */
    int (*has_device)(const char *device);

    int (*net_create)(sai_backend_net **out, const struct sai_backend_net_spec *spec, char *err, size_t err_size);
    void (*net_destroy)(sai_backend_net *net); /* NULL is fine */
    /* Parameters, layer after layer: weight [out, in] in C order, then bias [out]. n must be their exact count. */
    int (*net_get_parameters)(sai_backend_net *net, float *out, uint64_t n, char *err, size_t err_size);
    int (*net_set_parameters)(sai_backend_net *net, const float *in, uint64_t n, char *err, size_t err_size);
    int (*net_train_pairs)(sai_backend_net *net, const struct sai_backend_pairs *data,
                           const struct sai_backend_train_options *options, char *err, size_t err_size);
    int (*net_train_rows)(sai_backend_net *net, const struct sai_backend_rows *data,
                          const struct sai_backend_train_options *options, char *err, size_t err_size);
    /* y: n x widths[last] from x: n x widths[0], dropout off. */
    int (*net_predict)(sai_backend_net *net, float *y, const float *x, uint64_t n, char *err, size_t err_size);

    int (*tower_create)(sai_backend_tower **out, const struct sai_backend_tower_spec *spec, char *err, size_t err_size);
    void (*tower_destroy)(sai_backend_tower *tower); /* NULL is fine */
    /* y: n x output from x: n x 3 x image_size x image_size, not normalised. One thread at a time per tower. */
    int (*tower_encode)(sai_backend_tower *tower, float *y, const float *x, uint64_t n, char *err, size_t err_size);

    /* The same from any number of threads at once: on the CPU each call works on its own thread alone, on other devices
     * (and on a CPU without oneDNN) the calls wait for each other. The bits are those of tower_encode. */
    int (*tower_encode_share)(sai_backend_tower *tower, float *y, const float *x, uint64_t n, char *err,
                              size_t err_size);
    /* The compute_dtype to take if nothing speaks for another: BF16 where the processor multiplies it faster. */
    int (*tower_dtype)(int32_t *out, const char *device, char *err, size_t err_size);

    /* As net_train_pairs, with a loss of the caller's. Nets of one process may be trained at once, each by one thread.
     */
    int (*net_train_task)(sai_backend_net *net, const struct sai_backend_task *data,
                          const struct sai_backend_train_options *options, char *err, size_t err_size);
};

/* The module's only exported symbol. The table is static. */
typedef const struct sai_backend_v1 *(*sai_backend_entry_v1_fn)(void);
#define SAI_BACKEND_ENTRY_SYMBOL "selectai_backend_entry_v1"

#ifdef __cplusplus
}
#endif

#endif
