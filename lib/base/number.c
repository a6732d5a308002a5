/*
 * base/number.c: locale-independent numbers.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

/* strtod() and printf() follow LC_NUMERIC. Its decimal point is found by asking printf, and swapped. */
static char decimal_point(void)
{
    char probe[8];
    snprintf(probe, sizeof probe, "%.1f", 0.5);
    return probe[1];
}

static void replace(char *text, char from, char to)
{
    for (; from != to && *text; text++)
        if (*text == from)
            *text = to;
}

void sai_number_format(char out[SAI_NUMBER_SIZE], double value)
{
    char point = decimal_point();
    if (value == 0)
        value = 0; /* no "-0" */
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, SAI_NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    /* Large whole numbers read better, and stay integers for JSON readers, without an exponent. */
    if (fabs(value) < 1e15 && value == floor(value))
        snprintf(out, SAI_NUMBER_SIZE, "%.0f", value);
    replace(out, point, '.');
}

static bool looks_decimal(const char *text, size_t n)
{
    return n > 0 && strspn(text, "0123456789+-.eE") == n;
}

bool sai_number_parse(double *out, const char *text)
{
    char local[64], *end;
    size_t n = strlen(text);
    if (n >= sizeof local || !looks_decimal(text, n))
        return false;
    memcpy(local, text, n + 1);
    replace(local, '.', decimal_point());
    double value = strtod(local, &end);
    if (*end || !isfinite(value))
        return false;
    *out = value;
    return true;
}

bool sai_number_parse_u64(uint64_t *out, const char *text)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}
