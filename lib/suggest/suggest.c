/*
 * suggest/suggest.c: for each group of new images, the winner, the crop, and how sure it is.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "learn/box.h"
#include "learn/measure.h"
#include "suggest/crop.h"
#include "suggest/suggest.h"
#include "suggest/vectors.h"

static const struct selectai_suggest_options defaults = {.struct_size = sizeof defaults};

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
    if (rc == SELECTAI_OK && cropper)
        rc = sai_report_unknown_encoder(issues, "cropper", selectai_cropper_encoder_id(cropper));
    return rc;
}

/* Groups of paths: group g is members[starts[g]] .. members[starts[g + 1] - 1]. */
struct grouping {
    uint32_t *members, *starts;
    size_t n_groups;
};

static void free_grouping(struct grouping *g)
{
    sai_free(g->members);
    sai_free(g->starts);
}

/* Names that do not parse, and files that no group wanted. */
static int report_left_out(struct selectai_issues *issues, const struct grouping *g, const char *const *paths, size_t n)
{
    uint8_t *grouped = sai_calloc(n, sizeof *grouped);
    int rc = grouped ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; grouped && g->n_groups > 0 && i < g->starts[g->n_groups]; i++)
        grouped[g->members[i]] = 1;
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        struct selectai_parsed_name name = {.struct_size = sizeof name};
        if (grouped[i])
            continue;
        if (selectai_parse_filename(&name, paths[i]) != SELECTAI_OK)
            rc = sai_issues_add_last(issues, "unparsed", paths[i], 0);
        else
            rc = sai_issues_add(issues, SELECTAI_ERR_NO_DATA, "no-group", paths[i], 0,
                                "%s: no other stages of this picture were found near it", paths[i]);
    }
    sai_free(grouped);
    return rc;
}

static int make_groups(struct grouping *g, struct selectai_issues *issues, const char *const *paths, size_t n,
                       const struct selectai_group_options *options)
{
    g->members = sai_malloc_array(n, sizeof *g->members);
    g->starts = sai_calloc(n + 1, sizeof *g->starts);
    if (!g->members || !g->starts)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = selectai_group_names(g->members, g->starts, &g->n_groups, paths, n, options);
    return rc == SELECTAI_OK ? report_left_out(issues, g, paths, n) : rc;
}

static int allocate(struct selectai_suggestions *s, const struct grouping *g)
{
    s->n_images = g->n_groups > 0 ? g->starts[g->n_groups] : 0;
    s->groups = sai_calloc(g->n_groups, sizeof *s->groups);
    s->paths = sai_calloc(s->n_images, sizeof *s->paths);
    s->stages = sai_malloc_array(s->n_images, sizeof *s->stages);
    s->scores = sai_malloc_array(s->n_images, sizeof *s->scores);
    s->probabilities = sai_malloc_array(s->n_images, sizeof *s->probabilities);
    s->sizes = sai_calloc(s->n_images, 2 * sizeof *s->sizes);
    bool ok = s->groups && s->paths && s->stages && s->scores && s->probabilities && s->sizes;
    return ok ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

static int copy_names(struct selectai_suggestions *s, const struct grouping *g, const char *const *paths)
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

/* One group: scores, probabilities and winner. *readable: false if none of its images could be read. */
static int choose(struct selectai_suggestions *s, struct sai_suggested_group *group, const selectai_ranker *ranker,
                  const char *project, const float *x, bool *readable)
{
    float *score = s->scores + group->first;
    uint32_t dim = selectai_ranker_dim(ranker);
    int rc = selectai_ranker_score_group(ranker, score, NULL, NULL, NULL, s->probabilities + group->first, NULL, project,
                                         x + group->first * dim, s->stages + group->first, group->n);
    *readable = rc != SELECTAI_ERR_NO_DATA;
    if (!*readable)
        return SELECTAI_OK;
    group->winner = 0;
    for (uint32_t i = 1; i < group->n && rc == SELECTAI_OK; i++) {
        bool better = score[i] > score[group->winner] || isnan(score[group->winner]);
        /* Equal scores: the higher stage, as without a model. */
        if (better || score[i] == score[group->winner])
            group->winner = isnan(score[i]) ? group->winner : i;
    }
    return rc;
}

static int add_crop(struct selectai_suggestions *s, struct sai_suggested_group *group, const selectai_cropper *cropper,
                    const float *x)
{
    size_t at = group->first + group->winner;
    const uint32_t *size = s->sizes + 2 * at;
    group->crop = (struct selectai_box){NAN, NAN, NAN, NAN};
    if (!cropper)
        return SELECTAI_OK;
    struct selectai_crop_proposal proposal;
    int rc = sai_suggest_crop(&proposal, cropper, x + at * selectai_cropper_dim(cropper), s->paths[at], size);
    if (rc != SELECTAI_OK || isnan(proposal.box.x1))
        return rc;
    group->crop = proposal.box;
    group->crop_px = sai_box_pixels(&group->crop, size[0], size[1]);
    group->has_crop = 1;
    return SELECTAI_OK;
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

static int decide(struct selectai_suggestions *s, const struct grouping *g, const float *x,
                  const selectai_ranker *ranker, const selectai_cropper *cropper, const char *project)
{
    float *own = NULL;
    int rc = make_ranked(&own, ranker, x, s->n_images);
    const float *ranked = own ? own : x;
    for (size_t i = 0; i < g->n_groups && rc == SELECTAI_OK; i++) {
        struct sai_suggested_group *group = &s->groups[s->n_groups];
        bool readable;
        *group = (struct sai_suggested_group){.first = g->starts[i], .n = g->starts[i + 1] - g->starts[i]};
        rc = choose(s, group, ranker, project, ranked, &readable);
        if (rc != SELECTAI_OK || !readable)
            continue;
        rc = add_crop(s, group, cropper, x);
        s->n_groups++;
    }
    sai_free(own);
    return rc;
}

int selectai_suggest_files(selectai_suggestions **out, const char *const *paths, size_t n,
                           const selectai_ranker *ranker, const selectai_cropper *cropper, selectai_encoder *encoder,
                           const selectai_embedding_cache *cache, const struct selectai_suggest_options *options)
{
    struct selectai_suggest_options o = defaults;
    struct grouping g = {0};
    struct selectai_suggestions *s = NULL;
    float *x = NULL;
    size_t values;
    SAI_REQUIRE(out && ranker && encoder && (n == 0 || paths));
    SAI_REQUIRE(n < UINT32_MAX);
    int rc = sai_options_copy(&o, sizeof o, options);
    if (rc == SELECTAI_OK)
        rc = check_ids(ranker, cropper, encoder, cache);
    if (rc != SELECTAI_OK)
        return rc;
    const struct sai_vector_source source = {encoder, cache, o.project, o.threads, o.progress, o.user};
    s = sai_calloc(1, sizeof *s);
    rc = s ? sai_issues_create(&s->issues) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK)
        rc = report_unknown(s->issues, ranker, cropper);
    if (rc == SELECTAI_OK)
        rc = make_groups(&g, s->issues, paths, n, o.group);
    if (rc == SELECTAI_OK)
        rc = allocate(s, &g);
    if (rc == SELECTAI_OK)
        rc = copy_names(s, &g, paths);
    if (rc == SELECTAI_OK) {
        x = sai_mul_size(&values, s->n_images, selectai_encoder_dim(encoder)) ? sai_malloc_array(values, sizeof *x)
                                                                              : NULL;
        rc = x ? sai_collect_vectors(x, s->sizes, s->issues, &source, s->paths, s->n_images)
               : SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory for the vectors of %zu files", s->n_images);
    }
    if (rc == SELECTAI_OK)
        rc = decide(s, &g, x, ranker, cropper, o.project);
    sai_free(x);
    free_grouping(&g);
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
                                             .crop_px = g->crop_px};
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
    sai_free(s->probabilities);
    sai_free(s->sizes);
    sai_arena_clear(&s->arena);
    selectai_issues_destroy(&s->issues);
    sai_free(s);
    *suggestions = NULL;
}
