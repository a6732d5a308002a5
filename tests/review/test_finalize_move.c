/*
 * test_finalize_move.c: one file to another place, also to another file system; sets of names; safe paths.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "review_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "review/finalize_private.h"

/* Two folders, on two file systems where the machine has them, both below "/". */
struct pair {
    char a[64], b[64];
    int root, two;
};

static int open_pair(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);
    struct stat x, y;
    *state = pair;
    strcpy(pair->a, "/tmp/selectai-review-XXXXXX");
    strcpy(pair->b, "/dev/shm/selectai-review-XXXXXX");
    if (!mkdtemp(pair->a))
        return -1;
    if (!mkdtemp(pair->b)) {
        strcpy(pair->b, "/tmp/selectai-review-XXXXXX");
        if (!mkdtemp(pair->b))
            return -1;
    }
    pair->root = open("/", O_RDONLY | O_DIRECTORY);
    pair->two = stat(pair->a, &x) == 0 && stat(pair->b, &y) == 0 && x.st_dev != y.st_dev;
    return 0;
}

static int close_pair(void **state)
{
    struct pair *pair = *state;
    remove_tree(pair->a);
    remove_tree(pair->b);
    close(pair->root);
    free(pair);
    return 0;
}

static void put_file(const char *folder, const char *name, char fill, size_t n)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < n; i++)
        fputc(fill + (char)(i % 7), file);
    assert_int_equal(fclose(file), 0);
}

static int exists(const char *folder, const char *name)
{
    char path[200];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return lstat(path, &st) == 0;
}

/* As paths below "/". */
static int move(const struct pair *pair, const char *from, const char *to)
{
    char a[200], b[200];
    snprintf(a, sizeof a, "%s/%s", pair->a + 1, from);
    snprintf(b, sizeof b, "%s/%s", pair->b + 1, to);
    return move_below(pair->root, a, b, ".part");
}

static void across_file_systems(void **state)
{
    struct pair *pair = *state;
    char path[200];
    struct stat before, after;
    const struct timespec times[2] = {{1000000000, 5}, {1100000000, 123456789}};
    if (!pair->two)
        skip();
    put_file(pair->a, "x", 'a', 600001);
    snprintf(path, sizeof path, "%s/x", pair->a);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(mkdir(strcat(strcpy(path, pair->b), "/deep"), 0777), 0);
    put_file(pair->b, "deep/.part", 'z', 10); /* of a copy that was cut short */
    assert_int_equal(move(pair, "x", "deep/er/y"), 0);
    assert_false(exists(pair->a, "x"));
    snprintf(path, sizeof path, "%s/deep/er/y", pair->b);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_size, 600001);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_mtim.tv_sec, 1100000000);
    assert_int_equal(after.st_mtim.tv_nsec, 123456789);
    put_file(pair->a, "x", 'a', 600001);
    snprintf(path, sizeof path, "%s/x", pair->a + 1);
    char other[200];
    snprintf(other, sizeof other, "%s/deep/er/y", pair->b + 1);
    assert_int_equal(same_bytes_below(pair->root, path, other), 1);
    assert_int_equal(is_half_moved(pair->root, path, other), 1);
    assert_int_equal(finish_move(pair->root, path, other), 0);
    assert_false(exists(pair->a, "x"));
    put_file(pair->a, "x", 'b', 600001);
    assert_int_equal(same_bytes_below(pair->root, path, other), 0);
    assert_int_equal(is_half_moved(pair->root, path, other), 0);
}

/* Where the copy fails, nothing is left of it, and the source is where it was. */
static void copies_that_fail(void **state)
{
    struct pair *pair = *state;
    struct rlimit old, small;
    if (!pair->two)
        skip();
    put_file(pair->a, "x", 'a', 600001);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 300000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int err = move(pair, "x", "y");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(err, EFBIG);
    assert_true(exists(pair->a, "x"));
    assert_false(exists(pair->b, "y"));
    assert_false(exists(pair->b, ".part"));
}

static void nothing_is_written_over(void **state)
{
    struct pair *pair = *state;
    char path[200];
    put_file(pair->a, "x", 'a', 5);
    put_file(pair->b, "x", 'b', 6);
    assert_int_equal(move(pair, "x", "x"), EEXIST);
    snprintf(path, sizeof path, "%s/link", pair->b);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_int_equal(move(pair, "x", "link"), EEXIST);
    assert_int_equal(symlink(pair->a, strcat(strcpy(path, pair->b), "/folder")), 0);
    assert_int_not_equal(move(pair, "x", "folder/new"), 0); /* a link where a folder is needed */
    assert_false(exists(pair->a, "new"));
    assert_int_not_equal(move(pair, "x", "x/new"), 0);
    assert_int_equal(move(pair, "missing", "y"), ENOENT);
    snprintf(path, sizeof path, "%s/linked", pair->a);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(move(pair, "linked", "y"), EINVAL);
    assert_true(exists(pair->a, "x"));
    assert_false(exists(pair->b, "y"));
    assert_false(exists(pair->b, ".part"));
}

/* Two names of one file, as a file system leaves them that can link but not rename to nothing. */
static void second_names(void **state)
{
    struct pair *pair = *state;
    char a[200], b[200];
    put_file(pair->a, "x", 'a', 5);
    snprintf(a, sizeof a, "%s/x", pair->a);
    snprintf(b, sizeof b, "%s/y", pair->a);
    assert_int_equal(link(a, b), 0);
    assert_int_equal(is_half_moved(pair->root, a + 1, b + 1), 1);
    put_file(pair->a, "z", 'a', 5); /* the same bytes, but another file on the same file system: none of ours */
    snprintf(b, sizeof b, "%s/z", pair->a);
    assert_int_equal(is_half_moved(pair->root, a + 1, b + 1), 0);
}

static void parts_that_are_left(void **state)
{
    struct pair *pair = *state;
    put_file(pair->a, ".finalize-1-2.part.png", 'a', 5);
    put_file(pair->a, ".finalize-1-2.part.png.tmp-9-0", 'a', 5);
    put_file(pair->a, ".finalize-12-2.part.png", 'a', 5);
    put_file(pair->a, "finalize-1-2", 'a', 5);
    remove_parts(pair->root, pair->a + 1, ".finalize-1-");
    assert_false(exists(pair->a, ".finalize-1-2.part.png"));
    assert_false(exists(pair->a, ".finalize-1-2.part.png.tmp-9-0"));
    assert_true(exists(pair->a, ".finalize-12-2.part.png"));
    assert_true(exists(pair->a, "finalize-1-2"));
}

static void safe_paths(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a/b", "...", ".a/..b/c d", "__selected/x~2.png"};
    static const char *const bad[] = {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "./a", "a/./b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(is_safe_path(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(is_safe_path(bad[i]));
}

static void names_and_stems(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t stem;
    } stems[] = {{"a.png", 1}, {"a.b.png", 3}, {".hidden", 7}, {"none", 4}, {"a.", 1}, {".a.png", 2}};
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++)
        assert_int_equal(stem_bytes(stems[i].name), stems[i].stem);
    char *folder = folder_in_path("a/b/c.png"), *none = folder_in_path("c.png");
    char *path = target_path("__crop", "a/b", "c.png", 1, 12, ".png.xmp"),
         *plain = target_path("", "", "c", 1, 1, ".x");
    assert_string_equal(folder, "a/b");
    assert_string_equal(none, "");
    assert_string_equal(path, "__crop/a/b/c~12.png.xmp");
    assert_string_equal(plain, "c.x");
    free(folder);
    free(none);
    free(path);
    free(plain);
}

static void sets_of_names(void **state)
{
    (void)state;
    struct name_set folded = {.fold = 1}, exact = {0};
    char name[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "Name%d.png", i);
        assert_false(name_set_has(&folded, name));
        assert_int_equal(name_set_add(&folded, name), 1);
        assert_int_equal(name_set_add(&exact, name), 1);
    }
    assert_int_equal(name_set_add(&folded, "nAME4999.PNG"), 0);
    assert_int_equal(name_set_add(&exact, "nAME4999.PNG"), 1);
    assert_int_equal(folded.n, 5000);
    assert_true(name_set_has(&folded, "name0.png"));
    assert_false(name_set_has(&exact, "name0.png"));
    assert_false(name_set_has(&folded, "name5000.png"));
    name_set_free(&folded);
    name_set_free(&exact);
    assert_false(name_set_has(&folded, "name0.png"));
}

static int collect(void *user, const char *name, int whole_name)
{
    char *text = user;
    strcat(strcat(text, whole_name ? "+" : " "), name);
    return 0;
}

static void what_belongs_to_a_picture(void **state)
{
    struct pair *pair = *state;
    struct beside beside = {0};
    static const char *const names[] = {"x.png",  "x.txt", "x.yaml",    "x.jpg",       "x.png.xmp", "x.png.jpg",
                                        "xy.txt", "x",     "x.b.txt",   "x.pngx",      "y.txt",     "x~2.txt",
                                        "x-1.a",  "X.txt", "x.JPG.xmp", "x.png.a.txt", "x.txt.png"};
    char text[300] = "", path[200];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_file(pair->a, names[i], 'a', 1);
    snprintf(path, sizeof path, "%s/x.folder", pair->a);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/x.link", pair->a);
    assert_int_equal(symlink("x.png", path), 0);
    assert_int_equal(read_beside(&beside, pair->root, pair->a + 1), SELECTAI_OK);
    assert_int_equal(each_companion(&beside, "x.png", collect, text), 0);
    assert_string_equal(text, " x+x.png.a.txt+x.png.xmp x.pngx x.txt x.yaml");
    assert_string_equal(twin_of(&beside, "x.png"), "x.jpg");
    assert_null(twin_of(&beside, "y.png"));
    free_beside(&beside);
    assert_int_equal(read_beside(&beside, pair->root, "nowhere/at all"), SELECTAI_OK);
    assert_int_equal(beside.n, 0);
    free_beside(&beside);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(across_file_systems),       TEST(copies_that_fail),
        TEST(nothing_is_written_over),   TEST(second_names),
        TEST(parts_that_are_left),       TEST(what_belongs_to_a_picture),
        cmocka_unit_test(safe_paths),    cmocka_unit_test(names_and_stems),
        cmocka_unit_test(sets_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
