/*
 * selectai/suggest.h: for each group of new images, the winner, the crop, and how sure it is.
 *
 * Tier 5: needs ranker.h and cropper.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_SUGGEST_H
#define SELECTAI_SUGGEST_H

#include <selectai/cropper.h>
#include <selectai/ranker.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Thread-safety: immutable once made; may be read from any number of threads. */
typedef struct selectai_suggestions selectai_suggestions;

#define SELECTAI_MAX_NEIGHBOURS 64u

struct selectai_suggest_options {
    uint32_t struct_size;
    uint32_t threads; /**< for reading files that are looked up in the cache, and for comparing with the history;
                         default 0 = all cores. The encoder has its own number */
    const struct selectai_group_options *group; /**< default NULL = defaults */
    /** of the files: for look-ups in the cache, the ranker's prior of that project, and the history; default NULL = not
     * known: the cache is not asked */
    const char *project;
    selectai_progress_fn progress; /**< stages "encode", in files, and "compare", in past decisions; default NULL */
    void *user;
    double min_confidence; /**< 0..1: a winner below it is not `sure`; default 0.6 */
    double min_keep;       /**< 0..1: where the ranker knows `keep` and it is below, `keep_nothing`; default 0.5 */
    /** past decisions, for neighbours; read during the call; needs a cache and a project; default NULL */
    const selectai_trainset *history;
    uint32_t
        neighbours;    /**< past decisions named for each group, at most SELECTAI_MAX_NEIGHBOURS; default 3; 0: none */
    uint32_t reserved; /**< 0 */
    /** Instead of `group`, where the groups are known: group g is files set_starts[g] .. set_starts[g + 1] - 1, in
     * stage order, two or more; n_sets + 1 numbers, from 0 up to n. default NULL */
    const uint32_t *set_starts;
    uint64_t n_sets;
    int32_t crop_all;  /**< 1: the cropper proposes a box for every image, not the winner alone; default 0 */
    int32_t reserved2; /**< 0 */
};
SELECTAI_API void selectai_suggest_options_init(struct selectai_suggest_options *options, uint32_t struct_size);

/**
 * A past decision of the same project that is like a group: what was taken then looks like what is suggested now, and
 * differs from the others of its group in the same way. It explains a suggestion, it does not make it: the ranker does
 * not look at it. All pointers are borrowed from the suggestions. Stands in arrays, so it never grows.
 */
struct selectai_neighbour {
    const char *project;
    const char *winner_path;        /**< as the history has it; the file need not exist */
    const char *const *loser_paths; /**< n_losers */
    const double *loser_stages;     /**< n_losers; NaN = unknown */
    double winner_stage;            /**< NaN = unknown */
    /** -1..1: mean of two cosines, of the winners' vectors and of their differences from the mean of the others.
     * Vectors are first brought to mean 0 and deviation 1 over the project's past decisions: 0 is unrelated, 1 the same
     */
    double similarity;
    uint32_t n_losers;
    int32_t anomaly; /**< 1: a lower stage was taken; 0; SELECTAI_UNKNOWN */
};

/** One group. All pointers are borrowed from the suggestions. */
struct selectai_suggestion {
    uint32_t struct_size;       /**< set by the caller */
    uint32_t n_images;          /**< 2 or more, in stage order */
    uint32_t winner;            /**< index of the suggested image */
    int32_t has_crop;           /**< 1 if there is a crop for the winner */
    const char *const *paths;   /**< n_images */
    const double *stages;       /**< n_images */
    const float *scores;        /**< n_images; NaN: could not be read */
    const float *probabilities; /**< n_images; sum to 1 */
    const uint32_t *sizes;      /**< n_images x 2: width, height in pixels; 0: could not be read */
    double confidence;          /**< the winner's probability */
    struct selectai_box crop;   /**< fractions of the winner */
    struct selectai_pixel_box crop_px;
    const float *priors;  /**< n_images; what the stages say: see selectai_ranker_score_group() */
    const float *images;  /**< n_images; what the image shows; NaN: could not be read. Both add up to the score */
    const float *spreads; /**< n_images; how far the ranker's networks disagree about `images` */
    double keep;          /**< probability that anything of the group is kept; NaN: the ranker does not know */
    int32_t sure;         /**< 1: confidence is at least min_confidence, and every image could be read; else 0 */
    int32_t keep_nothing; /**< 1: keep is known and below min_keep; the winner is then the best of what is there */
    const char *why;      /**< one sentence of these parts, for people */
    const struct selectai_neighbour *neighbours; /**< n_neighbours, the most similar first */
    uint32_t n_neighbours;
    uint32_t reserved;
    /* Where has_crop, and NaN where the cropper does not know; see struct selectai_crop_proposal. */
    double no_crop;                     /**< chance that the person does not crop the winner */
    double crop_iou;                    /**< IoU that is expected between `crop` and the person's */
    double crop_iou_low, crop_iou_high; /**< 80 % lie between */
    const struct selectai_box *crops; /**< n_images, of NaN where there is none; NULL unless `crop_all` and a cropper */
};

/**
 * Groups the files (paths of one project), encodes what is not in `cache`, and suggests. cropper and cache may be
 * NULL. Files that do not parse, belong to no group or cannot be read become issues; a group with no readable image is
 * left out. SELECTAI_ERR_MISMATCH if encoder, ranker, cropper and cache do not agree on the encoder's id; of a model
 * whose encoder is not known only the vectors' length is compared, and the issue "encoder-unknown" says so.
 * Winner: the highest score; of equal scores the higher stage. Neighbours: past decisions of the project all of whose
 * images have vectors in the cache, without those that hold an image of the group itself (by its file name); the issues
 * "history-empty" and "history-not-in-cache" say how many there are too few. Memory: a few dozen MB for any number of
 * past decisions.
 */
SELECTAI_API int selectai_suggest_files(selectai_suggestions **out, const char *const *paths, size_t n,
                                        const selectai_ranker *ranker, const selectai_cropper *cropper,
                                        selectai_encoder *encoder, const selectai_embedding_cache *cache,
                                        const struct selectai_suggest_options *options);

SELECTAI_API size_t selectai_suggestions_count(const selectai_suggestions *suggestions);
SELECTAI_API int selectai_suggestions_get(const selectai_suggestions *suggestions, size_t index,
                                          struct selectai_suggestion *out);

/** One group as JSON, complete (docs/formats.md); the caller frees it with selectai_free(). */
SELECTAI_API int selectai_suggestion_json(char **out, const selectai_suggestions *suggestions, size_t index);

SELECTAI_API const selectai_issues *selectai_suggestions_issues(const selectai_suggestions *suggestions);

SELECTAI_API void selectai_suggestions_destroy(selectai_suggestions **suggestions);

#ifdef __cplusplus
}
#endif

#endif
