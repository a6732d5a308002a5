/*
 * duplicates/hash_groups.c: groups of near hashes.
 *
 * Multi-index hashing (Norouzi, Punjani, Fleet, CVPR 2012): a hash is cut into four chunks of 16 bits. If two hashes
 * differ in at most r bits, then in some chunk they differ in at most r / 4. So it is enough to look, chunk by chunk,
 * at the hashes whose chunk lies that near, and to compare those whole. Where that many neighbours cost more than
 * comparing all pairs, all pairs are compared.
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
#define BUCKETS    (1u << CHUNK_BITS)

struct grouping {
    const uint64_t *hashes; /* each once, ascending */
    uint32_t *parent;       /* union-find over them; the root is the smallest member */
    uint32_t n, distance;
};

/* ---- Union-find ------------------------------------------------------------------------------ */

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

static void compare(const struct grouping *g, uint32_t a, uint32_t b)
{
    if ((uint32_t)__builtin_popcountll(g->hashes[a] ^ g->hashes[b]) <= g->distance)
        join(g->parent, a, b);
}

/* ---- One chunk ------------------------------------------------------------------------------- */

/* The hashes by the value of one chunk: those of value v are items[starts[v]] .. items[starts[v + 1] - 1], ascending.
 */
struct buckets {
    uint32_t starts[BUCKETS + 1];
    uint32_t *items;
};

static uint32_t chunk_of(uint64_t hash, unsigned chunk)
{
    return (uint32_t)(hash >> (chunk * CHUNK_BITS)) & (BUCKETS - 1);
}

static void fill_buckets(struct buckets *buckets, const struct grouping *g, unsigned chunk)
{
    memset(buckets->starts, 0, sizeof buckets->starts);
    for (uint32_t i = 0; i < g->n; i++)
        buckets->starts[chunk_of(g->hashes[i], chunk) + 1]++;
    for (uint32_t v = 0; v < BUCKETS; v++)
        buckets->starts[v + 1] += buckets->starts[v];
    for (uint32_t i = g->n; i-- > 0;) /* from the back: starts[v + 1] runs down to where v begins */
        buckets->items[--buckets->starts[chunk_of(g->hashes[i], chunk) + 1]] = i;
    memmove(buckets->starts, buckets->starts + 1, BUCKETS * sizeof *buckets->starts);
    buckets->starts[BUCKETS] = g->n;
}

static void compare_bucket(const struct grouping *g, const struct buckets *buckets, uint32_t value, uint32_t with)
{
    for (uint32_t k = buckets->starts[value]; k < buckets->starts[value + 1]; k++)
        if (buckets->items[k] > with) /* each pair from its smaller member only */
            compare(g, with, buckets->items[k]);
}

/* All values with 0 .. n_flips bits of `value` turned, the turned bits below `below`. */
static void visit(const struct grouping *g, const struct buckets *buckets, uint32_t value, uint32_t with,
                  unsigned n_flips, unsigned below)
{
    compare_bucket(g, buckets, value, with);
    for (unsigned bit = 0; n_flips > 0 && bit < below; bit++)
        visit(g, buckets, value ^ 1u << bit, with, n_flips - 1, bit);
}

static int search_chunks(const struct grouping *g)
{
    struct buckets *buckets = sai_malloc(sizeof *buckets);
    uint32_t *items = sai_malloc_array(g->n, sizeof *items);
    int rc = buckets && items ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;
    for (unsigned chunk = 0; rc == SELECTAI_OK && chunk < CHUNKS; chunk++) {
        buckets->items = items;
        fill_buckets(buckets, g, chunk);
        for (uint32_t i = 0; i < g->n; i++)
            visit(g, buckets, chunk_of(g->hashes[i], chunk), i, g->distance / CHUNKS, CHUNK_BITS);
    }
    sai_free(items);
    sai_free(buckets);
    return rc;
}

/* ---- All pairs ------------------------------------------------------------------------------- */

static void search_pairs(const struct grouping *g)
{
    for (uint32_t a = 0; a < g->n; a++)
        for (uint32_t b = a + 1; b < g->n; b++)
            compare(g, a, b);
}

/* Buckets to look at for one chunk: all ways to turn up to r of 16 bits. */
static double neighbours(unsigned r)
{
    double ways = 1, sum = 1;
    for (unsigned k = 1; k <= r && k <= CHUNK_BITS; k++) {
        ways = ways * (CHUNK_BITS - k + 1) / k;
        sum += ways;
    }
    return sum;
}

/* Measured: a look into a bucket takes as long as comparing ten hashes that stand in a row. */
static bool chunks_pay(const struct grouping *g)
{
    double lookups = CHUNKS * neighbours(g->distance / CHUNKS);
    return 10 * lookups < g->n / 2.0;
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
static uint32_t unique_hashes(uint64_t *unique, uint32_t *rank, struct numbered *order, size_t n)
{
    uint32_t n_unique = 0;
    qsort(order, n, sizeof *order, compare_numbered);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || order[i].hash != order[i - 1].hash)
            unique[n_unique++] = order[i].hash;
        rank[order[i].index] = n_unique - 1;
    }
    return n_unique;
}

/* Numbers the groups by first member; number[root] is the group's, plus one. */
static size_t number_groups(uint32_t *groups, uint32_t *number, const uint32_t *rank, uint32_t *parent, size_t n)
{
    size_t n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t root = root_of(parent, rank[i]);
        if (number[root] == 0)
            number[root] = (uint32_t)++n_groups;
        groups[i] = number[root] - 1;
    }
    return n_groups;
}

int selectai_hash_groups(uint32_t *groups, size_t *n_groups, const uint64_t *hashes, size_t n, uint32_t distance)
{
    SAI_REQUIRE(n_groups && (n == 0 || (groups && hashes)) && n < UINT32_MAX && distance <= 64);
    struct numbered *order = sai_malloc_array(n, sizeof *order);
    uint64_t *unique = sai_malloc_array(n, sizeof *unique);
    uint32_t *rank = sai_malloc_array(n, sizeof *rank), *parent = sai_malloc_array(n, sizeof *parent);
    uint32_t *number = sai_calloc(n, sizeof *number);
    int rc = order && unique && rank && parent && number ? SELECTAI_OK : SELECTAI_ERR_OUT_OF_MEMORY;

    if (rc == SELECTAI_OK) {
        for (size_t i = 0; i < n; i++)
            order[i] = (struct numbered){hashes[i], (uint32_t)i};
        struct grouping g = {.hashes = unique, .parent = parent, .distance = distance};
        g.n = unique_hashes(unique, rank, order, n);
        for (uint32_t i = 0; i < g.n; i++)
            parent[i] = i;
        if (distance > 0 && chunks_pay(&g))
            rc = search_chunks(&g);
        else if (distance > 0)
            search_pairs(&g);
    }
    if (rc == SELECTAI_OK)
        *n_groups = number_groups(groups, number, rank, parent, n);
    sai_free(order);
    sai_free(unique);
    sai_free(rank);
    sai_free(parent);
    sai_free(number);
    return rc;
}
