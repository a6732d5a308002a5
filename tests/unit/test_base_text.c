/*
 * test_base_text.c: numbers, UTF-8, JSON text, CSV in both directions.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <locale.h>
#include <math.h>

#include "base/csv.h"
#include "base/number.h"
#include "base/rng.h"
#include "base/text.h"
#include "test_util.h"

static void numbers_round_trip(void **state)
{
    (void)state;
    struct sai_rng rng;
    char text[SAI_NUMBER_SIZE];
    double back;
    sai_rng_seed(&rng, 7);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = sai_rng_next(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        sai_number_format(text, value);
        assert_true(sai_number_parse(&back, text));
        assert_true(back == value);
    }
    sai_number_format(text, 1.5);
    assert_string_equal(text, "1.5");
    sai_number_format(text, 2);
    assert_string_equal(text, "2");
    sai_number_format(text, -0.0);
    assert_string_equal(text, "0");
    sai_number_format(text, 1e14);
    assert_string_equal(text, "100000000000000");
}

static void numbers_refuse_what_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"", " 1", "1 ", "1,5", "nan", "inf", "0x10", "1e999", "--1", "1.2.3", "e5", "."};
    double value;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(sai_number_parse(&value, bad[i]));
    uint64_t whole;
    assert_true(sai_number_parse_u64(&whole, "18446744073709551615"));
    assert_true(whole == UINT64_MAX);
    assert_false(sai_number_parse_u64(&whole, "18446744073709551616"));
    assert_false(sai_number_parse_u64(&whole, "-1"));
}

static void numbers_ignore_the_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "cs_CZ.UTF-8"};
    char text[SAI_NUMBER_SIZE];
    double value;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_NUMERIC, names[i]))
            break;
    sai_number_format(text, 0.25);
    assert_string_equal(text, "0.25");
    assert_true(sai_number_parse(&value, "0.25"));
    assert_true(value == 0.25);
    setlocale(LC_NUMERIC, "C");
}

static void utf8_is_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF"};
    static const char *const bad[] = {
        "\x80",     "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xE2\x82", "a\xFF"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(sai_utf8_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(sai_utf8_valid(bad[i], strlen(bad[i])));
}

static void json_text_is_escaped(void **state)
{
    (void)state;
    struct sai_text text = {0};
    sai_text_json_string(&text, "a\"b\\c\n\t\x01\xFFz\xC3\xA9");
    assert_string_equal(text.data, "\"a\\\"b\\\\c\\n\\t\\u0001\xEF\xBF\xBDz\xC3\xA9\"");
    sai_text_clear(&text);
    sai_text_json_number(&text, NAN);
    sai_text_puts(&text, ",");
    sai_text_json_number(&text, 10.25);
    assert_string_equal(text.data, "null,10.25");
    sai_text_free(&text);
}

static void check_csv(const char *content, const char *const *fields, size_t n_fields, size_t n_rows)
{
    char dir[256], path[300];
    make_temporary(dir);
    snprintf(path, sizeof path, "%s/a b.csv", dir);
    write_text(path, content);
    struct sai_csv_reader reader;
    assert_int_equal(sai_csv_open(&reader, path), SELECTAI_OK);
    for (size_t row = 0; row < n_rows; row++) {
        assert_int_equal(sai_csv_next(&reader), SELECTAI_OK);
        assert_int_equal(reader.n_fields, n_fields);
        for (size_t i = 0; i < n_fields; i++)
            assert_string_equal(reader.fields[i], fields[row * n_fields + i]);
    }
    assert_int_equal(sai_csv_next(&reader), SELECTAI_DONE);
    sai_csv_close(&reader);
    remove_temporary(dir);
}

static void csv_reads_what_people_have(void **state)
{
    (void)state;
    static const char *const simple[] = {"a", "b", "1", "2"};
    check_csv("a,b\n1,2\n", simple, 2, 2);
    check_csv("\xEF\xBB\xBF"
              "a,b\r\n1,2",
              simple, 2, 2);
    check_csv("a,b\r\r1,2\n\n\n", simple, 2, 2);
    static const char *const quoted[] = {"x,y", "say \"hi\"", "", "two\nlines", "in\"ner", "z"};
    check_csv("\"x,y\",\"say \"\"hi\"\"\",\n\"two\r\nlines\",in\"ner,z\n", quoted, 3, 2);
    static const char *const empty[] = {"", "", ""};
    check_csv(",,\n", empty, 3, 1);
}

static void csv_refuses_what_never_ends(void **state)
{
    (void)state;
    char dir[256], path[300];
    struct sai_csv_reader reader;
    make_temporary(dir);
    snprintf(path, sizeof path, "%s/bad.csv", dir);
    write_text(path, "ok,1\n\"never closed,2\n3,4\n");
    assert_int_equal(sai_csv_open(&reader, path), SELECTAI_OK);
    assert_int_equal(sai_csv_next(&reader), SELECTAI_OK);
    assert_int_equal(sai_csv_next(&reader), SELECTAI_ERR_FORMAT);
    assert_non_null(strstr(selectai_last_error(), "bad.csv:2"));
    assert_int_equal(sai_csv_next(&reader), SELECTAI_DONE);
    sai_csv_close(&reader);
    write_bytes(path, "a\0b,c\nd,e\n", 10);
    assert_int_equal(sai_csv_open(&reader, path), SELECTAI_OK);
    assert_int_equal(sai_csv_next(&reader), SELECTAI_ERR_FORMAT);
    assert_int_equal(sai_csv_next(&reader), SELECTAI_OK); /* not the rest of the bad row */
    assert_string_equal(reader.fields[0], "d");
    assert_int_equal(sai_csv_next(&reader), SELECTAI_DONE);
    sai_csv_close(&reader);
    assert_int_equal(sai_csv_open(&reader, dir), SELECTAI_ERR_IS_A_DIRECTORY);
    snprintf(path, sizeof path, "%s/none.csv", dir);
    assert_int_equal(sai_csv_open(&reader, path), SELECTAI_ERR_NOT_FOUND);
    remove_temporary(dir);
}

static void csv_writes_what_it_reads(void **state)
{
    (void)state;
    static const char *const values[] = {"plain", "", "with,comma", "\"quoted\"", "two\nlines", " blank ", "end"};
    struct sai_text line = {0};
    for (size_t i = 0; i < 7; i++)
        sai_csv_field(&line, values[i]);
    sai_csv_end(&line);
    check_csv(line.data, values, 7, 1);
    sai_text_free(&line);
}

static void csv_defuses_formulas(void **state)
{
    (void)state;
    struct sai_text line = {0};
    sai_csv_field(&line, "=1+1");
    sai_csv_field(&line, "-12.5");
    sai_csv_field(&line, "@x\x01y");
    sai_csv_end(&line);
    assert_string_equal(line.data, "\"'=1+1\",\"'-12.5\",\"'@xy\"\n");
    sai_text_clear(&line);
    sai_csv_field(&line, "");
    sai_csv_end(&line);
    assert_string_equal(line.data, "\"\"\n"); /* one empty field is not an empty line */
    sai_text_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_round_trip),          cmocka_unit_test(numbers_refuse_what_is_none),
        cmocka_unit_test(numbers_ignore_the_locale),   cmocka_unit_test(utf8_is_checked),
        cmocka_unit_test(json_text_is_escaped),        cmocka_unit_test(csv_reads_what_people_have),
        cmocka_unit_test(csv_refuses_what_never_ends), cmocka_unit_test(csv_writes_what_it_reads),
        cmocka_unit_test(csv_defuses_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
