/*
 * image/grey.h: grey of RGB, and its twin in plain C for tests.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_GREY_H
#define SAI_IMAGE_GREY_H

#include "image/image.h"

void sai_image_grey_plain(uint8_t *grey, const uint8_t *rgb, size_t n_pixels);

#endif
