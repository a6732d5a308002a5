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
 * Proposes a crop that keeps the image's aspect ratio: three numbers, how large and where in the room that is left, and
 * how likely the person would not crop the image at all, or up to its edges. A small ensemble of networks on the
 * embedding, on numbers that tell where things are (the built-in encoder's embeddings hold them), and on the image's
 * size. What it proposes is the box that is expected to overlap most with the person's: for some images all of it.
 * Training needs the torch module; proposing is plain C.
 * Thread-safety: immutable once made; may be used from any number of threads.
 */
typedef struct selectai_cropper selectai_cropper;

struct selectai_cropper_options {
    uint32_t struct_size;
    uint32_t epochs;      /**< at most; default 150 */
    uint32_t batch_size;  /**< crops a step; default 32 */
    uint32_t patience;    /**< epochs without a better inner validation loss that end training; default 25 */
    uint64_t seed;        /**< default 1 */
    float lr;             /**< default 0.001 */
    float weight_decay;   /**< default 0.001 */
    float dropout;        /**< default 0.3 */
    float snap;           /**< edges nearer than this share of the side are moved onto it; default 0.02 */
    int32_t split;        /**< SELECTAI_SPLIT_*, not PAIR; default AUTO */
    uint32_t folds;       /**< as in selectai_ranker_options; default 0 */
    uint32_t ensemble;    /**< networks, 1 to 16; default 3. Each learns from all blocks of time but its own */
    uint32_t threads;     /**< default 0 = all cores; the result does not depend on it */
    const char *hold_out; /**< as in selectai_ranker_options */
    /** Vectors of the built-in encoder for the same images, which tell where things are; for embeddings that do not
     *  (CLIP's). Read during the call. A cropper that was trained with them always needs them. Default NULL. */
    const selectai_embedding_cache *layout_cache;
    const char *backend_dir;       /**< default NULL */
    selectai_progress_fn progress; /**< stage "train", in epochs; default NULL */
    void *user;
};
SELECTAI_API void selectai_cropper_options_init(struct selectai_cropper_options *options, uint32_t struct_size);

/**
 * Trains on the decisions of `set` that have a crop box or are known not to be cropped: once a fold, for the figures
 * and to learn how good proposals are, and once on everything. Arguments and errors as selectai_ranker_train(), but
 * cache may be NULL: then the cropper sees sizes only, those that the set's entries tell; its encoder id is "none", its
 * dimension 0, and it goes with any encoder.
 */
SELECTAI_API int selectai_cropper_train(selectai_cropper **out, selectai_evaluation **evaluation,
                                        selectai_issues **issues, const selectai_trainset *set,
                                        const selectai_embedding_cache *cache,
                                        const struct selectai_cropper_options *options);

/** As selectai_ranker_load() and _save(). */
SELECTAI_API int selectai_cropper_load(selectai_cropper **out, const char *path);
SELECTAI_API int selectai_cropper_save(const selectai_cropper *cropper, const char *path);
SELECTAI_API void selectai_cropper_destroy(selectai_cropper **cropper);

/** Numbers of an embedding; 0: it sees sizes only. */
SELECTAI_API uint32_t selectai_cropper_dim(const selectai_cropper *cropper);
SELECTAI_API const char *selectai_cropper_encoder_id(const selectai_cropper *cropper);

/** The second encoder whose vectors it needs, and their length; "" and 0: none. Borrowed. */
SELECTAI_API const char *selectai_cropper_layout_id(const selectai_cropper *cropper);
SELECTAI_API uint32_t selectai_cropper_layout_dim(const selectai_cropper *cropper);
SELECTAI_API int selectai_cropper_metadata_json(char **out, const selectai_cropper *cropper);

/**
 * boxes: n boxes, 0 <= x1 < x2 <= 1, x2 - x1 == y2 - y1. embeddings: n x dim. sizes: n x 2, width and height in pixels.
 * A row with NaN, or with a size of 0, gives a box of NaN. Boxes of old croppers (docs/old-models.md) are what their
 * networks give: they need not keep the aspect ratio; only corners in the wrong order are swapped, and those on one
 * line moved a pixel apart. embeddings may be NULL for a cropper of dimension 0. SELECTAI_ERR_MISMATCH for one that
 * needs a second vector: see selectai_cropper_propose_all().
 */
SELECTAI_API int selectai_cropper_propose(const selectai_cropper *cropper, struct selectai_box *boxes,
                                          const float *embeddings, const uint32_t *sizes, size_t n);

/** A proposal with what the cropper believes about it. Numbers that a cropper of an old form does not know are NaN. */
struct selectai_crop_proposal {
    uint32_t struct_size;    /**< set by the caller */
    int32_t whole;           /**< 1: the box is the whole image */
    struct selectai_box box; /**< as selectai_cropper_propose() gives it */
    double no_crop;          /**< chance that the person does not crop this image */
    double edges[4];     /**< chances that the person's box touches the left, top, right, bottom edge of the image */
    double expected_iou; /**< with the person's box: mean over images like this one */
    double iou_low, iou_high; /**< 80 % of the IoUs lie between, measured on images that were not trained on */
};

/**
 * As selectai_cropper_propose(), with all that is known. proposals: n, each struct_size bytes, as the first one says.
 * layouts: n x layout_dim vectors of the second encoder, or NULL for a cropper that needs none.
 */
SELECTAI_API int selectai_cropper_propose_all(const selectai_cropper *cropper, struct selectai_crop_proposal *proposals,
                                              const float *embeddings, const float *layouts, const uint32_t *sizes,
                                              size_t n);

/** As selectai_ranker_has_seen(). */
SELECTAI_API int selectai_cropper_has_seen(const selectai_cropper *cropper, const char *project, const char *filename);

/** As selectai_ranker_evaluate(). cache may be NULL for a cropper of dimension 0. */
SELECTAI_API int selectai_cropper_evaluate(selectai_evaluation **out, const selectai_cropper *cropper,
                                           const selectai_trainset *set, const selectai_embedding_cache *cache);

/** The same for a cropper that needs a second vector: layout_cache holds those of selectai_cropper_layout_id(). */
SELECTAI_API int selectai_cropper_evaluate_with_layout(selectai_evaluation **out, const selectai_cropper *cropper,
                                                       const selectai_trainset *set,
                                                       const selectai_embedding_cache *cache,
                                                       const selectai_embedding_cache *layout_cache);

/**
 * Two croppers on the same images, those that neither has seen. cache_b: of b's encoder; NULL: the same cache; both may be
 * NULL for croppers of dimension 0. layout_cache: for those that need a second vector, or NULL. *json (freed with
 * selectai_free()): {"n","groups","excluded","a":{"iou","bde","within5","kept_whole"},"b":{...},"difference","low","high"
 * (mean IoU of b minus a, 95 % bootstrap interval over groups),"only_a","only_b" (images of which only one proposes a box
 * within 5 % of the person's),"p_value" (McNemar's exact test of these),"flips":[{"project","right":"a"|"b","images":
 * [{"path","stage","a","b" (IoU),"box" (the person's),"box_a","box_b"}]}]}. NO_DATA if nothing is left.
 */
SELECTAI_API int selectai_cropper_compare(char **json, const selectai_cropper *a, const selectai_cropper *b,
                                          const selectai_trainset *set, const selectai_embedding_cache *cache,
                                          const selectai_embedding_cache *cache_b,
                                          const selectai_embedding_cache *layout_cache);

#ifdef __cplusplus
}
#endif

#endif
