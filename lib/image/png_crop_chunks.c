/*
 * image/png_crop_chunks.c: what a PNG file says about its picture that is still true of a part of it.
 *
 * ISO/IEC 15948, clause 11.3 and 14.2; the registered extensions. A chunk that is not known here is kept if its name
 * says that it may be copied after the picture was changed (a small fourth letter). What is dropped: histograms and
 * suggested palettes (they count pixels), offsets that cannot be moved, stereo layouts, animations, and signatures over
 * the whole file. A chunk whose checksum is wrong is dropped: decoders would stumble over it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/header.h"
#include "image/png_crop.h"

/* Still true, although some have names that forbid to copy them blindly. */
static const char kept[][5] = {"PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "mDCv",
                               "cLLI", "cLLi", "sBIT", "bKGD", "pHYs", "sCAL", "pCAL", "eXIf", "tIME"};

static bool is_name(const uint8_t *type)
{
    for (int i = 0; i < 4; i++)
        if (!((type[i] >= 'A' && type[i] <= 'Z') || (type[i] >= 'a' && type[i] <= 'z')))
            return false;
    return true;
}

static bool stays_true(const struct sai_png_chunk *chunk)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (sai_png_is_type(chunk, kept[i]))
            return true;
    return (chunk->type[0] & 0x20) != 0 && (chunk->type[3] & 0x20) != 0; /* ancillary, safe to copy: also texts */
}

static void put_be32(uint8_t *p, int64_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)((uint64_t)v >> (24 - 8 * i));
}

/* Where the picture lies on a page, in pixels: moves along. */
static void put_offset(const struct sai_png_sink *sink, const struct sai_png_chunk *chunk,
                       const struct selectai_pixel_box *box)
{
    uint8_t moved[9];
    if (chunk->length != sizeof moved || chunk->data[8] != 0)
        return;
    int64_t x = (int64_t)(int32_t)sai_be32(chunk->data) + box->x1;
    int64_t y = (int64_t)(int32_t)sai_be32(chunk->data + 4) + box->y1;
    if (x > INT32_MAX || y > INT32_MAX)
        return;
    put_be32(moved, x);
    put_be32(moved + 4, y);
    moved[8] = 0;
    sai_png_put_chunk(sink, "oFFs", moved, sizeof moved);
}

void sai_png_crop_chunks(const struct sai_png_sink *sink, const struct sai_png *png,
                         const struct selectai_pixel_box *box, bool behind_data)
{
    size_t at = SAI_PNG_FIRST_CHUNK;
    struct sai_png_chunk chunk;
    bool behind = false;
    while (sai_png_next_chunk(&chunk, png, &at) && !sai_png_is_type(&chunk, "IEND")) {
        behind |= sai_png_is_type(&chunk, "IDAT");
        if (behind != behind_data || !is_name(chunk.type) || !sai_png_checksum_fits(&chunk))
            continue;
        if (sai_png_is_type(&chunk, "oFFs")) {
            put_offset(sink, &chunk, box);
        } else if (stays_true(&chunk)) {
            char type[5] = {0};
            memcpy(type, chunk.type, 4);
            sai_png_put_chunk(sink, type, chunk.data, chunk.length);
        }
    }
}
