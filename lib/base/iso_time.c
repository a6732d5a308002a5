/*
 * base/iso_time.c: moments as text.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stddef.h>
#include <stdio.h>

#include "base/iso_time.h"

#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_SECOND  INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* n digits at *at, which moves on. */
static bool read_number(int *out, const char **at, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (!is_digit(**at))
            return false;
        value = value * 10 + (**at - '0');
    }
    *out = value;
    return true;
}

static bool read_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days since 1970-01-01, proleptic Gregorian. Years start in March, so that the leap day is their last. */
static int64_t days_of_date(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1; /* 153 days in five months from March */
    return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

/* Year, month and day, with that character between them ('\0': none). */
static bool read_date(int64_t *days, const char **at, char between)
{
    int year, month, day;
    if (!read_number(&year, at, 4) || (between && !read_char(at, between)) || !read_number(&month, at, 2) ||
        (between && !read_char(at, between)) || !read_number(&day, at, 2))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return false;
    *days = days_of_date(year, month, day);
    return true;
}

static bool seconds_of(int *out, int hour, int minute, int second)
{
    *out = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

/* HH:MM[:SS[.fraction]]; *rest becomes true if the fraction is more than zero. */
static bool read_clock(int *out, bool *rest, const char **at)
{
    int hour, minute, second = 0;
    *rest = false;
    if (!read_number(&hour, at, 2) || !read_char(at, ':') || !read_number(&minute, at, 2))
        return false;
    if (read_char(at, ':')) {
        if (!read_number(&second, at, 2))
            return false;
        if (read_char(at, '.') || read_char(at, ',')) {
            if (!is_digit(**at))
                return false;
            for (; is_digit(**at); (*at)++)
                *rest |= **at != '0';
        }
    }
    return seconds_of(out, hour, minute, second);
}

/* Z, +hh:mm, +hhmm, +hh or nothing: seconds east of Greenwich. */
static bool read_zone(int *offset, const char **at)
{
    int hour, minute = 0;
    bool west = **at == '-';
    *offset = 0;
    if (**at == '\0' || read_char(at, 'Z') || read_char(at, 'z'))
        return true;
    if (!read_char(at, '+') && !read_char(at, '-'))
        return false;
    if (!read_number(&hour, at, 2))
        return false;
    if (read_char(at, ':') ? !read_number(&minute, at, 2) : is_digit(**at) && !read_number(&minute, at, 2))
        return false;
    if (!seconds_of(offset, hour, minute, 0))
        return false;
    if (west)
        *offset = -*offset;
    return true;
}

static bool read_iso(int64_t *days, int *clock, bool *rest, int *offset, const char *text)
{
    const char *at = text;
    *clock = *offset = 0;
    *rest = false;
    if (!read_date(days, &at, '-'))
        return false;
    if (*at == '\0')
        return true;
    if (!read_char(&at, 'T') && !read_char(&at, 't') && !read_char(&at, ' '))
        return false;
    return read_clock(clock, rest, &at) && read_zone(offset, &at) && *at == '\0';
}

static bool read_compact(int64_t *days, int *clock, const char *text)
{
    const char *at = text;
    int hour, minute, second;
    return read_date(days, &at, '\0') && read_char(&at, '_') && read_number(&hour, &at, 2) &&
           read_number(&minute, &at, 2) && read_number(&second, &at, 2) && *at == '\0' &&
           seconds_of(clock, hour, minute, second);
}

bool sai_moment_parse(struct sai_moment *out, const char *text)
{
    int64_t days;
    int clock, offset = 0;
    bool rest = false;
    if (!text || (!read_iso(&days, &clock, &rest, &offset, text) && !read_compact(&days, &clock, text)))
        return false;
    int64_t seconds = days * SAI_SECONDS_OF_DAY + clock - offset;
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
        return false;
    *out = (struct sai_moment){.seconds = seconds, .midnight = clock == 0 && !rest};
    return true;
}

bool sai_time_parse(int64_t *seconds, const char *text)
{
    struct sai_moment moment;
    if (!sai_moment_parse(&moment, text))
        return false;
    *seconds = moment.seconds;
    return true;
}

bool sai_time_format_iso(char out[SAI_ISO_TIME_BYTES], int64_t seconds)
{
    out[0] = '\0';
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
        return false;
    /* Counted from 0000-03-01, where four hundred years of 146097 days begin; all terms are positive. */
    int64_t since = seconds + INT64_C(719468) * SAI_SECONDS_OF_DAY;
    int64_t days = since / SAI_SECONDS_OF_DAY, clock = since % SAI_SECONDS_OF_DAY;
    int64_t era = days / 146097, day_of_era = days % 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 = March */
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int64_t year = era * 400 + year_of_era + (month >= 10);
    month = month < 10 ? month + 3 : month - 9;
    /* The remainders say to the compiler that the text fits. */
    snprintf(out, SAI_ISO_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000u, (unsigned)month % 100u,
             (unsigned)day % 100u, (unsigned)(clock / 3600) % 100u, (unsigned)(clock / 60 % 60) % 100u,
             (unsigned)(clock % 60) % 100u);
    return true;
}
