/*
 * test_project_names.c: the file name parser.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <time.h>

#include "base/rng.h"

static int parse(struct selectai_parsed_name *out, const char *name)
{
    memset(out, 0xAA, sizeof *out);
    out->struct_size = sizeof *out;
    return selectai_parse_filename(out, name);
}

static void accepted_names(void **state)
{
    static const struct {
        const char *name;
        double stage;
        const char *timestamp, *label;
    } cases[] = {
        {"20250708_060711_stage1.5_face_swapped.png", 1.5, "20250708_060711", "face_swapped"},
        {"20250708_060711_stage2.png", 2, "20250708_060711", ""},
        {"20250708_060711_stage10.25_x.webp", 10.25, "20250708_060711", "x"},
        {"20250708_060711_stage2.5.png", 2.5, "20250708_060711", ""},
        {"20250708_060711_stage2_upscaled_v2 (1).png", 2, "20250708_060711", "upscaled_v2 (1)"},
        {"20250708_060711_stage2 (1).png", 2, "20250708_060711", " (1)"},
        {"20250708_060711_stage2_v1.2.png", 2, "20250708_060711", "v1.2"},
        {"20250708_060711_stage2_upscaled (2) copy.final.png", 2, "20250708_060711", "upscaled (2) copy.final"},
        {"20250708_060711_stage2-1.png", 2, "20250708_060711", "-1"},
        {"20250708_060711_stage2 - Copy.PNG", 2, "20250708_060711", " - Copy"},
        {"20250708_060711_stage10.25.png", 10.25, "20250708_060711", ""},
        {"20250708_060711_stage1.50_x.png", 1.5, "20250708_060711", "x"},
        {"20250708_060711_stage2_stage3_x.png", 2, "20250708_060711", "stage3_x"},
        {"20250708_060711_stage2__x.png", 2, "20250708_060711", "_x"},
        {"99991231_235959_stage9999.999999_.png", 9999.999999, "99991231_235959", ""},
        {"20250708_060711_stage3_\xC3\xA9t\xC3\xA9.JPG", 3, "20250708_060711", "\xC3\xA9t\xC3\xA9"},
        {"a b/c_d/20240229_235959_stage1_generated.jpeg", 1, "20240229_235959", "generated"},
        {"/abs/20000229_000000_stage0001_.png", 1, "20000229_000000", ""},
        {"19700101_000000_stage0.000001.png", 0.000001, "19700101_000000", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct selectai_parsed_name parsed;
        if (parse(&parsed, cases[i].name) != SELECTAI_OK)
            fail_msg("%s: %s", cases[i].name, selectai_last_error());
        assert_true(parsed.stage == cases[i].stage);
        assert_string_equal(parsed.timestamp, cases[i].timestamp);
        assert_int_equal(parsed.label_length, strlen(cases[i].label));
        assert_memory_equal(cases[i].name + parsed.label_offset, cases[i].label, parsed.label_length);
    }
}

static void refused_names(void **state)
{
    static const struct {
        const char *name, *why;
    } cases[] = {
        {"", "timestamp"},
        {"photo.png", "timestamp"},
        {"20250708-060711_stage1.png", "timestamp"},
        {"2025070_060711_stage1.png", "timestamp"},
        {"20250708_060711.png", "_stage"},
        {"20250708_060711_face.png", "_stage"},
        {"20250708_060711_Stage1.png", "_stage"},
        {"20250708_060711_stage.png", "no number"},
        {"20250708_060711_stage_x.png", "no number"},
        {"20250708_060711_stagex.png", "no number"},
        {"20250708_060711_stage2x.png", "letter"},
        {"20250708_060711_stage12345_x.png", "too many digits"},
        {"20250708_060711_stage1.1234567_x.png", "too many digits"},
        {"20250708_060711_stage99999999999999999999999999999999.png", "too many digits"},
        {"20250708_060711_stage2", "extension"},
        {"20250708_060711_stage2.", "extension"},
        {"20250708_060711_stage2.5", "extension"},
        {"20250708_060711_stage2_x/", "timestamp"},
        {"00000101_000000_stage1.png", "year"},
        {"20250001_000000_stage1.png", "month"},
        {"20251301_000000_stage1.png", "month"},
        {"20250100_000000_stage1.png", "day"},
        {"20250132_000000_stage1.png", "day"},
        {"20250431_000000_stage1.png", "no such day"},
        {"20250229_000000_stage1.png", "no such day"},
        {"19000229_000000_stage1.png", "no such day"},
        {"21000229_000000_stage1.png", "no such day"},
        {"20250631_000000_stage1.png", "no such day"},
        {" 20250708_060711_stage1.png", "timestamp"},
        {"20250708_0607_stage1.png", "timestamp"},
        {"20250708_060711stage1.png", "_stage"},
        {"20250708_060711__stage1.png", "_stage"},
        {"20250708_060711_stage-1.png", "no number"},
        {"20250708_060711_stage.5.png", "no number"},
        {"20250708_060711_stage1.5e3.png", "letter"},
        {"20250708_060711_stage", "no number"},
        {"20250101_240000_stage1.png", "hour"},
        {"20250101_236000_stage1.png", "minute"},
        {"20250101_235960_stage1.png", "second"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct selectai_parsed_name parsed;
        if (parse(&parsed, cases[i].name) != SELECTAI_ERR_FORMAT)
            fail_msg("%s: accepted", cases[i].name);
        if (!strstr(selectai_last_error(), cases[i].why))
            fail_msg("%s: \"%s\" does not say %s", cases[i].name, selectai_last_error(), cases[i].why);
    }
}

static int64_t seconds_of(const char *name)
{
    struct selectai_parsed_name parsed;
    assert_int_equal(parse(&parsed, name), SELECTAI_OK);
    return parsed.seconds;
}

/* Against the C library's calendar, over four centuries' worth of days. */
static void seconds_agree_with_timegm(void **state)
{
    (void)state;
    assert_true(seconds_of("19700101_000000_stage1.png") == 0);
    assert_true(seconds_of("20000301_000000_stage1.png") == 951868800);
    assert_true(seconds_of("19691231_235959_stage1.png") == -1);
    for (int64_t day = -100000; day < 100000; day += 13) {
        char name[64];
        time_t t = (time_t)(day * 86400 + 45296);
        struct tm tm;
        gmtime_r(&t, &tm);
        snprintf(name, sizeof name, "%04u%02u%02u_%02u%02u%02u_stage1.png", (unsigned)(tm.tm_year + 1900) % 10000,
                 (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
                 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
        assert_true(seconds_of(name) == (int64_t)t);
    }
}

/* Random damage to a good name: whatever it says, it says it without reading outside (sanitizers watch). */
static void damaged_names(void **state)
{
    struct sai_rng rng;
    static const char good[] = "20250708_060711_stage1.5_face_swapped.png";
    size_t accepted = 0;
    (void)state;
    sai_rng_seed(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        struct selectai_parsed_name parsed;
        size_t n = 1 + (size_t)sai_rng_below(&rng, sizeof good - 1);
        char *name = malloc(n + 1);
        memcpy(name, good, n);
        name[n] = '\0';
        for (uint64_t k = sai_rng_below(&rng, 3); k > 0; k--)
            name[sai_rng_below(&rng, n)] = (char)(1 + sai_rng_below(&rng, 255));
        if (parse(&parsed, name) == SELECTAI_OK) {
            accepted++;
            assert_true((size_t)parsed.label_offset + parsed.label_length <= strlen(name));
            assert_true(parsed.stage >= 0);
        }
        free(name);
    }
    assert_true(accepted > 0);
}

static void bad_arguments(void **state)
{
    struct selectai_parsed_name parsed = {0};
    (void)state;
    assert_int_equal(selectai_parse_filename(NULL, "x"), SELECTAI_ERR_INVALID_ARGUMENT);
    parsed.struct_size = sizeof parsed;
    assert_int_equal(selectai_parse_filename(&parsed, NULL), SELECTAI_ERR_INVALID_ARGUMENT);
    parsed.struct_size = 0;
    assert_int_equal(selectai_parse_filename(&parsed, "20250708_060711_stage2.png"), SELECTAI_ERR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_names), cmocka_unit_test(refused_names), cmocka_unit_test(seconds_agree_with_timegm),
        cmocka_unit_test(damaged_names),  cmocka_unit_test(bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
