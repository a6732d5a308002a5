/*
 * image/webp.c: WebP (RFC 9649) to RGB by libwebp, the only file that knows it. Alpha is dropped, as in Pillow's
 * convert("RGB"); of an animation the first picture is taken, on a black canvas.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include <webp/decode.h>

#include "image/webp.h"

#define RIFF_HEADER  12u
#define CHUNK_HEADER 8u
#define FRAME_HEADER 16u

/* What the decoder holds beside the picture, bytes a pixel: lossless pictures, and alpha planes, which may be lossless,
 * with four; the rest goes by rows. */
#define LOSSLESS_BYTES 4u

/* The picture within the file, and where it stands on the canvas. */
struct picture {
    const uint8_t *bytes;
    size_t n;
    uint32_t x, y, width, height;
};

static int corrupt(const char *name, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt WebP: %s; get the file again", name, what);
}

static uint32_t le24(const uint8_t *p)
{
    return sai_le16(p) | (uint32_t)p[2] << 16;
}

/* The first ANMF chunk: a header, then chunks as a still picture has them. */
static int find_first_frame(struct picture *out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                            const char *name)
{
    size_t offset = RIFF_HEADER;
    while (n - offset >= CHUNK_HEADER) {
        const uint8_t *chunk = bytes + offset;
        size_t length = sai_le32(chunk + 4), padded = length + (length & 1);
        if (length > n - offset - CHUNK_HEADER)
            return corrupt(name, "it is truncated");
        if (memcmp(chunk, "ANMF", 4) == 0 && length >= FRAME_HEADER) {
            const uint8_t *frame = chunk + CHUNK_HEADER;
            *out = (struct picture){.bytes = frame + FRAME_HEADER,
                                    .n = length - FRAME_HEADER,
                                    .x = 2 * le24(frame),
                                    .y = 2 * le24(frame + 3),
                                    .width = le24(frame + 6) + 1,
                                    .height = le24(frame + 9) + 1};
            if (out->x > header->width || out->width > header->width - out->x || out->y > header->height ||
                out->height > header->height - out->y)
                return corrupt(name, "its first picture leaves the canvas");
            return SELECTAI_OK;
        }
        if (padded > n - offset - CHUNK_HEADER)
            break;
        offset += CHUNK_HEADER + padded;
    }
    return corrupt(name, "it holds no picture");
}

static int find_picture(struct picture *out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                        const char *name)
{
    if (sai_le32(bytes + 4) > n - CHUNK_HEADER)
        return corrupt(name, "it is truncated");
    if (memcmp(bytes + RIFF_HEADER, "VP8X", 4) == 0 && (bytes[RIFF_HEADER + CHUNK_HEADER] & SAI_WEBP_ANIMATION) != 0)
        return find_first_frame(out, header, bytes, n, name);
    *out = (struct picture){.bytes = bytes, .n = n, .width = header->width, .height = header->height};
    return SELECTAI_OK;
}

static int check_features(const struct sai_image_header *header, const struct picture *picture, uint64_t max_memory,
                          const char *name)
{
    enum { LOSSLESS = 2 };
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(picture->bytes, picture->n, &features) != VP8_STATUS_OK)
        return corrupt(name, "its picture's header is damaged");
    if ((uint32_t)features.width != picture->width || (uint32_t)features.height != picture->height)
        return corrupt(name, "two headers of different size");
    uint64_t need = (uint64_t)header->width * header->height * SAI_CHANNELS;
    if (features.format == LOSSLESS || features.has_alpha)
        need += (uint64_t)picture->width * picture->height * LOSSLESS_BYTES;
    if (need > max_memory)
        return SAI_FAIL(SELECTAI_ERR_LIMIT,
                        "%s: %u x %u pixels of this kind of WebP take %llu MiB to decode, %llu MiB "
                        "are allowed; scale it down or save it as PNG",
                        name, header->width, header->height, (unsigned long long)(need >> 20),
                        (unsigned long long)(max_memory >> 20));
    return SELECTAI_OK;
}

/* Where pixels go. */
struct target {
    WEBP_CSP_MODE colours;
    uint8_t *first;
    size_t stride, n;
};

static int decode(const struct target *target, const struct picture *picture, const char *name)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "%s: libwebp has another version than this build; install the one "
                        "it was built with",
                        name);
    config.output.colorspace = target->colours;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = target->first;
    config.output.u.RGBA.stride = (int)target->stride;
    config.output.u.RGBA.size = target->n;
    switch (WebPDecode(picture->bytes, picture->n, &config)) {
    case VP8_STATUS_OK:
        return SELECTAI_OK;
    case VP8_STATUS_OUT_OF_MEMORY:
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: not enough memory to decode it", name);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is a kind of WebP that libwebp cannot decode; convert it to PNG",
                        name);
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return corrupt(name, "it is truncated");
    default:
        return corrupt(name, "its picture data is damaged");
    }
}

/* Onto the canvas. */
static int decode_onto(selectai_image *image, const struct picture *picture, const char *name)
{
    size_t stride = sai_image_stride(image), first = picture->y * stride + (size_t)picture->x * SAI_CHANNELS;
    struct target target = {MODE_RGB, image->pixels + first, stride, sai_image_bytes(image) - first};
    return decode(&target, picture, name);
}

int sai_webp_read(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                  uint64_t max_memory, const char *name)
{
    struct picture picture = {0};
    selectai_image *image = NULL;
    int rc = find_picture(&picture, header, bytes, n, name);
    if (rc == SELECTAI_OK)
        rc = check_features(header, &picture, max_memory, name);
    if (rc == SELECTAI_OK)
        rc = sai_image_alloc(&image, header->width, header->height);
    if (rc == SELECTAI_OK && (picture.width < header->width || picture.height < header->height))
        memset(image->pixels, 0, sai_image_bytes(image));
    if (rc == SELECTAI_OK)
        rc = decode_onto(image, &picture, name);
    if (rc != SELECTAI_OK)
        selectai_image_destroy(&image);
    else
        *out = image;
    return rc;
}

int sai_webp_read_rgba(uint8_t **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                       uint64_t max_memory, const char *name)
{
    struct picture picture = {0};
    size_t stride = (size_t)header->width * 4;
    struct target target = {MODE_RGBA, NULL, stride, stride * header->height};
    int rc = find_picture(&picture, header, bytes, n, name);
    if (rc == SELECTAI_OK)
        rc = check_features(header, &picture, max_memory, name);
    if (rc == SELECTAI_OK && (target.first = sai_large_malloc(target.n)) == NULL)
        rc = SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = decode(&target, &picture, name);
    if (rc != SELECTAI_OK)
        sai_free(target.first);
    else
        *out = target.first;
    return rc;
}
