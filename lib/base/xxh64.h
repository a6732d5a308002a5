/*
 * base/xxh64.h: XXH64 (seed 0), a 64-bit fingerprint that has nothing to do with CRCs.
 *
 * By Yann Collet; written from its specification (xxhash_spec.md). Not for secrets: whoever wants to can make two texts
 * with one fingerprint.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_XXH64_H
#define SAI_BASE_XXH64_H

#include <stddef.h>
#include <stdint.h>

uint64_t sai_xxh64(const void *bytes, size_t n);

#endif
