/*
 * test_embed_cache_import.c: earlier caches: what can be used is taken, what cannot is named, nothing is made up.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_fixture.h"

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include <selectai/image.h>

#include "embed/cache_npy.h"

static void write_npy(const char *path, const char *descr, const char *shape, const void *data, size_t n)
{
    uint8_t bytes[512];
    char text[119];
    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    memset(bytes, ' ', 128);
    memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(bytes + 10, text, strlen(text));
    bytes[127] = '\n';
    memcpy(bytes + 128, data, n);
    write_bytes(path, bytes, 128 + n);
}

static void write_image(const char *path, uint8_t grey)
{
    uint8_t pixels[8 * 8 * 3];
    selectai_image *image = NULL;
    memset(pixels, grey, sizeof pixels);
    assert_int_equal(selectai_image_create(&image, 8, 8, pixels, 0), SELECTAI_OK);
    assert_int_equal(selectai_image_save(image, path, 0), SELECTAI_OK);
    selectai_image_destroy(&image);
}

static void set_time(const char *path, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void make_earlier_cache(const struct fixture *f)
{
    static const float vector[DIM] = {1, 2, 3, 4}, other[DIM] = {5, 6, 7, 8}, nan_vector[DIM] = {1, NAN, 0, 0};
    static const double wide[DIM] = {9, 10, 11, 12};
    static const uint16_t half[DIM] = {0x3c00, 0x4000, 0x4200, 0x4400};
    static const char *const folders[] = {"old", "old/embeddings", "raw"};
    for (int i = 0; i < 3; i++)
        assert_int_equal(mkdir(at(f, folders[i]), 0777), 0);
    write_npy(at(f, "old/embeddings/1.npy"), "<f4", "(4,)", vector, sizeof vector);
    write_npy(at(f, "old/embeddings/2.npy"), "<f4", "(1, 4)", other, sizeof other);
    write_npy(at(f, "old/embeddings/3.npy"), "<f2", "(4,)", half, sizeof half);
    write_npy(at(f, "old/embeddings/4.npy"), "<f8", "(1, 4)", wide, sizeof wide);
    write_npy(at(f, "old/embeddings/nan.npy"), "<f4", "(4,)", nan_vector, sizeof nan_vector);
    write_npy(at(f, "old/embeddings/short.npy"), "<f4", "(3,)", vector, 12);
    write_npy(at(f, "old/embeddings/cut.npy"), "<f4", "(4,)", vector, 8);
    write_image(at(f, "raw/one.png"), 10);
    write_image(at(f, "raw/newer.png"), 20);
    for (int i = 1; i <= 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "old/embeddings/%d.npy", i);
        set_time(at(f, name), 2000);
    }
    set_time(at(f, "raw/one.png"), 1000);
    set_time(at(f, "raw/newer.png"), 3000);
    char text[2000];
    snprintf(text, sizeof text,
             "{\"image_path\":\"%s/raw/one.png\",\"embedding_file\":\"embeddings/1.npy\",\"hash\":\"abc\"}\n"
             "{\"image_path\":\"/gone/day/two.png\",\"embedding_file\":\"/elsewhere/embeddings/2.npy\"}\n\n"
             "{\"image_path\":\"./three.png\",\"embedding_file\":\"./embeddings/3.npy\"}\n"
             "{\"image_path\":\"%s/raw/newer.png\",\"embedding_file\":\"4.npy\"}\n"
             "{\"image_path\":\"x/missing.png\",\"embedding_file\":\"embeddings/missing.npy\"}\n"
             "{\"image_path\":\"x/nan.png\",\"embedding_file\":\"embeddings/nan.npy\"}\n"
             "{\"image_path\":\"x/short.png\",\"embedding_file\":\"embeddings/short.npy\"}\n"
             "{\"image_path\":\"x/cut.png\",\"embedding_file\":\"embeddings/cut.npy\"}\n"
             "{\"image_path\":\"x/no.png\"}\n"
             "no JSON\n",
             f->root, f->root);
    write_text(at(f, "old/processed_images.jsonl"), text);
}

static struct selectai_cache_counts import_to(const struct fixture *f, const char *output, int32_t dtype,
                                              const char *const *kinds)
{
    struct selectai_cache_options o;
    struct selectai_cache_counts counts = {.struct_size = sizeof counts};
    selectai_issues *issues = NULL;
    const char *project = "p", *root = at(f, "raw");
    selectai_cache_options_init(&o, sizeof o);
    o.encoder_id = ID;
    o.project = "p";
    o.dtype = dtype;
    o.root_projects = &project;
    o.root_folders = &root;
    o.n_roots = 1;
    assert_int_equal(
        selectai_embedding_cache_import_legacy(&counts, &issues, output, at(f, "old/processed_images.jsonl"), &o),
        SELECTAI_OK);
    size_t n = 0;
    for (; kinds[n]; n++) {
        struct selectai_issue issue = {.struct_size = sizeof issue};
        assert_int_equal(selectai_issues_get(issues, n, &issue), SELECTAI_OK);
        assert_string_equal(issue.kind, kinds[n]);
    }
    assert_int_equal(selectai_issues_count(issues), n);
    selectai_issues_destroy(&issues);
    return counts;
}

static void expect_row(const selectai_embedding_cache *cache, const char *name, float first, const char *rel_path,
                       bool known)
{
    float vector[DIM];
    size_t i;
    struct selectai_cache_row row = {.struct_size = sizeof row};
    assert_int_equal(selectai_embedding_cache_find(cache, "p", name, vector, &i), SELECTAI_OK);
    assert_float_equal(vector[0], first, 0);
    assert_int_equal(selectai_embedding_cache_get(cache, i, &row, NULL), SELECTAI_OK);
    assert_string_equal(row.rel_path, rel_path);
    assert_int_equal(row.size != 0, known);
    assert_int_equal(row.width, known ? 8 : 0);
    assert_int_equal(row.crc32 != 0, known);
    assert_int_equal(row.mtime_ns, known ? INT64_C(1000000000000) : 0);
}

static void good_vectors_are_taken_and_bad_ones_named(void **state)
{
    const struct fixture *f = *state;
    static const char *const first[] = {"newer-image", "missing-vector", "bad-npy",  "wrong-dimension",
                                        "bad-npy",     "missing-field",  "bad-json", NULL};
    static const char *const again[] = {"missing-vector", "bad-npy", "wrong-dimension", "bad-npy", "missing-field",
                                        "bad-json",       NULL};
    make_earlier_cache(f);
    struct selectai_cache_counts counts = import_to(f, at(f, "cache"), SELECTAI_DTYPE_AUTO, first);
    assert_int_equal(counts.read, 10);
    assert_int_equal(counts.written, 4);
    assert_int_equal(counts.missing, 3);
    assert_int_equal(counts.failed, 6);
    selectai_embedding_cache *cache = open_at(at(f, "cache"));
    expect_row(cache, "one.png", 1, "one.png", true);
    expect_row(cache, "two.png", 5, "gone/day/two.png", false);
    expect_row(cache, "three.png", 1, "three.png", false);
    expect_row(cache, "newer.png", 9, "newer.png", false);
    /* nothing is found by a content that nobody knows */
    assert_int_equal(selectai_embedding_cache_find_content(cache, "p", 0, 0, NULL, NULL), SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_embedding_cache_find_file(cache, "p", at(f, "raw/one.png"), NULL, NULL), SELECTAI_OK);
    assert_int_equal(selectai_embedding_cache_find_file(cache, "p", at(f, "raw/newer.png"), NULL, NULL),
                     SELECTAI_ERR_NOT_FOUND);
    assert_int_equal(selectai_embedding_cache_find_file(cache, "p", "/logs/day/two.png", NULL, NULL), SELECTAI_OK);
    selectai_embedding_cache_close(&cache);
    expect_sound(at(f, "cache"));
    counts = import_to(f, at(f, "cache"), SELECTAI_DTYPE_AUTO, again);
    assert_int_equal(counts.written, 0);
    assert_int_equal(counts.present, 4);
    index_parts(at(f, "cache"), NULL);
    expect_sound(at(f, "cache"));
}

/* A file that was embedded is better known than an earlier cache's row of it. */
static void what_was_embedded_stays(void **state)
{
    const struct fixture *f = *state;
    static const char *const kinds[] = {"missing-vector", "bad-npy", "wrong-dimension", "bad-npy", "missing-field",
                                        "bad-json",       NULL};
    make_earlier_cache(f);
    selectai_embedding_cache *cache = create_at(at(f, "cache"), SELECTAI_DTYPE_AUTO);
    put(cache, "p", "newer.png", 7, 5);
    selectai_embedding_cache_close(&cache);
    struct selectai_cache_counts counts = import_to(f, at(f, "cache"), SELECTAI_DTYPE_FLOAT16, kinds);
    assert_int_equal(counts.written, 3);
    assert_int_equal(counts.present, 1);
    cache = open_at(at(f, "cache"));
    assert_int_equal(content_of(cache, "p", "newer.png"), 7);
    expect_row(cache, "one.png", 1, "one.png", true);
    selectai_embedding_cache_close(&cache);
    expect_sound(at(f, "cache"));
}

static void what_the_files_do_not_tell_must_be_given(void **state)
{
    const struct fixture *f = *state;
    struct selectai_cache_options o;
    make_earlier_cache(f);
    selectai_cache_options_init(&o, sizeof o);
    o.project = "p";
    assert_int_equal(
        selectai_embedding_cache_import_legacy(NULL, NULL, at(f, "c"), at(f, "old/processed_images.jsonl"), &o),
        SELECTAI_ERR_INVALID_ARGUMENT);
    o.encoder_id = ID;
    assert_int_equal(selectai_embedding_cache_import_legacy(NULL, NULL, at(f, "c"), at(f, "nothing.jsonl"), &o),
                     SELECTAI_ERR_NOT_FOUND);
    write_text(at(f, "old/x.jsonl"), "{\"image_path\":\"a.png\",\"embedding_file\":\"nowhere.npy\"}\n");
    assert_int_equal(selectai_embedding_cache_import_legacy(NULL, NULL, at(f, "c"), at(f, "old/x.jsonl"), &o),
                     SELECTAI_ERR_NO_DATA);
    assert_non_null(strstr(selectai_last_error(), "nowhere.npy"));
    assert_int_equal(access(at(f, "c"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_vectors_are_taken_and_bad_ones_named, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_embedded_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_files_do_not_tell_must_be_given, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
