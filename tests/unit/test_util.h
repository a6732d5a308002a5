/*
 * test_util.h: what unit tests share: cmocka's includes, a temporary folder, small files.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef TEST_UTIL_H
#define TEST_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <selectai/selectai.h>

static inline int util_remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Makes a folder in $TMPDIR or /tmp; path is a buffer of 256 bytes. */
static inline void make_temporary(char *path)
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/selectai-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

static inline void remove_temporary(const char *path)
{
    nftw(path, util_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

/* The whole file, NUL-terminated; the caller frees it. */
static inline char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *text = malloc((size_t)n + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)n, f), (size_t)n);
    text[n] = '\0';
    fclose(f);
    return text;
}

/* Lines of a cache without their checksums, as older versions wrote them: what is changed in them is to be seen. */
static inline void unseal(char *text)
{
    for (char *at; (at = strstr(text, ",\"line_crc32\":")) != NULL;) {
        const char *end = strchr(at, '}');
        memmove(at, end, strlen(end) + 1);
    }
}

#endif
