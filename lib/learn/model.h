/*
 * learn/model.h: what rankers and croppers have in common: network, standardisation, origin, metadata, file.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_LEARN_MODEL_H
#define SAI_LEARN_MODEL_H

#include "base/json.h"
#include "learn/blend.h"
#include "learn/crop_head.h"
#include "learn/kernel.h"
#include "learn/mlp.h"
#include "learn/model_form.h"
#include "learn/prior.h"

#define SAI_MODEL_FORMAT         "selectai-model"
#define SAI_MODEL_FORMAT_VERSION "2"
#define SAI_MODEL_FORMAT_FIRST   "1" /* rankers of one network, without prior and keep network: still read */
#define SAI_MODEL_FORMAT_KERNEL  "3" /* of rankers with a kernel machine alone: older libraries read the rest */

#define SAI_MODEL_FORMAT_LOOKS "4" /* of rankers that recognise stages, with a kernel machine or without */

#define SAI_MAX_ENCODER_ID 256u

#define SAI_NO_CLIP "none" /* the metadata's "clip" of a standardiser that does not cut */

#define SAI_KIND_RANKER  "ranker"
#define SAI_KIND_CROPPER "cropper"

#define SAI_NO_ENCODER "none" /* encoder id of croppers that see no embedding */

/* Numbers about the image that follow the embedding in a cropper's input: see sai_crop_row(). */
#define SAI_CROPPER_EXTRA 2u

struct sai_model {
    const char *kind;                     /* SAI_KIND_*: static */
    uint32_t dim;                         /* of the embeddings */
    struct sai_mlp *mlp;                  /* NULL: a ranker of the prior alone */
    struct sai_standardiser standardiser; /* of the network's inputs */
    struct sai_model_form form;           /* zeroed: ours; old models differ */
    char *encoder_id;                     /* "": not known, of old models */
    double temperature;      /* ranker: scores are divided by it before the softmax; > 0; 1 where the blend does it */
    struct sai_mlp **others; /* ranker: further networks of the ensemble, of any hidden widths */
    uint32_t n_others;
    struct sai_kernel *kernel;  /* ranker: beside the networks, of the same inputs, or NULL */
    bool differences;           /* ranker: networks see embeddings minus their group's mean */
    struct sai_mlp *recogniser; /* ranker: stages are not asked for: this tells what the inputs look like; or NULL */
    struct sai_prior prior;     /* ranker */
    struct sai_blend blend;     /* ranker */
    struct sai_mlp *keep;       /* ranker: keep network, or NULL */
    struct sai_standardiser keep_standardiser;
    struct sai_crop_head head;    /* cropper */
    double snap;                  /* cropper: 0 <= snap < 0.5 */
    struct selectai_box constant; /* cropper: one box for all images; NaN: none */
    uint64_t *seen;               /* keys of images in training and validation groups, ascending, each once */
    size_t n_seen;
    json_t *info; /* what only describes: texts, and JSON under counts, metrics and options (docs/formats.md) */
};

/* An empty model of a kind, with an empty info. */
int sai_model_create(struct sai_model **out, const char *kind);
void sai_model_destroy(struct sai_model **model);

/* Copies the keys, sorts them and drops repeated ones. */
int sai_model_set_seen(struct sai_model *model, const uint64_t *keys, size_t n);
bool sai_model_has_seen(const struct sai_model *model, uint64_t key);

/* Inputs that the network of this model has. */
uint32_t sai_model_inputs(const struct sai_model *model);

/* "512-256-64-1"; the caller frees it. */
int sai_model_architecture(char **out, const struct sai_mlp *mlp);

/* All of the metadata as one JSON object; the caller frees it. */
int sai_model_metadata_json(char **out, const struct sai_model *model);

/* Is it a format_version that sai_model_load() reads? */
bool sai_model_knows_version(const char *version);

/* model_read.c, model_write.c: safetensors; reading takes old models in PyTorch's files, too (model_legacy.h). A file
 * of another kind: MISMATCH; one that is no model, or damaged: FORMAT. */
int sai_model_load(struct sai_model **out, const char *path, const char *kind);
int sai_model_save(const struct sai_model *model, const char *path);

/* The public handles. */
struct selectai_ranker {
    struct sai_model *model;
};
struct selectai_cropper {
    struct sai_model *model;
};

/* Takes the model over, also on failure; *model becomes NULL. */
int sai_ranker_wrap(struct selectai_ranker **out, struct sai_model **model);
int sai_cropper_wrap(struct selectai_cropper **out, struct sai_model **model);

/* Brings vectors as an encoder gives them to the length that the model was trained on, in place. Croppers: nothing. */
void sai_model_prepare_vectors(const struct sai_model *model, float *x, size_t n);

#endif
