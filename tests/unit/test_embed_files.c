/*
 * test_embed_files.c: filling a cache from files: what is encoded, what is recognised.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "test_util.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include <selectai/embedding_cache.h>

#include "embed/encoder.h"

#define N   9u
#define DIM 5u

/*
 * An encoder whose vectors show what it saw, and that counts. It is made of the parts that real ones are made of.
 */
struct counting {
    selectai_encoder base;
    atomic_size_t calls, images;
    bool slow; /* longer than the time between two reports of progress */
};

static int see(float *x, const selectai_encoder *encoder, const selectai_image *image)
{
    (void)encoder;
    x[0] = (float)selectai_image_width(image);
    x[1] = (float)selectai_image_height(image);
    for (int i = 0; i < 3; i++)
        x[2 + i] = (float)selectai_image_pixels(image)[i];
    return SELECTAI_OK;
}

static int run(float *out, selectai_encoder *encoder, const float *x, size_t n)
{
    struct counting *counting = (struct counting *)(void *)encoder;
    const struct timespec pause = {.tv_nsec = counting->slow ? 30000000 : 0};
    nanosleep(&pause, NULL);
    memcpy(out, x, n * DIM * sizeof *x);
    counting->calls++;
    counting->images += n;
    return SELECTAI_OK;
}

struct fixture {
    char root[256], dir[300];
    char *paths[N], *names[N];
    struct counting encoder;
};

/* "<root>/<folder>/img_<n>.png", without the root if it is NULL; the caller frees it. */
static char *name_of(const char *root, const char *folder, unsigned n)
{
    char out[600];
    snprintf(out, sizeof out, "%s%s%s/img_%u.png", root ? root : "", root ? "/" : "", folder, n);
    return strdup(out);
}

static void write_image(const char *path, uint32_t width, uint8_t grey)
{
    uint8_t rgb[64 * 8 * 3];
    selectai_image *image = NULL;
    memset(rgb, grey, sizeof rgb);
    assert_int_equal(selectai_image_create(&image, width, 8, rgb, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, path, 1), SELECTAI_OK);
    selectai_image_destroy(&image);
}

static void set_names(struct fixture *f, const char *folder)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", f->root, folder);
    mkdir(path, 0777);
    for (unsigned i = 0; i < N; i++) {
        free(f->paths[i]);
        free(f->names[i]);
        f->paths[i] = name_of(f->root, folder, i);
        f->names[i] = name_of(NULL, folder, i);
    }
}

static int setup(void **state)
{
    static const struct sai_encoder_ops ops = {.prepare = see, .run = run};
    static char id[] = "counting-1";
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    make_temporary(f->root);
    snprintf(f->dir, sizeof f->dir, "%s/cache", f->root);
    set_names(f, "raw");
    for (unsigned i = 0; i < N; i++)
        write_image(f->paths[i], 8 + i, (uint8_t)(10 * i));
    f->encoder.base = (selectai_encoder){
        .ops = &ops, .id = id, .dim = DIM, .chunk = 4, .input_floats = DIM, .threads = 2};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < N; i++) {
        free(f->paths[i]);
        free(f->names[i]);
    }
    remove_temporary(f->root);
    free(f);
    return 0;
}

struct result {
    unsigned encoded, unchanged, moved, failed;
};

/* Runs over the fixture's files, once, with a cache that is opened and closed for it. */
static void embed(struct fixture *f, const char *project, const struct result *wanted)
{
    selectai_embedding_cache *cache = NULL;
    struct selectai_embed_counts counts = {.struct_size = sizeof counts};
    selectai_issues *issues = NULL;
    f->encoder.images = 0;
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, f->encoder.base.id, DIM, 0), SELECTAI_OK);
    assert_int_equal(selectai_embed_files(&counts, &issues, cache, &f->encoder.base, project,
                                          (const char *const *)f->paths, (const char *const *)f->names, N, NULL),
                     SELECTAI_OK);
    assert_int_equal(counts.encoded, wanted->encoded);
    assert_int_equal(counts.unchanged, wanted->unchanged);
    assert_int_equal(counts.moved, wanted->moved);
    assert_int_equal(counts.failed, wanted->failed);
    assert_int_equal(selectai_issues_count(issues), wanted->failed);
    assert_int_equal(f->encoder.images, wanted->encoded);
    for (unsigned i = 0; i < N; i++) {
        float v[DIM];
        if (selectai_embedding_cache_find(cache, project, f->names[i], v, NULL) == SELECTAI_OK)
            assert_true(v[0] == (float)(8 + i) || wanted->failed || v[0] == 50);
    }
    selectai_issues_destroy(&issues);
    selectai_embedding_cache_close(&cache);
    assert_int_equal(selectai_embedding_cache_verify(&issues, f->dir), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 0);
    selectai_issues_destroy(&issues);
}

static size_t rows(const struct fixture *f)
{
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_open(&cache, f->dir), SELECTAI_OK);
    size_t n = selectai_embedding_cache_count(cache);
    selectai_embedding_cache_close(&cache);
    return n;
}

static void test_first_and_again(void **state)
{
    struct fixture *f = *state;
    embed(f, "p", &(struct result){.encoded = N});
    assert_int_equal(f->encoder.calls, 3);
    embed(f, "p", &(struct result){.unchanged = N});
    assert_int_equal(rows(f), N);
}

static void test_record(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = NULL;
    struct selectai_cache_row row = {.struct_size = sizeof row};
    selectai_image *image = NULL;
    struct stat st;
    uint64_t phash;
    float v[DIM];
    embed(f, "p", &(struct result){.encoded = N});
    assert_int_equal(selectai_embedding_cache_open(&cache, f->dir), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_get(cache, 3, &row, v), SELECTAI_OK); /* in the order of the list */
    assert_string_equal(row.rel_path, "raw/img_3.png");
    assert_string_equal(row.project, "p");
    assert_int_equal(stat(f->paths[3], &st), 0);
    assert_true(row.size == (uint64_t)st.st_size);
    assert_true(row.mtime_ns == (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
    assert_true(row.width == 11 && row.height == 8);
    assert_int_equal(selectai_image_load(&image, f->paths[3], NULL), SELECTAI_OK);
    assert_int_equal(selectai_image_phash(&phash, image), SELECTAI_OK);
    assert_true(row.phash == phash);
    assert_true(v[0] == 11 && v[1] == 8 && v[2] == 30);
    selectai_image_destroy(&image);
    selectai_embedding_cache_close(&cache);
}

static void test_renamed_folder(void **state)
{
    struct fixture *f = *state;
    char from[400], to[400];
    embed(f, "p", &(struct result){.encoded = N});
    snprintf(from, sizeof from, "%s/raw", f->root);
    snprintf(to, sizeof to, "%s/other", f->root);
    assert_int_equal(rename(from, to), 0);
    set_names(f, "other");
    embed(f, "p", &(struct result){.moved = N});
    embed(f, "p", &(struct result){.unchanged = N});
    assert_int_equal(rows(f), 2 * N);
}

/* What another project made is not taken: nothing crosses projects. */
static void test_other_project(void **state)
{
    struct fixture *f = *state;
    embed(f, "p", &(struct result){.encoded = N});
    embed(f, "q", &(struct result){.encoded = N});
}

static void test_changed_file(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = NULL;
    float v[DIM];
    embed(f, "p", &(struct result){.encoded = N});
    write_image(f->paths[2], 50, 7);
    embed(f, "p", &(struct result){.encoded = 1, .unchanged = N - 1});
    assert_int_equal(selectai_embedding_cache_open(&cache, f->dir), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_find(cache, "p", "img_2.png", v, NULL), SELECTAI_OK);
    assert_true(v[0] == 50);
    selectai_embedding_cache_close(&cache);
}

/* A new time but the same content is read once, and then remembered. */
static void test_touched_file(void **state)
{
    struct fixture *f = *state;
    const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000, .tv_nsec = 5}};
    embed(f, "p", &(struct result){.encoded = N});
    assert_int_equal(utimensat(AT_FDCWD, f->paths[1], times, 0), 0);
    embed(f, "p", &(struct result){.unchanged = N});
    assert_int_equal(rows(f), N + 1);
    embed(f, "p", &(struct result){.unchanged = N});
    assert_int_equal(rows(f), N + 1);
}

static void test_bad_files(void **state)
{
    struct fixture *f = *state;
    write_text(f->paths[0], "not a picture");
    assert_int_equal(unlink(f->paths[5]), 0);
    embed(f, "p", &(struct result){.encoded = N - 2, .failed = 2});
    write_image(f->paths[5], 13, 50);
    embed(f, "p", &(struct result){.encoded = 1, .unchanged = N - 2, .failed = 1});
}

static void test_named_twice(void **state)
{
    struct fixture *f = *state;
    free(f->paths[8]);
    free(f->names[8]);
    f->paths[8] = strdup(f->paths[7]);
    f->names[8] = strdup(f->names[7]);
    free(f->paths[1]);
    free(f->names[1]);
    f->paths[1] = strdup(f->paths[0]); /* in the same chunk: encoded twice, kept once */
    f->names[1] = strdup(f->names[0]);
    selectai_embedding_cache *cache = NULL;
    struct selectai_embed_counts counts = {.struct_size = sizeof counts};
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, f->encoder.base.id, DIM, 0), SELECTAI_OK);
    assert_int_equal(selectai_embed_files(&counts, NULL, cache, &f->encoder.base, "p", (const char *const *)f->paths,
                                          (const char *const *)f->names, N, NULL),
                     SELECTAI_OK);
    assert_int_equal(counts.encoded, N - 2);
    assert_int_equal(counts.unchanged, 2);
    assert_int_equal(selectai_embedding_cache_count(cache), N - 2);
    selectai_embedding_cache_close(&cache);
}

static int stop_after_first_chunk(uint64_t done, uint64_t total, const char *stage, void *user)
{
    (void)user;
    assert_string_equal(stage, "embed");
    assert_int_equal(total, N);
    return done >= 4;
}

static void test_cancel_and_resume(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = NULL;
    struct selectai_embed_options options;
    selectai_embed_options_init(&options, sizeof options);
    options.progress = stop_after_first_chunk;
    options.threads = 1;
    f->encoder.slow = true;
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, f->encoder.base.id, DIM, 0), SELECTAI_OK);
    assert_int_equal(selectai_embed_files(NULL, NULL, cache, &f->encoder.base, "p", (const char *const *)f->paths,
                                          (const char *const *)f->names, N, &options),
                     SELECTAI_ERR_CANCELLED);
    assert_int_equal(selectai_last_error_detail()->code, SELECTAI_ERR_CANCELLED);
    assert_int_equal(rows(f), 4); /* on disk before the cache is closed */
    selectai_embedding_cache_close(&cache);
    embed(f, "p", &(struct result){.encoded = N - 4, .unchanged = 4});
}

static void test_mismatch(void **state)
{
    struct fixture *f = *state;
    selectai_embedding_cache *cache = NULL;
    assert_int_equal(selectai_embedding_cache_create(&cache, f->dir, "another-1", DIM, 0), SELECTAI_OK);
    assert_int_equal(selectai_embed_files(NULL, NULL, cache, &f->encoder.base, "p", (const char *const *)f->paths,
                                          (const char *const *)f->names, N, NULL),
                     SELECTAI_ERR_MISMATCH);
    assert_non_null(strstr(selectai_last_error(), "another-1"));
    assert_non_null(strstr(selectai_last_error(), "counting-1"));
    selectai_embedding_cache_close(&cache);
}

/* The same bytes in the parts, whatever the number of threads; here with the built-in encoder. */
static void test_threads(void **state)
{
    struct fixture *f = *state;
    float all[2][N][512];
    for (uint32_t threads = 1; threads <= 2; threads++) {
        selectai_embedding_cache *cache = NULL;
        selectai_encoder *encoder = NULL;
        struct selectai_embed_options options;
        char dir[400];
        snprintf(dir, sizeof dir, "%s/cache-%u", f->root, threads);
        selectai_embed_options_init(&options, sizeof options);
        options.threads = threads;
        assert_int_equal(selectai_encoder_open(&encoder, "builtin", NULL), SELECTAI_OK);
        assert_int_equal(selectai_embedding_cache_create(&cache, dir, selectai_encoder_id(encoder), 512, 0),
                         SELECTAI_OK);
        assert_int_equal(
            selectai_embed_files(NULL, NULL, cache, encoder, "p", (const char *const *)f->paths, NULL, N, &options),
            SELECTAI_OK);
        assert_int_equal(selectai_embedding_cache_count(cache), N);
        for (size_t i = 0; i < N; i++) {
            struct selectai_cache_row row = {.struct_size = sizeof row};
            assert_int_equal(selectai_embedding_cache_get(cache, i, &row, all[threads - 1][i]), SELECTAI_OK);
            assert_string_equal(row.rel_path, f->paths[i]); /* without rel_paths: the paths */
        }
        selectai_embedding_cache_close(&cache);
        selectai_encoder_close(&encoder);
    }
    assert_memory_equal(all[0], all[1], sizeof all[0]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_first_and_again),   TEST(test_record),       TEST(test_renamed_folder), TEST(test_other_project),
        TEST(test_changed_file),      TEST(test_touched_file), TEST(test_bad_files),      TEST(test_named_twice),
        TEST(test_cancel_and_resume), TEST(test_mismatch),     TEST(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
