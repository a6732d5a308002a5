/*
 * learn/train.h: what training rankers and training croppers share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_TRAIN_H
#define SAI_LEARN_TRAIN_H

#include <selectai_backend.h>

#include "learn/evaluate.h"
#include "learn/folds.h"
#include "learn/join.h"
#include "learn/model.h"
#include "learn/network.h"

/* Fewer training decisions are refused: nothing could be learned from them. */
#define SAI_TRAIN_MIN 8u

/* The part of the public options that both have. */
struct sai_train_options {
    uint32_t epochs, batch_size, patience, threads;
    float lr, weight_decay, dropout;
    double validation_share; /* 0 <= share < 1 */
    struct sai_folds_options folds;
    bool no_network;                        /* the torch module is not needed */
    const selectai_embedding_cache *layout; /* croppers: vectors that tell where things are, or NULL */
    const char *backend_dir;
    selectai_progress_fn progress;
    void *user;
};
int sai_train_check(const struct sai_train_options *options);

/* Everything that one training works on; only read once it began. Zeroed at first; call sai_training_free() in any
 * case. */
struct sai_training {
    const struct sai_train_options *options;
    const struct sai_backend_v1 *backend; /* NULL: no_network */
    struct selectai_issues *issues;
    struct sai_decisions decisions;
    struct sai_vectors vectors;
    float *layout; /* a row for each of the vectors'; NULL: none is wanted */
    struct sai_folds folds;
    /* usable decisions, of those held out, usable rejected groups; decisions that the cache or a crop is missing for;
     * groups joined with another because their images are nearly equal */
    size_t n_usable, n_held_out, n_rejected, n_missing, n_without_crop, n_near;
};

/* Backend, decisions, join and folds. cache: NULL (with SAI_JOIN_WINNER): sizes only, as the set knows them. what:
 * SAI_JOIN_*; SAI_JOIN_WINNER leaves only decisions with a good crop, SAI_JOIN_ALL takes rejected groups too. */
int sai_training_begin(struct sai_training *out, const selectai_trainset *set, const selectai_embedding_cache *cache,
                       const struct sai_train_options *options, int what);
void sai_training_free(struct sai_training *training);

/* The sides of all decisions when `fold` (or SAI_FOLD_NONE) is the test. The caller frees it; NULL: out of memory. */
int8_t *sai_training_sides(const struct sai_training *training, int32_t fold);

/* A network of these widths with the training's options. */
struct sai_network sai_training_network(const struct sai_training *training, const uint32_t *widths, uint32_t n_widths,
                                        const struct sai_backend_task *task);

/* What the final model's training came to, for its metadata. */
struct sai_training_outcome {
    uint32_t epochs_run, best_epoch, refit_epochs;
};

/* Fills encoder id, dim, seen and the info that does not depend on the kind. texts: what each training decision
 * consists of, for the hash that names the data; they are sorted. */
int sai_training_describe(struct sai_model *model, const struct sai_training *training,
                          const selectai_embedding_cache *cache, const char **texts, size_t n_texts,
                          const struct sai_training_outcome *outcome);

/* Info "options": the shared ones; the caller adds its own. A new reference, or NULL. */
json_t *sai_training_options_json(const struct sai_train_options *options);

/* The float as a person wrote it: 0.3, not 0.30000001192092896. A new reference, or NULL. */
json_t *sai_short_real(float value);

/* Head of the evaluation to come. */
struct sai_evaluation_head sai_training_head(const struct sai_training *training);

/* Stores the figures in the model, and the issues in the evaluation. */
int sai_training_end(struct sai_training *training, struct sai_model *model, selectai_evaluation *evaluation);

/* Moves evaluation and issues to where the caller wants them (each may be NULL: not wanted). Cannot fail. */
void sai_training_hand_out(struct sai_training *training, selectai_evaluation **figures,
                           selectai_evaluation **evaluation, selectai_issues **issues);

#endif
