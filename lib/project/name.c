/*
 * project/name.c: file names, YYYYMMDD_HHMMSS_stageN[.N][_label].ext.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/path.h"
#include "project/name.h"

#define MAX_NAME         65535u /* bytes; longer than any file system allows for a path */
#define STAGE_DIGITS     4u     /* before the point */
#define STAGE_DECIMALS   6u     /* after it: both together stay far below the 15 digits a double keeps */
#define TIMESTAMP_LENGTH 15u

/* What every name starts with; '#' is a digit. */
static const char pattern[] = "########_######_stage";

/* The numbers in it. The day's upper end depends on the month and is checked after these. */
static const struct field {
    unsigned offset, digits, least, most;
    const char *problem;
} fields[] = {
    {0, 4, 1, 9999, "the year is 0000"},          {4, 2, 1, 12, "the month is not 01 to 12"},
    {6, 2, 1, 31, "the day is not 01 to 31"},     {9, 2, 0, 23, "the hour is not 00 to 23"},
    {11, 2, 0, 59, "the minute is not 00 to 59"}, {13, 2, 0, 59, "the second is not 00 to 59"},
};
enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, N_FIELDS };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool starts_as_pattern(const char *name)
{
    for (size_t i = 0; pattern[i]; i++)
        if (pattern[i] == '#' ? !is_digit(name[i]) : name[i] != pattern[i])
            return false;
    return true;
}

/* Says which part is missing; names without a stage are so frequent that they deserve their own words. */
static const char *why_not_pattern(const char *name)
{
    size_t i = 0;
    while (pattern[i] && (pattern[i] == '#' ? is_digit(name[i]) : name[i] == pattern[i]))
        i++;
    if (i < TIMESTAMP_LENGTH)
        return "it does not start with a timestamp YYYYMMDD_HHMMSS";
    return "no _stage follows the timestamp";
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar. Years start in March, so that the leap day is their last.
 */
static int64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2);
    unsigned months_since_march = (month + 9) % 12;
    int64_t day_of_year = (153 * months_since_march + 2) / 5 + day - 1; /* 153 days in each five months from March */
    return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;  /* days from 0000-03-01 to 1970-01-01 */
}

static const char *parse_time(struct selectai_parsed_name *out, const char *name)
{
    unsigned v[N_FIELDS];
    for (size_t i = 0; i < N_FIELDS; i++) {
        v[i] = 0;
        for (unsigned k = 0; k < fields[i].digits; k++)
            v[i] = v[i] * 10 + (unsigned)(name[fields[i].offset + k] - '0');
        if (v[i] < fields[i].least || v[i] > fields[i].most)
            return fields[i].problem;
    }
    if (v[DAY] > days_in_month(v[YEAR], v[MONTH]))
        return "the month has no such day";
    out->seconds = days_since_1970(v[YEAR], v[MONTH], v[DAY]) * 86400 + v[HOUR] * 3600 + v[MINUTE] * 60 + v[SECOND];
    memcpy(out->timestamp, name, TIMESTAMP_LENGTH);
    out->timestamp[TIMESTAMP_LENGTH] = '\0';
    return NULL;
}

/* N or N.N at p; *end becomes what follows. A point that no digit follows belongs to the extension. */
static const char *parse_stage(double *stage, const char **end, const char *p)
{
    double digits = 0, scale = 1;
    unsigned n = 0, decimals = 0;
    for (; is_digit(*p); p++, n++)
        digits = digits * 10 + (*p - '0');
    if (n == 0)
        return "no number follows _stage";
    if (n <= STAGE_DIGITS && p[0] == '.' && is_digit(p[1])) {
        for (p++; is_digit(*p) && decimals <= STAGE_DECIMALS; p++, decimals++) {
            digits = digits * 10 + (*p - '0');
            scale *= 10;
        }
    }
    if (n > STAGE_DIGITS || decimals > STAGE_DECIMALS)
        return "the stage number has too many digits";
    *stage = digits / scale; /* both exact, so this is the double nearest to what is written */
    *end = p;
    return NULL;
}

const char *sai_parse_name(struct selectai_parsed_name *out, const char *name)
{
    const char *base = sai_path_basename(name), *p = NULL;
    size_t length = strlen(name);

    if (length > MAX_NAME)
        return "it is too long";
    if (!starts_as_pattern(base))
        return why_not_pattern(base);
    const char *problem = parse_time(out, base);
    if (!problem)
        problem = parse_stage(&out->stage, &p, base + sizeof pattern - 1);
    if (problem)
        return problem;
    if (is_letter(*p))
        return "a letter follows the stage number, '_' or the extension is expected";
    const char *dot = strrchr(p, '.');
    if (!dot || !dot[1])
        return "it has no extension";
    if (*p == '_' && p < dot)
        p++;
    out->label_offset = (uint32_t)(p - name);
    out->label_length = (uint32_t)(dot - p);
    out->reserved = 0;
    return NULL;
}

int selectai_parse_filename(struct selectai_parsed_name *out, const char *name)
{
    struct selectai_parsed_name parsed = {0};
    SAI_REQUIRE(out && name);
    const char *problem = sai_parse_name(&parsed, name);
    if (problem)
        return SAI_FAIL(SELECTAI_ERR_FORMAT, "%s: is not of the form YYYYMMDD_HHMMSS_stageN[.N][_label].ext: %s", name,
                        problem);
    return sai_struct_out(out, &parsed, sizeof parsed);
}
