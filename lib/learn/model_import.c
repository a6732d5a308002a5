/*
 * learn/model_import.c: an old model's file -> one of ours.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <selectai/model_import.h>

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "embed/encoder.h"
#include "learn/model_legacy.h"

static const struct selectai_import_options defaults = {.struct_size = sizeof defaults};

void selectai_import_options_init(struct selectai_import_options *options, uint32_t struct_size)
{
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static int bad_option(const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "import: %s", what);
}

static int check_options(const struct selectai_import_options *o)
{
    if (o->kind < SELECTAI_IMPORT_ANY || o->kind > SELECTAI_IMPORT_CROPPER)
        return bad_option("unknown kind: use any (0), ranker (1) or cropper (2)");
    if (o->hidden < SELECTAI_HIDDEN_AUTO || o->hidden > SELECTAI_HIDDEN_NONE)
        return bad_option("unknown hidden: use auto (0), relu (1) or none (2)");
    if (o->vectors < SELECTAI_VECTORS_AUTO || o->vectors > SELECTAI_VECTORS_UNIT_LENGTH)
        return bad_option("unknown vectors: use auto (0), as encoded (1) or unit length (2)");
    if (o->encoder_id && o->encoder)
        return bad_option("give the encoder or its id, not both");
    if (o->encoder && strcmp(o->encoder, "builtin") != 0 && !o->encoder_options)
        return bad_option("the activation of that encoder is needed: its weights file cannot tell");
    if (o->encoder_id && (!*o->encoder_id || strlen(o->encoder_id) > SAI_MAX_ENCODER_ID ||
                          !sai_utf8_valid(o->encoder_id, strlen(o->encoder_id))))
        return bad_option("an encoder's id is a short text, as 'selectai cache verify' shows it");
    return SELECTAI_OK;
}

/* A file that is ours already has nothing to be imported. */
static int refuse_ours(const struct sai_weights_file *file, const char *path)
{
    if (strcmp(sai_weights_text(file, "format", ""), SAI_MODEL_FORMAT) != 0)
        return SELECTAI_OK;
    return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED, "%s: is a model of selectai already: use it as it is", path);
}

static int read_model(struct sai_model **out, const char *path, const struct sai_legacy_facts *facts)
{
    struct sai_weights_file file;
    int rc = sai_weights_open(&file, path);
    if (rc != SELECTAI_OK)
        return rc;
    rc = refuse_ours(&file, path);
    if (rc == SELECTAI_OK)
        rc = sai_model_from_legacy(out, &file, path, facts);
    sai_weights_close(&file);
    return rc;
}

static int import(char **metadata, const char *path, const char *output, const struct sai_legacy_facts *facts,
                  uint32_t encoder_dim)
{
    struct sai_model *model = NULL;
    char *text = NULL;
    int rc = read_model(&model, path, facts);
    if (rc == SELECTAI_OK && encoder_dim > 0 && encoder_dim != model->dim)
        rc = SAI_FAIL(SELECTAI_ERR_MISMATCH,
                      "%s: takes vectors of %u numbers, but that encoder makes %u: it was trained with another one",
                      path, model->dim, encoder_dim);
    if (rc == SELECTAI_OK && metadata)
        rc = sai_model_metadata_json(&text, model);
    if (rc == SELECTAI_OK)
        rc = sai_model_save(model, output);
    sai_model_destroy(&model);
    if (rc == SELECTAI_OK && metadata)
        *metadata = text;
    else
        sai_free(text);
    return rc;
}

int selectai_model_import(char **metadata, const char *path, const char *output,
                          const struct selectai_import_options *options)
{
    static const char *const kinds[] = {NULL, SAI_KIND_RANKER, SAI_KIND_CROPPER};
    struct selectai_import_options o = defaults;
    char *id = NULL;
    uint32_t dim = 0;
    SAI_REQUIRE(path && output);
    int rc = sai_options_copy(&o, sizeof o, options);
    if (rc == SELECTAI_OK)
        rc = check_options(&o);
    if (rc == SELECTAI_OK && sai_path_exists(output))
        rc = SAI_FAIL(SELECTAI_ERR_EXISTS, "%s: is there already: choose another name, or move it away", output);
    if (rc == SELECTAI_OK && o.encoder)
        rc = sai_encoder_identify(&id, &dim, o.encoder, o.encoder_options);
    if (rc == SELECTAI_OK) {
        const struct sai_legacy_facts facts = {
            .kind = kinds[o.kind], .hidden = o.hidden, .vectors = o.vectors, .encoder_id = id ? id : o.encoder_id};
        rc = import(metadata, path, output, &facts, dim);
    }
    sai_free(id);
    return rc;
}
