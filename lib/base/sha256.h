/*
 * base/sha256.h: SHA-256 (FIPS 180-4), to name weights and training data.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_SHA256_H
#define SAI_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAI_SHA256_HEX 65 /* 64 digits and NUL */

struct sai_sha256 {
    uint32_t state[8];
    uint64_t length;
    uint8_t block[64];
    size_t used;
    bool instructions; /* the processor has some for this */
};
void sai_sha256_init(struct sai_sha256 *ctx);
void sai_sha256_update(struct sai_sha256 *ctx, const void *bytes, size_t n);
void sai_sha256_hex(struct sai_sha256 *ctx, char out[SAI_SHA256_HEX]); /* finishes */

/* Takes n blocks of 64 bytes into the state; instructions: with the processor's own, which must be there. */
void sai_sha256_blocks(uint32_t state[8], const uint8_t *blocks, size_t n, bool instructions);
bool sai_sha256_has_instructions(void);

#endif
