/*
 * learn/ranker.c: the public ranker handle: loading, scoring, measuring.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include "learn/evaluate.h"
#include "learn/measure.h"
#include "learn/model.h"
#include "learn/temperature.h"

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
    (void)stages; /* this version's models have no stage prior */
    return sai_mlp_forward(ranker->model->mlp, &ranker->model->standardiser, scores, embeddings, n);
}

int selectai_ranker_probabilities(const selectai_ranker *ranker, float *probabilities, const float *embeddings,
                                  const double *stages, size_t n)
{
    SAI_REQUIRE(ranker && probabilities && embeddings && n > 0);
    float *scores = sai_malloc_array(n, sizeof *scores);
    if (!scores)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = selectai_ranker_score(ranker, scores, embeddings, stages, n);
    if (rc == SELECTAI_OK && !sai_softmax(probabilities, scores, n, ranker->model->temperature))
        rc = SAI_FAIL(SELECTAI_ERR_NO_DATA, "none of the group's %zu images has a vector", n);
    sai_free(scores);
    return rc;
}

int selectai_ranker_has_seen(const selectai_ranker *ranker, const char *project, const char *filename)
{
    if (!ranker || !project || !filename)
        return 0;
    return sai_model_has_seen(ranker->model, sai_image_key(project, filename));
}

int selectai_ranker_evaluate(selectai_evaluation **out, const selectai_ranker *ranker, const selectai_trainset *set,
                             const selectai_embedding_cache *cache)
{
    struct sai_measurement m = {0};
    selectai_evaluation *e = NULL;
    float *scores = NULL;
    SAI_REQUIRE(out && ranker && set && cache);
    int rc = sai_measure_begin(&m, ranker->model, set, cache, SAI_JOIN_ALL);
    if (rc == SELECTAI_OK) {
        scores = sai_malloc_array(m.vectors.n, sizeof *scores);
        rc = scores ? selectai_ranker_score(ranker, scores, m.vectors.x, NULL, m.vectors.n)
                    : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (rc == SELECTAI_OK)
        rc = sai_evaluate_ranker(&e, &m.decisions, NULL, scores, &m.head);
    if (rc == SELECTAI_OK)
        rc = sai_measure_end(&e, &m);
    if (rc == SELECTAI_OK)
        *out = e;
    sai_measure_free(&m);
    sai_free(scores);
    return rc;
}
