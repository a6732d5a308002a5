/*
 * image/mode.c: tells a file's mode by its header, and decodes to it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/complete.h"
#include "image/decode.h"
#include "image/exif.h"
#include "image/jpeg_turbo.h"
#include "image/mode.h"
#include "image/png.h"
#include "image/webp.h"

struct source {
    const uint8_t *bytes;
    size_t n;
    const char *name;
    struct sai_image_header header;
    const struct selectai_image_options *options;
};

static int not_kept(const struct source *source, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                    "%s: %s cannot be shrunk in its own mode here; convert it to RGB first (the default)", source->name,
                    what);
}

/* The header was read, so the file has these bytes. */
static enum sai_mode png_mode(const uint8_t *bytes)
{
    uint8_t depth = bytes[24], colour = bytes[25];
    if (colour == PNG_PALETTE || (colour == PNG_GREY && depth == 1))
        return SAI_MODE_INDEXED;
    if (colour == PNG_GREY && depth == 16)
        return SAI_MODE_GREY16;
    return colour == PNG_GREY_ALPHA || colour == PNG_RGB_ALPHA ? SAI_MODE_RGBA : SAI_MODE_RGB;
}

static int webp_mode(enum sai_mode *out, const struct source *source)
{
    bool alpha = source->header.channels == 4;
    bool extended = source->n > 20 && memcmp(source->bytes + 12, "VP8X", 4) == 0;
    if (alpha && extended && (source->bytes[20] & SAI_WEBP_ANIMATION) != 0)
        return not_kept(source, "an animation with alpha");
    *out = alpha ? SAI_MODE_RGBA : SAI_MODE_RGB;
    return SELECTAI_OK;
}

/* Only kinds without palette and alpha are sure to be RGB. */
static int bmp_mode(enum sai_mode *out, const struct source *source)
{
    const uint8_t *b = source->bytes;
    bool core = sai_le32(b + 14) == 12;
    uint32_t bits = sai_le16(b + (core ? 24 : 28));
    bool plain = core || (source->n >= 34 && sai_le32(b + 30) == 0);
    if (bits <= 8)
        return not_kept(source, "a BMP image with a palette");
    if (!plain)
        return not_kept(source, "a BMP image with masks");
    *out = SAI_MODE_RGB;
    return SELECTAI_OK;
}

static int find_mode(enum sai_mode *out, const struct source *source)
{
    *out = SAI_MODE_RGB;
    switch (source->header.kind) {
    case SAI_KIND_PNG:
        *out = png_mode(source->bytes);
        return SELECTAI_OK;
    case SAI_KIND_JPEG:
        if (source->header.channels == 4)
            *out = SAI_MODE_CMYK;
        return SELECTAI_OK;
    case SAI_KIND_WEBP:
        return webp_mode(out, source);
    case SAI_KIND_BMP:
        return bmp_mode(out, source);
    default:
        return not_kept(source, "a GIF image");
    }
}

static int decode_jpeg_inks(uint8_t **out, const struct source *source)
{
#if SAI_HAVE_JPEG
    struct sai_jpeg_cost cost;
    int rc = sai_jpeg_check(&cost, source->bytes, source->n, source->name);
    uint64_t pixels = (uint64_t)source->header.width * source->header.height;
    if (rc == SELECTAI_OK)
        rc = sai_decode_check_memory(&source->header, pixels + (cost.buffered ? 2 * cost.samples : 0), source->options,
                                     source->name);
    if (rc == SELECTAI_OK)
        rc = sai_jpeg_read_inks(out, &source->header, source->bytes, source->n, source->options, source->name);
    return rc;
#else
    (void)out;
    return not_kept(source, "a CMYK image (without libjpeg)");
#endif
}

static int decode_samples(uint8_t **out, const struct source *source, unsigned pixel_bytes)
{
    if (source->header.undecodable != NULL)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is %s, which this build cannot decode; convert it to PNG",
                        source->name, source->header.undecodable);
    if (source->header.kind == SAI_KIND_JPEG)
        return decode_jpeg_inks(out, source);
    uint64_t pixels = (uint64_t)source->header.width * source->header.height;
    int rc = sai_decode_check_memory(&source->header, pixels, source->options, source->name);
    if (rc == SELECTAI_OK && source->header.kind == SAI_KIND_PNG)
        return sai_png_read_samples(out, pixel_bytes, source->bytes, source->n, source->name);
#if SAI_HAVE_WEBP
    if (rc == SELECTAI_OK)
        rc = sai_webp_read_rgba(out, &source->header, source->bytes, source->n, source->options->max_memory,
                                source->name);
#endif
    return rc;
}

static int turn(struct sai_mode_image *image, const struct source *source, unsigned pixel_bytes)
{
    unsigned orientation = sai_exif_orientation(source->header.kind, source->bytes, source->n);
    size_t n = (size_t)image->width * image->height * pixel_bytes;
    if (orientation == SAI_UPRIGHT)
        return SELECTAI_OK;
    int rc = sai_decode_check_memory(&source->header, (uint64_t)image->width * image->height * 5, source->options,
                                     source->name);
    uint8_t *turned = rc == SELECTAI_OK ? sai_large_malloc(n) : NULL;
    if (turned == NULL)
        return rc != SELECTAI_OK ? rc : SELECTAI_ERR_OUT_OF_MEMORY;
    sai_orient(turned, image->samples, image->width, image->height, pixel_bytes, orientation);
    sai_free(image->samples);
    image->samples = turned;
    if (sai_orientation_swaps(orientation)) {
        uint32_t width = image->width;
        image->width = image->height;
        image->height = width;
    }
    return SELECTAI_OK;
}

static int decode(struct sai_mode_image *image, const struct source *source)
{
    int rc = find_mode(&image->mode, source);
    if (rc != SELECTAI_OK)
        return rc;
    if (image->mode == SAI_MODE_RGB || image->mode == SAI_MODE_INDEXED) {
        rc = sai_decode_rgb(&image->rgb, &source->header, source->bytes, source->n, source->name, source->options);
        image->width = selectai_image_width(image->rgb);
        image->height = selectai_image_height(image->rgb);
        return rc;
    }
    unsigned pixel_bytes = image->mode == SAI_MODE_GREY16 ? 2 : 4;
    image->width = source->header.width;
    image->height = source->header.height;
    rc = decode_samples(&image->samples, source, pixel_bytes);
    if (rc == SELECTAI_OK && source->options->exif)
        rc = turn(image, source, pixel_bytes);
    return rc;
}

int sai_mode_decode(struct sai_mode_image *out, const uint8_t *bytes, size_t n, const char *name,
                    const struct selectai_image_options *options)
{
    struct source source = {.bytes = bytes, .n = n, .name = name, .options = options};
    struct sai_mode_image image = {0};
    int rc = sai_decode_header(&source.header, bytes, n, name, options);
    if (rc == SELECTAI_OK)
        rc = decode(&image, &source);
    if (rc != SELECTAI_OK)
        sai_mode_clear(&image);
    else
        *out = image;
    return rc;
}

void sai_mode_clear(struct sai_mode_image *image)
{
    selectai_image_destroy(&image->rgb);
    sai_free(image->samples);
    *image = (struct sai_mode_image){0};
}
