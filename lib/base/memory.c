/*
 * base/memory.c: checked allocation and arenas.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"

#define ARENA_BLOCK 65536u
#define ARENA_ALIGN 16u

struct sai_arena_block {
    struct sai_arena_block *next;
    size_t used, size;
};

/* The header is padded so that the data after it is aligned. */
#define ARENA_HEADER ((sizeof(struct sai_arena_block) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN)

static void *checked(void *p, size_t size)
{
    if (!p)
        SAI_FAIL(SELECTAI_ERR_OUT_OF_MEMORY, "out of memory: %zu bytes wanted", size);
    return p;
}

bool sai_mul_size(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool sai_add_size(size_t *out, size_t a, size_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

void *sai_malloc(size_t size)
{
    return checked(malloc(size ? size : 1), size);
}

void *sai_calloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1), size);
}

void *sai_realloc(void *p, size_t size)
{
    return checked(realloc(p, size ? size : 1), size);
}

void *sai_malloc_array(size_t count, size_t size)
{
    size_t bytes;
    return sai_mul_size(&bytes, count, size) ? sai_malloc(bytes) : checked(NULL, SIZE_MAX);
}

void *sai_realloc_array(void *p, size_t count, size_t size)
{
    size_t bytes;
    return sai_mul_size(&bytes, count, size) ? sai_realloc(p, bytes) : checked(NULL, SIZE_MAX);
}

void *sai_aligned_array(size_t count, size_t size)
{
    size_t bytes;
    if (!sai_mul_size(&bytes, count, size) || !sai_add_size(&bytes, bytes, 63))
        return checked(NULL, SIZE_MAX);
    bytes = bytes / 64 * 64;
    return checked(aligned_alloc(64, bytes ? bytes : 64), bytes);
}

/*
 * A picture of 2048 x 2048 is 3072 small pages; asking the kernel for each costs as much as a fifth of inflating it.
 * Only advice: without large pages nothing changes. What is left over at the end takes a whole one if it fills half.
 */
void *sai_large_malloc(size_t size)
{
#ifdef MADV_HUGEPAGE
    const size_t page = (size_t)2 << 20;
    size_t whole = size / page * page;
    if (size >= 2 * page && size < SIZE_MAX - page) {
        size_t most = whole + (size - whole > page / 2 ? page : 0);
        void *p = NULL;
        if (posix_memalign(&p, page, most > size ? most : size) != 0)
            return checked(NULL, size);
        madvise(p, most, MADV_HUGEPAGE);
        return p;
    }
#endif
    return sai_malloc(size);
}

char *sai_strndup(const char *text, size_t n)
{
    size_t bytes;
    char *copy = sai_add_size(&bytes, n, 1) ? sai_malloc(bytes) : checked(NULL, SIZE_MAX);
    if (copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

char *sai_strdup(const char *text)
{
    return sai_strndup(text, strlen(text));
}

char *sai_asprintf(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n < 0 ? checked(NULL, 0) : sai_malloc((size_t)n + 1);
    if (text) {
        va_start(args, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, args);
        va_end(args);
    }
    return text;
}

void sai_free(void *p)
{
    free(p);
}

void selectai_free(void *p)
{
    sai_free(p);
}

/* items_slot is the address of a pointer of any type: it is read and written by memcpy, as C's aliasing rules want. */
bool sai_grow(void *items_slot, size_t *capacity, size_t need, size_t item_size)
{
    void *items;
    if (need <= *capacity)
        return true;
    memcpy(&items, items_slot, sizeof items);
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < need)
        if (!sai_mul_size(&wanted, wanted, 2))
            wanted = need;
    items = sai_realloc_array(items, wanted, item_size);
    if (!items)
        return false;
    memcpy(items_slot, &items, sizeof items);
    *capacity = wanted;
    return true;
}

static struct sai_arena_block *arena_block(struct sai_arena *arena, size_t size)
{
    size_t payload = size > ARENA_BLOCK ? size : ARENA_BLOCK, bytes;
    if (!sai_add_size(&bytes, payload, ARENA_HEADER))
        return checked(NULL, SIZE_MAX);
    struct sai_arena_block *block = sai_malloc(bytes);
    if (block) {
        *block = (struct sai_arena_block){.next = arena->head, .size = payload};
        arena->head = block;
    }
    return block;
}

void *sai_arena_alloc(struct sai_arena *arena, size_t size)
{
    size_t rounded;
    if (!sai_add_size(&rounded, size, ARENA_ALIGN - 1))
        return checked(NULL, SIZE_MAX);
    rounded = rounded / ARENA_ALIGN * ARENA_ALIGN;
    struct sai_arena_block *block = arena->head;
    if (!block || block->size - block->used < rounded)
        block = arena_block(arena, rounded);
    if (!block)
        return NULL;
    unsigned char *p = (unsigned char *)block + ARENA_HEADER + block->used;
    block->used += rounded;
    memset(p, 0, rounded);
    return p;
}

void *sai_arena_array(struct sai_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return sai_mul_size(&bytes, count, size) ? sai_arena_alloc(arena, bytes) : checked(NULL, SIZE_MAX);
}

char *sai_arena_strndup(struct sai_arena *arena, const char *text, size_t n)
{
    size_t bytes;
    char *copy = sai_add_size(&bytes, n, 1) ? sai_arena_alloc(arena, bytes) : checked(NULL, SIZE_MAX);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

char *sai_arena_strdup(struct sai_arena *arena, const char *text)
{
    return sai_arena_strndup(arena, text, strlen(text));
}

char *sai_arena_printf(struct sai_arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n < 0 ? checked(NULL, 0) : sai_arena_alloc(arena, (size_t)n + 1);
    if (text) {
        va_start(args, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, args);
        va_end(args);
    }
    return text;
}

void sai_arena_clear(struct sai_arena *arena)
{
    while (arena->head) {
        struct sai_arena_block *next = arena->head->next;
        sai_free(arena->head);
        arena->head = next;
    }
}
