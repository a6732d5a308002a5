/*
 * suggest/suggest.c: for each group of new images, the winner, the crop, and how sure it is.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/measure.h"
#include "learn/model.h"
#include "suggest/crop.h"
#include "suggest/suggest.h"
#include "suggest/vectors.h"

static const struct selectai_suggest_options defaults = {
    .struct_size = sizeof defaults, .min_confidence = 0.6, .min_keep = 0.5, .neighbours = 3};

void selectai_suggest_options_init(struct selectai_suggest_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static int agree(const char *what, const char *id, uint32_t dim, const selectai_encoder *encoder)
{
    const char *wanted = selectai_encoder_id(encoder);
    if (*id && strcmp(id, wanted) != 0) /* an old model's is not known */
        return SAI_FAIL(SELECTAI_ERR_MISMATCH,
                        "the %s belongs to encoder %s, but the encoder given is %s: use the same one for all", what, id,
                        wanted);
    if (dim != selectai_encoder_dim(encoder))
        return SAI_FAIL(SELECTAI_ERR_MISMATCH, "the %s has vectors of %u numbers, the encoder makes %u", what, dim,
                        selectai_encoder_dim(encoder));
    return SELECTAI_OK;
}

static int check_ids(const selectai_ranker *ranker, const selectai_cropper *cropper, const selectai_encoder *encoder,
                     const selectai_embedding_cache *cache)
{
    int rc = agree("ranker", selectai_ranker_encoder_id(ranker), selectai_ranker_dim(ranker), encoder);
    if (rc == SELECTAI_OK && cropper && !sai_crop_needs_no_encoder(cropper))
        rc = agree("cropper", selectai_cropper_encoder_id(cropper), selectai_cropper_dim(cropper), encoder);
    if (rc == SELECTAI_OK && cache)
        rc = agree("cache", selectai_embedding_cache_encoder_id(cache), selectai_embedding_cache_dim(cache), encoder);
    return rc;
}

static int report_unknown(struct selectai_issues *issues, const selectai_ranker *ranker,
                          const selectai_cropper *cropper)
{
    int rc = sai_report_unknown_encoder(issues, "ranker", selectai_ranker_encoder_id(ranker));
    if (rc == SELECTAI_OK && cropper && !sai_crop_needs_no_encoder(cropper))
        rc = sai_report_unknown_encoder(issues, "cropper", selectai_cropper_encoder_id(cropper));
    return rc;
}

static int allocate(struct selectai_suggestions *s, const struct sai_grouping *g, bool crop_all)
{
    s->n_images = g->n_groups > 0 ? g->starts[g->n_groups] : 0;
    s->groups = sai_calloc(g->n_groups, sizeof *s->groups);
    s->paths = sai_calloc(s->n_images, sizeof *s->paths);
    s->stages = sai_malloc_array(s->n_images, sizeof *s->stages);
    s->scores = sai_malloc_array(s->n_images, sizeof *s->scores);
    s->priors = sai_malloc_array(s->n_images, sizeof *s->priors);
    s->images = sai_malloc_array(s->n_images, sizeof *s->images);
    s->spreads = sai_malloc_array(s->n_images, sizeof *s->spreads);
    s->probabilities = sai_malloc_array(s->n_images, sizeof *s->probabilities);
    s->sizes = sai_calloc(s->n_images, 2 * sizeof *s->sizes);
    if (crop_all) {
        s->crops = sai_malloc_array(s->n_images, sizeof *s->crops);
        if (!s->crops)
            return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    bool parts = s->scores && s->priors && s->images && s->spreads && s->probabilities;
    return s->groups && s->paths && s->stages && parts && s->sizes ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int copy_names(struct selectai_suggestions *s, const struct sai_grouping *g, const char *const *paths)
{
    for (size_t i = 0; i < s->n_images; i++) {
        struct selectai_parsed_name name = {.struct_size = sizeof name};
        s->paths[i] = sai_arena_strdup(&s->arena, paths[g->members[i]]);
        if (!s->paths[i])
            return SELECTAI_ERR_OUT_OF_MEMORY;
        s->stages[i] = selectai_parse_filename(&name, s->paths[i]) == SELECTAI_OK ? name.stage : (double)NAN;
    }
    return SELECTAI_OK;
}

static int add_reasons(struct selectai_suggestions *s, bool looks)
{
    int rc = SELECTAI_OK;
    for (size_t i = 0; i < s->n_groups && rc == SELECTAI_OK; i++) {
        struct selectai_suggestion g = {.struct_size = sizeof g};
        char *text = NULL;
        rc = selectai_suggestions_get(s, i, &g);
        if (rc == SELECTAI_OK)
            rc = sai_write_why(&text, &g, looks);
        if (rc == SELECTAI_OK && !(s->groups[i].why = sai_arena_strdup(&s->arena, text)))
            rc = SELECTAI_ERR_OUT_OF_MEMORY;
        sai_free(text);
    }
    return rc;
}

static int check_options(const struct selectai_suggest_options *o, const selectai_embedding_cache *cache)
{
    if (!(o->min_confidence >= 0.0 && o->min_confidence <= 1.0) || !(o->min_keep >= 0.0 && o->min_keep <= 1.0))
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "min_confidence and min_keep are probabilities: 0 to 1");
    if (o->neighbours > SELECTAI_MAX_NEIGHBOURS)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%u neighbours are too many: %u at most", o->neighbours,
                        SELECTAI_MAX_NEIGHBOURS);
    if (o->history && (!cache || !o->project))
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "a history needs the cache that has its vectors, and the project whose decisions count");
    return SELECTAI_OK;
}

/* Vectors, and all that follows from them. */
static int fill(struct selectai_suggestions *s, const struct sai_grouping *g, const selectai_ranker *ranker,
                const selectai_cropper *cropper, selectai_encoder *encoder, const selectai_embedding_cache *cache,
                const struct selectai_suggest_options *o)
{
    const struct sai_vector_source source = {encoder, cache, o->project, o->threads, o->progress, o->user};
    size_t values;
    float *x = sai_mul_size(&values, s->n_images, selectai_encoder_dim(encoder)) ? sai_malloc_array(values, sizeof *x)
                                                                                 : NULL;
    if (!x)
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for the vectors of %zu files", s->n_images);
    int rc = sai_collect_vectors(x, s->sizes, s->issues, &source, s->paths, s->n_images);
    if (rc == SELECTAI_OK)
        rc = sai_decide(s, g, x, ranker, cropper, o);
    if (rc == SELECTAI_OK && o->history && o->neighbours > 0)
        rc = sai_add_neighbours(s, x, cache, o);
    if (rc == SELECTAI_OK)
        rc = add_reasons(s, ranker->model->recogniser != NULL);
    sai_free(x);
    return rc;
}

int selectai_suggest_files(selectai_suggestions **out, const char *const *paths, size_t n,
                           const selectai_ranker *ranker, const selectai_cropper *cropper, selectai_encoder *encoder,
                           const selectai_embedding_cache *cache, const struct selectai_suggest_options *options)
{
    struct selectai_suggest_options o = defaults;
    struct sai_grouping g = {0};
    struct selectai_suggestions *s = NULL;
    SAI_REQUIRE(out && ranker && encoder && (n == 0 || paths));
    SAI_REQUIRE(n < UINT32_MAX);
    int rc = sai_options_copy(&o, sizeof o, options);
    if (rc == SELECTAI_OK)
        rc = check_options(&o, cache);
    if (rc == SELECTAI_OK)
        rc = check_ids(ranker, cropper, encoder, cache);
    if (rc != SELECTAI_OK)
        return rc;
    s = sai_calloc(1, sizeof *s);
    rc = s ? sai_issues_create(&s->issues) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = report_unknown(s->issues, ranker, cropper);
    if (rc == SELECTAI_OK)
        rc = o.set_starts ? sai_grouping_take(&g, n, o.set_starts, o.n_sets)
                          : sai_grouping_make(&g, s->issues, paths, n, o.group);
    if (rc == SELECTAI_OK)
        rc = allocate(s, &g, cropper && o.crop_all);
    if (rc == SELECTAI_OK)
        rc = copy_names(s, &g, paths);
    if (rc == SELECTAI_OK)
        rc = fill(s, &g, ranker, cropper, encoder, cache, &o);
    sai_grouping_free(&g);
    if (rc == SELECTAI_OK)
        *out = s;
    else
        selectai_suggestions_destroy(&s);
    return rc;
}

size_t selectai_suggestions_count(const selectai_suggestions *suggestions)
{
    return suggestions ? suggestions->n_groups : 0;
}

int selectai_suggestions_get(const selectai_suggestions *s, size_t index, struct selectai_suggestion *out)
{
    SAI_REQUIRE(s && out && index < s->n_groups);
    const struct sai_suggested_group *g = &s->groups[index];
    const struct selectai_suggestion full = {.n_images = g->n,
                                             .winner = g->winner,
                                             .has_crop = g->has_crop,
                                             .paths = s->paths + g->first,
                                             .stages = s->stages + g->first,
                                             .scores = s->scores + g->first,
                                             .probabilities = s->probabilities + g->first,
                                             .sizes = s->sizes + 2 * g->first,
                                             .confidence = (double)s->probabilities[g->first + g->winner],
                                             .crop = g->crop,
                                             .crop_px = g->crop_px,
                                             .no_crop = g->no_crop,
                                             .crop_iou = g->crop_iou,
                                             .crop_iou_low = g->crop_iou_low,
                                             .crop_iou_high = g->crop_iou_high,
                                             .crops = s->crops ? s->crops + g->first : NULL,
                                             .priors = s->priors + g->first,
                                             .images = s->images + g->first,
                                             .spreads = s->spreads + g->first,
                                             .keep = g->keep,
                                             .sure = g->sure,
                                             .keep_nothing = g->keep_nothing,
                                             .why = g->why,
                                             .neighbours = g->neighbours,
                                             .n_neighbours = g->n_neighbours};
    return sai_struct_out(out, &full, sizeof full);
}

const selectai_issues *selectai_suggestions_issues(const selectai_suggestions *suggestions)
{
    return suggestions ? suggestions->issues : NULL;
}

void selectai_suggestions_destroy(selectai_suggestions **suggestions)
{
    if (!suggestions || !*suggestions)
        return;
    struct selectai_suggestions *s = *suggestions;
    sai_free(s->groups);
    sai_free(s->paths);
    sai_free(s->stages);
    sai_free(s->scores);
    sai_free(s->priors);
    sai_free(s->images);
    sai_free(s->spreads);
    sai_free(s->probabilities);
    sai_free(s->sizes);
    sai_free(s->crops);
    sai_arena_clear(&s->arena);
    selectai_issues_destroy(&s->issues);
    sai_free(s);
    *suggestions = NULL;
}
