/*
 * suggest/crop.h: the crop of one image, with whatever else its cropper needs to see.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_SUGGEST_CROP_H
#define SAI_SUGGEST_CROP_H

#include <selectai/cropper.h>

/*
 * embedding: of the encoder that the cropper was trained with. Where the cropper needs a second vector, which tells
 * where things are, it is computed from the file. A file that cannot be read gives a box of NaN.
 */
int sai_suggest_crop(struct selectai_crop_proposal *out, const selectai_cropper *cropper, const float *embedding,
                     const char *path, const uint32_t size[2]);

/* Is this a cropper that sees no embedding, and so goes with any encoder? */
int sai_crop_needs_no_encoder(const selectai_cropper *cropper);

#endif
