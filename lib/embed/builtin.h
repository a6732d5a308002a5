/*
 * embed/builtin.h: the built-in image descriptor: 512 numbers from pixels alone, no weights file.
 *
 * It sees quality (natural-scene statistics, sharpness, noise, blocking, halos, upscaling), colour, contrast and where
 * things are. docs/builtin-encoder.md lists every block with its source. Numbers are roughly in -3..3, always finite,
 * never beyond +-8. The same pixels give the same bits on every run and on every thread.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_EMBED_BUILTIN_H
#define SAI_EMBED_BUILTIN_H

#include <stddef.h>
#include <stdint.h>

#define SAI_BUILTIN_DIM 512
/* Any change of the numbers must change this: cached vectors are told apart by it. */
#define SAI_BUILTIN_ID "selectai-builtin-1"

struct sai_builtin_block {
    const char *name;
    uint16_t first, count;
    const char *what; /* one line for people */
};

/*
 * out: SAI_BUILTIN_DIM floats; rgb: height rows of width * 3 bytes, no gaps. Any size from 1x1 up. Returns SELECTAI_OK
 * or SELECTAI_ERR_OUT_OF_MEMORY (out is then untouched). Runs on the calling thread and keeps no state.
 */
int sai_builtin_encode(float *out, const uint8_t *rgb, uint32_t width, uint32_t height);

/* All blocks in the order of their indices; they cover 0..511 without gaps. */
const struct sai_builtin_block *sai_builtin_blocks(size_t *count);

/* The block of that name, or NULL. */
const struct sai_builtin_block *sai_builtin_block_find(const char *name);

/* The name of the block that holds this index, or NULL beyond the end. */
const char *sai_builtin_block_at(uint32_t index);

#endif
