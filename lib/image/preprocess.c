/*
 * image/preprocess.c: the input of a CLIP image tower as open_clip's image_transform makes it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image/preprocess.h"

/* Mean and standard deviation of OpenAI's training images, per channel. */
static const float clip_mean[SAI_CHANNELS] = {0.48145466f, 0.4578275f, 0.40821073f};
static const float clip_std[SAI_CHANNELS] = {0.26862954f, 0.26130258f, 0.27577711f};

/* (length - size) / 2, a half rounded to the even neighbour as Python's round() does. */
static uint32_t crop_start(uint32_t length, uint32_t size)
{
    uint32_t twice = length - size, half = twice / 2;
    return twice % 2 == 0 ? half : half + half % 2;
}

/* torchvision's Resize: the shorter side becomes `size`, the longer keeps the ratio, its fraction cut off. */
static void resized_size(uint32_t *width, uint32_t *height, uint32_t size)
{
    uint32_t w = *width, h = *height;
    if (w <= h) {
        *height = (uint32_t)((double)((uint64_t)size * h) / w);
        *width = size;
    } else {
        *width = (uint32_t)((double)((uint64_t)size * w) / h);
        *height = size;
    }
}

int sai_preprocess_u8(selectai_image **out, const selectai_image *image, uint32_t size)
{
    uint32_t width = image->width, height = image->height;
    selectai_image *resized = NULL;
    resized_size(&width, &height, size);
    int rc = selectai_image_resize(&resized, image, width, height, SELECTAI_FILTER_BICUBIC);
    if (rc != SELECTAI_OK)
        return rc;
    struct selectai_pixel_box box = {(int32_t)crop_start(width, size), (int32_t)crop_start(height, size), 0, 0};
    box.x2 = box.x1 + (int32_t)size;
    box.y2 = box.y1 + (int32_t)size;
    rc = selectai_image_crop(out, resized, &box);
    selectai_image_destroy(&resized);
    return rc;
}

int selectai_image_preprocess(float *out, const selectai_image *image, uint32_t size)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(image != NULL);
    SAI_REQUIRE(size > 0 && size <= SAI_MAX_SIDE);
    selectai_image *cut = NULL;
    int rc = sai_preprocess_u8(&cut, image, size);
    if (rc != SELECTAI_OK)
        return rc;
    size_t n = (size_t)size * size;
    for (size_t c = 0; c < SAI_CHANNELS; c++)
        for (size_t i = 0; i < n; i++)
            out[c * n + i] = ((float)cut->pixels[SAI_CHANNELS * i + c] / 255.0f - clip_mean[c]) / clip_std[c];
    selectai_image_destroy(&cut);
    return SELECTAI_OK;
}
