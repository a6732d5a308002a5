/*
 * suggest/suggest.h: inside of a list of suggestions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_SUGGEST_SUGGEST_H
#define SAI_SUGGEST_SUGGEST_H

#include <selectai/suggest.h>

#include "base/issues.h"

/* The images of all groups lie one behind the other in the arrays; a group is a piece of them. */
struct sai_suggested_group {
    size_t first;
    uint32_t n, winner;
    int32_t has_crop;
    struct selectai_box crop;
    struct selectai_pixel_box crop_px;
};

struct selectai_suggestions {
    struct sai_suggested_group *groups;
    size_t n_groups;
    const char **paths; /* n_images each; the texts belong to the arena */
    double *stages;
    float *scores, *probabilities;
    uint32_t *sizes; /* n_images x 2 */
    size_t n_images;
    struct sai_arena arena;
    struct selectai_issues *issues;
};

#endif
