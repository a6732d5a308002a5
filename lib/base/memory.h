/*
 * base/memory.h: all allocation of the library goes through here, so that every size is overflow-checked and a test
 * can make the n-th allocation fail.
 *
 * On failure the functions raise SELECTAI_ERR_OUT_OF_MEMORY and return NULL.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_MEMORY_H
#define SAI_BASE_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

void *sai_malloc(size_t size);
void *sai_calloc(size_t count, size_t size);
void *sai_realloc(void *p, size_t size);
void *sai_malloc_array(size_t count, size_t size);
void *sai_realloc_array(void *p, size_t count, size_t size);
void *sai_aligned_array(size_t count, size_t size); /* 64-byte aligned, not zeroed; free with sai_free() */
void *sai_large_malloc(size_t size);                 /* for much that will be written whole: by large pages */
char *sai_strdup(const char *text);
char *sai_strndup(const char *text, size_t n);
char *sai_asprintf(const char *fmt, ...) SAI_PRINTF(1, 2);
void sai_free(void *p);

/* false if the product or sum does not fit. */
bool sai_mul_size(size_t *out, size_t a, size_t b);
bool sai_add_size(size_t *out, size_t a, size_t b);

/*
 * Makes room for `need` elements in a growing array (doubling). Use through the macro:
 *     if (!SAI_GROW(list->items, list->capacity, list->count + 1)) return SELECTAI_ERR_OUT_OF_MEMORY;
 */
bool sai_grow(void *items_slot, size_t *capacity, size_t need, size_t item_size);
#define SAI_GROW(items, capacity, need) sai_grow(&(items), &(capacity), (need), sizeof *(items))

/* Strings and small arrays that live and die together. */
struct sai_arena {
    struct sai_arena_block *head;
};
void *sai_arena_alloc(struct sai_arena *arena, size_t size); /* 16-byte aligned, zeroed */
void *sai_arena_array(struct sai_arena *arena, size_t count, size_t size);
char *sai_arena_strdup(struct sai_arena *arena, const char *text);
char *sai_arena_strndup(struct sai_arena *arena, const char *text, size_t n);
char *sai_arena_printf(struct sai_arena *arena, const char *fmt, ...) SAI_PRINTF(2, 3);
void sai_arena_clear(struct sai_arena *arena); /* frees everything */

#endif
