/*
 * check.h: the little that these tests need of a test library.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_CHECK_H
#define SELECTAI_TORCH_CHECK_H

#include <cstdio>
#include <cstdlib>

/* assert() that stays in release builds. */
#define EXPECT(cond)                                                                                                   \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond);                                  \
            std::exit(1);                                                                                              \
        }                                                                                                              \
    } while (0)

#endif
