/*
 * image/crop_file.c: cuts a part out of an image file and writes it as PNG, without loss.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <strings.h>

#include "base/file.h"
#include "base/path.h"
#include "image/decode.h"
#include "image/exif.h"
#include "image/png_crop.h"

struct source {
    const uint8_t *bytes;
    size_t n;
    const char *path;
    struct sai_image_header header;
    unsigned orientation;
};

static int check_box(const struct selectai_pixel_box *box, uint32_t width, uint32_t height, const char *path)
{
    if (box->x1 < 0 || box->y1 < 0 || box->x1 >= box->x2 || box->y1 >= box->y2 || (uint32_t)box->x2 > width ||
        (uint32_t)box->y2 > height)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "%s: crop box (%d, %d, %d, %d) is empty or leaves the image of %u x %u pixels", path, box->x1,
                        box->y1, box->x2, box->y2, width, height);
    return SELECTAI_OK;
}

static void write_file(void *to, const void *bytes, size_t n)
{
    sai_atomic_write(to, bytes, n);
}

/* EXIF with nothing but an orientation: what the decoded pixels do not say. */
static void put_orientation(const struct sai_png_sink *sink, unsigned orientation)
{
    uint8_t exif[26] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1};
    exif[19] = (uint8_t)orientation;
    sai_png_put_chunk(sink, "eXIf", exif, sizeof exif);
}

/* The samples of the file; turning is left to eXIf, which is kept, and the box is turned back instead. */
static int crop_png(const struct sai_png_sink *sink, const struct source *source, const struct selectai_pixel_box *box,
                    const struct selectai_image_options *options)
{
    struct selectai_pixel_box stored = *box;
    uint32_t width = source->header.width, height = source->header.height;
    bool turned = options->exif != 0 && sai_orientation_swaps(source->orientation);
    int rc = check_box(box, turned ? height : width, turned ? width : height, source->path);
    if (rc != SELECTAI_OK)
        return rc;
    if (options->exif != 0)
        sai_orient_box(&stored, width, height, source->orientation);
    return sai_png_crop(sink, source->bytes, source->n, &stored, options->max_memory, source->path);
}

/* The decoded pixels. */
static int crop_other(const struct sai_png_sink *sink, const struct source *source,
                      const struct selectai_pixel_box *box, const struct selectai_image_options *options)
{
    selectai_image *image = NULL;
    struct selectai_image_options full = *options;
    struct sai_png_rows rows;
    full.min_side = 0;
    int rc = sai_decode_rgb(&image, &source->header, source->bytes, source->n, source->path, &full);
    if (rc == SELECTAI_OK)
        rc = check_box(box, image->width, image->height, source->path);
    if (rc == SELECTAI_OK) {
        sai_png_rows_of(&rows, image, box);
        sai_png_put_signature(sink);
        sai_png_put_header(sink, &rows);
        if (options->exif == 0 && source->orientation != SAI_UPRIGHT)
            put_orientation(sink, source->orientation);
        rc = sai_png_put_data(sink, &rows, SAI_PNG_CROP_LEVEL);
        sai_png_put_chunk(sink, "IEND", NULL, 0);
    }
    selectai_image_destroy(&image);
    return rc;
}

static int crop_bytes(const char *output, const struct source *source, const struct selectai_pixel_box *box,
                      const struct selectai_image_options *options)
{
    struct sai_atomic_file file;
    struct sai_png_sink sink = {write_file, &file};
    int rc = sai_atomic_open_new(&file, output);
    if (rc != SELECTAI_OK)
        return rc;
    rc = (source->header.kind == SAI_KIND_PNG ? crop_png : crop_other)(&sink, source, box, options);
    if (rc == SELECTAI_OK)
        return sai_atomic_commit(&file);
    sai_atomic_discard(&file);
    return rc;
}

int selectai_image_crop_file(const char *output, const char *path, const struct selectai_pixel_box *box,
                             const struct selectai_image_options *options)
{
    SAI_REQUIRE(output != NULL);
    SAI_REQUIRE(path != NULL);
    SAI_REQUIRE(box != NULL);
    struct selectai_image_options o;
    struct source source = {.path = path};
    void *bytes = NULL;
    if (strcasecmp(sai_path_extension(output), ".png") != 0)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s: crops are written as .png; change the name", output);
    int rc = sai_image_options_get(&o, options);
    if (rc == SELECTAI_OK)
        rc = sai_file_read(&bytes, &source.n, path, o.max_bytes);
    if (rc != SELECTAI_OK)
        return rc;
    source.bytes = bytes;
    rc = sai_decode_header(&source.header, source.bytes, source.n, path, &o);
    if (rc == SELECTAI_OK) {
        source.orientation = sai_exif_orientation(source.header.kind, source.bytes, source.n);
        rc = crop_bytes(output, &source, box, &o);
    }
    sai_free(bytes);
    return rc;
}
