/*
 * report/page.h: building a self-contained HTML page in memory.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef PROGRAM_PAGE_H
#define PROGRAM_PAGE_H

#include <selectai/selectai.h>
#include <stdio.h>

/* Out of memory is sticky: check `failed` once at the end. */
struct page {
    char *text;
    size_t length, capacity;
    int failed;
};

void page_puts(struct page *page, const char *html);
void page_printf(struct page *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text with & < > " ' escaped; bytes that are no UTF-8, and control characters, become U+FFFD. */
void page_escape(struct page *page, const char *text);

/* An <img> with the picture as JPEG in it, scaled down so that neither side exceeds max_side. An error code: nothing
 * was added then. */
int page_picture(struct page *page, const char *path, uint32_t max_side, const char *alt);

/* Writes what is there and goes on empty: long pages need no long memory. 0, or -1 if memory or the file failed. */
int page_flush(struct page *page, FILE *stream);

void page_free(struct page *page);

#endif
