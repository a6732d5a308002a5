/*
 * project/folder_names.h: the names of one kind in a folder, and which of them belong to an image.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_PROJECT_FOLDER_NAMES_H
#define SAI_PROJECT_FOLDER_NAMES_H

#include "base/memory.h"

/* A zeroed struct is an empty list. The names themselves lie in an arena. */
struct sai_folder_names {
    char **items;
    size_t count, capacity;
};

int sai_folder_names_add(struct sai_folder_names *names, struct sai_arena *arena, const char *name);

/* Bytes before the last extension. */
size_t sai_stem_length(const char *name);

/* In byte order; or by stem first, as sai_folder_names_of_stem() needs it. */
void sai_folder_names_sort(struct sai_folder_names *names);
void sai_folder_names_sort_by_stem(struct sai_folder_names *names);

/* Those with the stem of `name`: how many, from items[*first] on, in byte order. O(log n). */
size_t sai_folder_names_of_stem(size_t *first, const struct sai_folder_names *names, const char *name);

#endif
