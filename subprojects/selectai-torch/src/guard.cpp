/*
 * guard.cpp: exceptions to codes and text.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "guard.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include <c10/util/Exception.h>

namespace selectai
{
namespace
{

/* The first line of text, without control characters. */
void copy_line(char *err, size_t err_size, const char *text)
{
    if (err == nullptr || err_size == 0)
        return;
    size_t n = 0;
    for (; n + 1 < err_size && text[n] != '\0' && text[n] != '\n'; n++)
        err[n] = static_cast<unsigned char>(text[n]) < 0x20 ? ' ' : text[n];
    err[n] = '\0';
}

/* libtorch has no type of its own for this on all of its versions. */
bool is_out_of_memory(const char *text)
{
    return std::strstr(text, "can't allocate memory") != nullptr || std::strstr(text, "not enough memory") != nullptr ||
           std::strstr(text, "out of memory") != nullptr;
}

} // namespace

void fail(int code, const char *fmt, ...)
{
    Failure failure;
    va_list args;

    failure.code = code;
    va_start(args, fmt);
    std::vsnprintf(failure.text, sizeof failure.text, fmt, args);
    va_end(args);
    throw failure;
}

int report_exception(char *err, size_t err_size) noexcept
{
    try {
        throw;
    } catch (const Failure &e) {
        copy_line(err, err_size, e.text);
        return e.code;
    } catch (const std::bad_alloc &) {
        copy_line(err, err_size, "out of memory");
        return SAI_BACKEND_EMEMORY;
    } catch (const c10::Error &e) {
        const char *text = e.what_without_backtrace();
        copy_line(err, err_size, text);
        return is_out_of_memory(text) ? SAI_BACKEND_EMEMORY : SAI_BACKEND_EFAILED;
    } catch (const std::exception &e) {
        copy_line(err, err_size, e.what());
        return is_out_of_memory(e.what()) ? SAI_BACKEND_EMEMORY : SAI_BACKEND_EFAILED;
    } catch (...) {
        copy_line(err, err_size, "unknown exception in the torch module");
        return SAI_BACKEND_EFAILED;
    }
}

} // namespace selectai
