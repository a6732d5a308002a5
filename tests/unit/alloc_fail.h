/*
 * alloc_fail.h: makes the n-th allocation of the library fail. A test that includes it is linked with
 * -Wl,--wrap=malloc,... (see meson.build); the counter runs only between arm and disarm.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef ALLOC_FAIL_H
#define ALLOC_FAIL_H

#include <pthread.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static struct {
    pthread_mutex_t lock;
    unsigned long countdown; /* 0: off; 1: the next one fails, and all after it */
    unsigned long failed;
} alloc_fail = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Once memory has run out it stays out: code that carries on by chance would hide its mistake otherwise. */
static int alloc_fails_now(void)
{
    pthread_mutex_lock(&alloc_fail.lock);
    int fails = alloc_fail.countdown == 1;
    if (alloc_fail.countdown > 1)
        alloc_fail.countdown--;
    alloc_fail.failed += (unsigned long)fails;
    pthread_mutex_unlock(&alloc_fail.lock);
    return fails;
}

static void arm_alloc_fail(unsigned long nth)
{
    alloc_fail.countdown = nth;
    alloc_fail.failed = 0;
}

/* How many allocations failed. */
static unsigned long disarm_alloc_fail(void)
{
    alloc_fail.countdown = 0;
    return alloc_fail.failed;
}

void *__wrap_malloc(size_t size)
{
    return alloc_fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return alloc_fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return alloc_fails_now() ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return alloc_fails_now() ? NULL : __real_aligned_alloc(alignment, size);
}

#endif
