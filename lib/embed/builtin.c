/*
 * embed/builtin.c: the built-in image descriptor: its blocks, and the scaling of what they measure.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/memory.h"
#include "embed/builtin_priv.h"

/* name, count, function, what */
#define BLOCKS(X)                                                                                                      \
    X("geometry", 6, sai_bi_geometry, "size and shape of the image in pixels")                                         \
    X("nss.native", 18, sai_bi_nss_native, "natural-scene statistics at the native resolution")                        \
    X("nss.half", 18, sai_bi_nss_half, "natural-scene statistics at half the native resolution")                       \
    X("nss.level1", 18, sai_bi_nss_level1, "natural-scene statistics of the picture at 256 pixels")                    \
    X("nss.level2", 18, sai_bi_nss_level2, "natural-scene statistics of the picture at 128 pixels")                    \
    X("nss.colour", 8, sai_bi_nss_colour, "natural-scene statistics of the opponent colours")                          \
    X("gradient", 24, sai_bi_gradient, "gradient magnitude and orientation")                                           \
    X("hog", 32, sai_bi_hog, "orientation histograms of the four quarters")                                            \
    X("texture", 10, sai_bi_texture, "local binary patterns")                                                          \
    X("sharpness", 14, sai_bi_sharpness, "sharpness at the native resolution")                                         \
    X("noise", 8, sai_bi_noise, "noise in luma and colour")                                                            \
    X("halo", 8, sai_bi_halo, "overshoot and ringing beside edges")                                                    \
    X("spectrum", 32, sai_bi_spectrum, "energy over octaves")                                                          \
    X("resample", 14, sai_bi_resample, "traces of enlargement")                                                        \
    X("blocking", 10, sai_bi_blocking, "8 x 8 blocks of JPEG")                                                         \
    X("banding", 8, sai_bi_banding, "banding, posterisation, missing levels")                                          \
    X("dct", 28, sai_bi_dct, "block DCT energies")                                                                     \
    X("colour", 60, sai_bi_colour, "colour moments, casts, clipping, histograms")                                      \
    X("contrast", 28, sai_bi_contrast, "tone and contrast")                                                            \
    X("layout", 96, sai_bi_layout, "light, colour, contrast, detail, salience in 4 x 4 cells")                         \
    X("subject", 34, sai_bi_subject, "where the subject is")                                                           \
    X("skin", 6, sai_bi_skin, "how much skin colour, and where")                                                       \
    X("symmetry", 6, sai_bi_symmetry, "mirror symmetry")                                                               \
    X("composition", 8, sai_bi_composition, "middle against border")

/* A struct member of that many bytes per block: offsetof then gives each block's first index. */
#define MEMBER(name, count, function, what) char function##_[count];
struct offsets {
    BLOCKS(MEMBER)
};
_Static_assert(sizeof(struct offsets) == SAI_BUILTIN_DIM, "the blocks do not add up to the dimension");

#define ROW(name, count, function, what) {name, (uint16_t)offsetof(struct offsets, function##_), count, what},
static const struct sai_builtin_block blocks[] = {BLOCKS(ROW)};

#define FUNCTION(name, count, function, what) function,
static void (*const functions[])(float *, const struct sai_bi_frame *) = {BLOCKS(FUNCTION)};

enum { BLOCK_COUNT = sizeof blocks / sizeof blocks[0] };

/* Log pixels, width, height, aspect, its magnitude; log of how far level 0 is reduced. */
void sai_bi_geometry(float *out, const struct sai_bi_frame *frame)
{
    double width = sai_bi_ln(frame->width), height = sai_bi_ln(frame->height);
    double longest = width > height ? width : height, reduced = longest - sai_bi_ln(SAI_BI_LONG);
    out[0] = (float)(width + height);
    out[1] = (float)width;
    out[2] = (float)height;
    out[3] = (float)(width - height);
    out[4] = (float)(width > height ? width - height : height - width);
    out[5] = (float)(reduced > 0 ? reduced : 0);
}

/* Centred and divided; beyond +-3 it grows as a logarithm and ends at +-8, so that an odd image does not swamp a
 * network. */
static float scaled(float raw, const struct sai_bi_scale *scale)
{
    float value = (raw - scale->centre) / scale->spread;
    float size = fabsf(value);
    if (!(size > 3.0f))
        return size <= 3.0f ? value : 0.0f;
    size = size < 1e9f ? 3.0f + (float)sai_bi_ln(1.0 + (size - 3.0)) : 8.0f;
    size = size < 8.0f ? size : 8.0f;
    return value < 0.0f ? -size : size;
}

int sai_builtin_encode(float *out, const uint8_t *rgb, uint32_t width, uint32_t height)
{
    SAI_REQUIRE(out != NULL && rgb != NULL && width > 0 && height > 0);
    struct sai_bi_frame *frame = sai_malloc(sizeof *frame);
    if (!frame)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    int rc = sai_bi_frame_init(frame, rgb, width, height);
    if (rc == SELECTAI_OK) {
        sai_bi_maps(frame);
        for (size_t i = 0; i < BLOCK_COUNT; i++)
            functions[i](out + blocks[i].first, frame);
        for (size_t i = 0; i < SAI_BUILTIN_DIM; i++)
            out[i] = scaled(out[i], &sai_bi_scales[i]);
    }
    sai_bi_frame_clear(frame);
    sai_free(frame);
    return rc;
}

const struct sai_builtin_block *sai_builtin_blocks(size_t *count)
{
    *count = BLOCK_COUNT;
    return blocks;
}

const struct sai_builtin_block *sai_builtin_block_find(const char *name)
{
    for (size_t i = 0; i < BLOCK_COUNT; i++)
        if (strcmp(blocks[i].name, name) == 0)
            return &blocks[i];
    return NULL;
}

const char *sai_builtin_block_at(uint32_t index)
{
    for (size_t i = 0; i < BLOCK_COUNT; i++)
        if (index - blocks[i].first < blocks[i].count)
            return blocks[i].name;
    return NULL;
}
