/*
 * embed/encoder.c: opening and closing encoders; encode_batch.c turns images into vectors.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/text.h"
#include "embed/encoder.h"

void selectai_encoder_options_init(struct selectai_encoder_options *options, uint32_t struct_size)
{
    static const struct selectai_encoder_options defaults = {.batch_size = 32};
    sai_options_init(options, struct_size, &defaults, sizeof defaults);
}

int selectai_encoder_open(selectai_encoder **out, const char *what, const struct selectai_encoder_options *options)
{
    struct selectai_encoder_options full;
    SAI_REQUIRE(out && what && *what);
    selectai_encoder_options_init(&full, sizeof full);
    int rc = sai_options_copy(&full, sizeof full, options);
    if (rc != SELECTAI_OK)
        return rc;
    SAI_REQUIRE(full.activation == SELECTAI_ACTIVATION_QUICKGELU || full.activation == SELECTAI_ACTIVATION_GELU);
    SAI_REQUIRE(full.dtype >= SELECTAI_DTYPE_AUTO && full.dtype <= SELECTAI_DTYPE_BFLOAT16);
    SAI_REQUIRE(full.batch_size >= 1 && full.batch_size <= 65536);
    SAI_REQUIRE(full.convert == SELECTAI_CONVERT_FIRST || full.convert == SELECTAI_CONVERT_AFTER);
    SAI_REQUIRE(full.exif <= 1 && full.reserved == 0);
    if (strcmp(what, "builtin") == 0)
        return sai_encoder_builtin_open(out, &full);
    return sai_encoder_clip_open(out, what, &full);
}

void selectai_encoder_close(selectai_encoder **encoder)
{
    if (!encoder || !*encoder)
        return;
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
