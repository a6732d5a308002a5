/*
 * image/image.c: making, cutting and taking apart images in memory.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/image.h"

static int check_size(uint32_t width, uint32_t height)
{
    if (width == 0 || height == 0)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "an image of %u x %u pixels is empty", width, height);
    if (width > SAI_MAX_SIDE || height > SAI_MAX_SIDE)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "an image of %u x %u pixels is too large; the longest side is %u", width,
                        height, SAI_MAX_SIDE);
    return SELECTAI_OK;
}

int sai_image_adopt(selectai_image **out, uint32_t width, uint32_t height, uint8_t *pixels)
{
    selectai_image *image = sai_malloc(sizeof *image);
    if (image == NULL) {
        sai_free(pixels);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    *image = (selectai_image){.width = width, .height = height, .pixels = pixels};
    *out = image;
    return SELECTAI_OK;
}

int sai_image_alloc(selectai_image **out, uint32_t width, uint32_t height)
{
    int rc = check_size(width, height);
    if (rc != SELECTAI_OK)
        return rc;
    size_t n_bytes;
    if (!sai_mul_size(&n_bytes, width, height) || !sai_mul_size(&n_bytes, n_bytes, SAI_CHANNELS))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "an image of %u x %u pixels does not fit into memory", width,
                        height);
    uint8_t *pixels = sai_large_malloc(n_bytes);
    if (pixels == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    return sai_image_adopt(out, width, height, pixels);
}

int selectai_image_create(selectai_image **out, uint32_t width, uint32_t height, const uint8_t *rgb, size_t stride)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(rgb != NULL);
    size_t row = (size_t)width * SAI_CHANNELS;
    SAI_REQUIRE(stride == 0 || stride >= row);
    if (stride == 0)
        stride = row;
    selectai_image *image = NULL;
    int rc = sai_image_alloc(&image, width, height);
    if (rc != SELECTAI_OK)
        return rc;
    for (uint32_t y = 0; y < height; y++)
        memcpy(image->pixels + y * row, rgb + y * stride, row);
    *out = image;
    return SELECTAI_OK;
}

void selectai_image_destroy(selectai_image **image)
{
    if (image == NULL || *image == NULL)
        return;
    sai_free((*image)->pixels);
    sai_free(*image);
    *image = NULL;
}

uint32_t selectai_image_width(const selectai_image *image)
{
    return image == NULL ? 0 : image->width;
}

uint32_t selectai_image_height(const selectai_image *image)
{
    return image == NULL ? 0 : image->height;
}

const uint8_t *selectai_image_pixels(const selectai_image *image)
{
    return image == NULL ? NULL : image->pixels;
}

int selectai_image_crop(selectai_image **out, const selectai_image *image, const struct selectai_pixel_box *box)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(image != NULL);
    SAI_REQUIRE(box != NULL);
    if (box->x1 < 0 || box->y1 < 0 || box->x1 >= box->x2 || box->y1 >= box->y2 || (uint32_t)box->x2 > image->width ||
        (uint32_t)box->y2 > image->height)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "crop box (%d, %d, %d, %d) is empty or leaves the image of %u x %u pixels", box->x1, box->y1,
                        box->x2, box->y2, image->width, image->height);
    size_t stride = sai_image_stride(image);
    const uint8_t *first = image->pixels + (size_t)box->y1 * stride + (size_t)box->x1 * SAI_CHANNELS;
    return selectai_image_create(out, (uint32_t)(box->x2 - box->x1), (uint32_t)(box->y2 - box->y1), first, stride);
}
