/*
 * image/header.h: what a file's first bytes say about the image in it, without decoding.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_HEADER_H
#define SAI_IMAGE_HEADER_H

#include "image/image.h"

enum sai_image_kind { SAI_KIND_PNG, SAI_KIND_JPEG, SAI_KIND_WEBP, SAI_KIND_BMP, SAI_KIND_GIF };

struct sai_image_header {
    enum sai_image_kind kind;
    uint32_t width, height;  /* never 0 */
    uint32_t channels;       /* as in struct selectai_image_info */
    const char *undecodable; /* NULL, or why this build cannot decode it */
};

/* Bytes in memory (fd < 0) or in an open file. */
struct sai_header_source {
    const uint8_t *bytes;
    uint64_t n;
    int fd;
    const char *name; /* for messages */
};

int sai_image_header_parse(struct sai_image_header *out, const struct sai_header_source *source);

/* "png", "jpeg", ... */
const char *sai_image_kind_name(enum sai_image_kind kind);

/* Big-endian and little-endian numbers at p. */
static inline uint32_t sai_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t sai_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t sai_le16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t sai_le32(const uint8_t *p)
{
    return sai_le16(p + 2) << 16 | sai_le16(p);
}

#endif
