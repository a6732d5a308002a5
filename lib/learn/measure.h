/*
 * learn/measure.h: the part of measuring a finished model on other data that rankers and croppers share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_MEASURE_H
#define SAI_LEARN_MEASURE_H

#include "learn/evaluate.h"
#include "learn/join.h"
#include "learn/model.h"

struct sai_measurement {
    struct sai_decisions decisions; /* usable: none of its images was seen, and all that is needed is there */
    struct sai_vectors vectors;
    float *layout; /* a row for each of the vectors', or NULL */
    struct selectai_issues *issues;
    struct sai_evaluation_head head;
};

/* MISMATCH if model and cache are of different encoders. cache: not looked at (may be NULL) for a model that sees no
 * embedding. layout: a cropper's second cache; not looked at if it needs none. Call sai_measure_free() in any case. */
int sai_measure_begin(struct sai_measurement *out, const struct sai_model *model, const selectai_trainset *set,
                      const selectai_embedding_cache *cache, const selectai_embedding_cache *layout, int what);

/* Moves the issues into the evaluation. On failure it is destroyed and *evaluation NULL. */
int sai_measure_end(selectai_evaluation **evaluation, const struct sai_measurement *measurement);

void sai_measure_free(struct sai_measurement *measurement);

/*
 * Takes decisions without a known crop, or with one that does not keep the aspect, out; see the issues. Crops alone are
 * taken in if their project is known: of others nobody could say that they are not of a project that is held out.
 */
int sai_require_crops(struct sai_decisions *decisions, struct selectai_issues *issues, size_t *n_without);

/* One issue, "encoder-unknown", if that is so. what: "ranker", "cropper". */
int sai_report_unknown_encoder(struct selectai_issues *issues, const char *what, const char *encoder_id);

/* MISMATCH, naming both, unless the cache holds vectors of this encoder (if it is known) and dimension. */
int sai_require_encoder(const selectai_embedding_cache *cache, const char *encoder_id, uint32_t dim);

#endif
