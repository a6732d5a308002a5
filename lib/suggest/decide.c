/*
 * suggest/decide.c: scores, winners and crops of groups whose vectors are there.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/box.h"
#include "learn/model.h"
#include "suggest/crop.h"
#include "suggest/suggest.h"

/* The highest score; of equal ones the higher stage, as without a model. Some image has a score. */
static uint32_t best_of(const float *scores, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (!isnan(scores[i]) && (isnan(scores[best]) || scores[i] >= scores[best]))
            best = i;
    return best;
}

static bool all_readable(const float *scores, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (isnan(scores[i]))
            return false;
    return true;
}

/* Whether anything is said about a group, and how certainly, is decided here and nowhere else. */
static void judge(const struct selectai_suggestions *s, struct sai_suggested_group *group,
                  const struct selectai_suggest_options *options)
{
    const float *scores = s->scores + group->first;
    double confidence = (double)s->probabilities[group->first + group->winner];
    group->sure = confidence >= options->min_confidence && all_readable(scores, group->n);
    group->keep_nothing = !isnan(group->keep) && group->keep < options->min_keep;
}

/* *readable: false if none of its images could be read. */
static int choose(struct selectai_suggestions *s, struct sai_suggested_group *group, const selectai_ranker *ranker,
                  const float *x, const struct selectai_suggest_options *options, bool *readable)
{
    struct selectai_group_score said = {.struct_size = sizeof said};
    size_t at = group->first, dim = selectai_ranker_dim(ranker);
    int rc = selectai_ranker_score_group(ranker, s->scores + at, s->priors + at, s->images + at, s->spreads + at,
                                         s->probabilities + at, &said, options->project, x + at * dim, s->stages + at,
                                         group->n);
    *readable = rc == SELECTAI_OK;
    if (rc != SELECTAI_OK)
        return rc == SELECTAI_ERR_NO_DATA ? SELECTAI_OK : rc;
    group->keep = said.keep;
    group->winner = best_of(s->scores + at, group->n);
    judge(s, group, options);
    return SELECTAI_OK;
}

/* Everything that is known about the winner's crop is asked for, and put into the group, here. */
static int add_crop(struct selectai_suggestions *s, struct sai_suggested_group *group, const selectai_cropper *cropper,
                    const float *x)
{
    size_t at = group->first + group->winner;
    const uint32_t *size = s->sizes + 2 * at;
    group->crop = (struct selectai_box){NAN, NAN, NAN, NAN};
    group->no_crop = group->crop_iou = group->crop_iou_low = group->crop_iou_high = NAN;
    if (!cropper)
        return SELECTAI_OK;
    struct selectai_crop_proposal p;
    int rc = sai_suggest_crop(&p, cropper, x + at * selectai_cropper_dim(cropper), s->paths[at], size);
    if (rc != SELECTAI_OK || isnan(p.box.x1))
        return rc;
    group->crop = p.box;
    group->no_crop = p.no_crop;
    group->crop_iou = p.expected_iou;
    group->crop_iou_low = p.iou_low;
    group->crop_iou_high = p.iou_high;
    group->crop_px = sai_box_pixels(&group->crop, size[0], size[1]);
    group->has_crop = 1;
    return SELECTAI_OK;
}

/* The box of each image, for those who may take another one than the winner. */
static int add_all_crops(struct selectai_suggestions *s, const struct sai_suggested_group *group,
                         const selectai_cropper *cropper, const float *x)
{
    int rc = SELECTAI_OK;
    for (size_t at = group->first; s->crops && at < group->first + group->n && rc == SELECTAI_OK; at++) {
        struct selectai_crop_proposal p = {.box = {NAN, NAN, NAN, NAN}};
        if (at == group->first + group->winner)
            p.box = group->crop;
        else if (!isnan(s->scores[at]))
            rc = sai_suggest_crop(&p, cropper, x + at * selectai_cropper_dim(cropper), s->paths[at], s->sizes + 2 * at);
        s->crops[at] = p.box;
    }
    return rc;
}

/* Vectors as the ranker wants them; *own is NULL if they are those of the encoder. */
static int make_ranked(float **own, const selectai_ranker *ranker, const float *x, size_t n)
{
    size_t values, dim = selectai_ranker_dim(ranker);
    *own = NULL;
    if (ranker->model->form.vectors != SAI_VECTORS_UNIT)
        return SELECTAI_OK;
    *own = sai_mul_size(&values, n, dim) ? sai_malloc_array(values, sizeof **own) : NULL;
    if (!*own)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for the vectors of %zu files", n);
    if (n > 0)
        memcpy(*own, x, values * sizeof **own);
    sai_model_prepare_vectors(ranker->model, *own, n);
    return SELECTAI_OK;
}

int sai_decide(struct selectai_suggestions *s, const struct sai_grouping *g, const float *x,
               const selectai_ranker *ranker, const selectai_cropper *cropper,
               const struct selectai_suggest_options *options)
{
    float *own = NULL;
    int rc = make_ranked(&own, ranker, x, s->n_images);
    for (size_t i = 0; i < g->n_groups && rc == SELECTAI_OK; i++) {
        struct sai_suggested_group *group = &s->groups[s->n_groups];
        bool readable;
        *group = (struct sai_suggested_group){.first = g->starts[i], .n = g->starts[i + 1] - g->starts[i]};
        rc = choose(s, group, ranker, own ? own : x, options, &readable);
        if (rc != SELECTAI_OK || !readable)
            continue;
        rc = add_crop(s, group, cropper, x);
        if (rc == SELECTAI_OK)
            rc = add_all_crops(s, group, cropper, x);
        s->n_groups++;
    }
    sai_free(own);
    return rc;
}
