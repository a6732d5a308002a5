/*
 * embed/encoder_clip.c: a CLIP image tower of the person's own weights file, run by the torch module.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "backend/backend.h"
#include "base/sha256.h"
#include "embed/clip_weights.h"
#include "embed/encoder.h"

#define ID_DIGITS 16

struct clip {
    selectai_encoder base; /* first */
    char *path;
    const struct sai_backend_v1 *backend;
    sai_backend_tower *tower;
};

/* The handle is the first member of struct clip. */
static struct clip *clip_of(selectai_encoder *encoder)
{
    return (struct clip *)(void *)encoder;
}

static int prepare(float *x, const selectai_encoder *encoder, const selectai_image *image)
{
    return selectai_image_preprocess(x, image, encoder->input_size);
}

static int prepare_bytes(float *x, const selectai_encoder *encoder, const void *bytes, size_t n, const char *name)
{
    struct selectai_preprocess_options how;
    struct selectai_image_options decoding;
    selectai_preprocess_options_init(&how, sizeof how);
    how.size = encoder->input_size;
    how.convert = SELECTAI_CONVERT_AFTER;
    selectai_image_options_init(&decoding, sizeof decoding);
    decoding.exif = encoder->exif;
    decoding.min_side = encoder->min_side;
    return selectai_image_preprocess_bytes(x, bytes, n, name, &how, &decoding);
}

static int run(float *out, selectai_encoder *encoder, const float *x, size_t n)
{
    struct clip *clip = clip_of(encoder);
    char err[SAI_BACKEND_ERR_SIZE] = "";
    int code = clip->backend->tower_encode_share(clip->tower, out, x, n, err, sizeof err);
    return code == SAI_BACKEND_OK ? SELECTAI_OK : sai_backend_fail(code, clip->path, err);
}

static void destroy(selectai_encoder *encoder)
{
    struct clip *clip = clip_of(encoder);
    if (clip->tower)
        clip->backend->tower_destroy(clip->tower);
    sai_free(clip->path);
    sai_free(clip->base.id);
    sai_free(clip);
}

static const struct sai_encoder_ops convert_first = {.prepare = prepare, .run = run, .destroy = destroy};
static const struct sai_encoder_ops convert_after = {
    .prepare = prepare, .prepare_bytes = prepare_bytes, .run = run, .destroy = destroy};

/* "auto" is the processor: other devices have to be asked for by name. */
static const char *device_name(const char *wanted)
{
    return wanted && strcmp(wanted, "auto") == 0 ? NULL : wanted;
}

/* sha256sum of the file shows the same digits. */
static char *make_id(const struct sai_clip_weights *weights, const struct selectai_encoder_options *options)
{
    char hex[SAI_SHA256_HEX];
    struct sai_sha256 sha;
    sai_sha256_init(&sha);
    sai_sha256_update(&sha, weights->file.bytes, weights->file.n_bytes);
    sai_sha256_hex(&sha, hex);
    const char *activation = options->activation == SELECTAI_ACTIVATION_GELU ? "gelu" : "quickgelu";
    char *id = NULL, *base = weights->unusual_heads
                                 ? sai_asprintf("clip:%.*s:%s:heads-%u", ID_DIGITS, hex, activation, weights->heads)
                                 : sai_asprintf("clip:%.*s:%s", ID_DIGITS, hex, activation);
    if (base)
        id = sai_encoder_make_id(base, options);
    sai_free(base);
    return id;
}

static int compute_dtype(int32_t *out, const struct clip *clip, const struct selectai_encoder_options *options)
{
    static const int32_t dtypes[] = {[SELECTAI_DTYPE_FLOAT32] = SAI_BACKEND_F32,
                                     [SELECTAI_DTYPE_FLOAT16] = SAI_BACKEND_F16,
                                     [SELECTAI_DTYPE_BFLOAT16] = SAI_BACKEND_BF16};
    char err[SAI_BACKEND_ERR_SIZE] = "";
    if (options->dtype != SELECTAI_DTYPE_AUTO) {
        *out = dtypes[options->dtype];
        return SELECTAI_OK;
    }
    int code = clip->backend->tower_dtype(out, device_name(options->device), err, sizeof err);
    return code == SAI_BACKEND_OK ? SELECTAI_OK : sai_backend_fail(code, clip->path, err);
}

/* What libtorch itself says of a device that it does not have is no help. */
static int check_device(const struct clip *clip, const char *device)
{
    if (!device || strcmp(device, "cpu") == 0 || clip->backend->has_device(device))
        return SELECTAI_OK;
    if (strcmp(device, "mps") == 0 || strcmp(device, "cuda") == 0 || strncmp(device, "cuda:", 5) == 0)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "device %s: %s cannot use it here: build the torch module with a libtorch that can "
                        "(-Dselectai-torch:torch_root), or use cpu",
                        device, clip->backend->name);
    return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "unknown device %s: use cpu, cuda, cuda:N or mps", device);
}

static int make_tower(struct clip *clip, const struct sai_clip_weights *weights,
                      const struct selectai_encoder_options *options)
{
    char err[SAI_BACKEND_ERR_SIZE] = "";
    struct sai_backend_tower_spec spec = {
        .struct_size = sizeof spec,
        .image_size = weights->image_size,
        .patch = weights->patch,
        .width = weights->width,
        .layers = weights->layers,
        .heads = weights->heads,
        .mlp_width = weights->mlp_width,
        .output = weights->output,
        .activation = options->activation == SELECTAI_ACTIVATION_GELU ? SAI_BACKEND_ACT_GELU
                                                                      : SAI_BACKEND_ACT_QUICKGELU,
        .layer_norm_eps = 1e-5f,
        .device = device_name(options->device),
        .tensors = weights->tensors,
        .n_tensors = weights->n_tensors,
    };
    int rc = check_device(clip, spec.device);
    if (rc == SELECTAI_OK)
        rc = compute_dtype(&spec.compute_dtype, clip, options);
    if (rc != SELECTAI_OK)
        return rc;
    int code = clip->backend->set_threads(options->threads, err, sizeof err);
    if (code == SAI_BACKEND_OK)
        code = clip->backend->tower_create(&clip->tower, &spec, err, sizeof err);
    return code == SAI_BACKEND_OK ? SELECTAI_OK : sai_backend_fail(code, clip->path, err);
}

static int fill(struct clip *clip, const struct sai_clip_weights *weights,
                const struct selectai_encoder_options *options)
{
    int rc = make_tower(clip, weights, options);
    if (rc != SELECTAI_OK)
        return rc;
    clip->base.id = make_id(weights, options);
    clip->base.dim = weights->output;
    clip->base.input_size = weights->image_size;
    clip->base.threads = options->threads;
    clip->base.chunk = options->batch_size;
    clip->base.one_device = device_name(options->device) && strcmp(options->device, "cpu") != 0;
    clip->base.exif = options->exif;
    clip->base.min_side = options->min_side;
    clip->base.input_floats = (size_t)3 * weights->image_size * weights->image_size;
    return clip->base.id ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_encoder_clip_open(selectai_encoder **out, const char *path, const struct selectai_encoder_options *options)
{
    struct sai_clip_weights weights;
    struct clip *clip = sai_calloc(1, sizeof *clip);
    if (!clip)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    clip->base.ops = options->convert == SELECTAI_CONVERT_AFTER ? &convert_after : &convert_first;
    clip->path = sai_strdup(path);
    int rc = clip->path ? sai_clip_weights_open(&weights, path, options->heads) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) { /* a wrong file is told about before a missing module */
        rc = sai_backend_get(&clip->backend, options->backend_dir);
        if (rc == SELECTAI_OK)
            rc = fill(clip, &weights, options);
        sai_clip_weights_close(&weights);
    }
    if (rc != SELECTAI_OK)
        destroy(&clip->base);
    else
        *out = &clip->base;
    return rc;
}

int sai_encoder_clip_identify(char **id, uint32_t *dim, const char *path,
                              const struct selectai_encoder_options *options)
{
    struct sai_clip_weights weights;
    int rc = sai_clip_weights_open(&weights, path, options->heads);
    if (rc != SELECTAI_OK)
        return rc;
    *dim = weights.output;
    *id = make_id(&weights, options);
    sai_clip_weights_close(&weights);
    return *id ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}
