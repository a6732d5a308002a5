/*
 * vectors.h: vectors of floats as GCC and clang know them, for kernels that are compiled once for each instruction set.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_VECTORS_H
#define SELECTAI_TORCH_VECTORS_H

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#define SELECTAI_X86 1
#endif

#define ALWAYS_INLINE inline __attribute__((always_inline))
#pragma GCC diagnostic ignored "-Wpsabi" /* vectors are passed between functions that are inlined, all of them */

namespace selectai
{

typedef float Vector4 __attribute__((vector_size(16)));
#ifdef SELECTAI_X86
typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(64)));
#endif

/* The vectors of as many 32-bit and 16-bit numbers. */
template <typename V> struct VectorOf {
    typedef int32_t Int __attribute__((vector_size(sizeof(V))));
    typedef uint16_t Half __attribute__((vector_size(sizeof(V) / 2)));
};

template <typename V> ALWAYS_INLINE V square_root(const V &v)
{
    V root;
    for (unsigned i = 0; i < sizeof(V) / sizeof(float); i++)
        root[i] = __builtin_sqrtf(v[i]);
    return root;
}

} // namespace selectai

#endif
