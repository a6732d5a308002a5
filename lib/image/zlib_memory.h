/*
 * image/zlib_memory.h: lets zlib allocate through the library's allocator.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_ZLIB_MEMORY_H
#define SAI_IMAGE_ZLIB_MEMORY_H

#include <zlib.h>

#include "base/memory.h"

static inline voidpf sai_zlib_alloc(voidpf opaque, uInt count, uInt size)
{
    (void)opaque;
    return sai_malloc_array(count, size);
}

static inline void sai_zlib_free(voidpf opaque, voidpf p)
{
    (void)opaque;
    sai_free(p);
}

#endif
