/*
 * test_project_companions.c: the files beside an image that have its stem.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "trainset_fixture.h"

#include "project/scan.h"

/* What the scanner says: a line per image, its path and its companions. */
static const char *listed(selectai_scanner **scanner)
{
    static char text[4096];
    struct selectai_file file = {.struct_size = sizeof file};
    size_t n = 0;
    int rc;
    assert_int_equal(selectai_scanner_open(scanner, folder), SELECTAI_OK);
    while ((rc = selectai_scanner_next(*scanner, &file)) == SELECTAI_OK) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s:", file.rel_path);
        for (uint32_t i = 0; i < file.n_companions; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, " %s", file.companions[i]);
        n += (size_t)snprintf(text + n, sizeof text - n, "\n");
        assert_true(n < sizeof text);
    }
    assert_int_equal(rc, SELECTAI_DONE);
    return text;
}

static size_t n_found(const selectai_scanner *scanner, const char *kind)
{
    size_t n = 0;
    const selectai_issues *issues = selectai_scanner_issues(scanner);
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        n += strcmp(issue.kind, kind) == 0;
    }
    return n;
}

static void any_file_of_the_stem(void **state)
{
    static const char *const files[] = {
        "a.png",     "a.yaml",    "a.txt", "a.caption", "a", /* no extension: the stem is the whole name */
        "a.jpg",                                             /* an image is nobody's companion */
        "a-b.png",   "a-b.txt",                              /* sorts before a.png, though its stem does not */
        "a.png.txt",                                         /* stem a.png */
        "ab.txt",                                            /* nobody's */
        ".a.txt",    ".c.png",                               /* hidden */
        "A.txt",                                             /* case counts */
        "a.v2.webp", "a.v2.json",                            /* only the last extension goes */
        "c.png",                                             /* has none */
        "d/a.png",   "d/a.md",                               /* folders are kept apart */
    };
    selectai_scanner *scanner = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        put(files[i], "x", 0);
    assert_int_equal(mkdir(at("c.folder"), 0777), 0);
    assert_int_equal(symlink("a.txt", at("c.link")), 0);
    assert_int_equal(mkfifo(at("c.pipe"), 0666), 0);
    assert_string_equal(listed(&scanner), "a-b.png: a-b.txt\n"
                                          "a.jpg: a a.caption a.txt a.yaml\n"
                                          "a.png: a a.caption a.txt a.yaml\n"
                                          "a.v2.webp: a.v2.json\n"
                                          "c.png:\n"
                                          "d/a.png: a.md\n");
    assert_int_equal(selectai_issues_count(selectai_scanner_issues(scanner)), 0);
    selectai_scanner_close(&scanner);
}

static void names_that_are_not_utf8(void **state)
{
    selectai_scanner *scanner = NULL;
    (void)state;
    put("a.png", "x", 0);
    put("a.jpg", "x", 0); /* shares the bad companion: it is reported once */
    put("a.txt", "x", 0);
    put("a.\xFF", "x", 0);
    put("b.\xFF", "x", 0); /* nobody's: it does not matter */
    put("c\xFF.txt", "x", 0);
    put("c\xFF.png", "x", 0); /* reported as an image; its companion is not listed either */
    assert_string_equal(listed(&scanner), "a.jpg: a.txt\na.png: a.txt\n");
    assert_int_equal(n_found(scanner, "bad-name"), 2);
    selectai_scanner_close(&scanner);
}

/* Only those who ask pay for them. */
static void only_if_wanted(void **state)
{
    selectai_scanner *scanner = NULL;
    struct selectai_file file;
    (void)state;
    put("a.png", "12345", 0);
    put("a.txt", "x", 0);
    put("a.\xFF", "x", 0);
    assert_int_equal(sai_scan_open(&scanner, folder, 0), SELECTAI_OK);
    assert_int_equal(sai_scan_next(scanner, &file), SELECTAI_OK);
    assert_int_equal(file.n_companions, 0);
    assert_null(file.companions);
    assert_int_equal(file.size, 0);
    assert_int_equal(sai_scan_next(scanner, &file), SELECTAI_DONE);
    assert_int_equal(selectai_issues_count(selectai_scanner_issues(scanner)), 0);
    selectai_scanner_close(&scanner);
}

/* Names are matched by halving, not one with each other: 20,000 files in one folder take no time. */
static void many_in_one_folder(void **state)
{
    selectai_scanner *scanner = NULL;
    struct selectai_file file = {.struct_size = sizeof file};
    char name[64];
    unsigned n = 0;
    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "f.%05u.png", (i * 7919u) % 10000u);
        write_text(at(name), "");
        snprintf(name, sizeof name, "f.%05u.txt", (i * 7907u) % 10000u);
        write_text(at(name), "");
    }
    assert_int_equal(selectai_scanner_open(&scanner, folder), SELECTAI_OK);
    for (; selectai_scanner_next(scanner, &file) == SELECTAI_OK; n++) {
        snprintf(name, sizeof name, "f.%05u.txt", n);
        assert_int_equal(file.n_companions, 1);
        assert_string_equal(file.companions[0], name);
    }
    assert_int_equal(n, 10000);
    selectai_scanner_close(&scanner);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_file_of_the_stem),
        TEST(names_that_are_not_utf8),
        TEST(only_if_wanted),
        TEST(many_in_one_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
