/*
 * base/error.c: thread-local error detail, names of codes, options of callers of another age.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static _Thread_local struct selectai_error_detail last_error;

static const struct {
    int code;
    const char *name;
} error_names[] = {
    {SELECTAI_OK, "no error"},
    {SELECTAI_DONE, "nothing more"},
    {SELECTAI_ERR_INVALID_ARGUMENT, "invalid argument"},
    {SELECTAI_ERR_OUT_OF_MEMORY, "out of memory"},
    {SELECTAI_ERR_CANCELLED, "cancelled"},
    {SELECTAI_ERR_INTERNAL, "internal error"},
    {SELECTAI_ERR_NOT_FOUND, "not found"},
    {SELECTAI_ERR_NOT_A_DIRECTORY, "not a folder"},
    {SELECTAI_ERR_IS_A_DIRECTORY, "is a folder"},
    {SELECTAI_ERR_PERMISSION, "permission denied"},
    {SELECTAI_ERR_NO_SPACE, "no space left"},
    {SELECTAI_ERR_IO, "input/output error"},
    {SELECTAI_ERR_EXISTS, "exists already"},
    {SELECTAI_ERR_FORMAT, "file format error"},
    {SELECTAI_ERR_UNSUPPORTED, "unsupported"},
    {SELECTAI_ERR_LIMIT, "limit exceeded"},
    {SELECTAI_ERR_PROJECT_RULE, "crosses projects"},
    {SELECTAI_ERR_MISMATCH, "do not belong together"},
    {SELECTAI_ERR_NO_DATA, "not enough data"},
    {SELECTAI_ERR_AMBIGUOUS, "ambiguous"},
    {SELECTAI_ERR_BACKEND_MISSING, "torch module missing"},
    {SELECTAI_ERR_BACKEND, "torch module failed"},
    {SELECTAI_ERR_BACKEND_VERSION, "torch module of another version"},
};

const char *selectai_error_name(int code)
{
    for (size_t i = 0; i < sizeof error_names / sizeof error_names[0]; i++)
        if (error_names[i].code == code)
            return error_names[i].name;
    return "unknown error";
}

const char *selectai_last_error(void)
{
    return last_error.message;
}

const struct selectai_error_detail *selectai_last_error_detail(void)
{
    return &last_error;
}

/* A text that was cut may end inside a UTF-8 sequence: take the incomplete tail off. */
static void trim_utf8_tail(char *text)
{
    size_t n = strlen(text), i = n;
    while (i > 0 && n - i < 4 && ((unsigned char)text[i - 1] & 0xC0) == 0x80)
        i--;
    if (i == 0)
        return;
    unsigned char lead = (unsigned char)text[i - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (need > 1 && n - (i - 1) < need)
        text[i - 1] = '\0';
}

void sai_clean_message(char *text, bool cut)
{
    if (cut)
        trim_utf8_tail(text);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = '?';
}

int sai_fail(int code, const char *file, unsigned line, const char *fmt, ...)
{
    struct selectai_error_detail detail = {.code = code, .line = line};
    const char *slash = strrchr(file, '/');
    va_list args;

    snprintf(detail.file, sizeof detail.file, "%s", slash ? slash + 1 : file);
    va_start(args, fmt);
    int n = vsnprintf(detail.message, sizeof detail.message, fmt, args);
    va_end(args);
    sai_clean_message(detail.message, n >= (int)sizeof detail.message);
    last_error = detail; /* last, because an argument may point into last_error.message */
    return code;
}

static int code_of_errno(int err, const char **remedy)
{
    *remedy = "";
    switch (err) {
    case ENOENT:
        *remedy = ": check the path";
        return SELECTAI_ERR_NOT_FOUND;
    case ENOTDIR:
        *remedy = ": check the path";
        return SELECTAI_ERR_NOT_A_DIRECTORY;
    case EISDIR:
        *remedy = ": a file is needed";
        return SELECTAI_ERR_IS_A_DIRECTORY;
    case EACCES:
    case EPERM:
    case EROFS:
        *remedy = ": check the permissions";
        return SELECTAI_ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
        *remedy = ": free some space and run again";
        return SELECTAI_ERR_NO_SPACE;
    case ENOMEM:
        return SELECTAI_ERR_OUT_OF_MEMORY;
    case EEXIST:
        return SELECTAI_ERR_EXISTS;
    default:
        return SELECTAI_ERR_IO;
    }
}

int sai_fail_errno(int err, const char *file, unsigned line, const char *doing, const char *path)
{
    const char *remedy;
    char buffer[128];
    int code = code_of_errno(err, &remedy);

    /* strerror() is not thread-safe. This is GNU's strerror_r, which returns the text. */
    const char *text = strerror_r(err, buffer, sizeof buffer);
    return sai_fail(code, file, line, "%s: cannot %s: %s%s", path, doing, text, remedy);
}

void sai_error_save(struct sai_error_copy *out)
{
    out->detail = last_error;
}

void sai_error_restore(const struct sai_error_copy *saved)
{
    last_error = saved->detail;
}

int sai_options_copy(void *dst, size_t dst_size, const void *src)
{
    uint32_t size;

    if (!src)
        return SELECTAI_OK;
    memcpy(&size, src, sizeof size);
    if (size < sizeof size || size > 65536)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "options have struct_size %u: call the matching selectai_*_options_init() first", size);
    for (size_t i = dst_size; i < size; i++)
        if (((const unsigned char *)src)[i] != 0)
            return SAI_FAIL(SELECTAI_ERR_UNSUPPORTED,
                            "options use a field that library version %s does not know: update the library",
                            selectai_version_string());
    memcpy(dst, src, size < dst_size ? size : dst_size);
    size = (uint32_t)dst_size;
    memcpy(dst, &size, sizeof size);
    return SELECTAI_OK;
}

void sai_options_init(void *dst, uint32_t struct_size, const void *defaults, size_t defaults_size)
{
    if (!dst || struct_size < sizeof struct_size)
        return;
    memset(dst, 0, struct_size);
    memcpy(dst, defaults, struct_size < defaults_size ? struct_size : defaults_size);
    memcpy(dst, &struct_size, sizeof struct_size);
}

int sai_struct_out(void *dst, const void *full, size_t full_size)
{
    uint32_t size;

    memcpy(&size, dst, sizeof size);
    if (size <= sizeof size || size > 65536)
        return SAI_FAIL(SELECTAI_ERR_INVALID_ARGUMENT,
                        "output struct has struct_size %u: set it to sizeof the struct before the call", size);
    memset((char *)dst + sizeof size, 0, size - sizeof size);
    memcpy((char *)dst + sizeof size, (const char *)full + sizeof size,
           (size < full_size ? size : full_size) - sizeof size);
    return SELECTAI_OK;
}
