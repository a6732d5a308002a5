/*
 * review/ids.h: ids that survive a restart, and their look-up.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_IDS_H
#define REVIEW_IDS_H

#include <stddef.h>
#include <stdint.h>

#define ID_TEXT 17 /* 16 hexadecimal digits and the final 0 */

/* FNV-1a of 64 bits; begin with ID_SEED. The final 0 is part of what is hashed, so that "ab", "c" is not "a", "bc". */
#define ID_SEED 0xCBF29CE484222325u
uint64_t id_hash(uint64_t hash, const char *text);

/* Ids and the indices they stand for: open addressing, at most half full. */
struct id_table {
    uint64_t *keys;
    uint32_t *values; /* index + 1; 0: free */
    size_t mask;
};

/* Room for n. 0, or -1 if memory ran out. */
int id_table_open(struct id_table *table, size_t n);
void id_table_close(struct id_table *table);

/* Takes the hash, or the next one that is free: two of 64 bits that are equal must not be one id. Returns what it took.
 */
uint64_t id_table_add(struct id_table *table, uint64_t hash, size_t index);

/* SIZE_MAX: not there, or no id. Looks at 16 characters and no more; the 17th must not be a digit of an id. */
size_t id_table_find(const struct id_table *table, const char *id);

void id_text(char out[ID_TEXT], uint64_t hash);

#endif
