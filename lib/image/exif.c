/*
 * image/exif.c: finds the orientation tag in a file's EXIF data.
 *
 * Exif 2.32 (CIPA DC-008): a TIFF structure in JPEG's first APP1 segment of that name, PNG's eXIf chunk, WebP's EXIF
 * chunk. What cannot be read says nothing: the picture is then as good as one without.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/exif.h"

#define TAG_ORIENTATION 0x0112u
#define TYPE_SHORT      3u
#define TYPE_LONG       4u
#define ENTRY_BYTES     12u

#define WEBP_EXIF_FLAG 0x08u

/* The TIFF structure, and its byte order. */
struct tiff {
    const uint8_t *bytes;
    size_t n;
    bool big_endian;
};

static uint32_t get16(const struct tiff *tiff, size_t at)
{
    return tiff->big_endian ? sai_be16(tiff->bytes + at) : sai_le16(tiff->bytes + at);
}

static uint32_t get32(const struct tiff *tiff, size_t at)
{
    return tiff->big_endian ? sai_be32(tiff->bytes + at) : sai_le32(tiff->bytes + at);
}

/* The first number of an entry; 0 if it has none. Values of more than four bytes stand elsewhere. */
static uint32_t entry_number(const struct tiff *tiff, size_t entry)
{
    uint32_t type = get16(tiff, entry + 2), count = get32(tiff, entry + 4);
    size_t size = type == TYPE_SHORT ? 2 : 4, at = entry + 8;
    if ((type != TYPE_SHORT && type != TYPE_LONG) || count == 0)
        return 0;
    if (count > 4 / size) {
        at = get32(tiff, at);
        if (at > tiff->n || count > (tiff->n - at) / size)
            return 0;
    }
    return type == TYPE_SHORT ? get16(tiff, at) : get32(tiff, at);
}

/* Of the first directory; of several such entries the last one that can be read counts. */
static unsigned tiff_orientation(const uint8_t *bytes, size_t n)
{
    if (n >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
        bytes += 6;
        n -= 6;
    }
    if (n < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return SAI_UPRIGHT;
    struct tiff tiff = {bytes, n, bytes[0] == 'M'};
    size_t at = get32(&tiff, 4);
    uint32_t found = 0;
    if (at > n || n - at < 2)
        return SAI_UPRIGHT;
    uint32_t count = get16(&tiff, at);
    at += 2;
    for (uint32_t i = 0; i < count && n - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES)
        if (get16(&tiff, at) == TAG_ORIENTATION) {
            uint32_t number = entry_number(&tiff, at);
            found = number != 0 ? number : found;
        }
    return found >= 1 && found <= 8 ? found : SAI_UPRIGHT;
}

/* Segments up to the picture's data. */
static unsigned jpeg_orientation(const uint8_t *bytes, size_t n)
{
    size_t at = 2;
    while (at < n && n - at >= 4) {
        uint8_t marker = bytes[at + 1];
        if (bytes[at] != 0xFF || marker == 0xFF) {
            at++;
            continue;
        }
        if (marker == 0xDA || marker == 0xD9)
            break;
        if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
            at += 2;
            continue;
        }
        size_t length = sai_be16(bytes + at + 2);
        if (length < 2 || length > n - at - 2)
            break;
        if (marker == 0xE1 && length >= 2 + 5 && memcmp(bytes + at + 4, "Exif\0", 5) == 0)
            return tiff_orientation(bytes + at + 4, length - 2);
        at += 2 + length;
    }
    return SAI_UPRIGHT;
}

/* Before or behind the picture's data; of several the last one. */
static unsigned png_orientation(const uint8_t *bytes, size_t n)
{
    unsigned found = SAI_UPRIGHT;
    size_t at = 8;
    while (at < n && n - at >= 12) {
        size_t length = sai_be32(bytes + at);
        if (length > n - at - 12 || memcmp(bytes + at + 4, "IEND", 4) == 0)
            break;
        if (memcmp(bytes + at + 4, "eXIf", 4) == 0)
            found = tiff_orientation(bytes + at + 8, length);
        at += 12 + length;
    }
    return found;
}

static unsigned webp_orientation(const uint8_t *bytes, size_t n)
{
    if (n < 30 || memcmp(bytes + 12, "VP8X", 4) != 0 || (bytes[20] & WEBP_EXIF_FLAG) == 0)
        return SAI_UPRIGHT;
    size_t at = 12;
    while (at < n && n - at >= 8) {
        size_t length = sai_le32(bytes + at + 4);
        if (length > n - at - 8)
            break;
        if (memcmp(bytes + at, "EXIF", 4) == 0)
            return tiff_orientation(bytes + at + 8, length);
        at += 8 + length + (length & 1);
    }
    return SAI_UPRIGHT;
}

unsigned sai_exif_orientation(enum sai_image_kind kind, const uint8_t *bytes, size_t n)
{
    switch (kind) {
    case SAI_KIND_JPEG:
        return jpeg_orientation(bytes, n);
    case SAI_KIND_PNG:
        return png_orientation(bytes, n);
    case SAI_KIND_WEBP:
        return webp_orientation(bytes, n);
    default:
        return SAI_UPRIGHT;
    }
}

/* Where the turned picture's first element stands in the stored one. */
static bool starts_right(unsigned orientation)
{
    return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

static bool starts_below(unsigned orientation)
{
    return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

void sai_orient_box(struct selectai_pixel_box *box, uint32_t width, uint32_t height, unsigned orientation)
{
    struct selectai_pixel_box b = *box;
    if (sai_orientation_swaps(orientation))
        b = (struct selectai_pixel_box){box->y1, box->x1, box->y2, box->x2};
    *box = b;
    if (starts_right(orientation)) {
        box->x1 = (int32_t)width - b.x2;
        box->x2 = (int32_t)width - b.x1;
    }
    if (starts_below(orientation)) {
        box->y1 = (int32_t)height - b.y2;
        box->y2 = (int32_t)height - b.y1;
    }
}

void sai_orient(uint8_t *out, const uint8_t *in, uint32_t width, uint32_t height, size_t size, unsigned orientation)
{
    /* Where the first element of the result stands, and how far its right and its lower neighbour are from it. */
    bool swaps = sai_orientation_swaps(orientation);
    bool from_right = starts_right(orientation), from_bottom = starts_below(orientation);
    ptrdiff_t element = (ptrdiff_t)size, row = element * width;
    ptrdiff_t along_x = from_right ? -element : element, along_y = from_bottom ? -row : row;
    ptrdiff_t step_x = swaps ? along_y : along_x, step_y = swaps ? along_x : along_y;
    const uint8_t *first = in + (from_right ? row - element : 0) + (from_bottom ? row * (height - 1) : 0);
    uint32_t out_width = swaps ? height : width, out_height = swaps ? width : height;
    for (uint32_t y = 0; y < out_height; y++)
        for (uint32_t x = 0; x < out_width; x++, out += size)
            memcpy(out, first + (ptrdiff_t)y * step_y + (ptrdiff_t)x * step_x, size);
}
