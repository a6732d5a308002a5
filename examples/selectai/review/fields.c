/*
 * review/fields.c: the keys of a request's body.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "http.h"

int refuse_field(struct request *request, const char *fmt, ...)
{
    va_list list;
    va_start(list, fmt);
    vsnprintf(request->message, sizeof request->message, fmt, list);
    va_end(list);
    return -1;
}

int want_text(struct request *request, const json_t *body, const char *key, const char **out)
{
    *out = json_string_value(json_object_get(body, key));
    return *out ? 0 : refuse_field(request, "\"%s\" must be a text", key);
}

int want_group(struct request *request, const json_t *body, const char *key, const char **id)
{
    if (want_text(request, body, key, id) != 0)
        return -1;
    return is_hex(*id, REVIEW_ID - 1) ? 0 : refuse_field(request, "\"%s\" must be an id of 16 digits", key);
}

int want_number(struct request *request, const json_t *body, const char *key, double *out)
{
    const json_t *value = json_object_get(body, key);
    *out = NAN;
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_number(value) || !(json_number_value(value) >= 0))
        return refuse_field(request, "\"%s\" must be a number that is not negative", key);
    *out = json_number_value(value);
    return 0;
}

int want_whole(struct request *request, const json_t *body, const char *key, uint64_t *out)
{
    const json_t *value = json_object_get(body, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return refuse_field(request, "\"%s\" must be a whole number that is not negative", key);
    *out = (uint64_t)json_integer_value(value);
    return 0;
}

int want_flag(struct request *request, const json_t *body, const char *key, int *out)
{
    const json_t *value = json_object_get(body, key);
    *out = json_is_true(value);
    return !value || json_is_boolean(value) ? 0 : refuse_field(request, "\"%s\" must be true or false", key);
}
