/*
 * image/header.c: recognises image files and reads their dimensions.
 *
 * PNG: ISO/IEC 15948. JPEG: ITU-T T.81, annex B. GIF: GIF89a specification. BMP: BITMAPCOREHEADER and
 * BITMAPINFOHEADER. WebP: RFC 9649.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "image/header.h"

#define FIRST_BYTES 32

/* A JPEG's header is a chain of segments; real files have a few dozen, a hostile one could have millions. */
#define MAX_JPEG_SEGMENTS 20000

/* Reads n bytes at offset; *got is smaller at the end of the file. */
static int read_at(const struct sai_header_source *source, uint8_t *out, uint64_t offset, size_t n, size_t *got)
{
    *got = 0;
    if (source->fd < 0) {
        if (offset < source->n)
            *got = source->n - offset < n ? (size_t)(source->n - offset) : n;
        if (*got > 0)
            memcpy(out, source->bytes + offset, *got);
        return SELECTAI_OK;
    }
    while (*got < n) {
        ssize_t r = pread(source->fd, out + *got, n - *got, (off_t)(offset + *got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return SAI_FAIL_ERRNO("read", source->name);
        if (r == 0)
            break;
        *got += (size_t)r;
    }
    return SELECTAI_OK;
}

static int truncated(const struct sai_header_source *source)
{
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: the file ends within the image header; it is truncated, get it again",
                    source->name);
}

static int require_at(const struct sai_header_source *source, uint8_t *out, uint64_t offset, size_t n)
{
    size_t got;
    int rc = read_at(source, out, offset, n, &got);
    if (rc == SELECTAI_OK && got < n)
        rc = truncated(source);
    return rc;
}

static int parse_png(struct sai_image_header *out, const struct sai_header_source *source)
{
    static const uint8_t channels_of[7] = {1, 0, 3, 3, 2, 0, 4};
    uint8_t b[29];
    int rc = require_at(source, b, 0, sizeof b);
    if (rc != SELECTAI_OK)
        return rc;
    if (sai_be32(b + 8) != 13 || memcmp(b + 12, "IHDR", 4) != 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a valid PNG: it does not begin with its header", source->name);
    if (b[25] > 6 || channels_of[b[25]] == 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a valid PNG: colour type %u does not exist", source->name, b[25]);
    out->width = sai_be32(b + 16);
    out->height = sai_be32(b + 20);
    out->channels = channels_of[b[25]];
    return SELECTAI_OK;
}

/* Start of frame: the marker itself is 0xC0..0xCF, without DHT, JPG and DAC. */
static bool is_frame_marker(uint8_t marker)
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

static int parse_jpeg_frame(struct sai_image_header *out, const struct sai_header_source *source, uint64_t offset,
                            uint8_t marker)
{
    uint8_t b[8];
    int rc = require_at(source, b, offset, sizeof b);
    if (rc != SELECTAI_OK)
        return rc;
    out->height = sai_be16(b + 3);
    out->width = sai_be16(b + 5);
    out->channels = b[7];
    if (out->channels == 0 || out->channels > 4)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a valid JPEG: %u colour components", source->name, b[7]);
    if (out->height == 0)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: a JPEG whose height is not in its header; save it again",
                        source->name);
    if (marker > 0xC2)
        out->undecodable = "a lossless, hierarchical or arithmetic-coded JPEG";
    else if (b[2] != 8)
        out->undecodable = "a JPEG with more than 8 bits a sample";
    else if (out->channels == 2)
        out->undecodable = "a JPEG of two colour components";
    return SELECTAI_OK;
}

static int parse_jpeg(struct sai_image_header *out, const struct sai_header_source *source)
{
    uint64_t offset = 2;
    uint8_t b[4];
    for (int i = 0; i < MAX_JPEG_SEGMENTS; i++) {
        int rc = require_at(source, b, offset, sizeof b);
        if (rc != SELECTAI_OK)
            return rc;
        if (b[0] != 0xFF || b[1] == 0xFF) { /* fill bytes, and bytes that some cameras leave between segments */
            offset++;
            continue;
        }
        if (is_frame_marker(b[1]))
            return parse_jpeg_frame(out, source, offset + 2, b[1]);
        if (b[1] == 0xD9 || b[1] == 0xDA)
            break;
        if (b[1] == 0x01 || b[1] == 0x00 || (b[1] >= 0xD0 && b[1] <= 0xD8)) {
            offset += 2;
            continue;
        }
        offset += 2 + (uint64_t)sai_be16(b + 2);
    }
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a valid JPEG: no frame header before the picture", source->name);
}

static int parse_gif(struct sai_image_header *out, const struct sai_header_source *source)
{
    uint8_t b[10];
    int rc = require_at(source, b, 0, sizeof b);
    if (rc != SELECTAI_OK)
        return rc;
    out->width = sai_le16(b + 6);
    out->height = sai_le16(b + 8);
    out->channels = 3;
    return SELECTAI_OK;
}

/* A height below 0 stands for rows from the top. */
static uint32_t magnitude(uint32_t v)
{
    return v & 0x80000000u ? 0u - v : v;
}

static int parse_bmp(struct sai_image_header *out, const struct sai_header_source *source)
{
    uint8_t b[30];
    int rc = require_at(source, b, 0, 26);
    if (rc != SELECTAI_OK)
        return rc;
    bool core = sai_le32(b + 14) == 12;
    if (!core && (rc = require_at(source, b, 0, sizeof b)) != SELECTAI_OK)
        return rc;
    out->width = core ? sai_le16(b + 18) : sai_le32(b + 18);
    out->height = core ? sai_le16(b + 20) : magnitude(sai_le32(b + 22));
    out->channels = sai_le16(b + (core ? 24 : 28)) == 32 ? 4 : 3;
    return SELECTAI_OK;
}

static int parse_webp(struct sai_image_header *out, const struct sai_header_source *source)
{
    uint8_t b[30];
    size_t got;
    int rc = read_at(source, b, 0, sizeof b, &got);
    if (rc != SELECTAI_OK)
        return rc;
    out->channels = 3;
    out->undecodable = SAI_HAVE_WEBP ? NULL : "a WebP image";
    if (got >= 30 && memcmp(b + 12, "VP8 ", 4) == 0 && memcmp(b + 23, "\x9d\x01\x2a", 3) == 0) {
        out->width = sai_le16(b + 26) & 0x3FFF;
        out->height = sai_le16(b + 28) & 0x3FFF;
    } else if (got >= 25 && memcmp(b + 12, "VP8L", 4) == 0 && b[20] == 0x2F) {
        uint32_t bits = sai_le32(b + 21);
        out->width = (bits & 0x3FFF) + 1;
        out->height = (bits >> 14 & 0x3FFF) + 1;
        out->channels = bits >> 28 & 1 ? 4 : 3;
    } else if (got >= 30 && memcmp(b + 12, "VP8X", 4) == 0) {
        out->width = (sai_le32(b + 24) & 0xFFFFFF) + 1;
        out->height = (sai_le32(b + 26) >> 8) + 1;
        out->channels = b[20] & 0x10 ? 4 : 3;
    } else if (got < 30) {
        return truncated(source);
    } else {
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a valid WebP: no picture after its header", source->name);
    }
    return SELECTAI_OK;
}

/* Kinds that are images, but that nobody here reads: better named than called garbage. */
static const char *foreign_kind(const uint8_t *b)
{
    if (memcmp(b, "II*\0", 4) == 0 || memcmp(b, "MM\0*", 4) == 0)
        return "a TIFF image";
    if (memcmp(b + 4, "ftyp", 4) == 0)
        return memcmp(b + 8, "avif", 4) == 0 ? "an AVIF image" : "an MP4 family file (HEIC image or film)";
    if (memcmp(b, "\0\0\0\x0CjP  ", 8) == 0)
        return "a JPEG 2000 image";
    if (memcmp(b, "\xFF\x0A", 2) == 0 || memcmp(b, "\0\0\0\x0CJXL ", 8) == 0)
        return "a JPEG XL image";
    return memcmp(b, "8BPS", 4) == 0 ? "a Photoshop document" : NULL;
}

const char *sai_image_kind_name(enum sai_image_kind kind)
{
    static const char *const names[] = {"png", "jpeg", "webp", "bmp", "gif"};
    return names[kind];
}

static int parse_kind(struct sai_image_header *out, const struct sai_header_source *source)
{
    uint8_t b[FIRST_BYTES] = {0};
    size_t got;
    int rc = read_at(source, b, 0, sizeof b, &got);
    if (rc != SELECTAI_OK)
        return rc;
    if (got == 0)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: the file is empty; get it again", source->name);
    if (memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0) {
        out->kind = SAI_KIND_PNG;
        return parse_png(out, source);
    }
    if (memcmp(b, "\xFF\xD8\xFF", 3) == 0) {
        out->kind = SAI_KIND_JPEG;
        return parse_jpeg(out, source);
    }
    if (memcmp(b, "RIFF", 4) == 0 && memcmp(b + 8, "WEBP", 4) == 0) {
        out->kind = SAI_KIND_WEBP;
        return parse_webp(out, source);
    }
    if (memcmp(b, "GIF87a", 6) == 0 || memcmp(b, "GIF89a", 6) == 0) {
        out->kind = SAI_KIND_GIF;
        return parse_gif(out, source);
    }
    if (memcmp(b, "BM", 2) == 0) {
        out->kind = SAI_KIND_BMP;
        return parse_bmp(out, source);
    }
    const char *foreign = foreign_kind(b);
    if (foreign != NULL)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is %s, which cannot be read here; convert it to PNG or JPEG",
                        source->name, foreign);
    return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a PNG, JPEG, WebP, BMP or GIF image", source->name);
}

int sai_image_header_parse(struct sai_image_header *out, const struct sai_header_source *source)
{
    struct sai_image_header header = {0};
    int rc = parse_kind(&header, source);
    if (rc != SELECTAI_OK)
        return rc;
    if (header.width == 0 || header.height == 0 || header.width > INT32_MAX || header.height > INT32_MAX)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: the header gives impossible dimensions, %u x %u pixels", source->name,
                        header.width, header.height);
    *out = header;
    return SELECTAI_OK;
}
