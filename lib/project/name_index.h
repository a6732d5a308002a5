/*
 * project/name_index.h: a hash table from byte strings to numbers. The keys stay where they are.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_PROJECT_NAME_INDEX_H
#define SAI_PROJECT_NAME_INDEX_H

#include "base/memory.h"

#define SAI_INDEX_END UINT32_MAX

struct sai_name_item {
    const void *key; /* borrowed: must outlive the index and not move */
    uint32_t length, hash;
    uint32_t value;
    uint32_t next; /* item of the same key that was added before, or SAI_INDEX_END */
};

/* A zeroed struct is an empty index; set ignore_case before the first key is added. */
struct sai_name_index {
    struct sai_name_item *items;
    size_t count, capacity;
    uint32_t *slots; /* item + 1 of the newest item of a key, 0 = free; a power of two of them */
    size_t n_slots;
    bool ignore_case; /* keys that differ in the case of ASCII letters only are the same */
};

/* Adds a key, which may be there already. SELECTAI_OK, OUT_OF_MEMORY, or LIMIT beyond 2^31 items. */
int sai_name_index_add(struct sai_name_index *index, const void *key, size_t length, uint32_t value);

/* The newest item of that key, or SAI_INDEX_END; go on with items[i].next. */
uint32_t sai_name_index_find(const struct sai_name_index *index, const void *key, size_t length);

void sai_name_index_free(struct sai_name_index *index);

#endif
