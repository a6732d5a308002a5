/*
 * test_embed_cache_part_index.c: an index file tells what the lines tell, and nothing wrong when it is damaged.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#define N 300u

/* Every path is there twice; every third with a new content. */
static void fill(const char *dir)
{
    char path[64];
    selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    for (unsigned n = 0; n < N; n++) {
        snprintf(path, sizeof path, "day %u/img_%u.png", n % 5, n / 5);
        put(cache, n % 2 ? "odd" : "even", path, n, 5);
    }
    for (unsigned n = 0; n < N; n += 3) {
        snprintf(path, sizeof path, "day %u/img_%u.png", n % 5, n / 5);
        put(cache, n % 2 ? "odd" : "even", path, N + n, 6);
    }
    selectai_embedding_cache_close(&cache);
}

static void expect_all(const selectai_embedding_cache *cache)
{
    char path[64];
    for (unsigned n = 0; n < N; n++) {
        snprintf(path, sizeof path, "/elsewhere/day %u/img_%u.png", n % 5, n / 5);
        const char *project = n % 2 ? "odd" : "even";
        int wanted = (int)(n % 3 == 0 ? N + n : n);
        assert_int_equal(content_of(cache, project, path), wanted);
        assert_int_equal(content_of(cache, "neither", path), -1);
        size_t row;
        assert_int_equal(selectai_embedding_cache_find_content(cache, project, 5000000000u + n, 1000 + n, NULL, &row),
                         SELECTAI_OK);
        assert_int_equal(row, n);
    }
    size_t n_rows = selectai_embedding_cache_count(cache);
    assert_int_equal(n_rows, N + N / 3);
    for (size_t i = 0; i < n_rows; i++) {
        struct selectai_cache_row row = {.struct_size = sizeof row};
        assert_int_equal(selectai_embedding_cache_get(cache, i, &row, NULL), SELECTAI_OK);
        assert_int_equal(row.crc32 - 1000, i < N ? i : N + 3 * (i - N));
        assert_int_equal(row.width, 640);
    }
}

static void the_index_tells_what_the_lines_tell(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    fill(dir);
    selectai_embedding_cache *cache = open_at(dir);
    assert_int_equal(cache->table.n_segments, 0);
    expect_all(cache);
    selectai_embedding_cache_close(&cache);
    index_parts(dir, NULL);
    cache = open_at(dir);
    assert_int_equal(cache->table.n_segments, 1);
    assert_int_equal(cache->table.n_in_memory, 0);
    expect_all(cache);
    selectai_embedding_cache_close(&cache);
    expect_sound(dir);
}

/* Rows of several sources: later ones win, wherever they are. */
static void parts_with_and_without_index_are_one_cache(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_FLOAT16);
    put(cache, "p", "a/1.png", 1, 5);
    put(cache, "p", "a/2.png", 2, 5);
    put(cache, "p", "b/1.png", 3, 5);
    selectai_embedding_cache_close(&cache);
    index_parts(dir, NULL);
    cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    assert_int_equal(cache->table.n_segments, 1);
    put(cache, "p", "a/1.png", 4, 6);
    assert_int_equal(content_of(cache, "p", "a/1.png"), 4);
    put(cache, "q", "a/1.png", 9, 6);
    selectai_embedding_cache_close(&cache);
    index_parts(dir, NULL);
    cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    assert_int_equal(cache->table.n_segments, 2);
    put(cache, "p", "a/3.png", 3, 7); /* a content that is there under another name */
    assert_int_equal(content_of(cache, "p", "x/a/1.png"), 4);
    assert_int_equal(content_of(cache, "p", "x/b/1.png"), 3);
    assert_int_equal(content_of(cache, "p", "2.png"), 2);
    assert_int_equal(content_of(cache, "q", "1.png"), 9);
    /* the first content of a/1.png is no candidate any more: nothing is ambiguous but the two folders */
    assert_int_equal(selectai_embedding_cache_find(cache, "p", "1.png", NULL, NULL), SELECTAI_ERR_AMBIGUOUS);
    size_t row;
    assert_int_equal(selectai_embedding_cache_find_content(cache, "p", 5000000003u, 1003, NULL, &row), SELECTAI_OK);
    assert_int_equal(row, 5);
    assert_int_equal(selectai_embedding_cache_find_content(cache, "p", 5000000001u, 1001, NULL, &row), SELECTAI_OK);
    assert_int_equal(row, 0);
    selectai_embedding_cache_close(&cache);
    expect_sound(dir);
}

/* Opens whatever is there: sound rows or none, never a wrong one. */
static void expect_nothing_wrong(const char *dir)
{
    char path[64];
    selectai_embedding_cache *cache = open_at(dir);
    for (unsigned n = 0; n < N; n++) {
        snprintf(path, sizeof path, "day %u/img_%u.png", n % 5, n / 5);
        float vector[DIM];
        size_t row;
        const char *project = n % 2 ? "odd" : "even";
        if (selectai_embedding_cache_find(cache, project, path, vector, &row) == SELECTAI_OK) {
            /* where a row cannot be read, a file of that name in another folder is the nearest */
            unsigned found = (unsigned)content_of(cache, project, path) % N;
            assert_true(found / 5 == n / 5 && found % 2 == n % 2);
        }
        (void)selectai_embedding_cache_find_content(cache, project, 5000000000u + n, 1000 + n, NULL, NULL);
    }
    for (size_t i = 0; i < selectai_embedding_cache_count(cache); i++) {
        struct selectai_cache_row row = {.struct_size = sizeof row};
        if (selectai_embedding_cache_get(cache, i, &row, NULL) == SELECTAI_OK)
            assert_int_equal(row.crc32 - 1000, i < N ? i : N + 3 * (i - N));
    }
    selectai_embedding_cache_close(&cache);
}

static void damage_is_passed_over_and_reported(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    char base[600], index[700];
    fill(dir);
    index_parts(dir, base);
    snprintf(index, sizeof index, "%s.idx", base);
    struct stat st;
    assert_int_equal(stat(index, &st), 0);
    size_t n = (size_t)st.st_size;
    uint8_t *bytes = malloc(n);
    FILE *file = fopen(index, "rb");
    assert_true(file && fread(bytes, 1, n, file) == n);
    fclose(file);
    uint32_t random = 1;
    for (int i = 0; i < 200; i++) {
        random = random * 1664525u + 1013904223u;
        size_t place = i < 128 ? (size_t)i : 128 + random % (n - 128);
        uint8_t before = bytes[place];
        bytes[place] = (uint8_t)~before;
        write_bytes(index, bytes, n);
        expect_nothing_wrong(dir);
        assert_string_equal(first_problem(dir), "wrong-index");
        bytes[place] = before;
    }
    for (size_t cut = 0; cut < n; cut += 1 + n / 40) {
        write_bytes(index, bytes, cut);
        expect_nothing_wrong(dir);
        assert_string_equal(first_problem(dir), "wrong-index");
    }
    /* no free slot at all: a look-up must still end */
    memset(bytes + 128 + (N + N / 3) * 64, 0xff, n / 4);
    write_bytes(index, bytes, n);
    expect_nothing_wrong(dir);
    free(bytes);
    /* so small a part needs none: a writer takes it away */
    write_text(index, "x");
    selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(access(index, F_OK), -1);
    expect_sound(dir);
    write_text(index, "x");
    assert_int_equal(selectai_embedding_cache_compact(NULL, NULL, dir, NULL), SELECTAI_OK);
    expect_sound(dir);
}

static void an_index_of_other_lines_is_not_used(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    char base[600], lines[700];
    fill(dir);
    index_parts(dir, base);
    snprintf(lines, sizeof lines, "%s.jsonl", base);
    /* a copy of the folder has new times: the content tells that the index is of it */
    const struct timespec later[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, lines, later, 0), 0);
    selectai_embedding_cache *cache = open_at(dir);
    assert_int_equal(cache->table.n_segments, 1);
    selectai_embedding_cache_close(&cache);
    char *text = read_text(lines);
    unseal(text);
    memcpy(strstr(text, "\"width\":640"), "\"width\":641", 11);
    write_text(lines, text);
    cache = open_at(dir);
    assert_int_equal(cache->table.n_segments, 0);
    struct selectai_cache_row row = {.struct_size = sizeof row};
    assert_int_equal(selectai_embedding_cache_get(cache, 0, &row, NULL), SELECTAI_OK);
    assert_int_equal(row.width, 641);
    selectai_embedding_cache_close(&cache);
    assert_string_equal(first_problem(dir), "wrong-index");
    free(text);
}

static void writers_make_the_index_of_large_parts(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    char path[64];
    selectai_embedding_cache *cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    for (unsigned n = 0; n < SAI_CACHE_INDEX_ROWS + 10; n++) {
        snprintf(path, sizeof path, "%u.png", n);
        put(cache, "p", path, n, 5);
    }
    selectai_embedding_cache_close(&cache);
    assert_int_equal(count_files(dir, "part-", ".idx"), 1);
    cache = open_at(dir);
    assert_int_equal(cache->table.n_segments, 1);
    assert_int_equal(content_of(cache, "p", "32770.png"), 32770);
    selectai_embedding_cache_close(&cache);
    /* missing or damaged: a writer makes it anew */
    char command[700];
    snprintf(command, sizeof command, "for f in '%s'/*.idx; do printf x > \"$f\"; done", dir);
    assert_int_equal(system(command), 0);
    cache = open_at(dir);
    assert_int_equal(cache->table.n_segments, 0);
    selectai_embedding_cache_close(&cache);
    cache = create_at(dir, SELECTAI_DTYPE_AUTO);
    selectai_embedding_cache_close(&cache);
    cache = open_at(dir);
    assert_int_equal(cache->table.n_segments, 1);
    selectai_embedding_cache_close(&cache);
    expect_sound(dir);
}

static void *look_up_all(void *cache)
{
    for (int round = 0; round < 3; round++)
        for (unsigned n = 0; n < N; n++) {
            char path[64];
            size_t row;
            snprintf(path, sizeof path, "day %u/img_%u.png", n % 5, n / 5);
            if (selectai_embedding_cache_find(cache, n % 2 ? "odd" : "even", path, NULL, &row) != SELECTAI_OK)
                return cache;
            struct selectai_cache_row it = {.struct_size = sizeof it};
            if (selectai_embedding_cache_get(cache, row, &it, NULL) != SELECTAI_OK ||
                it.crc32 - 1000 != (n % 3 == 0 ? N + n : n))
                return cache;
        }
    return NULL;
}

static void look_ups_run_in_parallel(void **state)
{
    const struct fixture *f = *state;
    const char *dir = at(f, "cache");
    fill(dir);
    index_parts(dir, NULL);
    for (int round = 0; round < 5; round++) {
        pthread_t threads[4];
        selectai_embedding_cache *cache = open_at(dir);
        for (int i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, look_up_all, cache), 0);
        for (int i = 0; i < 4; i++) {
            void *failed;
            pthread_join(threads[i], &failed);
            assert_null(failed);
        }
        selectai_embedding_cache_close(&cache);
    }
}

/* ---- The format is for ever ------------------------------------------------------------------ */

static void golden(void **state)
{
    const struct fixture *f = *state;
    const char *tests = getenv("SELECTAI_TEST_DATA"), *id = "part-01a21efc1a029cd8b48e-000001-000001";
    char dir[600], path[800];
    float v[DIM];
    if (!tests) {
        print_message("SELECTAI_TEST_DATA is not set\n");
        skip();
        return;
    }
    snprintf(dir, sizeof dir, "%s/golden/cache-v1-index", tests);
    expect_sound(dir);
    selectai_embedding_cache *cache = open_at(dir);
    assert_int_equal(cache->table.n_segments, 1);
    assert_int_equal(selectai_embedding_cache_find(cache, "summer", "day 1/20240601_120000_stage2.png", v, NULL),
                     SELECTAI_OK);
    assert_float_equal(v[0], 4, 0);
    assert_int_equal(selectai_embedding_cache_find_content(cache, "winter", 7000000003u, 4294967292u, v, NULL),
                     SELECTAI_OK);
    assert_float_equal(v[0], 3, 0);
    struct selectai_cache_row row = {.struct_size = sizeof row};
    assert_int_equal(selectai_embedding_cache_get(cache, 0, &row, v), SELECTAI_OK);
    assert_string_equal(row.rel_path, "day 2/\xc3\xbc\"b.png");
    assert_true(row.size == 7000000002u && row.mtime_ns == 1717243200000000001 && row.phash == 0x8000000000000002u);
    assert_int_equal(selectai_embedding_cache_find(cache, "summer", "gone.png", v, NULL), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    /* the same lines give the same bytes, but for the lines' time and the CRC over it */
    struct sai_mapping theirs, ours;
    snprintf(path, sizeof path, "%s/%s.jsonl", dir, id);
    assert_int_equal(sai_cache_open(&cache, dir, SAI_CACHE_LINES_ONLY), SELECTAI_OK);
    assert_int_equal(sai_part_index_write(at(f, "x.idx"), path, &cache->table, 0, 5), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    snprintf(path, sizeof path, "%s/%s.idx", dir, id);
    assert_int_equal(sai_file_map(&theirs, path), SELECTAI_OK);
    assert_int_equal(sai_file_map(&ours, at(f, "x.idx")), SELECTAI_OK);
    assert_int_equal(theirs.size, ours.size);
    assert_memory_equal(theirs.data, ours.data, 12);
    assert_memory_equal(theirs.data + 16, ours.data + 16, 48);
    assert_memory_equal(theirs.data + 72, ours.data + 72, ours.size - 72);
    sai_file_unmap(&theirs);
    sai_file_unmap(&ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_index_tells_what_the_lines_tell, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_with_and_without_index_are_one_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_passed_over_and_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_of_other_lines_is_not_used, setup, teardown),
        cmocka_unit_test_setup_teardown(writers_make_the_index_of_large_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(look_ups_run_in_parallel, setup, teardown),
        cmocka_unit_test_setup_teardown(golden, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
