/*
 * learn/train.h: what training rankers and training croppers share.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_TRAIN_H
#define SAI_LEARN_TRAIN_H

#include <selectai_backend.h>

#include "learn/evaluate.h"
#include "learn/join.h"
#include "learn/model.h"
#include "learn/split.h"

/* Fewer training decisions are refused: nothing could be learned from them. */
#define SAI_TRAIN_MIN 8u

/* The part of the public options that both have. */
struct sai_train_options {
    uint32_t epochs, batch_size, patience, threads;
    float lr, weight_decay, dropout;
    struct sai_split split;
    const char *backend_dir;
    selectai_progress_fn progress;
    void *user;
};
int sai_train_check(const struct sai_train_options *options);

/* Everything that one training works on. Zeroed at first; call sai_training_free() in any case. */
struct sai_training {
    const struct sai_train_options *options;
    const struct sai_backend_v1 *backend;
    struct selectai_issues *issues;
    struct sai_decisions decisions;
    struct sai_vectors vectors;
    const char *held_out;                         /* project, or NULL */
    size_t n_sides[3], n_missing, n_without_crop; /* usable decisions by SAI_SIDE_* */
    bool *side[3];                                /* by decision: usable and on that side; for `use` of evaluate.h */
    uint32_t epochs_run, best_epoch, refit_epochs;
};

/* Backend, decisions, split and join. what: SAI_JOIN_*; SAI_JOIN_WINNER leaves only decisions with a good crop. */
int sai_training_begin(struct sai_training *out, const selectai_trainset *set, const selectai_embedding_cache *cache,
                       const struct sai_train_options *options, int what);
void sai_training_free(struct sai_training *training);

/* Exactly one of pairs and rows is given. *out: the trained network. */
struct sai_train_network {
    const uint32_t *widths;
    uint32_t n_widths;
    int32_t output;    /* SAI_MLP_* */
    const char *stage; /* of progress; NULL: "train" */
    uint32_t passes;   /* over the decisions in one epoch of the module, which are as many of ours; 0: 1 */
    const struct sai_backend_pairs *pairs;
    const struct sai_backend_rows *rows;
};
int sai_train_network(struct sai_mlp **out, struct sai_training *training, const struct sai_train_network *network);

/* Fills encoder id, dim, seen and the info that does not depend on the kind. texts: what each training decision
 * consists of, for the hash that names the data; they are sorted. */
int sai_training_describe(struct sai_model *model, const struct sai_training *training,
                          const selectai_embedding_cache *cache, const char **texts, size_t n_texts);

/* Info "options": the shared ones; the caller adds its own. A new reference, or NULL. */
json_t *sai_training_options_json(const struct sai_train_options *options);

/* Measures on the test side: head of the evaluation to come. */
struct sai_evaluation_head sai_training_head(const struct sai_training *training);

/* Stores the figures in the model, and the issues in the evaluation. */
int sai_training_end(struct sai_training *training, struct sai_model *model, selectai_evaluation *evaluation);

/* Moves evaluation and issues to where the caller wants them (each may be NULL: not wanted). Cannot fail. */
void sai_training_hand_out(struct sai_training *training, selectai_evaluation **figures,
                           selectai_evaluation **evaluation, selectai_issues **issues);

#endif
