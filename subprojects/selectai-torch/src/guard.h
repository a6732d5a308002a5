/*
 * guard.h: how errors leave the module. Inside, functions throw; at the table's edge guarded() turns whatever was
 * thrown into a SAI_BACKEND_E* code and one line of text.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SELECTAI_TORCH_GUARD_H
#define SELECTAI_TORCH_GUARD_H

#include <cstddef>

#include "selectai_backend.h"

#if defined(__GNUC__)
#define SELECTAI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SELECTAI_PRINTF(fmt, args)
#endif

namespace selectai
{

/* Not derived from std::exception: its text is stored in place, so that raising it never needs the heap. */
struct Failure {
    int code;
    char text[SAI_BACKEND_ERR_SIZE];
};

[[noreturn]] void fail(int code, const char *fmt, ...) SELECTAI_PRINTF(2, 3);

/* Only inside a catch block: the code for the exception that was caught, its text in err. */
int report_exception(char *err, size_t err_size) noexcept;

template <typename F> int guarded(char *err, size_t err_size, F &&body) noexcept
{
    try {
        if (err != nullptr && err_size > 0)
            err[0] = '\0';
        body();
        return SAI_BACKEND_OK;
    } catch (...) {
        return report_exception(err, err_size);
    }
}

} // namespace selectai

/* Argument checks: SELECTAI_NEED(spec->patch >= 1, "patch is 0"). */
#define SELECTAI_NEED(cond, ...)                                                                                       \
    do {                                                                                                               \
        if (!(cond))                                                                                                   \
            ::selectai::fail(SAI_BACKEND_EARGUMENT, __VA_ARGS__);                                                      \
    } while (0)

#endif
