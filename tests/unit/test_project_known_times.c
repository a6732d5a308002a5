/*
 * test_project_known_times.c: moments as text.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <time.h>

#include "base/iso_time.h"

static const struct {
    const char *text;
    int64_t seconds;
    bool midnight;
} good[] = {
    {"1970-01-01", 0, true},
    {"1970-01-01T00:00:00Z", 0, true},
    {"1970-01-01T00:00Z", 0, true},
    {"1970-01-01 00:00:01", 1, false},
    {"1970-01-01t00:00:00.5z", 0, false},
    {"1970-01-01T00:00:00,000", 0, true},
    {"2025-10-05T03:25:40.984589Z", 1759634740, false},
    {"2025-10-11T00:00:00Z", 1760140800, true},
    {"2025-10-11T02:00:00+02:00", 1760140800, false},
    {"2025-10-11T02:00:00+0200", 1760140800, false},
    {"2025-10-10T19:30:00-04:30", 1760140800, false},
    {"2025-10-11T00:00:00-01", 1760144400, true},
    {"20251011_000000", 1760140800, true},
    {"20250727_224840", 1753656520, false},
    {"2024-02-29", 1709164800, true},
    {"1969-12-31T23:59:59.9Z", -1, false},
    {"0001-01-01", INT64_C(-62135596800), true},
    {"9999-12-31T23:59:59Z", INT64_C(253402300799), false},
};

static const char *const bad[] = {
    "",
    " ",
    "x",
    "2025",
    "2025-10",
    "2025-13-01",
    "2025-00-01",
    "2025-02-29",
    "2025-04-31",
    "0000-01-01",
    "2025-10-11T",
    "2025-10-11T24:00:00Z",
    "2025-10-11T23:60:00Z",
    "2025-10-11T23:59:60Z",
    "2025-10-11T12Z",
    "2025-10-11T12:00:00.Z",
    "2025-10-11T12:00:00+",
    "2025-10-11T12:00:00+25:00",
    "2025-10-11T12:00:00+02:",
    "2025-10-11T12:00:00Zx",
    "2025-10-11Z",
    "20251011",
    "20251011_0000",
    "20251011_0000000",
    "20251131_000000",
    "20251011-000000",
    "-025-10-11",
    "2025-10-11T12:00:00+02:000",
    " 2025-10-11",
    "2025-10-11 ",
    "2025/10/11",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "1759634740",
    "group_28",
};

static void reads_real_moments_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct sai_moment moment = {.seconds = 7};
        if (!sai_moment_parse(&moment, good[i].text) || moment.seconds != good[i].seconds)
            fail_msg("%s: %lld", good[i].text, (long long)moment.seconds);
        if (moment.midnight != good[i].midnight)
            fail_msg("%s: midnight", good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t seconds = 7;
        if (sai_time_parse(&seconds, bad[i]) || seconds != 7)
            fail_msg("%s: was read", bad[i]);
    }
    int64_t seconds = 7;
    assert_false(sai_time_parse(&seconds, NULL));
}

/* Against the C library, and back again, over all the years. */
static void writes_what_it_reads(void **state)
{
    (void)state;
    const int64_t first = INT64_C(-62135596800), last = INT64_C(253402300799);
    for (int64_t at = first; at <= last; at += 86400 * 13 + 12345) {
        char text[SAI_ISO_TIME_BYTES], wanted[64];
        time_t when = at;
        struct tm tm;
        int64_t back;
        assert_true(sai_time_format_iso(text, at));
        assert_non_null(gmtime_r(&when, &tm));
        snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                 tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_string_equal(text, wanted);
        assert_true(sai_time_parse(&back, text));
        assert_true(back == at);
    }
}

static void writes_nothing_beyond_the_years(void **state)
{
    (void)state;
    const int64_t outside[] = {INT64_MIN, INT64_MAX, INT64_C(-62135596801), INT64_C(253402300800)};
    char text[SAI_ISO_TIME_BYTES];
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        assert_false(sai_time_format_iso(text, outside[i]));
        assert_string_equal(text, "");
    }
    assert_true(sai_time_format_iso(text, outside[2] + 1));
    assert_string_equal(text, "0001-01-01T00:00:00Z");
    assert_true(sai_time_format_iso(text, outside[3] - 1));
    assert_string_equal(text, "9999-12-31T23:59:59Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_real_moments_only),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(writes_nothing_beyond_the_years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
