/*
 * selectai/cropper.h: where does this person crop?
 *
 * Tier 4: needs trainset.h, embedding_cache.h and evaluation.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_CROPPER_H
#define SELECTAI_CROPPER_H

#include <selectai/embedding_cache.h>
#include <selectai/evaluation.h>
#include <selectai/ranker.h>
#include <selectai/trainset.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Proposes a crop that keeps the image's aspect ratio: a scale and a centre (a box has three numbers, not four),
 * clamped to the image and snapped to edges that are near. A small network on the embedding and the image's size.
 * Training needs the torch module; proposing is plain C.
 * Thread-safety: immutable once made; may be used from any number of threads.
 */
typedef struct selectai_cropper selectai_cropper;

struct selectai_cropper_options {
    uint32_t struct_size;
    uint32_t epochs;               /**< at most; default 150 */
    uint32_t batch_size;           /**< crops a step; default 32 */
    uint32_t patience;             /**< epochs without a better inner validation loss that end training; default 25 */
    uint64_t seed;                 /**< default 1 */
    float lr;                      /**< default 0.001 */
    float weight_decay;            /**< default 0.001 */
    float dropout;                 /**< default 0.3 */
    float snap;                    /**< edges nearer than this share of the side are moved onto it; default 0.02 */
    float test_share;              /**< default 0.2; 0 = none */
    float validation_share;        /**< default 0.1; 0 = none */
    int32_t split;                 /**< SELECTAI_SPLIT_*; default GROUP */
    uint32_t threads;              /**< default 0 = all cores; the result does not depend on it */
    const char *hold_out;          /**< as in selectai_ranker_options */
    const char *backend_dir;       /**< default NULL */
    selectai_progress_fn progress; /**< stage "train", in epochs; default NULL */
    void *user;
};
SELECTAI_API void selectai_cropper_options_init(struct selectai_cropper_options *options, uint32_t struct_size);

/** Trains on the decisions of `set` that have a crop box. Arguments and errors as selectai_ranker_train(). */
SELECTAI_API int selectai_cropper_train(selectai_cropper **out, selectai_evaluation **evaluation,
                                        selectai_issues **issues, const selectai_trainset *set,
                                        const selectai_embedding_cache *cache,
                                        const struct selectai_cropper_options *options);

/** As selectai_ranker_load() and _save(). */
SELECTAI_API int selectai_cropper_load(selectai_cropper **out, const char *path);
SELECTAI_API int selectai_cropper_save(const selectai_cropper *cropper, const char *path);
SELECTAI_API void selectai_cropper_destroy(selectai_cropper **cropper);

SELECTAI_API uint32_t selectai_cropper_dim(const selectai_cropper *cropper);
SELECTAI_API const char *selectai_cropper_encoder_id(const selectai_cropper *cropper);
SELECTAI_API int selectai_cropper_metadata_json(char **out, const selectai_cropper *cropper);

/**
 * boxes: n boxes, 0 <= x1 < x2 <= 1, x2 - x1 == y2 - y1. embeddings: n x dim. sizes: n x 2, width and height in pixels.
 * A row with NaN, or with a size of 0, gives a box of NaN. Boxes of old croppers (docs/old-models.md) are what their
 * networks give: they need not keep the aspect ratio; only corners in the wrong order are swapped, and those on one
 * line moved a pixel apart.
 */
SELECTAI_API int selectai_cropper_propose(const selectai_cropper *cropper, struct selectai_box *boxes,
                                          const float *embeddings, const uint32_t *sizes, size_t n);

/** As selectai_ranker_has_seen(). */
SELECTAI_API int selectai_cropper_has_seen(const selectai_cropper *cropper, const char *project, const char *filename);

/** As selectai_ranker_evaluate(). */
SELECTAI_API int selectai_cropper_evaluate(selectai_evaluation **out, const selectai_cropper *cropper,
                                           const selectai_trainset *set, const selectai_embedding_cache *cache);

#ifdef __cplusplus
}
#endif

#endif
