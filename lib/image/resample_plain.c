/*
 * image/resample_plain.c: the resampling kernel in plain C, and the choice among all.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "image/resample.h"
#include "image/resample_kernel.h"

static bool always(void)
{
    return true;
}

static void pack(uint32_t words[SAI_GROUP_WORDS], const int32_t weights[SAI_GROUP])
{
    for (unsigned i = 0; i < SAI_GROUP; i++)
        words[i] = (uint32_t)weights[i];
}

void sai_gather_from(const struct sai_block *block, const uint8_t *const rows[SAI_LANES], uint32_t width, size_t from)
{
    uint32_t channels = block->channels;
    for (uint32_t c = 0; c < channels; c++)
        for (size_t g = from; g < block->n_groups; g++)
            for (unsigned lane = 0; lane < SAI_LANES; lane++) {
                uint32_t group = 0;
                for (size_t k = 0; k < SAI_GROUP && SAI_GROUP * g + k < width; k++)
                    group |= (uint32_t)rows[lane][(SAI_GROUP * g + k) * channels + c] << 8 * k;
                block->groups[(c * block->n_groups + g) * SAI_LANES + lane] = group;
            }
}

static void gather(const struct sai_block *block, const uint8_t *const rows[SAI_LANES], uint32_t width)
{
    sai_gather_from(block, rows, width, 0);
}

static inline void add_group(uint32_t sums[SAI_LANES], const uint32_t groups[SAI_LANES],
                             const uint32_t words[SAI_GROUP_WORDS])
{
    for (unsigned lane = 0; lane < SAI_LANES; lane++) {
        uint32_t group = groups[lane];
        sums[lane] += (group & 255) * words[0] + (group >> 8 & 255) * words[1] + (group >> 16 & 255) * words[2] +
                      (group >> 24) * words[3];
    }
}

static inline void begin(uint32_t sums[SAI_LANES])
{
    for (unsigned lane = 0; lane < SAI_LANES; lane++)
        sums[lane] = 1u << (SAI_WEIGHT_BITS - 1);
}

static inline void finish(uint8_t out[SAI_LANES], const uint32_t sums[SAI_LANES])
{
    for (unsigned lane = 0; lane < SAI_LANES; lane++) {
        int32_t sum = (int32_t)sums[lane] >> SAI_WEIGHT_BITS;
        out[lane] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}

static uint32_t group_of(const uint8_t *bytes)
{
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static void horizontal(uint32_t *out, size_t pitch, const struct sai_block *block, const struct sai_groups *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        for (uint32_t c = 0; c < block->channels; c++, out++) {
            const uint32_t *groups = block->groups + (c * block->n_groups + w->first[i]) * SAI_LANES;
            const uint32_t *words = w->weights + i * w->stride;
            uint32_t sums[SAI_LANES];
            uint8_t bytes[SAI_LANES];
            begin(sums);
            for (uint32_t g = 0; g < w->count[i]; g++)
                add_group(sums, groups + (size_t)g * SAI_LANES, words + (size_t)g * SAI_GROUP_WORDS);
            finish(bytes, sums);
            for (unsigned k = 0; k < SAI_LANES / SAI_GROUP; k++)
                out[k * pitch] = group_of(bytes + SAI_GROUP * k);
        }
}

static void vertical(uint8_t *out, size_t n, const uint32_t *const *groups, uint32_t n_groups, const uint32_t *weights)
{
    for (size_t x = 0; x < n; x += SAI_LANES) {
        uint32_t sums[SAI_LANES];
        begin(sums);
        for (uint32_t g = 0; g < n_groups; g++)
            add_group(sums, groups[g] + x, weights + (size_t)g * SAI_GROUP_WORDS);
        finish(out + x, sums);
    }
}

const struct sai_resample_kernel sai_resample_plain = {"plain", always, pack, gather, horizontal, vertical};

size_t sai_resample_kernels(const struct sai_resample_kernel **out, size_t capacity)
{
    static const struct sai_resample_kernel *const all[] = {
#ifdef __x86_64__
        &sai_resample_vnni, &sai_resample_avx2, &sai_resample_sse2,
#endif
        &sai_resample_plain};
    size_t n = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && n < capacity; i++)
        if (all[i]->available())
            out[n++] = all[i];
    return n;
}
