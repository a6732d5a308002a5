/*
 * test_embed_cache_compact.c: compacting drops what nobody finds any more, and nothing else, whoever is at work and
 * whenever it is killed.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_fixture.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

static struct selectai_cache_counts compact(const char *dir, const struct selectai_cache_options *options)
{
    struct selectai_cache_counts counts = {.struct_size = sizeof counts};
    selectai_issues *issues = NULL;
    int rc = selectai_embedding_cache_compact(&counts, &issues, dir, options);
    if (rc != SELECTAI_OK)
        print_message("%s\n", selectai_last_error());
    assert_int_equal(rc, SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 0);
    selectai_issues_destroy(&issues);
    return counts;
}

static void superseded_and_repeated_rows_go(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    char path[64];
    for (unsigned round = 0; round < 4; round++) { /* each round changes some, and touches some */
        selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_FLOAT16);
        for (unsigned n = 0; n < 50; n++) {
            snprintf(path, sizeof path, "%u.png", n);
            put(cache, "p", path, n < 10 ? n + 100 * round : n, n < 20 ? 5 + (int64_t)round : 5);
        }
        selectai_embedding_cache_close(&cache);
    }
    assert_int_equal(count_files(dir, "part-", ".npy"), 4);
    struct selectai_cache_counts counts = compact(dir, NULL);
    assert_int_equal(counts.read, 200);
    assert_int_equal(counts.written, 50);
    assert_int_equal(counts.superseded, 30);
    assert_int_equal(counts.repeated, 120);
    assert_int_equal(counts.files, 1);
    assert_int_equal(count_files(dir, "part-", ".npy"), 1);
    assert_int_equal(count_files(dir, "compacted-", ""), 1);
    selectai_embedding_cache *cache = open_at(dir);
    assert_true(cache->parts[0].half);
    for (unsigned n = 0; n < 50; n++) {
        snprintf(path, sizeof path, "%u.png", n);
        assert_int_equal(content_of(cache, "p", path), (int)(n < 10 ? n + 300 : n));
    }
    selectai_embedding_cache_close(&cache);
    expect_sound(dir);
    counts = compact(dir, NULL);
    assert_int_equal(counts.written, 0);
    assert_int_equal(counts.present, 50);
    assert_int_equal(count_files(dir, "compacted-", ""), 1);
    struct selectai_cache_options options;
    selectai_cache_options_init(&options, sizeof options);
    options.dtype = SELECTAI_DTYPE_FLOAT32;
    counts = compact(dir, &options); /* another form is wanted */
    assert_int_equal(counts.written, 50);
    expect_sound(dir);
}

static void rows_of_files_that_are_gone_go_on_request(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    put(cache, "p", "there.png", 1, 5);
    put(cache, "p", "gone.png", 2, 5);
    put(cache, "q", "gone.png", 3, 5);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(mkdir(at(f, "raw"), 0777), 0);
    write_text(at(f, "raw/there.png"), "x");
    assert_int_equal(compact(dir, NULL).present, 3);
    struct selectai_cache_options options;
    selectai_cache_options_init(&options, sizeof options);
    options.drop_missing = 1;
    assert_int_equal(selectai_embedding_cache_compact(NULL, NULL, dir, &options), SELECTAI_ERR_INVALID_ARGUMENT);
    const char *projects[] = {"p"}, *folders[] = {at(f, "not mounted")}, *unknown[] = {"r"};
    options.root_projects = projects;
    options.root_folders = folders;
    options.n_roots = 1;
    assert_int_equal(selectai_embedding_cache_compact(NULL, NULL, dir, &options), SELECTAI_ERR_NOT_FOUND);
    char raw[600];
    snprintf(raw, sizeof raw, "%s", at(f, "raw"));
    folders[0] = raw;
    options.root_projects = unknown;
    assert_int_equal(selectai_embedding_cache_compact(NULL, NULL, dir, &options), SELECTAI_ERR_NO_DATA);
    options.root_projects = projects;
    struct selectai_cache_counts counts = compact(dir, &options);
    assert_int_equal(counts.missing, 1);
    assert_int_equal(counts.written, 2);
    cache = open_at(dir);
    assert_int_equal(content_of(cache, "p", "there.png"), 1);
    assert_int_equal(content_of(cache, "p", "gone.png"), -1);
    assert_int_equal(content_of(cache, "q", "gone.png"), 3);
    selectai_embedding_cache_close(&cache);
}

/* A writer that was opened before: what it adds afterwards is later than what it and others had added. */
static void a_writer_that_was_overtaken_stays_later(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    selectai_embedding_cache *writer = create_at(dir, SELECTAI_DTYPE_AUTO),
                             *other = create_at(dir, SELECTAI_DTYPE_AUTO);
    put(writer, "p", "a.png", 1, 5);
    put(writer, "p", "b.png", 2, 5);
    assert_int_equal(selectai_embedding_cache_flush(writer), SELECTAI_OK);
    put(other, "p", "c.png", 3, 5);
    put(writer, "p", "d.png", 4, 5); /* not flushed */
    selectai_embedding_cache_close(&other);
    struct selectai_cache_counts counts = compact(dir, NULL);
    assert_int_equal(counts.written, 3);
    put(writer, "p", "a.png", 10, 6);
    put(writer, "p", "c.png", 30, 6);
    assert_int_equal(content_of(writer, "p", "b.png"), 2); /* its part is gone, its mapping is not */
    assert_int_equal(selectai_embedding_cache_flush(writer), SELECTAI_OK);
    put(writer, "p", "e.png", 5, 5);
    selectai_embedding_cache_close(&writer);
    selectai_embedding_cache *cache = open_at(dir);
    assert_int_equal(selectai_issues_count(selectai_embedding_cache_issues(cache)), 0);
    assert_int_equal(content_of(cache, "p", "a.png"), 10);
    assert_int_equal(content_of(cache, "p", "b.png"), 2);
    assert_int_equal(content_of(cache, "p", "c.png"), 30);
    assert_int_equal(content_of(cache, "p", "d.png"), 4);
    assert_int_equal(content_of(cache, "p", "e.png"), 5);
    selectai_embedding_cache_close(&cache);
    expect_sound(dir);
    counts = compact(dir, NULL);
    assert_int_equal(counts.written, 5);
    expect_sound(dir);
}

static void failures_become_one_file(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    selectai_issues *issues = NULL;
    for (unsigned i = 0; i < 3; i++) {
        selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_AUTO);
        const struct sai_cache_failure failure = {.size = 5000000000u + i,
                                                  .crc32 = 1000 + i,
                                                  .xxh64 = 0x0123456789abcdefu + i,
                                                  .code = SELECTAI_ERR_FORMAT,
                                                  .project = "p",
                                                  .rel_path = "x",
                                                  .message = "m"};
        assert_int_equal(sai_cache_failure_add(cache, &failure), SELECTAI_OK);
        if (i == 2)
            put(cache, "p", "a.png", 0, 5); /* could be decoded after all */
        selectai_embedding_cache_close(&cache);
    }
    assert_int_equal(count_files(dir, "failed-", ".jsonl"), 3);
    compact(dir, NULL);
    assert_int_equal(count_files(dir, "failed-", ".jsonl"), 1);
    selectai_embedding_cache *cache = open_at(dir);
    assert_int_equal(selectai_embedding_cache_failures(&issues, cache), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 2);
    selectai_issues_destroy(&issues);
    selectai_embedding_cache_close(&cache);
}

/* ---- Kills and company ----------------------------------------------------------------------- */

static void pause_ms(unsigned ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
    nanosleep(&t, NULL);
}

/* In memory that processes share: rows that the writer of the kill test knows to be on disk. */
static atomic_uint *on_disk;

/* A process that adds rows [from, to) of its own, `flush` at a time, and ends. */
static pid_t start_writer(const char *dir, unsigned who, unsigned from, unsigned to, unsigned flush, unsigned wait_ms)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    selectai_embedding_cache *cache = NULL;
    if (selectai_embedding_cache_create(&cache, dir, ID, DIM, SELECTAI_DTYPE_AUTO) != SELECTAI_OK)
        _exit(2);
    for (unsigned n = from; n < to; n++) {
        char path[64];
        snprintf(path, sizeof path, "w%u/%u.png", who, n);
        size_t row;
        if (selectai_embedding_cache_find_content(cache, "p", 5000000000u + who * 100000 + n, 1000 + who * 100000 + n,
                                                  NULL, &row) == SELECTAI_OK)
            continue; /* an earlier, killed run had flushed it */
        put(cache, "p", path, who * 100000 + n, 5);
        put(cache, "p", "common.png", 900000 + n, 5 + (int64_t)n); /* a file that everybody changes */
        if ((n + 1) % flush == 0) {
            if (selectai_embedding_cache_flush(cache) != SELECTAI_OK)
                _exit(3);
            if (on_disk)
                atomic_store(on_disk, n + 1);
            pause_ms(wait_ms);
        }
    }
    selectai_embedding_cache_close(&cache);
    _exit(0);
}

static pid_t start_compaction(const char *dir)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(selectai_embedding_cache_compact(NULL, NULL, dir, NULL) == SELECTAI_OK ? 0 : 4);
    return pid;
}

/* Reads again and again: what was there once stays, and there is never an issue. */
static pid_t start_reader(const char *dir, unsigned rounds)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    size_t before = 0;
    for (unsigned i = 0; i < rounds; i++) {
        selectai_embedding_cache *cache = NULL;
        if (selectai_embedding_cache_open(&cache, dir) != SELECTAI_OK)
            _exit(5);
        size_t found = 0;
        for (unsigned who = 1; who <= 3; who++)
            for (unsigned n = 0; n < 400; n++)
                found += selectai_embedding_cache_find_content(cache, "p", 5000000000u + who * 100000 + n,
                                                               1000 + who * 100000 + n, NULL, NULL) == SELECTAI_OK;
        selectai_issues *issues = NULL;
        for (size_t k = 0; k < selectai_issues_count(selectai_embedding_cache_issues(cache)); k++) {
            struct selectai_issue issue = {.struct_size = sizeof issue};
            selectai_issues_get(selectai_embedding_cache_issues(cache), k, &issue);
            if (strcmp(issue.kind, "uncommitted") != 0) { /* that: a writer is between its two files */
                print_error("%s: %s\n", issue.kind, issue.message);
                _exit(6);
            }
        }
        selectai_issues_destroy(&issues);
        if (found < before)
            _exit(7);
        before = found;
        selectai_embedding_cache_close(&cache);
        pause_ms(3);
    }
    _exit(0);
}

static void expect_exit(pid_t pid, int code)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), code);
}

static void writers_readers_and_compactions_get_along(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    selectai_embedding_cache_close(&cache);
    pid_t writers[3], readers[2];
    for (unsigned i = 0; i < 3; i++)
        writers[i] = start_writer(dir, i + 1, 0, 400, 10 + 7 * i, 5);
    for (unsigned i = 0; i < 2; i++)
        readers[i] = start_reader(dir, 60);
    for (unsigned i = 0; i < 6; i++) {
        pause_ms(30);
        pid_t a = start_compaction(dir), b = i == 3 ? start_compaction(dir) : 0; /* once two at a time */
        expect_exit(a, 0);
        if (b)
            expect_exit(b, 0);
    }
    for (unsigned i = 0; i < 3; i++)
        expect_exit(writers[i], 0);
    for (unsigned i = 0; i < 2; i++)
        expect_exit(readers[i], 0);
    for (unsigned round = 0; round < 2; round++) {
        cache = open_at(dir);
        for (unsigned who = 1; who <= 3; who++)
            for (unsigned n = 0; n < 400; n++) {
                char path[64];
                snprintf(path, sizeof path, "w%u/%u.png", who, n);
                assert_int_equal(content_of(cache, "p", path), (int)(who * 100000 + n));
            }
        if (round == 1)
            assert_int_equal(selectai_embedding_cache_count(cache), 1201); /* everything once */
        selectai_embedding_cache_close(&cache);
        expect_sound(dir);
        compact(dir, NULL);
    }
}

/* No kind but "uncommitted": the .npy of a part whose .jsonl was to follow. */
static void expect_sound_after_kill(const char *dir)
{
    selectai_issues *issues = NULL;
    assert_int_equal(selectai_embedding_cache_verify(&issues, dir), SELECTAI_OK);
    for (size_t i = 0; i < selectai_issues_count(issues); i++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        assert_int_equal(selectai_issues_get(issues, i, &issue), SELECTAI_OK);
        assert_string_equal(issue.kind, "uncommitted");
    }
    selectai_issues_destroy(&issues);
}

static size_t count_found(const char *dir, unsigned to)
{
    size_t n_found = 0;
    selectai_embedding_cache *cache = open_at(dir);
    for (unsigned n = 0; n < to; n++) {
        char path[64];
        snprintf(path, sizeof path, "w1/%u.png", n);
        int content = content_of(cache, "p", path);
        assert_true(content == -1 || content == (int)(100000 + n));
        n_found += content != -1;
    }
    selectai_embedding_cache_close(&cache);
    return n_found;
}

static void kills_lose_at_most_one_flush(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    enum { ROWS = 3000, FLUSH = 20 };
    selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    selectai_embedding_cache_close(&cache);
    on_disk = mmap(NULL, sizeof *on_disk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(on_disk != MAP_FAILED);
    size_t before = 0;
    uint32_t random = 12345;
    for (unsigned i = 0; i < 50; i++) {
        random = random * 1664525u + 1013904223u;
        pid_t writer = start_writer(dir, 1, 0, ROWS, FLUSH, 0);
        pid_t compaction = i % 3 == 2 ? start_compaction(dir) : 0;
        pause_ms(1 + (random >> 16) % 40);
        kill(writer, SIGKILL);
        waitpid(writer, NULL, 0);
        if (compaction) {
            kill(compaction, SIGKILL);
            waitpid(compaction, NULL, 0);
        }
        expect_sound_after_kill(dir);
        size_t now = count_found(dir, ROWS);
        assert_true(now >= before);               /* what had been there is there */
        assert_true(now >= atomic_load(on_disk)); /* and all that was flushed */
        before = now;
    }
    pid_t writer = start_writer(dir, 1, 0, ROWS, FLUSH, 0);
    expect_exit(writer, 0);
    assert_int_equal(count_found(dir, ROWS), ROWS);
    assert_int_equal(selectai_embedding_cache_compact(NULL, NULL, dir, NULL), SELECTAI_OK);
    cache = open_at(dir);
    assert_int_equal(selectai_embedding_cache_count(cache), ROWS + 1);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(count_found(dir, ROWS), ROWS);
    munmap(on_disk, sizeof *on_disk);
    on_disk = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(superseded_and_repeated_rows_go, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_of_files_that_are_gone_go_on_request, setup, teardown),
        cmocka_unit_test_setup_teardown(a_writer_that_was_overtaken_stays_later, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_become_one_file, setup, teardown),
        cmocka_unit_test_setup_teardown(writers_readers_and_compactions_get_along, setup, teardown),
        cmocka_unit_test_setup_teardown(kills_lose_at_most_one_flush, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
