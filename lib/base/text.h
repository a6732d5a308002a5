/*
 * base/text.h: UTF-8 checks and a growing text buffer.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_TEXT_H
#define SAI_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/memory.h"

/* Well-formed UTF-8 as RFC 3629 has it: no overlong forms, no surrogates. */
bool sai_utf8_valid(const char *text, size_t n);

/* A growing NUL-terminated text. Out of memory is sticky (`failed`), so single calls need no check. */
struct sai_text {
    char *data; /* NULL until something was added */
    size_t length, capacity;
    bool failed;
};
void sai_text_add(struct sai_text *text, const char *bytes, size_t n);
void sai_text_puts(struct sai_text *text, const char *s);
void sai_text_printf(struct sai_text *text, const char *fmt, ...) SAI_PRINTF(2, 3);
void sai_text_clear(struct sai_text *text); /* keeps the memory */
void sai_text_free(struct sai_text *text);

/* Hands the text over (the receiver frees it with sai_free()); SELECTAI_ERR_OUT_OF_MEMORY if anything failed. */
int sai_text_finish(struct sai_text *text, char **out);

/* A JSON string literal with quotes; bytes that are no UTF-8 become U+FFFD. */
void sai_text_json_string(struct sai_text *text, const char *s);

/* A JSON number: the shortest decimal that reads back as the same double; NaN and infinities become null. */
void sai_text_json_number(struct sai_text *text, double value);

#endif
