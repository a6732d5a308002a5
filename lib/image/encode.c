/*
 * image/encode.c: images to bytes and files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <strings.h>

#include "base/file.h"
#include "base/path.h"
#include "image/png_write.h"

#define DEFAULT_JPEG_QUALITY 90
#define DEFAULT_PNG_LEVEL    6

int selectai_image_encode(uint8_t **bytes, size_t *n_bytes, const selectai_image *image, int32_t format,
                          int32_t quality)
{
    SAI_REQUIRE(bytes != NULL);
    SAI_REQUIRE(n_bytes != NULL);
    SAI_REQUIRE(image != NULL);
    SAI_REQUIRE(format == SELECTAI_FORMAT_PNG || format == SELECTAI_FORMAT_JPEG);
    int most = format == SELECTAI_FORMAT_PNG ? 9 : 100;
    if (quality < 0 || quality > most)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "image quality %d is not within 1..%d", quality, most);
    struct sai_byte_buffer buffer = {0};
    int rc;
    if (format == SELECTAI_FORMAT_PNG)
        rc = sai_png_write(&buffer, image, quality == 0 ? DEFAULT_PNG_LEVEL : quality);
    else
        rc = sai_stb_write_jpeg(&buffer, image, quality == 0 ? DEFAULT_JPEG_QUALITY : quality);
    if (rc != SELECTAI_OK) {
        sai_free(buffer.bytes);
        return rc;
    }
    *bytes = buffer.bytes;
    *n_bytes = buffer.n;
    return SELECTAI_OK;
}

static int format_of_path(int32_t *out, const char *path)
{
    const char *extension = sai_path_extension(path);
    if (strcasecmp(extension, ".png") == 0)
        *out = SELECTAI_FORMAT_PNG;
    else if (strcasecmp(extension, ".jpg") == 0 || strcasecmp(extension, ".jpeg") == 0)
        *out = SELECTAI_FORMAT_JPEG;
    else
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s: images are written as .png, .jpg or .jpeg; change the name",
                        path);
    return SELECTAI_OK;
}

int selectai_image_save(const selectai_image *image, const char *path, int32_t quality)
{
    SAI_REQUIRE(image != NULL);
    SAI_REQUIRE(path != NULL);
    uint8_t *bytes = NULL;
    size_t n = 0;
    int32_t format = SELECTAI_FORMAT_PNG;
    int rc = format_of_path(&format, path);
    if (rc == SELECTAI_OK)
        rc = selectai_image_encode(&bytes, &n, image, format, quality);
    if (rc != SELECTAI_OK)
        return rc;
    rc = sai_file_write_atomic(path, bytes, n);
    sai_free(bytes);
    return rc;
}
