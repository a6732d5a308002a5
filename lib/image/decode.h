/*
 * image/decode.h: steps of decoding that two ways share: to RGB, and to a file's own mode.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_DECODE_H
#define SAI_IMAGE_DECODE_H

#include "image/header.h"

/* The caller's options over the defaults. */
int sai_image_options_get(struct selectai_image_options *out, const struct selectai_image_options *options);

/* The header, found to be within the limits of sides and pixels. */
int sai_decode_header(struct sai_image_header *out, const uint8_t *bytes, size_t n, const char *name,
                      const struct selectai_image_options *options);

/* To RGB, turned if the options say so. */
int sai_decode_rgb(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                   const char *name, const struct selectai_image_options *options);

/* LIMIT if the picture, 3 bytes a pixel, and `beside` bytes that its decoder needs are more than is allowed. */
int sai_decode_check_memory(const struct sai_image_header *header, uint64_t beside,
                            const struct selectai_image_options *options, const char *name);

#endif
