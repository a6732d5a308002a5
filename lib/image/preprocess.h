/*
 * image/preprocess.h: CLIP's input before it becomes floating point.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_PREPROCESS_H
#define SAI_IMAGE_PREPROCESS_H

#include "image/image.h"

/* The size x size part of the resized image that the tower sees. */
int sai_preprocess_u8(selectai_image **out, const selectai_image *image, uint32_t size);

#endif
