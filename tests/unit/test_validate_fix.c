/*
 * test_validate_fix.c: copies of logs without the rows that cannot be used.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "validate_fixture.h"

#include "base/json.h"

#define HEADER "more,session_id,set_id,chosen_path,neg_paths,timestamp\r\n"
#define GOOD_1 "1,s,g,p/b.png,\"['p/a.png']\",2025-01-02T00:00:00Z\r\n"
#define GOOD_2 "\r\n2 ,s,\"g\",p/d.png,\"[\"\"p/c.png\"\"]\",\"2025-01-02T00:00:00Z\"" /* no line end */

static int fix(uint64_t *n_dropped, const char *in, const char *out)
{
    const struct selectai_validate_options options = options_at(NOW);
    selectai_validation *v = NULL;
    int rc = selectai_validate_fix(&v, n_dropped, &in, 1, out, &options);
    selectai_validation_destroy(&v);
    return rc;
}

static void expect_text(const char *path, const char *text)
{
    char *found = read_text(path);
    assert_string_equal(found, text);
    free(found);
}

static void good_rows_byte_for_byte(void **state)
{
    (void)state;
    uint64_t n = 0;
    char in[512];
    snprintf(in, sizeof in, "%s", put("log.csv", HEADER GOOD_1 "x,y\r\n3,s,g,p/e.png,\"two\r\nlines\",\r\n" GOOD_2));
    char *before = read_text(in);
    assert_int_equal(fix(&n, in, at("out")), SELECTAI_OK);
    assert_int_equal(n, 2);
    expect_text(at("out/log.csv"), HEADER GOOD_1 GOOD_2);
    expect_text(in, before);
    free(before);
    char *dropped = read_text(at("out/dropped.jsonl"));
    char *second = strchr(dropped, '\n') + 1;
    json_t *line = NULL;
    assert_int_equal(sai_json_parse(&line, second, strlen(second), "dropped", 0), SELECTAI_OK);
    assert_string_equal(sai_json_string(line, "file", ""), in);
    assert_int_equal(sai_json_integer(line, "row", 0), 4);
    assert_string_equal(sai_json_string(line, "code", ""), "bad-list");
    assert_string_equal(sai_json_string(line, "text", ""), "3,s,g,p/e.png,\"two\r\nlines\",");
    assert_non_null(strstr(sai_json_string(line, "message", ""), "neg_paths"));
    json_decref(line);
    free(dropped);
    selectai_validation *v = look(at("out/log.csv"));
    assert_int_equal(selectai_validation_severity(v) == SELECTAI_SEVERITY_ERROR, 0);
    expect_kind(v, 0, "selection-log", 2, 2);
    selectai_validation_destroy(&v);
}

#define ENTRY "{\"project\":\"p\", \"chosen_path\":\"a\",\"neg_paths\":[\"b\"]}\n"

static void lines_and_names(void **state)
{
    (void)state;
    uint64_t n = 0;
    mkdir(at("in"), 0777);
    mkdir(at("in/sub"), 0777);
    put("in/e.jsonl", ENTRY "\n{\n" ENTRY);
    put("in/sub/e.jsonl", ENTRY);
    put("in/dropped.jsonl", "{\"image_path\":\"a\"}\n{\"image_path\":0}\n");
    assert_int_equal(fix(&n, at("in"), at("new/out")), SELECTAI_OK);
    assert_int_equal(n, 2);
    expect_text(at("new/out/e.jsonl"), ENTRY "\n" ENTRY + 0);
    expect_text(at("new/out/e-2.jsonl"), ENTRY);
    expect_text(at("new/out/dropped-2.jsonl"), "{\"image_path\":\"a\"}\n");
}

static void refused(void **state)
{
    char in[512];
    (void)state;
    snprintf(in, sizeof in, "%s", put("log.csv", HEADER GOOD_1));
    assert_int_equal(fix(NULL, in, folder), SELECTAI_ERR_EXISTS); /* the input's own folder */
    assert_int_equal(fix(NULL, folder, at("new")), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(fix(NULL, folder, at("a/../b/c")), SELECTAI_ERR_NOT_FOUND);
    mkdir(at("full"), 0777);
    put("full/x", "x");
    assert_int_equal(fix(NULL, in, at("full")), SELECTAI_ERR_EXISTS);
    mkdir(at("in"), 0777);
    assert_int_equal(symlink("in", at("link")), 0);
    assert_int_equal(fix(NULL, at("in"), at("link/out")), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(fix(NULL, in, ""), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(access(at("new"), F_OK), -1);
    expect_text(in, HEADER GOOD_1);
}

static int stop(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)stage;
    (void)user;
    return done > 0 && done < total;
}

static void stopped_in_the_middle(void **state)
{
    (void)state;
    FILE *f = fopen(at("many.csv"), "w");
    fputs(HEADER, f);
    for (int i = 0; i < 2000; i++)
        fputs("a,b\n", f);
    fclose(f);
    struct selectai_validate_options options = options_at(NOW);
    options.progress = stop;
    const char *in = at("many.csv");
    selectai_validation *v = NULL;
    assert_int_equal(selectai_validate_fix(&v, NULL, &in, 1, at("out"), &options), SELECTAI_ERR_CANCELLED);
    assert_null(v);
    assert_int_equal(access(at("out"), F_OK), -1); /* nothing was put in place */
}

static int stop_after_a_copy(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)done;
    (void)total;
    (void)stage;
    return access(user, F_OK) == 0;
}

/* Whole copies without the list of what was left out would look like everything. */
static void stopped_after_a_copy(void **state)
{
    (void)state;
    char copy[512];
    snprintf(copy, sizeof copy, "%s", at("out/1.csv"));
    mkdir(at("in"), 0777);
    put("in/1.csv", HEADER GOOD_1);
    FILE *f = fopen(at("in/2.csv"), "w");
    fputs(HEADER, f);
    for (int i = 0; i < 60000; i++)
        fputs(GOOD_1, f);
    fclose(f);
    struct selectai_validate_options options = options_at(NOW);
    options.progress = stop_after_a_copy;
    options.user = copy;
    const char *in = at("in");
    selectai_validation *v = NULL;
    assert_int_equal(selectai_validate_fix(&v, NULL, &in, 1, at("out"), &options), SELECTAI_ERR_CANCELLED);
    assert_int_equal(access(at("out"), F_OK), -1);
}

/* Nothing can be loaded of a file with a line without end: no half copy of it. */
static void read_in_part(void **state)
{
    (void)state;
    uint64_t n = 7;
    mkdir(at("in"), 0777);
    put("in/good.jsonl", ENTRY);
    FILE *f = fopen(at("in/long.jsonl"), "w");
    fputs(ENTRY, f);
    for (int i = 0; i < (17 << 10); i++)
        fprintf(f, "%1024s", "");
    fclose(f);
    assert_int_equal(fix(&n, at("in"), at("out")), SELECTAI_OK);
    assert_int_equal(n, 0);
    expect_text(at("out/good.jsonl"), ENTRY);
    assert_int_equal(access(at("out/long.jsonl"), F_OK), -1);
    selectai_validation *v = look(at("in/long.jsonl"));
    expect_kind(v, 0, "entries", 1, 0);
    expect(v, "unreadable", 1, 1);
    selectai_validation_destroy(&v);
}

static void names_of_copies(void **state)
{
    (void)state;
    static const char *const in[] = {"a/x.csv", "a/x-2.csv", "b/x.csv", "b/x-2.csv", "c/x.csv"};
    static const char *const out[] = {"out/x.csv", "out/x-2.csv", "out/x-3.csv", "out/x-2-2.csv", "out/x-4.csv"};
    char texts[5][600], paths[5][512];
    const char *list[5];
    mkdir(at("a"), 0777);
    mkdir(at("b"), 0777);
    mkdir(at("c"), 0777);
    for (int i = 0; i < 5; i++) {
        snprintf(texts[i], sizeof texts[i], HEADER "%d,s,g,p/%d.png,['p/z.png'],\n", i, i);
        snprintf(paths[i], sizeof paths[i], "%s", put(in[i], texts[i]));
        list[i] = paths[i];
    }
    const struct selectai_validate_options options = options_at(NOW);
    selectai_validation *v = NULL;
    assert_int_equal(selectai_validate_fix(&v, NULL, list, 5, at("out"), &options), SELECTAI_OK);
    selectai_validation_destroy(&v);
    for (int i = 0; i < 5; i++)
        expect_text(at(out[i]), texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_rows_byte_for_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_and_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopped_in_the_middle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stopped_after_a_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_in_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_copies, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
