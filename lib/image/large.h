/*
 * image/large.h: memory for pixels, by large pages where the system has them.
 *
 * A picture of 2048 x 2048 is 3072 small pages; asking the kernel for each costs as much as a third of inflating it.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_LARGE_H
#define SAI_IMAGE_LARGE_H

#include <sys/mman.h>

#include "base/memory.h"

#define SAI_LARGE_PAGE ((size_t)2 << 20)

/* As sai_malloc, for memory that will be written whole. Only advice: without large pages nothing changes. */
static inline void *sai_large_malloc(size_t size)
{
    uint8_t *p = sai_malloc(size);
#ifdef MADV_HUGEPAGE
    if (p != NULL && size >= 2 * SAI_LARGE_PAGE) {
        size_t skip = (SAI_LARGE_PAGE - (uintptr_t)p % SAI_LARGE_PAGE) % SAI_LARGE_PAGE;
        madvise(p + skip, (size - skip) / SAI_LARGE_PAGE * SAI_LARGE_PAGE, MADV_HUGEPAGE);
    }
#endif
    return p;
}

#endif
