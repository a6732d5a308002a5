/*
 * image/stb.h: the few things that stb_image and stb_image_write do for the library.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_STB_H
#define SAI_IMAGE_STB_H

#include "image/image.h"

/* Decodes JPEG, BMP or GIF (first picture). The dimensions must be those that the header gave. */
int sai_stb_read(selectai_image **out, const uint8_t *bytes, size_t n, uint32_t width, uint32_t height,
                 const char *name);

/* Appends encoded bytes; an allocation that fails is remembered in `failed`. */
struct sai_byte_buffer {
    uint8_t *bytes;
    size_t n, capacity;
    bool failed;
};
void sai_byte_buffer_append(struct sai_byte_buffer *buffer, const void *bytes, size_t n);

int sai_stb_write_jpeg(struct sai_byte_buffer *out, const selectai_image *image, int quality);

#endif
