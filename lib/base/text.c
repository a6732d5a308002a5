/*
 * base/text.c: UTF-8 and growing texts.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

/* Length of the well-formed sequence at p (1..4), or 0. */
static size_t utf8_sequence(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    size_t need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < need)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
        (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return need;
}

bool sai_utf8_valid(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t k = utf8_sequence((const unsigned char *)text + i, n - i);
        if (k == 0)
            return false;
        i += k;
    }
    return true;
}

void sai_text_add(struct sai_text *text, const char *bytes, size_t n)
{
    size_t need;
    if (text->failed)
        return;
    if (!sai_add_size(&need, text->length, n) || !sai_add_size(&need, need, 1) ||
        !SAI_GROW(text->data, text->capacity, need)) {
        text->failed = true;
        return;
    }
    memcpy(text->data + text->length, bytes, n);
    text->length += n;
    text->data[text->length] = '\0';
}

void sai_text_puts(struct sai_text *text, const char *s)
{
    sai_text_add(text, s, strlen(s));
}

void sai_text_printf(struct sai_text *text, const char *fmt, ...)
{
    char local[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(local, sizeof local, fmt, args);
    va_end(args);
    if (n < 0) {
        text->failed = true;
    } else if ((size_t)n < sizeof local) {
        sai_text_add(text, local, (size_t)n);
    } else {
        char *large = sai_malloc((size_t)n + 1);
        va_start(args, fmt);
        if (large)
            vsnprintf(large, (size_t)n + 1, fmt, args);
        va_end(args);
        if (large)
            sai_text_add(text, large, (size_t)n);
        else
            text->failed = true;
        sai_free(large);
    }
}

void sai_text_clear(struct sai_text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->data)
        text->data[0] = '\0';
}

void sai_text_free(struct sai_text *text)
{
    sai_free(text->data);
    *text = (struct sai_text){0};
}

int sai_text_finish(struct sai_text *text, char **out)
{
    sai_text_add(text, "", 0); /* an empty text is a text */
    if (text->failed) {
        sai_text_free(text);
        return SELECTAI_ERR_OUT_OF_MEMORY;
    }
    *out = text->data;
    *text = (struct sai_text){0};
    return SELECTAI_OK;
}

static void json_escape(struct sai_text *text, unsigned char c)
{
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; short_forms[i]; i += 2) {
        if ((unsigned char)short_forms[i] == c) {
            char pair[2] = {'\\', short_forms[i + 1]};
            sai_text_add(text, pair, 2);
            return;
        }
    }
    sai_text_printf(text, "\\u%04x", c);
}

void sai_text_json_string(struct sai_text *text, const char *s)
{
    size_t n = strlen(s), plain = 0;

    sai_text_add(text, "\"", 1);
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t k = utf8_sequence((const unsigned char *)s + i, n - i);
        if (k > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
            i += k;
            continue;
        }
        sai_text_add(text, s + plain, i - plain);
        if (k == 0)
            sai_text_puts(text, "\xEF\xBF\xBD");
        else
            json_escape(text, c);
        plain = ++i;
    }
    sai_text_add(text, s + plain, n - plain);
    sai_text_add(text, "\"", 1);
}

void sai_text_json_number(struct sai_text *text, double value)
{
    char number[SAI_NUMBER_SIZE];
    if (!isfinite(value)) {
        sai_text_puts(text, "null");
        return;
    }
    sai_number_format(number, value);
    sai_text_puts(text, number);
}
