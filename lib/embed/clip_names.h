/*
 * embed/clip_names.h: what the tensors of the image tower are called in a file.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_CLIP_NAMES_H
#define SAI_EMBED_CLIP_NAMES_H

#include "base/weights_file.h"

#define SAI_CLIP_MAX_PREFIX    256u
#define SAI_CLIP_HF_PROJECTION "visual_projection.weight"

struct sai_clip_names {
    bool hugging_face;                /* their names; else OpenAI's and open_clip's */
    char prefix[SAI_CLIP_MAX_PREFIX]; /* of all the tower's names: "", "visual.", "module.visual.", "vision_model." ...
                                       */
    char beside[SAI_CLIP_MAX_PREFIX]; /* of Hugging Face's projection, which is no part of their tower */
};

/*
 * SELECTAI_ERR_FORMAT if there are several towers. None is no error: the names are those without a prefix then, and
 * whoever looks for the first tensor says that it is missing.
 */
int sai_clip_names_find(struct sai_clip_names *out, const struct sai_weights_file *file, const char *path);

#endif
