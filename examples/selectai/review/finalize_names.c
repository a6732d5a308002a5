/*
 * review/finalize_names.c: sets of names, and taking paths apart and together.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "finalize_private.h"

static uint64_t hash_of(const char *name, int fold)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        unsigned char c = fold && *p >= 'A' && *p <= 'Z' ? (unsigned char)(*p + 32) : *p;
        hash = (hash ^ c) * 0x100000001B3u;
    }
    return hash;
}

/* Where it is, or the free place where it would be. */
static size_t place_of(const struct name_set *set, const char *name)
{
    size_t at = (size_t)hash_of(name, set->fold) & (set->size - 1);
    while (set->items[at] && (set->fold ? strcasecmp : strcmp)(set->items[at], name) != 0)
        at = (at + 1) & (set->size - 1);
    return at;
}

int name_set_has(const struct name_set *set, const char *name)
{
    return set->size > 0 && set->items[place_of(set, name)] != NULL;
}

static int grow(struct name_set *set)
{
    struct name_set more = {.size = set->size ? 2 * set->size : 64, .n = set->n, .fold = set->fold};
    more.items = calloc(more.size, sizeof *more.items);
    if (!more.items)
        return -1;
    for (size_t i = 0; i < set->size; i++)
        if (set->items[i])
            more.items[place_of(&more, set->items[i])] = set->items[i];
    free(set->items);
    *set = more;
    return 0;
}

int name_set_add(struct name_set *set, const char *name)
{
    if (name_set_has(set, name))
        return 0;
    if (2 * (set->n + 1) > set->size && grow(set) != 0)
        return -1;
    char *copy = strdup(name);
    if (!copy)
        return -1;
    set->items[place_of(set, name)] = copy;
    set->n++;
    return 1;
}

void name_set_free(struct name_set *set)
{
    for (size_t i = 0; i < set->size; i++)
        free(set->items[i]);
    free(set->items);
    *set = (struct name_set){.fold = set->fold};
}

size_t stem_bytes(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? (size_t)(dot - name) : strlen(name);
}

char *folder_in_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strndup(path, slash ? (size_t)(slash - path) : 0);
}

char *target_path(const char *top, const char *folder, const char *stem, size_t n_stem, unsigned number,
                  const char *rest)
{
    char tail[16] = "";
    size_t n = strlen(top) + strlen(folder) + n_stem + sizeof tail + strlen(rest) + 3;
    char *path = malloc(n);
    if (number > 1)
        snprintf(tail, sizeof tail, "~%u", number);
    if (path)
        snprintf(path, n, "%s%s%s%s%.*s%s%s", top, *top ? "/" : "", folder, *folder ? "/" : "", (int)n_stem, stem, tail,
                 rest);
    return path;
}
