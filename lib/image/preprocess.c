/*
 * image/preprocess.c: the input of a CLIP image tower as open_clip's image_transform makes it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "image/preprocess.h"
#include "base/file.h"
#include "image/decode.h"

#define DEFAULT_SIZE 224

/* Mean and standard deviation of OpenAI's training images, per channel. */
static const float clip_mean[SAI_CHANNELS] = {0.48145466f, 0.4578275f, 0.40821073f};
static const float clip_std[SAI_CHANNELS] = {0.26862954f, 0.26130258f, 0.27577711f};

static const struct selectai_preprocess_options default_options = {
    .struct_size = sizeof(struct selectai_preprocess_options),
    .size = DEFAULT_SIZE,
    .convert = SELECTAI_CONVERT_FIRST,
};

void selectai_preprocess_options_init(struct selectai_preprocess_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &default_options, sizeof default_options);
}

/* (length - size) / 2, a half rounded to the even neighbour as Python's round() does. */
static uint32_t crop_start(uint32_t length, uint32_t size)
{
    uint32_t twice = length - size, half = twice / 2;
    return twice % 2 == 0 ? half : half + half % 2;
}

/* torchvision's Resize: the shorter side becomes `size`, the longer keeps the ratio, its fraction cut off. */
int sai_preprocess_part(struct sai_part *out, uint32_t width, uint32_t height, uint32_t size)
{
    uint32_t shorter = width <= height ? width : height, longer = width <= height ? height : width;
    uint64_t scaled = (uint64_t)((double)((uint64_t)size * longer) / shorter);
    if (scaled > SAI_MAX_SIDE)
        return SAI_FAIL(SELECTAI_ERR_LIMIT,
                        "resizing %u x %u pixels to a shorter side of %u is too large; the longest side is %u", width,
                        height, size, SAI_MAX_SIDE);
    out->width = width <= height ? size : (uint32_t)scaled;
    out->height = width <= height ? (uint32_t)scaled : size;
    out->x = crop_start(out->width, size);
    out->y = crop_start(out->height, size);
    out->part_width = out->part_height = size;
    return SELECTAI_OK;
}

int sai_preprocess_u8(selectai_image **out, const selectai_image *image, uint32_t size)
{
    struct sai_part part;
    struct sai_plane in = {image->width, image->height, SAI_CHANNELS, image->pixels};
    uint8_t *pixels = NULL;
    int rc = sai_preprocess_part(&part, image->width, image->height, size);
    if (rc == SELECTAI_OK)
        rc = sai_resample_part(&pixels, &part, &in, SELECTAI_FILTER_BICUBIC);
    return rc == SELECTAI_OK ? sai_image_adopt(out, size, size, pixels) : rc;
}

/* Channels first; each byte's number is looked up, since there are only so many. */
static void normalise(float *out, const selectai_image *cut)
{
    size_t n = (size_t)cut->width * cut->height;
    float numbers[SAI_CHANNELS][256];
    for (size_t c = 0; c < SAI_CHANNELS; c++)
        for (int v = 0; v < 256; v++)
            numbers[c][v] = ((float)v / 255.0f - clip_mean[c]) / clip_std[c];
    float *restrict red = out, *restrict green = out + n, *restrict blue = out + 2 * n;
    const uint8_t *p = cut->pixels;
    for (size_t i = 0; i < n; i++, p += SAI_CHANNELS) {
        red[i] = numbers[0][p[0]];
        green[i] = numbers[1][p[1]];
        blue[i] = numbers[2][p[2]];
    }
}

int selectai_image_preprocess(float *out, const selectai_image *image, uint32_t size)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(image != NULL);
    SAI_REQUIRE(size > 0 && size <= SAI_MAX_SIDE);
    selectai_image *cut = NULL;
    int rc = sai_preprocess_u8(&cut, image, size);
    if (rc == SELECTAI_OK)
        normalise(out, cut);
    selectai_image_destroy(&cut);
    return rc;
}

/* Where the options are right. */
static int get_options(struct selectai_preprocess_options *out, struct selectai_image_options *decoding,
                       const struct selectai_preprocess_options *options,
                       const struct selectai_image_options *decoding_options)
{
    *out = default_options;
    int rc = sai_options_copy(out, sizeof *out, options);
    if (rc == SELECTAI_OK)
        rc = sai_image_options_get(decoding, decoding_options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(out->size > 0 && out->size <= SAI_MAX_SIDE);
    SAI_REQUIRE(out->convert == SELECTAI_CONVERT_FIRST || out->convert == SELECTAI_CONVERT_AFTER);
    SAI_REQUIRE(out->reserved == 0);
    return SELECTAI_OK;
}

static int cut_after(selectai_image **out, const void *bytes, size_t n_bytes, const char *name, uint32_t size,
                     const struct selectai_image_options *decoding)
{
    struct sai_mode_image image = {0};
    int rc = sai_mode_decode(&image, bytes, n_bytes, name, decoding);
    if (rc == SELECTAI_OK)
        rc = sai_preprocess_mode(out, &image, size);
    sai_mode_clear(&image);
    return rc;
}

static int cut_first(selectai_image **out, const void *bytes, size_t n_bytes, const char *name, uint32_t size,
                     const struct selectai_image_options *decoding)
{
    selectai_image *image = NULL;
    int rc = selectai_image_decode(&image, bytes, n_bytes, name, decoding);
    if (rc == SELECTAI_OK)
        rc = sai_preprocess_u8(out, image, size);
    selectai_image_destroy(&image);
    return rc;
}

int selectai_image_preprocess_bytes(float *out, const void *bytes, size_t n_bytes, const char *name,
                                    const struct selectai_preprocess_options *options,
                                    const struct selectai_image_options *decoding)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(bytes != NULL || n_bytes == 0);
    struct selectai_preprocess_options o;
    struct selectai_image_options d;
    selectai_image *cut = NULL;
    int rc = get_options(&o, &d, options, decoding);
    if (rc != SELECTAI_OK)
        return rc;
    if (name == NULL)
        name = "image in memory";
    if (n_bytes > d.max_bytes)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: %zu bytes are more than the limit of %llu", name, n_bytes,
                        (unsigned long long)d.max_bytes);
    rc = (o.convert == SELECTAI_CONVERT_AFTER ? cut_after : cut_first)(&cut, bytes, n_bytes, name, o.size, &d);
    if (rc == SELECTAI_OK)
        normalise(out, cut);
    selectai_image_destroy(&cut);
    return rc;
}

int selectai_image_preprocess_file(float *out, const char *path, const struct selectai_preprocess_options *options,
                                   const struct selectai_image_options *decoding)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(path != NULL);
    struct selectai_preprocess_options o;
    struct selectai_image_options d;
    void *bytes = NULL;
    size_t n = 0;
    int rc = get_options(&o, &d, options, decoding);
    if (rc == SELECTAI_OK)
        rc = sai_file_read(&bytes, &n, path, d.max_bytes);
    if (rc == SELECTAI_OK)
        rc = selectai_image_preprocess_bytes(out, bytes, n, path, options, decoding);
    sai_free(bytes);
    return rc;
}
