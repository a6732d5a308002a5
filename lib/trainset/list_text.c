/*
 * trainset/list_text.c: lists in CSV cells. Some writers used JSON, some Python's repr(), some doubled the quotes
 * twice.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <string.h>

#include "trainset/load.h"

static bool starts_with(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* An escape in a Python string, p behind the backslash; returns how many characters it took, 0 if not understood. */
static size_t python_escape(struct sai_text *json, const char *p)
{
    switch (*p) {
    case '\'':
        sai_text_puts(json, "'");
        return 1;
    case '"':
    case '\\':
    case 'n':
    case 'r':
    case 't':
        sai_text_printf(json, "\\%c", *p);
        return 1;
    case 'u':
        sai_text_puts(json, "\\u"); /* the four digits follow as they are; JSON checks them */
        return 1;
    case 'x':
        if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]))
            return 0;
        sai_text_printf(json, "\\u00%c%c", p[1], p[2]);
        return 3;
    default:
        return 0;
    }
}

/* A Python string that starts at p with its quote, as a JSON string; returns what follows it, NULL if it is broken. */
static const char *python_string(struct sai_text *json, const char *p)
{
    char quote = *p++;
    sai_text_puts(json, "\"");
    while (*p && *p != quote) {
        if (*p == '\\') {
            size_t n = python_escape(json, p + 1);
            if (n == 0)
                return NULL;
            p += n + 1;
        } else {
            if (*p == '"')
                sai_text_puts(json, "\\");
            sai_text_add(json, p++, 1);
        }
    }
    sai_text_puts(json, "\"");
    return *p ? p + 1 : NULL;
}

/* Turns Python's notation into JSON's; false if a string is broken. */
static bool python_to_json(struct sai_text *json, const char *p)
{
    while (p && *p) {
        if (*p == '\'' || *p == '"') {
            p = python_string(json, p);
        } else if (starts_with(p, "None")) {
            sai_text_puts(json, "null");
            p += 4;
        } else if (starts_with(p, "nan")) {
            sai_text_puts(json, "null");
            p += 3;
        } else {
            sai_text_add(json, p++, 1);
        }
    }
    return p && !json->failed;
}

static void undouble_quotes(struct sai_text *json, const char *p)
{
    for (; *p; p++) {
        sai_text_add(json, p, 1);
        if (p[0] == '"' && p[1] == '"')
            p++;
    }
}

static json_t *parse_array(const char *text, size_t n)
{
    json_t *value = json_loadb(text, n, 0, NULL);
    if (json_is_array(value))
        return value;
    json_decref(value);
    return NULL;
}

int sai_list_parse(json_t **out, const char *text, const char *what)
{
    struct sai_text json = {0};
    json_t *list = parse_array(text, strlen(text));

    if (!list && python_to_json(&json, text))
        list = parse_array(json.data ? json.data : "", json.length);
    if (!list) {
        sai_text_clear(&json);
        undouble_quotes(&json, text);
        list = json.failed ? NULL : parse_array(json.data ? json.data : "", json.length);
    }
    sai_text_free(&json);
    if (!list)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s is no list in the notation of JSON or Python", what);
    *out = list;
    return SELECTAI_OK;
}
