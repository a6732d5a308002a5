/*
 * base/error.h: raising errors. One line per failure: `return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: not a PNG", path);`
 *
 * The lowest level that knows the cause raises it; callers pass the code on and do not write over the message.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_ERROR_H
#define SAI_BASE_ERROR_H

#include <stdbool.h>

#include <selectai/common.h>

#if defined(__GNUC__)
#define SAI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SAI_PRINTF(fmt, args)
#endif

/* Records code and message for this thread and returns code. No heap. The message's control characters become '?'. */
int sai_fail(int code, const char *file, unsigned line, const char *fmt, ...) SAI_PRINTF(4, 5);
#define SAI_FAIL(code, ...) sai_fail((code), __FILE__, __LINE__, __VA_ARGS__)

/*
 * Makes text that was formatted into a buffer fit for one line of UTF-8: control characters become '?', and if it was
 * cut, an incomplete character at its end goes.
 */
void sai_clean_message(char *text, bool cut);

/* Maps an errno of a failed system call on `path` to a code and "path: what went wrong, and the remedy". */
int sai_fail_errno(int err, const char *file, unsigned line, const char *doing, const char *path);
#define SAI_FAIL_ERRNO(doing, path) sai_fail_errno(errno, __FILE__, __LINE__, (doing), (path))

/* Argument checks at public entries: SAI_REQUIRE(out != NULL). */
#define SAI_REQUIRE(cond)                                                                                              \
    do {                                                                                                               \
        if (!(cond))                                                                                                   \
            return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT, "%s: argument check failed: %s", __func__, #cond);          \
    } while (0)

/* Lets a worker's error travel to the thread that waits for it. */
struct sai_error_copy {
    struct selectai_error_detail detail;
};
void sai_error_save(struct sai_error_copy *out);
void sai_error_restore(const struct sai_error_copy *saved);

/*
 * Copies a caller's options over the defaults that are already in dst. Both start with uint32_t struct_size. src may
 * be NULL, or shorter (older caller) or longer (newer caller); a non-zero byte beyond dst_size is refused, because it
 * asks for something that this library does not know.
 */
int sai_options_copy(void *dst, size_t dst_size, const void *src);

/* Writes the first struct_size bytes of defaults to dst and sets its struct_size: the body of every x_options_init. */
void sai_options_init(void *dst, uint32_t struct_size, const void *defaults, size_t defaults_size);

/*
 * Fills a caller's output struct, which starts with uint32_t struct_size set by the caller: copies as much of `full`
 * as fits and keeps struct_size. A struct_size of 0 is refused: it was not set.
 */
int sai_struct_out(void *dst, const void *full, size_t full_size);

#endif
