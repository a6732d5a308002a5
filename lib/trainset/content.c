/*
 * trainset/content.c: comparing files byte by byte.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "trainset/extraction.h"

static bool same_bytes(FILE *a, FILE *b)
{
    char left[16384], right[16384];
    for (;;) {
        size_t n = fread(left, 1, sizeof left, a), k = fread(right, 1, sizeof right, b);
        if (n != k || memcmp(left, right, n) != 0 || ferror(a) || ferror(b))
            return false;
        if (n < sizeof left)
            return true;
    }
}

bool sai_same_content(const char *path_a, const char *path_b)
{
    struct stat a, b;
    if (stat(path_a, &a) != 0 || stat(path_b, &b) != 0 || a.st_size != b.st_size)
        return false;
    FILE *left = fopen(path_a, "rbe"), *right = fopen(path_b, "rbe");
    bool same = left && right && same_bytes(left, right);
    if (left)
        fclose(left);
    if (right)
        fclose(right);
    return same;
}
