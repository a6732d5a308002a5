/*
 * selectai/encoder.h: from pixels to vectors.
 *
 * Tier 2: needs image.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_ENCODER_H
#define SELECTAI_ENCODER_H

#include <selectai/image.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Turns images into vectors of `dim` floats.
 *
 * "builtin" is the weight-free descriptor of the library (docs/builtin-encoder.md): always there, 512 numbers, the
 * same bits on every run and number of threads. A path is a CLIP image tower and needs the torch module:
 * safetensors, or PyTorch's .pt (a state dict, a checkpoint or TorchScript; nothing in it is run). See docs/formats.md.
 * Vectors are not L2-normalised; the encoder's id says all that two vectors must share to be comparable.
 * Thread-safety: one call at a time per handle; calls use several threads inside.
 */
typedef struct selectai_encoder selectai_encoder;

#define SELECTAI_ACTIVATION_QUICKGELU 0 /**< OpenAI's weights: x * sigmoid(1.702 x); the default */
#define SELECTAI_ACTIVATION_GELU      1 /**< laion's weights: exact GELU */

#define SELECTAI_DTYPE_AUTO     0
#define SELECTAI_DTYPE_FLOAT32  1
#define SELECTAI_DTYPE_FLOAT16  2
#define SELECTAI_DTYPE_BFLOAT16 3

struct selectai_encoder_options {
    uint32_t struct_size;
    int32_t activation; /**< SELECTAI_ACTIVATION_*; the file cannot tell; default QUICKGELU */
    /** Of a tower's computation. Default AUTO: BFLOAT16 on processors that multiply it faster (AVX-512 BF16, AMX), else
     * FLOAT32. FLOAT16 on other devices only. Vectors of BFLOAT16 have a cosine of at least 0.999 with those of FLOAT32
     * and share their id */
    int32_t dtype;
    uint32_t threads;        /**< default 0 = all cores */
    uint32_t heads;          /**< attention heads; default 0 = metadata of the file, else width / 64 */
    uint32_t batch_size;     /**< images a model call, at most; default 32 */
    const char *device;      /**< "cpu", "cuda", "mps"; default NULL = "auto" = "cpu" */
    const char *backend_dir; /**< see selectai_backend_load(); default NULL */
    int32_t convert;         /**< SELECTAI_CONVERT_*, of files that a tower sees; default FIRST. AFTER changes the id */
    uint32_t exif;           /**< 1: files are turned by EXIF's orientation, which changes the id; default 0 */
    uint32_t
        min_side; /**< as in struct selectai_image_options: quicker JPEG, other pixels; changes the id; default 0 */
    uint32_t reserved; /**< 0 */
};
SELECTAI_API void selectai_encoder_options_init(struct selectai_encoder_options *options, uint32_t struct_size);

/** what: "builtin", or the path of a weights file. Errors: BACKEND_MISSING, FORMAT (names the tensor), NOT_FOUND. */
SELECTAI_API int selectai_encoder_open(selectai_encoder **out, const char *what,
                                       const struct selectai_encoder_options *options);
SELECTAI_API void selectai_encoder_close(selectai_encoder **encoder);

SELECTAI_API uint32_t selectai_encoder_dim(const selectai_encoder *encoder);

/**
 * "selectai-builtin-1", or "clip:<first 16 digits of the weights' SHA-256>:quickgelu", and ":heads-<n>",
 * ":convert-after", ":exif", ":min-side-<pixels>" where those options make a difference: equal ids, comparable vectors.
 * Borrowed.
 */
SELECTAI_API const char *selectai_encoder_id(const selectai_encoder *encoder);

/** Side of the square input of encode_tensor, in pixels; 0 for the built-in encoder, which takes any size. */
SELECTAI_API uint32_t selectai_encoder_input_size(const selectai_encoder *encoder);

/**
 * out: n x dim. A file that cannot be read gives a row of NaN and an issue (kind "unreadable"), not an error.
 * issues: may be NULL; otherwise *issues is a new list, which the caller destroys.
 * progress (may be NULL): stage "encode", in files.
 */
SELECTAI_API int selectai_encoder_encode_files(float *out, selectai_issues **issues, selectai_encoder *encoder,
                                               const char *const *paths, size_t n, selectai_progress_fn progress,
                                               void *user);

/** out: n x dim, from images in memory. */
SELECTAI_API int selectai_encoder_encode_images(float *out, selectai_encoder *encoder,
                                                const selectai_image *const *images, size_t n);

/**
 * The tower alone: x is n x 3 x S x S, already preprocessed, S = input_size. SELECTAI_ERR_UNSUPPORTED for "builtin".
 */
SELECTAI_API int selectai_encoder_encode_tensor(float *out, selectai_encoder *encoder, const float *x, size_t n);

#ifdef __cplusplus
}
#endif

#endif
