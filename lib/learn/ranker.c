/*
 * learn/ranker.c: the public ranker handle: loading and scoring.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>

#include "learn/decisions.h"
#include "learn/ranker_score.h"
#include "learn/recognise.h"
#include "learn/softmax.h"

#define BATCH 256u /* rows whose prior is looked up at a time */

/* The score; its parts, weighed, too where they are wanted. */
static float weighed(const struct sai_blend *b, float prior, float image, float *prior_part, float *image_part)
{
    float p = (float)b->prior_weight * prior, i = (float)b->image_weight * image;
    if (prior_part)
        *prior_part = p;
    if (image_part)
        *image_part = i;
    return p + i; /* NaN if the image could not be read */
}

int sai_ranker_wrap(struct selectai_ranker **out, struct sai_model **model)
{
    struct selectai_ranker *ranker = sai_calloc(1, sizeof *ranker);
    if (!ranker) {
        sai_model_destroy(model);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    ranker->model = *model;
    *model = NULL;
    *out = ranker;
    return SELECTAI_OK;
}

int selectai_ranker_load(selectai_ranker **out, const char *path)
{
    struct sai_model *model;
    SAI_REQUIRE(out && path);
    int rc = sai_model_load(&model, path, SAI_KIND_RANKER);
    return rc == SELECTAI_OK ? sai_ranker_wrap(out, &model) : rc;
}

int selectai_ranker_save(const selectai_ranker *ranker, const char *path)
{
    SAI_REQUIRE(ranker && path);
    return sai_model_save(ranker->model, path);
}

void selectai_ranker_destroy(selectai_ranker **ranker)
{
    if (!ranker || !*ranker)
        return;
    sai_model_destroy(&(*ranker)->model);
    sai_free(*ranker);
    *ranker = NULL;
}

uint32_t selectai_ranker_dim(const selectai_ranker *ranker)
{
    return ranker ? ranker->model->dim : 0;
}

const char *selectai_ranker_encoder_id(const selectai_ranker *ranker)
{
    return ranker ? ranker->model->encoder_id : "";
}

int selectai_ranker_metadata_json(char **out, const selectai_ranker *ranker)
{
    SAI_REQUIRE(out && ranker);
    return sai_model_metadata_json(out, ranker->model);
}

int selectai_ranker_score(const selectai_ranker *ranker, float *scores, const float *embeddings, const double *stages,
                          size_t n)
{
    SAI_REQUIRE(ranker);
    SAI_REQUIRE(n == 0 || (scores && embeddings));
    const struct sai_model *m = ranker->model;
    if (m->differences)
        return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                        "this ranker sees how images differ from their group: score whole groups");
    float prior[BATCH];
    int rc = sai_ranker_image(scores, NULL, m, embeddings, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i += BATCH) {
        size_t rows = n - i < BATCH ? n - i : BATCH;
        if (m->recogniser)
            rc = sai_recognise_rows(prior, m, embeddings + i * m->dim, rows);
        else
            sai_prior_values(prior, &m->prior, stages ? stages + i : NULL, rows);
        for (size_t k = 0; k < rows && rc == SELECTAI_OK; k++)
            scores[i + k] = weighed(&m->blend, prior[k], scores[i + k], NULL, NULL);
    }
    return rc;
}

/* Whatever the caller does not want is put here. */
struct group_room {
    float *scores, *prior, *image, *spread, *probabilities, *all;
};

static int make_room(struct group_room *r, float *scores, float *prior, float *image, float *spread,
                     float *probabilities, size_t n)
{
    size_t cells;
    r->all = sai_mul_size(&cells, n, 5) ? sai_malloc_array(cells, sizeof *r->all) : NULL;
    if (!r->all)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    r->scores = scores ? scores : r->all;
    r->prior = prior ? prior : r->all + n;
    r->image = image ? image : r->all + 2 * n;
    r->spread = spread ? spread : r->all + 3 * n;
    r->probabilities = probabilities ? probabilities : r->all + 4 * n;
    return SELECTAI_OK;
}

int selectai_ranker_score_group(const selectai_ranker *ranker, float *scores, float *prior, float *image, float *spread,
                                float *probabilities, struct selectai_group_score *group, const char *project,
                                const float *embeddings, const double *stages, size_t n)
{
    struct group_room r;
    SAI_REQUIRE(ranker && embeddings && n > 0);
    const struct sai_model *m = ranker->model;
    int rc = make_room(&r, scores, prior, image, spread, probabilities, n);
    if (rc != SELECTAI_OK)
        return rc;
    struct sai_group_parts parts = {r.prior, r.image, r.spread, NAN, NULL};
    rc = sai_ranker_parts(&parts, m, project, embeddings, stages, n);
    for (size_t i = 0; i < n && rc == SELECTAI_OK; i++) {
        r.spread[i] *= (float)m->blend.image_weight;
        r.scores[i] = weighed(&m->blend, r.prior[i], r.image[i], &r.prior[i], &r.image[i]);
    }
    if (rc == SELECTAI_OK && !sai_softmax(r.probabilities, r.scores, n, m->temperature))
        rc = SAI_FAIL(SELECTAI_ERR_NO_DATA, "none of the group's %zu images has a vector", n);
    if (rc == SELECTAI_OK && group) {
        double z = m->blend.keep_scale * parts.keep + m->blend.keep_shift;
        const struct selectai_group_score full = {.struct_size = sizeof full, .keep = 1.0 / (1.0 + exp(-z))};
        rc = sai_struct_out(group, &full, sizeof full);
    }
    sai_free(r.all);
    return rc;
}

int selectai_ranker_probabilities(const selectai_ranker *ranker, float *probabilities, const float *embeddings,
                                  const double *stages, size_t n)
{
    SAI_REQUIRE(ranker && probabilities && embeddings && n > 0);
    return selectai_ranker_score_group(ranker, NULL, NULL, NULL, NULL, probabilities, NULL, NULL, embeddings, stages,
                                       n);
}

int selectai_ranker_has_seen(const selectai_ranker *ranker, const char *project, const char *filename)
{
    if (!ranker || !project || !filename)
        return 0;
    return sai_model_has_seen(ranker->model, sai_image_key(project, filename));
}
