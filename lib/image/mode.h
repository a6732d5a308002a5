/*
 * image/mode.h: pictures in the mode that Pillow would keep them in, as far as the mode changes what shrinking does.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_MODE_H
#define SAI_IMAGE_MODE_H

#include "image/header.h"

enum sai_mode {
    SAI_MODE_RGB,     /* and grey: channels are shrunk one by one */
    SAI_MODE_INDEXED, /* palettes and single bits: the nearest pixel is taken */
    SAI_MODE_RGBA,    /* and grey with alpha: alpha is multiplied in before */
    SAI_MODE_CMYK,    /* inks are shrunk */
    SAI_MODE_GREY16,  /* 16 bits, which Pillow holds in 32 */
};

/* A decoded picture: `rgb` for RGB and INDEXED, else `samples`. */
struct sai_mode_image {
    enum sai_mode mode;
    uint32_t width, height;
    selectai_image *rgb;
    uint8_t *samples; /* RGBA, CMYK (255: full ink): 4 bytes a pixel; GREY16: 2, of the machine's order */
};

/* Decodes, and turns if the options say so. UNSUPPORTED where the mode cannot be kept. */
int sai_mode_decode(struct sai_mode_image *out, const uint8_t *bytes, size_t n, const char *name,
                    const struct selectai_image_options *options);
void sai_mode_clear(struct sai_mode_image *image);

#endif
