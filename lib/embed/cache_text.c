/*
 * embed/cache_text.c: file names as the index knows them.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/text.h"
#include "embed/cache_table.h"

/* Length of the UTF-8 character at p, 0 if there is none. */
static size_t character(const char *p, size_t n)
{
    for (size_t k = 1; k <= 4 && k <= n; k++)
        if (sai_utf8_valid(p, k))
            return k;
    return 0;
}

int sai_cache_clean_text(const char **out, char **copy, const char *text)
{
    size_t n = strlen(text);
    struct sai_text clean = {0};
    *copy = NULL;
    *out = text;
    if (sai_utf8_valid(text, n))
        return SELECTAI_OK;
    for (size_t i = 0; i < n;) {
        size_t k = character(text + i, n - i);
        if (k == 0)
            sai_text_puts(&clean, "\xEF\xBF\xBD");
        else
            sai_text_add(&clean, text + i, k);
        i += k ? k : 1;
    }
    int rc = sai_text_finish(&clean, copy);
    if (rc == SELECTAI_OK)
        *out = *copy;
    return rc;
}
