/*
 * image/preprocess.h: CLIP's input before it becomes floating point.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_PREPROCESS_H
#define SAI_IMAGE_PREPROCESS_H

#include "image/mode.h"
#include "image/resample.h"

/* The size x size part of the resized image that the tower sees. */
int sai_preprocess_u8(selectai_image **out, const selectai_image *image, uint32_t size);

/* The same, resized in the image's own mode; its samples are worked on. */
int sai_preprocess_mode(selectai_image **out, struct sai_mode_image *image, uint32_t size);

/* What is resized to and cut out. LIMIT where the longer side would become too long. */
int sai_preprocess_part(struct sai_part *out, uint32_t width, uint32_t height, uint32_t size);

#endif
