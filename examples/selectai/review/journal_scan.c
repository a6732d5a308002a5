/*
 * review/journal_scan.c: where the members of a line of JSON stand.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "journal_scan.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

static const char *blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* Behind the string that begins at `at`; NULL: it does not end. */
static const char *behind_string(const char *at, const char *end)
{
    for (at++; at < end && (unsigned char)*at >= 0x20; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\' && ++at >= end)
            return NULL;
    }
    return NULL;
}

/* Behind a number, true, false or null. */
static const char *behind_word(const char *at, const char *end)
{
    const char *first = at;
    while (at < end && ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || *at == '-' || *at == '+' ||
                        *at == '.' || *at == 'E'))
        at++;
    return at > first ? at : NULL;
}

/* Behind an object or array: brackets in pairs, strings whole. */
static const char *behind_brackets(const char *at, const char *end)
{
    char open[MAX_DEPTH];
    size_t depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = behind_string(at, end);
            if (!at)
                return NULL;
            continue;
        }
        if (*at == '{' || *at == '[') {
            if (depth == MAX_DEPTH)
                return NULL;
            open[depth++] = *at == '{' ? '}' : ']';
        } else if (*at == '}' || *at == ']') {
            if (open[--depth] != *at)
                return NULL;
            if (depth == 0)
                return at + 1;
        } else if ((unsigned char)*at < 0x20 && *at != '\t') {
            return NULL;
        }
        at++;
    }
    return NULL;
}

static const char *behind_value(const char *at, const char *end)
{
    if (at >= end)
        return NULL;
    if (*at == '"')
        return behind_string(at, end);
    return *at == '{' || *at == '[' ? behind_brackets(at, end) : behind_word(at, end);
}

int scan_open(struct scan *scan, struct span text, char open)
{
    const char *end = text.at + text.n, *at = blanks(text.at, end);
    *scan = (struct scan){.at = at + 1, .end = end, .close = open == '{' ? '}' : ']'};
    return at < end && *at == open;
}

static int no_json(struct scan *scan)
{
    scan->failed = 1;
    return 0;
}

/* A member's key and the colon behind it. */
static const char *read_key(struct span *key, const char *at, const char *end)
{
    const char *behind = at < end && *at == '"' ? behind_string(at, end) : NULL;
    if (!behind)
        return NULL;
    *key = (struct span){at + 1, (size_t)(behind - at) - 2};
    at = blanks(behind, end);
    return at < end && *at == ':' ? blanks(at + 1, end) : NULL;
}

int scan_next(struct scan *scan, struct span *key, struct span *value)
{
    const char *at = blanks(scan->at, scan->end);
    if (scan->failed || at >= scan->end)
        return no_json(scan);
    if (*at == scan->close) {
        scan->at = at; /* stays there: asking again gives the end again */
        return blanks(at + 1, scan->end) == scan->end ? 0 : no_json(scan);
    }
    if (scan->begun && *at++ != ',')
        return no_json(scan);
    at = blanks(at, scan->end);
    if (scan->close == '}' && !(at = read_key(key, at, scan->end)))
        return no_json(scan);
    const char *behind = behind_value(at, scan->end);
    if (!behind)
        return no_json(scan);
    *value = (struct span){at, (size_t)(behind - at)};
    scan->begun = 1;
    scan->at = behind;
    return 1;
}

int span_is(struct span span, const char *text)
{
    return strlen(text) == span.n && memcmp(span.at, text, span.n) == 0;
}

int span_text(char *out, size_t n_out, struct span span)
{
    if (span.n < 2 || span.at[0] != '"' || span.n - 2 >= n_out || memchr(span.at, '\\', span.n))
        return 0;
    memcpy(out, span.at + 1, span.n - 2);
    out[span.n - 2] = '\0';
    return 1;
}

int span_count(uint64_t *out, struct span span)
{
    uint64_t value = 0;
    for (size_t i = 0; i < span.n; i++) {
        if (span.at[i] < '0' || span.at[i] > '9' || value > (UINT64_MAX - 9) / 10)
            return 0;
        value = 10 * value + (uint64_t)(span.at[i] - '0');
    }
    *out = value;
    return span.n > 0;
}

int span_number(double *out, struct span span)
{
    char text[64], *end;
    if (span.n == 0 || span.n >= sizeof text || !strchr("-0123456789", span.at[0]))
        return 0;
    memcpy(text, span.at, span.n);
    text[span.n] = '\0';
    *out = strtod(text, &end);
    return *end == '\0';
}
