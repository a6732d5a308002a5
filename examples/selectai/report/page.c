/*
 * report/page.c: HTML text, escaping, pictures as data URIs.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

static char *reserve(struct page *page, size_t n)
{
    if (page->failed)
        return NULL;
    if (page->capacity - page->length <= n) {
        size_t capacity = 2 * (page->length + n) + 4096;
        char *text = realloc(page->text, capacity);
        if (!text) {
            page->failed = 1;
            return NULL;
        }
        page->text = text;
        page->capacity = capacity;
    }
    return page->text + page->length;
}

static void add(struct page *page, const char *bytes, size_t n)
{
    char *to = reserve(page, n);
    if (!to)
        return;
    memcpy(to, bytes, n);
    to[n] = '\0';
    page->length += n;
}

void page_puts(struct page *page, const char *html)
{
    add(page, html, strlen(html));
}

void page_printf(struct page *page, const char *fmt, ...)
{
    char local[2048];
    va_list list;
    va_start(list, fmt);
    int n = vsnprintf(local, sizeof local, fmt, list);
    va_end(list);
    if (n < 0 || (size_t)n >= sizeof local)
        page->failed = 1; /* formats here are short; long texts go through page_escape() */
    else
        add(page, local, (size_t)n);
}

/* Bytes of the UTF-8 sequence at p as RFC 3629 has it (no overlong forms, no surrogates), or 0; 0 also for control
 * characters, which HTML does not allow. */
static size_t sequence(const unsigned char *p)
{
    if (p[0] < 0x80)
        return (p[0] >= 0x20 && p[0] != 0x7F) || p[0] == '\t' || p[0] == '\n';
    size_t n = p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : p[0] >= 0xE0 && p[0] < 0xF0 ? 3 : p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    int overlong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    int beyond = (p[0] == 0xED && p[1] >= 0xA0) || (p[0] == 0xF4 && p[1] >= 0x90);
    int control = p[0] == 0xC2 && p[1] < 0xA0;
    return overlong || beyond || control ? 0 : n;
}

void page_escape(struct page *page, const char *text)
{
    while (*text) {
        size_t n = sequence((const unsigned char *)text);
        switch (*text) {
        case '&':
            page_puts(page, "&amp;");
            break;
        case '<':
            page_puts(page, "&lt;");
            break;
        case '>':
            page_puts(page, "&gt;");
            break;
        case '"':
            page_puts(page, "&quot;");
            break;
        case '\'':
            page_puts(page, "&#39;");
            break;
        default:
            if (n)
                add(page, text, n);
            else
                page_puts(page, "\xEF\xBF\xBD");
        }
        text += n ? n : 1;
    }
}

static void add_base64(struct page *page, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = (n + 2) / 3 * 4;
    char *to = reserve(page, length);
    if (!to)
        return;
    for (size_t i = 0; i < n; i += 3, to += 4) {
        size_t left = n - i;
        uint32_t v = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                     (left > 2 ? bytes[i + 2] : 0);
        to[0] = digits[v >> 18];
        to[1] = digits[v >> 12 & 63];
        to[2] = left > 1 ? digits[v >> 6 & 63] : '=';
        to[3] = left > 2 ? digits[v & 63] : '=';
    }
    *to = '\0';
    page->length += length;
}

int page_picture(struct page *page, const char *path, uint32_t max_side, const char *alt)
{
    selectai_image *image = NULL, *small = NULL;
    struct selectai_image_options options;
    uint8_t *bytes = NULL;
    size_t n = 0;
    selectai_image_options_init(&options, sizeof options);
    options.min_side = max_side; /* what large JPEG files show at this size they also show decoded to a part */
    int rc = selectai_image_load(&image, path, &options);
    if (rc == SELECTAI_OK) {
        uint64_t w = selectai_image_width(image), h = selectai_image_height(image), longer = w > h ? w : h;
        if (longer > max_side) {
            w = (w * max_side + longer / 2) / longer;
            h = (h * max_side + longer / 2) / longer;
        }
        rc = selectai_image_resize(&small, image, w ? (uint32_t)w : 1, h ? (uint32_t)h : 1, SELECTAI_FILTER_BICUBIC);
    }
    if (rc == SELECTAI_OK)
        rc = selectai_image_encode(&bytes, &n, small, SELECTAI_FORMAT_JPEG, 82);
    if (rc == SELECTAI_OK) {
        page_puts(page, "<img alt=\"");
        page_escape(page, alt);
        page_printf(page, "\" width=\"%u\" height=\"%u\" decoding=\"async\"", selectai_image_width(small),
                    selectai_image_height(small));
        page_puts(page, " src=\"data:image/jpeg;base64,");
        add_base64(page, bytes, n);
        page_puts(page, "\">");
    }
    selectai_free(bytes);
    selectai_image_destroy(&image);
    selectai_image_destroy(&small);
    return rc;
}

int page_flush(struct page *page, FILE *stream)
{
    int failed = page->failed || (page->length > 0 && fwrite(page->text, 1, page->length, stream) != page->length);
    page->length = 0;
    return failed ? -1 : 0;
}

void page_free(struct page *page)
{
    free(page->text);
    *page = (struct page){0};
}
