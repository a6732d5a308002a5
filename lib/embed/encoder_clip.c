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

static int run(float *out, selectai_encoder *encoder, const float *x, size_t n)
{
    struct clip *clip = clip_of(encoder);
    char err[SAI_BACKEND_ERR_SIZE] = "";
    for (size_t done = 0; done < n;) {
        size_t count = n - done < encoder->chunk ? n - done : encoder->chunk;
        int code = clip->backend->tower_encode(clip->tower, out + done * encoder->dim, x + done * encoder->input_floats,
                                               count, err, sizeof err);
        if (code != SAI_BACKEND_OK)
            return sai_backend_fail(code, clip->path, err);
        done += count;
    }
    return SELECTAI_OK;
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

static const struct sai_encoder_ops ops = {.prepare = prepare, .run = run, .destroy = destroy};

static int compute_dtype(int32_t *out, int32_t wanted)
{
    *out = SAI_BACKEND_F32;
    if (wanted == SELECTAI_DTYPE_FLOAT16 || wanted == SELECTAI_DTYPE_BFLOAT16)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "towers compute in float32 in this version: use float32 or auto");
    return SELECTAI_OK;
}

/* "auto" is the processor: other devices have to be asked for by name. */
static const char *device_name(const char *wanted)
{
    return wanted && strcmp(wanted, "auto") == 0 ? NULL : wanted;
}

/* sha256sum of the file shows the same digits. */
static char *make_id(const struct sai_clip_weights *weights, int32_t activation)
{
    char hex[SAI_SHA256_HEX];
    struct sai_sha256 sha;
    sai_sha256_init(&sha);
    sai_sha256_update(&sha, weights->file.bytes, weights->file.n_bytes);
    sai_sha256_hex(&sha, hex);
    return sai_asprintf("clip:%.*s:%s", ID_DIGITS, hex, activation == SELECTAI_ACTIVATION_GELU ? "gelu" : "quickgelu");
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
    int rc = compute_dtype(&spec.compute_dtype, options->dtype);
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
    clip->base.id = make_id(weights, options->activation);
    clip->base.dim = weights->output;
    clip->base.input_size = weights->image_size;
    clip->base.threads = options->threads;
    clip->base.chunk = options->batch_size;
    clip->base.input_floats = (size_t)3 * weights->image_size * weights->image_size;
    return clip->base.id ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

int sai_encoder_clip_open(selectai_encoder **out, const char *path, const struct selectai_encoder_options *options)
{
    struct sai_clip_weights weights;
    struct clip *clip = sai_calloc(1, sizeof *clip);
    if (!clip)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    clip->base.ops = &ops;
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
