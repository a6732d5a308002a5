/*
 * test_trainset_crops_journal.c: an extraction that was cut short goes on where it was, and believes nothing else.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#define WIDTH 96
#include "crops_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <zlib.h>

#define JOURNAL  "out.crops-resume"
#define N_PAIRS  8
#define N_LINES  (N_PAIRS + 1) /* and the head */
#define FINAL(i) "final/20250708_060" #i "00_stage2.png"

/* Crops of different kinds, whole ones, one that is not found. */
static selectai_image *any_final(int i)
{
    selectai_image *raw = scene(20 + (uint64_t)i), *part = cut(raw);
    if (i == 0 || i == 3) {
        selectai_image_destroy(&raw);
        return i == 0 ? part : resized(toned(part), 1.2);
    }
    selectai_image_destroy(&part);
    if (i != 2)
        return i == 1 ? raw : resized(toned(raw), 0.6 + 0.2 * i);
    selectai_image_destroy(&raw);
    return scene(99);
}

/* quick: found at once, for tests that run many times. */
static void make_pairs(bool quick)
{
    for (int i = 0; i < N_PAIRS; i++) {
        selectai_image *raw = scene(20 + (uint64_t)i);
        pair_up(i, "png", raw, quick ? cut(raw) : any_final(i), 9, 3600);
    }
}

static selectai_extraction *journalled(int32_t crop_check, uint32_t threads, selectai_progress_fn progress)
{
    struct selectai_extract_options o;
    selectai_extract_options_init(&o, sizeof o);
    o.crop_check = crop_check;
    o.date = "2026-01-02";
    o.threads = threads;
    o.crop_journal = at(JOURNAL);
    o.progress = progress;
    return create_with(&o);
}

/* Entries and report of a run, as one text; n: crops that were recalled. */
static char *results(uint64_t *n, const char *project, int32_t crop_check, uint32_t threads)
{
    selectai_extraction *x = journalled(crop_check, threads, NULL);
    struct sai_text text = {0};
    char *part = NULL;
    add(x, project);
    *n = selectai_extraction_crops_recalled(x);
    for (size_t i = 0; i < n_entries(x); i++) {
        assert_int_equal(selectai_trainset_entry_json(&part, selectai_extraction_entries(x), i), SELECTAI_OK);
        sai_text_puts(&text, part);
        selectai_free(part);
    }
    assert_int_equal(selectai_extraction_report_json(&part, x), SELECTAI_OK);
    sai_text_puts(&text, part);
    selectai_free(part);
    selectai_extraction_destroy(&x);
    assert_false(text.failed);
    return text.data;
}

static void expect_run(const char *wanted, uint64_t recalled, uint32_t threads)
{
    uint64_t n = 99;
    char *text = results(&n, "p", SELECTAI_CROP_CHECK_AUTO, threads);
    assert_string_equal(text, wanted);
    assert_int_equal(n, recalled);
    free(text);
}

static char *first_run(bool quick)
{
    uint64_t n = 99;
    make_pairs(quick);
    char *text = results(&n, "p", SELECTAI_CROP_CHECK_AUTO, 2);
    assert_int_equal(n, 0);
    return text;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void taken_again(void **state)
{
    (void)state;
    char *wanted = first_run(false), *before = read_text(at(JOURNAL));
    assert_int_equal(count_lines(before), N_LINES);
    for (uint32_t threads = 1; threads <= 5; threads += 2)
        expect_run(wanted, N_PAIRS, threads);
    char *after = read_text(at(JOURNAL)); /* what is known is not written twice */
    assert_string_equal(before, after);
    free(after);
    free(before);
    assert_int_equal(unlink(at(JOURNAL)), 0);
    expect_run(wanted, 0, 1);
    free(wanted);
}

/* Whatever of a file's state changed, it is looked at again. */
static void other_states(void **state)
{
    (void)state;
    char *wanted = first_run(false), *text;
    uint64_t n;
    age(FINAL(0), 3601); /* time */
    expect_run(wanted, N_PAIRS - 1, 2);
    FILE *f = fopen(at("raw/20250708_060100_stage2.png"), "ab"); /* size */
    putc(0, f);
    fclose(f);
    age("raw/20250708_060100_stage2.png", 0);
    expect_run(wanted, N_PAIRS - 1, 2);
    age(FINAL(2), 3600); /* the same time again: content may have changed */
    expect_run(wanted, N_PAIRS - 1, 2);
    expect_run(wanted, N_PAIRS, 2);
    text = results(&n, "q", SELECTAI_CROP_CHECK_AUTO, 2); /* project */
    assert_int_equal(n, 0);
    free(text);
    text = results(&n, "p", SELECTAI_CROP_CHECK_PIXELS, 2); /* check */
    assert_int_equal(n, 0);
    free(text);
    assert_int_equal(rename(at(FINAL(7)), at("final/other")), 0); /* name; stage2 of that moment stays another file */
    assert_int_equal(rename(at("final/other"), at("final/20250708_060700_stage2_x.png")), 0);
    text = results(&n, "p", SELECTAI_CROP_CHECK_AUTO, 2);
    assert_int_equal(n, N_PAIRS - 1);
    free(text);
    free(wanted);
}

/* Content put in place of another, of the same size and with its time: the line must not be believed. */
static void swapped_content(void **state)
{
    (void)state;
    free(first_run(true));
    struct stat st;
    selectai_image *whole = scene(20);
    assert_int_equal(stat(at(FINAL(0)), &st), 0);
    off_t wanted = st.st_size;
    save("small.png", whole, 9, 0);
    selectai_image_destroy(&whole);
    assert_int_equal(stat(at("small.png"), &st), 0);
    off_t larger = st.st_size > wanted ? st.st_size : wanted;
    assert_int_equal(truncate(at("small.png"), larger), 0);
    assert_int_equal(truncate(at(FINAL(0)), larger), 0);
    age(FINAL(0), 3600);
    uint64_t n;
    free(results(&n, "p", SELECTAI_CROP_CHECK_AUTO, 1));
    assert_int_equal(n, N_PAIRS - 1);
    assert_int_equal(rename(at("small.png"), at(FINAL(0))), 0);
    age(FINAL(0), 3600);
    selectai_extraction *x = journalled(SELECTAI_CROP_CHECK_AUTO, 1, NULL);
    add(x, "p");
    assert_int_equal(selectai_extraction_crops_recalled(x), N_PAIRS - 1);
    assert_int_equal(entry_of(x, 0).was_cropped, 0);
    selectai_extraction_destroy(&x);
}

/* Torn at any byte: what is whole counts, and the file goes on in a new line. */
static void torn_files(void **state)
{
    (void)state;
    char *wanted = first_run(true), *whole = read_text(at(JOURNAL));
    size_t n = strlen(whole);
    for (size_t cut = 0; cut <= n; cut += cut < 45 || cut + 30 > n ? 7 : 977) {
        char kept = whole[cut];
        whole[cut] = '\0';
        size_t lines = count_lines(whole);
        write_text(at(JOURNAL), whole);
        whole[cut] = kept;
        expect_run(wanted, lines > 0 ? lines - 1 : 0, 1);
        expect_run(wanted, N_PAIRS, 1);
    }
    free(whole);
    free(wanted);
}

/* Every digit changed, lines cut in the middle, other versions, NUL bytes: never believed, never an error. */
static void damaged_lines(void **state)
{
    (void)state;
    char *wanted = first_run(true), *whole = read_text(at(JOURNAL));
    size_t n = strlen(whole), head = strcspn(whole, "\n") + 1;
    for (size_t i = head + 7; i < n; i += 283) {
        char *changed = malloc(n + 1);
        memcpy(changed, whole, n + 1);
        changed[i] = changed[i] == '1' ? '2' : i % 2 ? '\0' : '1';
        if (whole[i] == '\n')
            changed[i] = '\n';
        write_bytes(at(JOURNAL), changed, n);
        free(changed);
        expect_run(wanted, N_PAIRS - (whole[i] != '\n'), 1);
    }
    write_bytes(at(JOURNAL), whole, head);
    FILE *f = fopen(at(JOURNAL), "ab");
    fputs("\n\n{}\n[1]\n,\"result\":,\"crc\":\"00000000\"}\n{\"project\":\"p\"", f);
    fclose(f);
    expect_run(wanted, 0, 1);
    expect_run(wanted, N_PAIRS, 1);
    free(whole);
    free(wanted);
}

/* The journal, with `result` as what was found out about the first pair; its check sum is right. */
static void write_result(const char *whole, const char *result, size_t n_result)
{
    const char *line = strchr(whole, '\n') + 1, *at_result = strstr(line, ",\"result\":") + 10;
    size_t head = (size_t)(line - whole), key = (size_t)(at_result - line);
    char *text = malloc(head + key + n_result + 32);
    memcpy(text, whole, head + key);
    memcpy(text + head + key, result, n_result);
    size_t n = head + key + n_result;
    unsigned long crc = crc32(0, (const unsigned char *)text + head, (unsigned)(key + n_result));
    n += (size_t)sprintf(text + n, ",\"crc\":\"%08lx\"}\n", crc);
    write_bytes(at(JOURNAL), text, n);
    free(text);
}

/* Lines whose check sum is right and that hold what was never written: nothing of them is taken. */
static void strange_results(void **state)
{
    (void)state;
    char *wanted = first_run(true), *whole = read_text(at(JOURNAL));
    static const char *const strange[] = {
        "",
        "{}",
        "{\"was_cropped\":true,\"evidence\":\"pixels\",\"method\":\"guess\",\"width\":96,\"height\":96}",
        "{\"was_cropped\":true,\"evidence\":\"pixels\",\"method\":\"exact\",\"box\":[1,2,9999,8],\"width\":96,"
        "\"height\":96}",
        "{\"was_cropped\":false,\"evidence\":\"pixels\",\"method\":\"exact\",\"box\":[1,2,7,8],\"width\":96,"
        "\"height\":96}",
    };
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        write_result(whole, strange[i], strlen(strange[i]));
        expect_run(wanted, 0, 1);
    }
    write_result(whole, "\0{}", 4);
    expect_run(wanted, 0, 1);
    free(whole);
    assert_int_equal(unlink(at(JOURNAL)), 0);
    selectai_image *other = scene(99); /* not found: nothing of the line may stand in for what is not known */
    save(FINAL(0), other, 9, 3600);
    selectai_image_destroy(&other);
    free(wanted);
    uint64_t n;
    wanted = results(&n, "p", SELECTAI_CROP_CHECK_AUTO, 1);
    whole = read_text(at(JOURNAL));
    write_result(whole, strange[4], strlen(strange[4]));
    expect_run(wanted, 0, 1);
    free(whole);
    free(wanted);
}

/* More than is read again: said with what to do, and left as it is. */
static void too_large(void **state)
{
    struct selectai_extract_options o;
    selectai_extraction *x = NULL;
    (void)state;
    write_text(at(JOURNAL), "");
    assert_int_equal(truncate(at(JOURNAL), ((off_t)1 << 30) + 1), 0);
    selectai_extract_options_init(&o, sizeof o);
    o.crop_journal = at(JOURNAL);
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_ERR_LIMIT);
    assert_non_null(strstr(selectai_last_error(), "remove it"));
    assert_int_equal(truncate(at(JOURNAL), 0), 0);
}

static void no_journal(void **state)
{
    struct selectai_extract_options o;
    selectai_extraction *x = NULL;
    (void)state;
    make_pairs(true);
    selectai_extract_options_init(&o, sizeof o);
    o.crop_journal = at("precious.txt");
    write_text(at("precious.txt"), "somebody's only copy\n");
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_ERR_FORMAT);
    assert_null(x);
    assert_non_null(strstr(selectai_last_error(), "precious.txt"));
    char *text = read_text(at("precious.txt"));
    assert_string_equal(text, "somebody's only copy\n");
    free(text);
    o.crop_journal = at("raw");
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_ERR_IS_A_DIRECTORY);
    o.crop_journal = "";
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_ERR_INVALID_ARGUMENT);
    assert_int_equal(selectai_extraction_crops_recalled(NULL), 0);
    o.crop_check = SELECTAI_CROP_CHECK_SIZE; /* has no use for it */
    o.crop_journal = at("precious.txt");
    assert_int_equal(selectai_extraction_create(&x, &o), SELECTAI_OK);
    selectai_extraction_destroy(&x);
}

/* It cannot be written, or something else stands in its place by then: the work is done, and an issue says so. */
static void not_writable(void **state)
{
    (void)state;
    make_pairs(true);
    for (int i = 0; i < 3; i++) {
        selectai_extraction *x = journalled(SELECTAI_CROP_CHECK_AUTO, 2, NULL);
        if (i == 0)
            assert_int_equal(mkdir(at(JOURNAL), 0777), 0);
        else if (i == 1)
            write_text(at(JOURNAL), "something else\n");
        else
            assert_int_equal(mkfifo(at(JOURNAL), 0666), 0);
        add(x, "p");
        assert_int_equal(n_entries(x), N_PAIRS);
        assert_int_equal(n_issues(x, "crop-journal"), 1);
        assert_non_null(strstr(issue_of(x, "crop-journal").message, JOURNAL));
        selectai_extraction_destroy(&x);
        assert_int_equal(remove(at(JOURNAL)), 0);
    }
}

/* Unreadable pictures are not remembered: they may be mended. */
static void problems_are_looked_at_again(void **state)
{
    struct stat st;
    uint64_t n;
    (void)state;
    make_pairs(true);
    assert_int_equal(stat(at(FINAL(3)), &st), 0);
    assert_int_equal(truncate(at(FINAL(3)), st.st_size / 2), 0);
    char *wanted = results(&n, "p", SELECTAI_CROP_CHECK_AUTO, 2);
    assert_non_null(strstr(wanted, "unreadable"));
    expect_run(wanted, N_PAIRS - 1, 2);
    free(wanted);
}

static int stop_after_three(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)total;
    (void)user;
    return done >= 3 && strcmp(stage, "crops") == 0;
}

static void cancelled(void **state)
{
    (void)state;
    char *wanted = first_run(false);
    assert_int_equal(unlink(at(JOURNAL)), 0);
    selectai_extraction *x = journalled(SELECTAI_CROP_CHECK_AUTO, 1, stop_after_three);
    assert_int_equal(selectai_extraction_add_project(x, at("raw"), at("final"), "p"), SELECTAI_ERR_CANCELLED);
    assert_int_equal(selectai_extraction_crops_recalled(x), 0);
    selectai_extraction_destroy(&x);
    uint64_t n;
    char *text = results(&n, "p", SELECTAI_CROP_CHECK_AUTO, 2);
    assert_string_equal(text, wanted);
    assert_true(n >= 3 && n < N_PAIRS);
    free(text);
    free(wanted);
}

/* Two processes at once on one journal, one of them killed at some moment: nothing wrong comes of it. */
static void two_at_once_and_killed(void **state)
{
    (void)state;
    char *wanted = first_run(true);
    for (int round = 0; round < 3; round++) {
        pid_t other[2];
        (void)unlink(at(JOURNAL));
        for (int k = 0; k < 2; k++) {
            other[k] = fork();
            assert_true(other[k] >= 0);
            if (other[k] > 0)
                continue;
            for (int i = 0; i < 2; i++) { /* the same work over and over: many appends */
                selectai_extraction *x = journalled(i % 2 ? SELECTAI_CROP_CHECK_AUTO : SELECTAI_CROP_CHECK_PIXELS, 1,
                                                    NULL);
                (void)selectai_extraction_add_project(x, at("raw"), at("final"), "p");
                selectai_extraction_destroy(&x);
            }
            _exit(0);
        }
        usleep(30000 + 40000 * (useconds_t)round);
        kill(other[1], SIGKILL);
        for (int k = 0; k < 2; k++)
            assert_int_equal(waitpid(other[k], NULL, 0), other[k]);
        uint64_t n;
        char *text = results(&n, "p", SELECTAI_CROP_CHECK_AUTO, 2);
        assert_string_equal(text, wanted);
        assert_int_equal(n, N_PAIRS);
        free(text);
    }
    free(wanted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(taken_again),     TEST(other_states),
        TEST(swapped_content), TEST(torn_files),
        TEST(damaged_lines),   TEST(strange_results),
        TEST(too_large),       TEST(no_journal),
        TEST(not_writable),    TEST(problems_are_looked_at_again),
        TEST(cancelled),       TEST(two_at_once_and_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
