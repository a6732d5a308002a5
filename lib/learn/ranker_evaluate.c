/*
 * learn/ranker_evaluate.c: measuring a finished ranker on decisions that it has not seen.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/ranker.h>

#include <math.h>

#include "learn/measure.h"
#include "learn/scored.h"

int sai_score_measurement(struct sai_scored *scored, const struct sai_model *model, const struct sai_measurement *m)
{
    int rc = sai_scored_allocate(scored, &m->decisions);
    if (rc == SELECTAI_OK)
        rc = sai_score_decisions(scored, model, &m->decisions, &m->vectors, NULL, false);
    for (size_t i = 0; i < m->decisions.count && rc == SELECTAI_OK; i++)
        if (m->decisions.items[i].usable)
            sai_weigh_decision(scored, &m->decisions.items[i], i, &model->blend, model->temperature);
    return rc;
}

int selectai_ranker_evaluate(selectai_evaluation **out, const selectai_ranker *ranker, const selectai_trainset *set,
                             const selectai_embedding_cache *cache)
{
    struct sai_measurement m = {0};
    struct sai_scored scored = {0};
    selectai_evaluation *e = NULL;
    SAI_REQUIRE(out && ranker && set && cache);
    int rc = sai_measure_begin(&m, ranker->model, set, cache, NULL, SAI_JOIN_ALL);
    if (rc == SELECTAI_OK)
        rc = sai_score_measurement(&scored, ranker->model, &m);
    if (rc == SELECTAI_OK)
        rc = sai_evaluate_ranker(&e, &m.decisions, NULL, &scored, &m.head);
    if (rc == SELECTAI_OK)
        rc = sai_measure_end(&e, &m);
    if (rc == SELECTAI_OK)
        *out = e;
    sai_measure_free(&m);
    sai_scored_free(&scored);
    return rc;
}
