/*
 * image/decode.c: files and bytes to images, within the caller's limits.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "image/complete.h"
#include "image/decode.h"
#include "image/exif.h"
#include "image/jpeg_turbo.h"
#include "image/png.h"
#include "image/stb.h"
#include "image/webp.h"

/* stb_image keeps a GIF as RGBA, a background and a history, and copies it to RGB: bytes a pixel at the worst moment.
 */
#define STB_GIF_BYTES 12u

static const struct selectai_image_options default_options = {
    .struct_size = sizeof(struct selectai_image_options),
    .max_side = 32768,
    .max_pixels = 178956970,
    .max_bytes = UINT64_C(1) << 30,
    .max_memory = UINT64_C(400) << 20,
};

void selectai_image_options_init(struct selectai_image_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &default_options, sizeof default_options);
}

int sai_image_options_get(struct selectai_image_options *out, const struct selectai_image_options *options)
{
    *out = default_options;
    int rc = sai_options_copy(out, sizeof *out, options);
    if (rc == SELECTAI_OK && out->exif > 1)
        rc = SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "option exif is %u; it may be 0 or 1", out->exif);
    return rc;
}

/* Opens what can only be an ordinary file: a pipe would block, a folder has no bytes. */
static int open_image(int *out, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return SAI_FAIL_ERRNO("read", path);
    int rc = SELECTAI_OK;
    if (fstat(fd, &status) != 0)
        rc = SAI_FAIL_ERRNO("read", path);
    else if (S_ISDIR(status.st_mode))
        rc = SAI_FAIL(SELECTAI_ERR_IS_A_DIRECTORY, "%s: is a folder, an image file is needed", path);
    else if (!S_ISREG(status.st_mode))
        rc = SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not an ordinary file, an image file is needed", path);
    if (rc != SELECTAI_OK)
        close(fd);
    else
        *out = fd;
    return rc;
}

int selectai_image_read_info(struct selectai_image_info *out, const char *path)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(path != NULL);
    struct sai_image_header header;
    int fd = -1;
    int rc = open_image(&fd, path);
    if (rc != SELECTAI_OK)
        return rc;
    struct sai_header_source source = {.fd = fd, .name = path};
    rc = sai_image_header_parse(&header, &source);
    close(fd);
    if (rc != SELECTAI_OK)
        return rc;
    struct selectai_image_info info = {.width = header.width, .height = header.height, .channels = header.channels};
    snprintf(info.format, sizeof info.format, "%s", sai_image_kind_name(header.kind));
    return sai_struct_out(out, &info, sizeof info);
}

static int check_limits(const struct sai_image_header *header, const struct selectai_image_options *options,
                        const char *name)
{
    uint64_t pixels = (uint64_t)header->width * header->height;
    uint32_t max_side = options->max_side < SAI_MAX_SIDE ? options->max_side : SAI_MAX_SIDE;
    if (header->width > max_side || header->height > max_side)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: %u x %u pixels; the longest side may have %u; scale it down", name,
                        header->width, header->height, max_side);
    if (pixels > options->max_pixels)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: %u x %u pixels are more than the limit of %llu; scale it down", name,
                        header->width, header->height, (unsigned long long)options->max_pixels);
    return SELECTAI_OK;
}

int sai_decode_check_memory(const struct sai_image_header *header, uint64_t beside,
                            const struct selectai_image_options *options, const char *name)
{
    uint64_t need = (uint64_t)header->width * header->height * SAI_CHANNELS + beside;
    if (need > options->max_memory)
        return SAI_FAIL(SELECTAI_ERR_LIMIT,
                        "%s: %u x %u pixels take %llu MiB to decode, %llu MiB are allowed; scale it "
                        "down or save it as PNG",
                        name, header->width, header->height, (unsigned long long)(need >> 20),
                        (unsigned long long)(options->max_memory >> 20));
    return SELECTAI_OK;
}

/* The first picture, with the colour that stands at transparent pixels, as everywhere. */
static int decode_gif(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                      const char *name)
{
    uint8_t *picture = NULL;
    size_t n_picture = 0;
    int rc = sai_gif_first_picture(&picture, &n_picture, bytes, n, name);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_stb_read(out, picture, n_picture, header->width, header->height, name);
    sai_free(picture);
    return rc;
}

static int decode_bmp(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                      const char *name)
{
    int rc = sai_bmp_check(bytes, n, header->width, header->height, name);
    if (rc == SELECTAI_OK)
        rc = sai_stb_read(out, bytes, n, header->width, header->height, name);
    return rc;
}

static int decode_jpeg(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                       const char *name, const struct selectai_image_options *options)
{
    struct sai_jpeg_cost cost;
    int rc = sai_jpeg_check(&cost, bytes, n, name);
    uint64_t beside = rc == SELECTAI_OK && cost.buffered ? 2 * cost.samples : 0;
#if SAI_HAVE_JPEG
    if (rc == SELECTAI_OK)
        rc = sai_decode_check_memory(header, beside, options, name);
    if (rc == SELECTAI_OK)
        rc = sai_jpeg_read(out, header, bytes, n, options, name);
#else
    if (rc == SELECTAI_OK)
        rc = sai_decode_check_memory(header, beside + cost.samples, options, name);
    if (rc == SELECTAI_OK)
        rc = sai_stb_read(out, bytes, n, header->width, header->height, name);
#endif
    return rc;
}

static int decode_kind(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                       const char *name, const struct selectai_image_options *options)
{
    uint64_t beside = header->kind == SAI_KIND_GIF ? (uint64_t)header->width * header->height * (STB_GIF_BYTES - 3) : 0;
    if (header->undecodable != NULL)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is %s, which this build cannot decode; convert it to PNG", name,
                        header->undecodable);
    int rc = sai_decode_check_memory(header, beside, options, name);
    if (rc != SELECTAI_OK)
        return rc;
    switch (header->kind) {
    case SAI_KIND_PNG:
        return sai_png_read(out, bytes, n, options->max_memory, name);
    case SAI_KIND_JPEG:
        return decode_jpeg(out, header, bytes, n, name, options);
    case SAI_KIND_GIF:
        return decode_gif(out, header, bytes, n, name);
    case SAI_KIND_BMP:
        return decode_bmp(out, header, bytes, n, name);
    default:
        break;
    }
#if SAI_HAVE_WEBP
    return sai_webp_read(out, header, bytes, n, options->max_memory, name);
#else
    return SAI_FAIL(SELECTAI_ERR_INTERNAL, "%s: no decoder for this kind of image", name);
#endif
}

/* Replaces the picture by a turned one. */
static int turn(selectai_image **image, const struct sai_image_header *header, unsigned orientation, const char *name,
                const struct selectai_image_options *options)
{
    const selectai_image *old = *image;
    bool swaps = sai_orientation_swaps(orientation);
    selectai_image *turned = NULL;
    int rc = sai_decode_check_memory(header, sai_image_bytes(old), options, name);
    if (rc == SELECTAI_OK)
        rc = sai_image_alloc(&turned, swaps ? old->height : old->width, swaps ? old->width : old->height);
    if (rc != SELECTAI_OK)
        return rc;
    sai_orient(turned->pixels, old->pixels, old->width, old->height, SAI_CHANNELS, orientation);
    selectai_image_destroy(image);
    *image = turned;
    return SELECTAI_OK;
}

int sai_decode_header(struct sai_image_header *out, const uint8_t *bytes, size_t n, const char *name,
                      const struct selectai_image_options *options)
{
    struct sai_header_source source = {.bytes = bytes, .n = n, .fd = -1, .name = name};
    int rc = sai_image_header_parse(out, &source);
    return rc == SELECTAI_OK ? check_limits(out, options, name) : rc;
}

int sai_decode_rgb(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                   const char *name, const struct selectai_image_options *options)
{
    unsigned orientation = options->exif ? sai_exif_orientation(header->kind, bytes, n) : SAI_UPRIGHT;
    selectai_image *image = NULL;
    int rc = decode_kind(&image, header, bytes, n, name, options);
    if (rc == SELECTAI_OK && orientation != SAI_UPRIGHT)
        rc = turn(&image, header, orientation, name, options);
    if (rc != SELECTAI_OK)
        selectai_image_destroy(&image);
    else
        *out = image;
    return rc;
}

static int decode(selectai_image **out, const uint8_t *bytes, size_t n, const char *name,
                  const struct selectai_image_options *options)
{
    struct sai_image_header header;
    int rc = sai_decode_header(&header, bytes, n, name, options);
    return rc == SELECTAI_OK ? sai_decode_rgb(out, &header, bytes, n, name, options) : rc;
}

int selectai_image_decode(selectai_image **out, const void *bytes, size_t n_bytes, const char *name,
                          const struct selectai_image_options *options)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(bytes != NULL || n_bytes == 0);
    struct selectai_image_options o;
    int rc = sai_image_options_get(&o, options);
    if (rc != SELECTAI_OK)
        return rc;
    if (name == NULL)
        name = "image in memory";
    if (n_bytes > o.max_bytes)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "%s: %zu bytes are more than the limit of %llu", name, n_bytes,
                        (unsigned long long)o.max_bytes);
    return decode(out, bytes, n_bytes, name, &o);
}

int selectai_image_load(selectai_image **out, const char *path, const struct selectai_image_options *options)
{
    SAI_REQUIRE(out != NULL);
    SAI_REQUIRE(path != NULL);
    struct selectai_image_options o;
    void *bytes = NULL;
    size_t n = 0;
    int rc = sai_image_options_get(&o, options);
    if (rc == SELECTAI_OK)
        rc = sai_file_read(&bytes, &n, path, o.max_bytes);
    if (rc != SELECTAI_OK)
        return rc;
    rc = decode(out, bytes, n, path, &o);
    sai_free(bytes);
    return rc;
}
