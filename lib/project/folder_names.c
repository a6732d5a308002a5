/*
 * project/folder_names.c: lists of names, sorted so that those of one stem stand together.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "project/folder_names.h"

int sai_folder_names_add(struct sai_folder_names *names, struct sai_arena *arena, const char *name)
{
    if (!SAI_GROW(names->items, names->capacity, names->count + 1))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    char *copy = sai_arena_strdup(arena, name);
    if (!copy)
        return SELECTAI_ERR_OUT_OF_MEMORY;
    names->items[names->count++] = copy;
    return SELECTAI_OK;
}

size_t sai_stem_length(const char *name)
{
    return (size_t)(sai_path_extension(name) - name);
}

static int compare_stems(const char *a, const char *b)
{
    size_t na = sai_stem_length(a), nb = sai_stem_length(b);
    int c = memcmp(a, b, na < nb ? na : nb);
    return c ? c : (na > nb) - (na < nb);
}

static int by_bytes(const void *left, const void *right)
{
    const char *a, *b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return strcmp(a, b);
}

static int by_stem(const void *left, const void *right)
{
    const char *a, *b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    int c = compare_stems(a, b);
    return c ? c : strcmp(a, b);
}

void sai_folder_names_sort(struct sai_folder_names *names)
{
    if (names->count > 1)
        qsort(names->items, names->count, sizeof *names->items, by_bytes);
}

void sai_folder_names_sort_by_stem(struct sai_folder_names *names)
{
    if (names->count > 1)
        qsort(names->items, names->count, sizeof *names->items, by_stem);
}

/* The first whose stem is not below that of `name`; above: not at it either. */
static size_t bound(const struct sai_folder_names *names, const char *name, bool above)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = compare_stems(names->items[middle], name);
        if (c < 0 || (above && c == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t sai_folder_names_of_stem(size_t *first, const struct sai_folder_names *names, const char *name)
{
    *first = bound(names, name, false);
    return bound(names, name, true) - *first;
}
