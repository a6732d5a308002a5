/*
 * review/journal_scan.h: where the members of a line of JSON stand, without making a tree of it: a journal of 100,000
 * lines is opened in a fraction of a second.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_JOURNAL_SCAN_H
#define REVIEW_JOURNAL_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* A piece of text; of a string with its quotes. */
struct span {
    const char *at;
    size_t n;
};

/* Walks through the members of an object or the elements of an array. */
struct scan {
    const char *at, *end;
    char close; /* '}' or ']' */
    int begun, failed;
};

/* 0: `text` is no object or array (`open`: '{' or '['). */
int scan_open(struct scan *scan, struct span text, char open);

/* 1: the next one; `key` (objects) is without quotes, escapes as they stand. 0: the end, or scan->failed: this is no
 * JSON, or there is something behind it. Brackets, strings and commas are checked, the letters of numbers are not. */
int scan_next(struct scan *scan, struct span *key, struct span *value);

int span_is(struct span span, const char *text); /* bytes as they stand */

/* The text between a string's quotes; 0 if it is no string, has escapes, or does not fit. */
int span_text(char *out, size_t n_out, struct span span);
int span_count(uint64_t *out, struct span span); /* a whole number from 0 */
int span_number(double *out, struct span span);

#endif
