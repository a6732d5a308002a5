/*
 * review/text.h: text that grows, for answers of many megabytes that a tree of JSON values would be too slow for.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef REVIEW_TEXT_H
#define REVIEW_TEXT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Begin with {0}. Where memory runs out, `failed` is set and what follows does nothing. */
struct text {
    char *bytes; /* NUL-terminated once anything was put */
    size_t n, capacity;
    int failed;
};

void text_put(struct text *text, const char *bytes, size_t n);
void text_add(struct text *text, const char *string);
void text_format(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

/* JSON: a string with its quotes (bytes of what is no UTF-8 become '?'), numbers (null where not finite), true, false.
 */
void text_string(struct text *text, const char *string);
void text_number(struct text *text, double value); /* six digits */
void text_exact(struct text *text, double value);  /* the same number when it is read */
void text_whole(struct text *text, uint64_t value);
void text_flag(struct text *text, int value);
/* A whole value; NULL is null. Takes the reference. */
void text_json(struct text *text, json_t *value);

#endif
