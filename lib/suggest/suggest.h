/*
 * suggest/suggest.h: inside of a list of suggestions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_SUGGEST_SUGGEST_H
#define SAI_SUGGEST_SUGGEST_H

#include <selectai/suggest.h>

#include "base/issues.h"
#include "suggest/grouping.h"

/* The images of all groups lie one behind the other in the arrays; a group is a piece of them. */
struct sai_suggested_group {
    size_t first;
    uint32_t n, winner, n_neighbours;
    int32_t has_crop, sure, keep_nothing;
    double keep;
    struct selectai_box crop;
    struct selectai_pixel_box crop_px;
    double no_crop, crop_iou, crop_iou_low, crop_iou_high;
    const struct selectai_neighbour *neighbours; /* these and their texts belong to the arena, */
    const char *why;                             /* as does this */
};

struct selectai_suggestions {
    struct sai_suggested_group *groups;
    size_t n_groups;
    const char **paths; /* n_images each; the texts belong to the arena */
    double *stages;
    float *scores, *priors, *images, *spreads, *probabilities;
    uint32_t *sizes;            /* n_images x 2 */
    struct selectai_box *crops; /* n_images; NULL: only those of winners were asked for */
    size_t n_images;
    struct sai_arena arena;
    struct selectai_issues *issues;
};

/* decide.c: scores, winners, crops. x: n_images x dim, as the encoder gives them. Groups without a readable image are
 * dropped. */
int sai_decide(struct selectai_suggestions *s, const struct sai_grouping *grouping, const float *x,
               const selectai_ranker *ranker, const selectai_cropper *cropper,
               const struct selectai_suggest_options *options);

/* neighbours.c: for every group the most similar past decisions. */
int sai_add_neighbours(struct selectai_suggestions *s, const float *x, const selectai_embedding_cache *cache,
                       const struct selectai_suggest_options *options);

/* why.c: the sentence for a group that is complete but for it; the caller frees it with sai_free(). looks: the ranker
 * recognises stages. */
int sai_write_why(char **out, const struct selectai_suggestion *group, bool looks);

#endif
