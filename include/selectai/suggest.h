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

struct selectai_suggest_options {
    uint32_t struct_size;
    uint32_t threads; /**< for reading files that are looked up in the cache; default 0 = all cores. The encoder has its
                         own number */
    const struct selectai_group_options *group; /**< default NULL = defaults */
    const char *project;           /**< for look-ups in the cache; a ranker may know it, too; default NULL: neither */
    selectai_progress_fn progress; /**< stage "encode", in files; default NULL */
    void *user;
};
SELECTAI_API void selectai_suggest_options_init(struct selectai_suggest_options *options, uint32_t struct_size);

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
};

/**
 * Groups the files (paths of one project), encodes what is not in `cache`, and suggests. cropper and cache may be
 * NULL. Files that do not parse, belong to no group or cannot be read become issues; a group with no readable image is
 * left out. SELECTAI_ERR_MISMATCH if encoder, ranker, cropper and cache do not agree on the encoder's id; of a model
 * whose encoder is not known only the vectors' length is compared, and the issue "encoder-unknown" says so.
 */
SELECTAI_API int selectai_suggest_files(selectai_suggestions **out, const char *const *paths, size_t n,
                                        const selectai_ranker *ranker, const selectai_cropper *cropper,
                                        selectai_encoder *encoder, const selectai_embedding_cache *cache,
                                        const struct selectai_suggest_options *options);

SELECTAI_API size_t selectai_suggestions_count(const selectai_suggestions *suggestions);
SELECTAI_API int selectai_suggestions_get(const selectai_suggestions *suggestions, size_t index,
                                          struct selectai_suggestion *out);

/** One group as JSON; the caller frees it with selectai_free(). */
SELECTAI_API int selectai_suggestion_json(char **out, const selectai_suggestions *suggestions, size_t index);

SELECTAI_API const selectai_issues *selectai_suggestions_issues(const selectai_suggestions *suggestions);

SELECTAI_API void selectai_suggestions_destroy(selectai_suggestions **suggestions);

#ifdef __cplusplus
}
#endif

#endif
