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
 * A ranker's score of an image has two parts, which add up and can be told apart:
 *
 *   prior   what the image's stage says: how often this person takes that stage, how often against each other stage
 *           of the group, and in this project if the ranker knows it. Log-odds, fitted with shrinkage (Bradley and
 *           Terry, "Rank analysis of incomplete block designs", 1952; Luce, "Individual choice behavior", 1959). With
 *           recognise_stages: the same expected from what stage the image looks like.
 *   image   what the image shows: the mean of a few small networks (dim-256-64-1, ReLU) on the standardised embedding,
 *           which learn what the prior leaves open. With few decisions a linear model is among them, and a kernel
 *           machine stands beside them: likeness to the images that were learned from.
 *
 * Both are weighed by how well they predicted decisions of other folds, so that the softmax of a group's scores is a
 * probability. Scores compare within one group only; they mean nothing across groups. If the data hold rejected groups,
 * the ranker also says how likely anything of a group is kept at all.
 * Training needs the torch module; scoring is plain C.
 * Thread-safety: immutable once made; may be used from any number of threads.
 */
typedef struct selectai_ranker selectai_ranker;

/* What the reported figures, the weights and the probabilities rest on: cross-validation by ... */
#define SELECTAI_SPLIT_GROUP   0 /**< blocks of time of each project; shared and nearly equal images on one side */
#define SELECTAI_SPLIT_PROJECT 1 /**< whole projects: what a model does on the next one */
#define SELECTAI_SPLIT_PAIR    2 /**< pairs at random: LEAKY, flatters; only to show by how much */
#define SELECTAI_SPLIT_AUTO    3 /**< PROJECT, if there are two and none has nine tenths of all; else GROUP: default */

#define SELECTAI_MAX_FOLDS    100u
#define SELECTAI_MAX_ENSEMBLE 32u

/* What the networks minimise, over a decision's winner w and losers l; s: scores. */
#define SELECTAI_LOSS_MARGIN        0 /**< sum of max(0, margin - (s_w - s_l)) */
#define SELECTAI_LOSS_BRADLEY_TERRY 1 /**< sum of log(1 + exp(s_l - s_w)) */
#define SELECTAI_LOSS_PLACKETT_LUCE 2 /**< -log of the winner's softmax in its group: the default */

struct selectai_ranker_options {
    uint32_t struct_size;
    uint32_t epochs;               /**< passes over the decisions, at most; default 60 */
    uint32_t batch_size;           /**< decisions a step; default 32 */
    uint32_t patience;             /**< epochs without a better inner validation loss that end training; default 12 */
    uint64_t seed;                 /**< of folds, weights, order and dropout; default 1 */
    float lr;                      /**< Adam's step; default 0.0003 */
    float weight_decay;            /**< default 0.0001 */
    float dropout;                 /**< 0..0.9; default 0.3 */
    float margin;                  /**< LOSS_MARGIN: default 0.5 */
    float anomaly_weight;          /**< how much a decision whose winner has the lower stage counts when prior and image
                                        are balanced: more wins anomalies and loses normal pairs; default 1: what is
                                        right most often */
    float loss_anomaly_weight;     /**< its weight (LOSS_MARGIN, BRADLEY_TERRY: of such pairs) in the networks' loss, as
                                        the first tools had it; costs more than anomaly_weight; default 1 */
    float validation_share;        /**< of the training groups, to stop training early; never reported; default 0.1 */
    int32_t split;                 /**< SELECTAI_SPLIT_*; default AUTO */
    int32_t loss;                  /**< SELECTAI_LOSS_*; default PLACKETT_LUCE */
    uint32_t folds;                /**< 2..100; PROJECT: at most, default 10; else default 5. 0 = default; 1 = none: no
                                        figures, no calibration */
    uint32_t ensemble;             /**< networks whose scores are averaged; default 0 = 2 with few decisions, else 1 */
    int32_t use_prior;             /**< default 1 */
    int32_t use_image;             /**< default 1; 0: the stage prior alone, which needs no torch module */
    int32_t differences;           /**< 1: networks see the embedding minus its group's mean; default 0 */
    uint32_t threads;              /**< default 0 = all cores; the result does not depend on it */
    const selectai_ranker *start;  /**< warm start: the networks go on from this ranker's; default NULL */
    const char *hold_out;          /**< a project that takes no part in training and calibration: the figures are then
                                        of it alone; default NULL */
    const char *backend_dir;       /**< see selectai_backend_load(); default NULL */
    selectai_progress_fn progress; /**< stage "train", in epochs of all networks; default NULL */
    void *user;
    int32_t recognise_stages; /**< 1: the ranker will not be told stages, but recognises from the image what stage
                                   it looks like (linear discriminant analysis of the training images) and expects
                                   that stage's prior; needs use_prior and use_image; default 0 */
    uint32_t reserved;        /**< 0 */
};
SELECTAI_API void selectai_ranker_options_init(struct selectai_ranker_options *options, uint32_t struct_size);

/**
 * Trains on the decisions of `set` whose images are all in `cache`: once a fold, for the figures and to calibrate, and
 * once on everything. Decisions that cannot be used become issues (*issues: a new list that the caller destroys; may be
 * NULL). SELECTAI_ERR_NO_DATA if too few remain.
 * *evaluation (may be NULL): the figures of the decisions of each fold, scored by a ranker that saw only the others;
 * the same are stored in the model.
 * With `start`, decisions that it has seen train, but are not measured; its encoder and layers must be the same.
 */
SELECTAI_API int selectai_ranker_train(selectai_ranker **out, selectai_evaluation **evaluation,
                                       selectai_issues **issues, const selectai_trainset *set,
                                       const selectai_embedding_cache *cache,
                                       const struct selectai_ranker_options *options);

/**
 * Only the figures: what selectai_ranker_train() would report, without the training on everything. For comparing splits
 * (how much PAIR flatters), anomaly weights, losses.
 */
SELECTAI_API int selectai_ranker_cross_validate(selectai_evaluation **out, const selectai_trainset *set,
                                                const selectai_embedding_cache *cache,
                                                const struct selectai_ranker_options *options);

/**
 * The same for each of n anomaly weights (> 0), in evaluations[0 .. n - 1]: the networks do not depend on it, so they
 * are trained once. On failure all are NULL. Who chooses a weight by these figures reports a little too hopeful ones.
 */
SELECTAI_API int selectai_ranker_sweep_anomaly_weight(selectai_evaluation **evaluations, const float *weights, size_t n,
                                                      const selectai_trainset *set,
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
 * scores: n floats from embeddings: n x dim. stages: n doubles (NaN = unknown), or NULL; a ranker that recognises
 * stages ignores them. The rows may belong to different groups: of the prior, only what a stage is worth by itself
 * counts, and a ranker of `differences` refuses (SELECTAI_ERR_UNSUPPORTED). Where the groups are known,
 * selectai_ranker_score_group() is better. A row with NaN gives NaN. Vectors are taken as they are: a model whose
 * metadata says "vectors": "unit-length" (LAION's heads) wants them divided by their lengths. Measuring and suggesting
 * do that by themselves.
 */
SELECTAI_API int selectai_ranker_score(const selectai_ranker *ranker, float *scores, const float *embeddings,
                                       const double *stages, size_t n);

/** What a ranker says of one group of images. */
struct selectai_group_score {
    uint32_t struct_size; /**< set by the caller */
    uint32_t reserved;
    double keep; /**< probability that anything of the group is kept; NaN: the ranker saw no rejected groups */
};

/**
 * One group of n images: scores[i] == prior[i] + image[i], each n floats or NULL if it is not wanted; probabilities:
 * softmax of the scores; rows with NaN get score NaN and probability 0. spread: standard deviation of the image part
 * over the networks and the kernel machine, each with its share (0 for one network). group may be NULL. project: NULL
 * or a name; one that the ranker was trained on has a prior of its own. stages: n doubles (NaN = unknown), or NULL; a
 * ranker that recognises stages ignores them. SELECTAI_ERR_NO_DATA if all rows have NaN.
 */
SELECTAI_API int selectai_ranker_score_group(const selectai_ranker *ranker, float *scores, float *prior, float *image,
                                             float *spread, float *probabilities, struct selectai_group_score *group,
                                             const char *project, const float *embeddings, const double *stages,
                                             size_t n);

/** probabilities: n floats that sum to 1: the same as selectai_ranker_score_group() gives without a project. */
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

/**
 * Two rankers on the same decisions, those that neither has seen. cache_b: of b's encoder; NULL: the same cache. *json
 * (freed with selectai_free()): {"n","groups","excluded","a":{"normal","anomaly","overall","top1"},"b":{...},
 * "difference","low","high" (top1 of b minus a, 95 % bootstrap interval over groups),"only_a","only_b" (decisions that
 * only one of them got right),"p_value" (McNemar's exact test; 1 means no difference),"flips":[{"project","right":"a"|
 * "b","images":[{"path","stage","a","b"}]}]}: the decisions of which one is right and the other not, each image with
 * both probabilities, the one that was taken first. NO_DATA if nothing is left.
 */
SELECTAI_API int selectai_ranker_compare(char **json, const selectai_ranker *a, const selectai_ranker *b,
                                         const selectai_trainset *set, const selectai_embedding_cache *cache,
                                         const selectai_embedding_cache *cache_b);

#ifdef __cplusplus
}
#endif

#endif
