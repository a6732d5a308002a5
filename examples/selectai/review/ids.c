/*
 * review/ids.c: ids that survive a restart, and their look-up.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t id_hash(uint64_t hash, const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    do
        hash = (hash ^ *byte) * 0x100000001B3u;
    while (*byte++ != 0);
    return hash;
}

/* FNV's low bits alone are poor where texts differ in their last characters only. */
static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

int id_table_open(struct id_table *table, size_t n)
{
    size_t size = 16;
    while (size < 2 * n && size < SIZE_MAX / 32)
        size *= 2;
    table->keys = calloc(size, sizeof *table->keys);
    table->values = calloc(size, sizeof *table->values);
    table->mask = size - 1;
    if (table->keys && table->values)
        return 0;
    id_table_close(table);
    return -1;
}

void id_table_close(struct id_table *table)
{
    free(table->keys);
    free(table->values);
    *table = (struct id_table){0};
}

/* The slot of the key, or the free one where it would be. */
static size_t slot_of(const struct id_table *table, uint64_t key)
{
    size_t slot = (size_t)mixed(key) & table->mask;
    while (table->values[slot] != 0 && table->keys[slot] != key)
        slot = (slot + 1) & table->mask;
    return slot;
}

uint64_t id_table_add(struct id_table *table, uint64_t hash, size_t index)
{
    size_t slot = slot_of(table, hash);
    while (table->values[slot] != 0)
        slot = slot_of(table, ++hash);
    table->keys[slot] = hash;
    table->values[slot] = (uint32_t)index + 1;
    return hash;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t id_table_find(const struct id_table *table, const char *id)
{
    uint64_t key = 0;
    for (int i = 0; i < ID_TEXT - 1; i++) {
        int d = digit(id[i]);
        if (d < 0)
            return SIZE_MAX;
        key = key << 4 | (uint64_t)d;
    }
    if (digit(id[ID_TEXT - 1]) >= 0 || !table->values)
        return SIZE_MAX;
    size_t slot = slot_of(table, key);
    return table->values[slot] != 0 ? table->values[slot] - 1 : SIZE_MAX;
}

void id_text(char out[ID_TEXT], uint64_t hash)
{
    snprintf(out, ID_TEXT, "%016" PRIx64, hash);
}
