/*
 * image/resample_kernel.h: the inner loops of resampling, in plain C and for what the processor has.
 *
 * Both passes work on groups: four inputs that follow each other along the axis, a byte each, in one number of 32 bits,
 * the first in the lowest byte. SAI_LANES groups side by side are as many rows (horizontal pass) or columns of bytes
 * (vertical pass), which share their weights. So nothing is added up across lanes, and weights are padded with zeros to
 * whole groups. All kernels add the same whole numbers modulo 2^32; their bits cannot differ.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_RESAMPLE_KERNEL_H
#define SAI_IMAGE_RESAMPLE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAI_LANES       16u
#define SAI_GROUP       4u
#define SAI_GROUP_WORDS 4u /* numbers that a kernel may make of a group's weights */

/* Weights by groups: output i is made of the groups first[i] .. first[i] + count[i]. */
struct sai_groups {
    uint32_t n;
    uint32_t *first, *count;
    size_t stride;     /* numbers from one output's weights to the next's */
    uint32_t *weights; /* SAI_GROUP_WORDS a group, as the kernel packs them */
};

/* Groups of SAI_LANES rows: channel c's group g begins at groups[(c * n_groups + g) * SAI_LANES]. */
struct sai_block {
    uint32_t *groups;
    size_t n_groups;
    uint32_t channels;
};

struct sai_resample_kernel {
    const char *name;
    bool (*available)(void);

    /* A group's weights of up to 24 bits, sign included. */
    void (*pack)(uint32_t words[SAI_GROUP_WORDS], const int32_t weights[SAI_GROUP]);

    /* Fills a block from rows of `width` pixels; what is beyond the last pixel is 0. */
    void (*gather)(const struct sai_block *block, const uint8_t *const rows[SAI_LANES], uint32_t width);

    /* Each output's bytes of all channels, as groups of rows: rows 4k .. 4k + 3 of column j become out[k * pitch + j]
     */
    void (*horizontal)(uint32_t *out, size_t pitch, const struct sai_block *block, const struct sai_groups *weights);

    /* One row of n bytes, a multiple of SAI_LANES, from n_groups rows of groups. */
    void (*vertical)(uint8_t *out, size_t n, const uint32_t *const *groups, uint32_t n_groups, const uint32_t *weights);
};

/* Those that this processor can run, the best one first, plain C last. */
size_t sai_resample_kernels(const struct sai_resample_kernel **out, size_t capacity);

extern const struct sai_resample_kernel sai_resample_plain;
#ifdef __x86_64__
extern const struct sai_resample_kernel sai_resample_sse2, sai_resample_avx2, sai_resample_vnni;

/* Shared by the last two. */
void sai_gather_ssse3(const struct sai_block *block, const uint8_t *const rows[SAI_LANES], uint32_t width);
#endif

/* Groups `from` and further, in plain C. */
void sai_gather_from(const struct sai_block *block, const uint8_t *const rows[SAI_LANES], uint32_t width, size_t from);

#endif
