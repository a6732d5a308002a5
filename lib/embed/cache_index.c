/*
 * embed/cache_index.c: the look-up tables of the embedding cache. Linear probing at a load of at most 1/2; the upper
 * half of a slot repeats the hash, so that nearly every comparison of keys is one that succeeds.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "base/memory.h"
#include "embed/cache_index.h"

#define MIN_SLOTS 64u

static void put(uint64_t *slots, size_t n_slots, uint64_t slot)
{
    size_t i = (size_t)(slot >> 32) & (n_slots - 1);
    while (slots[i] != 0)
        i = (i + 1) & (n_slots - 1);
    slots[i] = slot;
}

int sai_cache_index_reserve(struct sai_cache_index *index, size_t more)
{
    size_t need, n_slots = index->n_slots ? index->n_slots : MIN_SLOTS;
    if (!sai_add_size(&need, index->used, more) || !sai_mul_size(&need, need, 2))
        return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory: too many rows in one cache");
    if (need <= index->n_slots)
        return SELECTAI_OK;
    while (n_slots < need)
        if (!sai_mul_size(&n_slots, n_slots, 2))
            return SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory: too many rows in one cache");
    uint64_t *slots = sai_calloc(n_slots, sizeof *slots);
    if (!slots)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t i = 0; i < index->n_slots; i++)
        if (index->slots[i] != 0)
            put(slots, n_slots, index->slots[i]);
    sai_free(index->slots);
    index->slots = slots;
    index->n_slots = n_slots;
    return SELECTAI_OK;
}

/* Tables that were mapped from a file may be damaged, without a free slot: the steps are counted. */
static uint32_t find_from(const struct sai_cache_index *index, uint32_t hash, size_t start, size_t *cursor)
{
    size_t i = start & (index->n_slots - 1);
    for (size_t steps = 0; steps < index->n_slots && index->slots[i] != 0;
         steps++, i = (i + 1) & (index->n_slots - 1)) {
        if (index->slots[i] >> 32 == hash) {
            *cursor = i;
            return (uint32_t)(index->slots[i] & UINT32_MAX) - 1;
        }
    }
    return SAI_CACHE_NONE;
}

uint32_t sai_cache_index_first(const struct sai_cache_index *index, uint32_t hash, size_t *cursor)
{
    return index->n_slots ? find_from(index, hash, hash, cursor) : SAI_CACHE_NONE;
}

uint32_t sai_cache_index_next(const struct sai_cache_index *index, uint32_t hash, size_t *cursor)
{
    return find_from(index, hash, *cursor + 1, cursor);
}

void sai_cache_index_add(struct sai_cache_index *index, uint32_t hash, uint32_t row)
{
    put(index->slots, index->n_slots, (uint64_t)hash << 32 | (row + 1));
    index->used++;
}

void sai_cache_index_replace(struct sai_cache_index *index, size_t cursor, uint32_t row)
{
    index->slots[cursor] = (index->slots[cursor] & ~(uint64_t)UINT32_MAX) | (row + 1);
}

void sai_cache_index_free(struct sai_cache_index *index)
{
    sai_free(index->slots);
    *index = (struct sai_cache_index){0};
}
