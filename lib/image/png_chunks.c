/*
 * image/png_chunks.c: the chunks of a PNG file (ISO/IEC 15948, clauses 5 and 11).
 *
 * The whole structure is checked before anything is inflated: a file that lost its end, or a critical chunk whose
 * checksum is wrong, is refused.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/crc.h"
#include "image/header.h"
#include "image/png.h"

#define SIGNATURE_BYTES SAI_PNG_FIRST_CHUNK
#define CHUNK_OVERHEAD  12 /* length, type, checksum */

int sai_png_corrupt(const struct sai_png *png, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt PNG: %s; get the file again", png->name, what);
}

bool sai_png_is_type(const struct sai_png_chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

/* The chunk at offset; false if it does not lie inside the file. */
static bool chunk_at(struct sai_png_chunk *out, const struct sai_png *png, size_t offset)
{
    if (png->n - offset < CHUNK_OVERHEAD)
        return false;
    out->length = sai_be32(png->bytes + offset);
    out->type = png->bytes + offset + 4;
    out->data = png->bytes + offset + 8;
    return out->length <= png->n - offset - CHUNK_OVERHEAD;
}

bool sai_png_next_chunk(struct sai_png_chunk *out, const struct sai_png *png, size_t *offset)
{
    if (*offset > png->n || !chunk_at(out, png, *offset))
        return false;
    *offset += CHUNK_OVERHEAD + (size_t)out->length;
    return true;
}

bool sai_png_next_data(struct sai_png_chunk *out, const struct sai_png *png, size_t *offset)
{
    if (!chunk_at(out, png, *offset) || !sai_png_is_type(out, "IDAT"))
        return false;
    *offset += CHUNK_OVERHEAD + (size_t)out->length;
    return true;
}

/* Critical chunks have an upper-case first letter. Others may carry what they like: they are not read. */
static bool is_critical(const struct sai_png_chunk *chunk)
{
    return (chunk->type[0] & 0x20) == 0;
}

bool sai_png_checksum_fits(const struct sai_png_chunk *chunk)
{
    return sai_crc32(chunk->type, (size_t)chunk->length + 4) == sai_be32(chunk->data + chunk->length);
}

static int read_header(struct sai_png *png, const struct sai_png_chunk *chunk)
{
    static const uint8_t samples_of[7] = {1, 0, 3, 1, 2, 0, 4};
    static const uint32_t depths_of[7] = {1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 | 1u << 16,
                                          0,
                                          1u << 8 | 1u << 16,
                                          1u << 1 | 1u << 2 | 1u << 4 | 1u << 8,
                                          1u << 8 | 1u << 16,
                                          0,
                                          1u << 8 | 1u << 16};
    if (!sai_png_is_type(chunk, "IHDR") || chunk->length != 13)
        return sai_png_corrupt(png, "it does not begin with its header");
    png->width = sai_be32(chunk->data);
    png->height = sai_be32(chunk->data + 4);
    png->depth = chunk->data[8];
    png->colour = chunk->data[9];
    if (png->colour > 6 || png->depth > 16 || (depths_of[png->colour] >> png->depth & 1) == 0)
        return sai_png_corrupt(png, "its colour type and depth do not go together");
    if (chunk->data[10] != 0 || chunk->data[11] != 0 || chunk->data[12] > 1)
        return sai_png_corrupt(png, "unknown compression, filter or interlace method");
    png->samples = samples_of[png->colour];
    png->interlaced = chunk->data[12] == 1;
    return SELECTAI_OK;
}

/* Entries that the file does not give are grey levels, as in Pillow. */
static int read_palette(struct sai_png *png, const struct sai_png_chunk *chunk)
{
    if (chunk->length == 0 || chunk->length % 3 != 0 || chunk->length > 768)
        return sai_png_corrupt(png, "its palette has an impossible size");
    for (unsigned i = 0; i < 256; i++)
        if (3 * i < chunk->length)
            memcpy(png->palette[i], chunk->data + (size_t)3 * i, 3);
        else
            memset(png->palette[i], (int)i, 3);
    png->has_palette = true;
    return SELECTAI_OK;
}

/* Picture data must be in one run of chunks; `after` is where the last one ended. */
static int note_data(struct sai_png *png, const struct sai_png_chunk *chunk, size_t offset, size_t *after)
{
    if (png->first_data != 0 && *after != offset)
        return sai_png_corrupt(png, "its picture data is in several places");
    if (png->first_data == 0)
        png->first_data = offset;
    png->data_in_one = png->data_bytes == 0;
    png->data_bytes += chunk->length;
    *after = offset + CHUNK_OVERHEAD + chunk->length;
    return SELECTAI_OK;
}

/* Goes through all chunks up to IEND and notes what decoding needs. */
static int scan_chunks(struct sai_png *png)
{
    size_t offset = SIGNATURE_BYTES, after_data = 0;
    struct sai_png_chunk chunk;
    do {
        int rc = SELECTAI_OK;
        if (!chunk_at(&chunk, png, offset))
            return sai_png_corrupt(png, "it is truncated");
        if (is_critical(&chunk) && !sai_png_checksum_fits(&chunk))
            return sai_png_corrupt(png, "a checksum is wrong");
        if (offset == SIGNATURE_BYTES)
            rc = read_header(png, &chunk);
        else if (sai_png_is_type(&chunk, "PLTE"))
            rc = png->first_data == 0 ? read_palette(png, &chunk) : SELECTAI_OK;
        else if (sai_png_is_type(&chunk, "IDAT"))
            rc = note_data(png, &chunk, offset, &after_data);
        else if (is_critical(&chunk) && !sai_png_is_type(&chunk, "IEND"))
            rc = sai_png_corrupt(png, "an unknown critical chunk");
        if (rc != SELECTAI_OK)
            return rc;
        offset += CHUNK_OVERHEAD + (size_t)chunk.length;
    } while (!sai_png_is_type(&chunk, "IEND"));
    return SELECTAI_OK;
}

int sai_png_scan(struct sai_png *png, const uint8_t *bytes, size_t n, const char *name)
{
    *png = (struct sai_png){.bytes = bytes, .n = n, .name = name};
    if (n < SIGNATURE_BYTES)
        return sai_png_corrupt(png, "it is truncated");
    int rc = scan_chunks(png);
    if (rc == SELECTAI_OK && png->first_data == 0)
        rc = sai_png_corrupt(png, "it holds no picture");
    if (rc == SELECTAI_OK && png->colour == PNG_PALETTE && !png->has_palette)
        rc = sai_png_corrupt(png, "its palette is missing");
    return rc;
}
