/*
 * embed/encoder.c: opening and closing encoders; encode_batch.c turns images into vectors.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/text.h"
#include "embed/encoder.h"

#define MAX_BATCH 4096u

void selectai_encoder_options_init(struct selectai_encoder_options *options, uint32_t struct_size)
{
    static const struct selectai_encoder_options defaults = {.batch_size = 32};
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

static int bad_option(const char *what)
{
    return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "encoder: %s", what);
}

static int check_options(const struct selectai_encoder_options *o)
{
    if (o->activation != SELECTAI_ACTIVATION_QUICKGELU && o->activation != SELECTAI_ACTIVATION_GELU)
        return bad_option("unknown activation: use quickgelu (0) or gelu (1)");
    if (o->dtype < SELECTAI_DTYPE_AUTO || o->dtype > SELECTAI_DTYPE_BFLOAT16)
        return bad_option("unknown dtype: use auto (0), float32 (1), float16 (2) or bfloat16 (3)");
    if (o->batch_size < 1 || o->batch_size > MAX_BATCH)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "encoder: a batch of %u images: use 1 to %u", o->batch_size,
                        MAX_BATCH);
    if (o->convert != SELECTAI_CONVERT_FIRST && o->convert != SELECTAI_CONVERT_AFTER)
        return bad_option("unknown order of conversion: use first (0) or after (1)");
    if (o->exif > 1)
        return bad_option("exif is 0 or 1");
    return o->reserved == 0 ? SELECTAI_OK : bad_option("a reserved member is not 0");
}

static int complete_options(struct selectai_encoder_options *full, const struct selectai_encoder_options *options)
{
    selectai_encoder_options_init(full, sizeof *full);
    int rc = sai_options_copy(full, sizeof *full, options);
    return rc == SELECTAI_OK ? check_options(full) : rc;
}

static bool is_builtin(const char *what)
{
    return strcmp(what, "builtin") == 0;
}

int selectai_encoder_open(selectai_encoder **out, const char *what, const struct selectai_encoder_options *options)
{
    struct selectai_encoder_options full;
    SAI_REQUIRE(out && what && *what);
    int rc = complete_options(&full, options);
    if (rc != SELECTAI_OK)
        return rc;
    rc = is_builtin(what) ? sai_encoder_builtin_open(out, &full) : sai_encoder_clip_open(out, what, &full);
    if (rc == SELECTAI_OK)
        sai_gate_init(&(*out)->gate);
    return rc;
}

int sai_encoder_identify(char **id, uint32_t *dim, const char *what, const struct selectai_encoder_options *options)
{
    struct selectai_encoder_options full;
    selectai_encoder *builtin = NULL;
    int rc = complete_options(&full, options);
    if (rc != SELECTAI_OK)
        return rc;
    if (!is_builtin(what))
        return sai_encoder_clip_identify(id, dim, what, &full);
    rc = selectai_encoder_open(&builtin, what, &full);
    if (rc != SELECTAI_OK)
        return rc;
    *dim = builtin->dim;
    *id = sai_strdup(builtin->id);
    selectai_encoder_close(&builtin);
    return *id ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
}

void selectai_encoder_close(selectai_encoder **encoder)
{
    if (!encoder || !*encoder)
        return;
    sai_gate_destroy(&(*encoder)->gate);
    (*encoder)->ops->destroy(*encoder);
    *encoder = NULL;
}

uint32_t selectai_encoder_dim(const selectai_encoder *encoder)
{
    return encoder ? encoder->dim : 0;
}

const char *selectai_encoder_id(const selectai_encoder *encoder)
{
    return encoder ? encoder->id : "";
}

uint32_t selectai_encoder_input_size(const selectai_encoder *encoder)
{
    return encoder ? encoder->input_size : 0;
}

char *sai_encoder_make_id(const char *id, const struct selectai_encoder_options *options)
{
    struct sai_text text = {0};
    char *out = NULL;
    sai_text_puts(&text, id);
    if (options->convert == SELECTAI_CONVERT_AFTER)
        sai_text_puts(&text, ":convert-after");
    if (options->exif)
        sai_text_puts(&text, ":exif");
    if (options->min_side > 0)
        sai_text_printf(&text, ":min-side-%u", options->min_side);
    return sai_text_finish(&text, &out) == SELECTAI_OK ? out : NULL;
}
