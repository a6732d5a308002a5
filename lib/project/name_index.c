/*
 * project/name_index.c: open addressing with linear probing, at most half full.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/rng.h"
#include "project/name_index.h"

#define FIRST_SLOTS 64u
#define MAX_ITEMS   (UINT32_C(1) << 31)

static unsigned char folded(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static bool same_folded(const unsigned char *a, const unsigned char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (folded(a[i]) != folded(b[i]))
            return false;
    return true;
}

static uint32_t folded_hash(const unsigned char *key, size_t length)
{
    unsigned char part[256];
    uint64_t hash = 0;
    for (size_t done = 0; done < length;) {
        size_t n = 0;
        while (n < sizeof part && done < length)
            part[n++] = folded(key[done++]);
        hash = sai_hash_bytes(part, n, hash);
    }
    return (uint32_t)hash;
}

static uint32_t hash_of(const struct sai_name_index *index, const void *key, size_t length)
{
    return index->ignore_case ? folded_hash(key, length) : (uint32_t)sai_hash_bytes(key, length, 0);
}

static bool same_key(const struct sai_name_index *index, const void *a, const void *b, size_t length)
{
    return index->ignore_case ? same_folded(a, b, length) : memcmp(a, b, length) == 0;
}

/* The slot that holds the key, or the free one where it belongs. There is always a free one. */
static size_t slot_of(const struct sai_name_index *index, const void *key, size_t length, uint32_t hash)
{
    size_t mask = index->n_slots - 1, slot = hash & mask;
    for (; index->slots[slot] != 0; slot = (slot + 1) & mask) {
        const struct sai_name_item *item = &index->items[index->slots[slot] - 1];
        if (item->hash == hash && item->length == length && same_key(index, item->key, key, length))
            break;
    }
    return slot;
}

static int widen(struct sai_name_index *index)
{
    size_t n = index->n_slots ? index->n_slots * 2 : FIRST_SLOTS, mask = n - 1;
    uint32_t *slots = sai_calloc(n, sizeof *slots);
    if (!slots)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    for (size_t old = 0; old < index->n_slots; old++) {
        if (index->slots[old] == 0)
            continue;
        size_t slot = index->items[index->slots[old] - 1].hash & mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & mask;
        slots[slot] = index->slots[old];
    }
    sai_free(index->slots);
    index->slots = slots;
    index->n_slots = n;
    return SELECTAI_OK;
}

int sai_name_index_add(struct sai_name_index *index, const void *key, size_t length, uint32_t value)
{
    if (index->count >= MAX_ITEMS || length > UINT32_MAX)
        return SAI_FAIL(SELECTAI_ERR_LIMIT, "more than %u names in one table", MAX_ITEMS);
    if ((index->count + 1) * 2 > index->n_slots && widen(index) != SELECTAI_OK)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    if (!SAI_GROW(index->items, index->capacity, index->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    uint32_t hash = hash_of(index, key, length);
    size_t slot = slot_of(index, key, length, hash);
    index->items[index->count] = (struct sai_name_item){.key = key,
                                                        .length = (uint32_t)length,
                                                        .hash = hash,
                                                        .value = value,
                                                        .next = index->slots[slot] ? index->slots[slot] - 1
                                                                                   : SAI_INDEX_END};
    index->slots[slot] = (uint32_t)++index->count;
    return SELECTAI_OK;
}

uint32_t sai_name_index_find(const struct sai_name_index *index, const void *key, size_t length)
{
    if (index->n_slots == 0)
        return SAI_INDEX_END;
    size_t slot = slot_of(index, key, length, hash_of(index, key, length));
    return index->slots[slot] ? index->slots[slot] - 1 : SAI_INDEX_END;
}

void sai_name_index_free(struct sai_name_index *index)
{
    sai_free(index->items);
    sai_free(index->slots);
    *index = (struct sai_name_index){0};
}
