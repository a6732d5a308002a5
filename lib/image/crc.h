/*
 * image/crc.h: CRC-32 as PNG and zlib have it, by libdeflate where that is there: several times as fast.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_IMAGE_CRC_H
#define SAI_IMAGE_CRC_H

#include <stddef.h>
#include <stdint.h>

#if SAI_HAVE_DEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

static inline uint32_t sai_crc32(const void *bytes, size_t n)
{
#if SAI_HAVE_DEFLATE
    return libdeflate_crc32(0, bytes, n);
#else
    return (uint32_t)crc32_z(0, bytes, n);
#endif
}

#endif
