/*
 * selectai/ranker.h: which image of a group does this person choose?
 *
 * Tier 4: needs trainset.h, embedding_cache.h and evaluation.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_RANKER_H
#define SELECTAI_RANKER_H

#include <selectai/embedding_cache.h>
#include <selectai/evaluation.h>
#include <selectai/trainset.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A small network (dim-256-64-1, ReLU) on the standardised embedding, trained on pairs from one set with a margin
 * ranking loss (Burges et al., "Learning to rank using gradient descent", 2005; margin form as in torch's
 * MarginRankingLoss). Scores compare within one group only; they mean nothing across groups.
 * Training needs the torch module; scoring is plain C.
 * Thread-safety: immutable once made; may be used from any number of threads.
 */
typedef struct selectai_ranker selectai_ranker;

#define SELECTAI_SPLIT_GROUP   0 /**< whole groups are held out, by a hash of their names and the seed: the default */
#define SELECTAI_SPLIT_PROJECT 1 /**< one whole project is held out */

struct selectai_ranker_options {
    uint32_t struct_size;
    uint32_t epochs;               /**< passes over the decisions, at most; default 60 */
    uint32_t batch_size;           /**< pairs a step; default 32 */
    uint32_t patience;             /**< epochs without a better inner validation loss that end training; default 12 */
    uint64_t seed;                 /**< of split, weights, order and dropout; default 1 */
    float lr;                      /**< Adam's step; default 0.0003 */
    float weight_decay;            /**< default 0.0001 */
    float dropout;                 /**< 0..0.9; default 0.3 */
    float margin;                  /**< default 0.5 */
    float anomaly_weight;          /**< weight of pairs whose winner has the lower stage; default 2 */
    float test_share;              /**< of groups, held out for the reported figures; default 0.2; 0 = none */
    float validation_share;        /**< of the remaining groups, to stop training early; default 0.1; 0 = none */
    int32_t split;                 /**< SELECTAI_SPLIT_*; default GROUP */
    const char *hold_out;          /**< SPLIT_PROJECT: the project held out; NULL: the one with the most decisions */
    const char *backend_dir;       /**< see selectai_backend_load(); default NULL */
    selectai_progress_fn progress; /**< stage "train", with few decisions then "refit", in epochs; default NULL */
    void *user;
    uint32_t threads; /**< default 0 = all cores; the result does not depend on it */
    uint32_t reserved;
};
SELECTAI_API void selectai_ranker_options_init(struct selectai_ranker_options *options, uint32_t struct_size);

/**
 * Trains on the decisions of `set` whose images are all in `cache`. Decisions that cannot be used become issues
 * (*issues: a new list that the caller destroys; may be NULL). SELECTAI_ERR_NO_DATA if too few remain.
 * *evaluation (may be NULL): the held-out groups' figures; the same are stored in the model.
 */
SELECTAI_API int selectai_ranker_train(selectai_ranker **out, selectai_evaluation **evaluation,
                                       selectai_issues **issues, const selectai_trainset *set,
                                       const selectai_embedding_cache *cache,
                                       const struct selectai_ranker_options *options);

/**
 * Safetensors with metadata (docs/formats.md); or, for loading, a ranker that something else trained, in PyTorch's
 * file (docs/old-models.md; nothing in it is run, and the torch module is not needed). Errors: FORMAT, MISMATCH
 * (another kind of model), UNSUPPORTED (a file of PyTorch that holds no ranker of a known form).
 */
SELECTAI_API int selectai_ranker_load(selectai_ranker **out, const char *path);
SELECTAI_API int selectai_ranker_save(const selectai_ranker *ranker, const char *path);
SELECTAI_API void selectai_ranker_destroy(selectai_ranker **ranker);

SELECTAI_API uint32_t selectai_ranker_dim(const selectai_ranker *ranker);

/** Id of the encoder whose vectors it was trained on (see selectai_encoder_id()); "": not known. Borrowed. */
SELECTAI_API const char *selectai_ranker_encoder_id(const selectai_ranker *ranker);

/** The model's metadata as a JSON object; the caller frees it with selectai_free(). */
SELECTAI_API int selectai_ranker_metadata_json(char **out, const selectai_ranker *ranker);

/**
 * scores: n floats from embeddings: n x dim. stages: n doubles (NaN = unknown), or NULL; models with a stage prior use
 * it, those of this version do not have one. A row with NaN gives NaN. Vectors are taken as they are: a model whose
 * metadata says "vectors": "unit-length" (LAION's heads) wants them divided by their lengths. Measuring and
 * suggesting do that by themselves.
 */
SELECTAI_API int selectai_ranker_score(const selectai_ranker *ranker, float *scores, const float *embeddings,
                                       const double *stages, size_t n);

/**
 * probabilities: n floats that sum to 1, softmax of the scores of one group at the model's temperature. Rows with NaN
 * get 0; if all are NaN, SELECTAI_ERR_NO_DATA.
 */
SELECTAI_API int selectai_ranker_probabilities(const selectai_ranker *ranker, float *probabilities,
                                               const float *embeddings, const double *stages, size_t n);

/** 1 if an image of this project and file name was in a group that the model was trained or tuned on, else 0. */
SELECTAI_API int selectai_ranker_has_seen(const selectai_ranker *ranker, const char *project, const char *filename);

/**
 * Measures the model on decisions none of whose images it has seen; the others are counted as "excluded_seen".
 * SELECTAI_ERR_MISMATCH if the cache is of another encoder; SELECTAI_ERR_NO_DATA if nothing is left. If the model's
 * encoder is not known, only the vectors' length is compared, and the issue "encoder-unknown" says so.
 */
SELECTAI_API int selectai_ranker_evaluate(selectai_evaluation **out, const selectai_ranker *ranker,
                                          const selectai_trainset *set, const selectai_embedding_cache *cache);

#ifdef __cplusplus
}
#endif

#endif
