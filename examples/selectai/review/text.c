/*
 * review/text.c: text that grows.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

/* Room for n more bytes and the final 0. */
static int make_room(struct text *text, size_t n)
{
    if (text->failed || n >= SIZE_MAX / 4 || text->n >= SIZE_MAX / 4) {
        text->failed = 1;
        return 0;
    }
    size_t want = text->n + n + 1;
    if (want <= text->capacity)
        return 1;
    size_t capacity = text->capacity ? text->capacity : 1024;
    while (capacity < want)
        capacity *= 2;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        text->failed = 1;
        return 0;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return 1;
}

void text_put(struct text *text, const char *bytes, size_t n)
{
    if (!make_room(text, n))
        return;
    memcpy(text->bytes + text->n, bytes, n);
    text->n += n;
    text->bytes[text->n] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_put(text, string, strlen(string));
}

void text_format(struct text *text, const char *fmt, ...)
{
    va_list list, again;
    va_start(list, fmt);
    va_copy(again, list);
    int n = vsnprintf(NULL, 0, fmt, list);
    va_end(list);
    if (n >= 0 && make_room(text, (size_t)n)) {
        vsnprintf(text->bytes + text->n, (size_t)n + 1, fmt, again);
        text->n += (size_t)n;
    } else {
        text->failed = 1;
    }
    va_end(again);
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

static int is_plain(const char *string)
{
    for (const unsigned char *p = (const unsigned char *)string; *p; p++)
        if (*p < 0x20 || *p >= 0x7F || *p == '"' || *p == '\\')
            return 0;
    return 1;
}

void text_string(struct text *text, const char *string)
{
    if (!is_plain(string)) {
        text_json(text, json_of_bytes(string));
        return;
    }
    text_put(text, "\"", 1);
    text_add(text, string);
    text_put(text, "\"", 1);
}

void text_number(struct text *text, double value)
{
    if (isfinite(value))
        text_format(text, "%.6g", value);
    else
        text_add(text, "null");
}

void text_exact(struct text *text, double value)
{
    if (isfinite(value))
        text_format(text, "%.17g", value);
    else
        text_add(text, "null");
}

void text_whole(struct text *text, uint64_t value)
{
    char digits[20];
    size_t n = sizeof digits;
    do
        digits[--n] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    text_put(text, digits + n, sizeof digits - n);
}

void text_flag(struct text *text, int value)
{
    text_add(text, value ? "true" : "false");
}

static int put_chunk(const char *bytes, size_t n, void *user)
{
    struct text *text = user;
    text_put(text, bytes, n);
    return text->failed ? -1 : 0;
}

void text_json(struct text *text, json_t *value)
{
    if (!value)
        text_add(text, "null");
    else if (json_dump_callback(value, put_chunk, text, JSON_COMPACT | JSON_ENCODE_ANY | JSON_STYLE) != 0)
        text->failed = 1;
    json_decref(value);
}
