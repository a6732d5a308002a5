/*
 * embed/encoder_builtin.c: the weight-free descriptor (builtin.h) as an encoder. Each image is
 * one thread's work, so the number of threads cannot change a bit.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "embed/builtin.h"
#include "embed/encoder.h"

#define CHUNK 16u /* images that a thread takes at once */

static int prepare(float *x, const selectai_encoder *encoder, const selectai_image *image)
{
    (void)encoder;
    return sai_builtin_encode(x, selectai_image_pixels(image), selectai_image_width(image),
                              selectai_image_height(image));
}

static int run(float *out, selectai_encoder *encoder, const float *x, size_t n)
{
    memcpy(out, x, n * encoder->dim * sizeof(float));
    return SELECTAI_OK;
}

static void destroy(selectai_encoder *encoder)
{
    sai_free(encoder->id);
    sai_free(encoder);
}

static const struct sai_encoder_ops ops = {.prepare = prepare, .run = run, .destroy = destroy};

int sai_encoder_builtin_open(selectai_encoder **out, const struct selectai_encoder_options *options)
{
    if (options->convert != SELECTAI_CONVERT_FIRST)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, SAI_BUILTIN_ID " sees RGB only: convert first");
    if (options->dtype > SELECTAI_DTYPE_FLOAT32)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, SAI_BUILTIN_ID " computes in float32: use that, or auto");
    if (options->device && strcmp(options->device, "cpu") != 0 && strcmp(options->device, "auto") != 0)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, SAI_BUILTIN_ID " runs on the processor, not on %s: use cpu",
                        options->device);
    selectai_encoder *encoder = sai_calloc(1, sizeof *encoder);
    if (!encoder)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    *encoder = (selectai_encoder){.ops = &ops,
                                  .id = sai_encoder_make_id(SAI_BUILTIN_ID, options),
                                  .dim = SAI_BUILTIN_DIM,
                                  .threads = options->threads,
                                  .chunk = CHUNK,
                                  .input_floats = SAI_BUILTIN_DIM,
                                  .exif = options->exif,
                                  .min_side = options->min_side};
    if (!encoder->id) {
        destroy(encoder);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    *out = encoder;
    return SELECTAI_OK;
}
