/*
 * duplicates/hash_groups.c: groups of near hashes.
 *
 * Multi-index hashing (Norouzi, Punjani, Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012): a
 * hash is cut into four chunks of 16 bits, and each chunk i gets a distance t[i]. Two hashes that lie further apart
 * than t[i] in every chunk differ in at least the sum of all t[i] + 1 bits. So if that sum exceeds the distance asked
 * for, it is enough to look, chunk by chunk, at hashes whose chunk is that near, and to compare those whole. How the
 * distances are dealt out is chosen by what the hashes at hand would cost: a chunk that hardly varies is left out.
 *
 * A hash that was found to belong to a group leaves the tables: all hashes within a few bits of each other are as
 * quick as random ones.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <selectai/duplicates.h>

#include "base/memory.h"

#define CHUNKS     4
#define CHUNK_BITS 16
#define VALUES     (1u << CHUNK_BITS)

/* Fewer hashes are compared each with each sooner than a plan is made. */
#define TOO_FEW 4000

struct entry {
    uint64_t hash;
    uint32_t index;
};

struct bucket {
    uint32_t start, end; /* entries[start] .. entries[end - 1] */
};

/* Hashes that may still be found, by the value of one chunk. Those taken meanwhile are dropped when met. */
struct table {
    unsigned shift;
    uint32_t mask;    /* of the value after the shift; 0: one bucket holds all */
    uint32_t n_flips; /* how many of the search's flips are looked at */
    struct bucket *buckets;
    struct entry *entries;
};

struct search {
    const uint64_t *hashes; /* each once */
    uint32_t n, distance;
    uint32_t *group_of; /* UINT32_MAX: not found yet */
    uint32_t *queue;    /* members of the group at hand, whose neighbours are still to be found */
    size_t queued;
    uint16_t *flips; /* all values of a chunk, ascending by number of bits */
    struct table tables[CHUNKS];
    unsigned n_tables;
};

/* Bits that are set (H. S. Warren, "Hacker's Delight", 5-1): the base processor has no instruction for it. */
static inline uint32_t count_bits(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (uint32_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static uint32_t value_in(const struct table *table, uint64_t hash)
{
    return (uint32_t)(hash >> table->shift) & table->mask;
}

static void free_table(struct table *table)
{
    sai_free(table->buckets);
    sai_free(table->entries);
}

static int add_table(struct search *s, unsigned shift, uint32_t mask, uint32_t n_flips)
{
    struct table *table = &s->tables[s->n_tables++];
    size_t n_values = (size_t)mask + 1;
    *table = (struct table){.shift = shift, .mask = mask, .n_flips = n_flips};
    table->buckets = sai_calloc(n_values, sizeof *table->buckets);
    table->entries = sai_malloc_array(s->n, sizeof *table->entries);
    if (!table->buckets || !table->entries)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < s->n; i++)
        table->buckets[value_in(table, s->hashes[i])].end++;
    uint32_t start = 0;
    for (size_t v = 0; v < n_values; v++) {
        uint32_t count = table->buckets[v].end;
        table->buckets[v] = (struct bucket){start, start};
        start += count;
    }
    for (uint32_t i = 0; i < s->n; i++)
        table->entries[table->buckets[value_in(table, s->hashes[i])].end++] = (struct entry){s->hashes[i], i};
    return SELECTAI_OK;
}

/* ---- The plan -------------------------------------------------------------------------------- */

/* Times are relative to comparing two hashes of one bucket; measured. */
#define COST_OF_LOOKUP 1.5

/* In place, out[a] = sum over b of in[b] * (-1)^(bits of a & b): done twice, it gives XOR convolutions. */
static void walsh_hadamard(double *x)
{
    for (size_t half = 1; half < VALUES; half *= 2)
        for (size_t begin = 0; begin < VALUES; begin += 2 * half)
            for (size_t i = begin; i < begin + half; i++) {
                double a = x[i], b = x[i + half];
                x[i] = a + b;
                x[i + half] = a - b;
            }
}

/* costs[k]: of looking up to k - 1 bits around each hash in one chunk; costs[0]: of leaving it out. */
static void find_costs(double costs[CHUNK_BITS + 2], double *work, const struct search *s, unsigned shift)
{
    double ways[CHUNK_BITS + 1] = {0}, pairs[CHUNK_BITS + 1] = {0}, sum_ways = 0, sum_pairs = 0;
    memset(work, 0, VALUES * sizeof *work);
    for (uint32_t i = 0; i < s->n; i++)
        work[s->hashes[i] >> shift & (VALUES - 1)]++;
    walsh_hadamard(work);
    for (size_t v = 0; v < VALUES; v++)
        work[v] *= work[v] / VALUES;
    walsh_hadamard(work); /* work[v]: ordered pairs whose chunks differ by v */
    for (uint32_t v = 0; v < VALUES; v++) {
        uint32_t bits = count_bits(v);
        ways[bits]++;
        pairs[bits] += work[v];
    }
    costs[0] = 0;
    for (unsigned t = 0; t <= CHUNK_BITS; t++) {
        sum_ways += ways[t];
        sum_pairs += pairs[t];
        costs[t + 1] = COST_OF_LOOKUP * sum_ways * s->n + sum_pairs / 2;
    }
}

/* Deals out the distance at the lowest cost: depth[c] - 1 for chunk c, and 0 leaves it out. */
static double best_depths(unsigned depth[CHUNKS], double costs[CHUNKS][CHUNK_BITS + 2], unsigned distance)
{
    const unsigned most = CHUNK_BITS + 1, need = distance + 1;
    double best = -1;
    for (unsigned a = 0; a <= most; a++)
        for (unsigned b = 0; b <= most; b++)
            for (unsigned c = 0; c <= most; c++) {
                unsigned d = a + b + c < need ? need - a - b - c : 0;
                if (d > most)
                    continue;
                double cost = costs[0][a] + costs[1][b] + costs[2][c] + costs[3][d];
                if (best >= 0 && cost >= best)
                    continue;
                best = cost;
                depth[0] = a, depth[1] = b, depth[2] = c, depth[3] = d;
            }
    return best;
}

/* Fills flips; first[t]: how many of them have at most t bits. */
static int list_flips(struct search *s, uint32_t first[CHUNK_BITS + 1])
{
    uint32_t n = 0;
    s->flips = sai_malloc_array(VALUES, sizeof *s->flips);
    if (!s->flips)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (uint32_t bits = 0; bits <= CHUNK_BITS; bits++) {
        for (uint32_t v = 0; v < VALUES; v++)
            if (count_bits(v) == bits)
                s->flips[n++] = (uint16_t)v;
        first[bits] = n;
    }
    return SELECTAI_OK;
}

static int make_tables(struct search *s)
{
    double costs[CHUNKS][CHUNK_BITS + 2], *work = NULL, cost = -1;
    unsigned depth[CHUNKS] = {0};
    uint32_t first[CHUNK_BITS + 1];
    if (s->n >= TOO_FEW) {
        work = sai_malloc_array(VALUES, sizeof *work);
        if (!work)
            return SELECTAI_ERR_OUT_OF_MEMORY;
        for (unsigned c = 0; c < CHUNKS; c++)
            find_costs(costs[c], work, s, c * CHUNK_BITS);
        cost = best_depths(depth, costs, s->distance);
        sai_free(work);
    }
    int rc = list_flips(s, first);
    if (rc == SELECTAI_OK && (cost < 0 || cost >= (double)s->n * s->n / 2))
        return add_table(s, 0, 0, 1);
    for (unsigned c = 0; rc == SELECTAI_OK && c < CHUNKS; c++)
        if (depth[c] > 0)
            rc = add_table(s, c * CHUNK_BITS, VALUES - 1, first[depth[c] - 1]);
    return rc;
}

/* ---- The search ------------------------------------------------------------------------------ */

static void take(struct search *s, uint32_t index, uint32_t group)
{
    s->group_of[index] = group;
    s->queue[s->queued++] = index;
}

/* Takes what is near out of one bucket, and drops what was taken through another table. */
static void search_bucket(struct search *s, struct table *table, uint32_t value, uint64_t hash, uint32_t group)
{
    struct bucket *bucket = &table->buckets[value];
    uint32_t k = bucket->start, end = bucket->end;
    while (k < end) {
        struct entry entry = table->entries[k];
        if (s->group_of[entry.index] == UINT32_MAX) {
            if (count_bits(entry.hash ^ hash) > s->distance) {
                k++;
                continue;
            }
            take(s, entry.index, group);
        }
        table->entries[k] = table->entries[--end];
    }
    bucket->end = end;
}

/* Everything that hangs together with `first`. */
static void search_group(struct search *s, uint32_t first, uint32_t group)
{
    s->queued = 0;
    take(s, first, group);
    while (s->queued > 0) {
        uint64_t hash = s->hashes[s->queue[--s->queued]];
        for (unsigned t = 0; t < s->n_tables; t++) {
            struct table *table = &s->tables[t];
            uint32_t value = value_in(table, hash);
            for (uint32_t f = 0; f < table->n_flips; f++)
                search_bucket(s, table, value ^ s->flips[f], hash, group);
        }
    }
}

/* ---- The whole ------------------------------------------------------------------------------- */

struct numbered {
    uint64_t hash;
    uint32_t index;
};

static int compare_numbered(const void *left, const void *right)
{
    const struct numbered *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Equal hashes are one: ten thousand copies of one picture are no more work than one. rank[i]: which one hash i is. */
static int unique_hashes(uint64_t *unique, uint32_t *n_unique, uint32_t *rank, const uint64_t *hashes, size_t n)
{
    struct numbered *order = sai_malloc_array(n, sizeof *order);
    if (!order)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < n; i++)
        order[i] = (struct numbered){hashes[i], (uint32_t)i};
    qsort(order, n, sizeof *order, compare_numbered);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || order[i].hash != order[i - 1].hash)
            unique[(*n_unique)++] = order[i].hash;
        rank[order[i].index] = *n_unique - 1;
    }
    sai_free(order);
    return SELECTAI_OK;
}

int selectai_hash_groups(uint32_t *groups, size_t *n_groups, const uint64_t *hashes, size_t n, uint32_t distance)
{
    SAI_REQUIRE(n_groups && (n == 0 || (groups && hashes)) && n < UINT32_MAX && distance <= 64);
    if (n == 0) {
        *n_groups = 0;
        return SELECTAI_OK;
    }
    uint64_t *unique = sai_malloc_array(n, sizeof *unique);
    uint32_t *rank = sai_malloc_array(n, sizeof *rank), found = 0;
    struct search s = {.hashes = unique, .distance = distance};
    int rc = unique && rank ? unique_hashes(unique, &s.n, rank, hashes, n) : SELECTAI_ERR_OUT_OF_MEMORY;
    if (rc == SELECTAI_OK) {
        s.group_of = sai_malloc_array(s.n, sizeof *s.group_of);
        s.queue = sai_malloc_array(s.n, sizeof *s.queue);
        rc = s.group_of && s.queue ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    }
    if (rc == SELECTAI_OK && distance > 0)
        rc = make_tables(&s);
    if (rc == SELECTAI_OK) {
        memset(s.group_of, 0xFF, s.n * sizeof *s.group_of);
        for (size_t i = 0; i < n; i++) { /* in the order given, so that groups are numbered by first member */
            if (s.group_of[rank[i]] == UINT32_MAX)
                search_group(&s, rank[i], found++);
            groups[i] = s.group_of[rank[i]];
        }
        *n_groups = found;
    }
    for (unsigned t = 0; t < s.n_tables; t++)
        free_table(&s.tables[t]);
    sai_free(s.flips);
    sai_free(s.queue);
    sai_free(s.group_of);
    sai_free(rank);
    sai_free(unique);
    return rc;
}
