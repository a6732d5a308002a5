/*
 * image/jpeg_turbo.h: JPEG to RGB by libjpeg.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_JPEG_TURBO_H
#define SAI_IMAGE_JPEG_TURBO_H

#include "image/header.h"

/* Decodes a file that sai_jpeg_check found whole, at a reduced size if options->min_side allows. */
int sai_jpeg_read(selectai_image **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                  const struct selectai_image_options *options, const char *name);

/* The inks of a file of four components, in full size: width x height x 4 bytes, 255 full ink; freed with sai_free. */
int sai_jpeg_read_inks(uint8_t **out, const struct sai_image_header *header, const uint8_t *bytes, size_t n,
                       const struct selectai_image_options *options, const char *name);

#endif
