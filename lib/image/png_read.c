/*
 * image/png_read.c: PNG decoder on zlib (ISO/IEC 15948), with the result of Pillow's convert("RGB").
 *
 * The whole chunk structure is checked before anything is inflated: a file that lost its end, or a critical chunk
 * whose checksum is wrong, is refused. Rows are inflated one at a time into two row buffers, so that memory is the
 * image itself and little more.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/header.h"
#include "image/png_read.h"
#include "image/zlib_memory.h"

#define SIGNATURE_BYTES 8
#define CHUNK_OVERHEAD  12 /* length, type, checksum */

/* Bytes behind the last row that are inflated to get at the checksum: some hundredths of a second. */
#define MAX_SURPLUS ((size_t)16 << 20)

enum colour { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };

struct reader {
    const uint8_t *bytes;
    size_t n;
    const char *name;
    uint32_t width, height;
    unsigned depth, colour, samples;
    bool interlaced, has_palette;
    uint8_t palette[256][3];
    size_t first_data; /* offset of the first IDAT chunk */
    size_t next_chunk; /* offset of the chunk that is inflated next */
    z_stream stream;
    bool stream_ready, stream_ended;
    uint8_t *row, *previous; /* filter byte apart */
};

struct chunk {
    uint32_t length;
    const uint8_t *type, *data;
};

static int corrupt(const struct reader *r, const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: corrupt PNG: %s; get the file again", r->name, what);
}

static bool is_type(const struct chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

/* The chunk at offset; false if it does not lie inside the file. */
static bool chunk_at(struct chunk *out, const struct reader *r, size_t offset)
{
    if (r->n - offset < CHUNK_OVERHEAD)
        return false;
    out->length = sai_be32(r->bytes + offset);
    out->type = r->bytes + offset + 4;
    out->data = r->bytes + offset + 8;
    return out->length <= r->n - offset - CHUNK_OVERHEAD;
}

/* Critical chunks have an upper-case first letter. Others may carry what they like: they are not read. */
static bool is_critical(const struct chunk *chunk)
{
    return (chunk->type[0] & 0x20) == 0;
}

static bool checksum_fits(const struct chunk *chunk)
{
    uLong sum = crc32(crc32(0, NULL, 0), chunk->type, 4);
    sum = crc32_z(sum, chunk->data, chunk->length);
    return sum == sai_be32(chunk->data + chunk->length);
}

static int read_header(struct reader *r, const struct chunk *chunk)
{
    static const uint8_t samples_of[7] = {1, 0, 3, 1, 2, 0, 4};
    static const uint32_t depths_of[7] = {1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 | 1u << 16,
                                          0,
                                          1u << 8 | 1u << 16,
                                          1u << 1 | 1u << 2 | 1u << 4 | 1u << 8,
                                          1u << 8 | 1u << 16,
                                          0,
                                          1u << 8 | 1u << 16};
    if (!is_type(chunk, "IHDR") || chunk->length != 13)
        return corrupt(r, "it does not begin with its header");
    r->width = sai_be32(chunk->data);
    r->height = sai_be32(chunk->data + 4);
    r->depth = chunk->data[8];
    r->colour = chunk->data[9];
    if (r->colour > 6 || r->depth > 16 || (depths_of[r->colour] >> r->depth & 1) == 0)
        return corrupt(r, "its colour type and depth do not go together");
    if (chunk->data[10] != 0 || chunk->data[11] != 0 || chunk->data[12] > 1)
        return corrupt(r, "unknown compression, filter or interlace method");
    r->samples = samples_of[r->colour];
    r->interlaced = chunk->data[12] == 1;
    return SELECTAI_OK;
}

/* Entries that the file does not give are grey levels, as in Pillow. */
static int read_palette(struct reader *r, const struct chunk *chunk)
{
    if (chunk->length == 0 || chunk->length % 3 != 0 || chunk->length > sizeof r->palette)
        return corrupt(r, "its palette has an impossible size");
    for (unsigned i = 0; i < 256; i++)
        memset(r->palette[i], (int)i, 3);
    memcpy(r->palette, chunk->data, chunk->length);
    r->has_palette = true;
    return SELECTAI_OK;
}

/* Picture data must be in one run of chunks; `after` is where the last one ended. */
static int note_data(struct reader *r, const struct chunk *chunk, size_t offset, size_t *after)
{
    if (r->first_data != 0 && *after != offset)
        return corrupt(r, "its picture data is in several places");
    if (r->first_data == 0)
        r->first_data = offset;
    *after = offset + CHUNK_OVERHEAD + chunk->length;
    return SELECTAI_OK;
}

/* Goes through all chunks up to IEND and notes what decoding needs. */
static int scan_chunks(struct reader *r)
{
    size_t offset = SIGNATURE_BYTES, after_data = 0;
    struct chunk chunk;
    do {
        int rc = SELECTAI_OK;
        if (!chunk_at(&chunk, r, offset))
            return corrupt(r, "it is truncated");
        if (is_critical(&chunk) && !checksum_fits(&chunk))
            return corrupt(r, "a checksum is wrong");
        if (offset == SIGNATURE_BYTES)
            rc = read_header(r, &chunk);
        else if (is_type(&chunk, "PLTE"))
            rc = r->first_data == 0 ? read_palette(r, &chunk) : SELECTAI_OK;
        else if (is_type(&chunk, "IDAT"))
            rc = note_data(r, &chunk, offset, &after_data);
        else if (is_critical(&chunk) && !is_type(&chunk, "IEND"))
            rc = corrupt(r, "an unknown critical chunk");
        if (rc != SELECTAI_OK)
            return rc;
        offset += CHUNK_OVERHEAD + (size_t)chunk.length;
    } while (!is_type(&chunk, "IEND"));
    if (r->first_data == 0)
        return corrupt(r, "it holds no picture");
    if (r->colour == PALETTE && !r->has_palette)
        return corrupt(r, "its palette is missing");
    return SELECTAI_OK;
}

/* Gives zlib the next piece of compressed data; false at the end. */
static bool feed(struct reader *r)
{
    struct chunk chunk;
    while (r->stream.avail_in == 0) {
        if (!chunk_at(&chunk, r, r->next_chunk) || !is_type(&chunk, "IDAT"))
            return false;
        r->stream.next_in = (z_const Bytef *)(uintptr_t)chunk.data;
        r->stream.avail_in = chunk.length;
        r->next_chunk += CHUNK_OVERHEAD + (size_t)chunk.length;
    }
    return true;
}

/* Inflates up to n bytes; *got is smaller where the stream ends. */
static int inflate_bytes(struct reader *r, uint8_t *out, size_t n, size_t *got)
{
    r->stream.next_out = out;
    r->stream.avail_out = (uInt)n;
    while (r->stream.avail_out > 0 && !r->stream_ended && feed(r)) {
        int z = inflate(&r->stream, Z_NO_FLUSH);
        if (z == Z_MEM_ERROR)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        if (z != Z_OK && z != Z_STREAM_END)
            return corrupt(r, "its compressed data is damaged");
        r->stream_ended = z == Z_STREAM_END;
    }
    *got = n - r->stream.avail_out;
    return SELECTAI_OK;
}

static int inflate_row(struct reader *r, uint8_t *filter, size_t row_bytes)
{
    size_t got;
    int rc = inflate_bytes(r, filter, 1, &got);
    if (rc == SELECTAI_OK && got == 1)
        rc = inflate_bytes(r, r->row, row_bytes, &got);
    if (rc != SELECTAI_OK)
        return rc;
    if (got != row_bytes)
        return corrupt(r, "its picture data ends early");
    return *filter > 4 ? corrupt(r, "an unknown row filter") : SELECTAI_OK;
}

/* zlib compares its checksum when it reaches the end of the stream. Surplus data is no harm, but a bomb is. */
static int finish_stream(struct reader *r)
{
    uint8_t surplus[4096];
    size_t got = sizeof surplus;
    for (size_t total = 0; !r->stream_ended && got == sizeof surplus; total += got) {
        if (total > MAX_SURPLUS)
            return corrupt(r, "its compressed data goes on far beyond the last row");
        int rc = inflate_bytes(r, surplus, sizeof surplus, &got);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return r->stream_ended ? SELECTAI_OK : corrupt(r, "its compressed data is truncated");
}

static inline unsigned packed_sample(const uint8_t *row, uint32_t x, unsigned depth)
{
    unsigned per_byte = 8 / depth;
    unsigned shift = 8 - depth * (x % per_byte + 1);
    return row[x / per_byte] >> shift & ((1u << depth) - 1);
}

static inline uint8_t grey16(const uint8_t *p)
{
    return p[0] != 0 ? 255 : p[1]; /* Pillow holds 16-bit grey as whole numbers and clips them when it converts */
}

static void put_grey(uint8_t *out, uint8_t value)
{
    out[0] = out[1] = out[2] = value;
}

/* Writes the row's pixels, `step` bytes apart. */
static void convert_row(const struct reader *r, uint8_t *out, uint32_t width, size_t step)
{
    const uint8_t *row = r->row;
    unsigned bytes = r->depth / 8, pixel = r->samples * bytes;
    if (r->colour == RGB && r->depth == 8 && step == SAI_CHANNELS) {
        memcpy(out, row, (size_t)width * SAI_CHANNELS);
        return;
    }
    for (uint32_t x = 0; x < width; x++, out += step) {
        if (r->colour == PALETTE) {
            memcpy(out, r->palette[r->depth == 8 ? row[x] : packed_sample(row, x, r->depth)], SAI_CHANNELS);
        } else if (r->depth < 8) {
            put_grey(out, (uint8_t)(packed_sample(row, x, r->depth) * (255u / ((1u << r->depth) - 1))));
        } else if (r->colour == GREY || r->colour == GREY_ALPHA) {
            const uint8_t *p = row + (size_t)x * pixel;
            put_grey(out, r->colour == GREY && bytes == 2 ? grey16(p) : p[0]);
        } else {
            const uint8_t *p = row + (size_t)x * pixel;
            for (unsigned c = 0; c < SAI_CHANNELS; c++)
                out[c] = p[c * bytes];
        }
    }
}

struct pass {
    uint32_t x, y, dx, dy;
};

static int read_pass(struct reader *r, selectai_image *image, const struct pass *pass)
{
    if (pass->x >= r->width || pass->y >= r->height)
        return SELECTAI_OK;
    uint32_t width = (r->width - pass->x + pass->dx - 1) / pass->dx;
    unsigned bits = r->samples * r->depth;
    size_t row_bytes = ((size_t)width * bits + 7) / 8;
    memset(r->previous, 0, row_bytes);
    for (uint32_t y = pass->y; y < r->height; y += pass->dy) {
        uint8_t filter;
        int rc = inflate_row(r, &filter, row_bytes);
        if (rc != SELECTAI_OK)
            return rc;
        sai_png_unfilter(r->row, r->previous, row_bytes, (bits + 7) / 8, filter);
        uint8_t *to = image->pixels + y * sai_image_stride(image) + (size_t)pass->x * SAI_CHANNELS;
        convert_row(r, to, width, (size_t)pass->dx * SAI_CHANNELS);
        uint8_t *swap = r->row;
        r->row = r->previous;
        r->previous = swap;
    }
    return SELECTAI_OK;
}

static int read_pixels(struct reader *r, selectai_image *image)
{
    static const struct pass whole[] = {{0, 0, 1, 1}};
    static const struct pass adam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                        {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
    const struct pass *passes = r->interlaced ? adam7 : whole;
    size_t n_passes = r->interlaced ? 7 : 1;
    for (size_t i = 0; i < n_passes; i++) {
        int rc = read_pass(r, image, &passes[i]);
        if (rc != SELECTAI_OK)
            return rc;
    }
    return finish_stream(r);
}

static int open_stream(struct reader *r)
{
    size_t row_bytes = ((size_t)r->width * r->samples * r->depth + 7) / 8;
    r->row = sai_malloc(row_bytes);
    r->previous = sai_malloc(row_bytes);
    if (r->row == NULL || r->previous == NULL)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    r->stream.zalloc = sai_zlib_alloc;
    r->stream.zfree = sai_zlib_free;
    if (inflateInit(&r->stream) != Z_OK)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "%s: not enough memory to inflate it", r->name);
    r->stream_ready = true;
    r->next_chunk = r->first_data;
    return SELECTAI_OK;
}

int sai_png_read(selectai_image **out, const uint8_t *bytes, size_t n, const char *name)
{
    struct reader r = {.bytes = bytes, .n = n, .name = name};
    selectai_image *image = NULL;
    int rc = n < SIGNATURE_BYTES ? corrupt(&r, "it is truncated") : scan_chunks(&r);
    if (rc == SELECTAI_OK)
        rc = open_stream(&r);
    if (rc == SELECTAI_OK)
        rc = sai_image_alloc(&image, r.width, r.height);
    if (rc == SELECTAI_OK)
        rc = read_pixels(&r, image);
    if (r.stream_ready)
        inflateEnd(&r.stream);
    sai_free(r.row);
    sai_free(r.previous);
    if (rc != SELECTAI_OK)
        selectai_image_destroy(&image);
    else
        *out = image;
    return rc;
}
