/*
 * base/xxh64.c: XXH64, seed 0.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/xxh64.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a big-endian machine needs a conversion in this file");

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

#define STRIPE 32u

static inline uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline uint64_t read_64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline uint32_t read_32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline uint64_t round_64(uint64_t accumulator, uint64_t lane)
{
    return rotate(accumulator + lane * PRIME_2, 31) * PRIME_1;
}

static inline uint64_t merge(uint64_t hash, uint64_t accumulator)
{
    return (hash ^ round_64(0, accumulator)) * PRIME_1 + PRIME_4;
}

/* All whole stripes, four lanes each. */
static uint64_t stripes(const uint8_t **p, const uint8_t *end)
{
    uint64_t a = PRIME_1 + PRIME_2, b = PRIME_2, c = 0, d = 0 - PRIME_1;
    const uint8_t *at = *p;
    for (; (size_t)(end - at) >= STRIPE; at += STRIPE) {
        a = round_64(a, read_64(at));
        b = round_64(b, read_64(at + 8));
        c = round_64(c, read_64(at + 16));
        d = round_64(d, read_64(at + 24));
    }
    *p = at;
    const uint64_t hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    return merge(merge(merge(merge(hash, a), b), c), d);
}

uint64_t sai_xxh64(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t hash = PRIME_5;
    if (n == 0)
        p = (const uint8_t *)""; /* bytes may be NULL then */
    const uint8_t *end = p + n;
    if (n >= STRIPE)
        hash = stripes(&p, end);
    hash += n;
    for (; end - p >= 8; p += 8)
        hash = rotate(hash ^ round_64(0, read_64(p)), 27) * PRIME_1 + PRIME_4;
    if (end - p >= 4) {
        hash = rotate(hash ^ read_32(p) * PRIME_1, 23) * PRIME_2 + PRIME_3;
        p += 4;
    }
    for (; p < end; p++)
        hash = rotate(hash ^ *p * PRIME_5, 11) * PRIME_1;
    hash = (hash ^ hash >> 33) * PRIME_2;
    hash = (hash ^ hash >> 29) * PRIME_3;
    return hash ^ hash >> 32;
}
