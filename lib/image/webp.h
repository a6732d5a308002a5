/*
 * image/webp.h: WebP to RGB by libwebp.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_WEBP_H
#define SAI_IMAGE_WEBP_H

#include "image/header.h"

/* In the flags of an extended file. */
#define SAI_WEBP_ANIMATION 0x02u

/* Decodes the picture, or an animation's first one on a black canvas. max_memory: for the picture and the decoder. */
int sai_webp_read(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                  uint64_t max_memory, const char *name);

/* A still picture with its alpha: width x height x 4 bytes, freed with sai_free. */
int sai_webp_read_rgba(uint8_t **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                       uint64_t max_memory, const char *name);

#endif
