/*
 * image/resize.c: resampling of RGB images, and CLIP's input made with it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image/resample.h"

int selectai_image_resize(selectai_image **out, const selectai_image *image, uint32_t width, uint32_t height,
                          int32_t filter)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(image != NULL);
    SAI_REQUIRE(width > 0 && height > 0);
    SAI_REQUIRE(filter >= SELECTAI_FILTER_BICUBIC && filter <= SELECTAI_FILTER_BOX);
    if (width > SAI_MAX_SIDE || height > SAI_MAX_SIDE)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "resizing to %u x %u pixels is too large; the longest side is %u", width,
                        height, SAI_MAX_SIDE);
    struct sai_plane in = {image->width, image->height, SAI_CHANNELS, image->pixels};
    uint8_t *pixels = NULL;
    int rc = sai_resample(&pixels, width, height, &in, filter);
    if (rc != SELECTAI_OK)
        return rc;
    return sai_image_adopt(out, width, height, pixels);
}
