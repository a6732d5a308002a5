/*
 * test_project_scan.c: walking folders.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <fcntl.h>
#include <time.h>

#include "project/scan.h"

static char folder[256];

static int set_up(void **state)
{
    (void)state;
    make_temporary(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_temporary(folder);
    return 0;
}

static const char *at(const char *rel)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, rel);
    return path;
}

static void make_folder(const char *rel)
{
    assert_int_equal(mkdir(at(rel), 0777), 0);
}

/* All relative paths, one a line. */
static char *list(selectai_scanner *scanner)
{
    static char text[65536];
    struct selectai_file file = {.struct_size = sizeof file};
    int rc;
    text[0] = '\0';
    while ((rc = selectai_scanner_next(scanner, &file)) == SELECTAI_OK) {
        assert_true(strlen(text) + strlen(file.rel_path) + 2 < sizeof text);
        strcat(strcat(text, file.rel_path), "\n");
        assert_int_equal(strncmp(file.path, folder, strlen(folder)), 0);
        assert_string_equal(file.path + strlen(folder) + 1, file.rel_path);
    }
    assert_int_equal(rc, SELECTAI_DONE);
    assert_int_equal(selectai_scanner_next(scanner, &file), SELECTAI_DONE);
    return text;
}

static void count_issues(const selectai_scanner *scanner, const char *kind, size_t wanted)
{
    size_t n = 0;
    const selectai_issues *issues = selectai_scanner_issues(scanner);
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        n += strcmp(issue.kind, kind) == 0;
        assert_true(*issue.path && *issue.message);
    }
    assert_int_equal(n, wanted);
}

static selectai_scanner *open_it(void)
{
    selectai_scanner *scanner = NULL;
    assert_int_equal(selectai_scanner_open(&scanner, folder), SELECTAI_OK);
    return scanner;
}

static void order_and_kinds(void **state)
{
    (void)state;
    make_folder("b");
    make_folder("a");
    make_folder("a/deep");
    make_folder("a-b");
    make_folder(".hidden");
    make_folder("folder.png");
    static const char *const files[] = {"z.png",     "y.JPG",         "b/1.jpeg",        "a/2.WebP", "a/deep/3.png",
                                        "a-b/4.jpg", ".hidden/5.png", ".6.png",          "7.txt",    "8.yaml",
                                        "png",       "9.png.caption", "folder.png/i.png"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        write_text(at(files[i]), "x");
    for (int round = 0; round < 2; round++) {
        selectai_scanner *scanner = open_it();
        assert_string_equal(list(scanner), "y.JPG\nz.png\na/2.WebP\na/deep/3.png\na-b/4.jpg\nb/1.jpeg\n"
                                           "folder.png/i.png\n");
        assert_int_equal(selectai_issues_count(selectai_scanner_issues(scanner)), 0);
        selectai_scanner_close(&scanner);
        assert_null(scanner);
    }
}

static void sizes_and_times(void **state)
{
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1700000000, .tv_nsec = 123456789}};
    struct selectai_file file = {.struct_size = sizeof file};
    (void)state;
    write_text(at("a.png"), "12345");
    assert_int_equal(utimensat(AT_FDCWD, at("a.png"), times, 0), 0);
    selectai_scanner *scanner = open_it();
    assert_int_equal(selectai_scanner_next(scanner, &file), SELECTAI_OK);
    assert_int_equal(file.size, 5);
    assert_true(file.mtime_ns == INT64_C(1700000000123456789));
    selectai_scanner_close(&scanner);
}

static void links_are_not_followed(void **state)
{
    (void)state;
    make_folder("d");
    write_text(at("d/a.png"), "x");
    assert_int_equal(symlink("..", at("d/loop")), 0);
    assert_int_equal(symlink(".", at("self")), 0);
    assert_int_equal(symlink("d/a.png", at("link.png")), 0);
    assert_int_equal(symlink("nowhere", at("broken.png")), 0);
    assert_int_equal(symlink("nowhere", at("broken.txt")), 0);
    selectai_scanner *scanner = open_it();
    assert_string_equal(list(scanner), "d/a.png\n");
    count_issues(scanner, "symlink", 4); /* all but broken.txt, which concerns nobody */
    selectai_scanner_close(&scanner);
}

static void names_in_any_bytes(void **state)
{
    (void)state;
    write_text(at("good \"quoted\"\n.png"), "x");
    write_text(at("bad\xFF\xFE.png"), "x");
    write_text(at("bad\xFF.txt"), "x");
    make_folder("dir\xC3");
    write_text(at("dir\xC3/a.png"), "x");
    selectai_scanner *scanner = open_it();
    assert_string_equal(list(scanner), "good \"quoted\"\n.png\n");
    count_issues(scanner, "bad-name", 2);
    struct selectai_issue issue = {.struct_size = sizeof issue};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(selectai_issues_get(selectai_scanner_issues(scanner), i, &issue), SELECTAI_OK);
        assert_non_null(strstr(issue.path, strstr(issue.path, "dir") ? "dir\\xc3" : "bad\\xff\\xfe.png"));
        for (const char *p = issue.path; *p; p++)
            assert_true((unsigned char)*p < 0x80);
    }
    selectai_scanner_close(&scanner);
}

static void not_a_file(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(at("pipe.png"), 0666), 0);
    selectai_scanner *scanner = open_it();
    assert_string_equal(list(scanner), "");
    count_issues(scanner, "not-a-file", 1);
    selectai_scanner_close(&scanner);
}

static void unreadable_folder(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        print_message("root may read everything: the unreadable folder cannot be tested\n");
        skip();
    }
    make_folder("locked");
    write_text(at("a.png"), "x");
    assert_int_equal(chmod(at("locked"), 0), 0);
    selectai_scanner *scanner = open_it();
    assert_string_equal(list(scanner), "a.png\n");
    count_issues(scanner, "unreadable-folder", 1);
    selectai_scanner_close(&scanner);
    assert_int_equal(selectai_scanner_open(&scanner, at("locked")), SELECTAI_ERR_PERMISSION);
    chmod(at("locked"), 0700);
}

/* A folder that goes away between being listed and being entered is reported, not fatal. */
static void vanished(void **state)
{
    struct selectai_file file = {.struct_size = sizeof file};
    (void)state;
    make_folder("gone");
    write_text(at("a.png"), "x");
    write_text(at("b.png"), "x");
    selectai_scanner *scanner = open_it();
    assert_int_equal(rmdir(at("gone")), 0);
    assert_int_equal(selectai_scanner_next(scanner, &file), SELECTAI_OK);
    assert_int_equal(unlink(at("b.png")), 0);
    assert_int_equal(selectai_scanner_next(scanner, &file), SELECTAI_DONE);
    count_issues(scanner, "unreadable-folder", 1);
    count_issues(scanner, "unreadable", 1);
    selectai_scanner_close(&scanner);
}

static void too_deep(void **state)
{
    char rel[1024] = "";
    (void)state;
    for (unsigned i = 0; i < SAI_SCAN_MAX_DEPTH + 2; i++) {
        strcat(rel, i ? "/d" : "d");
        make_folder(rel);
    }
    strcat(rel, "/a.png");
    write_text(at(rel), "x");
    write_text(at("top.png"), "x");
    selectai_scanner *scanner = open_it();
    assert_string_equal(list(scanner), "top.png\n");
    count_issues(scanner, "too-deep", 1);
    selectai_scanner_close(&scanner);
}

static void bad_folders(void **state)
{
    selectai_scanner *scanner = NULL;
    (void)state;
    write_text(at("file.png"), "x");
    assert_int_equal(selectai_scanner_open(&scanner, at("missing")), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_scanner_open(&scanner, at("file.png")), SELECTAI_ERR_NOT_A_DIRECTORY);
    assert_int_equal(selectai_scanner_open(&scanner, ""), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_scanner_open(NULL, folder), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_null(scanner);
    selectai_scanner_close(&scanner);
    selectai_scanner_close(NULL);
    assert_int_equal(selectai_issues_count(selectai_scanner_issues(NULL)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(order_and_kinds),    TEST(sizes_and_times), TEST(links_are_not_followed),
        TEST(names_in_any_bytes), TEST(not_a_file),      TEST(unreadable_folder),
        TEST(vanished),           TEST(too_deep),        TEST(bad_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
