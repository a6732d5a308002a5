/*
 * image/resample_madd.h: the resampling kernel by multiplying and adding pairs of 16 bits, for vectors of any width.
 *
 * Included by a file that defines the vector's operations: TARGET, VECTOR, WIDTH (lanes of 32 bits) and the V_ names
 * below. A weight is split into high * 4096 + low, so that both factors of every product fit into 16 bits.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#define SPLIT_BITS 12

/* low parts of weights 0 and 2, of 1 and 3, then the high parts: pairs as masking and shifting a group gives them. */
static void pack(uint32_t words[SAI_GROUP_WORDS], const int32_t weights[SAI_GROUP])
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t first = (uint32_t)weights[i], second = (uint32_t)weights[i + 2], mask = (1u << SPLIT_BITS) - 1;
        words[i] = (first & mask) | (second & mask) << 16;
        words[2 + i] = ((uint32_t)(weights[i] >> SPLIT_BITS) & 0xFFFF) | (uint32_t)(weights[i + 2] >> SPLIT_BITS) << 16;
    }
}

struct sums {
    VECTOR low, high;
};

TARGET static inline __attribute__((always_inline)) void add_group(struct sums *sums, const uint32_t *groups,
                                                                   const uint32_t *words)
{
    VECTOR group = V_LOAD(groups), even = V_AND(group, V_SET(0x00FF00FF)), odd = V_SHIFT16(group, 8);
    sums->low = V_ADD(sums->low, V_ADD(V_MADD(even, V_SET(words[0])), V_MADD(odd, V_SET(words[1]))));
    sums->high = V_ADD(sums->high, V_ADD(V_MADD(even, V_SET(words[2])), V_MADD(odd, V_SET(words[3]))));
}

TARGET static inline __attribute__((always_inline)) VECTOR total(struct sums sums)
{
    return V_SHIFT_SIGNED(V_ADD(V_SHIFT_UP(sums.high, SPLIT_BITS), sums.low), SAI_WEIGHT_BITS);
}

/* Sixteen lanes of `stride`-spaced groups, clipped to bytes. */
#define PARTS (SAI_LANES / WIDTH)

TARGET static void horizontal(uint32_t *out, size_t pitch, const struct sai_block *block, const struct sai_groups *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        for (uint32_t c = 0; c < block->channels; c++, out++) {
            const uint32_t *groups = block->groups + (c * block->n_groups + w->first[i]) * SAI_LANES;
            const uint32_t *words = w->weights + i * w->stride;
            VECTOR totals[PARTS];
            uint32_t packed[SAI_LANES / SAI_GROUP];
            for (unsigned part = 0; part < PARTS; part++) {
                struct sums sums = {V_SET(1 << (SAI_WEIGHT_BITS - 1)), V_SET(0)};
                for (uint32_t g = 0; g < w->count[i]; g++)
                    add_group(&sums, groups + (size_t)g * SAI_LANES + part * WIDTH,
                              words + (size_t)g * SAI_GROUP_WORDS);
                totals[part] = total(sums);
            }
            V_PACK16((uint8_t *)packed, totals);
            for (unsigned k = 0; k < SAI_LANES / SAI_GROUP; k++)
                out[k * pitch] = packed[k];
        }
}

TARGET static void vertical(uint8_t *out, size_t n, const uint32_t *const *groups, uint32_t n_groups,
                            const uint32_t *weights)
{
    for (size_t x = 0; x < n; x += SAI_LANES) {
        VECTOR totals[PARTS];
        for (unsigned part = 0; part < PARTS; part++) {
            struct sums sums = {V_SET(1 << (SAI_WEIGHT_BITS - 1)), V_SET(0)};
            for (uint32_t g = 0; g < n_groups; g++)
                add_group(&sums, groups[g] + x + part * WIDTH, weights + (size_t)g * SAI_GROUP_WORDS);
            totals[part] = total(sums);
        }
        V_PACK16(out + x, totals);
    }
}
