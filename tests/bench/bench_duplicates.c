/*
 * bench/bench_duplicates.c: seconds to group 100,000 hashes by Hamming distance, on one core. Target: 2 s at
 * distance 8.
 *
 * Kinds of hashes: random; clumps of near ones; all within a few bits; and those that make an index of chunks useless
 * or nearly so: some bits are the same in all, or chunks have only a few values.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <selectai/selectai.h>

enum { HASHES = 100000, ROUNDS = 5 };

static uint64_t next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static uint64_t flip(uint64_t hash, unsigned n, uint64_t *state)
{
    for (; n > 0; n--)
        hash ^= UINT64_C(1) << next(state) % 64;
    return hash;
}

/* As many bits as pHashes have; which of them vary. */
static uint64_t spread(uint64_t value, unsigned bits)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < bits; i++)
        out |= (value >> i & 1) << i * 64 / bits;
    return out;
}

enum kind {
    RANDOM,
    CLUMPS,
    CHAIN,
    NEAR,
    ONE_CHUNK,
    BITS_48,
    BITS_44,
    BITS_40,
    BITS_24,
    FEW_VALUES,
    TWO_CHUNKS,
    N_KINDS
};
static const char *const names[N_KINDS] = {
    "random",
    "clumps of 50 within 5 bits",
    "a chain, 3 bits a step",
    "all within 4 bits of one",
    "16 bits the same",
    "48 bits vary",
    "44 bits vary",
    "40 bits vary",
    "24 bits vary",
    "16 values in each chunk",
    "32 bits the same",
};

static void fill(uint64_t *hashes, enum kind kind)
{
    uint64_t state = 7, centre = next(&state), values[4][16];
    for (int i = 0; i < 64; i++)
        values[i / 16][i % 16] = next(&state) & 0xFFFF;
    for (size_t i = 0; i < HASHES; i++) {
        uint64_t r = next(&state);
        switch (kind) {
        case CLUMPS:
            hashes[i] = i % 50 ? flip(hashes[i - i % 50], (unsigned)(r % 6), &state) : r;
            break;
        case CHAIN:
            hashes[i] = i ? flip(hashes[i - 1], 3, &state) : r;
            break;
        case NEAR:
            hashes[i] = flip(centre, 4, &state);
            break;
        case ONE_CHUNK:
            hashes[i] = r >> 16;
            break;
        case BITS_48:
            hashes[i] = spread(r, 48);
            break;
        case BITS_44:
            hashes[i] = spread(r, 44);
            break;
        case BITS_40:
            hashes[i] = spread(r, 40);
            break;
        case BITS_24:
            hashes[i] = spread(r, 24);
            break;
        case FEW_VALUES:
            hashes[i] = values[0][r & 15] | values[1][r >> 4 & 15] << 16 | values[2][r >> 8 & 15] << 32 |
                        values[3][r >> 12 & 15] << 48;
            break;
        case TWO_CHUNKS:
            hashes[i] = r >> 32;
            break;
        default:
            hashes[i] = r;
            break;
        }
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(size_t *n_groups, uint32_t *groups, const uint64_t *hashes, uint32_t distance, int rounds)
{
    double seconds[ROUNDS];
    for (int r = 0; r < rounds; r++) {
        struct timespec a, b;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        if (selectai_hash_groups(groups, n_groups, hashes, HASHES, distance) != SELECTAI_OK) {
            fprintf(stderr, "%s\n", selectai_last_error());
            exit(1);
        }
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        seconds[r] = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
    }
    qsort(seconds, (size_t)rounds, sizeof *seconds, by_value);
    return seconds[rounds / 2];
}

int main(void)
{
    uint64_t *hashes = malloc(HASHES * sizeof *hashes);
    uint32_t *groups = malloc(HASHES * sizeof *groups);
    size_t n_groups = 0;
    if (!hashes || !groups)
        return 1;
    for (int kind = 0; kind < N_KINDS; kind++) {
        fill(hashes, (enum kind)kind);
        double seconds = measure(&n_groups, groups, hashes, 8, ROUNDS);
        printf("%d hashes at distance 8, %-26s %6.3f s (median of %d), %6zu groups; target 2 s\n", HASHES, names[kind],
               seconds, ROUNDS, n_groups);
    }
    for (int kind = RANDOM; kind <= CLUMPS; kind++) {
        fill(hashes, (enum kind)kind);
        for (uint32_t distance = 0; distance <= 16; distance++) {
            double seconds = measure(&n_groups, groups, hashes, distance, 1);
            printf("%d hashes at distance %2u, %-26s %6.3f s, %6zu groups\n", HASHES, distance, names[kind], seconds,
                   n_groups);
        }
    }
    free(hashes);
    free(groups);
    return 0;
}
