/*
 * suggest/crop.c: the crop of one image.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/memory.h"
#include "suggest/crop.h"

int sai_crop_needs_no_encoder(const selectai_cropper *cropper)
{
    return selectai_cropper_dim(cropper) == 0;
}

static int require(const selectai_cropper *cropper, const selectai_encoder *encoder)
{
    const char *wanted = selectai_cropper_layout_id(cropper), *id = selectai_encoder_id(encoder);
    if (strcmp(wanted, id) == 0 && selectai_encoder_dim(encoder) == selectai_cropper_layout_dim(cropper))
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                    "the cropper also needs vectors of encoder %s, this library makes those of %s: train it again",
                    wanted, id);
}

/* *out: the caller frees it. */
static int encode_layout(float **out, const selectai_cropper *cropper, const char *path)
{
    selectai_encoder *encoder = NULL;
    struct selectai_encoder_options options;
    selectai_encoder_options_init(&options, sizeof options);
    options.threads = 1;
    int rc = selectai_encoder_open(&encoder, "builtin", &options);
    if (rc == SELECTAI_OK)
        rc = require(cropper, encoder);
    float *x = rc == SELECTAI_OK ? sai_malloc_array(selectai_encoder_dim(encoder), sizeof *x) : NULL;
    if (rc == SELECTAI_OK)
        rc = x ? selectai_encoder_encode_files(x, NULL, encoder, &path, 1, NULL, NULL) : SELECTAI_ERR_OUT_OF_MEMORY;
    selectai_encoder_close(&encoder);
    if (rc == SELECTAI_OK)
        *out = x;
    else
        sai_free(x);
    return rc;
}

int sai_suggest_crop(struct selectai_crop_proposal *out, const selectai_cropper *cropper, const float *embedding,
                     const char *path, const uint32_t size[2])
{
    float *layout = NULL;
    int rc = selectai_cropper_layout_dim(cropper) > 0 ? encode_layout(&layout, cropper, path) : SELECTAI_OK;
    out->struct_size = sizeof *out;
    if (rc == SELECTAI_OK)
        rc = selectai_cropper_propose_all(cropper, out, embedding, layout, size, 1);
    sai_free(layout);
    return rc;
}
