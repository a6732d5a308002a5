/*
 * selectai/model_import.h: taking over models that something else trained.
 *
 * Tier 4: needs encoder.h.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_MODEL_IMPORT_H
#define SELECTAI_MODEL_IMPORT_H

#include <selectai/encoder.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SELECTAI_IMPORT_ANY     0 /**< whatever it is: a last layer of 1 is a ranker's, of 4 a cropper's */
#define SELECTAI_IMPORT_RANKER  1
#define SELECTAI_IMPORT_CROPPER 2

#define SELECTAI_HIDDEN_AUTO 0 /**< by the names of its layers, where they tell (docs/formats.md), else refused */
#define SELECTAI_HIDDEN_RELU 1 /**< a ReLU after every layer but the last */
#define SELECTAI_HIDDEN_NONE 2 /**< nothing between the layers */

#define SELECTAI_VECTORS_AUTO        0 /**< unit length for LAION's heads, else unknown */
#define SELECTAI_VECTORS_AS_ENCODED  1 /**< as the encoder gives them */
#define SELECTAI_VECTORS_UNIT_LENGTH 2 /**< divided by their length */

/** What the file of an old model cannot say about itself. */
struct selectai_import_options {
    uint32_t struct_size;
    int32_t kind;           /**< SELECTAI_IMPORT_*: another kind is an error; default ANY */
    int32_t hidden;         /**< SELECTAI_HIDDEN_*; default AUTO */
    int32_t vectors;        /**< SELECTAI_VECTORS_*: what it was trained on; default AUTO */
    const char *encoder_id; /**< of the encoder whose vectors it was trained on; default NULL = not known */
    const char *encoder;    /**< the same by "builtin" or the encoder's weights file; default NULL */
    /** Those that make the encoder's id: activation, heads, convert, exif, min_side. Needed where `encoder` is a file:
     * no file tells its activation. Default NULL */
    const struct selectai_encoder_options *encoder_options;
};
SELECTAI_API void selectai_import_options_init(struct selectai_import_options *options, uint32_t struct_size);

/**
 * Reads a ranker or cropper from a file of PyTorch (state dict, checkpoint, TorchScript; nothing in it is run), or from
 * safetensors without our metadata, and writes it as one of ours (docs/formats.md), which computes the same bits as the
 * old file does when it is loaded itself. Which models are understood: docs/old-models.md. *metadata (may be NULL):
 * what was found, as selectai_ranker_metadata_json(); the caller frees it with selectai_free(). The torch module is not
 * needed. Errors: FORMAT (damaged), UNSUPPORTED (of another shape, or it cannot be told whether a ReLU stands between
 * its layers), MISMATCH (of another kind, or the encoder's vectors have another length), EXISTS (output is there
 * already).
 */
SELECTAI_API int selectai_model_import(char **metadata, const char *path, const char *output,
                                       const struct selectai_import_options *options);

#ifdef __cplusplus
}
#endif

#endif
