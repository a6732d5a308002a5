/*
 * test_embed_cache_export.c: what other programs get; numpy reads it in tests/python/test_cache.py.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include "cache_fixture.h"

#include <math.h>

#include "embed/cache_npy.h"

static void fill(const char *dir, int32_t dtype)
{
    selectai_embedding_cache *cache = create_at(dir, dtype);
    put(cache, "p", "a \"1\".png", 1, 5);
    put(cache, "p", "b.png", 2, 5);
    put(cache, "q", "c,1.png", 3, 5);
    put(cache, "p", "b.png", 20, 6);
    put(cache, "p", "d/e.png", 5, 5);
    selectai_embedding_cache_close(&cache);
}

static struct selectai_cache_counts export_to(const char *dir, const char *output, struct selectai_cache_options *o)
{
    struct selectai_cache_counts counts = {.struct_size = sizeof counts};
    selectai_issues *issues = NULL;
    assert_int_equal(selectai_embedding_cache_export(&counts, &issues, dir, output, o), SELECTAI_OK);
    assert_int_equal(selectai_issues_count(issues), 0);
    selectai_issues_destroy(&issues);
    return counts;
}

/* The values of an array of `rows` rows. */
static void read_array(float out[][DIM], const char *path, unsigned rows, bool half)
{
    struct sai_mapping file;
    struct sai_npy npy;
    assert_int_equal(sai_file_map(&file, path), SELECTAI_OK);
    assert_int_equal(sai_npy_parse(&npy, &file, path), SELECTAI_OK);
    assert_int_equal(npy.n_rows, rows);
    assert_int_equal(npy.dim, DIM);
    assert_int_equal(npy.half, half);
    if (!half)
        memcpy(out, file.data + npy.data_offset, rows * sizeof *out);
    sai_file_unmap(&file);
}

static void expect_text(const char *path, const char *wanted)
{
    char *text = read_text(path);
    assert_string_equal(text, wanted);
    free(text);
}

static void plain(void **state)
{
    const struct fixture *f = *state;
    float rows[4][DIM];
    fill(at(f, "cache"), SELECTAI_DTYPE_AUTO);
    struct selectai_cache_counts counts = export_to(at(f, "cache"), at(f, "out"), NULL);
    assert_int_equal(counts.written, 4);
    assert_int_equal(counts.superseded, 1);
    assert_int_equal(counts.files, 1);
    read_array(rows, at(f, "out/embeddings.npy"), 4, false);
    assert_float_equal(rows[0][0], 1, 0);
    assert_float_equal(rows[1][0], 3, 0);
    assert_float_equal(rows[2][0], 20, 0);
    assert_float_equal(rows[3][0], 5, 0);
    char *text = read_text(at(f, "out/embeddings.jsonl"));
    text[strcspn(text, "\n")] = '\0';
    assert_string_equal(
        text, "{\"row\":0,\"project\":\"p\",\"rel_path\":\"a \\\"1\\\".png\",\"filename\":\"a \\\"1\\\".png\","
              "\"size\":5000000001,\"mtime_ns\":5,\"crc32\":1001,\"width\":640,\"height\":480,"
              "\"phash\":\"fedcba9876543211\",\"xxh64\":\"0123456789abcdf0\"}");
    free(text);
    assert_int_equal(selectai_embedding_cache_export(NULL, NULL, at(f, "cache"), at(f, "out"), NULL),
                     SELECTAI_ERR_EXISTS);
}

static void clip_retrieval(void **state)
{
    const struct fixture *f = *state;
    struct selectai_cache_options o;
    float rows[4][DIM];
    fill(at(f, "cache"), SELECTAI_DTYPE_FLOAT16);
    selectai_cache_options_init(&o, sizeof o);
    o.layout = SELECTAI_EXPORT_CLIP_RETRIEVAL;
    o.rows_per_file = 3;
    const char *projects[] = {"q"}, *folders[] = {"/photos/q/"};
    o.root_projects = projects;
    o.root_folders = folders;
    o.n_roots = 1;
    assert_int_equal(export_to(at(f, "cache"), at(f, "a"), &o).files, 2);
    read_array(rows, at(f, "a/img_emb/img_emb_0.npy"), 3, true);
    read_array(rows, at(f, "a/img_emb/img_emb_1.npy"), 1, true);
    expect_text(at(f, "a/metadata/metadata_0.jsonl"), "{\"image_path\":\"a \\\"1\\\".png\",\"project\":\"p\"}\n"
                                                      "{\"image_path\":\"/photos/q/c,1.png\",\"project\":\"q\"}\n"
                                                      "{\"image_path\":\"b.png\",\"project\":\"p\"}\n");
    o.metadata = SELECTAI_METADATA_CSV;
    o.normalise = 1;
    o.dtype = SELECTAI_DTYPE_FLOAT32;
    o.project = "q";
    export_to(at(f, "cache"), at(f, "b"), &o);
    expect_text(at(f, "b/metadata/metadata_0.csv"), "image_path,project\n\"/photos/q/c,1.png\",q\n");
    read_array(rows, at(f, "b/img_emb/img_emb_0.npy"), 1, false);
    double sum = 0;
    for (unsigned k = 0; k < DIM; k++)
        sum += (double)rows[0][k] * rows[0][k];
    assert_true(fabs(sum - 1) < 1e-6);
    assert_true(fabs(rows[0][0] - 3 / sqrt(9 + 0.0625 + 9 + 1)) < 1e-6);
    o.project = "nobody";
    assert_int_equal(selectai_embedding_cache_export(NULL, NULL, at(f, "cache"), at(f, "c"), &o), SELECTAI_ERR_NO_DATA);
}

static void many_files_have_equally_long_names(void **state)
{
    const struct fixture *f = *state;
    struct selectai_cache_options o;
    char path[64];
    selectai_embedding_cache *cache = create_at(at(f, "cache"), SELECTAI_DTYPE_AUTO);
    for (unsigned n = 0; n < 11; n++) {
        snprintf(path, sizeof path, "%u.png", n);
        put(cache, "p", path, n, 5);
    }
    selectai_embedding_cache_close(&cache);
    selectai_cache_options_init(&o, sizeof o);
    o.layout = SELECTAI_EXPORT_CLIP_RETRIEVAL;
    o.rows_per_file = 1;
    assert_int_equal(export_to(at(f, "cache"), at(f, "a"), &o).files, 11);
    assert_int_equal(access(at(f, "a/img_emb/img_emb_00.npy"), F_OK), 0);
    assert_int_equal(access(at(f, "a/metadata/metadata_10.jsonl"), F_OK), 0);
    assert_int_equal(access(at(f, "a/img_emb/img_emb_11.npy"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain, setup, teardown),
        cmocka_unit_test_setup_teardown(clip_retrieval, setup, teardown),
        cmocka_unit_test_setup_teardown(many_files_have_equally_long_names, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
