/*
 * image/complete.c: finds GIF and BMP files that lost their end, and takes a GIF's first picture out.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/complete.h"
#include "image/header.h"

#define BMP_COMPRESSION_NONE       0
#define BMP_COMPRESSION_MASKS      3
#define BMP_COMPRESSION_ALPHA_MASK 6

static int truncated(const char *name)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: truncated image: the file ends within the picture; get it again", name);
}

static size_t colour_table_bytes(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Skips data blocks up to and with the empty one that ends them; false if the file ends before. */
static bool skip_blocks(const uint8_t *bytes, size_t n, size_t *offset)
{
    while (*offset < n) {
        uint8_t length = bytes[(*offset)++];
        if (length == 0)
            return true;
        if (n - *offset < length)
            return false;
        *offset += length;
    }
    return false;
}

/* Where the first picture ends, and where the flags are that make one of its colours transparent (0: nowhere). */
struct gif_extent {
    size_t end, transparency;
};

static int gif_extent(struct gif_extent *out, const uint8_t *bytes, size_t n, const char *name)
{
    const size_t screen = 13, descriptor = 10;
    if (n < screen)
        return truncated(name);
    struct gif_extent extent = {0};
    size_t offset = screen + colour_table_bytes(bytes[10]);
    while (offset < n && bytes[offset] == 0x21) {
        if (n - offset > 3 && bytes[offset + 1] == 0xF9 && bytes[offset + 2] == 4)
            extent.transparency = offset + 3;
        offset += 2;
        if (!skip_blocks(bytes, n, &offset))
            return truncated(name);
    }
    if (offset >= n)
        return truncated(name);
    if (bytes[offset] != 0x2C)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt GIF: no picture in it; get the file again", name);
    if (n - offset < descriptor)
        return truncated(name);
    offset += descriptor + colour_table_bytes(bytes[offset + 9]) + 1;
    if (!skip_blocks(bytes, n, &offset))
        return truncated(name);
    extent.end = offset;
    *out = extent;
    return SELECTAI_OK;
}

int sai_gif_first_picture(uint8_t **out, size_t *n_out, const uint8_t *bytes, size_t n, const char *name)
{
    struct gif_extent extent = {0};
    int rc = gif_extent(&extent, bytes, n, name);
    if (rc != SELECTAI_OK)
        return rc;
    uint8_t *copy = sai_malloc(extent.end);
    if (copy == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memcpy(copy, bytes, extent.end);
    if (extent.transparency != 0)
        copy[extent.transparency] &= 0xFE;
    *out = copy;
    *n_out = extent.end;
    return SELECTAI_OK;
}

/* stb_image looks colours up without asking whether the palette has so many; the data was found to be whole. */
static bool bmp_palette_suffices(const uint8_t *bytes, uint32_t colours, uint32_t width, uint32_t height, uint64_t bits,
                                 uint64_t start)
{
    uint64_t row = (width * bits + 31) / 32 * 4;
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *p = bytes + start + y * row;
        for (uint32_t x = 0; x < width; x++) {
            uint64_t bit = x * bits;
            if ((p[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1)) >= colours)
                return false;
        }
    }
    return true;
}

int sai_bmp_check(const uint8_t *bytes, size_t n, uint32_t width, uint32_t height, const char *name)
{
    if (n < 34)
        return truncated(name);
    bool core = sai_le32(bytes + 14) == 12;
    uint32_t compression = core ? BMP_COMPRESSION_NONE : sai_le32(bytes + 30);
    uint64_t bits = sai_le16(bytes + (core ? 24 : 28)), start = sai_le32(bytes + 10);
    if (compression != BMP_COMPRESSION_NONE && compression != BMP_COMPRESSION_MASKS &&
        compression != BMP_COMPRESSION_ALPHA_MASK)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "%s: is a compressed BMP image, which cannot be read here; convert "
                        "it to PNG",
                        name);
    if (bits > 32)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt BMP: impossible number of bits", name);
    uint64_t row = (width * bits + 31) / 32 * 4, padding = row - (width * bits + 7) / 8;
    if (start + row * height - padding > n)
        return truncated(name);
    if (bits != 1 && bits != 4 && bits != 8)
        return SELECTAI_OK; /* no palette */
    uint64_t header = 14 + (uint64_t)sai_le32(bytes + 14), colour = core ? 3 : 4;
    uint64_t colours = start > header ? (start - header) / colour : 0;
    if (core && colours > 4) /* stb_image takes the header of this old kind for 12 bytes longer */
        colours -= 4;
    if (colours > 256 || !bmp_palette_suffices(bytes, (uint32_t)colours, width, height, bits, start))
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt BMP: a colour is not in the palette", name);
    return SELECTAI_OK;
}
